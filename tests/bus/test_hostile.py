"""B03 on the bus: hostile frames by the thousand on every kind of socket cost one counted error each, and no actor.

Here each socket is sent `FRAMES`; ``scripts/test --soak`` sends 100,000. The seed is printed.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from floors import Floor, actor, until
from hostile import Hostile

from actors.monitor.visitor import Visitor
from actors.supervisor.child import rss_bytes
from bus.codec import (
    WIRE_VERSION,
    Header,
    Kind,
    ReplyHeader,
    RequestHeader,
    decode,
    decode_reply_header,
    decode_request_header,
    encode,
)
from bus.directory import endpoints
from bus.messages import Acknowledged, AcknowledgeParts, CancelRequest, Empty, GetStatus, GetTime, Status
from bus.security import KeyStore
from bus.streams import Subscription
from bus.streams.publisher import TOPIC_LIMIT

FRAMES = int(os.environ.get("TRADEFLOOR_HOSTILE_FRAMES", "10000"))
SEED = int(os.environ.get("TRADEFLOOR_HOSTILE_SEED", "0")) or random.randrange(10**6)
BATCH = 64
"""Between pauses of an attacker: what waits unread would only be memory of the test's own."""
MEMORY_BYTES = 64 * 1024 * 1024
"""What a process may grow by: answers that are kept (4,096 of at most 4 kB), topics that were asked for, and slack."""
LIMIT_S = 50.0
TOPIC = "state/actor/a/"
LAST_EPOCH = 2**64 - 1
"""Of the good frame at the end: a hostile publisher has forged every epoch below it."""


@pytest.fixture
def hostile() -> Hostile:
    print(f"\nhostile frames: {FRAMES}, seed {SEED}")
    return Hostile(SEED)


class Last:
    """A handler that remembers the last of what it was given, so that the test itself needs no memory."""

    message: Any = None
    header: Header | None = None

    def __call__(self, message: Any, header: Header, topic: str) -> None:
        self.message, self.header = message, header


async def flood(socket: Any, frames: Callable[[], list[bytes]], drains: bool = True) -> None:
    """Send `FRAMES` of them from a plain socket, at the pace at which they are read; answers are thrown away."""
    for count in range(FRAMES):
        message = frames()
        while True:
            try:
                socket.send_multipart(message, zmq.NOBLOCK)
            except zmq.Again:
                await asyncio.sleep(0)
            else:
                break
        if count % BATCH == 0:
            await asyncio.sleep(0.0005)
        while drains and socket.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            socket.recv_multipart()


async def test_b03_a_server_counts_each_hostile_frame_and_answers_the_next_good_request(
    wire: Any, hostile: Hostile, eventually: Any
) -> None:
    executed = controls = 0

    def request() -> list[bytes]:
        nonlocal controls
        frames = hostile.request()
        if len(frames) == 2 and isinstance(decode_request_header(frames[0]), RequestHeader):
            controls += isinstance(decode(frames[1]), (AcknowledgeParts, CancelRequest, GetTime))
        return frames

    def handle(message: Any, header: RequestHeader) -> Acknowledged:
        nonlocal executed
        executed += 1
        return Acknowledged(7)

    server = wire.server(handle)
    attacker = wire.socket(zmq.DEALER)
    attacker.connect(wire.endpoint("s"))
    before = rss_bytes(os.getpid())
    await flood(attacker, request)
    await eventually(lambda: server.counters["requests"] == FRAMES)
    reply = await wire.client().request(Empty())
    assert reply.body == Acknowledged(7)
    counted = server.counters
    judged = counted["unreadable"] + counted["refused"] + counted["expired"] + counted["repeated"] + executed + controls
    assert judged == counted["requests"] == FRAMES + 1
    assert counted["unreadable"] > FRAMES / 2
    assert rss_bytes(os.getpid()) - before < MEMORY_BYTES


async def test_b03_a_publisher_bears_hostile_subscriptions_and_serves_the_next_reader(
    wire: Any, hostile: Hostile, eventually: Any
) -> None:
    publisher = wire.publisher()
    attacker = wire.socket(zmq.XSUB)
    attacker.sndhwm = 0
    attacker.connect(wire.endpoint())
    sent: list[bytes] = []

    def subscription() -> list[bytes]:
        sent.append(hostile.subscription())
        return [sent[-1]]

    before = rss_bytes(os.getpid())
    await flood(attacker, subscription, drains=False)
    no_subscriptions = sum(frame[:1] not in (b"\0", b"\1") for frame in sent)
    await eventually(lambda: publisher.counters["refused_subscriptions"] >= no_subscriptions)
    assert publisher.counters["refused_subscriptions"] <= FRAMES
    assert len(publisher.demand) <= TOPIC_LIMIT
    wire.owner.values[TOPIC] = Acknowledged(7)
    listener = wire.listen(wire.reader(), TOPIC)
    await eventually(lambda: listener.values == [7])
    assert rss_bytes(os.getpid()) - before < MEMORY_BYTES


async def test_b03_a_reader_bears_a_hostile_publisher_and_reads_the_next_good_frame(
    wire: Any, hostile: Hostile, eventually: Any
) -> None:
    attacker = wire.socket(zmq.XPUB)
    attacker.sndhwm = 0
    attacker.bind(wire.endpoint())
    reader = wire.reader()
    exact, everything = Last(), Last()
    for name, last in ((TOPIC, exact), ("state/", everything)):
        reader.subscribe(Subscription(name, last, lambda topic, reason: None))
    joined: set[bytes] = set()

    def both_asked() -> bool:
        while attacker.getsockopt(zmq.EVENTS) & zmq.POLLIN:
            joined.add(attacker.recv())
        return joined >= {b"\1" + TOPIC.encode(), b"\1state/"}

    await eventually(both_asked)
    names = [TOPIC.encode(), *(f"state/actor/a{number}/".encode() for number in range(100)), b"state/\xff\xfe"]
    before = rss_bytes(os.getpid())
    counted = reader.counters
    await flood(attacker, lambda: hostile.stream(hostile.random.choice(names)))
    good = Header(WIRE_VERSION, Kind.STATE, "owner", LAST_EPOCH, 1, time.time_ns())
    attacker.send_multipart([TOPIC.encode(), encode(good), encode(Acknowledged(7))])
    await eventually(lambda: exact.header == everything.header == good)
    assert exact.message == everything.message == Acknowledged(7)
    assert counted["received"] + counted["unreadable"] > FRAMES
    assert counted["unreadable"] > FRAMES / 4
    assert rss_bytes(os.getpid()) - before < MEMORY_BYTES


# real actors

JOINS = {"supervisor": "state/actor/gate/", "gate": "state/trading/floor/", "reconciler": "state/instance/NONE/"}
"""A topic of each actor that a good reader joins in the end."""


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    """A supervisor, a reconciler and a gate, in their processes."""
    config = tmp_path / "floor.toml"
    config.write_text('[floor]\nname = "hostile"\n')
    running = Floor(config, tmp_path, command="up")
    yield running
    running.close()


class Attacker:
    """Plain sockets of a peer that has the floor's monitor key: it passes the handshake, and is hostile then."""

    def __init__(self, state_dir: str) -> None:
        self.keys = KeyStore.of_floor(state_dir).load("monitor")
        self._context: zmq.Context[Any] = zmq.Context()

    def socket(self, kind: int, endpoint: str, server_key: str = "") -> Any:
        socket = self._context.socket(kind)
        socket.linger = 10_000  # what is sent is handed over
        if server_key:
            socket.curve_serverkey = server_key.encode()
            socket.curve_publickey, socket.curve_secretkey = self.keys.public.encode(), self.keys.secret.encode()
        socket.connect(endpoint)
        return socket

    async def hand_over(self) -> None:
        """Wait until all that was sent on closed sockets is at the other side."""
        await asyncio.to_thread(self._context.term)


async def answered(socket: Any) -> None:
    """Ask a good question on the same connection, behind all that was hostile, and wait for its answer."""
    now = time.monotonic_ns()
    header = RequestHeader(WIRE_VERSION, 2**62, "monitor:hostile", 0, now + 60 * 10**9, now)
    socket.send_multipart([encode(header), encode(GetStatus())])

    async def speaks() -> bool:
        return bool(socket.getsockopt(zmq.EVENTS) & zmq.POLLIN)

    while True:
        await until(speaks, 20, "an answer")
        answer = decode_reply_header(socket.recv_multipart()[0])
        if isinstance(answer, ReplyHeader) and answer.id == header.id:
            return


async def ready(visitor: Visitor) -> Status:
    """Wait until every actor is READY."""
    while True:
        status = await visitor.status()
        if status is not None and {each.state for each in status.actors} == {"READY"}:
            return status
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("name", list(JOINS))
def test_b03_p11_a_real_actor_bears_hostile_frames_on_all_its_sockets(
    floor: Floor, hostile: Hostile, name: str
) -> None:
    async def attack(visitor: Visitor) -> None:
        before = actor(await ready(visitor), name)
        attacker = Attacker(visitor.info.state_dir)
        entry = visitor.member.directory.entries.get(name)
        server_key = entry.key if entry is not None and entry.key else attacker.keys.supervisor
        opened, serves, private = endpoints(floor.run_dir, name)
        requests = attacker.socket(zmq.DEALER, serves, server_key)
        await flood(requests, hostile.request)
        await answered(requests)
        requests.close()
        readers = [attacker.socket(zmq.XSUB, opened)]
        if Path(private.removeprefix("ipc://")).exists():
            readers.append(attacker.socket(zmq.XSUB, private, server_key))
        for reader in readers:
            await flood(reader, lambda: [hostile.subscription()], drains=False)
            reader.close()
        await attacker.hand_over()
        joined = visitor.member.subscribe(JOINS[name], lambda message, header, topic: None)

        async def whole() -> bool:
            return not joined.position(JOINS[name]).stale

        await until(whole, 20, "a good reader joins")
        after = actor(await ready(visitor), name)
        assert (after.pid, after.epoch, after.restarts) == (before.pid, before.epoch, 0)
        assert after.rss_bytes - before.rss_bytes < MEMORY_BYTES

        async def counted() -> bool:  # the figures come with the next heartbeat
            found = actor(await ready(visitor), name).counters
            return found["requests"] > FRAMES and found["unreadable"] > FRAMES / 2

        if name != "supervisor":  # it tells the others' figures, not its own
            await until(counted, 5, "each frame is counted")

    async def within_time(visitor: Visitor) -> None:
        async with asyncio.timeout(LIMIT_S):
            await attack(visitor)

    floor.visit(within_time)
