"""Execution cases: what a strategy orders on a real floor, watched from the strategy, the reconciler and the venue."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from conformance import VenueUnderTest
from conformance.puppet import Stage

from bus.messages import Code
from venues.capabilities import Cell

FAR = Decimal("0.97")
"""A buyer's price of this part of the bid rests, within what venues take."""


def far(price: Decimal, part: Decimal = FAR) -> Decimal:
    return (price * part).quantize(Decimal(1))


def between(venue: VenueUnderTest) -> Decimal:
    """Return a price where nothing stands, above the best bid and below the best ask."""
    bid, ask = venue.touch()
    return ((bid + ask) / 2).quantize(Decimal("0.01"))


@pytest.mark.proves("order_types: MARKET")
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_e01_a_market_order_fills_at_the_venues_price(stage: Stage, venue: VenueUnderTest, side: str) -> None:
    before, (bid, ask) = stage.held(), venue.touch()
    order = stage.becomes(stage.order(side), "FILLED")
    assert order.exact.filled == venue.size
    assert [each for each in stage.labels(order) if each == "FILLED"] == ["FILLED"]
    assert sum(fill.exact.size for fill in order.fills) == venue.size
    average = order.exact.average_price
    assert average is not None
    assert average >= ask if side == "BUY" else average <= bid
    fees = sum((f.exact.fee or Decimal(0) for f in order.fills if f.exact.fee_currency == venue.base), Decimal(0))
    assert all(fill.exact.fee is not None for fill in order.fills)
    signed = venue.size if side == "BUY" else -venue.size
    assert stage.held() - before == signed - fees


@pytest.mark.proves("instructions: quote_size")
def test_e01_a_market_order_by_quote_quantity_spends_no_more_than_it_says(stage: Stage, venue: VenueUnderTest) -> None:
    order = stage.becomes(stage.order("BUY", quote_size=500), "FILLED")
    spent = sum(fill.exact.price * fill.exact.size for fill in order.fills)
    assert 0 < spent <= 500
    assert order.exact.filled_value == spent


@pytest.mark.proves("order_types: LIMIT", "time_in_force: GTC")
def test_e10_a_pair_of_limit_orders_rests_at_the_venue_as_said(stage: Stage, venue: VenueUnderTest) -> None:
    bid, ask = venue.touch()
    prices = {"BUY": far(bid), "SELL": far(ask, 2 - FAR)}
    orders = [stage.becomes(stage.order(side, price=price), "ACCEPTED") for side, price in prices.items()]
    resting = venue.open_orders()
    for order in orders:
        assert order.exact.venue_order_id
        found = resting[order.exact.order.client_order_id]
        assert found == (str(order.side), prices[str(order.side)], venue.size, 0)


@pytest.mark.proves("time_in_force: IOC", "time_in_force: FOK")
@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
def test_e11_an_order_that_may_not_rest_fills_or_expires(
    stage: Stage, venue: VenueUnderTest, time_in_force: str
) -> None:
    bid, ask = venue.touch()
    crossing = stage.becomes(stage.order("BUY", price=far(ask, Decimal("1.01")), time_in_force=time_in_force), "FILLED")
    assert crossing.exact.filled == venue.size
    missing = stage.becomes(stage.order("BUY", price=far(bid), time_in_force=time_in_force), "EXPIRED")
    assert missing.exact.filled == 0
    assert missing.exact.order.client_order_id not in venue.open_orders()


@pytest.mark.proves("time_in_force: IOC", "time_in_force: FOK")
def test_e11_a_fok_of_more_than_there_is_fills_nothing_and_an_ioc_takes_what_there_is(
    stage: Stage, venue: VenueUnderTest
) -> None:
    price, half = between(venue), venue.size / 2
    venue.offer("SELL", half, price)
    whole = stage.becomes(stage.order("BUY", price=price, time_in_force="FOK"), "EXPIRED")
    assert (whole.exact.filled, whole.fills) == (0, [])
    part = stage.becomes(stage.order("BUY", price=price, time_in_force="IOC"), "EXPIRED")
    assert part.exact.filled == half


@pytest.mark.proves("order_types: STOP_MARKET")
def test_e20_a_stop_rests_is_triggered_once_and_fills(stage: Stage, venue: VenueUnderTest) -> None:
    price, (bid, _) = between(venue), venue.touch()
    venue.offer("SELL", venue.size, bid)  # the last trade is below the trigger
    stop = stage.order("BUY", type="STOP_MARKET", trigger_price=price)
    stage.becomes(stop, "ACCEPTED")
    assert stop.exact.order.client_order_id in venue.open_orders()
    venue.offer("SELL", venue.size, price)
    stage.compare()
    assert stop.label == "ACCEPTED"
    venue.offer("BUY", venue.size, price)
    stage.becomes(stop, "FILLED")
    assert stop.exact.filled == venue.size
    assert venue.orders_received().count(stop.exact.order.client_order_id) == 1


@pytest.mark.parametrize("kind", ["STOP_MARKET", "STOP_LIMIT", "MARKET_IF_TOUCHED", "LIMIT_IF_TOUCHED"])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_e20_an_order_that_waits_rests_and_is_canceled(
    stage: Stage, venue: VenueUnderTest, kind: str, side: str
) -> None:
    bid, ask = venue.touch()
    is_above = (side == "BUY") is kind.startswith("STOP")
    trigger = far(ask, 2 - FAR) if is_above else far(bid)
    terms = {"price": trigger} if "LIMIT" in kind else {}
    order = stage.becomes(stage.order(side, type=kind, trigger_price=trigger, **terms), "ACCEPTED")
    assert order.exact.order.client_order_id in venue.open_orders()
    stage.compare()
    stage.cancel(order)


def test_e13_what_is_filled_in_parts_adds_up_at_every_step(stage: Stage, venue: VenueUnderTest) -> None:
    price, half = between(venue), venue.size / 2
    order = stage.becomes(stage.order("BUY", price=price), "ACCEPTED")
    venue.offer("SELL", half, price)
    stage.becomes(order, "PARTIALLY_FILLED")
    assert (order.exact.filled, order.exact.leaves) == (half, half)
    stage.compare()
    stage.cancel(order)
    assert (order.exact.filled, order.exact.leaves) == (half, 0)
    second = stage.becomes(stage.order("BUY", price=price), "ACCEPTED")
    venue.offer("SELL", half, price)
    stage.becomes(second, "PARTIALLY_FILLED")
    venue.offer("SELL", half, price)
    stage.becomes(second, "FILLED")
    assert [fill.exact.size for fill in second.fills] == [half, half]


@pytest.mark.proves("cancel: one")
def test_e40_a_cancel_ends_the_strategys_order_and_no_other(stage: Stage, venue: VenueUnderTest) -> None:
    bid, _ = venue.touch()
    first, second = (stage.becomes(stage.order("BUY", price=far(bid) - each), "ACCEPTED") for each in (0, 1))
    stage.cancel(first)
    assert list(venue.open_orders()) == [second.exact.order.client_order_id]
    stage.do(lambda puppet: puppet.cancel_all())
    stage.becomes(second, "CANCELED")
    assert venue.open_orders() == {}


@pytest.mark.proves("instructions: post_only")
def test_e60_a_post_only_order_rests_or_is_refused(stage: Stage, venue: VenueUnderTest) -> None:
    bid, ask = venue.touch()
    stage.becomes(stage.order("BUY", price=far(bid), post_only=True), "ACCEPTED")
    crossing = stage.becomes(stage.order("BUY", price=far(ask, Decimal("1.01")), post_only=True), "REJECTED")
    assert crossing.exact.filled == 0
    assert crossing.code is Code.POST_ONLY_WOULD_TAKE


def test_e70_what_the_venue_lacks_is_denied_and_nothing_is_sent(stage: Stage, venue: VenueUnderTest) -> None:
    bid, _ = venue.touch()
    lacking = [word for group, word, cell in venue.capabilities.rows() if group == "order_types" and cell is Cell.NONE]
    if not lacking:
        pytest.skip("the venue has every type of order")
    sent = venue.orders_received()
    for word in lacking:
        denied = stage.becomes(stage.order("BUY", price=far(bid), type=word), "DENIED")
        assert denied.code is Code.UNSUPPORTED_ORDER_TYPE
        assert word in denied.reason
    assert venue.orders_received() == sent


def test_e71_a_size_or_price_off_the_rules_is_denied_with_their_numbers(stage: Stage, venue: VenueUnderTest) -> None:
    bid, _ = venue.touch()
    rules, sent = stage.puppet.instruments[venue.instrument], venue.orders_received()
    tick, step = rules.price_increment, rules.size_increment
    for size, price in ((venue.size, far(bid) + tick / 2), (venue.size + step / 2, far(bid)), (step, far(bid))):
        denied = stage.becomes(stage.order("BUY", size, price), "DENIED")
        assert any(figure.isdigit() for figure in denied.reason), denied.reason
    assert venue.orders_received() == sent


def test_e72_more_than_the_account_has_is_rejected_by_the_venues_own_word(stage: Stage, venue: VenueUnderTest) -> None:
    bid, _ = venue.touch()
    owned = sum(venue.balances()[venue.quote], Decimal(0))
    size = (owned / far(bid) + 1).quantize(Decimal("0.001"))
    rejected = stage.becomes(stage.order("BUY", size, far(bid)), "REJECTED")
    assert rejected.code is Code.INSUFFICIENT_FUNDS
    assert rejected.exact.venue_code


def test_lesson_25_precision_a_size_within_rounding_of_the_step_snaps_to_it(
    stage: Stage, venue: VenueUnderTest
) -> None:
    bid, _ = venue.touch()
    order = stage.becomes(stage.order("BUY", math.nextafter(float(venue.size), 1.0), float(far(bid))), "ACCEPTED")
    assert venue.open_orders()[order.exact.order.client_order_id].size == venue.size
