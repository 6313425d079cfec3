"""Cases of changes: one order goes on under one id, or another takes its place."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from conformance import VenueUnderTest
from conformance.prices import between, far
from conformance.puppet import Stage

from actors.strategy import Order
from bus.messages import Code


def change(stage: Stage, order: Order, **terms: Any) -> Order:
    """Ask for a change and wait for its outcome."""
    return stage.do_async(lambda puppet: puppet.modify(order, **terms).modified())


@pytest.mark.proves("modify: price", "modify: size")
def test_e30_price_and_size_are_changed_and_the_order_is_one(stage: Stage, venue: VenueUnderTest) -> None:
    price = far(venue.touch()[0])
    order = stage.becomes(stage.order("BUY", price=price), "ACCEPTED")
    for terms in ({"price": price - 10}, {"size": venue.size / 2}, {"size": venue.size * 2, "price": price - 20}):
        change(stage, order, **terms)
        assert order.code is Code.NONE
        found = venue.open_orders()[order.exact.order.client_order_id]
        assert (found.price, found.size) == (order.exact.order.price, order.exact.order.size)
        assert len(venue.open_orders()) == 1
        stage.compare()
    assert (order.exact.order.price, order.exact.order.size) == (price - 20, venue.size * 2)


@pytest.mark.proves("modify: price")
def test_e30_a_trigger_is_changed(stage: Stage, venue: VenueUnderTest) -> None:
    low = far(venue.touch()[0])
    order = stage.becomes(stage.order("SELL", price=low - 10, type="STOP_LIMIT", trigger_price=low), "ACCEPTED")
    change(stage, order, trigger_price=low - 5)
    assert order.code is Code.NONE
    assert order.exact.order.trigger_price == low - 5
    stage.compare()


def test_e30_below_what_is_filled_it_is_refused_and_the_order_stays(stage: Stage, venue: VenueUnderTest) -> None:
    price, half = between(venue), venue.size / 2
    order = stage.becomes(stage.order("BUY", price=price), "ACCEPTED")
    venue.offer("SELL", half, price)
    stage.becomes(order, "PARTIALLY_FILLED")
    change(stage, order, size=half / 2)
    assert order.code is Code.SIZE_LIMIT
    assert (order.exact.order.size, order.exact.filled, order.label) == (venue.size, half, "PARTIALLY_FILLED")


def test_e30_a_closed_order_is_not_changed(stage: Stage, venue: VenueUnderTest) -> None:
    price = far(venue.touch()[0])
    order = stage.becomes(stage.order("BUY", price=price), "ACCEPTED")
    stage.cancel(order)
    stage.do(lambda puppet: puppet.modify(order, price=price - 10))
    assert (order.code, order.label) == (Code.TOO_LATE, "CANCELED")
    assert venue.open_orders() == {}


@pytest.mark.proves("modify: price")
def test_e13_a_change_after_a_part_keeps_what_is_filled(stage: Stage, venue: VenueUnderTest) -> None:
    price, half = between(venue), venue.size / 2
    order = stage.becomes(stage.order("BUY", price=price), "ACCEPTED")
    venue.offer("SELL", half, price)
    stage.becomes(order, "PARTIALLY_FILLED")
    change(stage, order, price=price - venue.tick)
    assert (order.exact.order.price, order.exact.filled, order.exact.leaves) == (price - venue.tick, half, half)
    stage.compare()
    venue.offer("SELL", half, price - venue.tick)
    stage.becomes(order, "FILLED")
    assert sum((fill.exact.size for fill in order.fills), Decimal(0)) == venue.size


def test_e31_a_replacement_leaves_both_orders_to_be_traced(stage: Stage, venue: VenueUnderTest) -> None:
    price = far(venue.touch()[0])
    old = stage.becomes(stage.order("BUY", price=price), "ACCEPTED")
    new = stage.do(lambda puppet: puppet.replace(old, price=price - 10))
    stage.becomes(old, "CANCELED")
    stage.becomes(new, "ACCEPTED")
    assert new.exact.order.replaces == old.id
    assert list(venue.open_orders()) == [new.exact.order.client_order_id]
