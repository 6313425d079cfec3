"""Child specs: what runs on the floor, as data."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from actors.runtime import Context

__all__ = ["START_ORDER", "ChildSpec", "FloorSpec", "InstanceSpec", "Restart"]

START_ORDER = ("twin", "reconciler", "gate", "market_data", "execution", "book", "strategy")
"""The order in which kinds are started; they are stopped in reverse."""


class Restart(StrEnum):
    """When an ended child is started again."""

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class ChildSpec(msgspec.Struct, frozen=True):
    """One child process: an actor by import path, or a `command` that is no actor of ours.

    A command's first line of standard output goes to the run directory's ``<name>.json``; it is ready once that line
    is whole. After more than `intensity` restarts within `period_s` the supervisor gives up on the child.
    """

    context: Context
    actor: str = ""
    command: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    restart: Restart = Restart.PERMANENT
    intensity: int = 10
    period_s: float = 60.0
    backoff_min_s: float = 0.2
    backoff_max_s: float = 15.0
    start_timeout_s: float = 30.0
    stop_timeout_s: float = 5.0
    heartbeat_timeout_s: float = 3.0

    @property
    def name(self) -> str:
        """The child's name on the floor."""
        return self.context.name

    @property
    def kind(self) -> str:
        """What the child is: one of `START_ORDER`."""
        return self.context.kind


class InstanceSpec(msgspec.Struct, frozen=True):
    """A venue instance, as the supervisor and attaching processes need to know it."""

    name: str
    adapter: str
    account_type: str
    environment: str
    venue_id: str


class FloorSpec(msgspec.Struct, frozen=True):
    """A whole floor. `listen`, ``tcp://HOST:PORT``, is where other hosts reach its supervisor; empty: they do not."""

    name: str
    currency: str
    run_dir: str
    state_dir: str
    instances: tuple[InstanceSpec, ...] = ()
    children: tuple[ChildSpec, ...] = ()
    listen: str = ""
