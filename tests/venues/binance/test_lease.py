"""A writer's lease: whoever was frozen or cut off for longer writes no new order, and cancels all the same.

The execution actor is a process of its own here, frozen by SIGSTOP with an order waiting in its socket.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import msgspec
import pytest
from binance_floor import ROOT, Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received
from freezing import freeze

from actors.runtime import Actor, ActorSpec, Context
from bus.member import Member
from bus.messages import CancelOrder, Code, Message, NewOrder, OrderEventKind, PrivateStream, SubmitOrder
from bus.requests import Reply
from bus.security import KeyStore, role_of_actor
from venues.execution import LEASE_S

Kind = OrderEventKind
PATIENCE_S = 30.0
"""Of these requests: no deadline is what refuses them."""


@pytest.fixture
def process(floor: Floor, venue: TwinProcess, short_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    context = Context(
        NAME, "execution", str(floor.run_dir), str(floor.state_dir), "test", "BINANCE", venue.settings, attached=True
    )
    KeyStore.of_floor(floor.run_dir).ensure(role_of_actor(NAME, "execution"))
    file = short_dir / "execution.json"
    file.write_bytes(msgspec.json.encode(ActorSpec("venues.binance.execution:Execution", context)))
    words = [sys.executable, "-m", "actors.runtime", str(file)]
    started = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL)
    wait_for(lambda: floor.events and isinstance(floor.events[0], PrivateStream), "the private stream is up")
    yield started
    started.send_signal(signal.SIGCONT)
    started.terminate()
    started.wait(15)


class Silence:
    """While it lasts the supervisor answers nobody: what thaws is not confirmed by it."""

    def __init__(self, floor: Floor) -> None:
        self.over = threading.Event()
        began = threading.Event()

        def block() -> None:
            began.set()
            self.over.wait(3.0)  # under the supervisor's own lease

        floor.supervisor.loop.call_soon_threadsafe(block)
        assert began.wait(5.0)


def send(floor: Floor, by: Actor, member: Member, message: Message) -> Future[Reply]:
    """Send a request from an actor's loop, and go on once it is on its way."""

    async def answer() -> Reply:
        return await member.send(NAME, message, PATIENCE_S)

    async def turn() -> None:
        pass

    waiting = asyncio.run_coroutine_threadsafe(answer(), by.loop)
    floor.run(turn(), by)  # the loop takes things in turn
    return waiting


def connected(floor: Floor) -> tuple[Trader, NewOrder]:
    """Return a trader whose gate and operator are connected to the actor, and an order that rests."""
    trader = Trader(floor)
    first, resting = trader.submit()[0], trader.submit()[0]
    for order in (first, resting):
        trader.wait(order, Kind.ACCEPTED)
    assert trader.cancel(first).ok
    trader.wait(first, Kind.CANCELED)
    return trader, resting


def frozen(process: subprocess.Popen[bytes], seconds: float) -> None:
    freeze(process.pid)
    end = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() >= end, "it was frozen for long enough")


def test_an_actor_that_was_frozen_for_longer_than_its_lease_writes_no_order_and_cancels_all_the_same(
    floor: Floor, venue: TwinProcess, process: subprocess.Popen[bytes]
) -> None:
    trader, resting = connected(floor)
    frozen(process, LEASE_S + 0.5)
    silence = Silence(floor)
    cancel = CancelOrder(resting.client_order_id, "BINANCE", ID, resting.strategy)
    waiting = [
        send(floor, floor.gate, floor.gate.member, SubmitOrder(trader.order())),
        send(floor, floor.desk, floor.operator.member, cancel),
    ]
    process.send_signal(signal.SIGCONT)
    wait_for(lambda: all(future.done() for future in waiting), "both are answered")
    refused, canceled = (future.result() for future in waiting)
    assert (refused.code, refused.definite) == (Code.LEASE_LAPSED, True)
    assert canceled.ok
    trader.wait(resting, Kind.CANCELED)
    silence.over.set()
    # confirmed again by a heartbeat, it trades on
    wait_for(lambda: floor.request(NAME, SubmitOrder(trader.order())).ok, "its lease is renewed")
    placed = [line["params"]["newClientOrderId"] for line in received(venue, "order.place")]
    assert len(placed) == 3
    assert placed[1] == resting.client_order_id


def test_an_actor_that_was_frozen_for_less_writes_what_waited(
    floor: Floor, venue: TwinProcess, process: subprocess.Popen[bytes]
) -> None:
    trader, _ = connected(floor)
    frozen(process, LEASE_S / 2)
    silence = Silence(floor)
    order = trader.order()
    future = send(floor, floor.gate, floor.gate.member, SubmitOrder(order))
    process.send_signal(signal.SIGCONT)
    wait_for(future.done, "it is answered")
    silence.over.set()
    assert future.result().ok
    trader.wait(order, Kind.ACCEPTED)
