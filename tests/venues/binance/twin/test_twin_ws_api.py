"""The WebSocket API: its envelope, its sessions, and the same answers as REST."""

from __future__ import annotations

import json
from typing import Any

import pytest
from twin_client import Client, Twin


@pytest.mark.parametrize("ident", [7, "a-b_C", None, -1])
def test_the_id_comes_back_as_it_went(shared_twin: Twin, ident: Any) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            answer = await socket.ask(client.request("v3/time", ident, signed=False))
            assert (answer["id"], answer["status"]) == (ident, 200)
            assert type(answer["id"]) is type(ident)
            assert answer["rateLimits"][0]["rateLimitType"] == "REQUEST_WEIGHT"

    shared_twin.run(test)


def test_what_is_no_request_is_refused(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            for raw, code in (
                ("{nonsense", -1135),
                ("[]", -1135),
                (json.dumps({"id": 1, "method": "time", "params": []}), -1135),
                (json.dumps({"id": 1}), -1102),
                (json.dumps({"id": 1, "method": "order.bake"}), -1020),
                (json.dumps({"id": 1.5, "method": "time"}), -1100),
                (json.dumps({"id": "x" * 37, "method": "time"}), -1100),
                (client.request("session.logon"), -1022),
                (client.request("userDataStream.subscribe", signed=False), -2015),
                (client.request("order.place", signed=False, symbol="BTCUSDT"), -1102),
            ):
                answer = await socket.ask(raw)
                assert answer["error"]["code"] == code, (raw, answer)

    shared_twin.run(test)


def test_rate_limits_can_be_hidden_and_name_the_order_count(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
        async with client.api() as socket:
            answer = await socket.ask(client.request("order.place", **order))
            kinds = [(limit["rateLimitType"], limit["interval"]) for limit in answer["rateLimits"]]
            hidden = await socket.ask(client.request("order.place", **order, returnRateLimits="false"))
            assert hidden["status"] == 200
            assert kinds == [("ORDERS", "SECOND"), ("ORDERS", "DAY"), ("REQUEST_WEIGHT", "MINUTE")]
        async with client.api("?returnRateLimits=false") as socket:
            assert "rateLimits" not in await socket.ask(client.request("ping", signed=False))

    shared_twin.run(test)


def test_methods_answer_the_bodies_of_their_rest_endpoints(twin: Twin) -> None:
    async def test(client: Client) -> None:
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
        placed = await client.order(**order, quantity="0.01", price="50000", newClientOrderId="one")
        await client.order(symbol="BTCUSDT", side="SELL", type="MARKET", quantity="0.01")
        async with client.api() as socket:
            for method, path, params in (
                ("account.status", "/api/v3/account", {}),
                ("order.status", "/api/v3/order", {"symbol": "BTCUSDT", "orderId": placed["orderId"]}),
                ("openOrders.status", "/api/v3/openOrders", {"symbol": "BTCUSDT"}),
                ("allOrders", "/api/v3/allOrders", {"symbol": "BTCUSDT"}),
                ("myTrades", "/api/v3/myTrades", {"symbol": "BTCUSDT"}),
                ("account.rateLimits.orders", "/api/v3/rateLimit/order", {}),
                ("account.commission", "/api/v3/account/commission", {"symbol": "BTCUSDT"}),
            ):
                answer = await socket.ask(client.request(method, **params))
                status, body = await client.signed("GET", path, **params)
                assert (answer["status"], status) == (200, 200), answer
                assert answer["result"] == body
            test = await socket.ask(client.request("order.test", **order, quantity="0.01", price="50000"))
            assert test["result"] == {}
            gone = await socket.ask(client.request("openOrders.cancelAll", symbol="BTCUSDT"))
            assert [body["origClientOrderId"] for body in gone["result"]] == ["one"]
            depth = await socket.ask(client.request("depth", signed=False, symbol="BTCUSDT", limit=5))
            assert len(depth["result"]["bids"]) == 5

    twin.run(test)


def test_a_connection_has_one_subscription_of_an_account_at_a_time(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            subscribe = client.request("userDataStream.subscribe.signature")
            assert (await socket.ask(subscribe))["result"] == {"subscriptionId": 0}
            assert (await socket.ask(subscribe))["error"]["code"] == -2035
            listed = await socket.ask(client.request("session.subscriptions", signed=False))
            assert listed["result"] == [{"subscriptionId": 0}]
            status = await socket.ask(client.request("session.status", signed=False))
            assert status["result"]["userDataStream"] is True
            assert status["result"]["apiKey"] is None
            await socket.raw.send_str(client.request("userDataStream.unsubscribe", 5, signed=False, subscriptionId=0))
            ended = await socket.until(lambda message: "event" in message)
            assert ended["event"]["e"] == "eventStreamTerminated"
            wrong = client.request("userDataStream.unsubscribe", 6, signed=False, subscriptionId=0)
            await socket.until(lambda message: message.get("id") == 5)
            assert (await socket.ask(wrong))["error"]["code"] == -2036
            assert (await socket.ask(subscribe))["result"] == {"subscriptionId": 1}

    shared_twin.run(test)


def test_an_answer_comes_before_the_events_that_it_caused(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await socket.ask(client.request("userDataStream.subscribe.signature", 1))
            order = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
            await socket.raw.send_str(client.request("order.place", 2, **order))
            kinds = []
            while len(kinds) < 4:
                message = await socket.next()
                kinds.append(message["event"].get("x") or message["event"]["e"] if "event" in message else "answer")
            assert kinds[:2] == ["answer", "NEW"]
            assert kinds[2] == "TRADE"

    shared_twin.run(test)


def test_listen_keys_live_on_under_their_leniency(start_twin: Any) -> None:
    async def test(client: Client) -> None:
        path = "/api/v3/userDataStream"
        _, made, _ = await client.send("POST", path)
        key = made["listenKey"]
        assert (await client.send("PUT", path, f"listenKey={key}"))[:2] == (200, {})
        assert (await client.send("PUT", path, "listenKey=wrong"))[1]["code"] == -1125
        async with client.stream(f"/ws/{key}") as bare, client.stream(f"/stream?streams={key}") as wrapped:
            await client.order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001")
            assert (await bare.next())["e"] == "executionReport"
            message = await wrapped.next()
            assert (message["stream"], message["data"]["e"]) == (key, "executionReport")

    start_twin("--legacy-listen-key").run(test)


HOSTILE = [
    b"[" * 30_000,
    b'{"id":' + b"9" * 400 + b"}",
    b'{"id":1,"method":"order.place","params":{"symbol":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}}",
    b'{"id":1,"method":"allOrders","params":{"orderId":' + b"9" * 40 + b',"symbol":["BTCUSDT"],"apiKey":{}}}',
    b'{"id":1,"method":"userDataStream.unsubscribe","params":{"subscriptionId":[{}]}}',
    b'{"id":{"a":1},"method":"time"}',
    b'{"id":1,"method":["time"],"params":{}}',
    b'{"id":1,"method":"ticker.price","params":{"symbols":[[1]],"symbol":null}}',
    b'"\\ud800"',
]


@pytest.mark.parametrize("path", ["/ws-api/v3", "/ws"])
def test_hostile_messages_are_refused_one_by_one(shared_twin: Twin, path: str) -> None:
    async def test(client: Client) -> None:
        for raw in HOSTILE:
            async with client.stream(path) as socket:
                await socket.raw.send_str(raw.decode())
                answer = await socket.next()
                assert "error" in answer or "code" in answer or answer.get("status") == 400, (
                    raw[:80],
                    answer,
                )
        status, _, _ = await client.send("GET", "/api/v3/depth", "symbol=%ff%fe&limit=" + "9" * 30)
        assert status == 400
        assert await client.public("/api/v3/ping") == {}

    shared_twin.run(test)
