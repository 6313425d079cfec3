"""What the parts of the supervisor need of it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from actors.runtime import Log
from actors.supervisor.registry import Registry
from bus.clock import Clock
from bus.member import Member
from bus.messages import ActorState

if TYPE_CHECKING:
    from actors.supervisor.children import Children
    from actors.supervisor.inquest import Inquest
    from actors.supervisor.leavers import Leavers

__all__ = ["Host"]


class Host(Protocol):
    """The supervisor."""

    loop: asyncio.AbstractEventLoop
    clock: Clock
    member: Member
    log: Log
    stopping: bool
    abdicated: bool
    registry: Registry
    children: Children
    inquest: Inquest
    leavers: Leavers

    @property
    def epoch(self) -> int:
        """The floor's own epoch: older than that of any strategy that comes."""

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a task that the supervisor owns."""

    def log_file(self, name: str) -> Path:
        """Return where an actor's log is."""

    def state_path(self, *parts: str) -> Path:
        """Return a path below the floor's state directory."""

    def alert(self, code: str, text: str, instance: str = "") -> None:
        """Call a person."""

    def push_directory(self) -> None:
        """Publish who is on the floor."""

    def publish_actor(self, state: ActorState) -> None:
        """Publish how an actor is."""
