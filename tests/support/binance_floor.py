"""A small floor in this process: the real supervisor without children, a desk that reads and asks, and a real twin."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pykka
from freezing import freeze
from twin_admin import Admin

from actors.monitor.visitor import Visitor
from actors.runtime import Actor, Context
from actors.supervisor.spec import FloorSpec
from actors.supervisor.supervisor import Supervisor
from bus.codec import Header, RequestHeader
from bus.messages import (
    Acknowledged,
    CancelAll,
    CancelOrder,
    Empty,
    Message,
    ModifyOrder,
    SetTradingState,
    SubmitOrder,
    SubmitOrderList,
    VenueBatch,
    VenueEvent,
)
from bus.requests import Reply
from bus.security import OPERATOR, KeyStore, role_of_actor

ROOT = Path(__file__).parents[2]
T = TypeVar("T")
LIMIT_S = 15.0


class TwinProcess:
    """A real twin; its announcement is in a file, as the supervisor puts it there."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.announcement = folder / "twin.json"
        self.log_path = folder / "truth.jsonl"
        self.key_file = folder / "key.json"
        self.arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self, port: int = 0) -> None:
        """Start it, and wait for its first line."""
        self.announcement.unlink(missing_ok=True)
        command = [sys.executable, "-m", "venues.binance.twin", "--seed", "7", "--log", str(self.log_path)]
        command += ["--key-file", str(self.key_file), "--port", str(port), *self.arguments]
        with open(self.announcement, "wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out)
        wait_for(lambda: self.announcement.read_bytes().endswith(b"\n"), "the twin announces itself")

    @property
    def greeting(self) -> dict[str, Any]:
        """Addresses and key."""
        return dict(json.loads(self.announcement.read_bytes()))

    @property
    def settings(self) -> dict[str, Any]:
        """Settings of an instance at this twin."""
        return {
            "adapter": "binance",
            "account_type": "spot",
            "environment": "twin",
            "venue_id": "BINANCE",
            "announcement": str(self.announcement),
        }

    @property
    def admin(self) -> Admin:
        """Its admin."""
        return Admin(self.greeting["admin"])

    def touch(self, symbol: str = "BTCUSDT") -> tuple[Decimal, Decimal]:
        """(best bid, best ask)."""
        url = f"{self.greeting['rest']}/api/v3/ticker/bookTicker?symbol={symbol}"
        with urllib.request.urlopen(url, timeout=LIMIT_S) as answer:
            found = json.load(answer)
        return Decimal(found["bidPrice"]), Decimal(found["askPrice"])

    def freeze(self) -> None:
        """Stop it where it stands."""
        assert self.process is not None
        freeze(self.process.pid)

    def thaw(self) -> None:
        """Let it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it with no word said."""
        assert self.process is not None
        self.process.kill()

    def stop(self) -> None:
        """End it, and wait for the end."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def log(self, *kinds: str) -> list[dict[str, Any]]:
        """The truth log's lines of these kinds; stops the twin, so that all are there."""
        self.stop()
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [line for line in lines if line["kind"] in kinds]


class Desk(Actor):
    """Stands for the reconciler, a strategy and the gate: it keeps what it reads and asks what it is told to ask."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.events: list[VenueEvent] = []
        self.read: list[tuple[str, Header, Message]] = []
        self.stale: list[tuple[str, str]] = []
        self.takes_batches = True

    def on_venue_batch(self, message: VenueBatch, header: RequestHeader) -> Message | None:
        """Take events, once each, unless told to lose the answer."""
        if not self.takes_batches:
            return Empty()
        last = self.events[-1].number if self.events else 0
        for event in message.events:
            if event.number == last + 1:
                self.events.append(event)
                last = event.number
        return Acknowledged(last)

    def keep(self, message: Message, header: Header, topic: str) -> None:
        """Keep what a stream said."""
        self.read.append((topic, header, message))

    def went_stale(self, topic: str, reason: str) -> None:
        """Keep that a stream is stale."""
        self.stale.append((topic, reason))


class Floor:
    """The floor of a test."""

    def __init__(self, folder: Path) -> None:
        self.run_dir, self.state_dir = folder / "run", folder / "state"
        self.actors: list[Actor] = []
        self.expected_failure: BaseException | None = None
        spec = FloorSpec("test", "USDT", str(self.run_dir), str(self.state_dir))
        self.supervisor = self._start(Supervisor(spec))
        self.desk = self.start(Desk, "reconciler", "reconciler")
        self.gate = self.start(Desk, "gate", "gate")
        self.operator = Visitor(str(self.run_dir), "test", OPERATOR)
        self.run(self.operator.__aenter__())

    def start(self, kind: type[Actor], name: str, role: str, settings: dict[str, Any] | None = None) -> Any:
        """Start an actor in a thread of its own."""
        KeyStore.of_floor(self.run_dir).ensure(role_of_actor(name, role))
        context = Context(
            name, role, str(self.run_dir), str(self.state_dir), "test", "BINANCE", settings or {}, attached=True
        )
        return self._start(kind(context))

    def _start(self, actor: Actor) -> Actor:
        pykka.ActorRegistry.register(actor.actor_ref)
        actor._start_actor_loop()
        self.actors.append(actor)
        wait_for(lambda: actor.state != "STARTING" or actor.failure is not None, f"{actor.name} starts")
        return actor

    def call(self, work: Callable[[], T]) -> T:
        """Run a function in the desk's loop."""

        async def body() -> T:
            return work()

        return self.run(body())

    def run(self, work: Coroutine[Any, Any, T], desk: Actor | None = None) -> T:
        """Run a coroutine in a desk's loop."""
        return asyncio.run_coroutine_threadsafe(work, (desk or self.desk).loop).result(LIMIT_S)

    def request(self, name: str, message: Message, timeout_s: float = 5.0) -> Reply:
        """Ask an actor, as whoever may: orders come from the gate, cancels here from an operator."""
        if isinstance(message, (SubmitOrder, SubmitOrderList, ModifyOrder, SetTradingState)):
            return self.run(self.gate.member.request(name, message, timeout_s), self.gate)
        if isinstance(message, (CancelOrder, CancelAll)):
            return self.run(self.operator.request(name, message, timeout_s))
        return self.run(self.desk.member.request(name, message, timeout_s))

    def ask(self, name: str, message: Message, timeout_s: float = 5.0) -> Future[Reply]:
        """Ask an actor as the gate does, and go on."""
        work = self.gate.member.request(name, message, timeout_s)
        return asyncio.run_coroutine_threadsafe(work, self.gate.loop)

    def subscribe(self, topic: str) -> Any:
        """Read a topic at the desk."""
        return self.call(lambda: self.desk.member.subscribe(topic, self.desk.keep, self.desk.went_stale))

    def messages(self, topic: str) -> list[tuple[Header, Message]]:
        """What was read of a topic."""
        return [(header, message) for name, header, message in list(self.desk.read) if name == topic]

    @property
    def events(self) -> list[Any]:
        """What the execution actor told."""
        return [numbered.event for numbered in list(self.desk.events)]

    def stop(self) -> None:
        """Stop everything, the supervisor last."""
        if self.desk.actor_ref.is_alive():
            self.run(self.operator.__aexit__(None, None, None))
        for actor in reversed(self.actors):
            if actor.actor_ref.is_alive():
                actor.actor_ref.stop(block=True, timeout=10)
        failures = [actor.failure for actor in self.actors if actor.failure not in (None, self.expected_failure)]
        assert not failures, failures


def wait_for(condition: Callable[[], object], what: str, limit_s: float = LIMIT_S) -> None:
    """Wait until a condition holds; fail saying what did not come."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, f"in {limit_s:g} s it did not come that {what}"
        os.sched_yield()
        time.sleep(0.005)
