"""The bus in memory: time that passes at once, messages in order, and requests that are answered or not sent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bus.codec import ReplyStatus, RequestHeader
from bus.messages import Code, GetStatus, Message, Status
from bus.requests import Client, Server
from bus.transport import Frames
from tradefloor.testing import MemoryHub, MemoryTransport, VirtualClock, run_virtual


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


def test_a_message_that_is_long_on_its_way_is_not_overtaken_by_a_later_one_of_the_same_peer() -> None:
    async def play() -> tuple[list[bytes], list[int]]:
        loop = asyncio.get_running_loop()
        hub = MemoryHub(loop)
        delays = {b"slow": 5.0, b"quick": 0.0}
        hub.delay_s = lambda endpoint, frames: delays.get(frames[-1], 0.0)
        came: list[bytes] = []
        drained: list[int] = []

        def take(frames: Frames) -> None:
            came.append(frames[-1])

        reader = MemoryTransport(hub).reader("memory://p", take)
        reader.on_drained(lambda: drained.append(len(came)))
        reader.subscribe(b"a/")
        first = MemoryTransport(hub).publisher("memory://p", lambda frames: None)
        for body in (b"slow", b"quick", b"quick"):
            first.send(b"a/", body)
        first.close()
        second = MemoryTransport(hub).publisher("memory://p", lambda frames: None)
        second.send(b"a/", b"of another life")
        await asyncio.sleep(1.0)
        assert not first.send(b"a/", b"from a closed socket")
        await asyncio.sleep(10.0)
        return came, drained

    came, drained = run_virtual(play())
    assert came == [b"of another life", b"slow", b"quick", b"quick"]
    assert drained == [1, 2, 4] or drained == [1, 4]
