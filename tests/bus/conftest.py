"""Publishers, readers, servers and callers on real sockets, all in the test's own loop."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from bus.clock import SystemClock
from bus.codec import Header, RequestHeader
from bus.directory import DIRECTORY, endpoints
from bus.member import Member
from bus.messages import Acknowledged, DirectoryEntry, DirectoryTable, Message, Refused, Register, Registered
from bus.requests import Client, Server
from bus.streams import Publisher, Reader, Subscription
from bus.transport import Frames, Link, ZmqTransport

TOPIC = "state/actor/a/"
SERVER = Path(__file__).with_name("server_process.py")


class Owner:
    """Owns topics whose state is a number; writes down what the publisher tells it."""

    def __init__(self) -> None:
        self.values: dict[str, Message | None] = {}
        self.states = 0
        self.opened: list[str] = []
        self.closed: list[str] = []

    def state(self, topic: str) -> Message | None:
        self.states += 1
        return self.values.get(topic, Acknowledged(0))


class Listener:
    """A handler that writes down what it is told."""

    def __init__(self) -> None:
        self.headers: list[Header] = []
        self.messages: list[Message] = []
        self.topics: list[str] = []
        self.stale: list[str] = []

    def __call__(self, message: Message, header: Header, topic: str) -> None:
        self.messages.append(message)
        self.headers.append(header)
        self.topics.append(topic)

    def on_stale(self, topic: str, reason: str) -> None:
        self.stale.append(reason)

    @property
    def seqs(self) -> list[int]:
        return [header.seq for header in self.headers]

    @property
    def values(self) -> list[int]:
        return [message.upto for message in self.messages if isinstance(message, Acknowledged)]


class CountingTransport(ZmqTransport):
    """Counts the joins of topics that its publisher has seen, and drains it on demand."""

    joins = 0

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        def count(frames: Frames) -> None:
            self.joins += frames[0][:1] == b"\1" and not frames[0].startswith(b"\1heartbeat/")
            on_message(frames)

        return super().publisher(endpoint, count)

    def drain(self) -> None:
        """Look at every socket now, within the present turn of the loop."""
        for port in self._ports:
            port._drain()


class Wire:
    """Everything of one test, closed at its end."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.transports: list[ZmqTransport] = []
        self.raw: list[zmq.Socket[bytes]] = []
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.owner = Owner()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    def endpoint(self, name: str = "p") -> str:
        return f"ipc://{self.run_dir}/{name}"

    def transport(self, kind: type[ZmqTransport] = ZmqTransport) -> Any:
        transport = kind(self.loop)
        self.transports.append(transport)
        return transport

    def publisher(self, epoch: int = 1, transport: ZmqTransport | None = None, prefix: str = "state/") -> Publisher:
        owner = self.owner
        publisher = Publisher(
            transport or self.transport(),
            self.loop,
            SystemClock(),
            self.endpoint(),
            "owner",
            (prefix,),
            owner.state,
            owner.opened.append,
            owner.closed.append,
        )
        publisher.epoch = epoch
        return publisher

    def reader(self, transport: ZmqTransport | None = None) -> Reader:
        return Reader(transport or self.transport(), self.loop, self.endpoint(), "owner")

    def listen(self, reader: Reader, topic: str = TOPIC) -> Listener:
        listener = Listener()
        reader.subscribe(Subscription(topic, listener, listener.on_stale))
        return listener

    def server(self, handle: Any, failed: Any = None, name: str = "s") -> Server:
        def raise_it(error: BaseException) -> None:
            raise error

        return Server(
            self.transport(), SystemClock(), self.endpoint(name), handle, asyncio.ensure_future, failed or raise_it
        )

    def client(self, name: str = "s") -> Client:
        return Client(self.transport(), self.loop, SystemClock(), self.endpoint(name), "caller")

    def socket(self, kind: int) -> Any:
        """A plain socket, as a foreigner would use one."""
        socket = self.context.socket(kind)
        socket.linger = 0
        self.raw.append(socket)
        return socket

    def stop(self, transport: ZmqTransport) -> None:
        """Close one transport and all that is on it."""
        self.transports.remove(transport)
        transport.close()

    def close_in_loop(self) -> None:
        for transport in reversed(self.transports):  # readers first, whose last words find a publisher
            transport.close()
        for socket in self.raw:
            socket.close()
        self.transports.clear()
        self.context.term()


@pytest.fixture
def wire(run_dir: Path) -> Wire:
    """Real sockets below a run directory."""
    return Wire(run_dir)


@pytest.fixture
def counting_transport() -> type[CountingTransport]:
    """The class of a transport that counts joins."""
    return CountingTransport


class Floor:
    """The directory's side of a floor, and members on it; tables are pushed when a test says so."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.epoch = 100
        self.entries: dict[str, DirectoryEntry] = {}
        self.refusal: Refused | None = None
        self.pushing = True
        self.member, _ = self._member(DIRECTORY)
        self.publisher = self.member.publish_under(("directory/",), lambda topic: self.table())
        self.publisher.epoch = 1
        self.server = self.member.serve(self._register, asyncio.ensure_future, _raise)

    def table(self) -> DirectoryTable:
        return DirectoryTable("test", tuple(self.entries.values()))

    def push(self) -> None:
        """Publish the table."""
        self.publisher.publish("directory/test/", self.table())

    def _register(self, message: Message, header: RequestHeader) -> Message:
        assert isinstance(message, Register)
        if self.refusal is not None:
            return self.refusal
        self.epoch += 1
        self.entries[message.name] = DirectoryEntry(
            message.name, "", self.epoch, "", message.publishes_at, message.serves_at, message.prefixes
        )
        if self.pushing:
            self.push()
        return Registered(self.epoch, "test")

    def gone(self, name: str) -> None:
        """Revoke an actor."""
        self.entries[name] = msgspec.structs.replace(self.entries[name], live=False)
        self.push()

    def _member(self, name: str) -> tuple[Member, ZmqTransport]:
        transport = self.wire.transport()
        return Member(name, str(self.wire.run_dir), transport, self.wire.loop, SystemClock()), transport

    async def join(self, name: str, prefixes: tuple[str, ...] = (), handle: Any = None) -> Member:
        """Put a member on the floor, with a publisher where it owns topics and a server where it has a handler."""
        member, member.transport = self._member(name)  # type: ignore[attr-defined]
        if prefixes:
            member.publish_under(prefixes, self.wire.owner.state)
        if handle is not None:
            member.serve(handle, asyncio.ensure_future, _raise)
        publishes_at, serves_at, _ = endpoints(self.wire.run_dir, name)
        registration = Register(
            name, "", 1, "0.1", "", publishes_at if prefixes else "", serves_at if handle else "", prefixes
        )
        await member.register(registration, 20.0)
        return member

    def kill(self, member: Member) -> None:
        """Close a member's sockets without a word to anybody."""
        self.wire.stop(member.transport)  # type: ignore[attr-defined]


def _raise(error: BaseException) -> None:
    raise error


@pytest.fixture
def make_floor(wire: Wire) -> Callable[[], Floor]:
    """Makes the floor, in the test's loop."""

    def make() -> Floor:
        return Floor(wire)

    make.close_in_loop = wire.close_in_loop  # type: ignore[attr-defined]
    return make


@pytest.fixture
def server_process(run_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real server at the wire's endpoint."""
    with subprocess.Popen([sys.executable, str(SERVER), f"ipc://{run_dir}/s"]) as process:
        yield process
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
