"""What every venue's history has in common: a question is judged before anything is sent, and a page before it leaves.

A venue brings a `PastReader`, which reads one page. Whoever has one answers `QueryHistory` with `answer_history`: the
market-data actor (`HistoryVenue`), and a command that runs without a floor (`OpenPast`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from itertools import pairwise
from typing import Any, Protocol, TypeAlias

import msgspec

from bus.clock import Clock
from bus.codec import RequestHeader
from bus.messages import (
    Bar,
    Code,
    FundingRate,
    HistoryAnswer,
    Instrument,
    InstrumentId,
    Message,
    QueryHistory,
    Quote,
    Refused,
    Trade,
)
from bus.moments import moment_text
from venues.capabilities import Cell, History
from venues.nearest import or_nearest

__all__ = [
    "Asked",
    "HistoryOffer",
    "HistoryVenue",
    "OpenPast",
    "Past",
    "PastReader",
    "answer_history",
    "judged",
    "page_problem",
]

MOMENT_LIMIT = 2**63
"""The end of what nanoseconds fit into; a larger number is an error or an attack."""
NUMBER_DIGITS = 20
"""Venues number with 64 bits, so in fewer digits; a longer text is no number to count with."""
_ROWS: dict[History, type] = {
    History.BAR: Bar,
    History.TRADE: Trade,
    History.AGGREGATE_TRADE: Trade,
    History.QUOTE: Quote,
    History.FUNDING: FundingRate,
}


class HistoryOffer(msgspec.Struct, frozen=True):
    """What a venue has of its past: kinds, the intervals of its bars by our names, and the most rows of one page."""

    cells: Mapping[History, Cell] = {}
    intervals: tuple[str, ...] = ()
    page_rows: int = 1000


class Asked(msgspec.Struct, frozen=True):
    """A question that was judged: `limit` is the page's, `end_ns` 0 means until now."""

    kind: History
    instrument: Instrument
    interval: str
    start_ns: int
    end_ns: int
    limit: int
    after: str = ""


class PastReader(Protocol):
    """Reads pages at one venue."""

    @property
    def offer(self) -> HistoryOffer:
        """What can be asked for."""

    async def read(self, asked: Asked) -> HistoryAnswer | Refused:
        """Read one page, oldest row first. May wait long: history comes last wherever a limit is shared."""


class Past(Protocol):
    """A venue's past, open for questions, without a floor."""

    async def ask(self, message: QueryHistory) -> HistoryAnswer | Refused:
        """Answer with one page."""


OpenPast: TypeAlias = Callable[[dict[str, Any]], AbstractAsyncContextManager[Past]]
"""Takes an instance's settings. Entering raises ActorExit where they are wrong or the venue cannot be reached."""


class HistoryVenue:
    """Mixed into the market-data actors. A subclass sets `past` once it can read; until then history is refused.

    Questions are answered one at a time, for history comes last: what else the actor asks its venue goes between.
    """

    name: str
    instance: str
    clock: Clock
    instruments: dict[InstrumentId, Instrument]
    past: PastReader | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._history_turn = asyncio.Lock()

    async def on_query_history(self, message: QueryHistory, header: RequestHeader) -> Message:
        """Answer with one page, or refuse: what is not offered costs the venue nothing."""
        if self.past is None:
            return Refused(Code.UNSUPPORTED, f"{self.instance} has no history")
        if not self.instruments:
            return Refused(Code.NOT_READY, f"{self.name} has not read the instruments of {self.instance} yet")
        asked = judged(message, self.instance, self.past.offer, self.instruments)
        if isinstance(asked, Refused):
            return asked
        async with self._history_turn:
            if self.clock.monotonic_ns() > header.deadline_ns:
                return Refused(Code.EXPIRED, "other questions about history took too long; nothing was sent")
            return await _page(self.past, self.instance, asked)


async def answer_history(
    message: QueryHistory, instance: str, past: PastReader, instruments: Mapping[InstrumentId, Instrument]
) -> HistoryAnswer | Refused:
    """Answer a question without an actor."""
    asked = judged(message, instance, past.offer, instruments)
    return asked if isinstance(asked, Refused) else await _page(past, instance, asked)


async def _page(past: PastReader, instance: str, asked: Asked) -> HistoryAnswer | Refused:
    answer = await past.read(asked)
    if isinstance(answer, Refused):
        return answer
    problem = page_problem(asked, answer)
    return answer if not problem else Refused(Code.UNREADABLE, f"{instance}: a page of history is not used: {problem}")


def judged(
    message: QueryHistory, instance: str, offer: HistoryOffer, instruments: Mapping[InstrumentId, Instrument]
) -> Asked | Refused:
    """Return the question as the reader takes it, or why it is refused."""
    kind = next((one for one in History if one == message.kind), None)
    if kind is None or offer.cells.get(kind, Cell.NONE) is Cell.NONE:
        has = ", ".join(one for one in History if offer.cells.get(one, Cell.NONE) is not Cell.NONE) or "none"
        return Refused(Code.UNSUPPORTED, f"{instance} has no history of kind {message.kind!r}; it has: {has}")
    instrument = instruments.get(message.instrument)
    if instrument is None:
        nearest = or_nearest(message.instrument, instruments)
        return Refused(Code.NO_SUCH_INSTRUMENT, f"{instance} has no instrument {message.instrument!r}{nearest}")
    if kind is History.BAR and message.interval not in offer.intervals:
        has = ", ".join(offer.intervals)
        return Refused(Code.UNSUPPORTED, f"{instance} has no bars of interval {message.interval!r}; it has: {has}")
    problem = _problem(kind, message, offer)
    if problem:
        return Refused(Code.BAD_VALUE, problem)
    limit = message.limit or offer.page_rows
    return Asked(kind, instrument, message.interval, message.start_ns, message.end_ns, limit, message.after)


def _problem(kind: History, message: QueryHistory, offer: HistoryOffer) -> str:
    """Say which value cannot be; the interval of bars was looked at before."""
    start, end = message.start_ns, message.end_ns
    for name, value in (("start_ns", start), ("end_ns", end)):
        if not 0 <= value < MOMENT_LIMIT:
            return f"{name} is {value}; expected UNIX nanoseconds"
    if end and end < start:
        return f"the range is reversed: it starts at {moment_text(start)} and ends at {moment_text(end)}"
    if not 0 <= message.limit <= offer.page_rows:
        return f"limit is {message.limit}; expected 1 to {offer.page_rows} rows of a page, or 0 for as many as it holds"
    if kind is not History.BAR and message.interval:
        return f"interval is {message.interval!r}; expected none, for {kind} has no intervals"
    if message.after and kind is History.BAR:
        return f"after is {message.after!r}; expected none, for bars are not numbered: go on from next_ns"
    if message.after and not _is_number(message.after):
        return f"after is {message.after[:40]!r}; expected what an answer's next_after was"
    return ""


def page_problem(asked: Asked, answer: HistoryAnswer) -> str:
    """Say what is wrong with a page that came from a venue; empty where nothing is.

    Bars rise by the time at which they open, trades by their number, others by their time, and none is beyond the end.
    Times of trades are the venue's own and may step back where its clock was set.
    """
    rows: tuple[Any, ...] = answer.rows
    kind = asked.kind
    if any((type(row), row.instrument) != (_ROWS[kind], asked.instrument.id) for row in rows):
        return f"a row is no {kind} of {asked.instrument.id}"
    before = next((pair for pair in pairwise(rows) if not _follows(*pair)), None)
    if before is not None:
        return f"its rows do not ascend: {_place(before[1])} comes after {_place(before[0])}"
    if rows and asked.end_ns and _time(rows[-1]) >= asked.end_ns:
        return f"it reaches beyond the end, {moment_text(asked.end_ns)}"
    if rows and not asked.after and _time(rows[0]) < asked.start_ns:
        return f"it begins before the start, {moment_text(asked.start_ns)}"
    first = _place(rows[0]) if rows else ""
    if asked.after and _is_number(first) and int(first) <= int(asked.after):
        return f"it begins with {first}, which is not after {asked.after}"
    if answer.next_ns and (answer.next_ns, answer.next_after) == (asked.start_ns, asked.after):
        return "the next page would be this one again"
    return ""


def _follows(row: Any, next_row: Any) -> bool:
    if isinstance(row, Bar):
        return bool(next_row.ts_open >= (row.ts_close or row.ts_open + 1))
    if isinstance(row, Trade) and _is_number(row.trade_id) and _is_number(next_row.trade_id):
        return int(next_row.trade_id) > int(row.trade_id)
    return bool(next_row.ts_event >= row.ts_event)


def _time(row: Any) -> int:
    return int(row.ts_open if isinstance(row, Bar) else row.ts_event)


def _is_number(text: str) -> bool:
    return len(text) < NUMBER_DIGITS and text.isascii() and text.isdigit()


def _place(row: Any) -> str:
    return getattr(row, "trade_id", "") or moment_text(_time(row))
