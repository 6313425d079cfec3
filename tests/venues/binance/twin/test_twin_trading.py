"""Single orders over both doors: what belongs to the protocol rather than to the rules of trading."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from twin_client import Client, Socket, Twin

LIMIT = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
REPLACE = LIMIT | {"cancelReplaceMode": "STOP_ON_FAILURE", "quantity": "0.01", "price": "50000"}


async def prices(client: Client) -> tuple[Decimal, Decimal]:
    book = await client.public("/api/v3/ticker/bookTicker", symbol="BTCUSDT")
    return Decimal(book["bidPrice"]), Decimal(book["askPrice"])


async def subscribe(client: Client, socket: Socket) -> None:
    assert (await socket.ask(client.request("userDataStream.subscribe.signature")))["status"] == 200


async def report(socket: Socket, order: dict[str, Any], fits: dict[str, Any]) -> dict[str, Any]:
    """The next executionReport of an order with those values."""

    def wanted(message: Any) -> bool:
        event = message.get("event", {})
        return event.get("i") == order["orderId"] and all(event.get(key) == fits[key] for key in fits)

    return dict((await socket.until(wanted))["event"])


def test_a_stop_is_triggered_by_a_trade_and_works_from_then_on(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribe(client, socket)
            bid, _ = await prices(client)
            sell = {"symbol": "BTCUSDT", "side": "SELL", "quantity": "0.01"}
            order = await client.order(**sell, type="STOP_LOSS", stopPrice=bid - 1)
            assert set(order) == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
            waiting = await report(socket, order, {"x": "NEW"})
            await client.order(**sell | {"type": "LIMIT", "quantity": "3"}, price=bid - 10, timeInForce="IOC")
            working = await report(socket, order, {"x": "NEW"})
            assert (waiting["w"], working["w"], working["o"]) == (False, True, "STOP_LOSS")
            assert working["W"] == working["T"] > waiting["T"]
            await report(socket, order, {"X": "FILLED"})

    shared_twin.run(test)


def test_a_trailing_stop_is_shown_with_its_delta_on_every_door(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribe(client, socket)
            order = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS", "quantity": "0.01"}
            answer = await socket.ask(
                client.request("order.place", **order, trailingDelta=1000, newOrderRespType="RESULT")
            )
            placed = answer["result"]
            assert (placed["trailingDelta"], placed["trailingTime"], placed["workingTime"]) == (1000, -1, -1)
            assert (await report(socket, placed, {"x": "NEW"}))["d"] == 1000
            while True:
                _, shown = await client.signed("GET", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"])
                if shown["trailingTime"] > 0:
                    break
            assert (shown["trailingDelta"], shown["isWorking"]) == (1000, False)
            await client.signed("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=placed["orderId"])
            assert (await report(socket, placed, {"x": "CANCELED"}))["D"] == shown["trailingTime"]

    shared_twin.run(test)


def test_a_cancel_replace_tells_both_results_with_status_and_data_on_either_door(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        old = await client.order(**LIMIT, quantity="0.01", price="50000")
        params = REPLACE | {"cancelOrderId": old["orderId"]}
        status, body = await client.signed("POST", "/api/v3/order/cancelReplace", **params)
        assert (status, body["cancelResult"], body["newOrderResult"]) == (200, "SUCCESS", "SUCCESS")
        assert body["newOrderResponse"]["fills"] == []
        status, body = await client.signed("POST", "/api/v3/order/cancelReplace", **params)
        failed = {
            "code": -2022,
            "msg": "Order cancel-replace failed.",
            "data": {
                "cancelResult": "FAILURE",
                "newOrderResult": "NOT_ATTEMPTED",
                "cancelResponse": {"code": -2011, "msg": "Unknown order sent."},
                "newOrderResponse": None,
            },
        }
        assert (status, body) == (400, failed)
        async with client.api() as socket:
            answer = await socket.ask(client.request("order.cancelReplace", **params))
            assert (answer["status"], answer["error"]) == (400, failed)
            allow = params | {"cancelReplaceMode": "ALLOW_FAILURE"}
            answer = await socket.ask(client.request("order.cancelReplace", **allow))
            assert (answer["status"], answer["error"]["code"]) == (409, -2021)
            data = answer["error"]["data"]
            assert (data["cancelResult"], data["newOrderResult"]) == ("FAILURE", "SUCCESS")
            new = data["newOrderResponse"]["orderId"]
            crossing = {"type": "LIMIT_MAKER", "timeInForce": None, "price": "70000", "cancelOrderId": new}
            crossing = {name: value for name, value in (params | crossing).items() if value is not None}
            status, body = await client.signed("POST", "/api/v3/order/cancelReplace", **crossing)
            assert (status, body["code"], body["data"]["cancelResponse"]["status"]) == (409, -2021, "CANCELED")
            assert body["data"]["newOrderResponse"] == {
                "code": -2010,
                "msg": "Order would immediately match and take.",
            }
        await client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")

    shared_twin.run(test)


def test_an_amended_order_is_answered_reported_and_kept_in_the_list_of_amendments(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribe(client, socket)
            order = await client.order(**LIMIT, quantity="0.02", price="50000", newClientOrderId="larger")
            path, params = "/api/v3/order/amend/keepPriority", {"symbol": "BTCUSDT", "orderId": order["orderId"]}
            status, body = await client.signed("PUT", path, **params, newQty="0.015", newClientOrderId="smaller")
            assert status == 200, body
            replaced = await report(socket, order, {"x": "REPLACED"})
            assert (replaced["c"], replaced["C"], replaced["q"]) == ("smaller", "larger", "0.01500000")
            assert replaced["I"] == body["executionId"]
            answer = await socket.ask(client.request("order.amend.keepPriority", **params, newQty="0.02"))
            assert (answer["status"], answer["error"]) == (
                400,
                {"code": -2038, "msg": "Order amend (quantity increase) is not supported."},
            )
            _, listed = await client.signed("GET", "/api/v3/order/amendments", **params)
            assert [(entry["origQty"], entry["newQty"]) for entry in listed] == [("0.02000000", "0.01500000")]
            await client.signed("DELETE", "/api/v3/order", **params)

    shared_twin.run(test)


def test_over_the_order_limit_a_cancel_replace_is_answered_429(start_twin: Any) -> None:
    async def test(client: Client) -> None:
        path, text = "/api/v3/order/cancelReplace", "Too many new orders; current limit is 1 orders per 10 SECOND."
        status = 200
        while status == 200:  # the ten seconds of the limit have ended between two requests
            old = await client.order(**LIMIT, quantity="0.01", price="50000")
            params = REPLACE | {"cancelOrderId": old["orderId"]}
            status, body = await client.signed("POST", path, **params)
            if status == 429:
                assert body == {"code": -1015, "msg": text}
                status, body = await client.signed("POST", path, **params, orderRateLimitExceededMode="CANCEL_ONLY")
        assert (status, body["code"], body["data"]["cancelResult"]) == (429, -2021, "SUCCESS")
        assert body["data"]["newOrderResponse"] == {"code": -1015, "msg": text}

    start_twin("--orders-per-10s", "1").run(test)


def test_one_account_is_kept_from_trading_with_itself(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            await subscribe(client, socket)
            sell = LIMIT | {"side": "SELL", "quantity": "1", "price": "30000", "timeInForce": "IOC"}
            taker: dict[str, Any] = {"status": ""}
            while taker["status"] != "EXPIRED_IN_MATCH":  # a participant may take the order first
                bid, _ = await prices(client)
                maker = await client.order(**LIMIT, quantity="0.01", price=bid)
                taker = await client.order(**sell, selfTradePreventionMode="EXPIRE_BOTH")
            told = await report(socket, taker, {"x": "TRADE_PREVENTION"})
            assert (told["U"], told["v"]) == (maker["orderId"], taker["preventedMatches"][-1]["preventedMatchId"])
            params = {"symbol": "BTCUSDT", "preventedMatchId": told["v"]}
            _, (match,) = await client.signed("GET", "/api/v3/myPreventedMatches", **params)
            assert (match["takerOrderId"], match["makerOrderId"]) == (taker["orderId"], maker["orderId"])

    shared_twin.run(test)


def test_what_clients_ask_at_their_start_outside_of_spots_own_api(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        status, fees = await client.signed("GET", "/sapi/v1/asset/tradeFee")
        assert (status, fees[0]) == (
            200,
            {"symbol": "BTCUSDT", "makerCommission": "0.001", "takerCommission": "0.001"},
        )
        status, coins = await client.signed("GET", "/sapi/v1/capital/config/getall")
        assert status == 200
        assert {coin["coin"] for coin in coins} >= {"BTC", "ETH", "USDT"}
        assert all(coin["networkList"] and not coin["withdrawAllEnable"] for coin in coins)
        for path in ("/sapi/v1/margin/allPairs", "/sapi/v1/margin/isolated/allPairs"):
            for ask in (client.public(path), client.signed("GET", path)):
                answer = await ask
                pairs = answer[1] if isinstance(answer, tuple) else answer
                assert {"symbol": "BTCUSDT", "base": "BTC", "quote": "USDT", "isMarginTrade": True}.items() <= pairs[
                    0
                ].items()
        assert await client.signed("GET", "/sapi/v1/account/status") == (200, {"data": "Normal"})
        assert (await client.signed("GET", "/sapi/v1/account/apiRestrictions"))[1]["enableReading"] is True
        assert (await client.signed("GET", "/sapi/v1/account/apiTradingStatus"))[1]["data"]["isLocked"] is False

    shared_twin.run(test)


def test_what_the_account_is_told_about_itself(shared_twin: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            for method, path, params in (
                ("account.commission", "/api/v3/account/commission", {"symbol": "BTCUSDT"}),
                ("myFilters", "/api/v3/myFilters", {"symbol": "BTCUSDT"}),
                ("myAllocations", "/api/v3/myAllocations", {"symbol": "BTCUSDT"}),
                ("account.rateLimits.orders", "/api/v3/rateLimit/order", {}),
            ):
                status, body = await client.signed("GET", path, **params)
                assert status == 200
                assert (await socket.ask(client.request(method, **params)))["result"] == body
            answer = await socket.ask(client.request("sor.order.place", **LIMIT, quantity="0.01", price="50000"))
            assert (answer["status"], answer["error"]["code"]) == (400, -1020)

    shared_twin.run(test)
