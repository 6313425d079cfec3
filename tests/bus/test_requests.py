"""Request and reply over real sockets: answered once, or it is said what is known."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zmq
from freezing import freeze
from request_peers import LATER_NS, Counted, Foreign

from bus import requests
from bus.clock import SystemClock
from bus.codec import (
    WIRE_VERSION,
    ReplyHeader,
    ReplyStatus,
    RequestHeader,
    encode,
)
from bus.messages import Acknowledged, Code, Empty, GetStatus, Message, Refused, Schema, Status
from bus.requests import Server, answers

SERVER = Path(__file__).with_name("server_process.py")


def next_life(endpoint: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, str(SERVER), endpoint])


async def test_a_request_is_answered(wire: Any) -> None:
    wire.server(Counted(lambda message: Acknowledged(message.upto + 1)))
    reply = await wire.client().request(Acknowledged(1))
    assert reply.ok
    assert reply.definite
    assert reply.body == Acknowledged(2)
    assert reply.status is ReplyStatus.OK


async def test_an_async_handler_may_take_its_time_while_others_are_answered(wire: Any) -> None:
    first_may_end = asyncio.Event()

    async def slow(message: Acknowledged) -> Message:
        if message.upto == 1:
            await first_may_end.wait()
        return message

    wire.server(Counted(slow))
    client = wire.client()
    assert (await client.request(Acknowledged(0))).ok
    first = client.send(Acknowledged(1))
    assert (await client.request(Acknowledged(2))).body == Acknowledged(2)
    assert not first.done()
    first_may_end.set()
    assert (await first).body == Acknowledged(1)


async def test_nothing_to_say_is_ok_and_a_refusal_is_denied_with_its_code(wire: Any) -> None:
    def judge(message: Acknowledged) -> Message | None:
        return Refused(Code.NOT_ALLOWED, "not you") if message.upto else None

    server = wire.server(Counted(judge))
    client = wire.client()
    nothing = await client.request(Acknowledged(0))
    assert (nothing.ok, nothing.body) == (True, Empty())
    refused = await client.request(Acknowledged(1))
    assert (refused.ok, refused.definite) == (False, True)
    assert (refused.status, refused.code, refused.reason) == (ReplyStatus.DENIED, Code.NOT_ALLOWED, "not you")
    assert server.counters["refused"] == 1


async def test_no_wake_up_is_lost_where_every_message_causes_another(wire: Any) -> None:
    """A send may eat the edge of a socket's descriptor; whoever then waits for the edge waits for ever."""
    servers = [wire.server(Counted(lambda message: message), name=f"s{number}") for number in range(2)]
    clients = [wire.client(f"s{number}") for number in range(2)]
    for client in clients:
        assert (await client.request(Acknowledged(0))).ok
    done, left = asyncio.Event(), 20_000

    def go_on(future: asyncio.Future[Any] | None = None) -> None:
        nonlocal left
        assert future is None or future.result().ok
        left -= 1
        if left > 0:  # cross-wired: an answer on one socket sends on the other
            clients[left % 2].send(Acknowledged(left), 30.0).add_done_callback(go_on)
        elif left == -19:
            done.set()

    for _ in range(20):
        go_on()
    await done.wait()
    assert sum(server.counters["requests"] for server in servers) >= 20_000


async def test_without_an_answer_by_the_deadline_nobody_knows(wire: Any) -> None:
    never = asyncio.Event()
    handle = Counted(lambda message: never.wait())
    wire.server(handle)
    reply = await wire.client().request(Acknowledged(1), 0.2)
    assert (reply.status, reply.code) == (ReplyStatus.NO_ANSWER, Code.TIMED_OUT)
    assert not reply.ok
    assert not reply.definite
    assert handle.executed == [Acknowledged(1)]


async def test_without_a_server_nothing_is_sent_and_that_is_definite(wire: Any) -> None:
    future = wire.client().send(Acknowledged(1), 30.0)
    assert future.done()
    reply = future.result()
    assert (reply.status, reply.code) == (ReplyStatus.NOT_SENT, Code.NOT_CONNECTED)
    assert reply.definite
    assert not reply.ok


async def test_nothing_is_queued_for_a_server_that_is_not_there(wire: Any) -> None:
    client = wire.client()
    for number in range(10):
        assert client.send(Acknowledged(number)).result().status is ReplyStatus.NOT_SENT
    handle = Counted()
    wire.server(handle)
    assert (await client.request(Acknowledged(99))).ok
    assert handle.executed == [Acknowledged(99)]


async def test_a_request_waits_for_a_server_that_comes_within_its_deadline(wire: Any) -> None:
    client = wire.client()
    asked = asyncio.ensure_future(client.request(Acknowledged(5), 20.0))
    await asyncio.sleep(0)
    wire.server(Counted(Acknowledged(6)))
    assert (await asked).body == Acknowledged(6)


async def test_a_request_that_no_server_comes_for_ends_at_its_deadline(wire: Any) -> None:
    reply = await wire.client().request(Acknowledged(5), 0.1)
    assert reply.status is ReplyStatus.NOT_SENT


async def test_a_late_request_is_refused_and_never_executed(
    wire: Any, eventually: Any, server_process: subprocess.Popen[bytes]
) -> None:
    client = wire.client()
    assert (await client.request(Acknowledged(1), 20.0)).ok
    freeze(server_process.pid)
    late = await client.send(Acknowledged(2), 0.2)
    assert (late.status, late.code) == (ReplyStatus.NO_ANSWER, Code.TIMED_OUT)
    os.kill(server_process.pid, signal.SIGCONT)
    status = (await client.request(GetStatus(), 20.0)).body  # behind the late one in the same pipe
    assert isinstance(status, Status)
    assert status.counters["expired"] == 1
    assert status.counters["executed"] == 1


async def test_a_request_past_its_deadline_is_answered_expired(wire: Any, eventually: Any) -> None:
    handle = Counted()
    server = wire.server(handle)
    foreign = Foreign(wire, eventually)
    foreign.send(1, Acknowledged(1), in_ns=-1)
    header, body = await foreign.answer()
    assert (header.id, header.status, header.code) == (1, ReplyStatus.EXPIRED, Code.EXPIRED)
    assert isinstance(body, Refused)
    assert handle.executed == []
    assert server.counters["expired"] == 1


async def test_a_repeated_id_is_answered_again_and_executed_once(wire: Any, eventually: Any) -> None:
    handle = Counted(lambda message: Acknowledged(message.upto + 1))
    server = wire.server(handle)
    foreign = Foreign(wire, eventually)
    answers = []
    for _ in range(3):
        foreign.send(7, Acknowledged(1))
        answers.append(await foreign.answer())
    assert [header.status for header, _ in answers] == [ReplyStatus.OK, ReplyStatus.DUPLICATE, ReplyStatus.DUPLICATE]
    assert {header.id for header, _ in answers} == {7}
    assert [body for _, body in answers] == [Acknowledged(2)] * 3
    assert handle.executed == [Acknowledged(1)]
    assert server.counters["repeated"] == 2


async def test_a_repeated_id_is_known_even_past_its_deadline(wire: Any, eventually: Any) -> None:
    wire.server(Counted(Acknowledged(2)))
    foreign = Foreign(wire, eventually)
    foreign.send(7, Acknowledged(1))
    await foreign.answer()
    foreign.send(7, Acknowledged(1), in_ns=-1)
    assert (await foreign.answer())[0].status == ReplyStatus.DUPLICATE


async def test_a_repeated_id_is_given_the_first_refusal_again(wire: Any, eventually: Any) -> None:
    refusals = iter([Refused(Code.NOT_ALLOWED, "first"), Refused(Code.UNSUPPORTED, "second")])
    handle = Counted(lambda message: next(refusals))
    wire.server(handle)
    foreign = Foreign(wire, eventually)
    for _ in range(2):
        foreign.send(7, Acknowledged(1))
        header, body = await foreign.answer()
        assert (header.status, header.code, body) == (
            ReplyStatus.DENIED,
            Code.NOT_ALLOWED,
            Refused(Code.NOT_ALLOWED, "first"),
        )
    assert len(handle.executed) == 1


async def test_an_id_repeated_while_it_is_executed_is_not_executed_again(wire: Any, eventually: Any) -> None:
    may_end = asyncio.Event()

    async def slow(message: Message) -> Message:
        await may_end.wait()
        return Acknowledged(9)

    handle = Counted(slow)
    server = wire.server(handle)
    foreign = Foreign(wire, eventually)
    foreign.send(7, Acknowledged(1))
    foreign.send(7, Acknowledged(1))
    await eventually(lambda: server.counters["repeated"] == 1)
    may_end.set()
    assert (await foreign.answer())[0].status == ReplyStatus.OK
    assert len(handle.executed) == 1


async def test_one_callers_id_is_not_anothers(wire: Any) -> None:
    handle = Counted()
    wire.server(handle)
    for _ in range(2):
        client = wire.client()
        client._next_id, client._caller = 100, f"caller {len(handle.executed)}"
        assert (await client.request(Acknowledged(1))).status is ReplyStatus.OK
    assert len(handle.executed) == 2


async def test_a_big_answer_to_a_question_is_not_kept(wire: Any, eventually: Any) -> None:
    big = Refused(Code.NONE, "x" * (answers.KEPT_ANSWER_BYTES + 1))
    handle = Counted(big)
    server = wire.server(handle)
    foreign = Foreign(wire, eventually)
    for _ in range(2):
        foreign.send(7, GetStatus())
        assert (await foreign.answer())[1] == big
    assert len(handle.executed) == 2
    assert len(server._answers) == 0


async def test_a_command_with_a_big_answer_is_executed_once_all_the_same(wire: Any, eventually: Any) -> None:
    handle = Counted(Schema(b"x" * (answers.KEPT_ANSWER_BYTES + 1)))
    wire.server(handle)
    foreign = Foreign(wire, eventually)
    foreign.send(7, Acknowledged(1))
    assert (await foreign.answer())[1] == handle.answer
    foreign.send(7, Acknowledged(1))
    header, body = await foreign.answer()
    assert (header.status, body) == (ReplyStatus.DUPLICATE, Empty())
    assert len(handle.executed) == 1


async def test_answers_are_kept_in_a_bounded_number(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ANSWERS_KEPT", 10)
    server = wire.server(Counted())
    client = wire.client()
    for number in range(30):
        assert (await client.request(Acknowledged(number))).ok
    assert len(server._answers) == 10


async def test_answers_are_kept_in_a_bounded_number_of_bytes(wire: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "ANSWERS_BYTES", 10_000)
    server = wire.server(Counted(Refused(Code.UNSUPPORTED, "x" * 1_000)))
    client = wire.client()
    for number in range(30):
        await client.request(Acknowledged(number))
    assert 8 <= len(server._answers) <= 10
    assert server._answers.size <= 10_000


async def test_a_killed_server_leaves_the_outcome_unknown(
    wire: Any, eventually: Any, server_process: subprocess.Popen[bytes]
) -> None:
    client = wire.client()
    assert (await client.request(Acknowledged(1), 20.0)).ok
    pending = [client.send(Acknowledged(0), 30.0) for _ in range(5)]  # executed, never answered
    await client.request(GetStatus(), 20.0)
    server_process.kill()
    client.lose()
    for reply in [await future for future in pending]:
        assert (reply.status, reply.code) == (ReplyStatus.NO_ANSWER, Code.LOST)
        assert not reply.definite
    await eventually(lambda: client.send(Acknowledged(1), 30.0).done())  # from then on nothing is sent


async def test_nothing_that_was_meant_for_a_killed_server_reaches_its_next_life(
    wire: Any, eventually: Any, server_process: subprocess.Popen[bytes]
) -> None:
    client = wire.client()
    assert (await client.request(Acknowledged(1), 20.0)).ok
    server_process.kill()
    server_process.wait()
    # the first few may go into a pipe whose end nobody has noticed yet
    await eventually(lambda: client.send(Acknowledged(2), 30.0).done())
    assert client.send(Acknowledged(2), 30.0).result().status is ReplyStatus.NOT_SENT
    with next_life(wire.endpoint("s")) as again:
        try:
            assert (await client.request(Acknowledged(3), 20.0)).ok
            status = (await client.request(GetStatus(), 20.0)).body
        finally:
            again.kill()
    assert isinstance(status, Status)
    assert status.counters["executed"] == 1


async def test_closing_a_caller_ends_what_waits(wire: Any) -> None:
    never = asyncio.Event()
    wire.server(Counted(lambda message: never.wait()))
    client = wire.client()
    assert (await client.request(Acknowledged(1), 0.1)).status is ReplyStatus.NO_ANSWER
    pending = client.send(Acknowledged(2), 30.0)
    client.close()
    assert (await pending).code is Code.LOST


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_handler_that_raises_is_answered_before_its_actor_is_told(
    wire: Any, eventually: Any, is_async: bool
) -> None:
    told: list[tuple[BaseException, bool]] = []

    def fail(message: Message) -> Message:
        raise ArithmeticError("a bug of ours")

    async def fail_later(message: Message) -> Message:
        return fail(message)

    server: Server
    server = wire.server(
        Counted(fail_later if is_async else fail),
        lambda error: told.append((error, len(server._answers) == 1)),
    )
    reply = await wire.client().request(Acknowledged(1))
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, Code.HANDLER_FAILED)
    assert reply.reason == "ArithmeticError: a bug of ours"
    assert not reply.definite
    ((error, answered),) = told
    assert isinstance(error, ArithmeticError)
    assert answered


async def test_unreadable_frames_are_counted_and_the_next_good_request_is_answered(wire: Any, eventually: Any) -> None:
    handle = Counted()
    server = wire.server(handle)
    foreign = Foreign(wire, eventually)
    now = SystemClock().monotonic_ns()
    good = encode(RequestHeader(WIRE_VERSION, 1, "foreign", 1, now + LATER_NS, 0))
    body = encode(Acknowledged(1))
    unreadable = [[b"x"], [b"", b"", b""], [b"x", body], [good], [good, body, b"more"], [b"", b""]]
    for frames in unreadable:
        foreign.socket.send_multipart(frames)
    for raw in (b"\xc1", b"\x92\xabNobodyKnows\x01"):
        foreign.socket.send_multipart([good, raw])
        header, answer = await foreign.answer()
        assert (header.status, header.code) == (ReplyStatus.DENIED, Code.UNREADABLE)
        assert isinstance(answer, Refused)
    foreign.send(2, Acknowledged(2))
    assert (await foreign.answer())[0].status == ReplyStatus.OK
    assert handle.executed == [Acknowledged(2)]
    assert server.counters["unreadable"] == len(unreadable) + 2


async def test_a_caller_believes_no_foreign_answer(wire: Any, eventually: Any) -> None:
    server = wire.socket(zmq.ROUTER)
    server.bind(wire.endpoint("s"))
    client = wire.client()
    asked = asyncio.ensure_future(client.request(Acknowledged(1), 30.0))
    frames: list[bytes] = []

    def come() -> bool:
        try:
            frames[:] = server.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    await eventually(come)
    peer, number = frames[0], client._next_id
    for answer in (
        [b"x"],
        [b"x", encode(Empty())],
        [encode(ReplyHeader(WIRE_VERSION, number + 1, 0, Code.NONE)), encode(Empty())],
        [encode(ReplyHeader(WIRE_VERSION + 1, number + 1, 0, Code.NONE)), encode(Empty())],
        [encode(ReplyHeader(WIRE_VERSION, number, 0, Code.NONE))],
    ):
        server.send_multipart([peer, *answer])
    server.send_multipart([peer, encode(ReplyHeader(WIRE_VERSION, number, 0, Code.NONE)), b"\xc1"])
    reply = await asked
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, Code.UNREADABLE)
    assert not reply.definite


async def test_a_caller_that_is_gone_costs_its_server_one_count(wire: Any, eventually: Any) -> None:
    may_end = asyncio.Semaphore(0)

    async def slow(message: Message) -> Message:
        await may_end.acquire()
        return message

    handle = Counted(slow)
    server = wire.server(handle)
    transport = wire.transport()
    client = requests.Client(transport, wire.loop, SystemClock(), wire.endpoint("s"), "gone")
    asked = asyncio.ensure_future(client.request(Acknowledged(0), 30.0))
    await eventually(lambda: handle.executed)
    for number in range(1, 3_000):
        client.send(Acknowledged(number), 30.0)
    await eventually(lambda: len(handle.executed) == 3_000)
    client.close()
    wire.stop(transport)
    assert (await asked).code is Code.LOST

    def answer_one_more() -> int:
        may_end.release()
        return server.counters["unanswered"]

    await eventually(answer_one_more)  # the first ones may still go into a pipe that nobody has seen closing
    handle.answer = None
    assert (await wire.client().request(Acknowledged(2))).ok


def test_every_answer_to_a_caller_says_whether_it_is_definite() -> None:
    def reply(status: ReplyStatus) -> requests.Reply:
        return requests.Reply(status, Code.NONE, Empty())

    indefinite = {status for status in ReplyStatus if not reply(status).definite}
    assert indefinite == {ReplyStatus.NO_ANSWER, ReplyStatus.FAILED}
    assert {status for status in ReplyStatus if reply(status).ok} == {ReplyStatus.OK, ReplyStatus.DUPLICATE}
