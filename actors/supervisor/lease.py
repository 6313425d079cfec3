"""The supervisor's lease on its floor: renewed in its own loop, measured on a clock that goes on while the host sleeps.

Whoever is silent for longer than its lease must hold itself for replaced: its children have found it lost and ended
the floor's orders, and the next start may be under way. The lease is written into the run directory, where the next
start reads it to tell a supervisor that hangs from one that is alive.
"""

from __future__ import annotations

import os
from pathlib import Path

from bus.clock import Clock

__all__ = ["LEASE_S", "Lease", "age_s"]

LEASE_S = 4.0
"""Shorter by a heartbeat and a margin than the children's patience (`ORPHAN_S`, 5 s), so that a supervisor whose lease
holds has not been found lost by anybody."""


class Lease:
    """One supervisor's."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._renewed_ns = clock.boottime_ns()
        self._lapsed = False
        self._write()

    @property
    def lapsed(self) -> bool:
        """True from when it was not renewed in time; for ever."""
        self._lapsed = self._lapsed or self._clock.boottime_ns() - self._renewed_ns > LEASE_S * 1e9
        return self._lapsed

    def renew(self) -> bool:
        """Renew it; False where it has lapsed."""
        if self.lapsed:
            return False
        self._renewed_ns = self._clock.boottime_ns()
        self._write()
        return True

    def begin(self) -> None:
        """Renew it however old it is: nobody has relied on it yet."""
        self._renewed_ns = self._clock.boottime_ns()
        self._write()

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def _write(self) -> None:
        os.pwrite(self._descriptor, f"{self._renewed_ns:020d}\n".encode(), 0)


def age_s(path: Path, clock: Clock) -> float | None:
    """Return how long ago the lease of this file was renewed; None where there is none."""
    try:
        return (clock.boottime_ns() - int(path.read_text())) / 1e9
    except (OSError, ValueError):
        return None
