"""Orders in a strategy's hand are always current, and positions say when they are flat."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from order_samples import BTC, a_fill, a_state, an_instrument, an_order

from actors.strategy import FillView, Order, Orders, PositionView
from actors.strategy.holdings import summed
from bus.messages import OrderState, OrderStatus, Pending, Position

S = OrderStatus


class Desk:
    """Notes what it is asked to do."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def cancel(self, orders: Order) -> None:
        self.asked.append(orders)

    def modify(self, order: Order, **terms: Any) -> Order:
        self.asked.append(("modify", terms))
        return order

    def replace(self, order: Order, **terms: Any) -> Order:
        self.asked.append(("replace", terms))
        return order


def held(state: OrderState, loop: asyncio.AbstractEventLoop | None = None) -> Order:
    return Order(state, loop or asyncio.new_event_loop(), Desk())


@pytest.fixture
def loop() -> object:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def test_an_order_shows_its_state_as_numbers_to_compute_with(loop: asyncio.AbstractEventLoop) -> None:
    order = held(a_state(S.PARTIALLY_FILLED, filled=Decimal(4), filled_value=Decimal(404)), loop)
    assert (order.size, order.price, order.filled, order.remaining) == (10.0, 100.0, 4.0, 6.0)
    assert (order.average_price, order.is_open, order.label) == (101.0, True, "PARTIALLY_FILLED")
    assert repr(order) == f"<Order o1 BUY 10 {BTC} at 100: PARTIALLY_FILLED, filled 4>"


def test_what_remains_is_what_may_still_be_filled(loop: asyncio.AbstractEventLoop) -> None:
    removed = a_state(S.PARTIALLY_FILLED, filled=Decimal(4), venue_filled=Decimal(5), removed=Decimal(2))
    assert held(removed, loop).remaining == 3.0
    assert held(a_state(S.CANCELED, filled=Decimal(4)), loop).remaining == 0.0
    overfilled = a_state(S.PARTIALLY_FILLED, filled=Decimal(11))
    assert held(overfilled, loop).remaining == 0.0
    by_quote = OrderState(an_order(size=None, quote_size=Decimal(100)), S.ACCEPTED, Pending.NONE)
    assert (held(by_quote, loop).remaining, held(by_quote, loop).size) == (0.0, None)


def test_an_older_state_does_not_overwrite_a_newer(loop: asyncio.AbstractEventLoop) -> None:
    order = held(a_state(S.ACCEPTED, revision=3), loop)
    assert not order._update(a_state(S.SUBMITTED, revision=2))
    assert order.status is S.ACCEPTED
    assert order._update(a_state(S.CANCELED, revision=4))
    assert order.is_closed


def test_what_is_waited_for_comes_when_it_is_so(loop: asyncio.AbstractEventLoop) -> None:
    async def story() -> list[str]:
        order = held(a_state(S.INITIALIZED), asyncio.get_running_loop())
        accepted = asyncio.ensure_future(order.accepted())
        closed = asyncio.ensure_future(order.closed())
        seen = []
        for status in (S.SUBMITTED, S.ACCEPTED, S.PARTIALLY_FILLED, S.FILLED):
            order._update(a_state(status, revision=order.exact.revision + 1))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            seen.append(f"{status} {accepted.done()} {closed.done()}")
        assert accepted.result() is closed.result() is order
        assert await order.closed() is order
        assert order._waiters == []
        return seen

    assert loop.run_until_complete(story()) == [
        "SUBMITTED False False",
        "ACCEPTED True False",
        "PARTIALLY_FILLED True False",
        "FILLED True True",
    ]


def test_an_order_that_ends_unaccepted_ends_both_waits(loop: asyncio.AbstractEventLoop) -> None:
    async def story() -> None:
        order = held(a_state(S.INITIALIZED), asyncio.get_running_loop())
        waits = asyncio.gather(order.accepted(), order.closed())
        await asyncio.sleep(0)
        order._update(a_state(S.DENIED, revision=1))
        assert await waits == [order, order]

    loop.run_until_complete(story())


def test_cancel_asks_by_the_order_itself(loop: asyncio.AbstractEventLoop) -> None:
    desk = Desk()
    order = Order(a_state(S.ACCEPTED), loop, desk)
    order.cancel()
    assert desk.asked == [order]


statuses = st.sampled_from([status for status in S if status is not S.UNKNOWN])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), statuses, st.integers(0, 4)), max_size=40))
def test_open_orders_are_those_that_are_open_after_any_updates(changes: list[tuple[int, OrderStatus, int]]) -> None:
    loop = asyncio.new_event_loop()
    orders = Orders()
    newest: dict[str, OrderState] = {}
    for number, status, revision in changes:
        state = replace(a_state(status, revision=revision), order=an_order(f"o{number}"))
        known = orders.get(state.order.order_id)
        if known is None:
            known = held(state, loop)
            newest[known.id] = state
        elif known._update(state):
            newest[known.id] = state
        orders._keep(known)
    assert {order.id: order.exact for order in orders} == newest
    assert {order.id for order in orders.open} == {name for name, state in newest.items() if state.is_open}
    assert orders.open_on(BTC) == orders.open
    assert orders.open_on("ETHUSDT.BINANCE") == []
    assert len(orders) == len(newest)
    loop.close()


def test_the_oldest_closed_orders_are_let_go_and_open_ones_never(loop: asyncio.AbstractEventLoop) -> None:
    class FewOrders(Orders):
        KEPT = 3

    orders = FewOrders()
    for number in range(8):
        status = S.ACCEPTED if number in (0, 5) else S.FILLED
        orders._keep(held(replace(a_state(status), order=an_order(f"o{number}")), loop))
    assert [order.id for order in orders.open] == ["o0", "o5"]
    assert [order.id for order in orders] == ["o0", "o5", "o6", "o7"]
    assert orders.get("o1") is None


def test_a_fill_shows_numbers_with_the_exact_beside() -> None:
    view = FillView(a_fill("7", price=Decimal("100.5"), fee=Decimal("-0.25")))
    assert (view.price, view.size, view.fee, view.trade_id) == (100.5, 4.0, -0.25, "7")
    assert FillView(a_fill(fee=None)).fee is None
    assert view.exact.price == Decimal("100.5")


# positions


def position(size: str, average: str = "100", **facts: object) -> Position:
    return Position("alpha", "BINANCE", BTC, Decimal(size), Decimal(average), **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ("0", "flat"), ("0.0009", "flat"), ("-0.0009", "flat"),
        ("0.001", "long"), ("5", "long"), ("-0.001", "short"), ("-5", "short"),
    ],
)  # fmt: skip
def test_a_position_is_flat_within_one_size_step(size: str, shape: str) -> None:
    view = PositionView(position(size), an_instrument(size_increment=Decimal("0.001")))
    assert (view.is_flat, view.is_long, view.is_short) == (shape == "flat", shape == "long", shape == "short")


def test_without_the_instrument_s_rules_only_nothing_is_flat() -> None:
    assert PositionView(position("0"), None).is_flat
    assert PositionView(position("0.0000001"), None).is_long


def test_positions_of_several_instances_are_summed_with_their_prices_weighed() -> None:
    total = summed(
        [
            position("1", "100", realized=Decimal(5), fees={"USDT": Decimal(1)}, bought=Decimal(1), fills=1),
            position("3", "200", realized=Decimal(-1), fees={"USDT": Decimal(2), "BTC": Decimal(3)}, fills=2),
        ]
    )
    assert (total.size, total.average_price, total.realized) == (Decimal(4), Decimal(175), Decimal(4))
    assert (total.fees, total.fills) == ({"USDT": Decimal(3), "BTC": Decimal(3)}, 3)
    assert summed([position("1"), position("-1")]).average_price == 0
