"""Queries of orders and trades with their parameters, and the order count with what gives it back."""

from __future__ import annotations

from typing import Any

import pytest
from spot import Spot

from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.render import ATOM

DAY_MS = 86_400_000
BAD_COMBINATION = "Combination of optional parameters invalid."


def ids(found: list[dict[str, Any]], key: str = "orderId") -> list[int]:
    return [entry[key] for entry in found]


def test_all_orders_are_listed_by_id_by_time_and_newest_last() -> None:
    spot = Spot()
    placed = []
    for _ in range(5):
        spot.now_ms += 1_000
        placed.append(spot.place("BUY", "0.1", "50000")["orderId"])
    begin = spot.now_ms - 4_000
    spot.ask("order.cancel", orderId=placed[1])
    assert ids(spot.ask("allOrders")) == placed
    assert ids(spot.ask("allOrders", limit=2)) == placed[-2:]
    assert ids(spot.ask("allOrders", orderId=placed[2])) == placed[2:]
    assert ids(spot.ask("allOrders", orderId=placed[1], limit=2)) == placed[1:3]
    assert ids(spot.ask("allOrders", startTime=begin + 1_000, limit=2)) == placed[1:3]
    assert ids(spot.ask("allOrders", endTime=begin + 2_000, limit=2)) == placed[1:3]
    assert ids(spot.ask("allOrders", startTime=begin + 1_000, endTime=begin + 3_000)) == placed[1:4]
    assert ids(spot.ask("allOrders", startTime=(begin + 1_000) * 1_000, limit=1)) == placed[1:2]
    assert spot.ask("allOrders", limit=5_000)[1]["status"] == "CANCELED"
    with spot.refused(-1130, "Data sent for parameter 'limit' is not valid."):
        spot.ask("allOrders", limit=0)
    spot.ask("allOrders", startTime=1, endTime=1 + DAY_MS)
    with spot.refused(-1127, "More than 24 hours between startTime and endTime."):
        spot.ask("allOrders", startTime=1, endTime=2 + DAY_MS)


def test_open_orders_are_those_of_a_symbol_or_of_all() -> None:
    spot = Spot(others=(KNOWN["ETHUSDT"],))
    here = spot.place("BUY", "0.1", "50000")
    stop = spot.place("SELL", "0.1", type="STOP_LOSS", stopPrice="59000")
    there = spot.place("BUY", "0.1", "2000", symbol="ETHUSDT")
    assert ids(spot.ask("openOrders.status")) == ids([here, stop])
    assert ids(spot.ask("openOrders.status", symbol="ETHUSDT")) == ids([there])
    assert ids(spot.ask("openOrders.status", symbol=None)) == ids([here, stop, there])


def test_trades_are_listed_by_order_by_id_and_by_time() -> None:
    spot = Spot()
    orders = []
    for _ in range(3):
        spot.now_ms += 1_000
        spot.counter("SELL", "0.1", "60000")
        spot.counter("SELL", "0.1", "60000")
        orders.append(spot.place("BUY", "0.2", "60000")["orderId"])
    begin = spot.now_ms - 2_000
    trades = spot.ask("myTrades")
    assert ids(trades) == [order for order in orders for _ in range(2)]
    known = ids(trades, "id")
    assert ids(spot.ask("myTrades", limit=2), "id") == known[-2:]
    assert ids(spot.ask("myTrades", orderId=orders[1]), "id") == known[2:4]
    assert ids(spot.ask("myTrades", fromId=known[1], limit=3), "id") == known[1:4]
    assert ids(spot.ask("myTrades", orderId=orders[1], fromId=known[3]), "id") == known[3:4]
    assert ids(spot.ask("myTrades", startTime=begin + 1_000), "id") == known[2:]
    assert ids(spot.ask("myTrades", endTime=begin + 1_000), "id") == known[:4]
    assert ids(spot.ask("myTrades", startTime=begin, endTime=begin), "id") == known[:2]
    for wrong in (
        {"orderId": 1, "startTime": 1},
        {"fromId": 1, "endTime": 1},
        {"orderId": 1, "fromId": 1, "endTime": 1},
    ):
        with spot.refused(-1128, BAD_COMBINATION):
            spot.ask("myTrades", **wrong)
    with spot.refused(-1127, "More than 24 hours between startTime and endTime."):
        spot.ask("myTrades", startTime=1, endTime=2 + DAY_MS)


def test_there_are_no_allocations_and_smart_order_routing_is_refused() -> None:
    spot = Spot()
    assert spot.ask("myAllocations", startTime=1, endTime=2) == []
    with spot.refused(-1128, BAD_COMBINATION):
        spot.ask("myAllocations", orderId=1, startTime=1)
    with spot.refused(-1127, "More than 24 hours between startTime and endTime."):
        spot.ask("myAllocations", startTime=1, endTime=2 + DAY_MS)
    for method in ("sor.order.place", "sor.order.test"):
        with spot.refused(-1020, "This operation is not supported."):
            spot.ask(method, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.1", price="50000")


def counts(spot: Spot) -> list[int]:
    return [entry["count"] for entry in spot.ask("account.rateLimits.orders")]


def test_an_order_counts_until_it_fills_and_a_maker_gives_back_more() -> None:
    spot = Spot()
    first = spot.place("BUY", "0.3", "60000")
    for _ in range(5):
        spot.place("BUY", "0.1", "50000")
    assert counts(spot) == [6, 6]
    spot.counter("SELL", "0.1", "60000")
    assert counts(spot) == [1, 1]
    spot.counter("SELL", "0.1", "60000")
    assert counts(spot) == [1, 1]
    spot.counter("SELL", "0.1", "61000")
    spot.place("BUY", "0.05", "61000")
    assert counts(spot) == [1, 1]
    spot.ask("order.cancel", orderId=first["orderId"])
    spot.place("BUY", "1", "50000", timeInForce="IOC")
    assert counts(spot) == [2, 2]
    spot.now_ms += 10_000
    assert counts(spot) == [0, 2]


def test_a_refused_order_does_not_count() -> None:
    spot = Spot()
    with spot.refused(-2010, "Account has insufficient balance for requested action."):
        spot.place("BUY", "100", "50000")
    assert counts(spot) == [0, 0]


def test_one_order_too_many_is_refused_and_a_fill_makes_room() -> None:
    spot = Spot(orders_per_ten_seconds=2)
    spot.place("BUY", "0.1", "60000")
    spot.place("BUY", "0.1", "50000")
    with spot.refused(-1015, "Too many new orders; current limit is 2 orders per 10 SECOND."):
        spot.place("BUY", "0.1", "50000")
    spot.counter("SELL", "0.1", "60000")
    spot.place("BUY", "0.1", "50000")


@pytest.mark.parametrize(
    ("tif", "reason", "filled"),
    [
        ("IOC", "UNFILLED_IOC_QUANTITY_EXPIRED", "0.10000000"),
        ("FOK", "UNFILLED_FOK_ORDER_EXPIRED", "0.00000000"),
    ],
)
def test_an_immediate_order_expires_with_its_reason(tif: str, reason: str, filled: str) -> None:
    spot = Spot()
    spot.counter("SELL", "0.1", "60000")
    body = spot.place("BUY", "0.3", "60000", timeInForce=tif)
    assert (body["status"], body["executedQty"], body["expiryReason"]) == ("EXPIRED", filled, reason)
    assert spot.take("EXPIRED")[0]["eR"] == reason
    assert spot.query(body)["expiryReason"] == reason
    assert spot.balance("USDT")[1] == 0


def test_a_market_order_takes_what_there_is_and_the_rest_expires() -> None:
    spot = Spot()
    spot.counter("SELL", "0.1", "60000")
    body = spot.place("BUY", "0.3", type="MARKET")
    assert (body["status"], body["executedQty"], body["origQty"]) == ("EXPIRED", "0.10000000", "0.30000000")
    assert body["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    assert [event["x"] for event in spot.take("executionReport")] == ["NEW", "TRADE", "EXPIRED"]
    assert spot.balance("USDT") == (994_000 * ATOM, 0)
