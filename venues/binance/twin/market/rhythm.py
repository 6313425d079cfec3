"""The streams that go out at a rhythm: what each sends, and how often.

A stream is made when its first reader comes and forgotten with its last. Diff depth is silent while nothing
changes, an array carries only the symbols traded since its last turn, the average price goes out when it has
changed; all others go out at every turn. Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from venues.binance.twin.market import payloads
from venues.binance.twin.market.candles import flat
from venues.binance.twin.market.changes import Changes
from venues.binance.twin.market.endpoints import book
from venues.binance.twin.market.intervals import INTERVALS_MS, STREAM_WINDOWS, STREAM_ZONE, end_of, start_of, zone_ms
from venues.binance.twin.market.klines import stream_kline
from venues.binance.twin.market.markets import Market

TICK_S = 0.1
"""The fastest depth stream's pace."""
FAST, SECOND, TWO_SECONDS = 1, 10, 20
"""Ticks between two turns of a stream."""
PARTIAL_LEVELS = (5, 10, 20)
Payloads = Iterable[dict[str, Any] | list[dict[str, Any]]]


@dataclass(slots=True)
class Paced:
    """A stream with a reader: `turn` gives what to send at a time; `changes` gathers for it between two turns."""

    every: int
    turn: Callable[[int], Payloads]
    market: Market | None = None
    changes: Changes | None = None


def paced(stream: str, markets: Mapping[str, Market]) -> Paced | None:
    """The stream of that name, None when it has no rhythm or does not exist."""
    if stream.startswith("!"):
        return _array(stream, markets)
    name, _, kind = stream.partition("@")
    market = markets.get(name.upper())
    if market is None or name != name.lower() or market.is_replayed:
        return None
    if kind.startswith("depth"):
        return _depth(kind.removeprefix("depth"), market)
    if kind.startswith("kline_"):
        return _kline(kind.removeprefix("kline_"), market)
    if kind.startswith("ticker_") and kind.removeprefix("ticker_") in STREAM_WINDOWS:
        window = kind.removeprefix("ticker_")
        return Paced(SECOND, lambda now_ms: [payloads.window_ticker(market, window, now_ms)])
    if kind == "miniTicker":
        return Paced(SECOND, lambda now_ms: [payloads.mini_ticker(market, now_ms)])
    if kind == "ticker":
        return Paced(SECOND, lambda now_ms: [payloads.ticker(market, now_ms)])
    if kind == "avgPrice":
        return Paced(SECOND, _Average(market))
    if kind == "referencePrice":
        return Paced(SECOND, partial(_reference, market))
    return None


def _array(stream: str, markets: Mapping[str, Market]) -> Paced | None:
    if stream == "!miniTicker@arr":
        return Paced(SECOND, _Array(markets, payloads.mini_ticker))
    window = stream.removeprefix("!ticker_").removesuffix("@arr")
    if window not in STREAM_WINDOWS or stream != f"!ticker_{window}@arr":
        return None
    return Paced(SECOND, _Array(markets, lambda market, now_ms: payloads.window_ticker(market, window, now_ms)))


def _depth(kind: str, market: Market) -> Paced | None:
    pace = FAST if kind.endswith("@100ms") else SECOND
    levels = kind.removesuffix("@100ms")
    if not levels:
        changes = Changes()
        return Paced(pace, partial(_difference, market, changes), market, changes)
    if levels not in map(str, PARTIAL_LEVELS):
        return None
    return Paced(pace, lambda now_ms: [book(market, int(levels))])


def _difference(market: Market, changes: Changes, now_ms: int) -> Payloads:
    event = changes.take(market.symbol, now_ms)
    return [event] if event is not None else []


def _reference(market: Market, now_ms: int) -> Payloads:
    event = payloads.reference_price(market, now_ms)
    return [event] if event is not None else []


def _kline(kind: str, market: Market) -> Paced | None:
    interval, _, zone = kind.partition("@")
    if interval not in INTERVALS_MS or zone not in ("", STREAM_ZONE):
        return None
    return Paced(SECOND if interval == "1s" else TWO_SECONDS, _Kline(market, interval, zone_ms(zone or "0") or 0))


class _Kline:
    """The running candle at every turn; one that has ended goes out once more, closed."""

    def __init__(self, market: Market, interval: str, zone: int) -> None:
        self._market = market
        self._interval = interval
        self._zone = zone
        self._running: int | None = None

    def __call__(self, now_ms: int) -> Payloads:
        newest = start_of(self._interval, now_ms, self._zone)
        start = newest if self._running is None else min(self._running, newest)
        self._running = newest
        while start <= newest:
            end = end_of(self._interval, start, self._zone)
            yield self._candle(start, end, now_ms)
            start = end

    def _candle(self, start: int, end: int, now_ms: int) -> dict[str, Any]:
        tape = self._market.tape
        candle = tape.between(start, end) or flat(start, tape.price_before(start) or 0)
        candle.start_ms = start
        return stream_kline(self._market.symbol, self._interval, self._zone, candle, now_ms)


class _Average:
    """The average price whenever it, or the last trade, is another than at the last turn."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._sent: tuple[Any, Any] = (None, None)

    def __call__(self, now_ms: int) -> Payloads:
        event = payloads.average_price(self._market, now_ms)
        seen, self._sent = self._sent, (event["w"], event["T"])
        return [event] if seen != self._sent else []


class _Array:
    """One event of each symbol that was traded since the last turn; nothing when none was."""

    def __init__(self, markets: Mapping[str, Market], event: Callable[[Market, int], dict[str, Any]]) -> None:
        self._markets = markets
        self._event = event
        self._seen = {name: market.tape.last for name, market in markets.items()}

    def __call__(self, now_ms: int) -> Payloads:
        events = []
        for name, market in self._markets.items():
            last = market.tape.last
            if last is not self._seen.get(name) and not market.is_replayed:
                self._seen[name] = last
                events.append(self._event(market, now_ms))
        return [events] if events else []
