"""A topic is closed and forgotten, and one that still wants it opens it again."""

from __future__ import annotations

import gc
import socket
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from bus.messages import Acknowledged
from bus.streams import Subscription
from bus.streams import publisher as publisher_module
from bus.streams import reader as reader_module

TOPIC = "state/actor/a/"
OTHER = "state/actor/b/"


@pytest.fixture(autouse=True)
def no_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "LINGER_S", 0.01)


class HostilePeer:
    """Speaks ZMTP 3.0 by hand: what libzmq's own sockets will not do, it does."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        greeting = b"\xff" + b"\0" * 8 + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" * 32
        ready = b"\x05READY" + b"\x0bSocket-Type" + (3).to_bytes(4, "big") + b"SUB"
        self._socket.sendall(greeting)
        self._take(64)
        self._socket.sendall(b"\x04" + bytes([len(ready)]) + ready)
        self._take(self._take(2)[1])

    def send(self, frame: bytes) -> None:
        """Send a message of one frame."""
        self._socket.sendall(b"\0" + bytes([len(frame)]) + frame)

    def close(self) -> None:
        self._socket.close()

    def _take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            taken += self._socket.recv(size - len(taken))
        return taken


@pytest.fixture
def hostile() -> Iterator[Callable[[Path], HostilePeer]]:
    """Makes a hostile peer, closed at the end."""
    peers: list[HostilePeer] = []

    def make(path: Path) -> HostilePeer:
        peers.append(HostilePeer(path))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()


async def test_a_reader_whose_topic_a_hostile_peer_gave_up_is_told_and_opens_it_again(
    wire: Any, eventually: Any, run_dir: Path, hostile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_module, "STALE_LOOK_S", 3600.0)  # which would heal it too, seconds later
    publisher = wire.publisher()
    reader = wire.reader()
    listener = wire.listen(reader)
    await eventually(lambda: listener.messages)
    peer = hostile(run_dir / "p")
    wire.owner.values[TOPIC] = Acknowledged(7)
    began = wire.loop.time()
    peer.send(b"\0" + TOPIC.encode())
    await eventually(lambda: len(listener.messages) == 2)
    print(f"whole again {1000 * (wire.loop.time() - began):.0f} ms after it was taken back")
    assert wire.owner.closed == [TOPIC]
    assert wire.owner.opened == [TOPIC, TOPIC]
    assert listener.stale == [publisher_module.CLOSED]
    assert listener.values == [0, 7]
    publisher.publish(TOPIC, Acknowledged(8))
    await eventually(lambda: len(listener.messages) == 3)
    assert listener.stale == [publisher_module.CLOSED]
    assert reader.counters["gaps"] == reader.counters["missed"] == 0


async def test_numbers_go_on_when_a_topic_is_opened_again(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    first = Subscription(TOPIC, lambda *_: None, None)
    reader.subscribe(first)
    await eventually(lambda: TOPIC in publisher.demand)
    for number in range(5):
        publisher.publish(TOPIC, Acknowledged(number))
    reader.unsubscribe(first)
    await eventually(lambda: wire.owner.closed)
    assert TOPIC not in publisher._numbers
    assert not publisher.is_stale(TOPIC)
    again, other = wire.listen(reader), wire.listen(reader, OTHER)
    await eventually(lambda: again.messages and other.messages)
    publisher.publish(TOPIC, Acknowledged(5))
    await eventually(lambda: len(again.messages) == 2)
    assert again.seqs == [6, 7]  # the mark at its end took the sixth
    assert other.seqs == [6]  # a new topic starts from the highest number that was ever forgotten
    assert again.stale == other.stale == []


async def test_a_journals_numbers_outlive_the_last_reader(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    publisher.set_seq(TOPIC, 41)
    reader = wire.reader()
    tap: list[Any] = []
    wide = wire.reader()
    wide.subscribe(Subscription(TOPIC[:-1], lambda message, header, topic: tap.append(header.seq), None))
    ready = wire.listen(wide, OTHER)
    await eventually(lambda: ready.messages)
    first = Subscription(TOPIC, lambda *_: None, None)
    reader.subscribe(first)
    await eventually(lambda: tap == [41])
    reader.unsubscribe(first)
    await eventually(lambda: wire.owner.closed)
    publisher.publish(TOPIC, Acknowledged(1), seq=42)
    await eventually(lambda: tap == [41, 42])
    listener = wire.listen(reader)
    await eventually(lambda: listener.messages)
    assert listener.seqs == [42]
    assert wide.counters["marked"] == wide.counters["gaps"] == 0


async def test_what_is_published_unread_goes_on_after_its_last_reader_left(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    wide = wire.reader()
    tap = wire.listen(wide, "state/")
    ready = wire.listen(wide, OTHER)
    await eventually(lambda: ready.messages)  # so the wider one is heard of too
    tap.messages.clear()
    reader = wire.reader()
    first = Subscription(TOPIC, lambda *_: None, None)
    reader.subscribe(first)
    await eventually(lambda: tap.messages)
    publisher.publish(TOPIC, Acknowledged(1))
    reader.unsubscribe(first)
    await eventually(lambda: wire.owner.closed)
    for number in (2, 3):
        publisher.publish(TOPIC, Acknowledged(number))
    await eventually(lambda: tap.values[-1] == 3)
    assert tap.values == [0, 1, 2, 3]
    assert tap.stale == [publisher_module.CLOSED]
    assert wide.counters["gaps"] == wide.counters["missed"] == 0


async def test_the_status_of_a_topic_is_forgotten_with_it(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    publisher.prefixes = ("state/", "status/state/")
    reader = wire.reader()
    first = Subscription(TOPIC, lambda *_: None, None)
    reader.subscribe(first)
    await eventually(lambda: TOPIC in publisher.demand)
    publisher.publish(f"status/{TOPIC}", Acknowledged(1))
    reader.unsubscribe(first)
    await eventually(lambda: wire.owner.closed)
    assert len(publisher._numbers) == 0


async def test_a_mark_that_is_no_end_is_answered_by_no_join(
    wire: Any, eventually: Any, counting_transport: Any
) -> None:
    transport = wire.transport(counting_transport)
    publisher = wire.publisher(transport=transport)
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
    publisher.mark_stale(TOPIC, "the venue is gone")
    other = wire.listen(wire.reader(), OTHER)
    await eventually(lambda: listener.stale and other.messages)
    assert transport.joins == 2


TOPICS = 1_000
MEMORY_LIMIT = 64 * 1024
"""What Python may keep of a thousand topics that came and went twice: under 64 bytes each."""


async def test_a_thousand_topics_opened_and_closed_leak_nothing(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    publisher.prefixes = ("state/", "status/state/")

    async def come_and_go(generation: int) -> None:
        heard: set[str] = set()
        places = [
            Subscription(f"state/actor/{generation}-{number}/", lambda message, header, topic: heard.add(topic), None)
            for number in range(TOPICS)
        ]
        for place in places:
            reader.subscribe(place)
        await eventually(lambda: len(heard) == TOPICS)
        for place in places:
            publisher.publish(place.topic, Acknowledged(1))
            publisher.publish(f"status/{place.topic}", Acknowledged(1))
            reader.unsubscribe(place)
        await eventually(lambda: not publisher.demand and len(publisher._numbers) == 0)
        publisher._numbers.beat()
        publisher._numbers.beat()
        publisher._numbers.beat()
        wire.owner.opened.clear()
        wire.owner.closed.clear()
        gc.collect()

    await come_and_go(0)
    tracemalloc.start()
    await come_and_go(1)
    files, memory = len(list(Path("/proc/self/fd").iterdir())), tracemalloc.get_traced_memory()[0]
    for generation in (2, 3):
        await come_and_go(generation)
    files_after, memory_after = len(list(Path("/proc/self/fd").iterdir())), tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"descriptors {files} before, {files_after} after; memory {memory} B before, {memory_after} B after")
    assert files_after == files
    assert memory_after - memory < MEMORY_LIMIT
    assert publisher._stale == publisher._lingering == {}
    assert publisher._wanted == set()
    assert reader._exact == {}


async def test_a_hundred_thousand_foreign_subscriptions_are_counted_and_kept_nowhere(
    wire: Any, eventually: Any
) -> None:
    publisher = wire.publisher()
    peer = wire.socket(zmq.XSUB)
    peer.setsockopt(zmq.SNDHWM, 0)
    peer.connect(wire.endpoint())
    peer.send(b"\1state/")  # a wider prefix is no foreign topic
    for number in range(1_000):
        peer.send(b"\1market/A/quote/%d.A/" % number)
    await eventually(lambda: publisher.counters["foreign_subscriptions"] == 1_000)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(1_000, 100_000):
        peer.send(b"\1market/A/quote/%d.A/" % number)
    await eventually(lambda: publisher.counters["foreign_subscriptions"] == 100_000)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    print(f"99,000 foreign subscriptions: Python's memory grew by {grown} B")
    assert grown < MEMORY_LIMIT
    assert publisher.demand == set()
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
