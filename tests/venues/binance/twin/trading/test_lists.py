"""Order lists on the twin's exchange in this process: races between legs, and any order of events at all."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from spot import Spot, atoms

from venues.binance.twin.errors import VenueError
from venues.binance.twin.market.rules import Offer
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.list_book import OrderList

QUANTITY = "0.01"
PAIR = {
    "side": "SELL",
    "quantity": QUANTITY,
    "aboveType": "LIMIT_MAKER",
    "abovePrice": "61000",
    "belowType": "STOP_LOSS_LIMIT",
    "belowStopPrice": "59000",
    "belowPrice": "58000",
    "belowTimeInForce": "GTC",
}
WORKING = {
    "workingType": "LIMIT",
    "workingSide": "BUY",
    "workingQuantity": QUANTITY,
    "workingPrice": "59500",
    "workingTimeInForce": "GTC",
}
PENDING = {"pendingSide": "SELL", "pendingType": "LIMIT", "pendingPrice": "60500", "pendingTimeInForce": "GTC"}
PENDING_PAIR = {
    "pendingSide": "SELL",
    "pendingAboveType": "LIMIT_MAKER",
    "pendingAbovePrice": "61000",
    "pendingBelowType": "STOP_LOSS",
    "pendingBelowStopPrice": "59000",
}
SIZE = {"pendingQuantity": QUANTITY}
LISTS: dict[str, dict[str, Any]] = {
    "oco": PAIR,
    "oto": WORKING | PENDING | SIZE,
    "otoco": WORKING | PENDING_PAIR | SIZE,
    "opo": WORKING | PENDING,
    "opoco": WORKING | PENDING_PAIR,
}


class Lists(Spot):
    """A Spot with words for order lists."""

    @property
    def lists(self) -> list[OrderList]:
        return list(self.exchange.lists.book(self.me).lists.values())

    def place_list(self, kind: str, **change: Any) -> dict[str, Any]:
        params = {name: value for name, value in (LISTS[kind] | change).items() if value is not None}
        return dict(self.ask(f"orderList.place.{kind}", **params))

    def legs(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        return [self.query(leg) for leg in body["orders"]]

    def statuses(self, body: dict[str, Any]) -> list[str]:
        return [leg["status"] for leg in self.legs(body)]


def test_two_legs_that_one_trade_triggers_do_not_both_trade() -> None:
    spot = Lists()
    body = spot.place_list(
        "oco",
        aboveType="TAKE_PROFIT",
        abovePrice=None,
        aboveStopPrice="60500",
        aboveTrailingDelta="100",
        belowType="STOP_LOSS",
        belowPrice=None,
        belowTimeInForce=None,
    )
    spot.trade("60600")
    assert spot.statuses(body) == ["NEW", "NEW"]
    spot.counter("BUY", "1", "58500")
    spot.trade("58500.01")
    stop, profit = spot.legs(body)
    assert (stop["status"], stop["executedQty"]) == ("FILLED", "0.01000000")
    assert (profit["status"], profit["expiryReason"], profit["executedQty"]) == ("EXPIRED", "OCO_TRIGGER", "0.00000000")
    assert spot.balance("BTC")[1] == 0


def test_a_trade_of_the_limit_leg_ends_the_stop_before_anything_else_can_trigger_it() -> None:
    spot = Lists()
    body = spot.place_list("oco")
    spot.counter("BUY", "0.004", "61000")
    stop, limit = spot.legs(body)
    assert (stop["status"], limit["status"]) == ("EXPIRED", "PARTIALLY_FILLED")
    spot.counter("BUY", "1", "58500")
    spot.trade("58500.01")
    assert spot.statuses(body) == ["EXPIRED", "PARTIALLY_FILLED"]
    assert spot.balance("BTC")[1] == atoms("0.006")


def test_a_triggered_leg_that_cannot_enter_the_book_is_rejected_and_the_list_is_done() -> None:
    spot = Lists()
    body = spot.place_list("oco", belowType="STOP_LOSS", belowPrice=None, belowTimeInForce=None)
    spot.trade("59000")
    assert spot.statuses(body) == ["EXPIRED", "EXPIRED"]
    assert spot.legs(body)[0]["expiryReason"] == "INSUFFICIENT_LIQUIDITY"
    assert spot.lists[-1].state.is_done
    assert spot.balance("BTC")[1] == 0


def test_a_stop_buys_with_what_the_pair_has_locked_and_gives_back_the_rest() -> None:
    spot = Lists()
    body = spot.place_list(
        "oco",
        side="BUY",
        aboveType="STOP_LOSS_LIMIT",
        aboveStopPrice="61000",
        abovePrice="62000",
        aboveTimeInForce="GTC",
        belowType="LIMIT_MAKER",
        belowPrice="59000",
        belowStopPrice=None,
        belowTimeInForce=None,
    )
    free, locked = spot.balance("USDT")
    assert locked == atoms("620")
    spot.counter("SELL", "1", "61500")
    spot.trade("61000")
    assert spot.statuses(body) == ["FILLED", "EXPIRED"]
    assert spot.balance("USDT") == (free + locked - atoms("615"), 0)


def test_self_trade_prevention_of_a_working_leg_expires_what_waits_for_it() -> None:
    spot = Lists()
    spot.place("SELL", QUANTITY, "59500")
    body = spot.place_list("oto", selfTradePreventionMode="EXPIRE_TAKER", workingTimeInForce="GTC")
    working, pending = spot.legs(body)
    assert (working["status"], pending["status"]) == ("EXPIRED_IN_MATCH", "EXPIRED")
    assert pending["expiryReason"] == "OTO_PHASE_ONE_EXPIRED"
    assert pending["selfTradePreventionMode"] == "EXPIRE_TAKER"


@pytest.mark.parametrize(
    ("missing", "kinds", "text"),
    [
        ("has_oco", ("oco", "otoco", "opoco"), "OCO orders are not supported for this symbol"),
        ("has_oto", ("oto", "opo"), "OTO orders are not supported for this symbol."),
        ("has_opo", ("opo", "opoco"), "OPO orders are not supported for this symbol."),
    ],
)
def test_a_symbol_that_does_not_offer_a_list_refuses_it(missing: str, kinds: tuple[str, ...], text: str) -> None:
    spot = Lists(offer=Offer(**{missing: False}))
    for kind in kinds:
        with spot.refused(-1013, text):
            spot.place_list(kind)
    assert spot.lists == []


def test_a_closed_symbol_takes_no_list_and_one_for_canceling_alone_lets_lists_go() -> None:
    spot = Lists()
    list_id = spot.place_list("oco")["orderListId"]
    spot.exchange.set_status("BTCUSDT", "BREAK")
    with spot.refused(-1013, "Market is closed."):
        spot.place_list("oto")
    with spot.refused(-2011, "Market is closed."):
        spot.ask("orderList.cancel", orderListId=list_id)
    spot.exchange.set_status("BTCUSDT", "CANCEL_ONLY")
    assert spot.ask("orderList.cancel", orderListId=list_id)["listOrderStatus"] == "ALL_DONE"


def test_a_leg_that_the_market_refuses_takes_the_other_with_it() -> None:
    spot = Lists()
    spot.counter("BUY", "0.001", "61500", timeInForce="GTC")
    with spot.refused(-2010, "Order would immediately match and take."):
        spot.place_list("oco")
    assert spot.lists == []


def test_a_trailing_leg_needs_no_stop_price_and_follows_the_market() -> None:
    spot = Lists()
    trailing = {"belowType": "STOP_LOSS", "belowStopPrice": None, "belowPrice": None, "belowTimeInForce": None}
    body = spot.place_list("oco", **trailing, belowTrailingDelta="100")
    spot.counter("BUY", "1", "59500")
    for price in ("60900", "60400", "60300"):
        spot.trade(price)
    assert spot.statuses(body) == ["NEW", "NEW"]
    spot.trade("60290")
    stop, limit = spot.legs(body)
    assert (stop["status"], stop["trailingDelta"]) == ("FILLED", 100)
    assert (limit["status"], limit["expiryReason"]) == ("EXPIRED", "OCO_TRIGGER")


def test_a_pegged_leg_works_at_the_books_price() -> None:
    spot = Lists()
    spot.counter("BUY", "1", "59800")
    body = spot.place_list("oto", workingPrice=None, workingPegPriceType="PRIMARY_PEG")
    assert body["orderReports"][0]["peggedPrice"] == "59800.00000000"
    spot.counter("SELL", "2", "59800")
    assert spot.statuses(body) == ["FILLED", "NEW"]


def test_an_iceberg_pending_leg_shows_its_slice_once_it_is_placed() -> None:
    spot = Lists()
    spot.place_list("opo", pendingIcebergQty="0.00200")
    spot.counter("SELL", QUANTITY, "59500")
    assert spot.book()[1] == [(6_050_000, 200)]


def test_the_pending_leg_of_an_opo_cannot_be_amended_before_it_has_a_quantity() -> None:
    spot = Lists()
    body = spot.place_list("opo")
    pending = body["orders"][1]["orderId"]
    with spot.refused(-2038, "Order amend (pending OPO order) is not supported."):
        spot.ask("order.amend.keepPriority", orderId=pending, newQty="0.00500")
    spot.counter("SELL", QUANTITY, "59500")
    spot.ask("order.amend.keepPriority", orderId=pending, newQty="0.00500")
    assert spot.legs(body)[1]["origQty"] == "0.00500000"


def test_the_legs_of_an_oto_are_amended_one_by_one() -> None:
    spot = Lists()
    body = spot.place_list("oto")
    spot.ask("order.amend.keepPriority", orderId=body["orders"][1]["orderId"], newQty="0.00500")
    assert [leg["origQty"] for leg in spot.legs(body)] == ["0.01000000", "0.00500000"]


def test_of_a_pending_pair_both_are_amended_and_their_list_is_told_of_the_new_name_alone() -> None:
    spot = Lists()
    body = spot.place_list("otoco")
    spot.take()
    above = body["orders"][2]
    spot.ask("order.amend.keepPriority", orderId=above["orderId"], newQty="0.00500", newClientOrderId="less")
    assert [leg["origQty"] for leg in spot.legs(body)] == ["0.01000000", "0.00500000", "0.00500000"]
    (status,) = spot.take("listStatus")
    assert (status["l"], status["L"], status["O"][2]["c"]) == ("UPDATED", "EXECUTING", "less")
    spot.ask("order.amend.keepPriority", orderId=above["orderId"], newQty="0.00400", newClientOrderId="less")
    assert spot.take("listStatus") == []
    assert [leg["origQty"] for leg in spot.legs(body)] == ["0.01000000", "0.00400000", "0.00400000"]
    spot.counter("SELL", QUANTITY, "59500")
    assert spot.statuses(body) == ["FILLED", "NEW", "NEW"]
    assert spot.balance("BTC")[1] == atoms("0.004")


def test_commission_of_an_opo_comes_from_free_coins_while_there_are_enough() -> None:
    spot = Lists()
    spot.me.balance("BTC").free = atoms("0.000005")
    body = spot.place_list("opo")
    spot.counter("SELL", "0.004", "59500")
    assert spot.balance("BTC") == (atoms("0.000001"), atoms("0.004"))
    spot.counter("SELL", "0.006", "59500")
    assert spot.legs(body)[1]["origQty"] == "0.00999000"
    assert sum(spot.balance("BTC")) == atoms("0.009995")


SIDES = ("BUY", "SELL")
PRICES = ("58400", "58900", "59500", "60000", "60500", "61000", "61600")
acts = st.one_of(
    st.tuples(st.just("list"), st.sampled_from(tuple(LISTS)), st.sampled_from(("GTC", "IOC", "FOK"))),
    st.tuples(
        st.just("trade"), st.sampled_from(SIDES), st.sampled_from(PRICES), st.sampled_from(("0.003", "0.02", "1"))
    ),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("cancel leg"), st.integers(0, 9)),
    st.tuples(st.just("amend"), st.integers(0, 9), st.sampled_from(("0.00200", "0.00700"))),
    st.tuples(st.just("order"), st.sampled_from(SIDES), st.sampled_from(PRICES)),
)


def act(spot: Lists, what: tuple[Any, ...]) -> None:
    """Do one thing; a refusal is as good as anything else."""
    try:
        if what[0] == "list":
            tif = {} if what[1] == "oco" else {"workingTimeInForce": what[2]}
            spot.place_list(what[1], **tif)
        elif what[0] == "trade":
            spot.counter(what[1], what[3], what[2], timeInForce="IOC")
        elif what[0] == "order":
            spot.place(what[1], "0.005", what[2])
            spot.counter(what[1], "0.005", what[2])
        elif what[0] == "cancel":
            spot.ask("orderList.cancel", orderListId=spot.lists[what[1]].list_id)
        else:
            legs = [order for kept in spot.lists for order in kept.orders]
            leg = legs[what[1]].order_id
            if what[0] == "amend":
                spot.ask("order.amend.keepPriority", orderId=leg, newQty=what[2])
            else:
                spot.ask("order.cancel", orderId=leg)
    except (VenueError, IndexError):
        pass


def funds(spot: Lists) -> Counter[str]:
    """All that everybody owns and the venue has taken, by asset."""
    total: Counter[str] = Counter()
    for account in spot.exchange.accounts.values():
        for asset, balance in account.balances.items():
            assert balance.free >= 0, f"{account.api_key} {asset}"
            total[asset] += balance.free + balance.locked
    return total + Counter(spot.exchange.clearing.collected)


def check(spot: Lists, told: Counter[int]) -> None:
    """What holds after every act, whatever it was."""
    for kept in spot.lists:
        pair = [kept.orders[leg] for leg in kept.state.pair]
        assert sum(1 for order in pair if order.filled) <= 1, "both legs of an OCO traded"
        assert len({order.order.size for order in pair if order.is_open}) <= 1, "legs of a pair differ in size"
        assert len({id(order.hold) for order in pair}) <= 1, "legs of a pair lock twice"
        assert all(order.filled <= order.order.size for order in kept.orders)
        if kept.state.working is not None:
            ended_whole = kept.orders[0].status == "FILLED"
            assert ended_whole or not any(order.is_working or order.filled for order in kept.orders[1:])
        if kept.state.kind.startswith("OPO") and kept.orders[0].is_open:
            bought = kept.orders[0].filled * spot.symbol.step
            assert bought - bought // 500 <= kept.orders[1].hold.atoms <= bought, "what was bought is not locked"
        assert kept.state.is_done == (not any(order.is_open for order in kept.orders))
        assert told[kept.list_id] == int(kept.state.is_done), "ALL_DONE was not told exactly once"
    holds: dict[str, dict[int, int]] = {"BTC": {}, "USDT": {}}
    known = {order.order_id for kept in spot.lists for order in kept.orders}
    for order in spot.me.open_orders.values():
        assert order.order_list_id == -1 or order.order_id in known, "a leg of a refused list is left"
        holds[order.pays_with][id(order.hold)] = order.hold.atoms
        assert order.hold.atoms >= needed(order), f"{order.type} {order.order_id} is not covered"
    for asset, held in holds.items():
        assert spot.balance(asset)[1] == sum(held.values()), asset


def needed(order: AccountOrder) -> int:
    """Atoms that an order in the book must have locked to be filled whole."""
    if not order.is_working:
        return 0
    symbol, left = order.symbol, order.remaining
    return left * symbol.step if order.order.side == "SELL" else left * order.order.price * symbol.quote_unit


@settings(max_examples=100)
@given(st.lists(acts, max_size=25))
@example([("order", "SELL", "58400"), ("list", "opoco", "GTC")])
@example(
    [("list", "oco", "GTC"), ("order", "SELL", "58400"), ("trade", "BUY", "61000", "0.02"), ("list", "oto", "GTC")]
)
@example([("list", "opo", "GTC"), ("trade", "SELL", "59500", "0.003"), ("trade", "SELL", "58400", "0.02")])
def test_whatever_happens_one_leg_of_a_pair_trades_and_every_balance_returns(steps: list[tuple[Any, ...]]) -> None:
    spot, told = Lists(), Counter[int]()
    before = funds(spot)
    for step in [*steps, *(("cancel", number) for number in range(30))]:
        act(spot, step)
        told.update(event["g"] for event in spot.take("listStatus") if event["l"] == "ALL_DONE")
        check(spot, told)
        assert funds(spot) == before
    for order in list(spot.me.open_orders.values()):
        spot.ask("order.cancel", orderId=order.order_id)
    assert all(kept.state.is_done for kept in spot.lists)
    assert spot.balance("BTC")[1] == spot.balance("USDT")[1] == 0
