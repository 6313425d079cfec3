"""A reader's book gives no price that is not to be believed, and knows which sizes are its floor's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from order_samples import BTC, INSTANCE, an_order

from actors.book import BookState, LiveBook, OwnOrders, StaleBookError
from bus.messages import BookSnapshot, ExecutionState, OrderState, OrderStatus, OrderType, Pending, Side


def state(
    order_id: str = "o1", status: OrderStatus = OrderStatus.ACCEPTED, revision: int = 1, **facts: Any
) -> OrderState:
    terms = facts.pop("terms", {})
    return OrderState(an_order(order_id, **terms), status, Pending.NONE, revision=revision, **facts)


def book(bids: Any = ((100.0, 12.0), (99.0, 0.3)), asks: Any = ((101.0, 1.0),)) -> BookSnapshot:
    return BookSnapshot(BTC, list(bids), list(asks), 7, 1_000, 2_000_000_000, 10)


@pytest.fixture
def live() -> LiveBook:
    found = LiveBook(INSTANCE, BTC)
    found.take(book())
    return found


@pytest.mark.parametrize("look", ["snapshot", "bids", "asks", "mid", "without_own", "age_s"])
def test_no_look_at_a_stale_book_gives_a_price(live: LiveBook, look: str) -> None:
    def looked() -> Any:
        found = getattr(live, look)
        return found if not callable(found) else found(*([3_000_000_000] if look == "age_s" else []))

    assert looked() is not None
    live.lose("gap")
    assert (live.state, live.reason, live.is_stale) == (BookState.STALE, "gap", True)
    with pytest.raises(StaleBookError, match="STALE: gap"):
        looked()
    live.take(book())
    assert (looked() is not None, live.is_stale, live.reason) == (True, False, "")


def test_a_book_that_never_came_is_syncing_and_raises_too() -> None:
    never = LiveBook(INSTANCE, BTC)
    never.lose("its publisher is gone")
    assert (never.state, never.is_stale, never.reason) == (BookState.SYNCING, True, "its publisher is gone")
    with pytest.raises(StaleBookError, match="SYNCING"):
        _ = never.bids


def test_the_age_is_counted_from_when_the_book_was_made(live: LiveBook) -> None:
    assert live.age_s(3_500_000_000) == 1.5


def test_own_orders_are_shown_by_level_and_netted_out(live: LiveBook) -> None:
    live.own_orders.take(state(terms={"size": Decimal(10)}, filled=Decimal(3)))
    live.own_orders.take(state("o2", terms={"price": Decimal("99.0"), "size": Decimal("0.1")}))
    live.own_orders.take(state("o3", terms={"side": Side.SELL, "price": Decimal(101), "size": Decimal(1)}))
    assert (live.own(Side.BUY, 100.0), live.own(Side.BUY, 99.0), live.own(Side.SELL, 101.0)) == (7.0, 0.1, 1.0)
    assert live.own(Side.SELL, 100.0) == 0
    net = live.without_own()
    assert (net.bids, net.asks, net.seq) == ([(100.0, 5.0), (99.0, 0.2)], [], 7)
    assert live.bids == [(100.0, 12.0), (99.0, 0.3)], "the book itself stays as it is"


@pytest.mark.parametrize(
    "status", [each for each in OrderStatus if each.is_closed] + [OrderStatus.INITIALIZED, OrderStatus.SUBMITTED]
)
def test_what_the_venue_has_not_said_to_work_is_not_in_the_book(status: OrderStatus) -> None:
    own = OwnOrders(INSTANCE, BTC)
    own.take(state())
    own.take(state(status=status, revision=2))
    assert own.size(Side.BUY, 100.0) == 0


@pytest.mark.parametrize(
    ("terms", "status", "shown"),
    [
        ({"display_size": Decimal(2)}, OrderStatus.ACCEPTED, 2.0),
        ({"display_size": Decimal(50)}, OrderStatus.ACCEPTED, 10.0),
        ({"type": OrderType.STOP_LIMIT, "trigger_price": Decimal(105)}, OrderStatus.ACCEPTED, 0.0),
        ({"type": OrderType.STOP_LIMIT, "trigger_price": Decimal(105)}, OrderStatus.TRIGGERED, 10.0),
        ({"instrument": "ETHUSDT.BINANCE"}, OrderStatus.ACCEPTED, 0.0),
        ({"instance": "OTHER"}, OrderStatus.ACCEPTED, 0.0),
    ],
)
def test_others_see_of_an_order_what_it_shows(terms: dict[str, Any], status: OrderStatus, shown: float) -> None:
    own = OwnOrders(INSTANCE, BTC)
    own.take(state(status=status, terms=terms))
    assert own.size(Side.BUY, 100.0) == shown


def test_a_whole_state_of_a_strategy_replaces_its_orders_and_no_others() -> None:
    own = OwnOrders(INSTANCE, BTC)
    own.take(state("a1", terms={"strategy": "alpha", "size": Decimal(1)}))
    own.take(state("b1", terms={"strategy": "beta", "size": Decimal(2)}))
    own.replace(ExecutionState("alpha", 1, (state("a2", terms={"strategy": "alpha", "size": Decimal(5)}),)))
    assert own.size(Side.BUY, 100.0) == 7.0
