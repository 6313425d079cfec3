"""Every refusal of a list with the venue's code and words, over both doors; nothing of a refused list stays."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from list_desk import QUANTITY, STILL, SYMBOL, Desk, run
from twin_client import Twin

WORKING = {
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingQuantity": QUANTITY,
    "workingPrice": "50000",
    "workingTimeInForce": "GTC",
}
PENDING = {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": QUANTITY}
PAIR = {
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "70000",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "40000",
}
SELL = {
    "side": "SELL",
    "quantity": QUANTITY,
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "70000",
    "belowType": "STOP_LOSS",
    "belowStopPrice": "50000",
}
BUY = {
    "side": "BUY",
    "quantity": QUANTITY,
    "aboveType": "STOP_LOSS",
    "aboveStopPrice": "70000",
    "belowType": "LIMIT_MAKER",
    "belowPrice": "50000",
}
STOP_LIMIT = {"belowType": "STOP_LOSS_LIMIT", "belowPrice": "49000", "belowTimeInForce": "GTC"}
OLD = {"side": "SELL", "quantity": QUANTITY, "price": "70000", "stopPrice": "50000"}
OTOCO = WORKING | PAIR | {"pendingQuantity": QUANTITY}
OPO = WORKING | {"pendingType": "MARKET", "pendingSide": "SELL"}
OPOCO = WORKING | PAIR
WRONG_PRICES = "The relationship of the prices for the orders is not correct."
REFUSALS: list[tuple[str, dict[str, Any], dict[str, Any], int, str]] = [
    ("oco", SELL, {"aboveType": "LIMIT"}, -1158, "Order type not supported in OCO."),
    ("oco", SELL, {"belowType": "MARKET"}, -1158, "Order type not supported in OCO."),
    ("oco", SELL, {"aboveType": "HOPE"}, -1116, "Invalid orderType."),
    ("oco", SELL, {"side": "HOLD"}, -1117, "Invalid side."),
    ("oco", SELL, STOP_LIMIT | {"belowIcebergQty": "0.001", "belowTimeInForce": "IOC"}, -1160, "'belowIcebergQty'"),
    ("oco", BUY, {"aboveType": "LIMIT_MAKER", "belowType": "STOP_LOSS"}, -1165, "A limit order in a buy OCO"),
    ("oco", SELL, {"aboveType": "TAKE_PROFIT", "belowType": "LIMIT_MAKER"}, -1166, "A limit order in a sell OCO"),
    ("oco", SELL, {"belowType": "LIMIT_MAKER"}, -1168, "At least one OCO order must be contingent."),
    ("oco", BUY, {"belowType": "STOP_LOSS"}, -1196, "A stop loss order in a buy OCO must be above."),
    ("oco", SELL, {"aboveType": "STOP_LOSS"}, -1197, "A stop loss order in a sell OCO must be below."),
    ("oco", BUY, {"aboveType": "TAKE_PROFIT"}, -1198, "A take profit order in a buy OCO must be below."),
    ("oco", SELL, {"belowType": "TAKE_PROFIT"}, -1199, "A take profit order in a sell OCO must be above."),
    ("oco", SELL, {"aboveType": None}, -1102, "Mandatory parameter 'aboveType'"),
    ("oco", SELL, {"quantity": None}, -1102, "Mandatory parameter 'quantity'"),
    ("oco", SELL, {"side": None}, -1102, "Mandatory parameter 'side'"),
    ("oco", SELL, {"abovePrice": None}, -1102, "Mandatory parameter 'abovePrice'"),
    ("oco", SELL, {"belowStopPrice": None}, -1102, "Param 'belowStopPrice' or 'belowTrailingDelta'"),
    ("oco", SELL, STOP_LIMIT | {"belowTimeInForce": None}, -1102, "Mandatory parameter 'belowTimeInForce'"),
    ("oco", SELL, {"belowPrice": "49000"}, -1106, "Parameter 'belowPrice' sent when not required."),
    ("oco", SELL, {"aboveStopPrice": "69000"}, -1106, "Parameter 'aboveStopPrice' sent when not required."),
    ("oco", SELL, {"abovePrice": "70000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    ("oco", SELL, {"quantity": "0.010001"}, -1013, "Filter failure: LOT_SIZE"),
    ("oco", SELL, {"aboveIcebergQty": "0.02"}, -1013, "IcebergQty exceeds QTY."),
    ("oco", SELL, {"belowTrailingDelta": "5"}, -1013, "Filter failure: TRAILING_DELTA"),
    ("oco", SELL, {"abovePrice": "x"}, -1100, "parameter 'abovePrice'"),
    ("oco", SELL, {"aboveClientOrderId": "a b"}, -1100, "'aboveClientOrderId'"),
    ("oco", SELL, {"listClientOrderId": "x" * 37}, -1100, "'listClientOrderId'"),
    ("oco", SELL, {"newOrderRespType": "SHORT"}, -1130, "'newOrderRespType'"),
    ("oco", SELL, {"aboveStrategyType": "5"}, -1134, "less than 1000000"),
    ("oco", SELL, {"colour": "red"}, -1104, "Not all sent parameters were read"),
    ("oco", SELL, {"abovePrice": "55000"}, -2010, WRONG_PRICES),
    ("oco", SELL, {"belowStopPrice": "65000"}, -2010, WRONG_PRICES),
    ("oco", BUY, {"belowPrice": "65000"}, -2010, WRONG_PRICES),
    ("oco", BUY, {"aboveStopPrice": "55000"}, -2010, WRONG_PRICES),
    ("oco", SELL, {"quantity": "61"}, -2010, "Account has insufficient balance for requested action."),
    ("oco", SELL, {"aboveClientOrderId": "same", "belowClientOrderId": "same"}, -2010, "Duplicate order sent."),
    ("old", OLD, {"stopPrice": None}, -1102, "Mandatory parameter 'stopPrice'"),
    ("old", OLD, {"price": None}, -1102, "Mandatory parameter 'price'"),
    ("old", OLD, {"stopLimitPrice": "49000"}, -1128, "Recommendation: 'stopLimitTimeInForce' should also be sent."),
    ("old", OLD, {"stopLimitTimeInForce": "GTC"}, -1128, "Recommendation: 'stopLimitPrice' should also be sent."),
    ("old", OLD, {"stopIcebergQty": "0.001"}, -1106, "Parameter 'stopIcebergQty' sent when not required."),
    ("old", OLD, {"stopPrice": "70000", "price": "50000"}, -2010, WRONG_PRICES),
    ("oto", WORKING | PENDING, {"workingType": "MARKET"}, -1116, "Invalid orderType."),
    ("oto", WORKING | PENDING, {"workingTimeInForce": None}, -1102, "Mandatory parameter 'workingTimeInForce'"),
    ("oto", WORKING | PENDING, {"workingQuantity": None}, -1102, "Mandatory parameter 'workingQuantity'"),
    ("oto", WORKING | PENDING, {"pendingQuantity": None}, -1102, "'pendingQuantity'"),
    ("oto", WORKING | PENDING, {"pendingType": "LIMIT"}, -1102, "Mandatory parameter 'pendingTimeInForce'"),
    ("oto", WORKING | PENDING, {"pendingType": None}, -1102, "Mandatory parameter 'pendingType'"),
    ("oto", WORKING | PENDING, {"quoteOrderQty": "600"}, -1104, "Not all sent parameters were read"),
    ("oto", WORKING | PENDING, {"workingIcebergQty": "0.001", "workingTimeInForce": "FOK"}, -1160, "workingIcebergQty"),
    ("oto", WORKING | PENDING, {"workingType": "LIMIT_MAKER", "workingTimeInForce": None, "workingPrice": "70000"},
     -2010, "Order would immediately match and take."),
    ("oto", WORKING | PENDING, {"workingQuantity": "100"}, -2010, "Account has insufficient balance"),
    ("otoco", OTOCO, {"pendingAboveType": "LIMIT"}, -1158, "Order type not supported in OCO."),
    ("otoco", OTOCO, {"pendingAboveType": "STOP_LOSS"}, -1197, "A stop loss order in a sell OCO must be below."),
    ("otoco", OTOCO, {"pendingBelowType": None}, -1102, "Mandatory parameter 'pendingBelowType'"),
    ("otoco", OTOCO, {"pendingAbovePrice": "39000"}, -2010, WRONG_PRICES),
    ("opo", OPO, {"workingSide": "SELL", "workingPrice": "70000"}, -1222, "Working order in an OPO list must be a bid"),
    ("opo", OPO, {"pendingSide": "BUY"}, -1223, "Pending orders in an OPO list must be asks."),
    ("opo", OPO, {"workingQuantity": None}, -1102, "Mandatory parameter 'workingQuantity'"),
    ("opo", OPO, {"pendingQuantity": QUANTITY}, -1225, "Pending orders should not include the 'pendingQuantity' tag."),
    ("opoco", OPOCO, {"workingSide": "SELL", "workingPrice": "70000"}, -1222, "must be a bid"),
    ("opoco", OPOCO, {"pendingQuantity": QUANTITY}, -1225, "'pendingQuantity'"),
]  # fmt: skip


@pytest.fixture(scope="module")
def still_twin(start_twin: Callable[..., Twin]) -> Twin:
    return start_twin(*STILL)


@pytest.mark.parametrize(("kind", "whole", "change", "code", "text"), REFUSALS, ids=lambda value: str(value)[:40])
def test_a_list_is_refused_with_code_and_words_and_leaves_nothing(
    still_twin: Twin, kind: str, whole: dict[str, Any], change: dict[str, Any], code: int, text: str
) -> None:
    params = {name: value for name, value in (whole | change).items() if value is not None}

    async def test(desk: Desk) -> None:
        for via in ("rest", "ws"):
            status, body = await desk.send(kind, via, **params)
            assert (status, body["code"]) == (400, code), body
            assert text in body["msg"]
        _, left = await desk.client.signed("GET", "/api/v3/openOrders", symbol=SYMBOL)
        assert left == []
        assert (await desk.balance("BTC"))[1] == (await desk.balance("USDT"))[1] == 0
        _, counts = await desk.client.signed("GET", "/api/v3/rateLimit/order")
        assert counts[1]["count"] == 0

    run(still_twin, test)


@pytest.mark.parametrize(
    ("kind", "params", "orders"),
    [("oco", SELL, 2), ("old", OLD, 2), ("oto", WORKING | PENDING, 2), ("otoco", OTOCO, 3), ("opo", OPO, 2),
     ("opoco", OPOCO, 3)],
)  # fmt: skip
def test_each_kind_counts_its_orders_and_says_so(
    start_twin: Callable[..., Twin], kind: str, params: dict[str, Any], orders: int
) -> None:
    async def test(desk: Desk) -> None:
        answer = await desk.socket.ask(
            desk.client.request(f"orderList.place{'' if kind == 'old' else '.' + kind}", symbol=SYMBOL, **params)
        )
        assert [limit["count"] for limit in answer["rateLimits"][:2]] == [orders] * 2
        status, body = await desk.send(kind, **params)
        assert (status, body["code"]) == (429, -1015)
        _, left = await desk.client.signed("GET", "/api/v3/openOrders", symbol=SYMBOL)
        assert len(left) == orders
        _, counts = await desk.client.signed("GET", "/api/v3/rateLimit/order")
        assert counts[1]["count"] == orders

    run(start_twin(*STILL, "--orders-per-10s", str(2 * orders - 1)), test)


def test_names_are_taken_only_while_their_list_or_order_is_open(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        names = {"listClientOrderId": "the-list", "aboveClientOrderId": "the-leg"}
        first = await desk.place("oco", **SELL | names)
        for name in names:
            status, body = await desk.send("oco", **SELL | {name: names[name]})
            assert (status, body) == (400, {"code": -2010, "msg": "Duplicate order sent."})
        await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, listClientOrderId="the-list")
        second = await desk.place("oco", **SELL | names)
        assert second["orderListId"] > first["orderListId"]
        _, found = await desk.client.signed("GET", "/api/v3/orderList", origClientOrderId="the-list")
        assert found["orderListId"] == second["orderListId"]
        await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, listClientOrderId="the-list")

    run(still_twin, test)


def test_an_account_may_have_twenty_lists_open_on_a_symbol_and_as_many_in_all(
    start_twin: Callable[..., Twin],
) -> None:
    async def test(desk: Desk) -> None:
        for _ in range(19):
            await desk.place("oto", **WORKING | PENDING)
        ether = {"workingPrice": "2500", "workingQuantity": "0.1", "pendingQuantity": "0.1", "symbol": "ETHUSDT"}
        status, _ = await desk.client.signed("POST", "/api/v3/orderList/oto", **WORKING | PENDING | ether)
        assert status == 200
        status, body = await desk.send("oto", **WORKING | PENDING)
        assert (status, body) == (400, {"code": -1013, "msg": "Filter failure: EXCHANGE_MAX_NUM_ORDER_LISTS"})
        await desk.client.signed("DELETE", "/api/v3/openOrders", symbol="ETHUSDT")
        await desk.place("oto", **WORKING | PENDING)
        status, body = await desk.send("oto", **WORKING | PENDING)
        assert (status, body) == (400, {"code": -1013, "msg": "Filter failure: MAX_NUM_ORDER_LISTS"})

    run(start_twin(*STILL), test)


def test_queries_and_cancels_of_lists_that_are_not_there_are_refused(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("oco", **SELL, listClientOrderId="here")
        here = body["orderListId"]
        for method, params, code, text in (
            ("GET", {"orderListId": 10**9}, -2013, "Order list does not exist."),
            ("GET", {"origClientOrderId": "nobody"}, -2013, "Order list does not exist."),
            ("GET", {}, -1128, "Recommendation: 'orderListId' should also be sent."),
            ("DELETE", {"symbol": SYMBOL}, -1102, "Param 'orderListId' or 'listClientOrderId' must be sent"),
            ("DELETE", {"orderListId": here}, -1102, "Mandatory parameter 'symbol'"),
            ("DELETE", {"symbol": SYMBOL, "orderListId": 10**9}, -2011, "Unknown order sent."),
            ("DELETE", {"symbol": "ETHUSDT", "orderListId": here}, -2011, "Unknown order sent."),
            ("DELETE", {"symbol": SYMBOL, "orderListId": here, "listClientOrderId": "other"}, -2039, "not correct"),
        ):
            status, answer = await desk.client.signed(method, "/api/v3/orderList", **params)
            assert (status, answer["code"]) == (400, code), (method, params, answer)
            assert text in answer["msg"]
        for _ in range(2):
            status, answer = await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=here)
        assert (status, answer) == (400, {"code": -2011, "msg": "Unknown order sent."})
        for params, code in (({"fromId": 1, "startTime": 1}, -1128), ({"startTime": 1, "endTime": 10**9}, -1127)):
            status, answer = await desk.client.signed("GET", "/api/v3/allOrderList", **params)
            assert (status, answer["code"]) == (400, code)

    run(still_twin, test)


def test_open_and_all_lists_are_found_over_both_doors(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        placed = [await desk.place("oto", **WORKING | PENDING) for _ in range(4)]
        ids = [body["orderListId"] for body in placed]
        await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=ids[0])

        async def found(path: str, method: str, **params: Any) -> list[int]:
            _, body = await desk.client.signed("GET", path, **params)
            answer = await desk.socket.ask(desk.client.request(method, **params))
            assert answer["result"] == body
            return [listed["orderListId"] for listed in body]

        assert await found("/api/v3/openOrderList", "openOrderLists.status") == ids[1:]
        everything = ("/api/v3/allOrderList", "allOrderLists")
        assert await found(*everything) == ids
        assert await found(*everything, limit=2) == ids[2:]
        assert await found(*everything, fromId=ids[1], limit=2) == ids[1:3]
        times = [body["transactionTime"] for body in placed]
        assert await found(*everything, startTime=times[0], endTime=times[-1]) == ids
        assert await found(*everything, endTime=times[0] - 1) == []
        answer = await desk.socket.ask(desk.client.request("orderList.status", orderListId=ids[0]))
        assert answer["result"]["listOrderStatus"] == "ALL_DONE"
        answer = await desk.socket.ask(desk.client.request("orderList.cancel", symbol=SYMBOL, orderListId=ids[1]))
        assert answer["result"]["listStatusType"] == "ALL_DONE"

    run(start_twin(*STILL), test)


def test_exchange_information_offers_lists_and_bounds_them(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        information = await desk.client.public("/api/v3/exchangeInfo", symbol=SYMBOL)
        symbol = information["symbols"][0]
        assert (symbol["ocoAllowed"], symbol["otoAllowed"], symbol["opoAllowed"]) == (True, True, True)
        assert {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20} in symbol["filters"]
        _, filters = await desk.client.signed("GET", "/api/v3/myFilters", symbol=SYMBOL)
        bound = {"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20}
        assert bound in filters["exchangeFilters"]

    run(still_twin, test)


def test_a_list_locks_once_for_both_legs_the_larger_of_the_two(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        free, _ = await desk.balance("USDT")
        stop = {"aboveType": "STOP_LOSS_LIMIT", "abovePrice": "71000", "aboveTimeInForce": "GTC"}
        body = await desk.place("oco", **BUY | stop)
        locked = Decimal(QUANTITY) * 71000
        assert await desk.balance("USDT") == (free - locked, locked)
        await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=body["orderListId"])
        assert await desk.balance("USDT") == (free, 0)

    run(still_twin, test)
