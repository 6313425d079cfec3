"""A symbol's candles before the twin's start, made from its seed when somebody asks.

A candle is a function of seed, symbol and time. The price of a day's first moment is the symbol's starting price
times a sum of waves of one to 512 days; days are split into hours, minutes and seconds (`split`). The live market
always starts at the starting price, so over the last `RAMP_DAYS` the waves are led back to it: candles older
than that never change with the day of the start, younger ones are the same for all starts on one UTC day. The day
of the start itself is quiet, and its last second closes at the live market's first price.

There are no single trades of the past, only their candles; ids count down from the first live trade.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from random import Random

from venues.binance.twin.market.candles import Candle, together
from venues.binance.twin.market.intervals import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from venues.binance.twin.market.split import split
from venues.binance.twin.market.symbols import Symbol

LISTED_MS = 1_502_928_000_000
"""2017-08-17, the venue's first days: no candle is older."""
RAMP_DAYS = 90
WAVES = 10
"""Waves of 1, 2, 4 ... 512 days, so that years differ as much as days do."""
QUIET = 0.001
"""Half the range of the start's own day as a share of the price: the live market's usual range."""
TRADES_PER_DAY = 800_000
"""About what the live market makes at its default rate, so that most seconds have trades."""
TRADES_VARY = 0.3
"""How much of a day's trades may be missing or more."""
MEAN_SIZE = 0.5
"""A trade's size as a share of a participant's typical order."""
CACHED_DAYS, CACHED_SPLITS = 4_096, 96
"""Days are cheap and all of them may be wanted for months; splits are kept for some days of minutes."""
_MASK = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Join:
    """Where the past ends: the first live trade's second, its price in ticks, its id."""

    end_ms: int
    price: int
    next_id: int


class Past:
    """Candles of one symbol from `LISTED_MS` to the join."""

    def __init__(self, seed: int, symbol: Symbol, join: Join) -> None:
        digest = hashlib.sha256(f"{seed} {symbol.name}".encode()).digest()
        self.join = join
        self._key = int.from_bytes(digest[:8], "big")
        self._symbol = symbol
        self._last_day = join.end_ms // DAY_MS
        self._price = lru_cache(CACHED_DAYS)(self._make_price)
        self._day = lru_cache(CACHED_DAYS)(self._make_day)
        self._hours = self._splitter(self._day, 24, HOUR_MS)
        self._minutes = self._splitter(lambda hour: self._hours(hour // 24)[hour % 24], 60, MINUTE_MS)
        self._seconds = self._splitter(lambda minute: self._minutes(minute // 60)[minute % 60], 60, SECOND_MS)

    def between(self, begin_ms: int, end_ms: int) -> Candle | None:
        """Everything from a time up to another, both whole seconds, in one candle; None before and after the past."""
        whole = together(self._pieces(max(begin_ms, LISTED_MS), min(end_ms, self.join.end_ms)))
        if whole is not None and whole.count:
            moved = self.join.next_id - self._trades
            whole.first_id += moved
            whole.last_id += moved
        return whole

    def _pieces(self, begin_ms: int, end_ms: int) -> Iterator[Candle]:
        """The largest whole days, hours, minutes and seconds that make a span."""
        at = begin_ms
        while at < end_ms:
            if at % DAY_MS == 0 and at + DAY_MS <= end_ms:
                yield self._day(at // DAY_MS)
                at += DAY_MS
            elif at % HOUR_MS == 0 and at + HOUR_MS <= end_ms:
                yield self._hours(at // DAY_MS)[at % DAY_MS // HOUR_MS]
                at += HOUR_MS
            elif at % MINUTE_MS == 0 and at + MINUTE_MS <= end_ms:
                yield self._minutes(at // HOUR_MS)[at % HOUR_MS // MINUTE_MS]
                at += MINUTE_MS
            else:
                yield self._second(at)
                at += SECOND_MS

    def _second(self, at_ms: int) -> Candle:
        second = self._seconds(at_ms // MINUTE_MS)[at_ms % MINUTE_MS // SECOND_MS]
        if at_ms + SECOND_MS != self.join.end_ms:
            return second
        price = self.join.price
        return replace(second, close=price, high=max(second.high, price), low=min(second.low, price))

    @cached_property
    def _trades(self) -> int:
        """Trades from the first day to the join."""
        end = self.join.end_ms
        done = together(self._pieces(end - end % DAY_MS, end))
        return self._trades_before(self._last_day) + (done.count if done else 0)

    def _splitter(self, whole: Callable[[int], Candle], count: int, length_ms: int) -> Callable[[int], list[Candle]]:
        def parts(number: int) -> list[Candle]:
            return split(whole(number), count, length_ms, Random(self._mixed(number, length_ms)))

        return lru_cache(CACHED_SPLITS)(parts)

    def _make_day(self, day: int) -> Candle:
        rng = Random(self._mixed(day, DAY_MS))
        begin, end = self._price(day), self._price(day + 1)
        swing = self._symbol.volatility / 2
        up, down = (QUIET, QUIET) if day >= self._last_day else (rng.expovariate(1 / swing), rng.expovariate(1 / swing))
        high, low = math.ceil(max(begin, end) * (1 + up)), max(1, math.floor(min(begin, end) / (1 + down)))
        first, trades = self._trades_before(day), self._trades_before(day + 1) - self._trades_before(day)
        volume = max(trades, int(trades * self._symbol.typical_size * MEAN_SIZE * rng.lognormvariate(0.0, 0.4)))
        buys = int(volume * rng.uniform(0.42, 0.58))
        place = rng.uniform(0.4, 0.6)
        quote, buy_quote = (amount * low + int(amount * (high - low) * place) for amount in (volume, buys))
        return Candle(
            day * DAY_MS, begin, high, low, end, first, first + trades - 1, trades, volume, quote, buys, buy_quote
        )

    def _make_price(self, day: int) -> int:
        """Ticks at a day's first moment."""
        if day >= self._last_day:
            return self._symbol.start
        led_back = max(0.0, 1 - (self._last_day - day) / RAMP_DAYS)
        wave = self._wave(day) - led_back * self._wave(self._last_day)
        return max(1, round(self._symbol.start * math.exp(wave)))

    def _wave(self, day: int) -> float:
        total = 0.0
        for number in range(WAVES):
            crest, rest = day >> number, (day & (1 << number) - 1) / (1 << number)
            before, after = self._unit(crest, number), self._unit(crest + 1, number)
            total += ((1 - rest) * before + rest * after - 0.5) * 2 ** (number / 2)
        return total * 2 * self._symbol.volatility

    def _trades_before(self, day: int) -> int:
        varied = int(TRADES_PER_DAY * TRADES_VARY * self._unit(day, WAVES))
        return (day - LISTED_MS // DAY_MS) * TRADES_PER_DAY + varied

    def _unit(self, number: int, kind: int) -> float:
        """A number between 0 and 1 that looks random and never changes."""
        return self._mixed(number, kind) / 2**64

    def _mixed(self, number: int, kind: int) -> int:
        """Sixty-four bits of the seed, the symbol and two numbers, by the mixer of SplitMix64 (Steele et al., 2014)."""
        mixed = (self._key + number * 0x9E3779B97F4A7C15 + kind * 0xD1B54A32D192ED03) & _MASK
        mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
        return mixed ^ mixed >> 31
