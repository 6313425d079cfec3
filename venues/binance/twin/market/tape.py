"""A symbol's trades and candles, for queries and the slower streams. Prices in ticks, sizes in steps,
times in ms.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import islice

MAX_TRADES = 50_000
"""Trades kept for queries: about half an hour of a market at the default rate."""
MAX_CANDLES = 5_000
"""Candles kept of each base interval: five times the venue's largest answer."""
SECOND_MS, MINUTE_MS = 1_000, 60_000
INTERVALS_MS = {
    "1s": SECOND_MS,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "2h": 120 * MINUTE_MS,
    "4h": 240 * MINUTE_MS,
    "6h": 360 * MINUTE_MS,
    "8h": 480 * MINUTE_MS,
    "12h": 720 * MINUTE_MS,
    "1d": 1_440 * MINUTE_MS,
    "3d": 4_320 * MINUTE_MS,
    "1w": 10_080 * MINUTE_MS,
    "1M": 43_200 * MINUTE_MS,
}
"""The venue's intervals; a month is taken as thirty days."""


@dataclass(frozen=True, slots=True)
class Print:
    """One trade of the whole market."""

    trade_id: int
    price: int
    size: int
    time_ms: int
    is_buyer_maker: bool


@dataclass(slots=True)
class Candle:
    """Open, high, low, close, volumes in steps and in ticks x steps, and the taker buyers' part of both."""

    start_ms: int
    open: int
    high: int
    low: int
    close: int
    first_id: int = -1
    last_id: int = -1
    count: int = 0
    volume: int = 0
    quote: int = 0
    buy_volume: int = 0
    buy_quote: int = 0

    def add(self, other: Candle) -> None:
        """Take a later candle into this one."""
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.close = other.close
        if other.count:
            self.first_id = self.first_id if self.count else other.first_id
            self.last_id = other.last_id
        self.count += other.count
        self.volume += other.volume
        self.quote += other.quote
        self.buy_volume += other.buy_volume
        self.buy_quote += other.buy_quote


class Tape:
    """What was traded."""

    def __init__(self) -> None:
        self.trades: deque[Print] = deque(maxlen=MAX_TRADES)
        self._series: dict[int, deque[Candle]] = {
            length: deque(maxlen=MAX_CANDLES) for length in (SECOND_MS, MINUTE_MS)
        }

    @property
    def last(self) -> Print | None:
        """The newest trade."""
        return self.trades[-1] if self.trades else None

    def add(self, trade: Print) -> None:
        """Take a trade in."""
        self.trades.append(trade)
        quote = trade.price * trade.size
        buy = not trade.is_buyer_maker
        one = Candle(
            0, trade.price, trade.price, trade.price, trade.price, trade.trade_id, trade.trade_id, 1,
            trade.size, quote, trade.size if buy else 0, quote if buy else 0,
        )  # fmt: skip
        for length, series in self._series.items():
            start = trade.time_ms - trade.time_ms % length
            if not series or series[-1].start_ms != start:
                series.append(Candle(start, trade.price, trade.price, trade.price, trade.price))
            series[-1].add(one)

    def recent(self, limit: int, from_id: int | None = None) -> list[Print]:
        """The newest `limit` trades, or the first `limit` from an id on; oldest first."""
        if not self.trades:
            return []
        first = self.trades[0].trade_id
        begin = len(self.trades) - limit if from_id is None else from_id - first
        begin = max(0, begin)
        return list(islice(self.trades, begin, begin + limit))

    def candles(self, interval: str, now_ms: int) -> list[Candle]:
        """Candles of an interval without holes, oldest first, up to the one of now."""
        length = INTERVALS_MS[interval]
        base = SECOND_MS if length == SECOND_MS else MINUTE_MS
        out: list[Candle] = []
        for candle in self._series[base]:
            start = candle.start_ms - candle.start_ms % length
            self._fill(out, start, length)
            if not out or out[-1].start_ms != start:
                out.append(Candle(start, candle.open, candle.high, candle.low, candle.close))
            out[-1].add(candle)
        if out:
            self._fill(out, now_ms - now_ms % length + length, length)
        return out[-MAX_CANDLES:]

    def window(self, now_ms: int, length_ms: int) -> Candle | None:
        """Everything of the last `length_ms` in one candle, None without a trade."""
        wanted: list[Candle] = []
        for candle in reversed(self._series[MINUTE_MS]):
            if candle.start_ms < now_ms - length_ms:
                break
            wanted.append(candle)
        if not wanted:
            return None
        first = wanted[-1]
        whole = Candle(first.start_ms, first.open, first.high, first.low, first.close)
        for candle in reversed(wanted):
            whole.add(candle)
        return whole

    @staticmethod
    def _fill(out: list[Candle], until_ms: int, length: int) -> None:
        """Empty candles at the last close up to `until_ms`, as the venue shows a quiet interval."""
        if not out:
            return
        begin = max(out[-1].start_ms + length, until_ms - MAX_CANDLES * length)
        close = out[-1].close
        out.extend(Candle(start, close, close, close, close) for start in range(begin, until_ms, length))
