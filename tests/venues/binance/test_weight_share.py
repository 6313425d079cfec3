"""History's share of the weight: it ends before the others' does, and comes again with the next minute."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import LimitReached
from venues.binance.client.limits import Limits
from venues.binance.client.payloads import ExchangeInfo
from venues.binance.client.payloads.session import RateLimit
from venues.binance.weight_share import HISTORY_SHARE, WeightShare

S = 10**9
LIMIT = 100
START_MS = 1_790_000_040_000 - 1_790_000_040_000 % 60_000


class Venue:
    """Counts weight by minutes of its own clock, as the venue does; time passes when somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 7 * S
        self.counts: dict[int, int] = {}
        self.slept: list[float] = []
        clock = ServerClock(lambda: self.now_ns)
        clock.observe(self.now_ns, self.now_ns, START_MS)
        self.clock = clock
        self.limits = Limits(clock)
        self.share = WeightShare(self.limits)
        self.share.learn(
            ExchangeInfo(
                0, rate_limits=(RateLimit("ORDERS", "SECOND", 10, 7), RateLimit("REQUEST_WEIGHT", "MINUTE", 1, LIMIT))
            )
        )

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.now_ns += int(seconds * S)

        monkeypatch.setattr(asyncio, "sleep", sleep)

    @property
    def minute(self) -> int:
        """The present minute."""
        return self.clock.now_ms() // 60_000

    def spend(self, weight: int) -> None:
        """A request of anybody at this address, whose answer we see."""
        self.counts[self.minute] = self.counts.get(self.minute, 0) + weight
        self.limits.note_headers({"X-MBX-USED-WEIGHT-1M": str(self.counts[self.minute])})


@pytest.fixture
def venue(monkeypatch: pytest.MonkeyPatch) -> Venue:
    return Venue(monkeypatch)


def run(work: Any) -> Any:
    return asyncio.run(work)


def test_half_of_each_minute_is_left_to_others_and_the_next_minute_goes_on(venue: Venue) -> None:
    async def read() -> None:
        for _ in range(20):
            await venue.share.take(10)
            venue.spend(10)

    run(read())
    assert set(venue.counts.values()) == {LIMIT * HISTORY_SHARE}
    assert len(venue.counts) == 4
    assert len(venue.slept) == 3


def test_what_others_spend_is_taken_from_historys_share_first(venue: Venue) -> None:
    async def read() -> None:
        venue.spend(45)
        await venue.share.take(10)

    run(read())
    assert venue.minute == START_MS // 60_000 + 1


def test_a_page_that_is_dearer_than_the_share_still_goes_when_nobody_else_asked(venue: Venue) -> None:
    run(venue.share.take(80))
    assert venue.slept == []


def test_a_wait_that_the_venue_told_is_kept_and_then_it_goes_on(venue: Venue) -> None:
    venue.limits.heed(LimitReached(-1003, "too many", 429, 7.0))
    began = venue.now_ns
    run(venue.share.take(2))
    assert 7 * S <= venue.now_ns - began <= 9 * S
