"""Time, as a Protocol, so that the same actors run on a virtual clock."""

from __future__ import annotations

import time
from functools import partial
from typing import Protocol

__all__ = ["Clock", "SystemClock"]

_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux has it; on macOS the monotonic clock goes on in sleep by itself."""


class Clock(Protocol):
    """Three clocks: the wall's for what is written down, the monotonic one for every deadline, and one for leases."""

    def time_ns(self) -> int:
        """Return UNIX nanoseconds."""

    def monotonic_ns(self) -> int:
        """Return nanoseconds that never run back; the same for all processes of one host."""

    def boottime_ns(self) -> int:
        """Return nanoseconds that never run back and go on while the host sleeps: what a lease is measured by."""


class SystemClock:
    """The host's clocks."""

    time_ns = staticmethod(time.time_ns)
    monotonic_ns = staticmethod(time.monotonic_ns)
    boottime_ns = staticmethod(partial(time.clock_gettime_ns, _BOOTTIME))

    def __repr__(self) -> str:
        return "SystemClock()"
