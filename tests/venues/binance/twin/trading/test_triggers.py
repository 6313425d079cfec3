"""The book of waiting orders, alone: which trade lets which order go. The scenarios are those of the venue's page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venues.binance.twin.trading.triggers import Trigger, TriggerBook, direction
from venues.twins.matching import Side


def fired(trigger: Trigger, *prices: int) -> int | None:
    """The price of the trade that triggers, None when none does."""
    book = TriggerBook()
    book.add(trigger)
    for number, price in enumerate(prices):
        if book.on_trade(price, 1_000 + number):
            return price
    return None


@pytest.mark.parametrize(
    ("order_type", "side", "fires", "waits"),
    [
        ("STOP_LOSS", "BUY", 101, 99),
        ("STOP_LOSS_LIMIT", "BUY", 100, 99),
        ("TAKE_PROFIT", "SELL", 100, 99),
        ("TAKE_PROFIT_LIMIT", "SELL", 101, 99),
        ("STOP_LOSS", "SELL", 100, 101),
        ("STOP_LOSS_LIMIT", "SELL", 99, 101),
        ("TAKE_PROFIT", "BUY", 99, 101),
        ("TAKE_PROFIT_LIMIT", "BUY", 100, 101),
    ],
)
def test_a_stop_price_fires_when_it_is_reached_from_the_right_side(
    order_type: str, side: Side, fires: int, waits: int
) -> None:
    assert fired(Trigger(1, side, direction(order_type, side), stop_price=100), waits, waits) is None
    assert fired(Trigger(1, side, direction(order_type, side), stop_price=100), waits, fires) == fires


def trailing(order_type: str, side: Side, delta: int, stop_price: int = 0) -> Trigger:
    return Trigger(1, side, direction(order_type, side), stop_price, delta)


def test_a_trailing_buy_follows_the_lowest_price_once_its_stop_price_was_reached() -> None:
    trigger = trailing("STOP_LOSS_LIMIT", "BUY", 500, 44_000)
    path = [40_000, 37_000, 43_999, 44_000, 45_000, 46_000, 42_000, 44_099, 44_100]
    assert fired(trigger, *path) == 44_100
    assert (trigger.best, trigger.tracking_ms) == (42_000, 1_003)


def test_a_trailing_sell_follows_the_highest_price_once_its_stop_price_was_reached() -> None:
    path = [40_000, 41_500, 39_000, 37_000, 41_000, 36_901, 36_900]
    assert fired(trailing("STOP_LOSS_LIMIT", "SELL", 1_000, 39_000), *path) == 36_900


def test_a_trailing_take_profit_buys_after_a_rise_from_the_lowest_price() -> None:
    path = [40_000, 42_000, 38_000, 37_000, 39_000, 38_000, 40_144, 40_145]
    assert fired(trailing("TAKE_PROFIT_LIMIT", "BUY", 850, 38_000), *path) == 40_145


def test_a_trailing_take_profit_sells_after_a_fall_from_the_highest_price() -> None:
    path = [p * 10 for p in (40_000, 41_500, 39_000, 42_000, 45_000, 44_000, 46_500)] + [430_126, 430_125]
    assert fired(trailing("TAKE_PROFIT_LIMIT", "SELL", 750, 420_000), *path) == 430_125


def test_a_trailing_order_without_a_stop_price_follows_from_the_next_trade_on() -> None:
    trigger = trailing("STOP_LOSS_LIMIT", "SELL", 700)
    assert trigger.tracking_ms == -1
    assert fired(trigger, 40_000, 42_000, 39_500, 45_500, 42_316, 42_315) == 42_315
    assert trigger.tracking_ms == 1_000


def test_the_trade_that_starts_the_tracking_does_not_trigger() -> None:
    book = TriggerBook()
    book.add(trailing("STOP_LOSS", "SELL", 10, 100))
    assert book.on_trade(1, 1) == []
    assert book.on_trade(1, 2) == []


def test_one_trade_lets_go_all_that_it_reaches_oldest_first() -> None:
    book = TriggerBook()
    for order_id, stop in ((9, 90), (3, 99), (5, 95), (7, 80)):
        book.add(Trigger(order_id, "SELL", "BELOW", stop))
    book.add(Trigger(4, "BUY", "ABOVE", 120))
    assert book.on_trade(90, 1) == [3, 5, 9]
    assert book.on_trade(90, 2) == []
    assert book.on_trade(120, 3) == [4]
    assert book.on_trade(80, 4) == [7]


def test_what_is_taken_out_never_fires() -> None:
    book = TriggerBook()
    book.add(Trigger(1, "SELL", "BELOW", 90))
    book.add(Trigger(2, "SELL", "BELOW", 90))
    book.add(Trigger(4, "SELL", "BELOW", 95, 10))
    book.add(Trigger(3, "SELL", "BELOW", 0, 10))
    assert [book.remove(order_id) for order_id in (1, 3, 3, 8)] == [True, True, False, False]
    assert book.on_trade(80, 1) == [2]


orders = st.lists(
    st.tuples(st.sampled_from(["BUY", "SELL"]), st.booleans(), st.integers(1, 60), st.sampled_from([0, 0, 500, 3_000])),
    max_size=12,
)


@given(orders, st.lists(st.integers(1, 60), max_size=30), st.sets(st.integers(1, 12)))
def test_it_fires_what_a_plain_reading_of_the_rules_fires(
    given_orders: list[tuple[Side, bool, int, int]], prices: list[int], removed: set[int]
) -> None:
    book, plain = TriggerBook(), {}
    for order_id, (side, is_above, stop, delta) in enumerate(given_orders, start=1):
        for made in (0, 1):
            trigger = Trigger(order_id, side, "ABOVE" if is_above else "BELOW", stop, delta)
            if made:
                plain[order_id] = trigger
            else:
                book.add(trigger)
    for order_id in removed:
        assert book.remove(order_id) == (plain.pop(order_id, None) is not None)
    for now_ms, price in enumerate(prices):
        expected = []
        for order_id, trigger in sorted(plain.items()):
            if trigger.tracking_ms < 0 and not trigger.is_reached(price):
                continue
            if not trigger.trailing_delta or trigger.track(price, now_ms):
                expected.append(order_id)
        for order_id in expected:
            del plain[order_id]
        assert book.on_trade(price, now_ms) == expected
