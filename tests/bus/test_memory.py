"""The same publisher and readers on a bus in memory, by the thousand interleavings."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus.codec import Header, ReplyStatus, RequestHeader
from bus.messages import Code, GetStatus, Message, Quote, Status
from bus.requests import Client, Server
from bus.streams import Publisher, Reader, Subscription
from bus.transport import Frames
from tradefloor.testing import MemoryHub, MemoryTransport, VirtualClock, run_virtual

TOPIC = "market/A/quote/X.A/"
ENDPOINT = "memory://publisher"


def quote(number: int) -> Quote:
    return Quote("X.A", float(number), number + 1.0, 1.0, 1.0, number, 0, 0)


class Life:
    """One life of a publisher, and every state that it ever had."""

    def __init__(self, hub: MemoryHub, clock: VirtualClock, epoch: int, truth: dict[tuple[int, int], Quote]) -> None:
        self.truth, self.last = truth, quote(epoch * 1000)
        self.publisher = Publisher(
            MemoryTransport(hub), hub.loop, clock, ENDPOINT, "owner", ("market/A/",), lambda topic: self.last,
            lambda topic: None, lambda topic: None,
        )  # fmt: skip
        self.publisher.epoch = epoch
        truth[(epoch, 0)] = self.last

    def mark(self) -> None:
        """Mark a loss: it takes a number, and the state under that number is what it was."""
        if not self.publisher.is_stale(TOPIC):
            self.publisher.mark_stale(TOPIC, "the venue's socket is down")
            numbers = [number for epoch, number in self.truth if epoch == self.publisher.epoch]
            self.truth[(self.publisher.epoch, max(numbers) + 1)] = self.last

    def publish(self) -> None:
        self.last = quote(self.last.seq + 1)
        number = self.publisher.publish(TOPIC, self.last)
        self.truth[(self.publisher.epoch, number)] = self.last


class Believer:
    """A reader: what it holds for true at the moment, None while it is stale."""

    def __init__(self, hub: MemoryHub, truth: dict[tuple[int, int], Quote]) -> None:
        self.truth, self.belief, self.lies = truth, None, []  # type: ignore[var-annotated]
        self.reader = Reader(MemoryTransport(hub), hub.loop, ENDPOINT, "owner")
        self.subscription = Subscription(TOPIC, self.on_message, self.on_stale)
        self.reader.subscribe(self.subscription)

    def on_message(self, message: Message, header: Header, topic: str) -> None:
        self.belief = message
        if self.truth.get((header.epoch, header.seq)) != message:
            self.lies.append((header, message))

    def on_stale(self, topic: str, reason: str) -> None:
        self.belief = None


STEPS = st.lists(
    st.sampled_from(["publish", "publish", "publish", "lose", "join", "restart", "mark", "heal", "leave", "turn"]),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
def test_no_reader_ever_believes_a_state_that_the_publisher_did_not_have(steps: list[str]) -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        hub, clock = MemoryHub(loop), VirtualClock(loop)
        truth: dict[tuple[int, int], Quote] = {}
        life = Life(hub, clock, 1, truth)
        readers: list[Believer] = []
        losing = {"left": 0}

        def lose(endpoint: str, frames: Frames) -> bool:
            losing["left"] -= 1
            return losing["left"] >= 0

        hub.lose = lose
        for step in steps:
            if step == "publish":
                life.publish()
            elif step == "lose":
                losing["left"] = 1
            elif step == "join":
                readers.append(Believer(hub, truth))
            elif step == "leave" and readers:
                readers.pop(0).reader.close()
            elif step == "mark":
                life.mark()
            elif step == "heal" and life.publisher.is_stale(TOPIC):
                life.publisher.publish_state(TOPIC)
            elif step == "restart":
                life.publisher.close()
                life = Life(hub, clock, life.publisher.epoch + 1, truth)
            else:
                await asyncio.sleep(0.01)
        losing["left"] = 0
        life.publisher.publish_state(TOPIC)
        life.publish()
        await asyncio.sleep(10)
        for reader in readers:
            assert reader.lies == []
            assert reader.belief == life.last

    run_virtual(play())


def test_time_passes_only_when_nothing_else_can_happen() -> None:
    async def play() -> tuple[float, int]:
        loop = asyncio.get_running_loop()
        clock = VirtualClock(loop)
        before = clock.time_ns()
        await asyncio.sleep(3600)
        return loop.time(), clock.time_ns() - before

    assert run_virtual(play()) == (3600.0, 3600 * 10**9)


def test_a_program_that_would_wait_for_ever_says_so() -> None:
    async def play() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="would wait for ever"):
        run_virtual(play())


def test_requests_are_answered_or_not_sent_at_all() -> None:
    async def play() -> list[Any]:
        loop = asyncio.get_running_loop()
        hub, clock = MemoryHub(loop), VirtualClock(loop)
        client = Client(MemoryTransport(hub), loop, clock, "memory://server", "asker")
        absent = await client.send(GetStatus(), 1.0)

        def handle(message: Message, header: RequestHeader) -> Message:
            return Status("floor", 1, 0)

        Server(MemoryTransport(hub), clock, "memory://server", handle, asyncio.ensure_future, lambda error: None)
        present = await client.send(GetStatus(), 1.0)
        return [absent, present]

    absent, present = run_virtual(play())
    assert (absent.status, absent.code) == (ReplyStatus.NOT_SENT, Code.NOT_CONNECTED)
    assert present.ok
    assert isinstance(present.body, Status)
