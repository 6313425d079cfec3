"""A symbol's trades, aggregate trades and candles, live and before. Prices in ticks, sizes in steps, times in ms.

Trades and aggregates reach back to the twin's start, candles into the past that the seed makes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

from venues.binance.twin.market.candles import Candle, flat, together
from venues.binance.twin.market.intervals import HOUR_MS, MINUTE_MS, SECOND_MS
from venues.binance.twin.market.past import LISTED_MS, Join, Past

MAX_TRADES = 50_000
"""Trades kept for queries: about two hours of a market at the default rate."""
MAX_CANDLES = {HOUR_MS: 20_000, MINUTE_MS: 11_000, SECOND_MS: 10_000}
"""Live candles kept: more than the seven days of the longest window by hours and minutes, seconds for three hours."""
LENGTHS = tuple(MAX_CANDLES)


class Print(NamedTuple):
    """One trade of the whole market; `taker_id` tells the trades of one incoming order together."""

    trade_id: int
    price: int
    size: int
    time_ms: int
    is_buyer_maker: bool
    taker_id: int = 0


@dataclass(slots=True)
class Aggregate:
    """Trades of one incoming order at one price."""

    aggregate_id: int
    price: int
    size: int
    first_id: int
    last_id: int
    time_ms: int
    is_buyer_maker: bool
    taker_id: int = 0

    def takes(self, trade: Print) -> bool:
        """Whether a trade belongs to it."""
        return (
            trade.price == self.price
            and trade.time_ms == self.time_ms
            and trade.taker_id == self.taker_id
            and trade.is_buyer_maker == self.is_buyer_maker
        )


class Tape:
    """What was traded; `history` makes the past once the first live trade is known."""

    def __init__(self, history: Callable[[Join], Past] | None = None) -> None:
        self.last: Print | None = None
        self.trades: list[Print] = []
        self.aggregates: list[Aggregate] = []
        self._history = history
        self._past: Past | None = None
        self._began_ms: int | None = None
        self._series: dict[int, list[Candle]] = {length: [] for length in LENGTHS}

    @property
    def first_ms(self) -> int | None:
        """The time of the oldest trade that candles know, None without any."""
        return LISTED_MS if self._past is not None else self._began_ms

    def add(self, trade: Print) -> None:
        """Take a trade in, and into the aggregate that it belongs to."""
        self.add_trade(trade)
        newest = self.aggregates[-1] if self.aggregates else None
        if newest is not None and newest.takes(trade):
            newest.size += trade.size
            newest.last_id = trade.trade_id
            return
        number = newest.aggregate_id + 1 if newest is not None else trade.trade_id * 3 // 4
        self.add_aggregate(
            Aggregate(
                number, trade.price, trade.size, trade.trade_id, trade.trade_id, trade.time_ms,
                trade.is_buyer_maker, trade.taker_id,
            )
        )  # fmt: skip

    def add_trade(self, trade: Print) -> None:
        """Take a trade in and leave aggregates alone."""
        self.trades.append(trade)
        _trim(self.trades, MAX_TRADES)
        self.count(trade, 1)

    def add_aggregate(self, found: Aggregate) -> None:
        """Take an aggregate in and leave trades and candles alone."""
        self.aggregates.append(found)
        _trim(self.aggregates, MAX_TRADES)

    def count(self, trade: Print, trades: int) -> None:
        """Take so many trades, shown as one that ends with its id, into the candles."""
        if self._began_ms is None:
            self._began_ms = trade.time_ms
            if self._history is not None:
                end = trade.time_ms - trade.time_ms % SECOND_MS
                self._past = self._history(Join(end, trade.price, trade.trade_id))
        self.last = trade
        for length, series in self._series.items():
            _count(series, trade, length, trades)

    def recent(self, limit: int, from_id: int | None = None) -> list[Print]:
        """The newest `limit` trades, or the first `limit` from an id on; oldest first."""
        if from_id is None:
            return self.trades[-limit:]
        begin = bisect_left(self.trades, from_id, key=lambda trade: trade.trade_id)
        return self.trades[begin : begin + limit]

    def aggregates_from(self, trade_id: int) -> list[Aggregate]:
        """The aggregates that hold a trade or a later one."""
        return self.aggregates[bisect_left(self.aggregates, trade_id, key=lambda found: found.last_id) :]

    def between(self, begin_ms: int, end_ms: int) -> Candle | None:
        """Everything from a time up to another, both whole seconds, in one candle; None where nothing is known."""
        past = self._past.between(begin_ms, end_ms) if self._past is not None else None
        last = self.last
        if last is None or end_ms <= self._series[HOUR_MS][0].start_ms:
            return past
        if end_ms > last.time_ms:
            end_ms += -end_ms % HOUR_MS
        live = self._pieces(begin_ms, end_ms)
        return together(live if past is None else chain([past], live))

    def price_before(self, time_ms: int) -> int | None:
        """The last price before a time, None where none is known."""
        for length in reversed(LENGTHS):
            series = self._series[length]
            place = bisect_left(series, time_ms - length + 1, key=_start)
            if place:
                return series[place - 1].close
        known = self._past.between(time_ms - SECOND_MS, time_ms) if self._past is not None else None
        if known is not None:
            return known.close
        return self._past.join.price if self._past is not None and time_ms > LISTED_MS else None

    def _pieces(self, begin_ms: int, end_ms: int, level: int = 0) -> Iterator[Candle]:
        """The largest whole hours, minutes and seconds with live trades that make a span."""
        length = LENGTHS[level]
        if level == len(LENGTHS) - 1:
            yield from self._slice(length, begin_ms, end_ms)
            return
        first, last = begin_ms + -begin_ms % length, end_ms - end_ms % length
        if first >= last:
            yield from self._pieces(begin_ms, end_ms, level + 1)
            return
        if begin_ms < first:
            yield from self._pieces(begin_ms, first, level + 1)
        yield from self._slice(length, first, last)
        if last < end_ms:
            yield from self._pieces(last, end_ms, level + 1)

    def _slice(self, length: int, begin_ms: int, end_ms: int) -> list[Candle]:
        series = self._series[length]
        begin = bisect_left(series, begin_ms, key=_start)
        return series[begin : bisect_left(series, end_ms, lo=begin, key=_start)]


def _start(candle: Candle) -> int:
    return candle.start_ms


def _count(series: list[Candle], trade: Print, length: int, trades: int) -> None:
    """Take trades into the series' newest candle; a clock set back never makes an older one."""
    start = trade.time_ms - trade.time_ms % length
    if not series or series[-1].start_ms < start:
        series.append(flat(start, trade.price))
        _trim(series, MAX_CANDLES[length])
        series[-1].first_id = trade.trade_id - trades + 1
    candle, quote = series[-1], trade.price * trade.size
    candle.high = max(candle.high, trade.price)
    candle.low = min(candle.low, trade.price)
    candle.close = trade.price
    candle.last_id = trade.trade_id
    candle.count += trades
    candle.volume += trade.size
    candle.quote += quote
    if not trade.is_buyer_maker:
        candle.buy_volume += trade.size
        candle.buy_quote += quote


def _trim(items: list[Any], limit: int) -> None:
    """Forget the oldest, many at once, so that each costs next to nothing."""
    if len(items) > limit + limit // 4:
        del items[:-limit]
