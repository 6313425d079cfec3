"""Cases of orders that are placed together: their legs end as the contingency says."""

from __future__ import annotations

import pytest
from conformance import VenueUnderTest
from conformance.prices import FAR, between, far
from conformance.puppet import Stage

from actors.strategy import OrderList
from bus.messages import Code


def accepted(stage: Stage, orders: OrderList) -> OrderList:
    """Wait until every leg is."""
    for order in orders:
        stage.becomes(order, "ACCEPTED")
    return orders


@pytest.mark.proves("contingencies: OCO")
def test_e50_of_an_oco_one_leg_fills_and_the_other_ends(stage: Stage, venue: VenueUnderTest) -> None:
    (bid, _), target = venue.touch(), between(venue)
    low = far(bid)
    venue.offer("SELL", venue.size, bid)  # the last trade is below the target
    pair = stage.do(
        lambda puppet: puppet.oco(
            "SELL", venue.instrument, venue.size, take_profit=target, stop_loss=low, stop_limit=low - 10
        )
    )
    accepted(stage, pair)
    assert {each.exact.order.client_order_id for each in pair} == set(venue.open_orders())
    stage.compare()
    venue.offer("BUY", venue.size / 2, target)
    assert pair.take_profit is not None
    assert pair.stop_loss is not None
    stage.becomes(pair.take_profit, "PARTIALLY_FILLED")
    venue.offer("BUY", venue.size / 2, target)
    stage.becomes(pair.take_profit, "FILLED")
    stage.until(lambda: pair.stop_loss is not None and pair.stop_loss.is_closed, "the other leg ends")
    assert pair.stop_loss.exact.filled == 0
    assert pair.stop_loss.code is Code.LINKED_ORDER


@pytest.mark.proves("contingencies: OCO")
def test_e50_a_canceled_leg_takes_the_other_with_it(stage: Stage, venue: VenueUnderTest) -> None:
    bid, ask = venue.touch()
    low, high = far(bid), far(ask, 2 - FAR)
    pair = stage.do(
        lambda puppet: puppet.oco(
            "SELL", venue.instrument, venue.size, take_profit=high, stop_loss=low, stop_limit=low - 10
        )
    )
    accepted(stage, pair)
    stage.do(lambda puppet: puppet.cancel(pair[0]))
    for order in pair:
        stage.becomes(order, "CANCELED")
    assert venue.open_orders() == {}


@pytest.mark.proves("contingencies: BRACKET", "contingencies: OTO")
def test_e50_the_legs_of_a_bracket_wait_for_its_entry_and_end_each_other(stage: Stage, venue: VenueUnderTest) -> None:
    entry, (bid, ask) = between(venue), venue.touch()
    bracket = stage.do(
        lambda puppet: puppet.bracket(
            "BUY", venue.instrument, venue.size, entry, take_profit=far(ask, 2 - FAR), stop_loss=far(bid),
            stop_limit=far(bid) - 10,
        )
    )  # fmt: skip
    accepted(stage, bracket)
    assert bracket.entry is not None
    assert [order.reason for order in bracket if order is not bracket.entry] == ["waits for its parent"] * 2
    venue.offer("SELL", venue.size / 2, entry)
    stage.becomes(bracket.entry, "PARTIALLY_FILLED")
    venue.offer("SELL", venue.size / 2, entry)
    stage.becomes(bracket.entry, "FILLED")
    exits = [order for order in bracket if order is not bracket.entry]
    stage.until(
        lambda: {order.exact.order.client_order_id for order in exits} == set(venue.open_orders()), "both exits work"
    )
    stage.do(lambda puppet: puppet.cancel(exits[0]))
    for order in exits:
        stage.until(lambda order=order: order.is_closed, "both exits end")
        assert order.exact.filled == 0


@pytest.mark.proves("contingencies: OTO")
def test_e50_a_bracket_that_is_canceled_before_its_entry_fills_leaves_nothing(
    stage: Stage, venue: VenueUnderTest
) -> None:
    bid, ask = venue.touch()
    bracket = stage.do(
        lambda puppet: puppet.bracket(
            "BUY", venue.instrument, venue.size, far(bid), take_profit=far(ask, 2 - FAR), stop_loss=far(bid) - 100
        )
    )
    accepted(stage, bracket)
    stage.do(lambda puppet: puppet.cancel(bracket))
    for order in bracket:
        stage.until(lambda order=order: order.is_closed, f"{order!r} ends")
    assert venue.open_orders() == {}
