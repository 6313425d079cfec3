"""Whoever reads, and however many: the venue sees one subscription, closed after the last reader (D40, D41)."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from binance_floor import ROOT, Floor, TwinProcess, wait_for
from data_desk import changes, topic

from bus.streams import publisher as publishing
from venues.binance.intervals import INTERVALS
from venues.binance.market_data import MarketData

SYMBOLS = 50
KINDS = (
    ("quote",), ("trade",), ("ticker",), *(("depth", levels) for levels in ("5", "10", "20")),
    *(("bar", interval) for interval in INTERVALS[:14]),
)  # fmt: skip
"""Twenty topics of each of 50 symbols: a thousand, which is one socket's share."""


class Reader:
    """A reader in a process of its own."""

    def __init__(self, floor: Floor, name: str) -> None:
        script = ROOT / "tests" / "support" / "topic_reader.py"
        command = [sys.executable, str(script), str(floor.run_dir), name]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def hears(self) -> None:
        """Wait for a line."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline()

    def leave(self) -> None:
        """Unsubscribe and end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def close(self) -> None:
        """End it in any case."""
        self.process.kill()
        self.process.communicate(timeout=10)


@pytest.fixture
def read(floor: Floor) -> Iterator[Callable[[str], Reader]]:
    readers: list[Reader] = []

    def start(name: str) -> Reader:
        readers.append(Reader(floor, name))
        return readers[-1]

    yield start
    for reader in readers:
        reader.close()


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess) -> Any:
    return floor.start(MarketData, "market_data.BINANCE", "market_data", venue.settings)


def test_readers_come_leave_and_are_killed_and_the_venue_sees_one_subscription(
    floor: Floor, venue: TwinProcess, actor: MarketData, read: Callable[[str], Reader]
) -> None:
    name = topic("quote")
    staying, leaving, killed = (read(name) for _ in range(3))
    for reader in (staying, leaving, killed):
        reader.hears()
    leaving.leave()
    leaving.process.wait(timeout=10)
    killed.process.kill()
    killed.process.wait(timeout=10)
    before = actor.counts["ticks"]
    wait_for(lambda: actor.counts["ticks"] > before + 10, "quotes still come")
    staying.hears()
    assert name in actor.publisher.demand
    staying.process.kill()
    (streams,) = actor._streams.connections
    wait_for(lambda: not actor._by_topic and not streams._link.asked, "the stream is closed at the venue")
    lines = venue.log("subscribe", "unsubscribe")
    assert [(line["kind"], line["streams"]) for line in lines] == [
        ("subscribe", ["btcusdt@bookTicker"]), ("unsubscribe", ["btcusdt@bookTicker"]),
    ]  # fmt: skip


def test_a_topic_that_is_left_and_wanted_again_quickly_costs_the_venue_nothing(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    name = topic("quote")
    reading = floor.subscribe(name)
    wait_for(lambda: len(changes(floor, name)) > 3, "quotes come")
    for _ in range(50):
        floor.call(lambda reading=reading: floor.desk.member.unsubscribe(reading))
        reading = floor.subscribe(name)
    seen = actor.counts["ticks"], len(floor.messages(name))
    wait_for(lambda: actor.counts["ticks"] > seen[0] + 50, "quotes still come")
    wait_for(lambda: len(floor.messages(name)) > seen[1] + 50, "and are read")
    seqs = [header.seq for header, message in floor.messages(name)][seen[1] :]
    assert all(after == before + 1 for before, after in itertools.pairwise(seqs))
    assert [len(line["streams"]) for line in venue.log("subscribe")] == [1]
    assert not venue.log("unsubscribe")


def test_a_topic_that_is_closed_and_opened_without_a_pause_ends_open_once(
    floor: Floor, venue: TwinProcess, actor: MarketData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "LINGER_S", 0.0)
    name = topic("trade")
    for _ in range(20):
        reading = floor.subscribe(name)
        wait_for(lambda: name in actor._by_topic, "it is wanted")
        floor.call(lambda reading=reading: floor.desk.member.unsubscribe(reading))
        wait_for(lambda: name not in actor._by_topic, "it is not wanted any more")
    floor.subscribe(name)
    seen = len(changes(floor, name))
    wait_for(lambda: len(changes(floor, name)) > seen + 5, "trades come")
    numbers = [int(trade.trade_id) for trade in changes(floor, name)[-5:]]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert list(actor._streams.connections[0]._link.open) == ["btcusdt@trade"]
    assert list(actor._feeds) == ["btcusdt@trade"]
    assert len(actor.publisher.demand) == 1
    names = Counter((line["kind"], *line["streams"]) for line in venue.log("subscribe", "unsubscribe"))
    assert names["subscribe", "btcusdt@trade"] == names["unsubscribe", "btcusdt@trade"] + 1


def test_a_thousand_topics_at_once_are_all_live_and_the_venue_is_told_at_its_pace(
    short_dir: Path, make_twin: Callable[..., TwinProcess]
) -> None:
    venue = make_twin("--rate", "20", "--symbols", str(SYMBOLS))
    floor = Floor(short_dir)
    try:
        actor = floor.start(MarketData, "market_data.BINANCE", "market_data", venue.settings)
        wait_for(lambda: len(actor.instruments) == SYMBOLS, "the instruments are read")
        names = [topic(*kind, instrument=instrument) for instrument in actor.instruments for kind in KINDS]
        assert len(names) == 1000
        readings = floor.call(
            lambda: [floor.desk.member.subscribe(name, floor.desk.keep, floor.desk.went_stale) for name in names]
        )
        wait_for(lambda: actor.counters()["topics_open"] == 1000, "all are wanted")
        wait_for(lambda: all(feed.is_open for feed in actor._by_topic.values()), "all are open", limit_s=40)
        floor.call(lambda: [floor.desk.member.unsubscribe(reading) for reading in readings])
        wait_for(lambda: not actor._by_topic, "all are closed", limit_s=40)
        (streams,) = actor._streams.connections
        wait_for(lambda: not streams._link.asked, "and at the venue", limit_s=40)
        assert actor.counters()["topics_open"] == len(actor._feeds) == len(actor.publisher.demand) == 0
        assert actor.counters()["reconnects"] == 0
    finally:
        floor.stop()
    told = venue.log("subscribe", "unsubscribe", "socket_cut")
    assert not [line for line in told if line["kind"] == "socket_cut" and line["reason"] == "Too many requests"]
    opened = [name for line in told if line["kind"] == "subscribe" for name in line["streams"]]
    closed = [name for line in told if line["kind"] == "unsubscribe" for name in line["streams"]]
    assert len(opened) == len(set(opened)) == 1000
    assert sorted(opened) == sorted(closed)
    times = [line["ts_ns"] for line in told if line["kind"] != "socket_cut"]
    assert all(sum(at <= one < at + 1_000_000_000 for one in times) <= 5 for at in times)
