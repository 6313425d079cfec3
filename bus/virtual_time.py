"""A clock that moves only when nothing else can.

`VirtualLoop` is an asyncio loop whose time jumps to the next timer whenever no callback is ready, so an hour of
heartbeats runs in milliseconds and the same program always runs the same way.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["VirtualClock", "VirtualLoop", "run_virtual"]

R = TypeVar("R")
_EPOCH_NS = 1_700_000_000 * 10**9
"""Where a virtual wall clock starts: any date will do, and this one looks like a date."""


class _Selector(selectors.SelectSelector):
    """Never waits: the time that it was given to wait passes at once on the loop's clock."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found and timeout is None:
            raise RuntimeError("nothing is ready and no timer is set: the program would wait for ever")
        if not found and timeout:
            self.passed += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Return the virtual seconds that have passed."""
        return self._virtual.passed


class VirtualClock:
    """The `Clock` of a virtual loop; `offset_ns` steps the wall clock and leaves the monotonic one alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.offset_ns = 0

    def time_ns(self) -> int:
        """Return UNIX nanoseconds."""
        return _EPOCH_NS + self.monotonic_ns() + self.offset_ns

    def monotonic_ns(self) -> int:
        """Return nanoseconds since the loop began."""
        return round(self._loop.time() * 1e9)

    def boottime_ns(self) -> int:
        """Return the same: a virtual host never sleeps."""
        return self.monotonic_ns()


def run_virtual(program: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on a virtual loop and return what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(program)
