"""The exchange in two steps, as order lists use it: prepare, release, submit, and what their keeper is told."""

from __future__ import annotations

from typing import Any

import pytest
from spot import Spot

from venues.binance.twin.errors import VenueError
from venues.binance.twin.render import ATOM
from venues.binance.twin.requests.params import Params
from venues.binance.twin.trading import orders
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.keeper import Execution
from venues.binance.twin.trading.orders import NewOrder


class Keeper:
    """Writes down what it is told, and ends the other leg when one trades or is triggered."""

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self.told: list[tuple[int, Execution, str]] = []
        self.other: dict[int, AccountOrder] = {}

    def on_order(self, account: Account, mine: AccountOrder, execution: Execution) -> None:
        self.told.append((mine.order_id, execution, mine.status))
        other = self.other.get(mine.order_id)
        if execution in ("TRADE", "TRIGGERED") and other is not None and other.is_open:
            self.spot.exchange.expire(account, other, "OCO_TRIGGER")

    def cancel(self, account: Account, order_list_id: int, cancel_id: str) -> dict[str, Any]:
        found = [mine for mine in account.open_orders.values() if mine.order_list_id == order_list_id]
        with self.spot.exchange.together():
            for mine in found:
                self.spot.exchange.cancel(account, mine, cancel_id)
        return {"orderListId": order_list_id, "canceled": [mine.order_id for mine in found]}

    def amended(self, account: Account, mine: AccountOrder) -> dict[str, Any]:
        return {"orderListId": mine.order_list_id}


def new(spot: Spot, side: str, order_type: str, **params: str) -> NewOrder:
    sent = {"symbol": "BTCUSDT", "side": side, "type": order_type, "quantity": "1"} | params
    return orders.parse(Params(sent), spot.exchange.symbols, lambda name: spot.exchange.average(spot.symbol))


def oco(spot: Spot, side: str = "SELL") -> tuple[Keeper, AccountOrder, AccountOrder]:
    """A limit order and a stop beside it, and their keeper."""
    keeper = Keeper(spot)
    spot.exchange.lists = keeper
    limit, stop = ("61000", "59000") if side == "SELL" else ("59000", "61000")
    first = spot.exchange.prepare(spot.me, new(spot, side, "LIMIT_MAKER", price=limit), order_list_id=7)
    second = spot.exchange.prepare(spot.me, new(spot, side, "STOP_LOSS", stopPrice=stop), order_list_id=7, beside=first)
    keeper.other = {first.order_id: second, second.order_id: first}
    with spot.exchange.together():
        spot.exchange.submit(spot.me, second)
        spot.exchange.submit(spot.me, first)
    return keeper, first, second


def test_what_is_prepared_has_its_id_and_its_funds_and_nobody_is_told() -> None:
    spot = Spot()
    spot.take()
    mine = spot.exchange.prepare(spot.me, new(spot, "BUY", "LIMIT", price="50000", timeInForce="GTC"))
    assert (spot.take(), spot.book()) == ([], ([], []))
    assert spot.balance("USDT")[1] == 50_000 * ATOM
    assert spot.me.open_orders["BTCUSDT", mine.order_id] is mine
    spot.exchange.submit(spot.me, mine)
    assert [event["x"] for event in spot.take("executionReport")] == ["NEW"]


def test_what_is_released_never_was() -> None:
    spot = Spot()
    before = spot.state()
    for is_pending in (False, True):
        placing = new(spot, "BUY", "LIMIT", price="50000", timeInForce="GTC", newClientOrderId="a")
        spot.exchange.release(spot.me, spot.exchange.prepare(spot.me, placing, is_pending=is_pending))
        assert spot.state() == before


def test_two_legs_lock_what_the_dearer_one_needs() -> None:
    spot = Spot()
    _, first, second = oco(spot, "BUY")
    assert spot.balance("USDT")[1] == 61_000 * ATOM
    spot.exchange.cancel(spot.me, second, "x")
    assert spot.balance("USDT")[1] == 59_000 * ATOM
    spot.exchange.cancel(spot.me, first, "x")
    assert spot.balance("USDT") == (1_000_000 * ATOM, 0)


def test_a_leg_that_trades_in_part_keeps_only_what_it_still_needs() -> None:
    spot = Spot()
    keeper, first, second = oco(spot, "BUY")
    spot.counter("SELL", "0.4", "59000")
    assert (first.status, second.status, second.expiry) == ("PARTIALLY_FILLED", "EXPIRED", "OCO_TRIGGER")
    assert spot.balance("USDT") == ((1_000_000 - 59_000) * ATOM, 35_400 * ATOM)
    assert keeper.told == [
        (second.order_id, "NEW", "NEW"),
        (first.order_id, "NEW", "NEW"),
        (first.order_id, "TRADE", "PARTIALLY_FILLED"),
        (second.order_id, "EXPIRED", "EXPIRED"),
    ]


def test_a_leg_that_trades_locks_nothing_for_the_other_even_before_that_has_gone() -> None:
    spot = Spot()
    keeper, first, second = oco(spot, "BUY")
    keeper.other = {}
    spot.exchange.deposit(spot.me, "USDT", -(939_000 * ATOM))
    spot.counter("SELL", "0.4", "59000")
    assert second.is_open
    assert spot.balance("USDT") == (2_000 * ATOM, 35_400 * ATOM)
    spot.exchange.cancel(spot.me, second, "x")
    assert (spot.balance("USDT"), first.remaining) == ((2_000 * ATOM, 35_400 * ATOM), 60_000)


def test_a_triggered_leg_is_told_before_it_enters_so_that_the_other_leaves_first() -> None:
    spot = Spot()
    keeper, first, second = oco(spot)
    spot.counter("BUY", "2", "58000")
    spot.take()
    keeper.told.clear()
    spot.trade("59000")
    assert [told[:2] for told in keeper.told] == [
        (second.order_id, "TRIGGERED"),
        (first.order_id, "EXPIRED"),
        (second.order_id, "NEW"),
        (second.order_id, "TRADE"),
    ]
    assert [(event["i"], event["x"]) for event in spot.take("executionReport")] == [
        (first.order_id, "EXPIRED"), (second.order_id, "NEW"), (second.order_id, "TRADE"),
    ]  # fmt: skip
    assert spot.balance("BTC") == (9 * ATOM, 0)


def test_a_leg_that_its_keeper_ends_after_its_trigger_does_not_enter() -> None:
    spot = Spot()
    keeper, first, second = oco(spot)
    keeper.other = {second.order_id: second}
    spot.trade("59000")
    assert (second.status, second.expiry, second.filled) == ("EXPIRED", "OCO_TRIGGER", 0)
    assert first.status == "NEW"


def test_a_pending_order_locks_nothing_until_it_is_submitted() -> None:
    spot = Spot()
    spot.exchange.lists = Keeper(spot)
    mine = spot.exchange.prepare(
        spot.me, new(spot, "BUY", "LIMIT", price="50000", timeInForce="GTC"), order_list_id=3, is_pending=True
    )
    spot.exchange.announce(spot.me, mine)
    (event,) = spot.take("NEW")
    assert (event["X"], event["w"], event["g"]) == ("PENDING_NEW", False, 3)
    assert spot.balance("USDT")[1] == 0
    spot.now_ms += 3
    spot.exchange.submit(spot.me, mine)
    (event,) = spot.take("NEW")
    assert (event["X"], event["w"], event["W"]) == ("NEW", True, spot.now_ms)
    assert spot.balance("USDT")[1] == 50_000 * ATOM


def test_a_pending_order_that_cannot_be_placed_any_more_expires_as_rejected() -> None:
    spot = Spot()
    spot.exchange.lists = Keeper(spot)
    mine = spot.exchange.prepare(
        spot.me, new(spot, "BUY", "LIMIT", price="50000", timeInForce="GTC"), order_list_id=3, is_pending=True
    )
    spot.exchange.deposit(spot.me, "USDT", -(950_001 * ATOM))
    spot.exchange.submit(spot.me, mine)
    assert (mine.status, mine.expiry) == ("EXPIRED", "REJECTED")
    assert spot.balance("USDT") == (49_999 * ATOM, 0)


def test_a_cancel_of_one_leg_is_the_keepers_and_all_orders_names_each_list_once() -> None:
    spot = Spot()
    _, first, second = oco(spot)
    assert spot.ask("order.cancel", orderId=first.order_id) == {
        "orderListId": 7, "canceled": [first.order_id, second.order_id],
    }  # fmt: skip
    _, first, second = oco(spot)
    single = spot.place("BUY", "0.1", "50000")
    bodies = spot.ask("openOrders.cancelAll")
    assert [body.get("canceled") or body["orderId"] for body in bodies] == [
        [first.order_id, second.order_id], single["orderId"],
    ]  # fmt: skip


def test_an_amended_leg_shows_its_list() -> None:
    spot = Spot()
    keeper, first, _ = oco(spot)
    body = spot.ask("order.amend.keepPriority", orderId=first.order_id, newQty="0.5")
    assert (body["listStatus"], body["amendedOrder"]["orderListId"]) == ({"orderListId": 7}, 7)
    assert keeper.told[-1][:2] == (first.order_id, "REPLACED")


def test_a_refusal_within_an_act_still_tells_what_had_happened() -> None:
    spot = Spot()
    order = spot.place("BUY", "0.1", "50000")
    spot.take()

    def act() -> None:
        with spot.exchange.together():
            spot.ask("order.cancel", orderId=order["orderId"])
            spot.place("BUY", "100", "50000")

    with pytest.raises(VenueError):
        act()
    assert [event["e"] for event in spot.take()] == ["executionReport", "outboundAccountPosition"]
