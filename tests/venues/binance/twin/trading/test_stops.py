"""Orders that wait for a price, at the exchange: what they lock, when they go, what they are told."""

from __future__ import annotations

from typing import Any

import pytest
from spot import Spot, atoms

from venues.binance.twin.market.rules import Offer
from venues.binance.twin.render import ATOM

STOP_SELL = {"type": "STOP_LOSS", "stopPrice": "59000"}
LIMITED = {"timeInForce": "GTC"}


def test_a_stop_waits_outside_of_the_book_and_works_when_a_trade_reaches_it() -> None:
    spot = Spot()
    spot.counter("BUY", "1", "58000")
    stop = spot.place("SELL", "0.5", **STOP_SELL)
    assert (stop["status"], stop["workingTime"], stop["stopPrice"]) == ("NEW", -1, "59000.00000000")
    shown = spot.query(stop)
    assert (shown["isWorking"], shown["workingTime"], shown["stopPrice"]) == (False, -1, "59000.00000000")
    (new,) = spot.take("NEW")
    assert (new["P"], new["w"], new["X"], "W" in new, "d" in new, "D" in new) == (
        "59000.00000000", False, "NEW", False, False, False,
    )  # fmt: skip
    assert spot.balance("BTC") == (9 * ATOM + ATOM // 2, ATOM // 2)
    spot.trade("59000.01")
    assert spot.query(stop)["status"] == "NEW"
    spot.now_ms += 5
    spot.trade("59000")
    events = spot.take("executionReport")
    assert [(e["x"], e["X"], e["w"], e["T"]) for e in events] == [
        ("NEW", "NEW", True, spot.now_ms),
        ("TRADE", "FILLED", False, spot.now_ms),
    ]
    assert (events[0]["W"], events[1]["L"]) == (spot.now_ms, "58000.00000000")
    shown = spot.query(stop)
    assert (shown["status"], shown["isWorking"], shown["workingTime"]) == ("FILLED", True, spot.now_ms)
    assert shown["time"] == spot.now_ms - 5
    assert spot.balance("BTC")[1] == 0


@pytest.mark.parametrize(
    ("side", "order_type", "stop", "price", "trigger"),
    [
        ("BUY", "STOP_LOSS_LIMIT", "61000", "61500", "61000"),
        ("SELL", "STOP_LOSS_LIMIT", "59000", "58500", "59000"),
        ("BUY", "TAKE_PROFIT_LIMIT", "59000", "59500", "59000"),
        ("SELL", "TAKE_PROFIT_LIMIT", "61000", "60500", "61000"),
    ],
)
def test_a_limited_one_rests_at_its_price_after_its_trigger(
    side: str, order_type: str, stop: str, price: str, trigger: str
) -> None:
    spot = Spot()
    order = spot.place(side, "0.5", price, type=order_type, stopPrice=stop, **LIMITED)
    paid = "USDT" if side == "BUY" else "BTC"
    locked = atoms("0.5") * atoms(price) // ATOM if side == "BUY" else ATOM // 2
    assert spot.balance(paid)[1] == locked
    assert spot.book() == ([], [])
    spot.trade(trigger)
    shown = spot.query(order)
    assert (shown["status"], shown["isWorking"], shown["type"]) == ("NEW", True, order_type)
    assert spot.book()[side == "SELL"] == [(atoms(price) // 10**6, 50_000)]
    assert spot.balance(paid)[1] == locked


@pytest.mark.parametrize(
    ("side", "order_type", "stop"),
    [
        ("BUY", "STOP_LOSS", "60000"),
        ("SELL", "STOP_LOSS", "60000"),
        ("BUY", "TAKE_PROFIT", "60000"),
        ("SELL", "TAKE_PROFIT", "60000"),
        ("BUY", "STOP_LOSS", "59000"),
        ("SELL", "STOP_LOSS", "61000"),
        ("BUY", "TAKE_PROFIT", "61000"),
        ("SELL", "TAKE_PROFIT", "59000"),
    ],
)
def test_a_stop_price_on_the_wrong_side_of_the_last_price_is_refused(side: str, order_type: str, stop: str) -> None:
    spot = Spot()
    with spot.refused(-2010, "Order would trigger immediately."):
        spot.place(side, "0.5", type=order_type, stopPrice=stop)


def test_a_stop_needs_a_stop_price_or_a_delta() -> None:
    spot = Spot()
    for order_type in ("STOP_LOSS", "TAKE_PROFIT"):
        with spot.refused(-1102, "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!"):
            spot.place("SELL", "0.5", type=order_type)


def test_a_triggered_order_trades_and_so_triggers_the_next() -> None:
    spot = Spot()
    for price in ("59500", "58500", "57500", "50000"):
        spot.counter("BUY", "0.1", price)
    stops = [spot.place("SELL", "0.1", type="STOP_LOSS", stopPrice=stop) for stop in ("59600", "58600", "57600")]
    spot.take()
    spot.counter("SELL", "0.1", "59500")
    assert [spot.query(stop)["status"] for stop in stops] == ["FILLED", "FILLED", "FILLED"]
    told = spot.take()
    assert [(e["i"], e["x"]) for e in told if e["e"] == "executionReport"] == [
        (stop["orderId"], execution) for stop in stops for execution in ("NEW", "TRADE")
    ]
    assert [e["L"] for e in told if e.get("x") == "TRADE"] == ["58500.00000000", "57500.00000000", "50000.00000000"]
    assert [e["e"] for e in told].count("outboundAccountPosition") == 1
    assert told[-1]["e"] == "outboundAccountPosition"


def test_stops_that_one_trade_reaches_go_in_the_order_in_which_they_were_placed() -> None:
    spot = Spot()
    spot.counter("BUY", "1", "50000")
    late = spot.place("SELL", "0.1", type="STOP_LOSS", stopPrice="59900")
    early = spot.place("SELL", "0.1", type="STOP_LOSS", stopPrice="58000")
    spot.take()
    spot.counter("SELL", "0.1", "50000")
    assert [e["i"] for e in spot.take("TRADE")] == [late["orderId"], early["orderId"]]


def test_the_answer_to_an_order_shows_what_it_did_and_not_what_followed() -> None:
    spot = Spot()
    spot.counter("SELL", "0.1", "60500")
    spot.place("SELL", "0.2", type="TAKE_PROFIT", stopPrice="60500")
    body = spot.place("BUY", "0.3", "60500")
    assert (body["status"], body["executedQty"], len(body["fills"])) == ("PARTIALLY_FILLED", "0.10000000", 1)
    assert spot.query(body)["status"] == "FILLED"


def test_a_stop_may_be_canceled_and_frees_what_it_locked() -> None:
    spot = Spot()
    stop = spot.place("SELL", "0.5", **STOP_SELL)
    body = spot.ask("order.cancel", orderId=stop["orderId"])
    assert (body["status"], body["stopPrice"], body["type"]) == ("CANCELED", "59000.00000000", "STOP_LOSS")
    assert spot.balance("BTC") == (10 * ATOM, 0)
    spot.counter("BUY", "1", "50000")
    spot.counter("SELL", "0.1", "50000")
    assert spot.query(stop)["executedQty"] == "0.00000000"


def test_a_stop_that_can_no_longer_be_paid_for_expires_as_rejected() -> None:
    spot = Spot()
    stop = spot.place("BUY", "16", type="STOP_LOSS", stopPrice="61000")
    assert spot.balance("USDT")[1] == 976_000 * ATOM
    for price in ("61000", "99000"):
        spot.exchange.deposit(spot.other, "BTC", 20 * ATOM)
        spot.counter("SELL", "0.1" if price == "61000" else "20", price)
    spot.counter("BUY", "0.1", "61000")
    shown = spot.query(stop)
    assert (shown["status"], shown["expiryReason"]) == ("EXPIRED", "REJECTED")
    assert spot.balance("USDT") == (1_000_000 * ATOM, 0)
    (expired,) = spot.take("EXPIRED")
    assert (expired["eR"], expired["r"], expired["X"]) == ("REJECTED", "NONE", "EXPIRED")


def test_a_triggered_market_order_without_a_counterpart_expires() -> None:
    spot = Spot()
    stop = spot.place("SELL", "0.5", **STOP_SELL)
    spot.trade("59000")
    shown = spot.query(stop)
    assert (shown["status"], shown["expiryReason"]) == ("EXPIRED", "INSUFFICIENT_LIQUIDITY")
    assert spot.balance("BTC") == (10 * ATOM, 0)


def test_a_trailing_stop_shows_its_delta_and_since_when_it_follows() -> None:
    spot = Spot()
    order = spot.place("SELL", "0.5", "58000", type="STOP_LOSS_LIMIT", trailingDelta=100, **LIMITED)
    assert (order["trailingDelta"], order["trailingTime"], order["stopPrice"]) == (100, -1, "0.00000000")
    (new,) = spot.take("NEW")
    assert (new["d"], "D" in new, new["P"]) == (100, False, "0.00000000")
    spot.now_ms += 7
    began = spot.now_ms
    spot.trade("61000")
    assert spot.query(order)["trailingTime"] == began
    spot.trade("60390.01")
    assert not spot.query(order)["isWorking"]
    spot.trade("60390")
    assert spot.query(order)["isWorking"]
    (new,) = spot.take("NEW")
    assert (new["d"], new["D"], new["w"]) == (100, began, True)


def test_a_trailing_stop_with_a_stop_price_follows_from_there_on() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.1", "63000", type="STOP_LOSS_LIMIT", stopPrice="61000", trailingDelta=100, **LIMITED)
    for price in ("59000", "60500"):
        spot.trade(price)
    assert spot.query(order)["trailingTime"] == -1
    for price in ("61000", "60000", "60599.99"):
        spot.trade(price)
    assert not spot.query(order)["isWorking"]
    spot.trade("60600")
    assert spot.query(order)["isWorking"]


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        ({"type": "STOP_LOSS", "stopPrice": "59000", "price": "58000"}, -1106,
         "Parameter 'price' sent when not required."),
        ({"type": "STOP_LOSS", "stopPrice": "59000", "timeInForce": "GTC"}, -1106,
         "Parameter 'timeInForce' sent when not required."),
        ({"type": "STOP_LOSS_LIMIT", "stopPrice": "59000", "price": "58000"}, -1102,
         "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed."),
        ({"type": "TAKE_PROFIT_LIMIT", "stopPrice": "61000", "timeInForce": "GTC"}, -1102,
         "Mandatory parameter 'price' was not sent, was empty/null, or malformed."),
        ({"type": "LIMIT", "timeInForce": "GTC", "price": "60000", "stopPrice": "59000"}, -1106,
         "Parameter 'stopPrice' sent when not required."),
    ],
)  # fmt: skip
def test_each_type_takes_its_own_parameters(params: dict[str, Any], code: int, text: str) -> None:
    spot = Spot()
    with spot.refused(code, text):
        spot.place("SELL", "0.5", **params)


@pytest.mark.parametrize(
    ("offer", "params", "text"),
    [
        (Offer(order_types=("LIMIT",)), {"type": "MARKET"}, "Market orders are not supported for this symbol."),
        (Offer(order_types=("LIMIT",)), STOP_SELL, "Stop loss orders are not supported for this symbol."),
        (Offer(order_types=("LIMIT",)), STOP_SELL | {"type": "STOP_LOSS_LIMIT"},
         "Stop loss limit orders are not supported for this symbol."),
        (Offer(order_types=("LIMIT",)), STOP_SELL | {"type": "TAKE_PROFIT"},
         "Take profit orders are not supported for this symbol."),
        (Offer(order_types=("LIMIT",)), STOP_SELL | {"type": "TAKE_PROFIT_LIMIT"},
         "Take profit limit orders are not supported for this symbol."),
        (Offer(has_trailing_stops=False), {"type": "STOP_LOSS", "trailingDelta": 100},
         "Trailing stop orders are not supported for this symbol."),
        (Offer(has_icebergs=False), {"type": "LIMIT", "timeInForce": "GTC", "price": "60000", "icebergQty": "0.1"},
         "Iceberg orders are not supported for this symbol."),
        (Offer(has_pegs=False), {"type": "LIMIT", "timeInForce": "GTC", "pegPriceType": "PRIMARY_PEG"},
         "Pegged orders are not supported for this symbol."),
        (Offer(has_quote_order_qty=False), {"type": "MARKET", "quantity": None, "quoteOrderQty": "100"},
         "Quote order qty market orders are not support for this symbol."),
    ],
)  # fmt: skip
def test_what_a_symbol_does_not_offer_is_refused_in_the_venues_words(
    offer: Offer, params: dict[str, Any], text: str
) -> None:
    spot = Spot(offer=offer)
    with spot.refused(-1013, text):
        spot.ask("order.place", side="SELL", **{"quantity": "0.5"} | params)
