"""Requests by id on one connection, and what is said when an answer fails to come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fake_socket import FakeSocket, settled

from actors.runtime import Secret
from venues.binance.client.access import Credentials
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import ApiError, ClientError, NoAnswer, NotSent, UnreadableAnswer
from venues.binance.client.ws_api import PENDING_LIMIT, WsApi

Run = Callable[[Any], Any]


class Scene:
    """A connection, and everything that it told."""

    def __init__(self) -> None:
        self.socket = FakeSocket()
        self.answers: list[bytes | ClientError] = []
        self.told: list[Any] = []
        clock = ServerClock(lambda: 0)
        clock.observe(0, 0, 1_700_000_000_000)
        self.api = WsApi(
            self.socket, Credentials(Secret("key"), Secret("secret")), clock, self.told.append, self.told.append
        )
        self.reader = asyncio.ensure_future(self.api.run(lambda reason: self.told.append(reason)))

    def call(self, timeout_s: float = 5.0) -> None:
        self.api.call("order.place", {"symbol": "BTCUSDT"}, self.answers.append, timeout_s)

    async def close(self) -> None:
        self.api.abort("done")
        await self.reader


def test_answers_find_their_requests_in_any_order(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        first, second = [], []
        one.api.call("order.place", {}, first.append, 5.0)
        one.api.call("order.cancel", {}, second.append, 5.0)
        one.socket.say({"id": 2, "status": 200, "result": {"n": 2}})
        one.socket.say({"id": 1, "status": 200, "result": {"n": 1}})
        await settled()
        assert (first, second) == ([b'{"n": 1}'], [b'{"n": 2}'])
        await one.close()

    run(scene())


def test_a_signed_request_carries_key_time_window_and_signature_and_no_masked_secret(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.call()
        params = one.socket.sent[0]["params"]
        assert params["apiKey"] == "key"
        assert (params["timestamp"], params["recvWindow"]) == (1_700_000_000_000, 5000)
        assert len(params["signature"]) == 64
        await one.close()

    run(scene())


def test_an_error_of_the_venue_keeps_code_text_and_status(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.call()
        one.socket.say({"id": 1, "status": 400, "error": {"code": -2010, "msg": "Order would trigger immediately."}})
        await settled()
        (answer,) = one.answers
        assert isinstance(answer, ApiError)
        assert (answer.code, answer.status, answer.definite) == (-2010, 400, True)
        assert str(answer) == "-2010 Order would trigger immediately."
        await one.close()

    run(scene())


def test_a_cut_connection_leaves_every_request_without_an_answer_and_says_the_cut_first(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        order: list[str] = []
        one.api.call("order.place", {}, lambda answer: order.append(type(answer).__name__), 5.0)
        one.api.abort("cut")
        await one.reader
        assert one.told == ["cut"]
        assert order == ["NoAnswer"]
        with pytest.raises(NotSent):
            one.call()

    run(scene())


def test_an_answer_after_its_timeout_is_told_all_the_same(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.call(timeout_s=0.0)
        while not one.answers:  # noqa: ASYNC110 - a few turns of the loop
            await asyncio.sleep(0)
        assert [type(answer) for answer in one.answers] == [NoAnswer]
        one.socket.say({"id": 1, "status": 200, "result": {}})
        await settled()
        assert one.answers[1] == b"{}"
        await one.close()

    run(scene())


def test_a_write_that_certainly_failed_is_told_to_the_caller_and_never_answered(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.socket.fail = NotSent("closed")
        with pytest.raises(NotSent):
            one.call()
        await one.close()
        assert one.answers == []

    run(scene())


def test_requests_without_an_answer_are_bounded(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        for _ in range(PENDING_LIMIT):
            one.call()
        with pytest.raises(NotSent):
            one.call()
        assert len(one.socket.sent) == PENDING_LIMIT
        await one.close()

    run(scene())


@pytest.mark.parametrize("noise", [b'{"id":5}', b'{"id":77,"status":200,"result":{}}'])
def test_an_answer_to_nobody_never_ends_the_connection(run: Run, noise: bytes) -> None:
    async def scene() -> None:
        one = Scene()
        one.call()
        one.socket.say(noise)
        one.socket.say({"id": 1, "status": 200, "result": {}})
        await settled()
        assert one.answers == [b"{}"]
        assert all(isinstance(told, UnreadableAnswer) for told in one.told)
        await one.close()

    run(scene())


@pytest.mark.parametrize(
    "lost",
    [
        b"not json",
        b"[]",
        b'{"nothing":1}',
        b'{"subscriptionId":0,"event":{"e":"executionReport","t":5,"X":"FIL',
        b'{"e":"executionReport","X":"FILLED"}',
    ],
)
def test_what_may_have_been_an_event_and_cannot_be_read_ends_the_connection_at_once(run: Run, lost: bytes) -> None:
    async def scene() -> None:
        one = Scene()
        one.call()
        one.socket.say(lost)
        one.socket.say(b'{"subscriptionId":0,"event":{"e":"balanceUpdate"}}')
        await asyncio.wait_for(one.reader, 5)
        unreadable, reason = one.told
        assert isinstance(unreadable, UnreadableAnswer)
        assert reason == "a message cannot be read; it may have been an event"
        assert [type(answer) for answer in one.answers] == [NoAnswer]
        assert not one.api.is_open

    run(scene())


def test_an_event_is_handed_on_without_its_wrap(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.socket.say(b'{"subscriptionId":0,"event":{"e":"balanceUpdate"}}')
        await settled()
        assert one.told == [b'{"e":"balanceUpdate"}']
        await one.close()

    run(scene())
