"""Real CURVE sockets: who is let in, and what a key may do behind the door (B04, P12)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq

from bus.clock import SystemClock
from bus.codec import ReplyStatus
from bus.member import Member
from bus.messages import Acknowledged, Code, Empty, GetStatus, StopFloor
from bus.requests import Client, Server
from bus.requests import server as server_module
from bus.security import Guard, KeyStore
from bus.streams import Publisher, Reader, Subscription
from bus.transport import ZmqTransport

STREAM = "execution/maker/"


class Doors:
    """A secured server and publisher, and peers with keys of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, KeyStore(folder / "keys")
        self.store.ensure("actor:gate", "strategy:maker", "strategy:other", "monitor", "operator")
        self.transports: list[ZmqTransport] = []
        self.refused: list[tuple[str, str]] = []
        self.asked: list[tuple[str, str]] = []
        self.state = Acknowledged(1)

    def open(self) -> None:
        """Bind, in the test's loop."""
        identity = self.store.identity("actor:gate")
        assert identity.ring is not None
        self.guard = Guard(identity.ring, lambda who, what: self.refused.append((who, what)))
        self.transport = self._transport(identity, self.guard.on_stranger)
        loop = asyncio.get_running_loop()

        def handle(message: Any, header: Any) -> Any:
            self.asked.append((header.caller, type(message).__name__))
            return Empty()

        self.server = Server(
            self.transport, SystemClock(), self.at("s"), handle, asyncio.ensure_future, _raise, self.guard.refusal
        )
        self.publisher = Publisher(
            self.transport, loop, SystemClock(), self.at("p"), "gate", ("execution/", "state/actor/"),
            lambda topic: self.state, lambda topic: None, lambda topic: None,
            self.at("x"), self.guard.may_read,
        )  # fmt: skip
        self.publisher.epoch = 1

    def at(self, name: str) -> str:
        return f"ipc://{self.folder}/{name}"

    def _transport(self, identity: Any, *more: Any) -> ZmqTransport:
        transport = ZmqTransport(asyncio.get_running_loop(), identity, *more)
        self.transports.append(transport)
        return transport

    @property
    def server_key(self) -> str:
        return self.store.load("actor:gate").public

    def client(self, role: str, caller: str = "", store: KeyStore | None = None) -> Client:
        transport = self._transport((store or self.store).identity(role, serves=False))
        name = caller or role.partition(":")[2] or f"{role}:test"
        return Client(
            transport, asyncio.get_running_loop(), SystemClock(), self.at("s"), name, server_key=self.server_key
        )

    def reads(self, role: str, topic: str = STREAM, door: str = "x") -> list[Any]:
        """Subscribe with a role's key; what arrives is in the list."""
        heard: list[Any] = []
        transport = self._transport(self.store.identity(role, serves=False))
        key = self.server_key if door == "x" else ""
        reader = Reader(transport, asyncio.get_running_loop(), self.at(door), "gate", key)
        reader.subscribe(Subscription(topic, lambda message, header, name: heard.append(message), None))
        return heard

    def close_in_loop(self) -> None:
        for transport in reversed(self.transports):
            transport.close()


def _raise(error: BaseException) -> None:
    raise error


@pytest.fixture
def doors(run_dir: Path) -> Doors:
    """Doors that a test opens in its own loop."""
    return Doors(run_dir)


@contextlib.contextmanager
def plain_socket(kind: int) -> Iterator[Any]:
    """A socket without any key, as a foreigner's."""
    context = zmq.Context()
    socket = context.socket(kind)
    socket.linger = 0
    try:
        yield socket
    finally:
        socket.close()
        context.term()


async def test_b04_a_key_of_the_floor_is_let_in_and_asks_what_its_role_allows(doors: Doors) -> None:
    doors.open()
    client = doors.client("operator")
    assert (await client.request(StopFloor(), 10.0)).status is ReplyStatus.OK
    assert doors.asked == [("operator:test", "StopFloor")]
    assert doors.refused == []


async def test_b04_a_wrong_key_never_gets_in_and_is_counted_and_told(
    doors: Doors, tmp_path: Path, eventually: Any
) -> None:
    doors.open()
    elsewhere = KeyStore(tmp_path / "elsewhere")
    elsewhere.ensure("operator")
    client = doors.client("operator", store=elsewhere)
    await eventually(lambda: doors.guard.counters["strangers"])
    reply = client.send(StopFloor())
    assert (await reply).status is ReplyStatus.NOT_SENT
    assert doors.asked == []
    who, what = doors.refused[0]
    assert who == "a stranger", "all of them are one, for a new key costs nothing"
    assert what.startswith(f"{elsewhere.load('operator').public} is not on the floor's list")


async def test_b04_a_monitors_key_commands_nothing(doors: Doors) -> None:
    doors.open()
    client = doors.client("monitor")
    reply = await client.request(StopFloor(), 10.0)
    assert (reply.status, reply.code) == (ReplyStatus.DENIED, Code.NOT_ALLOWED)
    assert "monitor may not ask for StopFloor" in reply.reason
    assert doors.asked == []
    assert (await client.request(GetStatus(), 10.0)).ok
    assert doors.guard.counters["refused_commands"] == 1
    assert doors.refused == [("monitor", reply.reason)]


async def test_b04_a_strategy_that_calls_itself_another_is_refused(doors: Doors) -> None:
    doors.open()
    client = doors.client("strategy:other", caller="maker")
    reply = await client.request(GetStatus(), 10.0)
    assert (reply.status, reply.code) == (ReplyStatus.DENIED, Code.NOT_ALLOWED)
    assert doors.asked == []


async def test_p12_a_refused_repeat_of_anothers_request_neither_learns_nor_spoils_its_answer(doors: Doors) -> None:
    doors.open()
    honest, thief = doors.client("operator"), doors.client("strategy:other", caller="operator:test")
    thief._next_id = honest._next_id
    assert (await honest.request(StopFloor(), 10.0)).status is ReplyStatus.OK
    stolen = await thief.request(StopFloor(), 10.0)
    while thief._next_id <= honest._next_id:  # tries to send before the connection stood took numbers, too
        stolen = await thief.request(StopFloor(), 10.0)
        assert (stolen.status, stolen.code) == (ReplyStatus.DENIED, Code.NOT_ALLOWED)
    assert stolen.code is Code.NOT_ALLOWED
    assert doors.asked == [("operator:test", "StopFloor")]


async def test_p12_a_strategy_reads_its_own_stream_and_no_others(doors: Doors, eventually: Any) -> None:
    doors.open()
    own, others, all_of_it = doors.reads("strategy:maker"), doors.reads("strategy:other"), doors.reads("monitor")
    greedy = doors.reads("strategy:other", "")
    await eventually(lambda: own and all_of_it and doors.guard.counters["refused_reads"] >= 2)
    doors.publisher.publish(STREAM, Acknowledged(2))
    await eventually(lambda: Acknowledged(2) in own and Acknowledged(2) in all_of_it)
    assert others == greedy == []
    assert ("strategy:other", f"may not read {STREAM!r}") in doors.refused


async def test_p12_private_topics_are_not_on_the_open_socket(doors: Doors, eventually: Any) -> None:
    doors.open()
    spy = doors.reads("strategy:other", STREAM, door="p")
    everything = doors.reads("strategy:other", "", door="p")
    own = doors.reads("strategy:maker")
    await eventually(lambda: own)
    doors.publisher.publish(STREAM, Acknowledged(2))
    doors.publisher.publish("state/actor/a/", Acknowledged(3))
    await eventually(lambda: Acknowledged(2) in own and everything)
    assert spy == []
    assert everything == [Acknowledged(3)]


async def test_one_key_does_not_take_all_room_for_requests_under_way(
    doors: Doors, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "RUNNING_LIMIT", 8)
    monkeypatch.setattr(server_module, "RUNNING_EACH", 4)
    doors.open()
    never: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    doors.server._handle = lambda message, header: Empty() if header.caller == "operator:test" else never
    greedy = doors.client("monitor")
    await eventually(lambda: not (waiting := greedy.send(GetStatus(), 30.0)).done() and waiting)
    replies = [greedy.send(GetStatus(), 30.0) for _ in range(19)]
    await eventually(lambda: sum(reply.done() for reply in replies) == 16)
    assert {reply.result().code for reply in replies if reply.done()} == {Code.BUSY}
    assert (await doors.client("operator").request(GetStatus(), 10.0)).ok
    never.cancel()


async def test_private_topics_that_are_asked_for_at_the_open_socket_open_and_close_nothing(
    doors: Doors, eventually: Any
) -> None:
    doors.open()
    reader = Reader(
        doors._transport(doors.store.identity("monitor")), asyncio.get_running_loop(), doors.at("p"), "gate"
    )
    for topic in (STREAM, "state/actor/x/"):
        reader.subscribe(Subscription(topic, lambda *_: None, None))
    await eventually(lambda: doors.publisher.demand)
    assert doors.publisher.demand == {"state/actor/x/"}


async def test_asking_for_private_topics_without_end_leaves_nothing_behind(doors: Doors, eventually: Any) -> None:
    doors.open()
    names = [f"execution/s{number}/" for number in range(200)]
    heard = [doors.reads("monitor", names[0])]
    reader = Reader(
        doors._transport(doors.store.identity("operator")), asyncio.get_running_loop(), doors.at("x"), "gate",
        doors.server_key,
    )  # fmt: skip
    told: list[str] = []
    for name in names:
        reader.subscribe(Subscription(name, lambda message, header, topic: told.append(topic), None))
    await eventually(lambda: set(told) == set(names) and heard[0])
    assert len(doors.publisher._numbers) == 0


async def test_a_peer_without_a_key_is_not_let_in(doors: Doors, eventually: Any) -> None:
    doors.open()
    with plain_socket(zmq.DEALER) as socket, plain_socket(zmq.SUB) as reader:
        socket.immediate = 1
        socket.connect(doors.at("s"))
        reader.connect(doors.at("x"))
        reader.subscribe(b"")
        honest, own = doors.client("operator"), doors.reads("strategy:maker")
        assert (await honest.request(GetStatus(), 10.0)).ok  # the loop turned for as long as a handshake takes
        await eventually(lambda: own)
        doors.publisher.publish(STREAM, Acknowledged(2))
        await eventually(lambda: Acknowledged(2) in own)
        with pytest.raises(zmq.Again):
            socket.send(b"hello", zmq.NOBLOCK)
        with pytest.raises(zmq.Again):
            reader.recv(zmq.NOBLOCK)


async def test_a_key_that_is_taken_off_the_list_asks_nothing_more_though_its_connection_stands(doors: Doors) -> None:
    doors.open()
    client = doors.client("operator")
    assert (await client.request(StopFloor(), 10.0)).ok
    doors.store.revoke("operator")
    assert doors.guard.ring.refresh()
    reply = await client.request(StopFloor(), 10.0)
    assert (reply.status, reply.code) == (ReplyStatus.DENIED, Code.NOT_ALLOWED)


async def test_a_reader_whose_key_was_taken_off_the_list_is_sent_nothing_more(doors: Doors, eventually: Any) -> None:
    doors.open()
    gone, stays = doors.reads("strategy:maker"), doors.reads("monitor")
    await eventually(lambda: gone and stays)
    doors.store.revoke("strategy:maker")
    assert doors.guard.ring.refresh()
    doors.publisher.admit_anew()
    await eventually(lambda: doors.guard.counters["strangers"], "it came again and was not let in")
    doors.state = Acknowledged(2)
    doors.publisher.publish(STREAM, doors.state)
    await eventually(lambda: doors.state in stays, "by the change or by the state at its return")
    assert doors.state not in gone
    assert Path(doors.at("x").removeprefix("ipc://")).exists()


async def test_a_reader_is_cut_off_though_a_newcomers_knock_was_the_first_to_see_that_its_key_is_gone(
    doors: Doors, eventually: Any
) -> None:
    doors.open()
    member = Member("gate", str(doors.folder), doors.transport, asyncio.get_running_loop(), SystemClock())
    member.guard, member.publisher = doors.guard, doors.publisher
    gone = doors.reads("strategy:maker")
    await eventually(lambda: gone)
    doors.store.revoke("strategy:maker")
    newcomer = doors.reads("monitor")
    await eventually(lambda: newcomer)
    member.refresh_keys()
    await eventually(lambda: doors.guard.counters["strangers"], "it came again and was not let in")


async def test_a_strangers_knock_tells_a_closed_door_from_an_open_one(doors: Doors) -> None:
    doors.open()
    assert not await doors.transport.lets_strangers_in(doors.at("s"), publishes=False)
    assert not await doors.transport.lets_strangers_in(doors.at("x"), publishes=True)
    assert doors.refused == [], "our own knock is nobody's fault"


@pytest.mark.parametrize("enforced", [True, False])
async def test_the_knock_finds_what_libzmq_leaves_open_without_a_zap_handler(doors: Doors, enforced: bool) -> None:
    """MECHANISMS of libzmq: a CURVE server whose context has no handler lets anybody in, unless it is enforced."""
    doors.open()
    context = zmq.Context()
    server = context.socket(zmq.ROUTER)
    server.linger = 0
    server.curve_server = True
    server.curve_secretkey = doors.store.load("actor:gate").secret.encode()
    server.zap_domain = b"floor"
    if enforced:
        server.setsockopt(93, 1)
    server.bind(doors.at("open"))
    try:
        assert await doors.transport.lets_strangers_in(doors.at("open"), publishes=False) is not enforced
    finally:
        server.close()
        context.term()
