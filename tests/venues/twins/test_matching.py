"""The matching engine: priority, immediate orders, and that nothing is made or lost."""

from __future__ import annotations

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_orders import book_of, limit, trades

from venues.twins.matching import (
    Accepted,
    Canceled,
    Expired,
    LevelChanged,
    MatchingEngine,
    Order,
    Rejected,
    Rested,
    Traded,
)


def test_the_better_price_trades_first_and_at_the_resting_price() -> None:
    worse, better = limit("SELL", 102, 5), limit("SELL", 101, 5)
    engine = book_of(worse, better)
    events = engine.submit(limit("BUY", 105, 7))
    assert trades(events) == [(101, 5, better.order_id), (102, 2, worse.order_id)]


def test_at_one_price_the_earlier_order_trades_first() -> None:
    first, second = limit("BUY", 100, 3), limit("BUY", 100, 3)
    engine = book_of(first, second)
    assert trades(engine.submit(limit("SELL", 100, 4))) == [
        (100, 3, first.order_id),
        (100, 1, second.order_id),
    ]
    assert (first.remaining, second.remaining) == (0, 2)
    assert engine.depth("BUY", 5) == [(100, 2)]


def test_a_partly_filled_order_keeps_its_place_in_the_queue() -> None:
    first, second = limit("BUY", 100, 5), limit("BUY", 100, 5)
    engine = book_of(first, second)
    engine.submit(limit("SELL", 100, 2))
    assert trades(engine.submit(limit("SELL", 100, 4))) == [
        (100, 3, first.order_id),
        (100, 1, second.order_id),
    ]


def test_the_rest_of_a_limit_order_rests() -> None:
    engine = book_of(limit("SELL", 101, 2))
    order = limit("BUY", 101, 5)
    events = engine.submit(order)
    assert any(isinstance(event, Rested) for event in events)
    assert engine.best() == (101, 3, 0, 0)
    assert engine.resting(order.order_id) is order


def test_an_ioc_order_expires_what_it_cannot_fill_at_once() -> None:
    engine = book_of(limit("SELL", 101, 2), limit("SELL", 103, 9))
    events = engine.submit(limit("BUY", 102, 5, time_in_force="IOC"))
    assert [e.reason for e in events if isinstance(e, Expired)] == ["IOC"]
    assert engine.best() == (0, 0, 103, 9)


def test_a_fok_order_fills_whole_or_not_at_all() -> None:
    engine = book_of(limit("SELL", 101, 2), limit("SELL", 102, 2))
    before = engine.update_id
    refused = engine.submit(limit("BUY", 102, 5, time_in_force="FOK"))
    assert [type(event) for event in refused] == [Accepted, Expired]
    assert engine.update_id == before
    filled = limit("BUY", 102, 4, time_in_force="FOK")
    engine.submit(filled)
    assert filled.remaining == 0


def test_a_post_only_order_that_would_take_is_rejected_and_leaves_no_trace() -> None:
    engine = book_of(limit("SELL", 101, 2))
    before = engine.update_id
    events = engine.submit(Order("me", "BUY", "LIMIT_MAKER", price=101, size=1))
    assert [type(event) for event in events] == [Rejected]
    assert engine.update_id == before
    assert engine.submit(Order("me", "BUY", "LIMIT_MAKER", price=100, size=1))[1:]


def test_a_market_order_expires_what_the_book_cannot_give() -> None:
    engine = book_of(limit("SELL", 101, 2))
    events = engine.submit(Order("me", "BUY", "MARKET", size=5))
    assert [e.reason for e in events if isinstance(e, Expired)] == ["LIQUIDITY"]
    assert trades(events) == [(101, 2, 1)]


def test_a_market_order_by_quote_amount_buys_as_many_whole_steps_as_it_covers() -> None:
    engine = book_of(limit("SELL", 100, 3), limit("SELL", 110, 9))
    order = Order("me", "BUY", "MARKET", quote=525)
    events = engine.submit(order)
    assert (order.filled, order.filled_quote, order.size) == (5, 520, 5)
    assert not any(isinstance(event, Expired) for event in events)


def test_a_canceled_order_leaves_the_book_once() -> None:
    order = limit("BUY", 100, 3)
    engine = book_of(order)
    assert [type(event) for event in engine.cancel(order.order_id)] == [Canceled, LevelChanged]
    assert engine.cancel(order.order_id) == []
    assert engine.best_bid() is None


def test_an_order_that_waited_outside_of_the_book_keeps_the_id_that_it_was_given() -> None:
    engine = MatchingEngine(first_order_id=7)
    waiting, later = limit("BUY", 100, 1, order_id=engine.take_order_id()), limit("BUY", 100, 1)
    engine.submit(later)
    events = engine.submit(waiting)
    assert (waiting.order_id, later.order_id) == (7, 8)
    assert [type(event) for event in events] == [Accepted, Rested, LevelChanged]
    assert engine.ahead_of(waiting.order_id) == 1  # its place is that of its coming, not of its id


def test_what_is_ahead_of_an_order_is_asked_of_resting_orders_only() -> None:
    order = Order("someone", "BUY", "MARKET", size=1)
    engine = book_of(order)
    with pytest.raises(KeyError):
        engine.ahead_of(order.order_id)


ORDERS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["BUY", "SELL"]),
            st.sampled_from(["LIMIT", "LIMIT_MAKER", "MARKET"]),
            st.sampled_from(["GTC", "IOC", "FOK"]),
            st.integers(95, 105),
            st.integers(1, 20),
        ),
        st.integers(1, 60),
    ),
    max_size=60,
)


@given(ORDERS)
def test_nothing_is_made_or_lost_and_the_book_is_never_crossed(script: list[object]) -> None:
    engine = MatchingEngine()
    rebuilt: dict[str, dict[int, int]] = {"BUY": {}, "SELL": {}}
    filled: dict[int, int] = defaultdict(int)
    orders: list[Order] = []
    last_update = engine.update_id
    for item in script:
        if isinstance(item, int):
            events = engine.cancel(item)
        else:
            side, kind, tif, price, size = item  # type: ignore[misc]
            order = Order("x", side, kind, price=0 if kind == "MARKET" else price, size=size, time_in_force=tif)
            orders.append(order)
            events = engine.submit(order)
        for event in events:
            if isinstance(event, Traded):
                assert event.size > 0
                assert event.taker.side != event.maker.side
                filled[event.taker.order_id] += event.size
                filled[event.maker.order_id] += event.size
            elif isinstance(event, LevelChanged):
                assert event.update_id == last_update + 1
                last_update = event.update_id
                rebuilt[event.side][event.price] = event.total
        bid, ask = engine.best_bid(), engine.best_ask()
        assert bid is None or ask is None or bid < ask
    for order in orders:
        assert order.filled == filled.get(order.order_id, 0) or order.order_id == 0
        assert order.filled <= order.size
        assert (engine.resting(order.order_id) is order) == order.is_resting
    bought = sum(o.filled for o in orders if o.side == "BUY")
    assert bought == sum(o.filled for o in orders if o.side == "SELL")
    for side in ("BUY", "SELL"):
        standing: dict[int, int] = defaultdict(int)
        for order in orders:
            if order.is_resting and order.side == side:
                standing[order.price] += order.remaining
        assert dict(engine.depth(side, 1000)) == standing  # type: ignore[arg-type]
        assert {price: total for price, total in rebuilt[side].items() if total} == standing
