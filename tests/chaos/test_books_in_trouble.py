"""P4 on real processes: no reader gets a book as fresh that is not the venue's at its number, whatever is hurt.

The truth is the twin's own book, asked for all the time and kept by its number; every book that came as fresh is
held against it. The books of the floor are shared out over two processes.
"""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, configuration, is_alive, kill, synced, until
from freezing import freeze
from twin_admin import Admin

from actors.monitor.visitor import Visitor
from bus import topics
from bus.codec import Header
from bus.messages import BookAnswer, BookSnapshot, Message, QueryBook

FIRST, SECOND = "BTCUSDT", "ETHUSDT"
LEVELS = 20
BLIND_S = 8.0
"""Two streams in a row may each be mute for 2 s and some before it is seen; the rest is a busy machine's."""
BOOKS = {symbol: topics.book_depth("ONE", f"{symbol}.BINANCE", LEVELS) for symbol in (FIRST, SECOND)}
KEEPER = {symbol: f"book.ONE.{topics.share_of(f'{symbol}.BINANCE', 2)}" for symbol in (FIRST, SECOND)}


class Truth(threading.Thread):
    """The twin's book of each symbol by its number. Asking costs it nothing: the floor has the same address."""

    def __init__(self, rest: str, admin: Admin) -> None:
        super().__init__(daemon=True)
        self.rest, self.admin, self.is_wanted = rest, admin, True
        self.books: dict[str, dict[int, Any]] = {FIRST: {}, SECOND: {}}

    def run(self) -> None:
        while self.is_wanted:
            for symbol, books in self.books.items():
                url = f"{self.rest}/api/v3/depth?symbol={symbol}&limit={LEVELS}"
                with urllib.request.urlopen(url, timeout=10) as answer:
                    found = json.load(answer)
                sides = [[(float(p), float(q)) for p, q in found[side][:LEVELS]] for side in ("bids", "asks")]
                books[found["lastUpdateId"]] = sides
            self.admin.post("pardon")


class Reader:
    """Reads the books, and keeps what came as fresh."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.came: dict[str, list[tuple[Header, BookSnapshot]]] = {FIRST: [], SECOND: []}
        self.marks: dict[str, list[str]] = {FIRST: [], SECOND: []}
        self.live: dict[str, bool] = {FIRST: False, SECOND: False}
        for topic in BOOKS.values():
            visitor.member.subscribe(topic, self.on_book, self.on_stale)

    def on_book(self, message: Message, header: Header, topic: str) -> None:
        assert isinstance(message, BookSnapshot)
        symbol = message.instrument.partition(".")[0]
        self.came[symbol].append((header, message))
        self.live[symbol] = True

    def on_stale(self, topic: str, reason: str) -> None:
        symbol = topics.segments(topic)[3].partition(".")[0]
        self.marks[symbol].append(reason)
        self.live[symbol] = False

    async def is_live(self, *symbols: str) -> None:
        """Wait until books come as fresh."""
        for symbol in symbols:
            seen = len(self.came[symbol])

            async def came(symbol: str = symbol, seen: int = seen) -> bool:
                return self.live[symbol] and len(self.came[symbol]) > seen + 2

            await until(came, 30, f"the book of {symbol} is live")

    async def goes_stale(self, symbol: str, before: int) -> None:
        """Wait until it was told that a book is not to be believed."""

        async def marked() -> bool:
            return len(self.marks[symbol]) > before

        await until(marked, BLIND_S, f"the reader of {symbol} is told")

    def judge(self, truth: Truth) -> int:
        """Hold all that came as fresh against the truth; return how many were there to compare."""
        compared = 0
        for symbol, came in self.came.items():
            place = (0, 0)
            for header, book in came:
                assert header.epoch >= place[0], "an older life was believed"
                assert book.bids[0][0] < book.asks[0][0]
                place = (header.epoch, book.seq)
                known = truth.books[symbol].get(book.seq)
                if known is not None:
                    compared += 1
                    assert [book.bids, book.asks] == known, f"{symbol} at {book.seq}"
        return compared


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    folder = tmp_path_factory.mktemp("books")
    config = configuration(folder, ("ONE",), makers=False, name="books")
    text = config.read_text().replace("[venues.ONE.twin]\n", "books = 2\n[venues.ONE.twin]\nrate = 20\n")
    config.write_text(text)
    running = Floor(config, folder)
    running.visit(lambda visitor: synced(visitor, "ONE"))
    yield running
    running.stop()
    running.close()


def greeting(floor: Floor) -> dict[str, Any]:
    return dict(json.loads(Path(floor.run_dir, "twin.ONE.json").read_text()))


async def pid_of(visitor: Visitor, name: str) -> int:
    status = await visitor.status()
    assert status is not None
    return next(each.pid for each in status.actors if each.name == name)


def hurt(floor: Floor, work: Any) -> None:
    """Read the books and the truth while `work(reader, admin)` goes on; at its end all is live, and was true."""

    async def session(visitor: Visitor) -> None:
        told = greeting(floor)
        admin = Admin(told["admin"])
        truth = Truth(told["rest"], admin)
        truth.start()
        try:
            reader = Reader(visitor)
            await reader.is_live(FIRST, SECOND)
            await work(reader, admin)
            await reader.is_live(FIRST, SECOND)
            await asyncio.to_thread(admin.clear)
            before = reader.judge(truth)

            async def compared() -> bool:
                return reader.judge(truth) > before + 5

            await until(compared, 30, "books are compared with the truth after the trouble")
        finally:
            truth.is_wanted = False
            truth.join(15)

    floor.visit(session)


@pytest.mark.parametrize("fault", ["delta_lost", "delta_swapped", "delta_repeated"])
def test_a_fault_of_the_venues_stream_never_makes_a_wrong_book_fresh(floor: Floor, fault: str) -> None:
    async def work(reader: Reader, admin: Admin) -> None:
        before = len(reader.marks[FIRST]), len(reader.marks[SECOND])
        await asyncio.to_thread(admin.fault, "stale_snapshot", updates_ago=500, symbol=FIRST)
        await asyncio.to_thread(admin.fault, fault, symbol=FIRST)
        if fault != "delta_repeated":
            await reader.goes_stale(FIRST, before[0])
            assert "gap" in reader.marks[FIRST][-1]
        assert len(reader.marks[SECOND]) == before[1], "the other book was left alone"

    hurt(floor, work)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_book_process_that_is_killed_or_frozen_costs_its_own_books_alone(floor: Floor, how: int) -> None:
    assert KEEPER[FIRST] != KEEPER[SECOND]

    async def work(reader: Reader, admin: Admin) -> None:
        pid = await pid_of(reader.visitor, KEEPER[FIRST])
        before, others = len(reader.marks[FIRST]), len(reader.marks[SECOND])
        freeze(pid) if how == signal.SIGSTOP else kill(pid)
        await reader.goes_stale(FIRST, before)
        await reader.is_live(SECOND)
        assert len(reader.marks[SECOND]) == others
        await reader.is_live(FIRST)
        assert not is_alive(pid)

    hurt(floor, work)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_a_market_data_actor_that_is_killed_or_frozen_makes_every_book_stale_and_then_whole(
    floor: Floor, how: int
) -> None:
    async def work(reader: Reader, admin: Admin) -> None:
        pid = await pid_of(reader.visitor, "market_data.ONE")
        before = {symbol: len(marks) for symbol, marks in reader.marks.items()}
        started = time.monotonic()
        freeze(pid) if how == signal.SIGSTOP else kill(pid)
        for symbol in (FIRST, SECOND):
            await reader.goes_stale(symbol, before[symbol])
        assert time.monotonic() - started < BLIND_S
        await reader.is_live(FIRST, SECOND)

    hurt(floor, work)


def test_a_book_by_request_is_the_venues_at_its_number(floor: Floor) -> None:
    """Asked of whoever keeps it, again and again while it changes, until the truth knows the number."""

    async def work(reader: Reader, admin: Admin) -> None:
        for symbol in (FIRST, SECOND):
            told = greeting(floor)

            async def same(symbol: str = symbol, told: dict[str, Any] = told) -> bool:
                question = QueryBook("ONE", f"{symbol}.BINANCE", LEVELS)
                reply = await reader.visitor.request(KEEPER[symbol], question)
                assert isinstance(reply.body, BookAnswer), reply
                url = f"{told['rest']}/api/v3/depth?symbol={symbol}&limit=100"
                found = json.load(await asyncio.to_thread(urllib.request.urlopen, url))
                if found["lastUpdateId"] != reply.body.book.seq:
                    await asyncio.to_thread(admin.post, "pardon")
                    return False
                sides = [[(float(p), float(q)) for p, q in found[side][:LEVELS]] for side in ("bids", "asks")]
                assert [reply.body.book.bids, reply.body.book.asks] == sides
                return True

            await until(same, 30, f"the book of {symbol} is asked for at a number that the twin shows")

    hurt(floor, work)
