"""Reading a list of the venue's since a time, whatever its length, and whether that is all of it.

The venue's lists (myTrades, allOrders) hold at most `PAGE` entries, ascending; without a start they show the newest
ones, from an id on those that follow. A window of time spans 24 hours at most, so to walk by days through an
instrument that is quiet for months never ends. Ids rise with time, so no window is needed: the newest page is all
where it is not full or reaches back far enough; else the first page is found by halving the range of ids, and from
it on all is read.
Source: Binance Spot API, rest-api (account endpoints), 2026-07.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

__all__ = ["PAGE", "PAGES_LIMIT", "Listing"]

T = TypeVar("T")

PAGE = 1000
"""The most that a list holds."""
PAGES_LIMIT = 50
"""Pages that one query returns, at weight 20 each: 50,000 entries, a sixth of a minute's weight. What is beyond is said
by ``complete=False``; what is returned is the oldest and has no gap, so who asks can go on after its last entry.
The search for the first page comes before that, with a page for each halving of the ids: some twenty with ids of ten
digits, never over 63.
"""


class Listing(Generic[T]):
    """One of the venue's lists for one symbol. `newest` reads its last page, `page_from` the one from an id on."""

    def __init__(
        self,
        newest: Callable[[], Awaitable[list[T]]],
        page_from: Callable[[int], Awaitable[list[T]]],
        id_of: Callable[[T], int],
        time_of: Callable[[T], int],
    ) -> None:
        self._newest, self._page_from = newest, page_from
        self._id_of, self._time_of = id_of, time_of

    async def since(self, start_ms: int, is_last: Callable[[T], bool] = lambda entry: False) -> tuple[list[T], bool]:
        """Return (entries since a time, oldest first, whether those are all); reads no page beyond an `is_last`."""
        newest = await self._newest()
        if len(newest) < PAGE or self._time_of(newest[0]) < start_ms:
            return self._from_time(newest, start_ms), True
        first = await self._first_page(start_ms, newest)
        return await self._onward(first, self._from_time(first, start_ms), is_last)

    async def after(self, last_id: int) -> tuple[list[T], bool]:
        """Return (entries after an id, oldest first, whether those are all)."""
        first = await self._page_from(last_id + 1)
        return await self._onward(first, list(first), lambda entry: False)

    def _from_time(self, page: list[T], start_ms: int) -> list[T]:
        return [entry for entry in page if self._time_of(entry) >= start_ms]

    async def _onward(self, page: list[T], found: list[T], is_last: Callable[[T], bool]) -> tuple[list[T], bool]:
        for _ in range(PAGES_LIMIT - 1):
            if len(page) < PAGE or any(map(is_last, page)):
                return found, True
            page = await self._page_from(self._id_of(page[-1]) + 1)
            found += page
        return found, len(page) < PAGE or any(map(is_last, page))

    async def _first_page(self, start_ms: int, newest: list[T]) -> list[T]:
        """Return the page with the first entry since a time; `newest` begins no earlier than that."""
        page = newest
        low, high, middle = 0, self._id_of(newest[0]), 0  # all before `low` are older, all from `high` on are not
        while low < high:
            found = await self._page_from(middle)
            if not found or self._time_of(found[0]) >= start_ms:
                page, high = found or page, middle
            elif self._time_of(found[-1]) >= start_ms:
                return found
            else:
                low = self._id_of(found[-1]) + 1
            middle = (low + high) // 2
        return page
