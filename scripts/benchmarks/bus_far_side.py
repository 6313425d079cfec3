"""The other process of the bus benchmark: it reads what is published, answers what is asked, and says what it saw.

One line of standard input is one command, one line of standard output its answer: ``join KIND`` and ``leave KIND``
answer once that is done, ``seen KIND`` with the one-way times in nanoseconds since the last ``seen``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import zmq

from actors.runtime.loop_actor import new_event_loop
from bus.clock import SystemClock
from bus.codec import Header, RequestHeader
from bus.messages import BookSnapshot, Empty, Message, Quote
from bus.requests import Answer, Server
from bus.streams import Reader, Subscription
from scripts.benchmarks.bus_raw import RawPort
from scripts.benchmarks.bus_sides import FAR, KINDS, NEAR, Endpoints, book_of, is_encrypted, ticks_of


class FarSide:
    """Readers and servers of every kind, in one loop."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.seen: dict[str, list[int]] = {kind: [] for kind in KINDS}
        self._subscriptions: dict[str, Subscription] = {}
        self._waiting: dict[str, Callable[[], None]] = {}
        self._readers: dict[str, Any] = {}
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context(io_threads=1)
        loop = asyncio.get_running_loop()
        for kind in KINDS:
            reads, serves = endpoints.publisher(kind), endpoints.server(kind)
            keys = endpoints.keys if is_encrypted(kind) else None
            if kind.startswith("raw"):
                self._readers[kind] = RawPort(context, zmq.SUB, reads, self._on_raw(kind), keys)
                self._serve_raw(context, serves, keys)
            else:
                transport = endpoints.transport(loop, kind, FAR)
                self._readers[kind] = Reader(transport, loop, reads, "bench", endpoints.key_of(kind, NEAR))
                Server(transport, SystemClock(), serves, _echo, _ignore, _fail)

    def _serve_raw(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, keys: Any) -> None:
        port: list[RawPort] = []
        port.append(RawPort(context, zmq.ROUTER, endpoint, lambda frames: port[0].send(*frames), keys))

    def _on_raw(self, kind: str) -> Callable[[list[bytes]], None]:
        times = self.seen[kind]

        def take(frames: list[bytes]) -> None:
            now = time.perf_counter_ns()
            times.append(now - int.from_bytes(frames[2][:8], "little"))
            self._joined(kind)

        return take

    def _on_ours(self, kind: str) -> Callable[[Message, Header, str], None]:
        times = self.seen[kind]

        def take(message: Message, header: Header, topic: str) -> None:
            now = time.perf_counter_ns()
            if isinstance(message, (Quote, BookSnapshot)):
                times.append(now - message.ts_init)
            self._joined(kind)

        return take

    def _joined(self, kind: str) -> None:
        waiting = self._waiting.pop(kind, None)
        if waiting is not None:
            waiting()

    def command(self, words: list[str]) -> None:
        """Carry a command out and answer."""
        what, kind = words[0], words[1]
        topic = book_of(kind) if words[2:] == ["book"] else ticks_of(kind)
        if what == "seen":
            _say(self.seen[kind])
            self.seen[kind].clear()
        elif what == "join":
            self._waiting[kind] = lambda: _say(time.perf_counter_ns())
            if kind.startswith("raw"):
                self._readers[kind].subscribe(topic.encode())
            else:
                self._subscriptions[kind] = Subscription(topic, self._on_ours(kind), None)
                self._readers[kind].subscribe(self._subscriptions[kind])
        elif what == "leave":
            if kind.startswith("raw"):
                self._readers[kind].unsubscribe(topic.encode())
            else:
                self._readers[kind].unsubscribe(self._subscriptions.pop(kind))
            _say("left")


def _echo(message: Message, header: RequestHeader) -> Answer:
    return Empty()


def _ignore(awaitable: Any) -> None:
    raise NotImplementedError("nothing here is awaited")


def _fail(error: BaseException) -> None:
    raise error


def _say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def main() -> None:
    """Serve until standard input ends."""
    side = FarSide(Endpoints.read(sys.argv[1]))
    _say("ready")
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def read() -> None:
        lines = os.read(0, 4096).decode()
        if not lines and not done.done():
            done.set_result(None)
        for line in lines.splitlines():
            side.command(line.split())

    loop.add_reader(0, read)
    await done
    os._exit(0)  # the sockets have nothing to hand over


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main())
