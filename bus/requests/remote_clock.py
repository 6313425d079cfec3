"""The monotonic clock of a server on another host, as far as it can be known from here.

A deadline is always written in the server's own monotonic clock. A caller on the same host reads that clock itself;
one on another host asks for it: the answer was written between the question and its arrival, so the distance of the two
clocks is known but for half the round trip. Wall clocks would need no question, but one that steps by an hour makes
each deadline wrong by an hour until somebody measures again: late orders would be executed, or none at all.

The error's bound is taken off each deadline, so that a late request is refused for certain, and one in time may be.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import msgspec

from bus.clock import Clock
from bus.messages import HostTime
from bus.requests.reply import Reply

__all__ = ["DRIFT", "ClockDistance", "RemoteClock"]

DRIFT = 1e-3
"""How fast two monotonic clocks may part: each host may slew its own by 500 millionths."""
SAMPLES_KEPT = 8
"""The best of so many questions is believed: one that was held up nowhere."""
FIRST_SAMPLES = 4
"""Asked at once; so many are enough that one of them was not held up."""
EVERY_S = 5.0
"""Between later questions: in so long the drift adds 5 ms to the bound."""
RETRY_S = 0.01
"""Between questions while nobody is connected."""
ANSWER_S = 2.0
"""A question that is not answered within this is asked again; so slow an answer is worth nothing."""


class _Sample(msgspec.Struct, frozen=True):
    offset_ns: int
    bound_ns: float
    at_ns: int


class ClockDistance:
    """How far a server's monotonic clock is ahead of ours. Pure: told what was measured, and when."""

    def __init__(self) -> None:
        self.clock = 0
        self._samples: deque[_Sample] = deque(maxlen=SAMPLES_KEPT)

    def __len__(self) -> int:
        return len(self._samples)

    def take(self, asked_ns: int, told: HostTime, heard_ns: int) -> None:
        """Take an answer: asked and heard by our clock. One of another life of the server makes all earlier void."""
        if told.clock != self.clock:
            self._samples.clear()
            self.clock = told.clock
        half = (heard_ns - asked_ns) / 2
        self._samples.append(_Sample(told.monotonic_ns - asked_ns - round(half), half + 1, asked_ns))

    def forget(self) -> None:
        """The server may be another now, with another clock."""
        self._samples.clear()

    def at(self, now_ns: int) -> tuple[int, int] | None:
        """Return (distance, bound of its error) at a time of ours; None while nothing is known."""
        if not self._samples:
            return None
        bound, offset = min((each.bound_ns + (now_ns - each.at_ns) * DRIFT, each.offset_ns) for each in self._samples)
        return offset, round(bound) + 1

    def deadline_ns(self, now_ns: int, timeout_ns: int) -> int | None:
        """Return a deadline in the server's clock that is not later than ours; None where it cannot be told so well."""
        known = self.at(now_ns + timeout_ns)  # until then they part further
        if known is None or known[1] >= timeout_ns:
            return None
        return now_ns + timeout_ns + known[0] - known[1]


class RemoteClock:
    """Keeps asking one server how its clock stands."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, ask: Callable[[float], asyncio.Future[Reply]]):
        self.distance = ClockDistance()
        self._loop, self._clock, self._ask = loop, clock, ask
        self._timer: asyncio.TimerHandle | None = None
        self._asked: asyncio.Future[Reply] | None = None
        self._asked_ns = 0

    def measure(self) -> None:
        """Ask once, and from then on now and then."""
        self._timer = None
        self._asked_ns = self._clock.monotonic_ns()
        self._asked = self._ask(ANSWER_S)
        self._asked.add_done_callback(self._heard)

    def forget(self) -> None:
        """Measure anew, from now on."""
        self.distance.forget()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._loop.call_later(RETRY_S, self.measure)

    def close(self) -> None:
        """Ask no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._asked is not None:
            self._asked.remove_done_callback(self._heard)

    def _heard(self, asked: asyncio.Future[Reply]) -> None:
        self._asked = None
        told, wait_s = asked.result().body, RETRY_S
        if isinstance(told, HostTime):
            self.distance.take(self._asked_ns, told, self._clock.monotonic_ns())
            wait_s = EVERY_S if len(self.distance) >= FIRST_SAMPLES else 0.0
        self._timer = self._loop.call_later(wait_s, self.measure)
