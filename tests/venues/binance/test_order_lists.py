"""Lists of orders at a real twin: taken together or not at all, and each order's end says what of the list it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import NAME, Trader, received

from bus.messages import (
    Code,
    ContingencyType,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    OrderStatus,
    OrderType,
    QueryOpenOrders,
    Side,
    Source,
    SubmitOrderList,
    TimeInForce,
)
from venues.binance.execution import Execution

Kind = OrderEventKind
BUY, SELL = Side.BUY, Side.SELL
OCO, OTO, BRACKET = ContingencyType.OCO, ContingencyType.OTO, ContingencyType.BRACKET


@pytest.fixture
def venue(still: TwinProcess) -> TwinProcess:
    return still


@pytest.fixture
def middle(venue: TwinProcess) -> Decimal:
    """Between the best bid and the best ask: an order there is the first to be traded with."""
    bid, ask = venue.touch()
    return bid + ((ask - bid) / 2).quantize(Decimal("0.01"))


def profit(middle: Decimal, away: int = 400) -> dict[str, Any]:
    return {"side": SELL, "price": (middle + away).quantize(Decimal("0.01")), "post_only": True}


def stop(middle: Decimal, away: int = 400) -> dict[str, Any]:
    trigger = (middle - away).quantize(Decimal("0.01"))
    return {"side": SELL, "type": OrderType.STOP_LIMIT, "price": trigger - 100, "trigger_price": trigger}


def entry(middle: Decimal) -> dict[str, Any]:
    return {"side": BUY, "price": middle}


def placed(trader: Trader, *orders: NewOrder) -> tuple[NewOrder, ...]:
    assert trader.submit_list(*orders).ok
    for order in orders:
        trader.wait(order, Kind.ACCEPTED)
    return orders


def ended(trader: Trader, order: NewOrder) -> OrderEvent:
    def found() -> list[OrderEvent]:
        return [event for event in trader.events(order) if event.status.is_closed]

    wait_for(found, f"{order.client_order_id} ends; told: {[event.kind for event in trader.events(order)]}")
    return found()[0]


def take(venue: TwinProcess, side: str, price: Decimal, quantity: str = "0.01") -> None:
    """Trade with what rests at a price."""
    venue.admin.post("market", symbol="BTCUSDT", side=side, type="LIMIT", quantity=quantity, price=str(price))


def rise(venue: TwinProcess, to: Decimal, quantity: str = "0.01") -> None:
    """Let the market rise to just below a price, where nobody else sells, and trade there."""
    take(venue, "BUY", to - 1, "5000")
    take(venue, "BUY", to, quantity)


def fall(venue: TwinProcess, to: Decimal) -> None:
    """Let the market fall to a price, with buyers below."""
    take(venue, "BUY", to - 150, "50")
    take(venue, "SELL", to, "5000")
    take(venue, "BUY", to)


def test_a_list_is_submitted_accepted_and_found_again_with_its_name(
    floor: Floor, trader: Trader, venue: TwinProcess, middle: Decimal
) -> None:
    pair = placed(trader, *trader.listed(OCO, profit(middle), stop(middle)))
    for order in pair:
        kinds = [kind for kind, _ in trader.told(order.client_order_id)]
        assert kinds[:2] == [Kind.SUBMITTED, Kind.ACCEPTED]
        assert {(event.list_id, event.contingency) for event in trader.events(order)} == {(order.list_id, OCO)}
    answer = floor.request(NAME, QueryOpenOrders("BINANCE")).body
    assert isinstance(answer, OrdersAnswer)
    assert {(event.client_order_id, event.list_id, event.contingency) for event in answer.orders} == {
        (order.client_order_id, order.list_id, OCO) for order in pair
    }
    assert len(received(venue, "orderList.place.oco")) == 1


def test_the_next_life_knows_a_list_by_the_venues_word(
    floor: Floor, venue: TwinProcess, trader: Trader, middle: Decimal, actor: Execution
) -> None:
    bracket = placed(trader, *trader.listed(BRACKET, entry(middle - 300), profit(middle), stop(middle)))
    actor.actor_ref.stop(block=True, timeout=10)
    floor.start(Execution, NAME, "execution", venue.settings)
    answer = floor.request(NAME, QueryOpenOrders("BINANCE")).body
    assert isinstance(answer, OrdersAnswer)
    assert {(event.list_id, event.contingency) for event in answer.orders} == {(bracket[0].list_id, BRACKET)}


def test_when_one_of_a_pair_is_filled_the_other_ends_as_a_linked_order(
    venue: TwinProcess, trader: Trader, middle: Decimal
) -> None:
    gain, loss = placed(trader, *trader.listed(OCO, profit(middle), stop(middle)))
    assert gain.price is not None
    rise(venue, gain.price)
    assert ended(trader, gain).status is OrderStatus.FILLED
    end = ended(trader, loss)
    assert (end.status, end.code) == (OrderStatus.EXPIRED, Code.LINKED_ORDER)


def test_when_one_of_a_pair_is_filled_in_part_the_other_ends_and_the_part_goes_on(
    venue: TwinProcess, trader: Trader, middle: Decimal
) -> None:
    gain, loss = placed(trader, *trader.listed(OCO, profit(middle), stop(middle)))
    assert gain.price is not None
    rise(venue, gain.price, "0.004")
    assert ended(trader, loss).code is Code.LINKED_ORDER
    assert trader.open_ids() == {gain.client_order_id}
    assert trader.events(gain)[-1].filled == Decimal("0.004")


def test_when_the_stop_of_a_pair_is_triggered_the_profit_ends_as_a_linked_order(
    venue: TwinProcess, trader: Trader, middle: Decimal
) -> None:
    gain, loss = placed(trader, *trader.listed(OCO, profit(middle), stop(middle)))
    assert loss.trigger_price is not None
    fall(venue, loss.trigger_price)
    end = ended(trader, gain)
    assert (end.status, end.code) == (OrderStatus.EXPIRED, Code.LINKED_ORDER)
    assert not any(event.code is Code.LINKED_ORDER for event in trader.events(loss))


@pytest.mark.parametrize("leg", [0, 1])
def test_a_cancel_of_one_of_a_pair_ends_both_and_says_which_was_asked(
    venue: TwinProcess, trader: Trader, middle: Decimal, leg: int
) -> None:
    pair = placed(trader, *trader.listed(OCO, profit(middle), stop(middle)))
    assert trader.cancel(pair[leg]).ok
    asked, other = ended(trader, pair[leg]), ended(trader, pair[1 - leg])
    assert (asked.status, asked.code) == (OrderStatus.CANCELED, Code.NONE)
    assert (other.status, other.code) == (OrderStatus.CANCELED, Code.LINKED_ORDER)
    assert trader.open_ids() == set()
    assert len(received(venue, "order.cancel")) == 1


def test_a_pending_order_waits_for_its_parent_and_begins_when_that_is_filled(
    venue: TwinProcess, trader: Trader, middle: Decimal
) -> None:
    parent, child = placed(trader, *trader.listed(OTO, entry(middle), {"side": SELL, "price": middle + 500}))
    for source in (Source.ANSWER, Source.STREAM):
        waiting = trader.wait(child, Kind.ACCEPTED, source)
        assert (waiting.status, waiting.reason) == (OrderStatus.ACCEPTED, "waits for its parent")
    assert trader.wait(parent, Kind.ACCEPTED).reason == ""
    take(venue, "SELL", middle)
    assert ended(trader, parent).status is OrderStatus.FILLED
    wait_for(lambda: trader.events(child)[-1].reason == "", "the child works")
    assert trader.events(child)[-1].status is OrderStatus.ACCEPTED
    assert trader.open_ids() == {child.client_order_id}


def test_a_bracket_goes_from_its_entry_to_its_profit(venue: TwinProcess, trader: Trader, middle: Decimal) -> None:
    start, gain, loss = placed(trader, *trader.listed(BRACKET, entry(middle), profit(middle), stop(middle)))
    take(venue, "SELL", middle)
    assert ended(trader, start).status is OrderStatus.FILLED
    wait_for(lambda: trader.events(gain)[-1].reason == "", "the profit works")
    assert gain.price is not None
    rise(venue, gain.price)
    assert ended(trader, gain).status is OrderStatus.FILLED
    assert ended(trader, loss).code is Code.LINKED_ORDER
    for order in (start, gain, loss):
        assert {event.contingency for event in trader.events(order)} == {BRACKET}


def test_a_cancel_of_a_brackets_entry_ends_all_of_it(venue: TwinProcess, trader: Trader, middle: Decimal) -> None:
    start, gain, loss = placed(trader, *trader.listed(BRACKET, entry(middle - 300), profit(middle), stop(middle)))
    assert trader.cancel(start).ok
    assert ended(trader, start).code is Code.NONE
    assert [ended(trader, leg).code for leg in (gain, loss)] == [Code.LINKED_ORDER, Code.LINKED_ORDER]
    assert trader.open_ids() == set()


def test_a_list_of_which_one_order_is_refused_is_refused_whole_with_a_verdict_for_each(
    trader: Trader, middle: Decimal
) -> None:
    poor = [{**each, "size": Decimal(100)} for each in (profit(middle), stop(middle))]
    pair = trader.listed(OCO, *poor)
    assert trader.submit_list(*pair).ok
    for order in pair:
        assert trader.wait(order, Kind.REJECTED).code is Code.INSUFFICIENT_FUNDS
    assert trader.open_ids() == set()


def test_what_is_no_list_of_the_venues_is_denied_as_a_whole_before_anything_is_sent(
    floor: Floor, venue: TwinProcess, trader: Trader, middle: Decimal
) -> None:
    cases = [
        trader.listed(OCO, profit(middle), profit(middle, 500)),
        trader.listed(OCO, profit(middle), {**stop(middle), "size": Decimal("0.02")}),
        trader.listed(OTO, stop(middle), profit(middle)),
        trader.listed(BRACKET, entry(middle), profit(middle)),
        trader.listed(OCO, profit(middle), {**stop(middle), "reduce_only": True}),
        trader.listed(OCO, profit(middle), {**stop(middle), "time_in_force": TimeInForce.GTD}),
    ]
    for orders in cases:
        reply = trader.submit_list(*orders)
        assert reply.definite
        assert reply.code in (Code.UNSUPPORTED_INSTRUCTION, Code.UNSUPPORTED_TIME_IN_FORCE)
        assert not any(trader.events(order) for order in orders)
    assert floor.request(NAME, SubmitOrderList(())).code is Code.UNSUPPORTED_INSTRUCTION
    assert [line for line in venue.log("received") if line["method"].startswith("orderList")] == []


def test_a_list_is_written_once(floor: Floor, venue: TwinProcess, trader: Trader, middle: Decimal) -> None:
    pair = trader.listed(OCO, profit(middle), stop(middle))
    assert [trader.submit_list(*pair).ok for _ in range(3)] == [True, True, True]
    trader.wait(pair[0], Kind.ACCEPTED)
    assert len(received(venue, "orderList.place.oco")) == 1
