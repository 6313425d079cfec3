"""Icebergs, self-trade prevention, amends and fill-or-kill, each rule by an example."""

from __future__ import annotations

import pytest

from venues.twins.matching import Event, Expired, LevelChanged, MatchingEngine, Order, Prevented, Prevention, Traded


def sell(price: int, size: int, owner: str = "maker", display: int = 0) -> Order:
    return Order(owner, "SELL", "LIMIT", price=price, size=size, display=display)


def buy(price: int, size: int, owner: str = "taker", prevention: Prevention = "NONE", **more: object) -> Order:
    return Order(owner, "BUY", "LIMIT", price=price, size=size, prevention=prevention, **more)  # type: ignore[arg-type]


def book_of(*orders: Order) -> MatchingEngine:
    engine = MatchingEngine()
    for order in orders:
        engine.submit(order)
    return engine


def trades(events: list[Event]) -> list[tuple[int, int]]:
    return [(event.maker.order_id, event.size) for event in events if isinstance(event, Traded)]


def ended(events: list[Event]) -> list[tuple[Order, str]]:
    return [(event.order, event.reason) for event in events if isinstance(event, Expired)]


def test_an_iceberg_shows_its_part_and_the_next_one_goes_to_the_back_of_the_queue() -> None:
    iceberg, plain = sell(100, 10, display=3), sell(100, 4)
    engine = book_of(iceberg, plain)
    assert engine.depth("SELL", 5) == [(100, 7)]
    assert trades(engine.submit(buy(100, 5))) == [(iceberg.order_id, 3), (plain.order_id, 2)]
    assert engine.depth("SELL", 5) == [(100, 5)]
    assert engine.ahead_of(iceberg.order_id) == 2
    assert trades(engine.submit(buy(100, 9))) == [
        (plain.order_id, 2), (iceberg.order_id, 3), (iceberg.order_id, 3), (iceberg.order_id, 1),
    ]  # fmt: skip
    assert engine.depth("SELL", 5) == []


def test_an_icebergs_part_that_is_half_filled_keeps_its_place() -> None:
    iceberg, plain = sell(100, 10, display=3), sell(100, 4)
    engine = book_of(iceberg, plain)
    engine.submit(buy(100, 1))
    assert engine.ahead_of(plain.order_id) == 2
    assert trades(engine.submit(buy(100, 3))) == [(iceberg.order_id, 2), (plain.order_id, 1)]


def test_fill_or_kill_counts_what_is_hidden() -> None:
    engine = book_of(sell(100, 10, display=3))
    assert engine.rehearse(buy(100, 10)) == (10, 1000)
    order = buy(100, 10, time_in_force="FOK")
    assert sum(size for _, size in trades(engine.submit(order))) == 10


@pytest.mark.parametrize(
    ("mode", "maker_left", "taker_filled", "taker_ended"),
    [("EXPIRE_MAKER", 0, 6, False), ("EXPIRE_TAKER", 4, 0, True), ("EXPIRE_BOTH", 0, 0, True), ("NONE", 0, 8, False)],
)
def test_who_expires_where_an_order_meets_its_owners_own(
    mode: Prevention, maker_left: int, taker_filled: int, taker_ended: bool
) -> None:
    own, other = sell(100, 4, owner="taker"), sell(101, 6)
    engine = book_of(own, other)
    taker = buy(101, 8, prevention=mode)
    events = engine.submit(taker)
    assert taker.filled == taker_filled
    assert own.remaining == maker_left
    assert ((taker, "STP") in ended(events)) == taker_ended
    assert ((own, "STP") in ended(events)) == (mode in ("EXPIRE_MAKER", "EXPIRE_BOTH"))
    assert [type(event) for event in events].count(Prevented) == (mode != "NONE")


def test_decrement_takes_the_smaller_ones_rest_from_both_and_the_smaller_expires() -> None:
    own, other = sell(100, 4, owner="taker"), sell(101, 6)
    engine = book_of(own, other)
    taker = buy(101, 7, prevention="DECREMENT")
    events = engine.submit(taker)
    prevented = [event for event in events if isinstance(event, Prevented)]
    assert [(event.price, event.taker_prevented, event.maker_prevented) for event in prevented] == [(100, 4, 4)]
    assert ended(events) == [(own, "STP")]
    assert (taker.filled, taker.prevented, taker.remaining) == (3, 4, 0)
    larger = book_of(sell(100, 9, owner="taker"))
    small = buy(100, 2, prevention="DECREMENT")
    assert ended(larger.submit(small)) == [(small, "STP")]
    assert larger.depth("SELL", 5) == [(100, 7)]


def test_the_makers_word_does_not_count() -> None:
    own = Order("taker", "SELL", "LIMIT", price=100, size=4, prevention="EXPIRE_BOTH")
    engine = book_of(own)
    assert trades(engine.submit(buy(100, 4))) == [(own.order_id, 4)]


def test_fill_or_kill_does_not_count_what_prevention_keeps_from_trading() -> None:
    for mode, fills in (("EXPIRE_MAKER", True), ("EXPIRE_TAKER", False), ("DECREMENT", False)):
        engine = book_of(sell(100, 4, owner="taker"), sell(101, 6))
        order = buy(101, 6, prevention=mode, time_in_force="FOK")  # type: ignore[arg-type]
        events = engine.submit(order)
        assert (ended(events)[-1] == (order, "FOK")) != fills
        assert order.filled == (6 if fills else 0)
        if not fills:
            assert engine.depth("SELL", 5) == [(100, 4), (101, 6)]


def test_an_amend_makes_an_order_smaller_and_keeps_its_place() -> None:
    first, second = sell(100, 9), sell(100, 5)
    engine = book_of(first, second)
    events = engine.amend(first.order_id, 4)
    assert events[-1] == LevelChanged("SELL", 100, 9, engine.update_id)
    assert engine.ahead_of(second.order_id) == 4
    assert trades(engine.submit(buy(100, 5))) == [(first.order_id, 4), (second.order_id, 1)]
    assert engine.amend(first.order_id, 1) == []


@pytest.mark.parametrize("size", [0, 2, 9, 12])
def test_an_amend_to_what_is_filled_already_or_to_more_is_refused(size: int) -> None:
    order = sell(100, 9)
    engine = book_of(order)
    engine.submit(buy(100, 2))
    with pytest.raises(ValueError, match="expected more than 2, and less than 9"):
        engine.amend(order.order_id, size)
    assert engine.depth("SELL", 5) == [(100, 7)]


def test_an_amend_of_hidden_steps_alone_changes_no_level() -> None:
    engine = book_of(order := sell(100, 9, display=2))
    before = engine.update_id
    assert [type(event).__name__ for event in engine.amend(order.order_id, 5)] == ["Amended"]
    assert engine.update_id == before


def test_an_id_taken_before_is_kept_by_the_order() -> None:
    engine = MatchingEngine(first_order_id=7)
    waiting, at_once = sell(100, 1), sell(101, 1)
    waiting.order_id = engine.take_order_id()
    engine.submit(at_once)
    engine.submit(waiting)
    assert (waiting.order_id, at_once.order_id) == (7, 8)
