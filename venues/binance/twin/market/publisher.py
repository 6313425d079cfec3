"""Market streams: who subscribed to what, and the payload of each stream, rendered once for all its readers.

Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.market.endpoints import average_ticks, book, day
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.market.tape import INTERVALS_MS
from venues.binance.twin.render import encode
from venues.binance.twin.trading.exchange import Exchange, Market
from venues.twins.log import TruthLog
from venues.twins.matching import Event, LevelChanged, Traded

TICK_S = 0.1
"""The fastest depth stream's pace; every tenth tick serves the streams of one second."""
PARTIAL_LEVELS = (5, 10, 20)
Fate = Callable[[str, bytes], Sequence[bytes]]
"""What of a stream's message is sent now, and what else with it."""
KLINE_TICKS = 20
"""Klines go out every 2000 ms, those of one second every 1000 ms."""


class _Changes:
    """Level changes since the last depth event of one pace: the last total of each price, and the span
    of ids.
    """

    __slots__ = ("asks", "bids", "first")

    def __init__(self) -> None:
        self.first = 0
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def add(self, change: LevelChanged) -> None:
        self.first = self.first or change.update_id
        (self.bids if change.side == "BUY" else self.asks)[change.price] = change.total

    def take(self, symbol: Symbol, last: int, now_ms: int) -> dict[str, Any] | None:
        """The `depthUpdate` of everything gathered, None when nothing changed."""
        if not self.first:
            return None
        event = {
            "e": "depthUpdate",
            "E": now_ms,
            "s": symbol.name,
            "U": self.first,
            "u": last,
            "b": _levels(symbol, self.bids, reverse=True),
            "a": _levels(symbol, self.asks, reverse=False),
        }
        self.first = 0
        self.bids, self.asks = {}, {}
        return event


def _levels(symbol: Symbol, totals: dict[int, int], reverse: bool) -> list[list[str]]:
    return [[symbol.price(price), symbol.size(totals[price])] for price in sorted(totals, reverse=reverse)]


class Publisher:
    """Sends market streams; a stream that nobody reads is not rendered."""

    def __init__(self, exchange: Exchange, log: TruthLog, fate: Fate = lambda stream, raw: (raw,)) -> None:
        self._exchange = exchange
        self._log = log
        self._fate = fate
        self._readers: dict[str, dict[Socket, bool]] = defaultdict(dict)
        self._best: dict[str, tuple[int, int, int, int]] = {}
        self._changes = {name: (_Changes(), _Changes()) for name in exchange.markets}
        self._ticks = 0

    def subscribe(self, socket: Socket, stream: str, combined: bool) -> None:
        """Add a reader; a name that no stream has is accepted and stays silent, as at the venue."""
        self._readers[stream][socket] = combined

    def unsubscribe(self, socket: Socket, stream: str) -> None:
        """Take a reader away."""
        readers = self._readers.get(stream)
        if readers is not None:
            readers.pop(socket, None)
            if not readers:
                del self._readers[stream]

    def market_events(self, market: Market, events: list[Event], now_ms: int) -> None:
        """Real-time streams of a symbol, and what the paced ones gather."""
        symbol, name = market.symbol, market.symbol.name.lower()
        fast, slow = self._changes[symbol.name]
        for event in events:
            if isinstance(event, LevelChanged):
                fast.add(event)
                slow.add(event)
            elif isinstance(event, Traded):
                self._trade(symbol, name, event, now_ms)
        best = market.engine.best()
        if best != self._best.get(symbol.name):
            self._best[symbol.name] = best
            stream = f"{name}@bookTicker"
            if stream in self._readers:
                payload = {
                    "u": market.engine.update_id,
                    "s": symbol.name,
                    "b": symbol.price(best[0]),
                    "B": symbol.size(best[1]),
                    "a": symbol.price(best[2]),
                    "A": symbol.size(best[3]),
                }
                self.send(stream, payload)

    def tick(self) -> None:
        """Called every `TICK_S`: depth of 100 ms, and every tenth time the streams of a second."""
        now_ms = self._exchange.now_ms
        self._ticks += 1
        is_second = self._ticks % 10 == 0
        for market in self._exchange.markets.values():
            name = market.symbol.name.lower()
            fast, slow = self._changes[market.symbol.name]
            self._depth(market, name, "@100ms", fast, now_ms)
            if is_second:
                self._depth(market, name, "", slow, now_ms)
                self._statistics(market, name, now_ms)
        if is_second and "!miniTicker@arr" in self._readers:
            self.send("!miniTicker@arr", [self._mini(m, now_ms) for m in self._exchange.markets.values()])

    def send(self, stream: str, payload: Any) -> None:
        """Render once, send to every reader in the envelope of its path, log once."""
        readers = self._readers.get(stream)
        if not readers:
            return
        for raw in self._fate(stream, encode(payload)):
            self._write(stream, readers, raw)

    def _write(self, stream: str, readers: dict[Socket, bool], raw: bytes) -> None:
        wrapped = b""
        for socket, combined in readers.items():
            if combined:
                wrapped = wrapped or b'{"stream":"%s","data":%s}' % (stream.encode(), raw)
            socket.send(wrapped if combined else raw)
        numbers = [socket.number for socket in readers]
        self._log.write("sent", sockets=numbers, stream=stream, data=msgspec.Raw(raw))

    def _trade(self, symbol: Symbol, name: str, trade: Traded, now_ms: int) -> None:
        price, size = symbol.price(trade.price), symbol.size(trade.size)
        is_buyer_maker = trade.maker.side == "BUY"
        if f"{name}@trade" in self._readers:
            payload = {
                "e": "trade", "E": now_ms, "s": symbol.name, "t": trade.trade_id, "p": price, "q": size,
                "T": now_ms, "m": is_buyer_maker, "M": True,
            }  # fmt: skip
            self.send(f"{name}@trade", payload)
        if f"{name}@aggTrade" in self._readers:
            payload = {
                "e": "aggTrade", "E": now_ms, "s": symbol.name, "a": trade.trade_id, "p": price, "q": size,
                "f": trade.trade_id, "l": trade.trade_id, "T": now_ms, "m": is_buyer_maker, "M": True,
            }  # fmt: skip
            self.send(f"{name}@aggTrade", payload)

    def _depth(self, market: Market, name: str, pace: str, changes: _Changes, now_ms: int) -> None:
        event = changes.take(market.symbol, market.engine.update_id, now_ms)
        if event is None:
            return
        self.send(f"{name}@depth{pace}", event)
        for levels in PARTIAL_LEVELS:
            stream = f"{name}@depth{levels}{pace}"
            if stream in self._readers:
                self.send(stream, book(market, levels))

    def _statistics(self, market: Market, name: str, now_ms: int) -> None:
        symbol = market.symbol
        if f"{name}@miniTicker" in self._readers:
            self.send(f"{name}@miniTicker", self._mini(market, now_ms))
        if f"{name}@ticker" in self._readers:
            self.send(f"{name}@ticker", _ticker(day(market, now_ms, is_mini=False), now_ms))
        if f"{name}@avgPrice" in self._readers:
            last = market.tape.last
            payload = {
                "e": "avgPrice", "E": now_ms, "s": symbol.name, "i": "5m",
                "w": symbol.price(average_ticks(market, now_ms)), "T": last.time_ms if last else 0,
            }  # fmt: skip
            self.send(f"{name}@avgPrice", payload)
        for interval, length in INTERVALS_MS.items():
            stream = f"{name}@kline_{interval}"
            is_due = interval == "1s" or self._ticks % KLINE_TICKS == 0
            if is_due and stream in self._readers:
                self._kline(market, stream, interval, length, now_ms)

    def _mini(self, market: Market, now_ms: int) -> dict[str, Any]:
        body = day(market, now_ms, is_mini=True)
        return {
            "e": "24hrMiniTicker", "E": now_ms, "s": body["symbol"], "c": body["lastPrice"],
            "o": body["openPrice"], "h": body["highPrice"], "l": body["lowPrice"], "v": body["volume"],
            "q": body["quoteVolume"],
        }  # fmt: skip

    def _kline(self, market: Market, stream: str, interval: str, length: int, now_ms: int) -> None:
        # The candle just ended goes out once more with x = true, then the running one.
        symbol = market.symbol
        candles = market.tape.candles(interval, now_ms)[-2:]
        period = 1000 if interval == "1s" else KLINE_TICKS * 100
        for candle in candles:
            is_closed = candle.start_ms + length <= now_ms
            if is_closed and candle.start_ms + length + period <= now_ms:
                continue
            kline = {
                "t": candle.start_ms, "T": candle.start_ms + length - 1, "s": symbol.name, "i": interval,
                "f": candle.first_id, "L": candle.last_id, "o": symbol.price(candle.open),
                "c": symbol.price(candle.close), "h": symbol.price(candle.high),
                "l": symbol.price(candle.low),
                "v": symbol.size(candle.volume), "n": candle.count, "x": is_closed,
                "q": symbol.value(candle.quote), "V": symbol.size(candle.buy_volume),
                "Q": symbol.value(candle.buy_quote), "B": "0",
            }  # fmt: skip
            self.send(stream, {"e": "kline", "E": now_ms, "s": symbol.name, "k": kline})


def _ticker(body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    keys = {
        "s": "symbol", "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice",
        "x": "prevClosePrice", "c": "lastPrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty",
        "a": "askPrice", "A": "askQty", "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume",
        "q": "quoteVolume", "O": "openTime", "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count",
    }  # fmt: skip
    return {"e": "24hrTicker", "E": now_ms} | {short: body[long] for short, long in keys.items()}
