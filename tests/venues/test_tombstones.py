"""A cancel that came before its order is remembered long enough, and not for ever."""

from __future__ import annotations

from actors.gate.handing import SUBMIT_DEADLINE_S
from actors.strategy.errands import COMMAND_S
from venues.tombstones import TOMBSTONE_S, TOMBSTONES_KEPT, Tombstones

TTL_NS = int(TOMBSTONE_S * 1e9)


def test_it_outlives_every_order_that_may_still_be_on_its_way() -> None:
    assert max(SUBMIT_DEADLINE_S, COMMAND_S) < TOMBSTONE_S


def test_an_order_is_covered_until_the_time_is_over() -> None:
    stones = Tombstones()
    stones.add("a", 100)
    assert stones.covers("a", 100)
    assert stones.covers("a", 99 + TTL_NS)
    assert not stones.covers("a", 100 + TTL_NS)
    assert not stones.covers("b", 100)


def test_a_repeated_cancel_counts_from_its_last_time() -> None:
    stones = Tombstones()
    stones.add("a", 0)
    stones.add("b", 1)
    stones.add("a", 2)
    assert stones.covers("a", 1 + TTL_NS)
    stones.add("c", 1 + TTL_NS)
    assert len(stones) == 2
    assert stones.covers("a", 1 + TTL_NS)


def test_what_is_over_goes_and_the_number_is_bounded() -> None:
    stones = Tombstones()
    for number in range(TOMBSTONES_KEPT + 1):
        stones.add(str(number), 0)
    assert len(stones) == TOMBSTONES_KEPT
    assert not stones.covers("0", 0)
    stones.add("late", TTL_NS)
    assert len(stones) == 1
