"""A capture of the venue told again: its frames as they were, and behind REST the state that they had led to.

A replayed market has no participants and takes no orders. Its book is the capture's snapshot with every diff since;
until the diffs reach the snapshot, the snapshot itself, which is what a client that synchronizes by the documented
rule waits for. Where diffs are missing it is not known until a later snapshot, and without a snapshot it never is.
Trades, aggregates and candles are those told so far; nothing of the seeded past is mixed in. Sequence numbers, ids
and times stay the capture's, so it is told once and never again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Container, Iterable
from pathlib import Path

from venues.binance.twin.errors import VenueError
from venues.binance.twin.market.captured import (
    AggregateTrade,
    BestPrices,
    Capture,
    Content,
    DepthUpdate,
    Frame,
    Levels,
    Snapshot,
    content_of,
)
from venues.binance.twin.market.catalogue import atoms
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.publisher import Publisher
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.market.tape import Aggregate, Print, Tape
from venues.twins.log import TruthLog
from venues.twins.matching import Side
from venues.twins.replay import Pace

MAX_BACKLOG_BYTES = 64 * 1024
"""At speed 0 the next frame waits until no reader has more than this to read."""
LOOK_S = 0.001
"""How often that is looked at, and the shortest wait for a frame's time."""
MAX_AT_ONCE = 100
"""Frames told in one turn of the loop, so that no answer waits long for a hurried replay."""


class ReplayedBook:
    """A book from snapshots and diffs; prices in ticks, sizes in steps."""

    def __init__(self, symbol: Symbol, snapshots: Iterable[Snapshot]) -> None:
        self.update_id = 0
        self._symbol = symbol
        self._snapshots = deque(snapshots)
        self._halves: dict[Side, dict[int, int]] = {"BUY": {}, "SELL": {}}
        self._best: tuple[int, int, int, int] | None = None
        self._best_id = 0
        self._is_known = False
        self._take_snapshot(0)

    def best(self) -> tuple[int, int, int, int]:
        """(bid, bid size, ask, ask size): the newest bookTicker, or the book's own where that is newer."""
        if self._best is not None and (self._best_id >= self.update_id or not self._is_known):
            return self._best
        bids, asks = self._halves["BUY"], self._halves["SELL"]
        bid, ask = max(bids, default=0), min(asks, default=0)
        return bid, bids.get(bid, 0), ask, asks.get(ask, 0)

    def depth(self, side: Side, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` levels (price, size), best first. Raises VenueError -1112 while the book is not known."""
        if not self._is_known:
            raise VenueError(-1112, "No orders on book for symbol.")
        half = self._halves[side]
        return [(price, half[price]) for price in sorted(half, reverse=side == "BUY")[:limit]]

    def on_diff(self, diff: DepthUpdate) -> None:
        """Apply a diff that follows; one that is older than the book is of no use."""
        if not self._is_known or diff.first > self.update_id + 1:
            self._is_known = False
            self._take_snapshot(diff.first - 1)
        if not self._is_known or diff.last <= self.update_id or diff.first > self.update_id + 1:
            return
        self._apply("BUY", diff.bids)
        self._apply("SELL", diff.asks)
        self.update_id = diff.last

    def on_best(self, best: BestPrices) -> None:
        """Keep the newest bookTicker."""
        tick, step = self._symbol.tick, self._symbol.step
        self._best_id = best.update_id
        self._best = (
            atoms(best.bid) // tick, atoms(best.bid_size) // step, atoms(best.ask) // tick, atoms(best.ask_size) // step
        )  # fmt: skip

    def _take_snapshot(self, least: int) -> None:
        """The next snapshot of at least that number, where there is one."""
        while self._snapshots:
            snapshot = self._snapshots.popleft()
            if snapshot.update_id >= least:
                self._halves = {"BUY": {}, "SELL": {}}
                self._apply("BUY", snapshot.bids)
                self._apply("SELL", snapshot.asks)
                self.update_id, self._is_known = snapshot.update_id, True
                return

    def _apply(self, side: Side, levels: Levels) -> None:
        half, tick, step = self._halves[side], self._symbol.tick, self._symbol.step
        for price, size in levels:
            steps = atoms(size) // step
            if steps:
                half[atoms(price) // tick] = steps
            else:
                half.pop(atoms(price) // tick, None)


class ReplayedMarket(Market):
    """One symbol of a capture; its time is that of the newest event told."""

    is_replayed = True

    def __init__(self, symbol: Symbol, snapshots: Iterable[Snapshot], streams: Container[str]) -> None:
        super().__init__(symbol, seed=0)
        self.tape = Tape()
        self.replayed_book = ReplayedBook(symbol, snapshots)
        self.book = self.replayed_book
        self._has_trades = symbol.trade_stream in streams
        self._has_aggregates = symbol.aggregate_stream in streams
        self._newest_ms = 0

    def time_ms(self, now_ms: int) -> int:
        """The capture's time, the venue's before anything was told."""
        return self._newest_ms or now_ms

    def on_content(self, content: Content) -> None:
        """Take in what a frame says."""
        if isinstance(content, BestPrices):
            self.replayed_book.on_best(content)
            return
        self._newest_ms = max(self._newest_ms, content.time_ms)
        if isinstance(content, DepthUpdate):
            self.replayed_book.on_diff(content)
            return
        price, size = atoms(content.price) // self.symbol.tick, atoms(content.size) // self.symbol.step
        when, is_buyer_maker = content.time_ms, content.is_buyer_maker
        if isinstance(content, AggregateTrade):
            first, last = content.first_id, content.last_id
            self.tape.add_aggregate(Aggregate(content.aggregate_id, price, size, first, last, when, is_buyer_maker))
            if not self._has_trades:
                self.tape.count(Print(last, price, size, when, is_buyer_maker), last - first + 1)
            return
        trade = Print(content.trade_id, price, size, when, is_buyer_maker)
        if self._has_aggregates:
            self.tape.add_trade(trade)
        else:
            self.tape.add(trade)


class Replay:
    """Tells a capture again, from the start or from the first subscription to one of its symbols on.

    At speed 0 it goes as fast as the slowest reader reads, and stops while there is none.
    """

    def __init__(self, paths: Iterable[Path], speed: float, starts_at_once: bool) -> None:
        self._capture = Capture(paths)
        self._pace = Pace(speed)
        self._started = asyncio.Event()
        self.markets: dict[str, ReplayedMarket] = {
            symbol.name: ReplayedMarket(symbol, self._capture.snapshots.get(symbol.name, ()), self._capture.streams)
            for symbol in self._capture.symbols
        }
        if starts_at_once:
            self._started.set()

    def opened(self, stream: str) -> None:
        """A stream got its first reader."""
        if stream.partition("@")[0].upper() in self.markets:
            self._started.set()

    async def run(self, publisher: Publisher, log: TruthLog) -> None:
        """Tell everything, then stay silent until cancelled. Raises ReplayError where a line cannot be read."""
        loop = asyncio.get_running_loop()
        await self._started.wait()
        log.write("replay_start", files=[str(path) for path in self._capture.paths], speed=self._pace.speed)
        told = sent = 0
        for time_ns, frame in self._capture.frames():
            while True:
                wait_s = self._wait_s(publisher, time_ns, loop.time())
                if wait_s or told % MAX_AT_ONCE == 0:
                    await asyncio.sleep(wait_s)
                if not wait_s:
                    break
            self._tell(frame)
            told += 1
            sent += bool(publisher.send_raw(frame.stream, bytes(frame.data)))
        log.write("replay_end", frames=told, sent=sent)
        await loop.create_future()

    def _wait_s(self, publisher: Publisher, time_ns: int, now_s: float) -> float:
        """Seconds to wait before looking again, 0 when a frame is due."""
        if not self._pace.speed:
            return 0.0 if 0 <= publisher.backlog() <= MAX_BACKLOG_BYTES else LOOK_S
        due_s = self._pace.wait_s(time_ns, now_s)
        return max(due_s, LOOK_S) if due_s else 0.0

    def _tell(self, frame: Frame) -> None:
        market = self.markets.get(frame.symbol)
        content = content_of(frame)
        if market is not None and content is not None:
            market.on_content(content)
