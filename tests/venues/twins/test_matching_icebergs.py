"""The matching engine: what an iceberg shows and hides, and orders that become smaller."""

from __future__ import annotations

import pytest
from matching_orders import book_of, limit, trades

from venues.twins.matching import Accepted, Amended, Expired, LevelChanged


def test_a_level_counts_what_an_iceberg_shows() -> None:
    engine = book_of(limit("SELL", 101, 10, display=3), limit("SELL", 101, 4))
    assert engine.depth("SELL", 5) == [(101, 7)]
    assert engine.best() == (0, 0, 101, 7)


def test_an_icebergs_refill_goes_to_the_back_of_the_queue() -> None:
    iceberg, plain = limit("SELL", 101, 8, display=3), limit("SELL", 101, 5)
    engine = book_of(iceberg, plain)
    assert trades(engine.submit(limit("BUY", 101, 4))) == [(101, 3, iceberg.order_id), (101, 1, plain.order_id)]
    assert (engine.ahead_of(plain.order_id), engine.ahead_of(iceberg.order_id)) == (0, 4)
    assert engine.depth("SELL", 5) == [(101, 7)]


def test_a_part_that_is_not_used_up_keeps_its_place() -> None:
    iceberg, plain = limit("SELL", 101, 8, display=3), limit("SELL", 101, 5)
    engine = book_of(iceberg, plain)
    engine.submit(limit("BUY", 101, 2))
    assert engine.ahead_of(iceberg.order_id) == 0
    assert engine.depth("SELL", 5) == [(101, 6)]


def test_an_iceberg_fills_part_by_part_until_nothing_is_left_and_its_level_goes() -> None:
    iceberg = limit("SELL", 101, 7, display=3)
    engine = book_of(iceberg)
    events = engine.submit(limit("BUY", 101, 9, time_in_force="IOC"))
    assert trades(events) == [(101, 3, iceberg.order_id), (101, 3, iceberg.order_id), (101, 1, iceberg.order_id)]
    assert [event.total for event in events if isinstance(event, LevelChanged)] == [3, 1, 0]
    assert engine.best_ask() is None
    assert not iceberg.is_resting


def test_an_iceberg_that_takes_first_shows_its_part_of_what_is_left() -> None:
    engine = book_of(limit("SELL", 101, 6))
    iceberg = limit("BUY", 101, 10, display=3)
    engine.submit(iceberg)
    assert engine.depth("BUY", 5) == [(101, 3)]
    assert iceberg.remaining == 4


def test_a_canceled_iceberg_takes_what_it_hides_with_it() -> None:
    iceberg = limit("SELL", 101, 7, display=3)
    engine = book_of(iceberg, limit("SELL", 101, 1))
    changed = engine.cancel(iceberg.order_id)[-1]
    assert isinstance(changed, LevelChanged)
    assert changed.total == 1


def test_a_fok_order_counts_what_is_hidden() -> None:
    engine = book_of(limit("SELL", 101, 7, display=3))
    refused = limit("BUY", 101, 8, time_in_force="FOK")
    assert [type(event) for event in engine.submit(refused)] == [Accepted, Expired]
    filled = limit("BUY", 101, 7, time_in_force="FOK")
    engine.submit(filled)
    assert (refused.filled, filled.filled) == (0, 7)


def test_a_market_order_is_rehearsed_with_what_is_hidden_and_the_book_stays_as_it_is() -> None:
    engine = book_of(limit("SELL", 101, 7, display=3), limit("SELL", 102, 4))
    before = engine.update_id
    assert engine.sweep("BUY", size=9) == (9, 7 * 101 + 2 * 102)
    assert engine.sweep("BUY", quote=7 * 101 + 102) == (8, 7 * 101 + 102)
    assert (engine.update_id, engine.depth("SELL", 5)) == (before, [(101, 3), (102, 4)])


def test_an_amended_order_is_smaller_and_keeps_its_place() -> None:
    first, second = limit("BUY", 100, 6), limit("BUY", 100, 5)
    engine = book_of(first, second)
    amended, changed = engine.amend(first.order_id, 2)
    assert isinstance(amended, Amended)
    assert (amended.order, amended.old_size, first.size) == (first, 6, 2)
    assert isinstance(changed, LevelChanged)
    assert (changed.side, changed.price, changed.total) == ("BUY", 100, 7)
    assert trades(engine.submit(limit("SELL", 100, 3))) == [(100, 2, first.order_id), (100, 1, second.order_id)]


def test_an_amended_iceberg_shows_less_only_when_less_than_its_part_is_left() -> None:
    iceberg = limit("BUY", 100, 9, display=4)
    engine = book_of(iceberg, limit("BUY", 100, 1))
    assert [type(event) for event in engine.amend(iceberg.order_id, 4)] == [Amended]
    assert engine.depth("BUY", 5) == [(100, 5)]
    assert [type(event) for event in engine.amend(iceberg.order_id, 3)] == [Amended, LevelChanged]
    assert engine.depth("BUY", 5) == [(100, 4)]
    assert engine.ahead_of(iceberg.order_id) == 0


@pytest.mark.parametrize("size", [0, 2, 6, 7])
def test_an_order_cannot_be_amended_to_what_is_gone_of_it_nor_to_more_than_it_is(size: int) -> None:
    order = limit("BUY", 100, 6)
    engine = book_of(order)
    engine.submit(limit("SELL", 100, 2))
    before = engine.update_id
    with pytest.raises(ValueError, match="expected more than 2, and less than 6"):
        engine.amend(order.order_id, size)
    assert (order.size, engine.update_id, engine.depth("BUY", 5)) == (6, before, [(100, 4)])


def test_nothing_that_does_not_rest_is_amended() -> None:
    engine = book_of(limit("BUY", 100, 6))
    assert engine.amend(99, 1) == []
