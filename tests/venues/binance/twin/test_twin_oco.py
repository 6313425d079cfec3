"""OCO lists through real sockets: placed, triggered, filled, canceled, and what the account is told of it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from list_desk import QUANTITY, STILL, SYMBOL, Desk, run
from twin_client import Twin

SELL = {"side": "SELL", "quantity": QUANTITY}
BUY = {"side": "BUY", "quantity": QUANTITY}
ONE = Decimal(1)
LIST_KEYS = [
    "orderListId",
    "contingencyType",
    "listStatusType",
    "listOrderStatus",
    "listClientOrderId",
    "transactionTime",
    "symbol",
    "orders",
]
PLACED = ["STOP_LOSS_LIMIT NEW NEW", "LIMIT_MAKER NEW NEW", "EXEC_STARTED EXECUTING"]


@pytest.fixture(scope="module")
def still_twin(start_twin: Callable[..., Twin]) -> Twin:
    return start_twin(*STILL)


async def bracket(desk: Desk, side: str = "SELL", **more: Any) -> dict[str, Any]:
    """Parameters of a list one dollar around the touch, its stop with a limit price."""
    bid, ask = await desk.touch()
    limit = {"Type": "LIMIT_MAKER", "Price": ask + ONE if side == "SELL" else bid - ONE}
    at, worse = (bid - ONE, bid - 9) if side == "SELL" else (ask + ONE, ask + 9)
    stop = {"Type": "STOP_LOSS_LIMIT", "StopPrice": at, "Price": worse, "TimeInForce": "GTC"}
    above, below = (limit, stop) if side == "SELL" else (stop, limit)
    legs = {f"above{name}": str(value) for name, value in above.items()}
    legs |= {f"below{name}": str(value) for name, value in below.items()}
    return {"side": side, "quantity": QUANTITY} | legs | more


@pytest.mark.parametrize("via", ["rest", "ws"])
@pytest.mark.parametrize("side", ["SELL", "BUY"])
def test_an_oco_is_placed_whole_told_leg_by_leg_and_canceled_whole(still_twin: Twin, side: str, via: str) -> None:
    async def test(desk: Desk) -> None:
        asset = "BTC" if side == "SELL" else "USDT"
        free, _ = await desk.balance(asset)
        names = {"aboveClientOrderId": "up", "belowClientOrderId": "down", "listClientOrderId": "both"}
        params = await bracket(desk, side, **names)
        body = await desk.place("oco", via, **params)
        assert list(body) == [*LIST_KEYS, "orderReports"]
        assert [body[key] for key in LIST_KEYS[1:5]] == ["OCO", "EXEC_STARTED", "EXECUTING", "both"]
        stop, limit = body["orderReports"]
        expected = ["down", "up"] if side == "SELL" else ["up", "down"]
        assert [order["clientOrderId"] for order in body["orders"]] == expected
        assert (stop["type"], limit["type"]) == ("STOP_LOSS_LIMIT", "LIMIT_MAKER")
        assert stop["orderId"] + 1 == limit["orderId"]
        assert stop["workingTime"] == -1
        assert limit["workingTime"] == body["transactionTime"]
        assert {report["orderListId"] for report in (stop, limit)} == {body["orderListId"]}
        assert {report["status"] for report in (stop, limit)} == {"NEW"}
        assert await desk.story(body["orderListId"], done=False) == PLACED
        price = Decimal(params["abovePrice"])
        locked = Decimal(QUANTITY) * (1 if side == "SELL" else price)
        assert await desk.balance(asset) == (free - locked, locked)
        assert await desk.listed(body["orderListId"]) == {key: body[key] for key in LIST_KEYS}

        _, canceled = await desk.client.signed(
            "DELETE", "/api/v3/orderList", symbol=SYMBOL, listClientOrderId="both", newClientOrderId="the-cancel"
        )
        assert (canceled["listStatusType"], canceled["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")
        assert [(report["origClientOrderId"], report["status"]) for report in canceled["orderReports"]] == [
            (name, "CANCELED") for name in expected
        ]
        assert {report["clientOrderId"] for report in canceled["orderReports"]} == {"the-cancel"}
        assert await desk.story(body["orderListId"]) == [
            "STOP_LOSS_LIMIT CANCELED CANCELED",
            "LIMIT_MAKER CANCELED CANCELED",
            "ALL_DONE ALL_DONE",
        ]
        assert await desk.balance(asset) == (free, 0)
        assert (await desk.listed(body["orderListId"]))["listOrderStatus"] == "ALL_DONE"

    run(still_twin, test)


def test_the_status_event_has_every_field_in_the_venues_order(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("oco", "ws", **await bracket(desk))
        event = (await desk.socket.until(lambda message: message.get("event", {}).get("e") == "listStatus"))["event"]
        assert list(event) == ["e", "E", "s", "g", "c", "l", "L", "r", "C", "T", "O"]
        assert event | {"E": 0, "T": 0} == {
            "e": "listStatus",
            "E": 0,
            "s": SYMBOL,
            "g": body["orderListId"],
            "c": "OCO",
            "l": "EXEC_STARTED",
            "L": "EXECUTING",
            "r": "NONE",
            "C": body["listClientOrderId"],
            "T": 0,
            "O": [{"s": SYMBOL, "i": order["orderId"], "c": order["clientOrderId"]} for order in body["orders"]],
        }
        assert event["T"] == body["transactionTime"]
        reports = [message["event"] for message in desk.socket.seen if "event" in message][-3:-1]
        assert [report["g"] for report in reports] == [body["orderListId"]] * 2
        assert not any(name in report for report in reports for name in ("a", "b", "k", "uS"))
        position = (await desk.socket.next())["event"]
        assert position["e"] == "outboundAccountPosition"
        await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=body["orderListId"])

    run(still_twin, test)


@pytest.mark.parametrize("side", ["SELL", "BUY"])
def test_the_stop_expires_when_the_limit_leg_trades(start_twin: Callable[..., Twin], side: str) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("oco", **await bracket(desk, side))
        await desk.story(body["orderListId"], done=False)
        _, limit = body["orderReports"]
        await desk.push("BUY" if side == "SELL" else "SELL", Decimal(limit["price"]))
        assert await desk.story(body["orderListId"]) == [
            "LIMIT_MAKER TRADE FILLED",
            "STOP_LOSS_LIMIT EXPIRED EXPIRED OCO_TRIGGER",
            "ALL_DONE ALL_DONE",
        ]
        assert (await desk.balance("BTC"))[1] == (await desk.balance("USDT"))[1] == 0

    run(start_twin(*STILL), test)


def test_a_part_of_the_limit_leg_is_enough_to_end_the_stop_and_the_list_goes_on(
    start_twin: Callable[..., Twin],
) -> None:
    async def test(desk: Desk) -> None:
        params = await bracket(desk)
        body = await desk.place("oco", **params)
        await desk.story(body["orderListId"], done=False)
        _, limit = body["orderReports"]
        before = await desk.ahead(limit)
        await desk.push("BUY", Decimal(limit["price"]), str(before + Decimal("0.00400")))
        trade = await desk.socket.until(lambda message: message.get("event", {}).get("i") == limit["orderId"])
        assert (trade["event"]["X"], trade["event"]["l"]) == ("PARTIALLY_FILLED", "0.00400000")
        gone = await desk.socket.until(lambda message: message.get("event", {}).get("g") == body["orderListId"])
        assert (gone["event"]["o"], gone["event"]["eR"]) == ("STOP_LOSS_LIMIT", "OCO_TRIGGER")
        assert (await desk.listed(body["orderListId"]))["listOrderStatus"] == "EXECUTING"
        assert (await desk.balance("BTC"))[1] == Decimal("0.006")
        _, canceled = await desk.client.signed(
            "DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=body["orderListId"]
        )
        assert [report["executedQty"] for report in canceled["orderReports"]] == ["0.00400000"]
        assert await desk.story(body["orderListId"]) == ["LIMIT_MAKER CANCELED CANCELED", "ALL_DONE ALL_DONE"]
        assert (await desk.balance("BTC"))[1] == 0

    run(start_twin(*STILL), test)


def test_the_limit_leg_leaves_before_the_stop_that_was_triggered_trades(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        params = await bracket(desk)
        body = await desk.place("oco", **params)
        await desk.story(body["orderListId"], done=False)
        await desk.push("SELL", Decimal(params["belowStopPrice"]) - ONE)
        told = await desk.story(body["orderListId"])
        assert told[0] == "LIMIT_MAKER EXPIRED EXPIRED OCO_TRIGGER"
        assert told[-2:] == ["STOP_LOSS_LIMIT TRADE FILLED", "ALL_DONE ALL_DONE"]
        stop, limit = body["orderReports"]
        assert (await desk.order(limit["orderId"]))["executedQty"] == "0.00000000"
        assert (await desk.order(stop["orderId"]))["executedQty"] == "0.01000000"
        assert (await desk.balance("BTC"))[1] == 0

    run(start_twin(*STILL), test)


def test_a_triggered_stop_that_rests_keeps_the_list_open_until_it_ends(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        params = await bracket(desk)
        bid, _ = await desk.touch()
        params |= {"belowPrice": str(bid + Decimal("0.50"))}
        body = await desk.place("oco", **params)
        await desk.story(body["orderListId"], done=False)
        await desk.push("SELL", Decimal(params["belowStopPrice"]) - ONE)
        await desk.socket.until(lambda message: message.get("event", {}).get("eR") == "OCO_TRIGGER")
        stop = body["orderReports"][0]
        order = await desk.order(stop["orderId"])
        assert (order["status"], order["isWorking"]) == ("NEW", True)
        assert (await desk.listed(body["orderListId"]))["listOrderStatus"] == "EXECUTING"
        await desk.push("BUY", Decimal(params["belowPrice"]))
        assert (await desk.story(body["orderListId"]))[-2:] == ["STOP_LOSS_LIMIT TRADE FILLED", "ALL_DONE ALL_DONE"]

    run(start_twin(*STILL), test)


@pytest.mark.parametrize(
    ("kind", "types", "pushed", "winner"),
    [
        ("TAKE_PROFIT above", ("TAKE_PROFIT", "STOP_LOSS"), "BUY", "TAKE_PROFIT"),
        ("STOP_LOSS below", ("TAKE_PROFIT", "STOP_LOSS"), "SELL", "STOP_LOSS"),
        ("TAKE_PROFIT_LIMIT above", ("TAKE_PROFIT_LIMIT", "STOP_LOSS"), "BUY", "TAKE_PROFIT_LIMIT"),
    ],
)
def test_of_two_conditional_legs_the_first_that_is_triggered_ends_the_other(
    start_twin: Callable[..., Twin], kind: str, types: tuple[str, str], pushed: str, winner: str
) -> None:
    async def test(desk: Desk) -> None:
        bid, ask = await desk.touch()
        params = SELL | {"aboveType": types[0], "aboveStopPrice": str(ask + 1)}
        params |= {"belowType": types[1], "belowStopPrice": str(bid - 1)}
        if types[0] == "TAKE_PROFIT_LIMIT":
            params |= {"abovePrice": str(ask + Decimal("0.5")), "aboveTimeInForce": "GTC"}
        body = await desk.place("oco", **params)
        assert [report["type"] for report in body["orderReports"]] == [types[1], types[0]]
        await desk.story(body["orderListId"], done=False)
        await desk.push(pushed, ask + 2 if pushed == "BUY" else bid - 2)
        loser = types[1] if winner == types[0] else types[0]
        await desk.socket.until(lambda message: message.get("event", {}).get("eR") == "OCO_TRIGGER")
        ended = {report["type"]: report["orderId"] for report in body["orderReports"]}
        assert (await desk.order(ended[loser]))["status"] == "EXPIRED"
        assert (await desk.order(ended[winner]))["isWorking"]

    run(start_twin(*STILL), test)


def test_the_deprecated_oco_has_a_limit_and_a_stop_under_their_own_names(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        bid, ask = await desk.touch()
        names = {"limitClientOrderId": "limit-leg", "stopClientOrderId": "stop-leg", "limitStrategyId": 7}
        for via, more, stop_type in (
            ("rest", {}, "STOP_LOSS"),
            ("ws", {"stopLimitPrice": str(bid - 2), "stopLimitTimeInForce": "GTC"}, "STOP_LOSS_LIMIT"),
        ):
            body = await desk.place("old", via, **SELL, price=str(ask + 1), stopPrice=str(bid - 1), **names, **more)
            stop, limit = body["orderReports"]
            assert (stop["type"], stop["clientOrderId"]) == (stop_type, "stop-leg")
            assert (limit["type"], limit["clientOrderId"], limit["strategyId"]) == ("LIMIT_MAKER", "limit-leg", 7)
            assert "strategyId" not in stop
            await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=body["orderListId"])

    run(still_twin, test)


def test_answers_have_the_three_lengths_and_icebergs_differ_by_leg(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        lengths = {}
        for kind in ("ACK", "RESULT", "FULL", None):
            params = await bracket(desk, aboveIcebergQty="0.00200", belowIcebergQty="0.00500")
            body = await desk.place("oco", **params | ({"newOrderRespType": kind} if kind else {}))
            lengths[kind] = set(body["orderReports"][1])
            if kind == "RESULT":
                assert [report["icebergQty"] for report in body["orderReports"]] == ["0.00500000", "0.00200000"]
            await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=body["orderListId"])
        assert lengths["ACK"] == {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}
        assert lengths["FULL"] - lengths["RESULT"] == {"fills"}
        assert lengths[None] == lengths["RESULT"]

    run(still_twin, test)


def test_canceling_one_leg_cancels_the_list_and_answers_as_the_list(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        for via, leg in (("rest", 0), ("ws", 1)):
            body = await desk.place("oco", **await bracket(desk))
            await desk.story(body["orderListId"], done=False)
            wanted = {"symbol": SYMBOL, "orderId": body["orders"][leg]["orderId"], "newClientOrderId": "away"}
            if via == "rest":
                status, canceled = await desk.client.signed("DELETE", "/api/v3/order", **wanted)
            else:
                answer = await desk.socket.ask(desk.client.request("order.cancel", **wanted))
                status, canceled = answer["status"], answer["result"]
            assert status == 200
            assert canceled["listOrderStatus"] == "ALL_DONE"
            assert [report["clientOrderId"] for report in canceled["orderReports"]] == ["away"] * 2
            assert (await desk.story(body["orderListId"]))[-1] == "ALL_DONE ALL_DONE"

    run(still_twin, test)


def test_cancel_all_answers_with_single_orders_and_lists(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        bid, _ = await desk.touch()
        single = await desk.client.order(
            symbol=SYMBOL, side="BUY", type="LIMIT", timeInForce="GTC", quantity=QUANTITY, price=str(bid - 50)
        )
        listed = await desk.place("oco", **await bracket(desk))
        _, bodies = await desk.client.signed("DELETE", "/api/v3/openOrders", symbol=SYMBOL)
        assert [body.get("orderId") or body["orderListId"] for body in bodies] == [
            single["orderId"],
            listed["orderListId"],
        ]
        assert [report["status"] for report in bodies[1]["orderReports"]] == ["CANCELED"] * 2
        _, left = await desk.client.signed("GET", "/api/v3/openOrderList")
        assert left == []

    run(still_twin, test)


def test_cancel_replace_of_a_leg_cancels_the_list_and_places_the_new_order(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        bid, _ = await desk.touch()
        listed = await desk.place("oco", **await bracket(desk))
        status, body = await desk.client.signed(
            "POST",
            "/api/v3/order/cancelReplace",
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity=QUANTITY,
            price=str(bid - 50),
            cancelReplaceMode="STOP_ON_FAILURE",
            cancelOrderId=listed["orders"][0]["orderId"],
        )
        assert (status, body["cancelResult"], body["newOrderResult"]) == (200, "SUCCESS", "SUCCESS")
        assert body["newOrderResponse"]["orderListId"] == -1
        assert (await desk.listed(listed["orderListId"]))["listOrderStatus"] == "ALL_DONE"
        for leg in listed["orders"]:
            assert (await desk.order(leg["orderId"]))["status"] == "CANCELED"
        await desk.client.signed("DELETE", "/api/v3/openOrders", symbol=SYMBOL)

    run(still_twin, test)


def test_an_amended_leg_takes_the_other_with_it_and_its_new_name_is_told(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        listed = await desk.place("oco", **await bracket(desk))
        await desk.story(listed["orderListId"], done=False)
        limit = listed["orders"][1]
        status, body = await desk.client.signed(
            "PUT",
            "/api/v3/order/amend/keepPriority",
            symbol=SYMBOL,
            orderId=limit["orderId"],
            newQty="0.00600",
            newClientOrderId="smaller",
        )
        assert status == 200, body
        assert list(body["listStatus"]) == [
            "orderListId", "contingencyType", "listOrderStatus", "listClientOrderId", "symbol", "orders",
        ]  # fmt: skip
        assert body["listStatus"]["orders"][1] == limit | {"clientOrderId": "smaller"}
        updated = await desk.socket.until(lambda message: message.get("event", {}).get("l") == "UPDATED")
        assert updated["event"]["O"][1]["c"] == "smaller"
        sizes = [(await desk.order(leg["orderId"]))["origQty"] for leg in listed["orders"]]
        assert sizes == ["0.00600000"] * 2
        assert (await desk.balance("BTC"))[1] == Decimal("0.006")
        await desk.client.signed("DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=listed["orderListId"])
        assert (await desk.balance("BTC"))[1] == 0

    run(still_twin, test)
