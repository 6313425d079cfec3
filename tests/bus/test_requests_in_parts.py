"""An answer in parts: all of them in order and a good end, or an error; never more on the way than a few."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import aclosing
from typing import Any

import pytest
import zmq
from part_teller import QUESTION, Teller, taken
from request_peers import Counted, Foreign

from bus import requests
from bus.clock import SystemClock
from bus.codec import WIRE_VERSION, ReplyHeader, ReplyStatus, decode_request_header, encode
from bus.memory import MemoryHub, MemoryTransport
from bus.messages import Acknowledged, AcknowledgeParts, CancelRequest, Code, Empty, GetStatus, Refused, Status
from bus.requests import Client, RequestFailed, Server, server
from bus.requests.parts import PARTS_KEPT
from bus.requests.running import WINDOW
from bus.virtual_time import VirtualClock, run_virtual


async def test_a_long_answer_comes_part_by_part_and_ends(wire: Any, eventually: Any) -> None:
    teller = Teller(10 * WINDOW)
    answering = wire.server(teller)
    assert await taken(wire.client().chunks(QUESTION)) == list(range(1, 10 * WINDOW + 1))
    await eventually(lambda: teller.closed == 1)
    assert answering._running == {}
    assert answering.counters["withdrawn"] == 0


async def test_no_more_parts_are_on_their_way_than_the_window_holds(wire: Any, eventually: Any) -> None:
    teller = Teller(5 * WINDOW)
    wire.server(teller)
    client = wire.client()
    async with aclosing(client.chunks(QUESTION)) as parts:
        for number in range(1, 2 * WINDOW):
            assert await anext(parts) == Acknowledged(number)
            await eventually(lambda number=number: teller.given == number + WINDOW)
            for _ in range(50):
                await asyncio.sleep(0)  # turns in which more could be sent
            assert teller.given == number + WINDOW
        assert await taken(parts) == list(range(2 * WINDOW, 5 * WINDOW + 1))


async def test_a_caller_that_acknowledges_nothing_gets_one_window(wire: Any, eventually: Any) -> None:
    teller = Teller(WINDOW + 2)
    answering = wire.server(teller)
    foreign = Foreign(wire, eventually)
    foreign.send(7, QUESTION)
    headers = [(await foreign.answer())[0] for _ in range(WINDOW)]
    assert {header.status for header in headers} == {ReplyStatus.CHUNK}
    assert [header.part for header in headers] == list(range(1, WINDOW + 1))
    assert teller.given == WINDOW
    foreign.send(8, AcknowledgeParts(7, 10**9))  # more than were sent: all that were sent
    await foreign.answer()
    await foreign.answer()
    end, body = await foreign.answer()
    assert (end.status, end.part, body) == (ReplyStatus.OK, WINDOW + 2, Empty())
    assert answering._running == {}


async def test_an_answer_of_one_message_is_one_part_and_of_nothing_none(wire: Any) -> None:
    handle = Counted(Acknowledged(7))
    wire.server(handle)
    client = wire.client()
    assert await taken(client.chunks(QUESTION)) == [7]
    handle.answer = None
    assert await taken(client.chunks(QUESTION)) == []
    handle.answer = Teller(0)
    wire.server(lambda message, header: handle.answer(message, header), name="t")
    assert await taken(wire.client("t").chunks(QUESTION)) == []


async def test_an_iterator_may_come_from_an_async_handler(wire: Any) -> None:
    teller = Teller(3)

    async def handle(message: Any, header: Any) -> Any:
        await asyncio.sleep(0)
        return teller(message, header)

    wire.server(handle)
    assert await taken(wire.client().chunks(QUESTION)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("last", "status", "code", "definite"),
    [
        (ArithmeticError("a bug of ours"), ReplyStatus.FAILED, Code.HANDLER_FAILED, False),
        (Refused(Code.NOT_READY, "not now"), ReplyStatus.DENIED, Code.NOT_READY, True),
    ],
)
async def test_an_answer_that_ends_badly_raises_after_its_last_part(
    wire: Any, last: Any, status: ReplyStatus, code: Code, definite: bool
) -> None:
    told: list[BaseException] = []
    teller = Teller(3, last)
    wire.server(teller, told.append)
    got = []

    async def take() -> None:
        async for part in wire.client().chunks(QUESTION):
            got.append(part)

    with pytest.raises(RequestFailed) as failure:
        await take()
    assert got == [Acknowledged(number) for number in (1, 2, 3)]
    reply = failure.value.reply
    assert (reply.status, reply.code, reply.definite) == (status, code, definite)
    assert str(reply.code) in str(failure.value)
    assert told == ([last] if isinstance(last, Exception) else [])
    assert teller.closed == 1


async def test_a_question_that_is_refused_or_not_sent_raises_at_once(wire: Any) -> None:
    wire.server(Counted(Refused(Code.UNSUPPORTED, "no")))
    with pytest.raises(RequestFailed, match="UNSUPPORTED: no"):
        await taken(wire.client().chunks(QUESTION))
    with pytest.raises(RequestFailed, match="NOT_CONNECTED"):
        await taken(wire.client("nobody").chunks(QUESTION, 0.05))


async def test_a_command_is_never_answered_in_parts(wire: Any) -> None:
    told: list[BaseException] = []
    teller = Teller(3)
    wire.server(teller, told.append)
    with pytest.raises(RequestFailed, match="only a question may be"):
        await taken(wire.client().chunks(Acknowledged(1)))
    assert [type(error) for error in told] == [TypeError]
    assert teller.given == 0


async def test_who_asks_for_one_message_is_told_that_there_are_parts(wire: Any, eventually: Any) -> None:
    teller = Teller(100)
    answering = wire.server(teller)
    client = wire.client()
    reply = await client.request(QUESTION)
    assert (reply.status, reply.code, reply.definite) == (ReplyStatus.FAILED, Code.IN_PARTS, False)
    await eventually(lambda: teller.closed == 1)
    assert answering.counters["withdrawn"] == 1
    assert client._waiting == {}


async def test_who_leaves_early_has_withdrawn(wire: Any, eventually: Any) -> None:
    teller = Teller(100)
    answering = wire.server(teller)
    client = wire.client()
    async for part in client.chunks(QUESTION):
        if part == Acknowledged(3):
            break
    await eventually(lambda: teller.closed == 1)
    assert answering.counters["withdrawn"] == 1
    assert (answering._running, client._waiting) == ({}, {})
    assert teller.given <= 3 + WINDOW
    assert await taken(client.chunks(QUESTION)) == list(range(1, 101))


async def test_a_task_that_is_cancelled_between_parts_has_withdrawn(wire: Any, eventually: Any) -> None:
    teller = Teller(5)
    teller.pauses[3] = asyncio.Event()
    answering = wire.server(teller)
    client = wire.client()
    task = asyncio.ensure_future(taken(client.chunks(QUESTION, 30.0)))
    await eventually(lambda: teller.given == 2)
    task.cancel()
    await eventually(lambda: teller.closed == 1)
    assert task.cancelled()
    assert (answering._running, client._waiting) == ({}, {})


async def test_a_caller_that_is_gone_ends_the_iterator_with_the_next_part(wire: Any, eventually: Any) -> None:
    teller = Teller(5)
    teller.pauses[2] = asyncio.Event()
    answering = wire.server(teller)
    transport = wire.transport()
    client = Client(transport, wire.loop, SystemClock(), wire.endpoint("s"), "gone")
    asking = asyncio.ensure_future(taken(client.chunks(QUESTION, 30.0)))
    await eventually(lambda: teller.given == 1)
    client._waiting.clear()  # it dies without a word
    wire.stop(transport)

    (running,) = answering._running.values()
    await eventually(lambda: not answering._link.send(running.askers[0], b"", b""), "its server's socket knows")
    teller.pauses[2].set()
    await eventually(lambda: teller.closed == 1, "the iterator is closed")
    assert answering._running == {}
    assert answering.counters["unanswered"] >= 1
    asking.cancel()


async def test_a_caller_that_takes_nothing_ends_the_iterator_in_time(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "ACKNOWLEDGE_S", 0.05)
    teller = Teller(100)
    answering = wire.server(teller)
    foreign = Foreign(wire, eventually)
    foreign.send(7, QUESTION)
    for _ in range(WINDOW):
        await foreign.answer()
    header, body = await foreign.answer()
    assert (header.status, header.code) == (ReplyStatus.FAILED, Code.PARTS_NOT_TAKEN)
    assert isinstance(body, Refused)
    assert (teller.closed, answering._running) == (1, {})


def test_the_time_is_for_each_part_and_not_for_all() -> None:
    async def whole() -> None:
        loop = asyncio.get_running_loop()
        hub, clock = MemoryHub(loop), VirtualClock(loop)
        teller = Teller(20)
        answering = Server(MemoryTransport(hub), clock, "ipc://s", teller, asyncio.ensure_future, lambda error: None)
        client = Client(MemoryTransport(hub), loop, clock, "ipc://s", "caller")
        teller.pause_s = 0.9
        assert len(await taken(client.chunks(QUESTION, 1.0))) == 20
        assert 17.9 < loop.time() < 18.1
        teller.pause_s = 1.1
        with pytest.raises(RequestFailed) as failure:
            await taken(client.chunks(QUESTION, 1.0))
        assert failure.value.reply.code is Code.TIMED_OUT
        assert not failure.value.reply.definite
        assert 18.9 < loop.time() < 19.1
        await asyncio.sleep(0.01)
        assert (teller.closed, answering._running, client._waiting) == (2, {}, {})
        teller.pause_s = 0.0
        async for _ in client.chunks(QUESTION, 1.0):
            await asyncio.sleep(5.0)  # a caller that takes its time is not held to it

    run_virtual(whole())


async def test_an_answer_asked_for_again_on_a_new_connection_begins_anew(wire: Any, eventually: Any) -> None:
    teller = Teller(5)
    teller.pauses[3] = asyncio.Event()
    answering = wire.server(teller)
    first, second = Foreign(wire, eventually), Foreign(wire, eventually)
    first.send(7, QUESTION)
    assert [(await first.answer())[0].part for _ in range(2)] == [1, 2]
    first.send(7, QUESTION)  # on the same connection it says nothing new
    await eventually(lambda: answering.counters["repeated"] == 1)
    assert teller.begun == 1
    second.send(7, QUESTION)
    assert [(await second.answer())[0].part for _ in range(2)] == [1, 2]
    await eventually(lambda: teller.closed == 1)
    teller.pauses[3].set()
    assert [(await second.answer())[0].part for _ in range(4)] == [3, 4, 5, 5]
    assert (await first.answer())[0].code is Code.WITHDRAWN
    assert (teller.begun, teller.closed, answering._running) == (2, 2, {})


async def test_of_connections_that_waited_the_newest_gets_the_parts(wire: Any, eventually: Any) -> None:
    teller, may_begin = Teller(3), asyncio.Event()

    async def handle(message: Any, header: Any) -> Any:
        await may_begin.wait()
        return teller(message, header)

    answering = wire.server(handle)
    lost, newest = Foreign(wire, eventually), Foreign(wire, eventually)
    lost.send(7, QUESTION)
    await eventually(lambda: answering._running)
    lost.socket.close()
    newest.send(7, QUESTION)
    await eventually(lambda: answering.counters["repeated"] == 1)
    may_begin.set()
    assert [(await newest.answer())[0].part for _ in range(4)] == [1, 2, 3, 3]
    assert teller.begun == 1


class Forger:
    """A server that says what a test wants it to."""

    def __init__(self, wire: Any, eventually: Any) -> None:
        self.socket = wire.socket(zmq.ROUTER)
        self.socket.bind(wire.endpoint("s"))
        self.eventually = eventually

    async def take(self) -> tuple[bytes, int, bytes]:
        frames: list[bytes] = []

        def come() -> bool:
            try:
                frames[:] = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return False
            return True

        await self.eventually(come)
        header = decode_request_header(frames[1])
        return frames[0], header.id, frames[2]  # type: ignore[union-attr]

    def say(self, peer: bytes, number: int, status: int, part: int, raw: bytes) -> None:
        self.socket.send_multipart([peer, encode(ReplyHeader(WIRE_VERSION, number, status, Code.NONE, part)), raw])


PART, END = ReplyStatus.CHUNK, ReplyStatus.OK


@pytest.mark.parametrize(
    ("answers", "code", "is_withdrawn"),
    [
        ([(PART, 1), (PART, 3)], Code.PARTS_MISSING, True),
        ([(PART, 1), (PART, 1)], Code.PARTS_MISSING, True),
        ([(PART, 2)], Code.PARTS_MISSING, True),
        ([(PART, 1), (END, 2)], Code.PARTS_MISSING, False),
        ([(PART, 1), (END, 0)], Code.PARTS_MISSING, False),
        ([(END, 3)], Code.PARTS_MISSING, False),
        ([(PART, 1), (42, 1)], Code.NONE, False),
        ([(PART, number) for number in range(1, PARTS_KEPT + 3)], Code.PARTS_NOT_TAKEN, True),
    ],
)
async def test_a_truncated_answer_never_looks_complete(
    wire: Any, eventually: Any, answers: list[tuple[int, int]], code: Code, is_withdrawn: bool
) -> None:
    forger = Forger(wire, eventually)
    client = wire.client()
    parts = client.chunks(QUESTION, 30.0)
    first = asyncio.ensure_future(anext(parts))
    peer, number, _ = await forger.take()
    for status, part in answers:
        forger.say(peer, number, status, part, encode(Acknowledged(part) if status == PART else Empty()))
    await eventually(lambda: client._waiting == {})  # all of it came

    async def take() -> None:
        await first
        await taken(parts)

    with pytest.raises(RequestFailed) as failure:
        await take()
    assert failure.value.reply.code is code
    assert failure.value.reply.status is ReplyStatus.FAILED
    assert not failure.value.reply.definite
    if is_withdrawn:
        said = b""
        while b"CancelRequest" not in said:
            _, _, said = await forger.take()
        assert said == encode(CancelRequest(number))


async def test_a_part_that_cannot_be_read_ends_the_answer(wire: Any, eventually: Any) -> None:
    forger = Forger(wire, eventually)
    parts = wire.client().chunks(QUESTION, 30.0)
    first = asyncio.ensure_future(anext(parts))
    peer, number, _ = await forger.take()
    forger.say(peer, number, PART, 1, b"\xc1")
    with pytest.raises(RequestFailed, match="UNREADABLE: the answer cannot be read"):
        await first


async def test_a_server_that_is_killed_between_parts_leaves_an_error(
    wire: Any, eventually: Any, server_process: subprocess.Popen[bytes]
) -> None:
    client = wire.client()
    got: list[Any] = []

    async def take() -> None:
        async for part in client.chunks(QUESTION, 30.0):
            got.append(part)

    taking = asyncio.ensure_future(take())
    await eventually(lambda: len(got) >= 3 * WINDOW)
    server_process.kill()
    server_process.wait()
    client.lose()  # as the directory has it
    with pytest.raises(RequestFailed) as failure:
        await taking
    assert failure.value.reply.code is Code.LOST
    assert [part.upto for part in got] == list(range(1, len(got) + 1))


async def test_a_caller_that_is_killed_between_parts_frees_its_server(
    wire: Any, eventually: Any, server_process: subprocess.Popen[bytes]
) -> None:
    """The server in its own process says how many iterators it holds."""
    client = wire.client()
    transport = wire.transport()
    gone = requests.Client(transport, wire.loop, SystemClock(), wire.endpoint("s"), "gone")
    taking = asyncio.ensure_future(taken(gone.chunks(QUESTION, 30.0)))

    async def open_iterators(expected: int) -> None:
        while True:
            status = (await client.request(GetStatus(), 20.0)).body
            assert isinstance(status, Status)
            if status.counters["open"] == expected:
                return

    await open_iterators(1)
    gone._waiting.clear()
    wire.stop(transport)
    await open_iterators(0)
    taking.cancel()
