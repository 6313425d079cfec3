"""Amends that keep the place in the queue."""

from __future__ import annotations

from typing import Any

import pytest
from spot import Spot, atoms

from venues.binance.twin.market.rules import Bounds, Offer
from venues.binance.twin.render import ATOM

AMEND = "order.amend.keepPriority"


def test_an_amended_order_is_smaller_has_a_new_name_and_keeps_its_place() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.5", "60000", newClientOrderId="old")
    spot.counter("BUY", "0.4", "60000")
    spot.take()
    spot.now_ms += 9
    body = spot.ask(AMEND, orderId=order["orderId"], newQty="0.3", newClientOrderId="new")
    (event,) = spot.take("executionReport")
    assert (event["x"], event["X"], event["c"], event["C"], event["q"]) == (
        "REPLACED", "NEW", "new", "old", "0.30000000",
    )  # fmt: skip
    assert body == {
        "transactTime": spot.now_ms,
        "executionId": event["I"],
        "amendedOrder": {
            "symbol": "BTCUSDT", "orderId": order["orderId"], "orderListId": -1, "origClientOrderId": "old",
            "clientOrderId": "new", "price": "60000.00000000", "qty": "0.30000000", "executedQty": "0.00000000",
            "preventedQty": "0.00000000", "quoteOrderQty": "0.00000000", "cumulativeQuoteQty": "0.00000000",
            "status": "NEW", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY", "workingTime": spot.now_ms - 9,
            "selfTradePreventionMode": "NONE",
        },
    }  # fmt: skip
    assert spot.balance("USDT")[1] == 18_000 * ATOM
    assert spot.book()[0] == [(6_000_000, 70_000)]
    with spot.refused(-2013, "Order does not exist."):
        spot.ask("order.status", origClientOrderId="old")
    spot.counter("SELL", "0.3", "60000")
    shown = spot.ask("order.status", origClientOrderId="new")
    assert (shown["status"], shown["origQty"], shown["orderId"]) == ("FILLED", "0.30000000", order["orderId"])


def test_an_amend_without_a_name_gives_one_and_may_keep_the_old() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.5", "50000", newClientOrderId="old")
    first = spot.ask(AMEND, origClientOrderId="old", newQty="0.4")["amendedOrder"]["clientOrderId"]
    assert first not in ("", "old")
    kept = spot.ask(AMEND, orderId=order["orderId"], newQty="0.3", newClientOrderId=first)
    assert kept["amendedOrder"]["clientOrderId"] == first


def test_the_amendments_of_an_order_are_kept() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.5", "50000", newClientOrderId="a")
    ids = [
        spot.ask(AMEND, orderId=order["orderId"], newQty=size, newClientOrderId=name)["executionId"]
        for size, name in (("0.4", "b"), ("0.3", "c"))
    ]
    found = spot.ask("order.amendments", orderId=order["orderId"])
    assert found == [
        {
            "symbol": "BTCUSDT", "orderId": order["orderId"], "executionId": ids[0], "origClientOrderId": "a",
            "newClientOrderId": "b", "origQty": "0.50000000", "newQty": "0.40000000", "time": spot.now_ms,
        },
        {
            "symbol": "BTCUSDT", "orderId": order["orderId"], "executionId": ids[1], "origClientOrderId": "b",
            "newClientOrderId": "c", "origQty": "0.40000000", "newQty": "0.30000000", "time": spot.now_ms,
        },
    ]  # fmt: skip
    assert spot.ask("order.amendments", orderId=order["orderId"], fromExecutionId=ids[1]) == found[1:]
    assert spot.ask("order.amendments", orderId=order["orderId"], limit=1) == found[:1]
    with spot.refused(-2013, "Order does not exist."):
        spot.ask("order.amendments", orderId=1)


def test_a_partly_filled_order_keeps_more_than_what_is_filled() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.5", "60000")
    spot.counter("SELL", "0.2", "60000")
    with spot.refused(-2038, "Price * QTY is zero or less."):
        spot.ask(AMEND, orderId=order["orderId"], newQty="0.2")
    body = spot.ask(AMEND, orderId=order["orderId"], newQty="0.25")["amendedOrder"]
    assert (body["status"], body["executedQty"], body["cumulativeQuoteQty"]) == (
        "PARTIALLY_FILLED", "0.20000000", "12000.00000000",
    )  # fmt: skip
    assert spot.balance("USDT")[1] == 3_000 * ATOM
    spot.counter("SELL", "0.05", "60000")
    assert spot.query(order)["status"] == "FILLED"


def test_a_waiting_stop_can_be_amended() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.5", type="STOP_LOSS", stopPrice="61000")
    body = spot.ask(AMEND, orderId=order["orderId"], newQty="0.2")["amendedOrder"]
    assert (body["qty"], body["stopPrice"], "workingTime" in body) == ("0.20000000", "61000.00000000", False)
    assert spot.balance("USDT")[1] == 12_200 * ATOM
    spot.counter("SELL", "1", "61500")
    spot.trade("61000")
    assert spot.query(order)["executedQty"] == "0.20000000"
    assert spot.balance("USDT") == (1_000_000 * ATOM - atoms("12300"), 0)


def test_an_iceberg_shows_less_only_when_it_becomes_smaller_than_it_showed() -> None:
    spot = Spot()
    order = spot.place("SELL", "0.5", "60000", icebergQty="0.2")
    spot.ask(AMEND, orderId=order["orderId"], newQty="0.3")
    assert spot.book()[1] == [(6_000_000, 20_000)]
    spot.ask(AMEND, orderId=order["orderId"], newQty="0.1")
    assert spot.book()[1] == [(6_000_000, 10_000)]


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"newQty": "0.5"}, -2038, "The requested action would change no state; rejecting"),
        ({"newQty": "0.6"}, -2038, "Order amend (quantity increase) is not supported."),
        ({"newQty": "0"}, -1013, "Filter failure: LOT_SIZE"),
        ({"newQty": "0.300001"}, -1013, "Filter failure: LOT_SIZE"),
        ({"newQty": "0.00008"}, -1013, "Filter failure: NOTIONAL"),
        ({}, -1102, "Mandatory parameter 'newQty' was not sent, was empty/null, or malformed."),
        ({"newQty": "0.3", "newClientOrderId": "rival"}, -2038, "Duplicate order sent."),
        ({"newQty": "0.3", "orderId": 1}, -2038, "Unknown order sent."),
        ({"newQty": "0.3", "orderId": None}, -1102,
         "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"),
    ],
)  # fmt: skip
def test_an_amend_that_cannot_be_done_changes_nothing(params: dict[str, Any], code: int, text: str) -> None:
    spot = Spot()
    order = spot.place("BUY", "0.5", "50000")
    spot.place("BUY", "0.1", "50000", newClientOrderId="rival")
    with spot.refused(code, text):
        spot.ask(AMEND, **{"orderId": order["orderId"]} | params)


def test_an_order_may_be_amended_only_so_often() -> None:
    spot = Spot(Bounds(max_amends=2))
    order = spot.place("BUY", "0.5", "50000")
    for size in ("0.4", "0.3"):
        spot.ask(AMEND, orderId=order["orderId"], newQty=size)
    with spot.refused(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS"):
        spot.ask(AMEND, orderId=order["orderId"], newQty="0.2")


def test_a_symbol_may_not_offer_amends() -> None:
    spot = Spot(offer=Offer(has_amends=False))
    order = spot.place("BUY", "0.5", "50000")
    with spot.refused(-2038, "Order amend is not supported for this symbol."):
        spot.ask(AMEND, orderId=order["orderId"], newQty="0.3")


def test_an_amend_costs_nothing_of_the_order_count() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.5", "50000")
    spot.ask(AMEND, orderId=order["orderId"], newQty="0.3")
    assert spot.ask("account.rateLimits.orders")[0]["count"] == 1
