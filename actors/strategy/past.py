"""History, page by page: what was before a strategy subscribed, and what ``tradefloor history`` writes down.

`history` gives a list, bounded; `Pages` gives what is too long for one, a page or a row at a time::

    bars = await history(self.member, "BINANCE", "BTCUSDT.BINANCE", "bars", "2026-01-01", interval="1-HOUR")
    async for trade in Pages.of(self.member, "BINANCE", "BTCUSDT.BINANCE", "trades", "2026-01-01").rows(): ...

A page is asked for when it is wanted, so a slow reader costs the venue nothing. What a venue does not have of a range
is in `missing`, in words. An actor that restarts and a limit that is reached are waited for, up to `PATIENCE_S` without
a page; then, and at once for what will never be answered, `HistoryRefused` is raised: a short list never means that
there was no more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import TypeAlias

import msgspec

from bus.member import Member
from bus.messages import Bar, Code, FundingRate, HistoryAnswer, QueryHistory, Quote, Refused, Trade
from bus.moments import moment_ns

__all__ = [
    "ROWS_LIMIT",
    "Ask",
    "HistoryRefused",
    "HistoryTooLong",
    "Pages",
    "PastRow",
    "PastRows",
    "asking",
    "history",
    "question_of",
]

PastRow: TypeAlias = Bar | Trade | Quote | FundingRate
Ask: TypeAlias = Callable[[QueryHistory], Awaitable[HistoryAnswer | Refused]]
"""Asks for one page."""

ROWS_LIMIT = 100_000
"""Rows of one list: some 50 MB. What is longer is read by `Pages`."""
PAGE_S = 150.0
"""How long a page may take: where the venue's limit is spent, history waits for up to a minute, and so do others'."""
PATIENCE_S = 600.0
"""How long without a page: a restart takes seconds, a reached limit a minute, a venue's maintenance some more."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
"""Between tries; each wait is twice the one before."""
CURABLE = frozenset(
    (
        Code.BUSY,
        Code.CLOCK_UNKNOWN,
        Code.EXPIRED,
        Code.LOST,
        Code.NOT_CONNECTED,
        Code.NOT_READY,
        Code.RATE_LIMITED,
        Code.SHUTTING_DOWN,
        Code.TIMED_OUT,
        Code.VENUE_NOT_CONNECTED,
    )
)
"""Refusals that pass by themselves."""
_KINDS = {"bars": "bar", "trades": "trade", "aggregate_trades": "aggregate_trade", "quotes": "quote"}


class HistoryRefused(Exception):
    """A page was refused for good, or for too long; `code` and `venue_code` as in `Refused`."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.reason or refusal.code.sentence)
        self.code, self.venue_code = refusal.code, refusal.venue_code


class HistoryTooLong(Exception):
    """A range has more rows than a list may have."""


class PastRows(list[PastRow]):
    """Rows, oldest first, and in `missing` what of the range the venue does not have; empty where this is all."""

    missing: str = ""


class Pages:
    """Asks page after page: iterate over it once, or over its `rows()`.

    `question` is what is asked next, so a new `Pages` of it goes on where this one was left.
    """

    def __init__(
        self,
        ask: Ask,
        question: QueryHistory,
        patience_s: float = PATIENCE_S,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.question = question
        self.missing: list[str] = []
        self.waits_for = ""
        """Why no page comes now, empty while they do."""
        self._ask, self._patience_s, self._sleep = ask, patience_s, sleep
        self._has_begun = False

    @classmethod
    def of(
        cls,
        member: Member,
        instance: str,
        instrument: str,
        kind: str,
        start: int | str | datetime,
        end: int | str | datetime | None = None,
        interval: str = "",
    ) -> Pages:
        """Return the pages that an instance's actor gives. Arguments and ValueError as of `history`."""
        return cls(asking(member, instance), question_of(instance, instrument, kind, start, end, interval))

    async def __aiter__(self) -> AsyncIterator[HistoryAnswer]:
        while True:
            page = await self._page()
            if page.missing and page.missing not in self.missing:
                self.missing.append(page.missing)
            if page.next_ns:
                self.question = msgspec.structs.replace(self.question, start_ns=page.next_ns, after=page.next_after)
            yield page
            if not page.next_ns:
                return

    async def rows(self) -> AsyncGenerator[PastRow, None]:
        """Yield row after row."""
        async for page in self:
            for row in page.rows:
                yield row

    async def _page(self) -> HistoryAnswer:
        loop = asyncio.get_running_loop()
        began, waited, wait_s = loop.time(), 0.0, FIRST_WAIT_S
        while True:
            answer = await self._ask(self.question)
            if isinstance(answer, HistoryAnswer):
                self.waits_for, self._has_begun = "", True
                return answer
            curable = answer.code in CURABLE or (self._has_begun and answer.code is Code.NO_SUCH_ACTOR)
            if not curable or max(waited, loop.time() - began) >= self._patience_s:
                raise HistoryRefused(answer)
            self.waits_for = answer.reason or answer.code.sentence
            await self._sleep(wait_s)
            waited, wait_s = waited + wait_s, min(2 * wait_s, LONGEST_WAIT_S)


async def history(
    member: Member,
    instance: str,
    instrument: str,
    kind: str,
    start: int | str | datetime,
    end: int | str | datetime | None = None,
    interval: str = "",
    limit: int = ROWS_LIMIT,
) -> PastRows:
    """Return all rows of a range, oldest first.

    `kind` is bars, trades, aggregate_trades, quotes or funding; `interval` such as 1-MINUTE. `start` is in, `end` is
    not (None: until now): UNIX nanoseconds, ISO 8601 or a datetime, UTC where none is named. Raises ValueError for what
    is no moment and for a reversed range, HistoryRefused, and HistoryTooLong beyond `limit` rows.
    """
    pages = Pages.of(member, instance, instrument, kind, start, end, interval)
    found = PastRows()
    async for page in pages:
        found += page.rows
        if len(found) > limit:
            raise HistoryTooLong(
                f"{kind} of {instrument}: over {limit:,} rows; narrow the range, or iterate over Pages"
            )
    found.missing = "; ".join(pages.missing)
    return found


def asking(member: Member, instance: str) -> Ask:
    """Return what asks the market-data actor of an instance."""

    async def ask(question: QueryHistory) -> HistoryAnswer | Refused:
        reply = await member.request(f"market_data.{instance}", question, PAGE_S)
        if isinstance(reply.body, HistoryAnswer):
            return reply.body
        return reply.body if isinstance(reply.body, Refused) else Refused(reply.code, reply.reason)

    return ask


def question_of(
    instance: str,
    instrument: str,
    kind: str,
    start: int | str | datetime,
    end: int | str | datetime | None = None,
    interval: str = "",
) -> QueryHistory:
    """Return the question. Raises ValueError as `history`; whether the venue has such a kind is its actor's to say."""
    start_ns, end_ns = moment_ns(start), 0 if end is None else moment_ns(end)
    if end_ns and end_ns < start_ns:
        raise ValueError(f"the range is reversed: it starts at {start} and ends at {end}")
    word = kind.replace("-", "_")
    full = f"{interval}-LAST" if interval.count("-") == 1 else interval
    return QueryHistory(instance, instrument, _KINDS.get(word, word), start_ns, end_ns, full)
