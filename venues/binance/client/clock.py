"""The server's time, measured. It hangs on the host's monotonic clock, so that a step of the wall clock moves nothing.

A measurement is a request for the server's time: sent, answered, and the server's milliseconds between. Its bound is
half the round trip; the best of the last few counts. Two measurements whose bounds exclude each other mean that a
clock was set, and the older ones are forgotten.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

__all__ = ["ServerClock"]

SAMPLES_KEPT = 8
"""At one in ten seconds: 80 s, in which two quartz clocks drift apart by some milliseconds at most."""
_MS = 1_000_000


class _Sample(msgspec.Struct, frozen=True):
    offset_ns: int
    bound_ns: int


class ServerClock:
    """Sans-I/O: `observe` measurements, ask for `now_ms`. `monotonic_ns` is the host's monotonic clock."""

    def __init__(self, monotonic_ns: Callable[[], int]) -> None:
        self.monotonic_ns = monotonic_ns
        self._samples: deque[_Sample] = deque(maxlen=SAMPLES_KEPT)
        self._best = _Sample(0, 0)

    @property
    def is_known(self) -> bool:
        """False until the first measurement."""
        return bool(self._samples)

    @property
    def bound_ns(self) -> int:
        """How far `now_ms` may be off, in nanoseconds."""
        return self._best.bound_ns

    def observe(self, sent_ns: int, received_ns: int, server_ms: int) -> None:
        """Take a measurement; both times are of the host's monotonic clock."""
        bound = (received_ns - sent_ns) // 2 + _MS // 2
        sample = _Sample(server_ms * _MS + _MS // 2 - (sent_ns + received_ns) // 2, bound)
        if self._samples:
            best = self._best
            if abs(best.offset_ns - sample.offset_ns) > best.bound_ns + sample.bound_ns + _MS:
                self._samples.clear()
        self._samples.append(sample)
        self._best = min(self._samples, key=_bound)

    def forget(self) -> None:
        """The server refused our time: nothing measured so far counts."""
        self._samples.clear()
        self._best = _Sample(0, 0)

    def now_ms(self) -> int:
        """Return the server's UNIX milliseconds now. Before the first measurement: 0, which the server refuses."""
        if not self._samples:
            return 0
        return (self.monotonic_ns() + self._best.offset_ns) // _MS


def _bound(sample: _Sample) -> int:
    return sample.bound_ns
