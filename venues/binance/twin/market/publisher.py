"""Market streams: who reads what; each payload is made once for all its readers, and none without a reader.

Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.market import payloads
from venues.binance.twin.market.changes import Changes
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.rhythm import Paced, paced
from venues.binance.twin.render import decode, encode
from venues.binance.twin.trading.exchange import Exchange
from venues.twins.log import TruthLog
from venues.twins.matching import Event, LevelChanged, Traded

Fate = Callable[[str, bytes], Sequence[bytes]]
"""What of a stream's message is sent now, and what else with it."""


class Form(NamedTuple):
    """How a socket gets its payloads: in an envelope with the stream's name, with times in microseconds."""

    is_combined: bool
    is_microseconds: bool = False


class Publisher:
    """Sends market streams; `opened` is told when a stream gets its first reader."""

    def __init__(self, exchange: Exchange, log: TruthLog, fate: Fate = lambda stream, raw: (raw,)) -> None:
        self.opened: Callable[[str], None] = lambda stream: None
        self._fate = fate
        self._exchange = exchange
        self._log = log
        self._readers: dict[str, dict[Socket, Form]] = {}
        self._paced: dict[str, Paced] = {}
        self._gathering: dict[str, list[Changes]] = {name: [] for name in exchange.markets}
        self._best: dict[str, tuple[int, int, int, int]] = {}
        self._ticks = 0

    def subscribe(self, socket: Socket, stream: str, combined: bool, microseconds: bool = False) -> None:
        """Add a reader; a name that no stream has is accepted and stays silent, as at the venue."""
        readers = self._readers.setdefault(stream, {})
        is_first = not readers
        readers[socket] = Form(combined, microseconds)
        if is_first:
            self._open(stream)

    def unsubscribe(self, socket: Socket, stream: str) -> None:
        """Take a reader away."""
        readers = self._readers.get(stream)
        if readers is None:
            return
        readers.pop(socket, None)
        if readers:
            return
        del self._readers[stream]
        gone = self._paced.pop(stream, None)
        if gone is not None and gone.market is not None and gone.changes is not None:
            self._gathering[gone.market.symbol.name].remove(gone.changes)

    def market_events(self, market: Market, events: list[Event], now_ms: int) -> None:
        """Real-time streams of a symbol, and what the paced ones gather."""
        symbol = market.symbol
        gathering = self._gathering[symbol.name]
        traded: list[int] = []
        for event in events:
            if isinstance(event, LevelChanged):
                for changes in gathering:
                    changes.add(event)
            elif isinstance(event, Traded):
                traded.append(event.trade_id)
        if traded and symbol.trade_stream in self._readers:
            for trade in market.tape.recent(len(traded), traded[0]):
                self.send(symbol.trade_stream, payloads.trade(symbol, trade, now_ms))
        if traded and symbol.aggregate_stream in self._readers:
            for found in market.tape.aggregates_from(traded[0]):
                self.send(symbol.aggregate_stream, payloads.aggregate_trade(symbol, found, now_ms))
        if symbol.book_stream in self._readers:
            best = market.book.best()
            if best != self._best.get(symbol.name):
                self._best[symbol.name] = best
                self.send(symbol.book_stream, payloads.best_prices(symbol, best, market.book.update_id))

    def tick(self) -> None:
        """Called every `TICK_S`: the streams whose turn it is."""
        now_ms = self._exchange.now_ms
        self._ticks += 1
        for stream, found in list(self._paced.items()):
            if self._ticks % found.every == 0:
                for payload in found.turn(now_ms):
                    self.send(stream, payload)

    def send(self, stream: str, payload: Any) -> None:
        """Send a payload to every reader of a stream."""
        if stream in self._readers:
            self.send_raw(stream, encode(payload))

    def send_raw(self, stream: str, raw: bytes) -> int:
        """Send bytes in the envelope of each reader's path, log once; the number of readers."""
        readers = self._readers.get(stream)
        if not readers:
            return 0
        for each in self._fate(stream, raw):
            self._write(stream, readers, each)
        return len(readers)

    def _write(self, stream: str, readers: dict[Socket, Form], raw: bytes) -> None:
        made: dict[Form, bytes] = {}
        for socket, form in readers.items():
            frame = made.get(form)
            if frame is None:
                frame = encode(payloads.in_microseconds(decode(raw))) if form.is_microseconds else raw
                if form.is_combined:
                    frame = b'{"stream":"%s","data":%s}' % (stream.encode(), frame)
                made[form] = frame
            socket.send(frame)
        numbers = [socket.number for socket in readers]
        self._log.write("sent", sockets=numbers, stream=stream, data=msgspec.Raw(raw))

    def backlog(self) -> int:
        """Bytes that the slowest of all readers has not read yet, -1 without any reader."""
        return max((socket.queued_bytes for readers in self._readers.values() for socket in readers), default=-1)

    def _open(self, stream: str) -> None:
        found = paced(stream, self._exchange.markets)
        if found is not None:
            self._paced[stream] = found
            if found.market is not None and found.changes is not None:
                self._gathering[found.market.symbol.name].append(found.changes)
        elif stream.endswith("@bookTicker"):
            market = self._exchange.markets.get(stream.partition("@")[0].upper())
            if market is not None:
                self._best[market.symbol.name] = market.book.best()
        self.opened(stream)
