"""Who stops waiting has withdrawn: a question is given up at its server, a command runs on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from request_peers import Counted, Foreign

from bus.codec import ReplyStatus
from bus.messages import (
    CATALOGUE,
    Acknowledged,
    AcknowledgeParts,
    CancelRequest,
    Code,
    Empty,
    GetTime,
    Message,
    Query,
    QueryBalances,
)

QUESTION = QueryBalances("BINANCE")


class Slow:
    """Does not answer before it may; writes down how each call ended."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()
        self.begun: list[Message] = []
        self.ends: list[str] = []

    async def __call__(self, message: Message, header: Any) -> Message:
        self.begun.append(message)
        try:
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.ends.append("given up")
            raise
        self.ends.append("done")
        return Acknowledged(1)


async def test_a_question_whose_task_is_cancelled_is_given_up(wire: Any, eventually: Any) -> None:
    slow = Slow()
    server, client = wire.server(slow), wire.client()
    task = asyncio.ensure_future(client.request(QUESTION, 30.0))
    await eventually(lambda: slow.begun)
    task.cancel()
    await eventually(lambda: slow.ends == ["given up"])
    assert task.cancelled()
    assert (server._running, client._waiting) == ({}, {})
    assert server.counters["withdrawn"] == 1


async def test_a_question_whose_future_is_cancelled_or_timed_out_is_given_up(wire: Any, eventually: Any) -> None:
    slow = Slow()
    wire.server(slow)
    client = wire.client()
    future = asyncio.ensure_future(client.request(QUESTION, 30.0))
    await eventually(lambda: slow.begun)
    direct = client.send(QUESTION, 30.0)
    await eventually(lambda: len(slow.begun) == 2)
    assert direct.cancel()
    assert not direct.cancel()
    await eventually(lambda: slow.ends == ["given up"])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client.send(QUESTION, 30.0), 0.05)
    await eventually(lambda: slow.ends == ["given up"] * 2)
    slow.may_end.set()
    assert (await future).ok  # the others' ends are not its


async def test_a_command_is_never_cut_in_half(wire: Any, eventually: Any) -> None:
    slow = Slow()
    server, client = wire.server(slow), wire.client()
    future = asyncio.ensure_future(client.request(Acknowledged(7), 30.0))
    await eventually(lambda: slow.begun)
    future.cancel()
    assert (await client.request(CancelRequest(0), 0.02)).code is Code.TIMED_OUT  # behind the first in the same pipe
    assert slow.ends == []
    slow.may_end.set()
    await eventually(lambda: slow.ends == ["done"])
    assert server.counters["withdrawn"] == 0
    assert client._waiting == {}


async def test_a_withdrawn_question_is_answered_with_a_code_of_its_own(wire: Any, eventually: Any) -> None:
    slow = Slow()
    wire.server(slow)
    foreign = Foreign(wire, eventually)
    foreign.send(7, QUESTION)
    await eventually(lambda: slow.begun)
    foreign.send(8, CancelRequest(7))
    header, _ = await foreign.answer()
    assert (header.id, header.status, header.code) == (7, ReplyStatus.DENIED, Code.WITHDRAWN)


async def test_a_question_withdrawn_before_its_first_step_is_not_begun(wire: Any, eventually: Any) -> None:
    slow = Slow()
    server = wire.server(slow)
    foreign = Foreign(wire, eventually)
    foreign.send(1, Acknowledged(1))
    await eventually(lambda: slow.begun)  # it is connected: the next two come in one go
    foreign.send(7, QUESTION)
    foreign.send(8, CancelRequest(7))
    header, _ = await foreign.answer()
    assert (header.id, header.code) == (7, Code.WITHDRAWN)
    assert QUESTION not in slow.begun or slow.ends == ["given up"]
    assert len(server._running) == 1


async def test_nobody_withdraws_what_another_connection_asked(wire: Any, eventually: Any) -> None:
    slow = Slow()
    server = wire.server(slow)
    foreign, stranger = Foreign(wire, eventually), Foreign(wire, eventually)
    foreign.send(7, QUESTION)
    await eventually(lambda: slow.begun)
    stranger.send(8, CancelRequest(7))
    stranger.send(9, GetTime())
    await stranger.answer()
    assert server.counters["withdrawn"] == 0
    slow.may_end.set()
    assert (await foreign.answer())[0].status == ReplyStatus.OK


async def test_of_two_that_ask_the_same_one_may_withdraw(wire: Any, eventually: Any) -> None:
    slow = Slow()
    server = wire.server(slow)
    first, second = Foreign(wire, eventually), Foreign(wire, eventually)
    first.send(7, QUESTION)
    await eventually(lambda: slow.begun)
    second.send(7, QUESTION)
    await eventually(lambda: server.counters["repeated"] == 1)
    first.send(8, CancelRequest(7))
    assert (await first.answer())[0].code is Code.WITHDRAWN
    slow.may_end.set()
    assert (await second.answer())[0].status == ReplyStatus.OK
    assert slow.ends == ["done"]


async def test_to_withdraw_what_has_ended_or_never_was_changes_nothing(wire: Any, eventually: Any) -> None:
    handle = Counted(Acknowledged(1))
    server = wire.server(handle)
    foreign = Foreign(wire, eventually)
    foreign.send(7, QUESTION)
    assert (await foreign.answer())[0].status == ReplyStatus.OK
    for control in (CancelRequest(7), CancelRequest(99), AcknowledgeParts(7, 1), AcknowledgeParts(99, 1)):
        foreign.send(8, control)
    foreign.send(9, QUESTION)
    assert (await foreign.answer())[0].id == 9
    assert len(handle.executed) == 2  # no handler ever sees a control
    assert server.counters["withdrawn"] == 0


async def test_a_handler_that_is_cancelled_from_within_is_answered(wire: Any) -> None:
    async def handle(message: Message, header: Any) -> Message:
        inner: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        inner.cancel()
        return await inner

    server = wire.server(handle)
    reply = await wire.client().request(Acknowledged(1), 20.0)
    assert (reply.status, reply.code, reply.definite) == (ReplyStatus.FAILED, Code.HANDLER_FAILED, False)
    assert reply.reason == "it was cancelled from within"
    assert server._running == {}


async def test_an_actor_that_ends_cancels_its_handlers_without_a_word(wire: Any, eventually: Any) -> None:
    """Its sockets' end is the answer; a cancelled command must not look refused."""
    slow, tasks = Slow(), []
    server = wire.server(slow)
    server._spawn = lambda awaitable: tasks.append(asyncio.ensure_future(awaitable))
    foreign = Foreign(wire, eventually)
    for number, message in ((7, QUESTION), (8, Acknowledged(1))):
        foreign.send(number, message)
    await eventually(lambda: len(slow.begun) == 2)
    for task in tasks:
        task.cancel()
    await eventually(lambda: all(task.cancelled() for task in tasks))
    foreign.send(9, GetTime())
    assert (await foreign.answer())[0].id == 9


def test_every_question_is_a_query_and_nothing_else_is() -> None:
    asks = {name for name in CATALOGUE if name.startswith(("Get", "Query"))}
    assert {name for name, kind in CATALOGUE.items() if kind.is_query} == asks
    assert all(issubclass(CATALOGUE[name], Query) for name in asks)
    assert "Query" not in CATALOGUE
    assert not Empty.is_query
