"""The matching engine: two orders of one owner do not trade.

The first ones are the scenarios of the Binance Spot API's page "Self Trade Prevention (STP) FAQ".
"""

from __future__ import annotations

import pytest
from matching_orders import book_of, limit, trades

from venues.twins.matching import (
    Accepted,
    Canceled,
    Event,
    Expired,
    LevelChanged,
    MatchingEngine,
    Order,
    Prevented,
    Prevention,
    Rejected,
    Rested,
    Traded,
)


def prevented(events: list[Event]) -> list[tuple[int, int, int, int]]:
    """(price, maker's order id, steps of the taker, steps of the maker) of each match that was prevented."""
    return [
        (e.price, e.maker.order_id, e.taker_prevented, e.maker_prevented) for e in events if isinstance(e, Prevented)
    ]


def ended(events: list[Event]) -> list[tuple[int, str]]:
    return [(event.order.order_id, event.reason) for event in events if isinstance(event, Expired)]


def taker(side: str, price: int, size: int, prevention: Prevention, **more: object) -> Order:
    return limit(side, price, size, prevention=prevention, **more)


def three_makers() -> MatchingEngine:
    return book_of(limit("BUY", 12, 12), limit("BUY", 11, 13), limit("BUY", 10, 81))


def test_with_none_an_owner_trades_with_itself() -> None:
    engine = book_of(limit("BUY", 10, 1))
    assert trades(engine.submit(taker("SELL", 10, 1, "NONE"))) == [(10, 1, 1)]


def test_expire_maker_expires_each_order_that_is_met_and_the_taker_rests() -> None:
    engine, order = three_makers(), taker("SELL", 10, 30, "EXPIRE_MAKER")
    events = engine.submit(order)
    assert prevented(events) == [(12, 1, 0, 12), (11, 2, 0, 13), (10, 3, 0, 81)]
    assert ended(events) == [(1, "STP"), (2, "STP"), (3, "STP")]
    assert (order.prevented, order.is_resting, engine.best()) == (0, True, (0, 0, 10, 30))


def test_expire_taker_expires_the_taker_and_leaves_the_book_as_it_is() -> None:
    engine, order = three_makers(), taker("SELL", 10, 30, "EXPIRE_TAKER")
    before = engine.update_id
    events = engine.submit(order)
    assert prevented(events) == [(12, 1, 30, 0)]
    assert [type(event) for event in events] == [Accepted, Prevented, Expired]
    assert (ended(events), order.prevented, engine.update_id) == ([(4, "STP")], 30, before)


def test_expire_both_expires_the_first_maker_and_the_taker() -> None:
    engine = book_of(limit("BUY", 10, 1), limit("BUY", 9, 1))
    events = engine.submit(taker("SELL", 9, 3, "EXPIRE_BOTH"))
    assert [type(event) for event in events] == [Accepted, Prevented, Expired, LevelChanged, Expired]
    assert (prevented(events), ended(events)) == ([(10, 1, 3, 1)], [(1, "STP"), (3, "STP")])
    assert engine.best() == (9, 1, 0, 0)


def test_the_mode_of_the_taker_decides() -> None:
    maker = limit("BUY", 10, 1, prevention="EXPIRE_MAKER")
    engine = book_of(maker)
    assert ended(engine.submit(taker("SELL", 10, 1, "EXPIRE_TAKER"))) == [(2, "STP")]
    assert maker.is_resting


def test_a_market_order_that_meets_only_own_orders_expires_for_want_of_liquidity() -> None:
    engine = book_of(limit("BUY", 10, 1))
    events = engine.submit(Order("someone", "SELL", "MARKET", size=1, prevention="EXPIRE_MAKER"))
    assert ended(events) == [(1, "STP"), (2, "LIQUIDITY")]


def test_decrement_takes_the_smaller_size_off_both_and_the_smaller_one_expires() -> None:
    maker = limit("BUY", 20, 6)
    engine, order = book_of(maker), taker("SELL", 20, 2, "DECREMENT")
    events = engine.submit(order)
    assert [type(event) for event in events] == [Accepted, Prevented, LevelChanged, Expired]
    assert (prevented(events), ended(events)) == ([(20, 1, 2, 2)], [(2, "STP")])
    assert (maker.prevented, order.prevented, engine.best()) == (2, 2, (20, 4, 0, 0))


def test_decrement_of_equal_sizes_expires_both() -> None:
    events = book_of(limit("BUY", 20, 2)).submit(taker("SELL", 20, 2, "DECREMENT"))
    assert ended(events) == [(1, "STP"), (2, "STP")]


def test_decrement_of_a_larger_taker_goes_on_with_the_next_order() -> None:
    engine = book_of(limit("BUY", 20, 2), limit("BUY", 20, 5, owner="other"))
    order = taker("SELL", 20, 6, "DECREMENT")
    events = engine.submit(order)
    assert (prevented(events), trades(events), ended(events)) == ([(20, 1, 2, 2)], [(20, 4, 2)], [(1, "STP")])
    assert (order.filled, order.prevented, order.remaining) == (4, 2, 0)


def test_what_was_filled_before_an_own_order_is_met_stays_filled() -> None:
    engine = book_of(limit("BUY", 20, 2, owner="other"), limit("BUY", 20, 5))
    order = taker("SELL", 20, 6, "EXPIRE_TAKER")
    events = engine.submit(order)
    assert [type(event) for event in events] == [Accepted, Traded, LevelChanged, Prevented, Expired]
    assert (order.filled, order.prevented, order.remaining) == (2, 4, 0)


def test_an_order_that_was_decremented_fills_only_what_remains() -> None:
    maker = limit("BUY", 20, 6)
    engine = book_of(maker)
    engine.submit(taker("SELL", 20, 2, "DECREMENT"))
    events = engine.submit(limit("SELL", 20, 9, owner="other"))
    assert (trades(events), maker.filled, maker.is_resting) == ([(20, 4, 1)], 4, False)


def test_an_iceberg_expires_with_what_it_hides() -> None:
    engine = book_of(limit("BUY", 20, 9, display=2))
    events = engine.submit(taker("SELL", 20, 3, "EXPIRE_MAKER"))
    assert prevented(events) == [(20, 1, 0, 9)]
    assert engine.best() == (0, 0, 20, 3)


def test_a_decremented_iceberg_keeps_its_place_and_loses_what_it_hides_first() -> None:
    iceberg = limit("BUY", 20, 9, display=4)
    engine = book_of(iceberg, limit("BUY", 20, 1, owner="other"))
    engine.submit(taker("SELL", 20, 3, "DECREMENT"))
    assert (iceberg.remaining, engine.depth("BUY", 1)) == (6, [(20, 5)])
    engine.submit(taker("SELL", 20, 4, "DECREMENT"))
    assert (iceberg.remaining, engine.depth("BUY", 1), engine.ahead_of(iceberg.order_id)) == (2, [(20, 3)], 0)


@pytest.mark.parametrize(
    ("prevention", "size", "is_filled"),
    [
        ("NONE", 7, True),
        ("EXPIRE_MAKER", 4, True),
        ("EXPIRE_MAKER", 5, False),
        ("EXPIRE_TAKER", 1, True),
        ("EXPIRE_TAKER", 2, False),
        ("EXPIRE_BOTH", 2, False),
        ("DECREMENT", 1, True),
        ("DECREMENT", 2, False),
    ],
)
def test_a_fok_order_is_judged_by_what_it_would_trade_with_others(
    prevention: Prevention, size: int, is_filled: bool
) -> None:
    own = limit("BUY", 19, 3)
    engine = book_of(limit("BUY", 20, 1, owner="other"), own, limit("BUY", 18, 3, owner="other"))
    before = engine.update_id
    order = taker("SELL", 18, size, prevention, time_in_force="FOK")
    events = engine.submit(order)
    if is_filled:
        assert order.filled == size
    else:
        assert [type(event) for event in events] == [Accepted, Expired]
        assert (ended(events), engine.update_id, own.remaining) == ([(4, "FOK")], before, 3)


def test_a_post_only_order_is_rejected_by_an_own_order_too() -> None:
    engine = book_of(limit("BUY", 20, 1))
    order = Order("someone", "SELL", "LIMIT_MAKER", price=20, size=1, prevention="EXPIRE_MAKER")
    assert [type(event) for event in engine.submit(order)] == [Rejected]


def test_a_budget_loses_what_prevention_takes_off_it() -> None:
    engine = book_of(limit("SELL", 100, 2), limit("SELL", 100, 9, owner="other"))
    order = Order("someone", "BUY", "MARKET", quote=550, prevention="DECREMENT")
    events = engine.submit(order)
    assert (prevented(events), trades(events)) == ([(100, 1, 2, 2)], [(100, 3, 2)])
    assert (order.filled, order.prevented, order.size) == (3, 2, 5)


def test_matches_that_were_prevented_are_numbered_and_an_expired_order_cannot_be_canceled() -> None:
    engine = three_makers()
    events = engine.submit(taker("SELL", 11, 1, "EXPIRE_MAKER"))
    assert [event.prevented_id for event in events if isinstance(event, Prevented)] == [1, 2]
    assert engine.cancel(1) == []
    assert isinstance(engine.cancel(3)[0], Canceled)
    assert any(isinstance(event, Rested) for event in events)
