"""What a strategy says becomes orders, changes, replacements and lists, on the instrument's steps."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from order_samples import BTC, INSTANCE, a_state, an_instrument

from actors.runtime import Context
from actors.strategy import Order, OrderList, Strategy
from actors.strategy.market import MarketFeeds
from actors.strategy.terms import Terms
from bus.messages import (
    Code,
    ContingencyType,
    InstanceInfo,
    ModifyOrder,
    NewOrder,
    OrderStatus,
    OrderType,
    Pending,
    Position,
    Side,
    TrailingOffsetType,
    parse_order_id,
)

S = OrderStatus
D = Decimal


class Desk:
    """Keeps what is handed on."""

    def __init__(self) -> None:
        self.changes = self
        self.submitted: list[tuple[NewOrder, ...]] = []
        self.changed: list[ModifyOrder] = []
        self.refused: list[Code] = []
        self.denied: dict[str, tuple[Code, str]] = {}
        self.canceled: list[Order] = []
        self.replaced: list[tuple[Order, Order, bool]] = []

    def submit(self, order: Order) -> None:
        self.submitted.append((order.exact.order,))

    def submit_list(self, orders: tuple[Order, ...]) -> None:
        self.submitted.append(tuple(order.exact.order for order in orders))

    def deny(self, order: Order, code: Code, reason: str) -> None:
        self.denied[order.id] = (code, reason)

    def modify(self, order: Order, change: ModifyOrder) -> None:
        self.changed.append(change)

    def refuse(self, order: Order, code: Code, reason: str) -> None:
        self.refused.append(code)

    def cancel(self, order: Order) -> None:
        self.canceled.append(order)

    def replace(self, old: Order, new: Order, takes_rest: bool) -> None:
        self.replaced.append((old, new, takes_rest))


@pytest.fixture
def strategy(tmp_path: Path) -> Any:
    made: Any = Strategy(Context("alpha", "strategy", str(tmp_path), str(tmp_path), "demo"))
    made._feeds = MarketFeeds(made)
    made._feeds.instances = (InstanceInfo(INSTANCE, "binance", "spot", "twin", "BINANCE"),)
    made._feeds.instruments[BTC] = an_instrument()
    made._terms, made._errands = Terms(), Desk()
    made.floor, made.member, made.loop = SimpleNamespace(floor="demo"), SimpleNamespace(epoch=7), None
    return made


def resting(strategy: Any, status: OrderStatus = S.ACCEPTED, **facts: Any) -> Order:
    """An order that the venue has."""
    order = strategy.buy(BTC, 10, facts.pop("price", 100), **facts.pop("terms", {}))
    order.exact = replace(a_state(status), order=order.exact.order, **facts)
    strategy.orders._keep(order)
    return order


# orders


def test_a_stop_s_numbers_snap_to_the_steps_as_all_prices_do(strategy: Any) -> None:
    order = strategy.sell(BTC, 1, 90, type="STOP_LIMIT", trigger_price=0.1 + 0.2 + 89.7, display_size=0.1 + 0.2)
    made = order.exact.order
    assert (made.type, made.trigger_price, made.display_size) == (OrderType.STOP_LIMIT, D("90.00"), D("0.300"))
    off = strategy.sell(BTC, 1, type="STOP_MARKET", trigger_price=90.005)
    code, reason = strategy._errands.denied[off.id]
    assert (code, "trigger_price 90.005" in reason) == (Code.PRICE_INCREMENT, True)


@pytest.mark.parametrize(
    ("said", "offset", "unit"),
    [
        ("50bps", 50, TrailingOffsetType.BASIS_POINTS), ("50 bp", 50, TrailingOffsetType.BASIS_POINTS),
        ("0.5%", 50, TrailingOffsetType.BASIS_POINTS), (25, 25, TrailingOffsetType.PRICE),
        ("25", 25, TrailingOffsetType.PRICE),
    ],
)  # fmt: skip
def test_a_trailing_offset_may_be_said_in_basis_points(
    strategy: Any, said: object, offset: int, unit: TrailingOffsetType
) -> None:
    order = strategy.sell(BTC, 1, type="TRAILING_STOP_MARKET", trailing_offset=said).exact.order
    assert (order.trailing_offset, order.trailing_offset_type) == (D(offset), unit)


def test_every_id_is_minted_once(strategy: Any) -> None:
    order = resting(strategy)
    order.modify(price=99)
    pair = strategy.oco("SELL", BTC, 1, take_profit=110, stop_loss=90)
    new = order.replace(price=98)
    ids = [order.id, strategy._errands.changed[0].new_client_order_id, pair.id, *(leg.id for leg in pair), new.id]
    assert len(set(ids)) == len(ids)
    assert all(parse_order_id(each) is not None for each in ids)
    assert strategy._count == 4, "orders are counted, and not the other names"


def test_what_is_closed_on_an_instance_is_what_is_held_there(strategy: Any) -> None:
    strategy._feeds.instances += (InstanceInfo("OTHER", "binance", "spot", "twin", "BINANCE"),)
    held = {where: Position("alpha", where, BTC, D(size)) for where, size in ((INSTANCE, "2"), ("OTHER", "-5"))}
    strategy._feed = SimpleNamespace(positions={(where, BTC): position for where, position in held.items()})
    order = strategy.close(BTC, instance=INSTANCE).exact.order
    assert (order.instance, order.side, order.size) == (INSTANCE, Side.SELL, D("2"))
    order = strategy.close(BTC, instance="OTHER").exact.order
    assert (order.instance, order.side, order.size) == ("OTHER", Side.BUY, D("5"))
    del strategy._feed.positions[INSTANCE, BTC]
    assert strategy.close(BTC, instance=INSTANCE) is None
    with pytest.raises(ValueError, match="'THIRD' is not on the floor; there are: BINANCE, OTHER"):
        strategy.close(BTC, instance="THIRD")


# changes


def test_a_change_says_what_is_to_be_and_leaves_the_rest(strategy: Any) -> None:
    order = resting(strategy, venue_order_id="77")
    assert order.modify(price=0.1 + 0.2 + 98.7, size="8") is order
    (change,) = strategy._errands.changed
    assert (change.order_id, change.client_order_id, change.venue_order_id) == (order.id, order.id, "77")
    assert (change.price, change.size, change.trigger_price) == (D("99.00"), D("8"), None)
    assert (change.side, change.type, change.strategy) == (Side.BUY, OrderType.LIMIT, "alpha")


@pytest.mark.parametrize(
    ("facts", "wanted", "code"),
    [
        ({"status": S.FILLED}, {"price": 99}, Code.TOO_LATE),
        ({"status": S.CANCELED}, {"price": 99}, Code.TOO_LATE),
        ({"pending": Pending.MODIFY}, {"price": 99}, Code.CHANGE_IN_FLIGHT),
        ({"pending_client_order_id": "x"}, {"price": 99}, Code.CHANGE_IN_FLIGHT),
        ({"pending": Pending.CANCEL}, {"price": 99}, Code.CHANGE_IN_FLIGHT),
        ({}, {"price": 99.005}, Code.PRICE_INCREMENT),
        ({}, {"size": 1.0005}, Code.SIZE_INCREMENT),
        ({}, {"trigger_price": 99.005}, Code.PRICE_INCREMENT),
    ],
)
def test_e30_a_change_that_cannot_be_is_refused_here_and_nothing_is_sent(
    strategy: Any, facts: dict[str, Any], wanted: dict[str, Any], code: Code
) -> None:
    resting(strategy, **facts).modify(**wanted)
    assert (strategy._errands.refused, strategy._errands.changed) == ([code], [])


@pytest.mark.parametrize(("wanted", "named"), [({}, "give a price"), ({"price": "much"}, "'much'")])
def test_a_change_that_says_nothing_is_an_error(strategy: Any, wanted: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        resting(strategy).modify(**wanted)


# replacements


def test_e31_a_replacement_is_like_the_old_order_but_for_what_is_told(strategy: Any) -> None:
    old = resting(strategy, terms={"tag": "a", "post_only": True, "params": {"x": "1"}}, filled=D(3))
    new = old.replace(price="98.00", time_in_force="GTC")
    ((gave, took, takes_rest),) = strategy._errands.replaced
    assert (gave, took, takes_rest) == (old, new, True)
    order, before = new.exact.order, old.exact.order
    assert (new.replaces, new.id != old.id, order.client_order_id) == (old.id, True, new.id)
    assert (order.price, order.size, order.post_only, order.params) == (D("98.00"), before.size, True, {"x": "1"})
    assert (order.ts_gated, order.ts_written) == (0, 0)
    assert not old.replace(size=2).exact.order.ts_gated
    assert strategy._errands.replaced[-1][2] is False, "a size that is told is the new order's own"


def test_what_replaces_an_order_of_a_list_stands_alone(strategy: Any) -> None:
    leg = strategy.oco("SELL", BTC, 1, take_profit=110, stop_loss=90).take_profit
    leg.exact = replace(a_state(S.ACCEPTED), order=leg.exact.order)
    order = leg.replace(price=111).exact.order
    assert (order.list_id, order.contingency, order.linked_ids) == ("", ContingencyType.NONE, ())


def test_a_closed_order_is_replaced_by_nothing(strategy: Any) -> None:
    new = resting(strategy, S.CANCELED).replace(price=98)
    assert strategy._errands.denied[new.id][0] is Code.TOO_LATE
    assert strategy._errands.replaced == []
    off = resting(strategy).replace(price=98.005)
    assert strategy._errands.denied[off.id][0] is Code.PRICE_INCREMENT
    with pytest.raises(TypeError, match="colour"):
        resting(strategy).replace(colour="red")


# cancels


def test_e40_what_is_canceled_is_one_several_one_side_or_all(strategy: Any) -> None:
    buy, other = resting(strategy), resting(strategy)
    sell = strategy.sell(BTC, 1, 110)
    desk = strategy._errands

    def canceled() -> list[Order]:
        found, desk.canceled[:] = list(desk.canceled), []
        return found

    strategy.cancel(buy)
    assert canceled() == [buy]
    strategy.cancel([buy, sell])
    assert canceled() == [buy, sell]
    strategy.cancel_all(side="buy")
    assert canceled() == [buy, other]
    strategy.cancel_all(BTC, side=Side.SELL)
    assert canceled() == [sell]
    strategy.cancel_all("ETHUSDT.BINANCE")
    assert canceled() == []
    strategy.cancel_all()
    assert canceled() == [buy, other, sell]
    with pytest.raises(ValueError, match="side"):
        strategy.cancel_all(side="both")


# lists


def told(strategy: Any) -> tuple[NewOrder, ...]:
    (orders,) = strategy._errands.submitted
    return tuple(orders)


def test_e50_a_bracket_is_an_entry_and_two_exits_that_wait_for_it(strategy: Any) -> None:
    held = strategy.bracket(
        "BUY",
        BTC,
        1,
        100,
        take_profit=110,
        stop_loss=90,
        time_in_force="GTC",
        params={"selfTradePreventionMode": "NONE"},
    )
    entry, profit, stop = told(strategy)
    assert [order.order_id for order in (entry, profit, stop)] == [order.id for order in held]
    assert [(order.side, order.type, order.price, order.trigger_price) for order in (entry, profit, stop)] == [
        (Side.BUY, OrderType.LIMIT, D(100), None),
        (Side.SELL, OrderType.LIMIT, D(110), None),
        (Side.SELL, OrderType.STOP_MARKET, None, D(90)),
    ]
    assert (profit.post_only, stop.post_only) == (True, False)
    assert {order.contingency for order in (entry, profit, stop)} == {ContingencyType.BRACKET}
    assert [order.parent_id for order in (entry, profit, stop)] == ["", entry.order_id, entry.order_id]
    assert set(profit.linked_ids) == {entry.order_id, stop.order_id}
    assert {order.list_id for order in (entry, profit, stop)} == {held.id}
    assert {order.params["selfTradePreventionMode"] for order in (entry, profit, stop)} == {"NONE"}
    assert (held.entry.id, held.take_profit.id, held.stop_loss.id) == tuple(order.id for order in held)
    assert (len(held), held.is_open, held[1] is held.take_profit) == (3, True, True)


def test_a_bracket_that_sells_leaves_by_buying(strategy: Any) -> None:
    strategy.bracket("sell", BTC, 1, 100, take_profit=90, stop_loss=110, stop_limit=111)
    assert [(order.side, order.type, order.price, order.trigger_price) for order in told(strategy)] == [
        (Side.SELL, OrderType.LIMIT, D(100), None),
        (Side.BUY, OrderType.LIMIT, D(90), None),
        (Side.BUY, OrderType.STOP_LIMIT, D(111), D(110)),
    ]


def test_an_oco_is_two_exits(strategy: Any) -> None:
    pair = strategy.oco("SELL", BTC, 1, take_profit=110, stop_loss=90, stop_limit=89)
    profit, stop = told(strategy)
    assert (profit.contingency, profit.parent_id, stop.parent_id) == (ContingencyType.OCO, "", "")
    assert (profit.linked_ids, stop.linked_ids) == ((stop.order_id,), (profit.order_id,))
    assert (stop.type, stop.price) == (OrderType.STOP_LIMIT, D(89))
    assert (pair.entry, pair.take_profit.id, pair.stop_loss.id) == (None, profit.order_id, stop.order_id)


def test_an_oto_is_one_order_and_then_another(strategy: Any) -> None:
    pair = strategy.oto(
        {"side": "BUY", "instrument": BTC, "size": 1, "price": 100},
        {"side": "SELL", "instrument": BTC, "size": 1, "price": 105},
    )
    first, then = told(strategy)
    assert (first.contingency, then.parent_id, pair.entry.id) == (ContingencyType.OTO, first.order_id, first.order_id)
    with pytest.raises(TypeError, match="instrument, side"):
        strategy.oto({"size": 1}, {})


def test_orders_of_any_kind_are_listed_by_what_they_are(strategy: Any) -> None:
    legs = [{"side": "SELL", "instrument": BTC, "size": 1, "price": 110 + number} for number in range(2)]
    held = strategy.submit_list(legs, "oco")
    assert isinstance(held, OrderList)
    assert [order.price for order in told(strategy)] == [D(110), D(111)]
    with pytest.raises(ValueError, match="contingency"):
        strategy.submit_list(legs, "ALL")
    with pytest.raises(ValueError, match="without orders"):
        strategy.submit_list([])


@pytest.mark.parametrize(
    ("side", "price", "profit", "stop", "named"),
    [
        ("BUY", 100, 90, 110, "stop_loss < price < take_profit"),
        ("BUY", 100, 110, 101, "stop_loss < price < take_profit"),
        ("SELL", 100, 110, 90, "stop_loss > price > take_profit"),
        ("BUY", None, 90, 110, "stop_loss < take_profit"),
        ("BUY", 100, 100, 90, "stop_loss < price < take_profit"),
    ],
)
def test_an_exit_on_the_wrong_side_is_an_error_that_says_so(
    strategy: Any, side: str, price: object, profit: object, stop: object, named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        strategy.bracket(side, BTC, 1, price, take_profit=profit, stop_loss=stop)
    assert (strategy._errands.submitted, list(strategy.orders)) == ([], [])


def test_e71_one_number_off_the_steps_denies_the_whole_list(strategy: Any) -> None:
    held = strategy.bracket("BUY", BTC, 1, 100, take_profit=110.005, stop_loss=90)
    denied = strategy._errands.denied
    assert strategy._errands.submitted == []
    assert {code for code, _ in denied.values()} == {Code.PRICE_INCREMENT}
    assert denied[held.take_profit.id][1].startswith("price 110.005")
    assert all(held.take_profit.id in denied[order.id][1] for order in (held.entry, held.stop_loss))


def test_a_list_is_canceled_whole(strategy: Any) -> None:
    pair = strategy.oco("SELL", BTC, 1, take_profit=110, stop_loss=90)
    pair.cancel()
    assert strategy._errands.canceled == list(pair)
    strategy.cancel(pair)
    assert strategy._errands.canceled == [*pair, *pair]
