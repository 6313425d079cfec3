"""A day's capture through twin, venue actor, book actor and bus: the book is the one that a stranger makes of the file.

At full speed here (the twin sends as fast as it is read); ``scripts/test --soak`` plays it at its own pace, in six
minutes. What is lost on the way, for a reader is too slow, has to be marked; at the end everything is whole again.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from conformance.listener import Replica
from data_desk import ID, topic

from actors.book import BookActor
from bus import topics
from bus.codec import Kind
from bus.messages import BookSnapshot, Quote, StreamStale, Trade
from venues.binance.market_data import MarketData

CAPTURE = "hftbacktest/binance_spot/btcusdt_20240808.gz"
SPEEDS = os.environ.get("TRADEFLOOR_CAPTURE_SPEED", "0 30").split()
"""0: as fast as it is read; 1: its own pace. By the time that a snapshot has come, much of a fast one is over."""
LIMIT_S = 600.0
TOP = 50
EVERY = 5
"""Books that are compared: each fifth, and the last; every number is followed."""
BOOK, QUOTE, TRADE = topic("book"), topic("quote"), topic("trade")
WHOLE = topics.book_depth("BINANCE", ID, TOP)


Side = dict[float, float]
Levels = list[tuple[float, float]]


class Told:
    """What the file says: the book by its number, and how much of each kind."""

    def __init__(self, path: Path) -> None:
        self.counts = {"depth": 0, "bookTicker": 0, "trade": 0}
        self.books: dict[int, tuple[Levels, Levels]] = {}
        self.numbers: list[int] = []
        bids: dict[float, float] = {}
        asks: dict[float, float] = {}
        last = 0
        waiting: list[dict[str, Any]] = []
        with gzip.open(path, "rb") as file:
            payloads = [json.loads(line.partition(b" ")[2]) for line in file]
        for payload in payloads:
            if "stream" in payload:
                self.counts[payload["stream"].partition("@")[2].partition("@")[0]] += 1
            if "lastUpdateId" in payload and not last:
                bids, asks = ({float(p): float(q) for p, q in payload[side]} for side in ("bids", "asks"))
                last = payload["lastUpdateId"]
            elif "@depth" in payload.get("stream", ""):
                waiting.append(payload["data"])
            while last and waiting:
                event = waiting.pop(0)
                if event["u"] <= last:
                    continue
                for side, name in ((bids, "b"), (asks, "a")):
                    for price, size in event[name]:
                        if float(size):
                            side[float(price)] = float(size)
                        else:
                            side.pop(float(price), None)
                last = event["u"]
                self.numbers.append(last)
                if len(self.numbers) % EVERY == 0:
                    self.books[last] = top(bids, asks)
        self.books[last] = top(bids, asks)


def top(bids: Side, asks: Side) -> tuple[Levels, Levels]:
    return sorted(bids.items(), reverse=True)[:TOP], sorted(asks.items())[:TOP]


@pytest.fixture
def capture(captures: Callable[[str], Path]) -> Path:
    return captures(CAPTURE)


@pytest.fixture(params=SPEEDS)
def speed(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def venue(make_twin: Callable[..., TwinProcess], capture: Path, speed: str) -> TwinProcess:
    return make_twin("--replay", str(capture), "--speed", speed)


@pytest.fixture
def floor(short_dir: Path, venue: TwinProcess) -> Iterator[Floor]:
    floor = Floor(short_dir)
    yield floor
    floor.stop()


def test_the_book_of_a_captured_market_is_the_one_that_the_file_makes(
    floor: Floor, venue: TwinProcess, capture: Path, speed: str
) -> None:
    told = Told(capture)
    actor = floor.start(MarketData, "market_data.BINANCE", "market_data", venue.settings)
    book = floor.start(BookActor, "book.BINANCE", "book")
    wait_for(lambda: actor.instruments, "the instruments are read")
    for name in (BOOK, QUOTE, TRADE, WHOLE):
        floor.subscribe(name)
    wait_for(lambda: floor.messages(BOOK), "the book is open")
    began = time.monotonic()

    def is_over() -> bool:
        return b'"kind":"replay_end"' in venue.log_path.read_bytes()[-4096:]

    wait_for(is_over, "the capture is told to its end", LIMIT_S)
    last = max(told.books)
    wait_for(lambda: _seq_of(floor, WHOLE) == last, "the book actor is at the last number", 20.0)
    wait_for(lambda: floor.messages(BOOK)[-1][1].seq == last, "so are the deltas")  # type: ignore[attr-defined]
    seconds = time.monotonic() - began

    wrong, compared, followed, first = [], 0, 0, 0
    replica = Replica()
    for header, message in floor.messages(BOOK):
        if isinstance(message, StreamStale):
            replica = Replica()
            continue
        if header.kind == Kind.STATE and message.seq == replica.seq:  # type: ignore[attr-defined]
            continue
        replica.take(message)
        followed += 1
        if header.kind == Kind.STATE:  # whole anew, under a later number: from here on each number is followed
            first, followed = replica.seq, 0
        if replica.seq in told.books:
            compared += 1
            if replica.top(TOP) != told.books[replica.seq]:
                wrong.append(replica.seq)
    assert not wrong, f"{len(wrong)} of {compared} books differ, the first at {wrong[0]}"
    whole = [message for _, message in floor.messages(WHOLE) if isinstance(message, BookSnapshot)][-1]
    assert (whole.bids, whole.asks) == told.books[last]

    quotes = [message for _, message in floor.messages(QUOTE) if isinstance(message, Quote)]
    ids = [int(message.trade_id) for _, message in floor.messages(TRADE) if isinstance(message, Trade)]
    marks = sum(floor.desk.stale.count(each) for each in set(floor.desk.stale))
    holes = sum(after != before + 1 for before, after in itertools.pairwise(ids))
    assert holes <= marks, f"{holes} holes in the trades, {marks} marks"
    assert followed == sum(number > first for number in told.numbers), "a number is missing"
    assert compared > (0 if speed == "0" else len(told.books) * 0.6)
    figures = actor.counters()
    print(
        f"\ncapture at speed {speed}: {sum(told.counts.values()):,} messages in {seconds:.1f} s; venue actor "
        f"{figures['ticks']:,} ticks, {figures['deltas']:,} deltas; book actor {book.counters()['deltas']:,} deltas; "
        f"{len(quotes):,} quotes and {len(ids):,} trades read, {sum(told.counts.values()) / seconds:,.0f} messages/s; "
        f"{compared:,} books compared, {marks} marks"
    )


def _seq_of(floor: Floor, name: str) -> int:
    found = [message for _, message in floor.messages(name) if isinstance(message, BookSnapshot)]
    return found[-1].seq if found else 0
