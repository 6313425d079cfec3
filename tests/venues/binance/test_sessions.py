"""Recorded sessions of the real venue: every frame is read, and the book is the one that anybody builds by hand.

The second book is of this file alone: a dictionary of the venue's own strings, kept by the venue's rule with Decimals.
It shares no line with ours.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.book.order_book import OrderBook
from bus.messages import BookSnapshot, Quote
from venues.binance.book_sync import BookSync, Step
from venues.binance.client.payloads import (
    BookTicker,
    Depth,
    DepthUpdate,
    ExchangeInfo,
    RateLimit,
    StreamAggregateTrade,
    StreamKlineEvent,
    StreamMessage,
    StreamTrade,
    Symbol,
    SymbolFilter,
    stream_kind,
)
from venues.binance.mapping.bars import bar_of
from venues.binance.mapping.instruments import instruments_of
from venues.binance.mapping.market_data import aggregate_trade_of, delta_of, quote_of, snapshot_of, trade_of

Find = Callable[[str], Path]
LEVELS = 1000
"""What the recorders asked for."""
EVERY = 100
"""Deltas between two comparisons of the whole books, which take longer than to apply them."""


class HandBook:
    """The venue's rule for a local book, in strings: buffer, snapshot, drop, join, then unbroken for ever."""

    def __init__(self) -> None:
        self.sides: dict[str, dict[str, str]] = {"b": {}, "a": {}}
        self.last: int | None = None
        self.waiting: list[dict[str, Any]] = []

    def snapshot(self, body: dict[str, Any]) -> None:
        self.sides = {"b": dict(map(tuple, body["bids"])), "a": dict(map(tuple, body["asks"]))}  # type: ignore[arg-type]
        self.last = body["lastUpdateId"]
        waiting, self.waiting = self.waiting, []
        for event in waiting:
            self.event(event)

    def event(self, event: dict[str, Any]) -> None:
        if self.last is None:
            self.waiting.append(event)
            return
        if event["u"] <= self.last:
            return
        assert event["U"] <= self.last + 1
        for side in ("b", "a"):
            for price, size in event[side]:
                if D(size) == 0:
                    self.sides[side].pop(price, None)
                else:
                    self.sides[side][price] = size
        self.last = event["u"]

    def levels(self, side: str) -> list[tuple[float, float]]:
        """Best first."""
        ordered = sorted(self.sides[side].items(), key=lambda level: D(level[0]), reverse=side == "b")
        return [(float(price), float(size)) for price, size in ordered]


class OurBook:
    """Our book of one symbol: payloads, mapping, rule and book as the market-data actor puts them together."""

    def __init__(self) -> None:
        self.sync, self.book = BookSync(), OrderBook("X.BINANCE")
        self.sync.start()
        self.quotes: dict[int, Quote] = {}
        self.compared = 0

    def snapshot(self, depth: Depth) -> None:
        snapshot = snapshot_of(depth, "X.BINANCE", LEVELS, 1)
        rest = self.sync.on_snapshot(snapshot.seq)
        assert rest is not None
        self.book.replace(snapshot)
        for delta in rest:
            self.apply(delta.bids, delta.asks, delta.seq)

    def delta(self, raw: msgspec.Raw) -> bool:
        """Take a delta; True where it was applied."""
        delta = delta_of(raw, "X.BINANCE", 1)
        step = self.sync.on_delta(delta)
        assert step is not Step.GAP
        if step is Step.APPLY:
            self.apply(delta.bids, delta.asks, delta.seq)
        return step is Step.APPLY

    def apply(self, bids: list[tuple[float, float]], asks: list[tuple[float, float]], seq: int) -> None:
        self.book.bids.apply(bids)
        self.book.asks.apply(asks)
        self.book.seq = seq

    def quote(self, quote: Quote) -> None:
        self.quotes[quote.seq] = quote

    def compare_with_its_quote(self) -> None:
        """Where the venue told the best prices of this very number, they are ours, with their sizes."""
        known = self.quotes.get(self.book.seq)
        if known is not None:
            top = self.whole(1)
            self.compared += 1
            assert (top.bids[0], top.asks[0]) == ((known.bid, known.bid_size), (known.ask, known.ask_size))
        self.quotes = {seq: quote for seq, quote in self.quotes.items() if seq > self.book.seq}

    def whole(self, depth: int = 0) -> BookSnapshot:
        return self.book.top(depth, 1)


def same(ours: OurBook, hand: HandBook) -> None:
    """The two books are one, level by level."""
    whole = ours.whole()
    assert ours.book.seq == hand.last
    assert whole.bids == hand.levels("b")
    assert whole.asks == hand.levels("a")


def lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        for line in file:
            yield line.partition(b" ")[2]


HFT = {
    "btcusdt_20240808": {"depth@100ms": 3451, "bookTicker": 28040, "trade": 9757, "snapshot": 1},
    "btcusdt_20240809": {"depth@100ms": 3044, "bookTicker": 45134, "trade": 10147},
    "ethusdt_20240808": {"depth@100ms": 3434, "bookTicker": 24077, "trade": 6106, "snapshot": 1},
}
"""The frames of each, as counted when they were gathered."""


@pytest.mark.parametrize("name", HFT)
def test_a_recorded_session_is_read_whole_and_its_book_is_the_one_built_by_hand(captures: Find, name: str) -> None:
    counts: Counter[str] = Counter()
    ours, hand = OurBook(), HandBook()
    last_trade = last_quote = last_delta = 0
    for raw in lines(captures(f"hftbacktest/binance_spot/{name}.gz")):
        if b'"stream"' not in raw[:12]:
            counts["snapshot"] += 1
            depth = msgspec.json.decode(raw, type=Depth, strict=False)
            ours.snapshot(depth)
            hand.snapshot(json.loads(raw))
            same(ours, hand)
            continue
        frame = msgspec.json.decode(raw, type=StreamMessage)
        payload = msgspec.json.decode(frame.data, type=stream_kind(frame.stream), strict=False)
        symbol, _, kind = frame.stream.partition("@")
        counts[kind] += 1
        assert payload.symbol == symbol.upper()
        if isinstance(payload, BookTicker):
            assert payload.update_id > last_quote
            last_quote = payload.update_id
            ours.quote(quote_of(frame.data, "X.BINANCE", 1))
        elif isinstance(payload, StreamTrade):
            assert last_trade in (0, payload.trade_id - 1)
            last_trade = payload.trade_id
            assert trade_of(frame.data, "X.BINANCE", 1).trade_id == str(last_trade)
        else:
            assert isinstance(payload, DepthUpdate)
            assert last_delta in (0, payload.first_id - 1)
            last_delta = payload.last_id
            hand.event(json.loads(bytes(frame.data)))
            if ours.delta(frame.data):
                ours.compare_with_its_quote()
                if counts[kind] % EVERY == 0:
                    same(ours, hand)
    assert counts == HFT[name]
    if "snapshot" in counts:
        same(ours, hand)
        assert ours.sync.is_whole
        assert ours.compared > 500


CRYPTOFEED = {
    "depth@100ms": {"NKNUSDT": 150, "LRCBTC": 15, "BLZETH": 10, "RUNEEUR": 2},
    "bookTicker": {"NKNUSDT": 74, "LRCBTC": 9, "BLZETH": 1},
    "kline_1m": {"NKNUSDT": 1, "LRCBTC": 1},
    "aggTrade": {"NKNUSDT": 1, "LRCBTC": 1},
}
SNAPSHOTS = {"NKNUSDT": 499869752, "BLZETH": 281916627, "LRCBTC": 259345543, "RUNEEUR": 15602511}


def recorded(path: Path) -> Iterator[tuple[float, str, str]]:
    """Return (time, address, body) of each line that has a body; frames have no address."""
    for line in path.read_text().splitlines():
        head, _, body = line.partition(": ")
        address, _, at = head.rpartition(" -> ")
        if body and "configuration" not in head and not head.startswith("wss"):
            yield float(at), address, body


def test_four_recorded_books_of_2021_are_the_ones_built_by_hand(captures: Find) -> None:
    folder = captures("cryptofeed/binance_spot")
    ours = {symbol: OurBook() for symbol in SNAPSHOTS}
    hands = {symbol: HandBook() for symbol in SNAPSHOTS}
    answers, frames = recorded(folder / "BINANCE.http.0.0"), recorded(folder / "BINANCE.ws.1.0")
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in CRYPTOFEED}
    for _, address, body in sorted([*answers, *frames], key=lambda one: one[0]):
        if address:
            symbol = address.partition("symbol=")[2].partition("&")[0]
            depth = msgspec.json.decode(body, type=Depth, strict=False)
            assert depth.last_update_id == SNAPSHOTS[symbol]
            ours[symbol].snapshot(depth)
            hands[symbol].snapshot(json.loads(body))
            same(ours[symbol], hands[symbol])
            continue
        frame = msgspec.json.decode(body, type=StreamMessage)
        payload = msgspec.json.decode(frame.data, type=stream_kind(frame.stream), strict=False)
        symbol, _, kind = frame.stream.partition("@")
        symbol = symbol.upper()
        counts[kind][symbol] += 1
        assert payload.symbol == symbol
        if isinstance(payload, BookTicker):
            ours[symbol].quote(quote_of(frame.data, "X.BINANCE", 1))
        elif isinstance(payload, DepthUpdate):
            hands[symbol].event(json.loads(bytes(frame.data)))
            if ours[symbol].delta(frame.data):
                ours[symbol].compare_with_its_quote()
        elif isinstance(payload, StreamKlineEvent):
            bar = bar_of(frame.data, "X.BINANCE", 1)
            assert (bar.interval, bar.low <= bar.close <= bar.high) == ("1-MINUTE-LAST", True)
        else:
            assert isinstance(payload, StreamAggregateTrade)
            assert aggregate_trade_of(frame.data, "X.BINANCE", 1).price == payload.price > 0
    assert counts == CRYPTOFEED
    for symbol, hand in hands.items():
        same(ours[symbol], hand)
    assert ours["NKNUSDT"].compared > 10


FILTERS = {
    "PRICE_FILTER": 1695, "PERCENT_PRICE": 1695, "LOT_SIZE": 1695, "MIN_NOTIONAL": 1695, "ICEBERG_PARTS": 1695,
    "MARKET_LOT_SIZE": 1614, "MAX_NUM_ORDERS": 1695, "MAX_NUM_ALGO_ORDERS": 1695, "MAX_POSITION": 40,
}  # fmt: skip
LIMITS = (
    RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 1200),
    RateLimit("ORDERS", "SECOND", 10, 50),
    RateLimit("ORDERS", "DAY", 1, 160000),
    RateLimit("RAW_REQUESTS", "MINUTE", 5, 6100),
)
BTCUSDT = (
    SymbolFilter("PRICE_FILTER", min_price=D("0.01"), max_price=D(1000000), tick_size=D("0.01")),
    SymbolFilter("PERCENT_PRICE", multiplier_up=D(5), multiplier_down=D("0.2"), avg_price_mins=5),
    SymbolFilter("LOT_SIZE", min_qty=D("0.00001"), max_qty=D(9000), step_size=D("0.00001")),
    SymbolFilter("MIN_NOTIONAL", min_notional=D(10), apply_to_market=True, avg_price_mins=5),
    SymbolFilter("ICEBERG_PARTS", limit=D(10)),
    SymbolFilter("MARKET_LOT_SIZE", min_qty=D(0), max_qty=D("100.05381873"), step_size=D(0)),
    SymbolFilter("MAX_NUM_ORDERS", max_num_orders=200),
    SymbolFilter("MAX_NUM_ALGO_ORDERS", max_num_algo_orders=5),
)


def test_the_real_exchange_information_is_read_whole(captures: Find) -> None:
    bodies = [body for _, address, body in recorded(captures("cryptofeed/binance_spot/BINANCE.0")) if address]
    (info,) = (msgspec.json.decode(body, type=ExchangeInfo) for body in bodies)
    assert (info.server_time, info.rate_limits) == (1633998511098, LIMITS)
    symbols = [msgspec.json.decode(raw, type=Symbol) for raw in info.symbols]
    assert Counter(one.filter_type for symbol in symbols for one in symbol.filters) == FILTERS
    assert all(one != SymbolFilter(one.filter_type) for symbol in symbols for one in symbol.filters)
    assert next(symbol.filters for symbol in symbols if symbol.symbol == "BTCUSDT") == BTCUSDT
    found, unreadable = instruments_of(info, "BINANCE", 1)
    assert not unreadable
    assert len(found) == len(info.symbols) == 1695
    assert Counter(one.status.value for one in found.values()) == {"TRADING": 1262, "SUSPENDED": 433}
    bitcoin = found["BTCUSDT.BINANCE"]
    assert (bitcoin.price_increment, bitcoin.size_increment) == (D("0.01"), D("0.00001"))
    assert (bitcoin.min_notional, bitcoin.market_max_size) == (D(10), D("100.05381873"))
