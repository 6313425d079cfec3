"""Each fault of a request does what it says at a real socket, on both doors, and the truth log tells it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from twin_client import ANSWER_S, Client, Socket, Twin, now_ms

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
_names = (f"order-{number}" for number in itertools.count())
SOON_S = 0.4
"""For what must not come: local answers take a millisecond."""


@pytest.fixture
def faulty(shared_twin: Twin) -> Iterator[Twin]:
    """The shared twin, without faults again afterwards."""
    yield shared_twin
    shared_twin.admin.clear()


async def place(client: Client, via: str, name: str, limit_s: float = ANSWER_S) -> tuple[str, int, Any]:
    """(what came, status, body) of an order: `answer`, `silence`, `cut`, or `garbage` with the bytes."""
    order = {**LIMIT, "price": "50000", "newClientOrderId": name}
    if via == "rest":
        return await over_rest(client, order, limit_s)
    async with client.api() as socket:
        return await over_socket(client, socket, order, limit_s)


async def over_rest(client: Client, order: dict[str, Any], limit_s: float) -> tuple[str, int, Any]:
    query = urlencode({"timestamp": now_ms()} | order)
    url = f"{client.greeting['rest']}/api/v3/order?{query}&signature={client.sign(query)}"
    timeout = aiohttp.ClientTimeout(total=limit_s)
    try:
        headers = {"X-MBX-APIKEY": client.greeting["api_key"]}
        async with client.session.post(url, headers=headers, timeout=timeout) as answer:
            raw = await answer.read()
            if answer.content_type != "application/json":
                return "garbage", answer.status, raw
            try:
                return "answer", answer.status, json.loads(raw)
            except ValueError:
                return "garbage", answer.status, raw
    except TimeoutError:
        return "silence", 0, None
    except aiohttp.ClientConnectionError:
        return "cut", 0, None


async def over_socket(client: Client, socket: Socket, order: dict[str, Any], limit_s: float) -> tuple[str, int, Any]:
    await socket.raw.send_str(client.request("order.place", 1, **order))
    try:
        message = await asyncio.wait_for(socket.raw.receive(), limit_s)
    except TimeoutError:
        return "silence", 0, None
    if message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR):
        return "cut", 0, None
    try:
        body = json.loads(message.data)
    except ValueError:
        return "garbage", 0, message.data
    if message.type != aiohttp.WSMsgType.TEXT:
        return "garbage", 0, message.data
    return "answer", body["status"], body.get("result") or body["error"]


async def is_known(client: Client, name: str) -> bool:
    status, _ = await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId=name)
    return status == 200


CASES: list[tuple[str, dict[str, Any], str, int, bool]] = [
    # kind, options, what comes, status of an answer or code of an error, whether the order exists
    ("ack_lost", {}, "silence", 0, True),
    ("ack_lost", {"how": "cut"}, "cut", 0, True),
    ("request_lost", {}, "silence", 0, False),
    ("request_lost", {"how": "cut"}, "cut", 0, False),
    ("http_error", {"executed": True}, "answer", 504, True),
    ("http_error", {"code": -1006, "executed": True}, "answer", 502, True),
    ("http_error", {"code": -1000}, "answer", 500, False),
    ("http_error", {"code": -1001}, "answer", 503, False),
    ("http_error", {"code": -1007, "status": 500}, "answer", 500, False),
    ("http_error", {"code": -1008}, "answer", 503, False),
    ("garbage", {"what": "html"}, "garbage", 502, True),
    ("garbage", {"what": "truncated", "executed": False}, "garbage", 200, False),
    ("garbage", {"what": "content_type"}, "garbage", 200, True),
    ("garbage", {"what": "binary"}, "garbage", 200, True),
    ("rate_limited", {"retry_after_s": 3}, "answer", 429, False),
    ("key_refused", {}, "answer", 401, False),
    ("firewall", {"via": "rest"}, "garbage", 403, False),
]


@pytest.mark.parametrize("via", ["rest", "ws_api"])
@pytest.mark.parametrize(("kind", "options", "comes", "status", "exists"), CASES, ids=lambda value: str(value)[:30])
def test_a_request_meets_its_fault_once(
    faulty: Twin, via: str, kind: str, options: dict[str, Any], comes: str, status: int, exists: bool
) -> None:
    name = next(_names)
    if options.get("via") not in (None, via):
        comes, status, exists = "answer", 200, True

    async def test(client: Client) -> None:
        number = faulty.admin.fault(kind, client_order_id=name, method="order.place", **options)
        came, got, body = await place(client, via, name, SOON_S if comes == "silence" else ANSWER_S)
        assert came == comes, body
        assert got == (0 if came == "garbage" and via == "ws_api" else status), body
        assert await is_known(client, name) == exists
        if comes == "answer" and status >= 400 and kind == "http_error":
            assert body["code"] == options.get("code", -1007)
        if kind == "rate_limited" and via == "ws_api":
            assert 0 < body["data"]["retryAfter"] - body["data"]["serverTime"] <= 3000
        if options.get("via") not in (None, via):
            return
        hits = [line for line in faulty.peek("fault") if line["id"] == number]
        assert [(hit["fault"], hit["by"], hit["hit"]["via"]) for hit in hits] == [(kind, "admin", via)]
        assert hits[0]["hit"]["client_order_id"] == [name]
        received = [one for one in faulty.peek("received") if one["params"].get("newClientOrderId") == name]
        assert len(received) == exists
        assert faulty.admin.armed() == []
        again = next(_names)
        assert (await place(client, via, again))[:2] == ("answer", 200)

    faulty.run(test)


def test_an_answer_may_come_after_the_events_that_it_caused(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await listening(client, socket)
            faulty.admin.fault("fill_before_ack", method="order.place", delay_ms=0)
            order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            answer = await socket.ask(client.request("order.place", 2, **order))
            assert answer["status"] == 200
            before = [message["event"].get("x") for message in socket.seen[:-1] if "event" in message]
            assert before[:2] == ["NEW", "TRADE"]

    faulty.run(test)


async def listening(client: Client, socket: Socket) -> None:
    """Hear the account's events on a socket."""
    assert (await socket.ask(client.request("userDataStream.subscribe.signature")))["status"] == 200


async def accepted(socket: Socket, name: str) -> None:
    """Wait until the engine has an order."""
    await socket.until(lambda message: message.get("event", {}).get("c") == name)


@pytest.mark.parametrize("via", ["rest", "ws_api"])
def test_a_late_answer_is_late_and_the_order_is_not(faulty: Twin, via: str) -> None:
    name = next(_names)

    async def test(client: Client) -> None:
        faulty.admin.fault("late_ack", delay_ms=300, client_order_id=name, method="order.place")
        async with client.api() as socket:
            await listening(client, socket)
            placing = asyncio.ensure_future(place(client, via, name))
            await accepted(socket, name)
            assert not placing.done()
            assert (await placing)[:2] == ("answer", 200)

    faulty.run(test)


@pytest.mark.parametrize("via", ["rest", "ws_api"])
def test_a_late_request_reaches_the_engine_after_its_client_has_gone(
    faulty: Twin, via: str, eventually: Callable[..., Any]
) -> None:
    name = next(_names)

    async def test(client: Client) -> None:
        faulty.admin.fault("request_late", delay_ms=500, client_order_id=name, method="order.place")
        async with client.api() as socket:
            await listening(client, socket)
            placing = asyncio.ensure_future(place(client, via, name))
            await eventually(lambda: not faulty.admin.armed())
            placing.cancel()
            await asyncio.gather(placing, return_exceptions=True)
            assert not await is_known(client, name)
            await accepted(socket, name)
            assert await is_known(client, name)

    faulty.run(test)


def test_a_late_request_may_come_too_late_for_its_window(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        faulty.admin.fault("request_late", delay_ms=60, method="account.status")
        async with client.api() as socket:
            answer = await socket.ask(client.request("account.status", recvWindow=50))
            assert answer["error"]["code"] == -1021

    faulty.run(test)


def test_a_fault_hits_what_it_names_and_lets_the_rest_pass(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        faulty.admin.fault("key_refused", method="GET /api/v3/account", skip=1, count=2)
        statuses = [(await client.signed("GET", "/api/v3/account"))[0] for _ in range(5)]
        assert statuses == [200, 401, 401, 200, 200]
        faulty.admin.fault("key_refused", symbol="ETHUSDT", account=client.greeting["api_key"])
        for symbol, status in (("BTCUSDT", 200), ("ETHUSDT", 401), ("ETHUSDT", 200)):
            assert (await client.signed("GET", "/api/v3/openOrders", symbol=symbol))[0] == status

    faulty.run(test)


def test_a_fault_may_hold_for_a_time_and_ends_by_itself(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        number = faulty.admin.fault("http_error", method="/api/v3/account", for_s=0.3)
        while faulty.admin.armed():
            status, _ = await client.signed("GET", "/api/v3/account")
        assert status in (200, 504)
        assert (await client.signed("GET", "/api/v3/account"))[0] == 200
        (ended,) = [line for line in faulty.peek("fault_ended") if line["id"] == number]
        assert ended["hits"] >= 2

    faulty.run(test)


def test_an_old_snapshot_is_the_book_of_then(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        faulty.admin.post("stop")
        then = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=50)
        for price in ("59000", "59001", "59002"):
            faulty.admin.post("market", symbol="BTCUSDT", quantity="1", price=price)
        faulty.admin.post("market", symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.5")
        changes = faulty.admin.state()["markets"]["BTCUSDT"]["update_id"] - then["lastUpdateId"]
        faulty.admin.fault("stale_snapshot", symbol="BTCUSDT", updates_ago=changes, count=2)
        assert await client.public("/api/v3/depth", symbol="BTCUSDT", limit=50) == then
        async with client.api() as socket:
            answer = await socket.ask(client.request("depth", signed=False, symbol="BTCUSDT", limit=50))
            assert answer["result"] == then
        now = await client.public("/api/v3/depth", symbol="BTCUSDT", limit=50)
        assert now["lastUpdateId"] == then["lastUpdateId"] + changes
        assert now != then
        faulty.admin.post("resume")

    faulty.run(test)
