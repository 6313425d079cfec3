"""An inbox that any thread may put into and one asyncio loop takes from."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from pykka import ActorDeadError
from pykka.messages import _ActorStop

__all__ = ["INBOX_LIMIT", "InboxFull", "LoopInbox"]

INBOX_LIMIT = 100_000
"""Messages that may wait; a library thread that runs ahead of the loop for longer gets `InboxFull`."""


class InboxFull(RuntimeError):
    """More messages wait than an actor will ever catch up with."""


class LoopInbox:
    """Pykka's inbox protocol over a deque: one wake-up of the loop for each burst of `put`.

    After `close` every message is answered at once: a stop with success, anything else with `ActorDeadError`.
    """

    def __init__(self) -> None:
        self._waiting: deque[Any] = deque()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: Callable[[], None] | None = None
        self._armed = False
        self._closed = False

    def put(self, envelope: Any, /) -> None:
        """Add a message, from any thread. Raises InboxFull; a stop is always taken."""
        with self._lock:
            if not self._closed:
                if len(self._waiting) >= INBOX_LIMIT and not isinstance(envelope.message, _ActorStop):
                    raise InboxFull(f"{INBOX_LIMIT} messages wait for this actor")
                self._waiting.append(envelope)
                if self._loop is not None and self._wake is not None and not self._armed:
                    self._armed = True
                    self._loop.call_soon_threadsafe(self._wake)
                return
        _answer_dead(envelope)

    def get(self) -> Any:
        """Take one message (raises IndexError when there is none); the loop itself uses `take`."""
        with self._lock:
            return self._waiting.popleft()

    def empty(self) -> bool:
        """True when nothing waits."""
        return not self._waiting

    def attach(self, loop: asyncio.AbstractEventLoop, wake: Callable[[], None]) -> None:
        """From now on wake this loop."""
        with self._lock:
            self._loop, self._wake = loop, wake
            if self._waiting:
                self._armed = True
                loop.call_soon(wake)

    def take(self) -> deque[Any]:
        """Take everything that waits."""
        with self._lock:
            self._armed = False
            taken, self._waiting = self._waiting, deque()
        return taken

    def give_back(self, envelopes: deque[Any]) -> None:
        """Put back in front what was taken and not handled."""
        with self._lock:
            self._waiting.extendleft(reversed(envelopes))

    def close(self) -> None:
        """Take nothing more, and answer what waits."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, deque()
        for envelope in waiting:
            _answer_dead(envelope)


def _answer_dead(envelope: Any) -> None:
    if envelope.reply_to is None:
        return
    if isinstance(envelope.message, _ActorStop):
        envelope.reply_to.set(None)
    else:
        error = ActorDeadError("the actor stopped before handling the message")
        envelope.reply_to.set_exception((ActorDeadError, error, None))
