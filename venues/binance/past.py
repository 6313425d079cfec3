"""Binance Spot's past: bars by the time at which they open, trades and aggregate trades by their numbers.

Only aggregate trades can be looked up by time, so the first of them since a time says with which number trades begin;
from there on both go by number, and no row can come twice or be left out at a page's seam. A second that is not over
for long is left out: a bar could have been told before it closed, and an aggregate before its last trade. What the
venue lacks of a range is said, never passed over.

Source: Binance Spot API, rest-api (market data endpoints: klines, historicalTrades, aggTrades), 2026-07.
"""

from __future__ import annotations

from collections.abc import Sequence

from bus.clock import Clock
from bus.messages import Code, HistoryAnswer, Refused, Trade
from bus.moments import moment_text
from venues.binance.adapter import SPOT
from venues.binance.client.errors import ApiError, Banned, ClientError
from venues.binance.client.payloads import AggregateTrade
from venues.binance.client.rest import Rest
from venues.binance.mapping.bars import INTERVALS, past_bars_of, venue_interval
from venues.binance.mapping.errors import refusal_of
from venues.binance.mapping.market_data import past_aggregate_trade_of, past_trade_of
from venues.binance.mapping.words import MS
from venues.binance.weight_share import Budget
from venues.capabilities import History
from venues.history import Asked, HistoryOffer
from venues.missing import joined, missing_bars, missing_numbers, not_yet

__all__ = ["BinancePast"]

PAGE = 1000
"""The most rows that the venue puts into an answer."""
SETTLED_MS = 1000
"""Rows younger than this are left for the next question; our measure of the venue's clock is far better."""
LOOKUPS = 3
"""Tries to find the first row since a time: one that is made between two questions looks like a contradiction."""
FIRST_NUMBER = 1
"""Symbols' numbers begin with 0 or 1: where these are to be had, nothing older was ever there."""
KLINES_WEIGHT, AGGREGATES_WEIGHT, TRADES_WEIGHT, TIME_WEIGHT = 2, 4, 25, 1


class BinancePast:
    """A `PastReader`. `read` raises Banned, which is the end of whoever asks."""

    offer = HistoryOffer(SPOT.history, INTERVALS, PAGE)

    def __init__(self, rest: Rest, budget: Budget, clock: Clock) -> None:
        self._rest, self._budget, self._clock = rest, budget, clock

    async def read(self, asked: Asked) -> HistoryAnswer | Refused:
        """Read one page. A failure of the venue or the way to it is a refusal, never an empty page."""
        try:
            now_ms = await self._now_ms()
            if asked.start_ns >= now_ms * MS and not asked.after:
                return HistoryAnswer(missing=f"from {moment_text(asked.start_ns)} on: that is to come")
            if asked.kind is History.BAR:
                return await self._bars(asked, now_ms)
            return await self._trades(asked, now_ms)
        except Banned:
            raise
        except ApiError as error:
            if error.definite:  # a reached limit too: the client now sends nothing until its wait is over
                return refusal_of(error)
            return Refused(Code.VENUE_NOT_CONNECTED, str(error), error.venue_code)
        except ClientError as error:
            return refusal_of(error)

    async def _now_ms(self) -> int:
        """The venue's time, less what is not settled. Taken before a question: what is over by it was over then."""
        if not self._rest.clock.is_known:
            await self._budget.take(TIME_WEIGHT)
            await self._rest.measure_clock()
        return self._rest.clock.now_ms() - SETTLED_MS

    # bars

    async def _bars(self, asked: Asked, now_ms: int) -> HistoryAnswer:
        start_ms, end_ms = _since_ms(asked), _until_ms(asked, now_ms)
        if end_ms < start_ms:
            return HistoryAnswer(missing=not_yet(asked.start_ns, asked.end_ns, now_ms * MS))
        await self._budget.take(KLINES_WEIGHT)
        klines = await self._rest.klines(
            asked.instrument.symbol,
            venue_interval(asked.interval),
            asked.limit,
            start_time=start_ms,
            end_time=end_ms,
        )
        ours = past_bars_of(klines, asked.interval, asked.instrument.id, now_ms, self._clock.time_ns())
        bars = tuple(bar for bar in ours if bar.closed)
        end_ns = asked.end_ns or now_ms * MS
        more = len(klines) >= asked.limit and len(bars) == len(klines) and bars[-1].ts_close < end_ns
        missing = missing_bars(bars, asked.interval, asked.start_ns, end_ns, now_ms * MS, is_last=not more)
        if more:
            return HistoryAnswer(bars, bars[-1].ts_close, missing=missing)
        return HistoryAnswer(bars, missing=joined(missing, not_yet(asked.start_ns, asked.end_ns, now_ms * MS)))

    # trades

    async def _trades(self, asked: Asked, now_ms: int) -> HistoryAnswer | Refused:
        to_come = not_yet(asked.start_ns, asked.end_ns, now_ms * MS)
        if asked.after:
            number = int(asked.after) + 1
            page = await self._from_number(asked, number)
            return self._answer(asked, now_ms, page, page, number, "", to_come)
        found = await self._since(asked)
        if isinstance(found, Refused):
            return found
        if not found:
            return HistoryAnswer(missing=to_come)
        older = await self._older(asked, found[0])
        if found[0].time_ms > _until_ms(asked, now_ms):
            return HistoryAnswer(missing=joined(older, to_come))
        if asked.kind is History.AGGREGATE_TRADE:
            now = self._clock.time_ns()
            page = tuple(past_aggregate_trade_of(one, asked.instrument.id, now) for one in found)
            return self._answer(asked, now_ms, page, page, None, older, to_come)
        page = await self._from_number(asked, found[0].first_id)
        begun = _from_time(page, asked.start_ns)
        expected = found[0].first_id if len(begun) == len(page) else None
        return self._answer(asked, now_ms, page, begun, expected, older, to_come)

    def _answer(
        self,
        asked: Asked,
        now_ms: int,
        page: Sequence[Trade],
        begun: Sequence[Trade],
        expected: int | None,
        older: str,
        to_come: str,
    ) -> HistoryAnswer:
        """Make the answer of what the venue gave (`page`), as far as it lies after the range's start (`begun`)."""
        rows = tuple(_before(begun, (_until_ms(asked, now_ms) + 1) * MS))
        missing = joined(older, missing_numbers(rows, expected))
        if len(page) >= asked.limit and len(rows) == len(begun):
            return HistoryAnswer(rows, page[-1].ts_event, page[-1].trade_id, missing)
        return HistoryAnswer(rows, missing=joined(missing, to_come))

    async def _since(self, asked: Asked) -> list[AggregateTrade] | Refused:
        """The first aggregate trades since the start; none only where the venue's newest one is older than that."""
        symbol, start_ms = asked.instrument.symbol, _since_ms(asked)
        limit = asked.limit if asked.kind is History.AGGREGATE_TRADE else 1
        for _ in range(LOOKUPS):
            await self._budget.take(AGGREGATES_WEIGHT)
            found = await self._rest.agg_trades(symbol, limit, start_time=start_ms)
            if found:
                return found
            await self._budget.take(AGGREGATES_WEIGHT)
            newest = await self._rest.agg_trades(symbol, 1)
            if not newest or newest[-1].time_ms < start_ms:
                return []
        told = (
            f"none since {moment_text(asked.start_ns)}, and yet its newest is of {moment_text(newest[-1].time_ms * MS)}"
        )
        return Refused(Code.VENUE_REJECTED, f"the venue contradicts itself about trades of {symbol}: {told}")

    async def _older(self, asked: Asked, first: AggregateTrade) -> str:
        """Say what was before the venue's oldest row, where the range begins before that."""
        await self._budget.take(AGGREGATES_WEIGHT)
        oldest = await self._rest.agg_trades(asked.instrument.symbol, 1, from_id=0)
        if not oldest or oldest[0].aggregate_id < first.aggregate_id or first.aggregate_id <= FIRST_NUMBER:
            return ""
        end_ns = min(first.time_ms * MS, asked.end_ns or first.time_ms * MS)
        begin = moment_text(asked.start_ns) if asked.start_ns else "the beginning"
        told = f"its oldest is number {first.first_id if asked.kind is History.TRADE else first.aggregate_id}"
        return f"from {begin} to {moment_text(end_ns)}: the venue keeps no older trades, {told}"

    async def _from_number(self, asked: Asked, number: int) -> tuple[Trade, ...]:
        symbol, instrument = asked.instrument.symbol, asked.instrument.id
        if asked.kind is History.AGGREGATE_TRADE:
            await self._budget.take(AGGREGATES_WEIGHT)
            aggregates = await self._rest.agg_trades(symbol, asked.limit, from_id=number)
            now = self._clock.time_ns()
            return tuple(past_aggregate_trade_of(one, instrument, now) for one in aggregates)
        await self._budget.take(TRADES_WEIGHT)
        trades = await self._rest.historical_trades(symbol, asked.limit, from_id=number)
        now = self._clock.time_ns()
        return tuple(past_trade_of(one, instrument, now) for one in trades)


def _since_ms(asked: Asked) -> int:
    """The first whole millisecond of the range."""
    return -(-asked.start_ns // MS)


def _until_ms(asked: Asked, now_ms: int) -> int:
    """The last whole millisecond of the range, as far as it is over."""
    return min((asked.end_ns - 1) // MS, now_ms - 1) if asked.end_ns else now_ms - 1


def _from_time(rows: Sequence[Trade], start_ns: int) -> Sequence[Trade]:
    """Leave out what stands before the first row of a time."""
    place = next((index for index, row in enumerate(rows) if row.ts_event >= start_ns), len(rows))
    return rows[place:]


def _before(rows: Sequence[Trade], end_ns: int) -> Sequence[Trade]:
    """Leave out the first row that is not before a time, and all that follow."""
    place = next((index for index, row in enumerate(rows) if row.ts_event >= end_ns), len(rows))
    return rows[:place]
