"""A list since a time is whole whatever its length, and a quiet instrument is never cut short."""

from __future__ import annotations

import asyncio
import random
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from venues.binance import history
from venues.binance.history import PAGE, PAGES_LIMIT, Listing

DAY_MS = 86_400_000


class Row(NamedTuple):
    id: int
    time: int


class Venue:
    """Keeps rows, and counts the pages that were read."""

    def __init__(self, rows: list[Row], page: int = PAGE) -> None:
        self.rows, self.page, self.pages = rows, page, 0
        self.listing = Listing(self.newest, self.page_from, lambda row: row.id, lambda row: row.time)

    async def newest(self) -> list[Row]:
        self.pages += 1
        return self.rows[-self.page :]

    async def page_from(self, first: int) -> list[Row]:
        self.pages += 1
        return [row for row in self.rows if row.id >= first][: self.page]


def rows(count: int, first_id: int = 1, id_step: int = 1, first_ms: int = 0, step_ms: int = 1) -> list[Row]:
    return [Row(first_id + i * id_step, first_ms + i * step_ms) for i in range(count)]


def test_an_instrument_without_an_entry_is_complete_after_one_page_however_long_ago() -> None:
    venue = Venue([])
    assert asyncio.run(venue.listing.since(-400 * DAY_MS)) == ([], True)
    assert venue.pages == 1


def test_a_newest_page_that_reaches_back_far_enough_is_all() -> None:
    venue = Venue(rows(5000))
    assert asyncio.run(venue.listing.since(4900)) == (venue.rows[4900:], True)
    assert venue.pages == 1


def test_many_entries_after_months_of_quiet_are_found_without_walking_through_the_days() -> None:
    old = rows(20_000, first_id=1_000_000_000, id_step=7)
    new = rows(2500, first_id=6_000_000_000, id_step=1000, first_ms=200 * DAY_MS)
    venue = Venue(old + new)
    found, complete = asyncio.run(venue.listing.since(100 * DAY_MS))
    assert (found, complete) == (new, True)
    assert venue.pages < 30


def test_since_ever_reads_from_the_first_entry() -> None:
    venue = Venue(rows(3000, first_id=10**12))
    assert asyncio.run(venue.listing.since(-60_000)) == (venue.rows, True)
    assert venue.pages == 1 + 1 + 3


def test_beyond_the_bound_the_oldest_are_told_without_a_gap_and_the_rest_can_be_asked_for() -> None:
    venue = Venue(rows(PAGE * PAGES_LIMIT + 5))
    found, complete = asyncio.run(venue.listing.since(-1))
    assert (len(found), complete) == (PAGE * PAGES_LIMIT, False)
    assert found == venue.rows[: len(found)]
    rest, complete = asyncio.run(venue.listing.after(found[-1].id))
    assert (found + rest, complete) == (venue.rows, True)


def test_what_was_looked_for_ends_the_reading() -> None:
    venue = Venue(rows(20_000))
    found, complete = asyncio.run(venue.listing.since(-1, lambda row: row.id == 1500))
    assert complete
    assert len(found) == 2 * PAGE
    assert venue.pages == 3


@given(st.integers(0, 60), st.integers(-5, 400), st.integers(0, 2**32))
def test_any_list_since_any_time_is_what_the_venue_has(count: int, start_ms: int, seed: int) -> None:
    dice = random.Random(seed)
    ids = sorted(dice.sample(range(10**9), count))
    times = sorted(dice.randrange(300) for _ in range(count))
    venue = Venue([Row(*pair) for pair in zip(ids, times, strict=True)], page=3)
    before, history.PAGE = history.PAGE, 3
    try:
        found, complete = asyncio.run(venue.listing.since(start_ms))
    finally:
        history.PAGE = before
    assert complete
    assert found == [row for row in venue.rows if row.time >= start_ms]
