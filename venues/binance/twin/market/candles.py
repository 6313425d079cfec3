"""A candle, and candles taken together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(slots=True)
class Candle:
    """Open, high, low, close in ticks, volumes in steps and in ticks x steps, and the taker buyers' part of both.

    Without a trade the four prices are the last price before it, and the ids are -1.
    """

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
        self.close = other.close
        if not other.count:
            return
        if self.count:
            self.high = max(self.high, other.high)
            self.low = min(self.low, other.low)
        else:
            self.open, self.high, self.low = other.open, other.high, other.low
            self.first_id = other.first_id
        self.last_id = other.last_id
        self.count += other.count
        self.volume += other.volume
        self.quote += other.quote
        self.buy_volume += other.buy_volume
        self.buy_quote += other.buy_quote


def flat(start_ms: int, price: int) -> Candle:
    """A candle without a trade."""
    return Candle(start_ms, price, price, price, price)


def together(parts: Iterable[Candle]) -> Candle | None:
    """All parts, given in their order, as one candle; None without any."""
    whole: Candle | None = None
    for part in parts:
        if whole is None:
            whole = replace(part)
        else:
            whole.add(part)
    return whole
