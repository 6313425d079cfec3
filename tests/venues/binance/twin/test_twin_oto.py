"""OTO, OTOCO, OPO and OPOCO lists through real sockets: pending until the working order is filled whole."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from list_desk import QUANTITY, STILL, SYMBOL, Desk, run
from twin_client import Twin

FEE = Decimal("0.00001")
"""What a buyer of `QUANTITY` pays: a thousandth of it."""


@pytest.fixture(scope="module")
def still_twin(start_twin: Callable[..., Twin]) -> Twin:
    return start_twin(*STILL)


async def working(desk: Desk, side: str = "BUY", away: str = "1", **more: Any) -> dict[str, Any]:
    """A limit order `away` dollars behind its own side's best price; negative takes."""
    bid, ask = await desk.touch()
    price = bid - Decimal(away) if side == "BUY" else ask + Decimal(away)
    named = {"Type": "LIMIT", "Side": side, "Quantity": QUANTITY, "Price": str(price), "TimeInForce": "GTC"}
    return {f"working{name}": value for name, value in named.items()} | more


async def pair(desk: Desk, quantity: str | None = QUANTITY) -> dict[str, Any]:
    """A pending pair that sells, two dollars around the touch."""
    bid, ask = await desk.touch()
    named = {
        "pendingSide": "SELL",
        "pendingAboveType": "LIMIT_MAKER",
        "pendingAbovePrice": str(ask + 2),
        "pendingBelowType": "STOP_LOSS",
        "pendingBelowStopPrice": str(bid - 2),
    }
    return named | ({"pendingQuantity": quantity} if quantity else {})


async def pending_sell(desk: Desk, quantity: str | None = QUANTITY) -> dict[str, Any]:
    """A pending limit order that sells two dollars above."""
    _, ask = await desk.touch()
    named = {"pendingType": "LIMIT", "pendingSide": "SELL", "pendingPrice": str(ask + 2), "pendingTimeInForce": "GTC"}
    return named | ({"pendingQuantity": quantity} if quantity else {})


async def fill(desk: Desk, body: Any) -> None:
    """Let the working order be filled whole."""
    await desk.push("SELL", Decimal(body["orderReports"][0]["price"]))


async def cancel(desk: Desk, body: Any) -> Any:
    _, canceled = await desk.client.signed(
        "DELETE", "/api/v3/orderList", symbol=SYMBOL, orderListId=body["orderListId"]
    )
    return canceled


async def parameters(desk: Desk, kind: str) -> dict[str, Any]:
    """Parameters of a list of that kind whose working order buys."""
    quantity = None if kind.startswith("opo") else QUANTITY
    legs = await (pair if kind.endswith("oco") else pending_sell)(desk, quantity)
    return await working(desk) | legs


@pytest.mark.parametrize("via", ["rest", "ws"])
@pytest.mark.parametrize("kind", ["oto", "otoco", "opo", "opoco"])
def test_pending_legs_are_told_as_pending_lock_nothing_and_are_canceled_with_the_list(
    still_twin: Twin, kind: str, via: str
) -> None:
    async def test(desk: Desk) -> None:
        coins, money = await desk.balance("BTC"), await desk.balance("USDT")
        body = await desk.place(kind, via, **await parameters(desk, kind))
        first, *pending = body["orderReports"]
        assert (body["contingencyType"], body["listOrderStatus"]) == ("OTO", "EXECUTING")
        assert (first["type"], first["status"]) == ("LIMIT", "NEW")
        types = ["STOP_LOSS", "LIMIT_MAKER"] if kind.endswith("oco") else ["LIMIT"]
        assert [report["type"] for report in pending] == types
        assert {(report["status"], report["workingTime"]) for report in pending} == {("PENDING_NEW", -1)}
        assert all(("origQty" in report) != kind.startswith("opo") for report in pending)
        assert await desk.story(body["orderListId"], done=False) == [
            "LIMIT NEW NEW",
            *(f"{name} NEW PENDING_NEW" for name in types),
            "EXEC_STARTED EXECUTING",
        ]
        locked = Decimal(QUANTITY) * Decimal(first["price"])
        assert await desk.balance("BTC") == coins
        assert await desk.balance("USDT") == (money[0] - locked, locked)
        _, waiting = await desk.client.signed("GET", "/api/v3/openOrders", symbol=SYMBOL)
        assert [order["status"] for order in waiting] == ["NEW", *["PENDING_NEW"] * len(pending)]
        assert [order["isWorking"] for order in waiting] == [True, *[False] * len(pending)]
        canceled = await cancel(desk, body)
        assert [report["status"] for report in canceled["orderReports"]] == ["CANCELED"] * (1 + len(pending))
        assert (await desk.story(body["orderListId"]))[-1] == "ALL_DONE ALL_DONE"
        assert (await desk.balance("BTC"), await desk.balance("USDT")) == (coins, money)

    run(still_twin, test)


def test_a_pending_order_is_placed_when_the_working_one_is_filled_whole_and_not_before(
    start_twin: Callable[..., Twin],
) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("oto", **await parameters(desk, "oto"))
        await desk.story(body["orderListId"], done=False)
        first, pending = body["orderReports"]
        before = await desk.ahead(first)
        await desk.push("SELL", Decimal(first["price"]), str(before + Decimal("0.00400")))
        assert (await desk.order(first["orderId"]))["status"] == "PARTIALLY_FILLED"
        assert (await desk.order(pending["orderId"]))["status"] == "PENDING_NEW"
        await desk.push("SELL", Decimal(first["price"]), "0.00600")
        assert await desk.story(body["orderListId"], done=False) == [
            "LIMIT TRADE PARTIALLY_FILLED",
            "LIMIT TRADE FILLED",
            "LIMIT NEW NEW",
            "EXEC_STARTED EXECUTING",
        ]
        assert (await desk.order(pending["orderId"]))["status"] == "NEW"
        assert (await desk.balance("BTC"))[1] == Decimal(QUANTITY)
        await desk.push("BUY", Decimal(pending["price"]))
        assert await desk.story(body["orderListId"]) == ["LIMIT TRADE FILLED", "ALL_DONE ALL_DONE"]
        assert (await desk.balance("BTC"))[1] == (await desk.balance("USDT"))[1] == 0

    run(start_twin(*STILL), test)


def test_a_working_order_that_is_filled_at_once_is_answered_with_its_pending_order_still_pending(
    start_twin: Callable[..., Twin],
) -> None:
    async def test(desk: Desk) -> None:
        market = {"pendingType": "MARKET", "pendingSide": "SELL", "pendingQuantity": QUANTITY}
        body = await desk.place("oto", "ws", **await working(desk, away="-9"), **market)
        first, pending = body["orderReports"]
        assert (first["status"], pending["status"]) == ("FILLED", "PENDING_NEW")
        told = await desk.story(body["orderListId"])
        assert told[:2] == ["LIMIT NEW NEW", "LIMIT TRADE FILLED"]
        assert told[2:5] == ["MARKET NEW PENDING_NEW", "EXEC_STARTED EXECUTING", "MARKET NEW NEW"]
        assert told[-3:] == ["MARKET TRADE FILLED", "EXEC_STARTED EXECUTING", "ALL_DONE ALL_DONE"]
        assert (await desk.order(pending["orderId"]))["status"] == "FILLED"
        assert (await desk.listed(body["orderListId"]))["listOrderStatus"] == "ALL_DONE"

    run(start_twin(*STILL), test)


@pytest.mark.parametrize("kind", ["oto", "otoco"])
def test_pending_legs_expire_with_a_working_order_that_ends_unfilled(still_twin: Twin, kind: str) -> None:
    async def test(desk: Desk) -> None:
        coins = await desk.balance("BTC")
        params = await parameters(desk, kind) | {"workingTimeInForce": "FOK"}
        body = await desk.place(kind, **params)
        assert body["orderReports"][0]["status"] == "EXPIRED"
        told = await desk.story(body["orderListId"])
        count = len(body["orders"]) - 1
        assert told[1] == "LIMIT EXPIRED EXPIRED UNFILLED_FOK_ORDER_EXPIRED"
        assert sum(1 for line in told if line.endswith("EXPIRED EXPIRED OTO_PHASE_ONE_EXPIRED")) == count
        assert told[-1] == "ALL_DONE ALL_DONE"
        assert await desk.balance("BTC") == coins
        order = await desk.order(body["orders"][1]["orderId"])
        assert (order["status"], order["expiryReason"]) == ("EXPIRED", "OTO_PHASE_ONE_EXPIRED")

    run(still_twin, test)


def test_a_pending_order_that_cannot_be_paid_for_expires_as_rejected(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        params = await parameters(desk, "oto") | {"pendingQuantity": "70.00000"}
        body = await desk.place("oto", **params)
        await desk.story(body["orderListId"], done=False)
        await fill(desk, body)
        assert (await desk.story(body["orderListId"]))[-2:] == [
            "LIMIT EXPIRED EXPIRED REJECTED",
            "ALL_DONE ALL_DONE",
        ]
        assert (await desk.balance("BTC"))[1] == 0

    run(start_twin(*STILL), test)


def test_the_pending_pair_of_an_otoco_is_an_oco_once_it_is_placed(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("otoco", **await parameters(desk, "otoco"))
        await desk.story(body["orderListId"], done=False)
        await fill(desk, body)
        assert await desk.story(body["orderListId"], done=False) == [
            "LIMIT TRADE FILLED",
            "STOP_LOSS NEW NEW",
            "LIMIT_MAKER NEW NEW",
            "EXEC_STARTED EXECUTING",
        ]
        assert (await desk.balance("BTC"))[1] == Decimal(QUANTITY)
        limit = body["orderReports"][2]
        await desk.push("BUY", Decimal(limit["price"]))
        assert await desk.story(body["orderListId"]) == [
            "LIMIT_MAKER TRADE FILLED",
            "STOP_LOSS EXPIRED EXPIRED OCO_TRIGGER",
            "ALL_DONE ALL_DONE",
        ]
        assert (await desk.balance("BTC"))[1] == 0

    run(start_twin(*STILL), test)


def test_a_pending_stop_that_the_market_has_passed_is_rejected_and_takes_the_pair_with_it(
    start_twin: Callable[..., Twin],
) -> None:
    async def test(desk: Desk) -> None:
        params = await parameters(desk, "otoco")
        bid, _ = await desk.touch()
        params |= {"workingPrice": str(bid - 3), "workingType": "LIMIT_MAKER"}
        del params["workingTimeInForce"]
        body = await desk.place("otoco", **params)
        await desk.story(body["orderListId"], done=False)
        await fill(desk, body)
        assert await desk.story(body["orderListId"]) == [
            "LIMIT_MAKER TRADE FILLED",
            "STOP_LOSS EXPIRED EXPIRED REJECTED",
            "LIMIT_MAKER EXPIRED EXPIRED OCO_TRIGGER",
            "ALL_DONE ALL_DONE",
        ]

    run(start_twin(*STILL), test)


def test_canceling_the_pending_leg_alone_cancels_the_working_one_too(still_twin: Twin) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("oto", **await parameters(desk, "oto"))
        _, canceled = await desk.client.signed(
            "DELETE", "/api/v3/order", symbol=SYMBOL, orderId=body["orders"][1]["orderId"]
        )
        assert [report["status"] for report in canceled["orderReports"]] == ["CANCELED"] * 2
        assert (await desk.order(body["orders"][0]["orderId"]))["status"] == "CANCELED"

    run(still_twin, test)


def test_an_opo_locks_what_it_buys_as_it_buys_it_and_sells_that(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        free, _ = await desk.balance("BTC")
        body = await desk.place("opo", **await parameters(desk, "opo"))
        first, pending = body["orderReports"]
        before = await desk.ahead(first)
        await desk.push("SELL", Decimal(first["price"]), str(before + Decimal("0.00400")))
        assert (await desk.order(first["orderId"]))["executedQty"] == "0.00400000"
        assert await desk.balance("BTC") == (free - before - Decimal("0.004") - Decimal("0.000004"), Decimal("0.004"))
        await desk.push("SELL", Decimal(first["price"]), "0.00600")
        await desk.story(body["orderListId"], done=False)
        order = await desk.order(pending["orderId"])
        assert (order["status"], order["origQty"]) == ("NEW", "0.01000000")
        assert await desk.balance("BTC") == (free - before - Decimal(QUANTITY) - FEE, Decimal(QUANTITY))
        await cancel(desk, body)
        assert (await desk.balance("BTC"))[1] == 0

    run(start_twin(*STILL), test)


def test_an_opo_of_an_account_without_free_coins_pays_the_fee_from_the_purchase_and_sells_whole_lots(
    start_twin: Callable[..., Twin],
) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("opo", **await working(desk, away="-9"), **await pending_sell(desk, None))
        await desk.story(body["orderListId"], done=False)
        await desk.story(body["orderListId"], done=False)
        order = await desk.order(body["orders"][1]["orderId"])
        assert order["origQty"] == "0.00999000"
        bought = [Decimal(trade["qty"]) - Decimal(trade["commission"]) for trade in await trades(desk)]
        assert await desk.balance("BTC") == (sum(bought) - Decimal("0.00999"), Decimal("0.00999"))

    run(start_twin(*STILL, "--balance", "BTC=0"), test)


async def trades(desk: Desk) -> Any:
    _, found = await desk.client.signed("GET", "/api/v3/myTrades", symbol=SYMBOL)
    return found


def test_what_an_opo_has_bought_is_free_again_when_it_is_canceled_half_way(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("opoco", **await parameters(desk, "opoco"))
        first = body["orderReports"][0]
        before = await desk.ahead(first)
        await desk.push("SELL", Decimal(first["price"]), str(before + Decimal("0.00400")))
        free, locked = await desk.balance("BTC")
        assert locked == Decimal("0.004")
        canceled = await cancel(desk, body)
        assert [report["executedQty"] for report in canceled["orderReports"]] == ["0.00400000", *["0.00000000"] * 2]
        assert await desk.balance("BTC") == (free + locked, 0)

    run(start_twin(*STILL), test)


def test_an_opoco_sells_what_it_bought_by_whichever_leg_comes_first(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        body = await desk.place("opoco", "ws", **await parameters(desk, "opoco"))
        await desk.story(body["orderListId"], done=False)
        await fill(desk, body)
        await desk.story(body["orderListId"], done=False)
        assert {(await desk.order(leg["orderId"]))["origQty"] for leg in body["orders"][1:]} == {"0.01000000"}
        await desk.push("SELL", Decimal(body["orderReports"][1]["stopPrice"]) - 1)
        told = await desk.story(body["orderListId"])
        assert told[0] == "LIMIT_MAKER EXPIRED EXPIRED OCO_TRIGGER"
        assert told[-2:] == ["STOP_LOSS TRADE FILLED", "ALL_DONE ALL_DONE"]
        assert (await desk.balance("BTC"))[1] == 0

    run(start_twin(*STILL), test)


def test_too_small_a_purchase_leaves_an_opo_nothing_to_sell(start_twin: Callable[..., Twin]) -> None:
    async def test(desk: Desk) -> None:
        params = await working(desk, away="-9") | {"workingQuantity": "0.00009"}
        body = await desk.place("opo", **params, pendingType="STOP_LOSS", pendingSide="SELL", pendingStopPrice="55000")
        assert (await desk.story(body["orderListId"]))[-2:] == [
            "STOP_LOSS EXPIRED EXPIRED REJECTED",
            "ALL_DONE ALL_DONE",
        ]
        assert (await desk.balance("BTC"))[1] == 0

    run(start_twin(*STILL, "--balance", "BTC=0"), test)
