"""Every refusal with the venue's code and words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from twin_client import Client, Twin, now_ms

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}
ORDER_REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ({"symbol": "btcusdt"}, -1100, "Illegal characters found in parameter 'symbol'"),
    ({"side": "HOLD"}, -1117, "Invalid side."),
    ({"type": "HOPE"}, -1116, "Invalid orderType."),
    ({"timeInForce": "GTX"}, -1115, "Invalid timeInForce."),
    ({"side": None}, -1102, "Mandatory parameter 'side'"),
    ({"price": None}, -1102, "Mandatory parameter 'price'"),
    ({"timeInForce": None}, -1102, "Mandatory parameter 'timeInForce'"),
    ({"quantity": ""}, -1105, "Parameter 'quantity' was empty."),
    ({"quantity": "1e-2"}, -1100, "parameter 'quantity'"),
    ({"price": "-1"}, -1100, "parameter 'price'"),
    ({"price": "50000.123456789"}, -1111, "Parameter 'price' has too much precision."),
    ({"quantity": "0.010000001"}, -1111, "Parameter 'quantity' has too much precision."),
    ({"price": "50000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"price": "0"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"quantity": "0.010005"}, -1013, "Filter failure: LOT_SIZE"),
    ({"quantity": "0"}, -1013, "Filter failure: LOT_SIZE"),
    ({"quantity": "0.00001"}, -1013, "Filter failure: NOTIONAL"),
    ({"price": "400000"}, -1013, "Filter failure: PERCENT_PRICE_BY_SIDE"),
    ({"quoteOrderQty": "5"}, -1106, "Parameter 'quoteOrderQty' sent when not required."),
    ({"type": "MARKET", "timeInForce": None}, -1106, "Parameter 'price' sent when not required."),
    (
        {"type": "MARKET", "timeInForce": None, "price": None, "quantity": None},
        -1102,
        "'quantity' or 'quoteOrderQty'",
    ),
    ({"newClientOrderId": "a b"}, -1100, "'newClientOrderId'"),
    ({"newClientOrderId": "x" * 37}, -1100, "'newClientOrderId'"),
    ({"colour": "red"}, -1104, "read '8' parameter(s) but was sent '9'"),
    ({"type": "STOP_LOSS_LIMIT"}, -1102, "Param 'stopPrice' or 'trailingDelta' must be sent"),
    ({"type": "STOP_LOSS_LIMIT", "stopPrice": "1000"}, -2010, "Order would trigger immediately."),
    ({"icebergQty": "0.02"}, -1013, "IcebergQty exceeds QTY."),
    ({"icebergQty": "0.005", "timeInForce": "IOC"}, -1014, "Unsupported order combination."),
    ({"quantity": "100"}, -2010, "Account has insufficient balance for requested action."),
    ({"side": "SELL", "quantity": "11", "price": "70000"}, -2010, "Account has insufficient balance"),
    (
        {"type": "LIMIT_MAKER", "timeInForce": None, "price": "70000"},
        -2010,
        "Order would immediately match and take.",
    ),
    ({"strategyType": "5"}, -1134, "strategyType"),
]


@pytest.mark.parametrize(("change", "code", "text"), ORDER_REFUSALS, ids=lambda value: str(value)[:40])
def test_an_order_is_refused_with_code_and_words(
    shared_twin: Twin, change: dict[str, Any], code: int, text: str
) -> None:
    params = {name: value for name, value in (LIMIT | change).items() if value is not None}

    async def test(client: Client) -> None:
        status, body = await client.signed("POST", "/api/v3/order", **params)
        assert (status, body["code"]) == (400, code), body
        assert text in body["msg"]
        async with client.api() as socket:
            answer = await socket.ask(client.request("order.place", **params))
            assert (answer["status"], answer["error"]["code"]) == (400, code), answer

    shared_twin.run(test)


def test_a_bad_key_time_or_signature_is_refused(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        path = "/api/v3/account"
        cases = [
            ({"timestamp": now_ms() - 6000}, None, 400, -1021, "outside of the recvWindow"),
            ({"timestamp": now_ms() + 3000}, None, 400, -1021, "1000ms ahead of the server's time"),
            ({"timestamp": now_ms(), "recvWindow": 60001}, None, 400, -1102, "greater than 60000"),
            ({}, None, 400, -1102, "'timestamp'"),
            ({"timestamp": "abc"}, None, 400, -1100, "'timestamp'"),
            ({"timestamp": now_ms()}, "short", 401, -2015, "Invalid API-key"),
            ({"timestamp": now_ms()}, "not a key!", 401, -2014, "API-key format invalid."),
            ({"timestamp": now_ms()}, "", 401, -2014, "API-key format invalid."),
        ]
        for params, key, status, code, text in cases:
            query = urlencode(params)
            query = f"{query}&signature={client.sign(query)}" if query else f"signature={client.sign('')}"
            got, body, _ = await client.send("GET", path, query, key=key)
            assert (got, body["code"]) == (status, code), (params, key, body)
            assert text in body["msg"]
        query = f"timestamp={now_ms()}"
        got, body, _ = await client.send("GET", path, f"{query}&signature={'0' * 64}")
        assert (got, body["code"], body["msg"]) == (400, -1022, "Signature for this request is not valid.")
        got, body, _ = await client.send("GET", path, query)
        assert body["code"] == -1102
        assert "'signature'" in body["msg"]

    shared_twin.run(test)


def test_queries_and_cancels_of_unknown_orders_are_refused(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        for method, params, code, text in (
            ("GET", {"orderId": 1}, -2013, "Order does not exist."),
            ("GET", {"origClientOrderId": "nobody"}, -2013, "Order does not exist."),
            ("GET", {}, -1102, "Param 'origClientOrderId' or 'orderId' must be sent"),
            ("DELETE", {"orderId": 1}, -2011, "Unknown order sent."),
            ("DELETE", {"orderId": 1, "cancelRestrictions": "ALL"}, -1145, "cancelRestrictions"),
        ):
            status, body = await client.signed(method, "/api/v3/order", symbol="BTCUSDT", **params)
            assert (status, body["code"]) == (400, code), body
            assert text in body["msg"]
        status, body = await client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
        assert (status, body["code"], body["msg"]) == (400, -2011, "Unknown order sent.")
        status, body = await client.signed("GET", "/api/v3/myTrades", symbol="BTCUSDT", fromId=1, startTime=1)
        assert body["code"] == -1128
        status, body = await client.signed("GET", "/api/v3/allOrders", symbol="BTCUSDT", startTime=1, endTime=10**9)
        assert body["code"] == -1127

    shared_twin.run(test)


def test_a_name_is_taken_only_while_its_order_is_open(twin: Twin) -> None:
    async def test(client: Client) -> None:
        first = await client.order(**LIMIT, newClientOrderId="mine")
        status, body = await client.signed("POST", "/api/v3/order", **LIMIT, newClientOrderId="mine")
        assert (status, body) == (400, {"code": -2010, "msg": "Duplicate order sent."})
        cancel = {"symbol": "BTCUSDT", "orderId": first["orderId"]}
        status, body = await client.signed(
            "DELETE", "/api/v3/order", **cancel, cancelRestrictions="ONLY_PARTIALLY_FILLED"
        )
        assert (body["code"], body["msg"]) == (-2011, "Order was not canceled due to cancel restrictions.")
        await client.signed("DELETE", "/api/v3/order", **cancel)
        second = await client.order(**LIMIT, newClientOrderId="mine")
        _, found = await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
        assert found["orderId"] == second["orderId"] != first["orderId"]

    twin.run(test)


def test_public_endpoints_refuse_what_they_do_not_know(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        for path, query, status, code in (
            ("/api/v3/depth", "symbol=NOPE", 400, -1121),
            ("/api/v3/depth", "", 400, -1102),
            ("/api/v3/depth", "symbol=BTCUSDT&limit=x", 400, -1100),
            ("/api/v3/time", "a=1", 400, -1101),
            ("/api/v3/depth", "symbol=BTCUSDT&symbol=ETHUSDT", 400, -1101),
            ("/api/v3/klines", "symbol=BTCUSDT&interval=7m", 400, -1120),
            ("/api/v3/ticker/price", "symbols=nonsense", 400, -1100),
            ("/api/v3/nowhere", "", 404, -1000),
        ):
            got, body, _ = await client.send("GET", path, query)
            assert (got, body["code"]) == (status, code), (path, query, body)

    shared_twin.run(test)


def test_the_retired_listen_key_path_is_gone_in_html(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        for verb in ("POST", "PUT", "DELETE", "GET"):
            status, body, headers = await client.send(verb, "/api/v3/userDataStream")
            assert status == 410
            assert headers["Content-Type"].startswith("text/html")
            assert "<h1>410 Gone</h1>" in body

    shared_twin.run(test)


def test_too_much_weight_is_refused_with_429_and_then_a_ban(start_twin: Any) -> None:
    async def test(client: Client) -> None:
        statuses = []
        for _ in range(40):
            status, body, headers = await client.send("GET", "/api/v3/depth", "symbol=BTCUSDT&limit=5000")
            statuses.append(status)
            if status != 200:
                assert body["code"] == -1003
                assert int(headers["Retry-After"]) >= 1
        assert statuses[:4] == [200] * 4
        assert set(statuses) == {200, 429, 418}
        assert statuses[-1] == 418

    start_twin("--weight-per-minute", "1000").run(test)


def test_too_many_unfilled_orders_are_refused(start_twin: Any) -> None:
    async def test(client: Client) -> None:
        for _ in range(20):
            status, body = await client.signed("POST", "/api/v3/order", **LIMIT)
            if status != 200:
                break
        assert (status, body["code"]) == (429, -1015)
        assert body["msg"] == "Too many new orders; current limit is 3 orders per 10 SECOND."
        async with client.api() as socket:
            answer = await socket.ask(client.request("order.place", **LIMIT))
            assert answer["status"] == 429
            assert answer["error"]["data"]["retryAfter"] > answer["error"]["data"]["serverTime"]

    start_twin("--orders-per-10s", "3").run(test)
