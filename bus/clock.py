"""Time, as a Protocol, so that the same actors run on a virtual clock."""

from __future__ import annotations

import time
from typing import Protocol

__all__ = ["Clock", "SystemClock"]


class Clock(Protocol):
    """Two clocks: the wall's for what is written down, the monotonic one for every deadline."""

    def time_ns(self) -> int:
        """Return UNIX nanoseconds."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never run back; the same for all processes of one host."""


class SystemClock:
    """The host's clocks."""

    time_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.monotonic_ns)

    def __repr__(self) -> str:
        return "SystemClock()"
