"""Cancels: by either name, by restriction, all at once; and cancel-replace with each of its outcomes."""

from __future__ import annotations

from typing import Any

import pytest
from spot import Spot, atoms

from venues.binance.twin.errors import VenueError
from venues.binance.twin.market.rules import Offer
from venues.binance.twin.render import ATOM

UNKNOWN = {"code": -2011, "msg": "Unknown order sent."}
WOULD_TAKE = {"code": -2010, "msg": "Order would immediately match and take."}


def test_a_cancel_answers_with_both_names_and_frees_the_funds() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.1", "50000", newClientOrderId="mine")
    body = spot.ask("order.cancel", origClientOrderId="mine", newClientOrderId="gone")
    assert body == {
        "symbol": "BTCUSDT", "origClientOrderId": "mine", "orderId": order["orderId"], "orderListId": -1,
        "clientOrderId": "gone", "transactTime": spot.now_ms, "price": "50000.00000000", "origQty": "0.10000000",
        "executedQty": "0.00000000", "origQuoteOrderQty": "0.00000000", "cummulativeQuoteQty": "0.00000000",
        "status": "CANCELED", "timeInForce": "GTC", "type": "LIMIT", "side": "BUY", "selfTradePreventionMode": "NONE",
    }  # fmt: skip
    (event,) = spot.take("CANCELED")
    assert (event["c"], event["C"]) == ("gone", "mine")
    assert spot.balance("USDT") == (1_000_000 * ATOM, 0)


def test_two_names_must_be_of_one_order() -> None:
    spot = Spot()
    first = spot.place("BUY", "0.1", "50000", newClientOrderId="first")
    spot.place("BUY", "0.1", "50000", newClientOrderId="second")
    for method in ("order.cancel", "order.status"):
        with spot.refused(-2039, "Client order ID is not correct for this order ID."):
            spot.ask(method, orderId=first["orderId"], origClientOrderId="second")
        with spot.refused(-1102, "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!"):
            spot.ask(method)
    spot.ask("order.cancel", orderId=first["orderId"], origClientOrderId="first")
    with spot.refused(-2011, "Unknown order sent."):
        spot.ask("order.cancel", orderId=first["orderId"])


def test_a_cancel_may_be_restricted_to_a_state() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.1", "60000")
    restricted = "Order was not canceled due to cancel restrictions."
    with spot.refused(-2011, restricted):
        spot.ask("order.cancel", orderId=order["orderId"], cancelRestrictions="ONLY_PARTIALLY_FILLED")
    with spot.refused(-1145, "Invalid cancelRestrictions"):
        spot.ask("order.cancel", orderId=order["orderId"], cancelRestrictions="ONLY_FILLED")
    spot.counter("SELL", "0.05", "60000")
    with spot.refused(-2011, restricted):
        spot.ask("order.cancel", orderId=order["orderId"], cancelRestrictions="ONLY_NEW")
    body = spot.ask("order.cancel", orderId=order["orderId"], cancelRestrictions="ONLY_PARTIALLY_FILLED")
    assert (body["status"], body["executedQty"]) == ("CANCELED", "0.05000000")
    assert spot.balance("USDT") == (997_000 * ATOM, 0)


def test_all_orders_of_a_symbol_go_at_once_oldest_first() -> None:
    spot = Spot()
    placed = [
        spot.place("BUY", "0.1", "50000"),
        spot.place("SELL", "0.1", type="STOP_LOSS", stopPrice="59000"),
        spot.place("SELL", "0.1", "70000"),
    ]
    spot.take()
    bodies = spot.ask("openOrders.cancelAll")
    assert [body["orderId"] for body in bodies] == [order["orderId"] for order in placed]
    assert {body["status"] for body in bodies} == {"CANCELED"}
    told = spot.take()
    assert [e.get("x", e["e"]) for e in told] == ["CANCELED"] * 3 + ["outboundAccountPosition"]
    assert (spot.balance("USDT")[1], spot.balance("BTC")[1]) == (0, 0)
    with spot.refused(-2011, "Unknown order sent."):
        spot.ask("openOrders.cancelAll")


def replace(spot: Spot, old: dict[str, Any] | None, **params: Any) -> tuple[int, dict[str, Any]]:
    """(status, body) of a cancel-replace by a LIMIT_MAKER; 200 when nothing was refused."""
    told = {
        "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": old["orderId"] if old else 1, "side": "BUY",
        "type": "LIMIT_MAKER", "quantity": "0.2", "price": "51000", "newOrderRespType": "RESULT",
    }  # fmt: skip
    try:
        return 200, spot.ask("order.cancelReplace", **told | params)
    except VenueError as refused:
        return refused.status, refused.body


def limited(spot: Spot) -> Spot:
    """The same exchange with `me` at its limit of unfilled orders."""
    for window in spot.me.limit.windows:
        window.at(spot.now_ms)
    spot.me.limit.windows[0].used = spot.limit
    return spot


TOO_MANY = {"code": -1015, "msg": "Too many new orders; current limit is 1000 orders per 10 SECOND."}
TAKES = {"price": "60100"}
ALLOW = {"cancelReplaceMode": "ALLOW_FAILURE"}
CANCEL_ONLY = {"orderRateLimitExceededMode": "CANCEL_ONLY"}


@pytest.mark.parametrize(
    ("is_limited", "has_old", "params", "status", "code", "results"),
    [
        (False, True, {}, 200, None, ("SUCCESS", "SUCCESS")),
        (False, False, {}, 400, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        (False, True, TAKES, 409, -2021, ("SUCCESS", "FAILURE")),
        (True, True, CANCEL_ONLY, 429, -2021, ("SUCCESS", "FAILURE")),
        (True, False, CANCEL_ONLY, 429, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        (False, True, CANCEL_ONLY, 200, None, ("SUCCESS", "SUCCESS")),
        (False, False, CANCEL_ONLY, 400, -2022, ("FAILURE", "NOT_ATTEMPTED")),
        (False, True, ALLOW, 200, None, ("SUCCESS", "SUCCESS")),
        (False, False, ALLOW | TAKES, 400, -2022, ("FAILURE", "FAILURE")),
        (False, False, ALLOW, 409, -2021, ("FAILURE", "SUCCESS")),
        (False, True, ALLOW | TAKES, 409, -2021, ("SUCCESS", "FAILURE")),
        (True, False, ALLOW | CANCEL_ONLY, 400, -2022, ("FAILURE", "FAILURE")),
        (True, True, ALLOW | CANCEL_ONLY, 409, -2021, ("SUCCESS", "FAILURE")),
    ],
)
def test_each_outcome_of_a_cancel_replace_has_its_status_and_says_what_became_of_each_order(
    is_limited: bool,
    has_old: bool,
    params: dict[str, Any],
    status: int,
    code: int | None,
    results: tuple[str, str],
) -> None:
    spot = Spot()
    spot.counter("SELL", "1", "60100")
    old = spot.place("BUY", "0.1", "50000") if has_old else None
    if is_limited:
        limited(spot)
    got, body = replace(spot, old, **params)
    assert got == status
    data = body if code is None else body["data"]
    texts = {-2021: "Order cancel-replace partially failed.", -2022: "Order cancel-replace failed."}
    assert (body.get("code"), body.get("msg")) == (code, texts.get(code or 0))
    assert list(data) == ["cancelResult", "newOrderResult", "cancelResponse", "newOrderResponse"]
    assert (data["cancelResult"], data["newOrderResult"]) == results
    if results[0] == "SUCCESS":
        assert data["cancelResponse"]["status"] == "CANCELED"
        assert spot.query(old or {})["status"] == "CANCELED"
    else:
        assert data["cancelResponse"] == UNKNOWN
    if results[1] == "SUCCESS":
        assert spot.query(data["newOrderResponse"])["status"] == "NEW"
        assert spot.balance("USDT")[1] == 10_200 * ATOM
    else:
        refused = TOO_MANY if is_limited else WOULD_TAKE
        assert data["newOrderResponse"] == (None if results[1] == "NOT_ATTEMPTED" else refused)
        assert spot.me.open_orders == {}
        assert spot.balance("USDT")[1] == 0


@pytest.mark.parametrize("mode", ["STOP_ON_FAILURE", "ALLOW_FAILURE"])
def test_over_the_order_limit_nothing_is_canceled_unless_that_was_asked_for(mode: str) -> None:
    spot = Spot()
    old = spot.place("BUY", "0.1", "50000")
    limited(spot)
    for more in ({}, {"orderRateLimitExceededMode": "DO_NOTHING"}):
        assert replace(spot, old, cancelReplaceMode=mode, **more) == (429, TOO_MANY)
    assert spot.query(old)["status"] == "NEW"


def test_what_a_filter_refuses_cancels_nothing() -> None:
    spot = Spot()
    old = spot.place("BUY", "0.1", "50000")
    assert replace(spot, old, price="51000.001") == (400, {"code": -1013, "msg": "Filter failure: PRICE_FILTER"})
    assert replace(spot, old, quantity="0.00001")[1]["msg"] == "Filter failure: NOTIONAL"
    assert spot.query(old)["status"] == "NEW"


def test_open_orders_are_counted_before_the_old_one_is_canceled() -> None:
    spot = Spot()
    placed = [spot.place("BUY", "0.001", "50000") for _ in range(200)]
    assert replace(spot, placed[0])[1] == {"code": -1013, "msg": "Filter failure: MAX_NUM_ORDERS"}
    assert spot.query(placed[0])["status"] == "NEW"


def test_the_new_order_may_spend_what_the_old_one_held() -> None:
    spot = Spot()
    old = spot.place("BUY", "20", "50000")
    assert spot.balance("USDT")[0] == 0
    status, _ = replace(spot, old, quantity="19", price="52000")
    assert status == 200
    assert spot.balance("USDT") == (12_000 * ATOM, 988_000 * ATOM)


def test_a_new_order_that_was_not_attempted_counts_as_well() -> None:
    spot = Spot()
    replace(spot, None)
    assert spot.ask("account.rateLimits.orders")[0]["count"] == 1


def test_a_cancel_replace_finds_the_old_order_by_name_and_obeys_restrictions() -> None:
    spot = Spot()
    spot.place("BUY", "0.1", "50000", newClientOrderId="old")
    restricted = {"cancelRestrictions": "ONLY_PARTIALLY_FILLED"}
    status, body = replace(spot, None, cancelOrderId=None, cancelOrigClientOrderId="old", **restricted)
    assert (status, body["data"]["cancelResponse"]["msg"]) == (
        400, "Order was not canceled due to cancel restrictions.",
    )  # fmt: skip
    names = {"cancelOrigClientOrderId": "old", "cancelNewClientOrderId": "the-cancel", "newClientOrderId": "new"}
    status, body = replace(spot, None, cancelOrderId=None, **names)
    assert status == 200
    assert (body["cancelResponse"]["origClientOrderId"], body["cancelResponse"]["clientOrderId"]) == (
        "old", "the-cancel",
    )  # fmt: skip
    assert body["newOrderResponse"]["clientOrderId"] == "new"
    assert atoms(body["newOrderResponse"]["origQty"]) == atoms("0.2")


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"cancelReplaceMode": None}, -1102,
         "Mandatory parameter 'cancelReplaceMode' was not sent, was empty/null, or malformed."),
        ({"cancelReplaceMode": "MAYBE"}, -1130, "Data sent for parameter 'cancelReplaceMode' is not valid."),
        ({"orderRateLimitExceededMode": "MAYBE"}, -1130,
         "Data sent for parameter 'orderRateLimitExceededMode' is not valid."),
        ({"cancelOrderId": None}, -1102,
         "Param 'cancelOrigClientOrderId' or 'cancelOrderId' must be sent, but both were empty/null!"),
    ],
)  # fmt: skip
def test_a_cancel_replace_with_a_bad_parameter_is_refused_whole(params: dict[str, Any], code: int, text: str) -> None:
    spot = Spot()
    old = spot.place("BUY", "0.1", "50000")
    with spot.refused(code, text):
        assert replace(spot, old, **params) == (400, {"code": code, "msg": text})
        raise VenueError(code, text)


def test_a_symbol_may_not_offer_cancel_replace() -> None:
    spot = Spot(offer=Offer(has_cancel_replace=False))
    old = spot.place("BUY", "0.1", "50000")
    text = "Order cancel-replace is not supported for this symbol."
    assert replace(spot, old) == (400, {"code": -1013, "msg": text})
