"""Every way in which a request can end has a status, a code with a sentence, and says whether it is definite."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import zmq
from request_peers import LATER_NS, Counted, Foreign

from bus.clock import SystemClock
from bus.codec import (
    WIRE_VERSION,
    OtherVersion,
    ReplyHeader,
    ReplyStatus,
    RequestHeader,
    decode,
    decode_reply_header,
    decode_request_header,
    encode,
)
from bus.messages import Acknowledged, Code, Empty, GetStatus, Refused
from bus.requests import Reply, reply, server
from bus.requests.reply import ended

NEXT = WIRE_VERSION + 1


async def test_one_whose_role_does_not_permit_it_is_denied_and_nothing_is_executed(wire: Any, eventually: Any) -> None:
    handle = Counted()
    answering = wire.server(handle)
    refused = Refused(Code.NOT_ALLOWED)
    answering._judge = lambda key, header, message: None if isinstance(message, GetStatus) else refused
    client = wire.client()
    denied = await client.request(Acknowledged(1))
    assert (denied.status, denied.code, denied.definite) == (ReplyStatus.DENIED, Code.NOT_ALLOWED, True)
    assert denied.reason == Code.NOT_ALLOWED.sentence
    assert (await client.request(GetStatus())).ok
    assert handle.executed == [GetStatus()]


async def test_every_request_is_judged_repeated_and_late_ones_too(wire: Any, eventually: Any) -> None:
    asked: list[str] = []
    answering = wire.server(Counted())
    answering._judge = lambda key, header, message: asked.append(header.caller)
    foreign = Foreign(wire, eventually)
    foreign.send(1, Acknowledged(1), in_ns=-1)
    foreign.send(2, Acknowledged(1))
    foreign.send(2, Acknowledged(1))
    assert [(await foreign.answer())[0].status for _ in range(3)] == [
        ReplyStatus.EXPIRED,
        ReplyStatus.OK,
        ReplyStatus.DUPLICATE,
    ]
    assert asked == ["foreign"] * 3


async def test_who_is_not_allowed_to_ask_is_told_nothing_of_anothers_request(wire: Any, eventually: Any) -> None:
    handle = Counted()
    answering = wire.server(handle)
    foreign = Foreign(wire, eventually)
    foreign.send(2, Acknowledged(1))
    assert (await foreign.answer())[0].status == ReplyStatus.OK
    answering._judge = lambda key, header, message: Refused(Code.NOT_ALLOWED)
    foreign.send(2, Acknowledged(1))
    assert (await foreign.answer())[0].status == ReplyStatus.DENIED
    answering._judge = lambda key, header, message: None
    foreign.send(2, Acknowledged(1))
    assert (await foreign.answer())[0].status == ReplyStatus.DUPLICATE
    assert handle.executed == [Acknowledged(1)]


async def test_one_too_many_is_denied_and_not_executed(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "RUNNING_LIMIT", 3)
    may_end = asyncio.Event()

    async def slow(message: Any) -> Any:
        await may_end.wait()
        return message

    handle = Counted(slow)
    answering = wire.server(handle)
    client = wire.client()
    first = asyncio.ensure_future(client.request(Acknowledged(0), 30.0))
    await eventually(lambda: handle.executed)
    more = [client.send(Acknowledged(number), 30.0) for number in range(1, 5)]
    denied = [await each for each in more[2:]]
    assert {(each.status, each.code, each.definite) for each in denied} == {(ReplyStatus.DENIED, Code.BUSY, True)}
    may_end.set()
    assert [(await each).ok for each in (first, *more[:2])] == [True] * 3
    assert len(handle.executed) == 3
    assert answering._running == {}
    assert (await client.request(Acknowledged(9))).ok


async def test_a_request_in_another_version_is_refused_with_both_named(wire: Any, eventually: Any) -> None:
    handle = Counted()
    answering = wire.server(handle)
    foreign = Foreign(wire, eventually)
    later = SystemClock().monotonic_ns() + LATER_NS
    headers = [encode(RequestHeader(NEXT, 77, "foreign", 1, later, 0)), encode([NEXT, 78, {"another": "form"}])]
    for raw in headers:
        foreign.socket.send_multipart([raw, encode(Acknowledged(1))])
    for number in (77, 78):
        header, body = await foreign.answer()
        assert (header.version, header.id) == (WIRE_VERSION, number)
        assert (header.status, header.code) == (ReplyStatus.DENIED, Code.BAD_VERSION)
        assert body == Refused(Code.BAD_VERSION, f"wire version {NEXT}, this side speaks {WIRE_VERSION}")
    assert handle.executed == []
    assert answering.counters["unreadable"] == 2


@pytest.mark.parametrize("form", ["a reply header", "another form"])
async def test_an_answer_in_another_version_ends_the_request_at_once(wire: Any, eventually: Any, form: str) -> None:
    socket = wire.socket(zmq.ROUTER)
    socket.bind(wire.endpoint("s"))
    asked = asyncio.ensure_future(wire.client().request(Acknowledged(1), 30.0))
    frames: list[bytes] = []

    def come() -> bool:
        try:
            frames[:] = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return False
        return True

    await eventually(come)
    number = decode_request_header(frames[1]).id  # type: ignore[union-attr]
    header = (
        encode(ReplyHeader(NEXT, number, 0, Code.NONE)) if form == "a reply header" else encode([NEXT, number, "x"])
    )
    socket.send_multipart([frames[0], header, b"whatever a later version says"])
    told = await asked
    assert (told.status, told.code, told.definite) == (ReplyStatus.DENIED, Code.BAD_VERSION, True)
    assert told.reason == f"the server answers in wire version {NEXT}, this side speaks {WIRE_VERSION}"


def test_version_and_id_are_read_of_every_version_s_headers() -> None:
    for read in (decode_request_header, decode_reply_header):
        for more in ([], [None], [{"a": 1}, [2], b"3"], ["caller", 1, 2, 3, 4, 5, 6, 7]):
            found = read(encode([NEXT, 5, *more]))
            assert isinstance(found, OtherVersion)
            assert (found.version, found.id) == (NEXT, 5)
        for bad in ([NEXT], [NEXT, "5"], ["2", 5], [WIRE_VERSION, 5]):
            assert not isinstance(read(encode(bad)), (OtherVersion, RequestHeader, ReplyHeader))


async def test_one_that_lost_its_connection_gets_the_answer_on_its_new_one(wire: Any, eventually: Any) -> None:
    may_end = asyncio.Event()

    async def slow(message: Any) -> Any:
        await may_end.wait()
        return Acknowledged(9)

    handle = Counted(slow)
    answering = wire.server(handle)
    first = Foreign(wire, eventually)
    first.send(7, Acknowledged(1))
    await eventually(lambda: handle.executed)
    first.socket.close()
    second = Foreign(wire, eventually)
    second.send(7, Acknowledged(1))
    await eventually(lambda: answering.counters["repeated"] == 1)
    may_end.set()
    header, body = await second.answer()
    assert (header.id, header.status, body) == (7, ReplyStatus.DUPLICATE, Acknowledged(9))
    assert len(handle.executed) == 1


async def test_a_refusal_reaches_all_who_repeated_as_the_refusal_that_it_is(wire: Any, eventually: Any) -> None:
    may_end = asyncio.Event()

    async def slow(message: Any) -> Any:
        await may_end.wait()
        return Refused(Code.NOT_READY, "not now")

    answering = wire.server(Counted(slow))
    callers = [Foreign(wire, eventually) for _ in range(3)]
    for caller in callers:
        caller.send(7, Acknowledged(1))
    await eventually(lambda: answering.counters["repeated"] == 2)
    may_end.set()
    for caller in callers:
        assert await caller.answer() == (
            ReplyHeader(WIRE_VERSION, 7, ReplyStatus.DENIED, Code.NOT_READY),
            Refused(Code.NOT_READY, "not now"),
        )


async def test_a_request_under_way_is_never_forgotten_however_many_come(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bus.requests.answers.ANSWERS_KEPT", 10)
    may_end = asyncio.Event()

    async def slow(message: Acknowledged) -> Any:
        if message.upto == 0:
            await may_end.wait()
        return message

    handle = Counted(slow)
    wire.server(handle)
    foreign = Foreign(wire, eventually)
    foreign.send(7, Acknowledged(0))
    client = wire.client()
    for number in range(1, 30):
        await client.request(Acknowledged(number))
    foreign.send(7, Acknowledged(0))
    may_end.set()
    assert (await foreign.answer())[0].status == ReplyStatus.OK
    assert handle.executed.count(Acknowledged(0)) == 1


def test_the_table_of_all_ends_holds() -> None:
    """Each line of the module's table: the code has a sentence, and what it says of being definite is so."""
    lines = [line for line in (reply.__doc__ or "").splitlines() if line.endswith(("yes", "no"))]
    assert len(lines) > 15
    told = set()
    for line in lines:
        _, status, codes, definite = re.split(r"\s{2,}", line.strip())
        for code in map(Code, codes.replace("the actor's", "NOT_READY").split(", ")):
            end = ended(ReplyStatus[status], code)
            assert end.definite is (definite == "yes"), line
            assert end.reason == code.sentence
            assert end.reason
            told.add((status, code))
    assert {status for status, _ in told} == {status.name for status in ReplyStatus if status is not ReplyStatus.CHUNK}


def test_a_reason_that_was_told_stands_before_the_sentence() -> None:
    assert ended(ReplyStatus.FAILED, Code.UNREADABLE, "why").reason == "why"
    assert Reply(ReplyStatus.OK, Code.NONE, Empty()).reason == Code.NONE.sentence


async def test_a_status_of_a_later_version_is_a_failure_and_not_definite(wire: Any, eventually: Any) -> None:
    socket = wire.socket(zmq.ROUTER)
    socket.bind(wire.endpoint("s"))
    client = wire.client()
    asked = [asyncio.ensure_future(client.request(Acknowledged(number), 30.0)) for number in range(3)]
    for status in (8, -1, ReplyStatus.NO_ANSWER):
        frames: list[bytes] = []

        def come(frames: list[bytes] = frames) -> bool:
            try:
                frames[:] = socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return False
            return True

        await eventually(come)
        assert isinstance(decode(frames[2]), Acknowledged)
        number = decode_request_header(frames[1]).id  # type: ignore[union-attr]
        header = ReplyHeader(WIRE_VERSION, number, status, Code.NONE)
        socket.send_multipart([frames[0], encode(header), encode(Empty())])
    for each in asked:
        told = await each
        assert (told.status, told.definite, told.ok) == (ReplyStatus.FAILED, False, False)
