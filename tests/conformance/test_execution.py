"""Execution cases: what a strategy orders on a real floor, watched from the strategy, the reconciler and the venue."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest
from conformance import VenueUnderTest
from conformance.prices import FAR, between, far
from conformance.puppet import Stage
from floors import actor, kill, restarted, synced

from actors.monitor.visitor import Visitor
from bus.messages import (
    BalancesAnswer,
    CancelOrder,
    Code,
    FillsAnswer,
    OrderAnswer,
    OrdersAnswer,
    QueryBalances,
    QueryFills,
    QueryOpenOrders,
    QueryOrder,
    QueryPositions,
    VenuePositionsAnswer,
)
from venues.capabilities import Cell


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


@pytest.mark.parametrize("time_in_force", ["GTD", "DAY"])
def test_e12_an_order_that_expires_by_itself(stage: Stage, venue: VenueUnderTest, time_in_force: str) -> None:
    cells = {word: cell for group, word, cell in venue.capabilities.rows() if group == "time_in_force"}
    if cells[time_in_force] is Cell.NONE:
        pytest.skip(f"{venue.name} has no {time_in_force}, and nothing emulates it")
    raise AssertionError(f"{venue.name} offers {time_in_force}: the case has to be written")


@pytest.mark.proves(
    "order_types: STOP_MARKET",
    "order_types: STOP_LIMIT",
    "order_types: MARKET_IF_TOUCHED",
    "order_types: LIMIT_IF_TOUCHED",
)
@pytest.mark.parametrize("kind", ["STOP_MARKET", "STOP_LIMIT", "MARKET_IF_TOUCHED", "LIMIT_IF_TOUCHED"])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_e20_an_order_that_waits_is_triggered_once_and_fills(
    stage: Stage, venue: VenueUnderTest, kind: str, side: str
) -> None:
    trigger, (bid, ask) = between(venue), venue.touch()
    waits_for_rise = (side == "BUY") is kind.startswith("STOP")
    rests, takes = ("SELL", "BUY") if waits_for_rise else ("BUY", "SELL")
    venue.offer(rests, venue.size, bid if waits_for_rise else ask)  # the last trade is before the trigger
    crossing = far(ask, 2 - FAR) if side == "BUY" else far(bid)
    terms = {"price": crossing} if "LIMIT" in kind else {}
    order = stage.becomes(stage.order(side, type=kind, trigger_price=trigger, **terms), "ACCEPTED")
    assert order.exact.order.client_order_id in venue.open_orders()
    venue.offer(rests, venue.size, trigger)
    stage.compare()
    assert order.label == "ACCEPTED", "nothing was traded at the trigger yet"
    venue.offer(takes, venue.size, trigger)
    stage.becomes(order, "FILLED")
    assert order.exact.filled == venue.size
    assert venue.orders_received().count(order.exact.order.client_order_id) == 1


@pytest.mark.proves("order_types: STOP_LIMIT", "order_types: MARKET_IF_TOUCHED", "order_types: LIMIT_IF_TOUCHED")
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


def test_e20_an_order_that_waits_is_found_again_after_a_restart(stage: Stage, venue: VenueUnderTest) -> None:
    low = far(venue.touch()[0])
    order = stage.becomes(stage.order("SELL", price=low - 10, type="STOP_LIMIT", trigger_price=low), "ACCEPTED")
    name = f"execution.{venue.instance}"

    async def restart(visitor: Visitor) -> None:
        status = await visitor.status()
        assert status is not None
        before = actor(status, name)
        kill(before.pid)
        await restarted(visitor, name, before.restarts)
        await synced(visitor, venue.instance)

    stage.floor.visit(restart)
    assert (order.label, order.exact.order.trigger_price) == ("ACCEPTED", low)
    assert order.exact.order.client_order_id in venue.open_orders()
    stage.compare()
    stage.cancel(order)


@pytest.mark.proves("order_types: TRAILING_STOP_MARKET", "order_types: TRAILING_STOP_LIMIT")
@pytest.mark.parametrize("kind", ["TRAILING_STOP_MARKET", "TRAILING_STOP_LIMIT"])
def test_e21_a_trailing_stop_rests_with_its_offset(stage: Stage, venue: VenueUnderTest, kind: str) -> None:
    bid, _ = venue.touch()
    terms = {"price": far(bid)} if kind.endswith("LIMIT") else {}
    order = stage.becomes(stage.order("SELL", type=kind, trailing_offset="3%", **terms), "ACCEPTED")
    assert order.exact.order.trailing_offset == 300
    assert order.exact.order.client_order_id in venue.open_orders()
    stage.compare()
    stage.cancel(order)


@pytest.mark.proves("order_types: TRAILING_STOP_MARKET")
def test_e21_a_trailing_stop_follows_the_market_and_is_triggered_once(stage: Stage, venue: VenueUnderTest) -> None:
    _, ask = venue.touch()
    top, low = (ask * part // venue.tick * venue.tick for part in (Decimal("1.0003"), Decimal("0.9988")))
    order = stage.becomes(stage.order("SELL", type="TRAILING_STOP_MARKET", trailing_offset="0.1%"), "ACCEPTED")
    venue.offer("BUY", venue.depth_until(top), top)
    stage.compare()
    assert order.label == "ACCEPTED"
    venue.offer("SELL", venue.depth_until(low), low)
    stage.becomes(order, "FILLED")
    assert order.exact.filled == venue.size
    assert venue.orders_received().count(order.exact.order.client_order_id) == 1
    venue.go_on()  # who acts in the market closes the gap that this tore
    stage.until(lambda: venue.touch()[1] - venue.touch()[0] < ask / 10_000, "the market is as it was")
    venue.stand_still()


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


@pytest.mark.proves("instructions: display_size")
def test_e60_an_iceberg_shows_a_part_and_fills_whole(stage: Stage, venue: VenueUnderTest) -> None:
    price, part = between(venue), venue.size / 4
    order = stage.becomes(stage.order("BUY", price=price, display_size=part), "ACCEPTED")
    assert [size for level, size in venue.depth(5).bids if level == float(price)] == [float(part)]
    venue.offer("SELL", venue.size, price)
    stage.becomes(order, "FILLED")
    assert order.exact.filled == venue.size


@pytest.mark.proves("instructions: self-trade prevention mode")
def test_e60_what_only_this_venue_knows_reaches_it_as_it_is(stage: Stage, venue: VenueUnderTest) -> None:
    name, value = venue.own_param
    order = stage.becomes(stage.order("BUY", price=far(venue.touch()[0]), params={name: value}), "ACCEPTED")
    assert venue.received(order.exact.order.client_order_id)[name] == value


@pytest.mark.proves("cancel: all own", "cancel: batch", "cancel: batch submit")
def test_e40_all_of_one_side_and_several_at_once_are_canceled_and_strangers_stay(
    stage: Stage, venue: VenueUnderTest
) -> None:
    bid, ask = venue.touch()
    buys = [stage.order("BUY", price=far(bid) - each) for each in range(4)]
    sells = [stage.order("SELL", price=far(ask, 2 - FAR) + each) for each in range(2)]
    for order in (*buys, *sells):
        stage.becomes(order, "ACCEPTED")
    stage.do(lambda puppet: puppet.cancel(buys[:2]))
    for order in buys[:2]:
        stage.becomes(order, "CANCELED")
    stage.do(lambda puppet: puppet.cancel_all(side="BUY"))
    for order in buys[2:]:
        stage.becomes(order, "CANCELED")
    assert set(venue.open_orders()) == {order.exact.order.client_order_id for order in sells}


def test_e40_a_filled_or_canceled_order_is_left_alone_and_an_unknown_one_is_refused_by_name(
    stage: Stage, venue: VenueUnderTest
) -> None:
    filled = stage.becomes(stage.order("BUY"), "FILLED")
    stage.do(lambda puppet: puppet.cancel(filled))
    stage.compare()
    assert filled.label == "FILLED"
    venue_name = f"execution.{venue.instance}"
    command = CancelOrder("nobodys", venue.instance, venue.instrument, "puppet")
    reply = stage.do_async(lambda puppet: puppet.member.request(venue_name, command, 5.0))
    assert reply.ok or "nobodys" in reply.reason


@pytest.mark.proves(
    "queries: open orders", "queries: order history", "queries: fills", "queries: positions", "queries: balances"
)
def test_e10_what_is_asked_of_the_venue_is_what_it_has(stage: Stage, venue: VenueUnderTest) -> None:
    resting = stage.becomes(stage.order("BUY", price=far(venue.touch()[0])), "ACCEPTED")
    bought = stage.becomes(stage.order("BUY"), "FILLED")
    name, instance = f"execution.{venue.instance}", venue.instance
    opened = stage.query(name, QueryOpenOrders(instance, venue.instrument))
    assert isinstance(opened, OrdersAnswer)
    assert {each.client_order_id for each in opened.orders} == set(venue.open_orders())
    one = stage.query(name, QueryOrder(instance, venue.instrument, bought.exact.order.client_order_id, history=True))
    assert isinstance(one, OrderAnswer)
    assert one.order is not None
    assert one.order.filled == venue.size
    fills = stage.query(name, QueryFills(instance, venue.instrument))
    assert isinstance(fills, FillsAnswer)
    assert {fill.exact.trade_id for fill in bought.fills} <= {fill.trade_id for fill in fills.fills}
    balances = stage.query(name, QueryBalances(instance))
    assert isinstance(balances, BalancesAnswer)
    assert {each.asset: (each.free, each.locked) for each in balances.balances} == venue.balances()
    positions = stage.query(name, QueryPositions(instance, venue.instrument))
    assert isinstance(positions, VenuePositionsAnswer)
    assert [each.size for each in positions.positions] == [sum(venue.balances()[venue.base])]
    stage.cancel(resting)


def test_e70_what_the_venue_lacks_is_denied_by_name_and_nothing_is_sent(stage: Stage, venue: VenueUnderTest) -> None:
    bid, _ = venue.touch()
    lacking = {(group, word) for group, word, cell in venue.capabilities.rows() if cell is Cell.NONE}
    asked: dict[tuple[str, str], tuple[dict[str, Any], Code]] = {
        ("instructions", "reduce_only"): ({"reduce_only": True}, Code.UNSUPPORTED_INSTRUCTION),
        ("instructions", "hedge mode"): ({"position_side": "LONG"}, Code.UNSUPPORTED_INSTRUCTION),
    }
    for group, word in lacking:
        if group == "order_types":
            asked[group, word] = {"type": word}, Code.UNSUPPORTED_ORDER_TYPE
        elif group == "time_in_force":
            asked[group, word] = {"time_in_force": word}, Code.UNSUPPORTED_TIME_IN_FORCE
    sent, cases = venue.orders_received(), {key: value for key, value in asked.items() if key in lacking}
    if not cases:
        pytest.skip(f"{venue.name} has every type of order and every instruction")
    for (_, word), (terms, code) in cases.items():
        denied = stage.becomes(stage.order("BUY", price=far(bid), **terms), "DENIED")
        assert denied.code is code, f"{word}: {denied.code} {denied.reason}"
        assert venue.instance in denied.reason
        assert word.partition(" ")[0] in denied.reason
    assert venue.orders_received() == sent


def test_e70_two_instructions_that_contradict_each_other_are_denied(stage: Stage, venue: VenueUnderTest) -> None:
    sent, bid = venue.orders_received(), venue.touch()[0]
    denied = stage.becomes(stage.order("BUY", price=far(bid), post_only=True, time_in_force="IOC"), "DENIED")
    assert denied.code is Code.UNSUPPORTED_INSTRUCTION
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


def test_e72_in_a_closed_market_and_for_no_such_symbol_the_code_says_which(stage: Stage, venue: VenueUnderTest) -> None:
    price = far(venue.touch()[0])
    with venue.closed_market():
        order = stage.order("BUY", price=price)
        stage.until(lambda: order.is_closed, "it is refused")
        assert order.label in ("DENIED", "REJECTED")
        assert order.code is Code.INSTRUMENT_NOT_TRADING, f"{order.code} {order.reason}"
    unknown = stage.do(lambda puppet: puppet.buy(f"NONESUCH.{venue.instance}", venue.size, price))
    stage.until(lambda: unknown.is_closed, "it is refused")
    assert unknown.label == "DENIED"
    assert "NONESUCH" in unknown.reason

    def trades_again() -> bool:
        again = stage.order("BUY", price=price)
        stage.until(lambda: again.label in ("ACCEPTED", "DENIED", "REJECTED"), "it has an outcome")
        return again.label == "ACCEPTED"

    stage.until(trades_again, "the market is open again", look_s=0.3)


@pytest.mark.parametrize("trouble", ["bad_key", "no_permission"])
def test_e72_who_may_not_trade_is_told_so_in_the_venues_own_words(
    stage: Stage, venue: VenueUnderTest, trouble: str
) -> None:
    with getattr(venue, trouble)():
        rejected = stage.order("BUY", price=far(venue.touch()[0]))
        stage.until(lambda: rejected.is_closed, "it is refused")
    assert rejected.label == "REJECTED"
    assert rejected.exact.venue_code
    assert rejected.reason
    assert rejected.exact.order.client_order_id not in venue.open_orders()


def test_lesson_25_precision_a_size_within_rounding_of_the_step_snaps_to_it(
    stage: Stage, venue: VenueUnderTest
) -> None:
    bid, _ = venue.touch()
    order = stage.becomes(stage.order("BUY", math.nextafter(float(venue.size), 1.0), float(far(bid))), "ACCEPTED")
    assert venue.open_orders()[order.exact.order.client_order_id].size == venue.size
