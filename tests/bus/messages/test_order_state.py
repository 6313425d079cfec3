"""What can be read off orders, balances, quotes and books."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest

from bus.messages import (
    Balance,
    BookSnapshot,
    NewOrder,
    OrderState,
    OrderStatus,
    OrderType,
    Pending,
    Quote,
    Side,
    Source,
)

ORDER = NewOrder(
    "o", "o", "BINANCE", "BTCUSDT.BINANCE", "s", Side.BUY, OrderType.LIMIT, size=Decimal(10), price=Decimal(5)
)


def test_what_is_left_of_an_order_is_neither_filled_nor_taken_out_by_the_venue() -> None:
    assert OrderState(ORDER).leaves == 10
    assert OrderState(ORDER, filled=Decimal(4), removed=Decimal(1)).leaves == 5


def test_a_fill_that_only_the_venue_knows_is_not_left_either() -> None:
    assert OrderState(ORDER, filled=Decimal(4), venue_filled=Decimal(6)).leaves == 4


def test_nothing_is_left_of_an_order_that_ended() -> None:
    assert OrderState(ORDER, status=OrderStatus.CANCELED, filled=Decimal(4)).leaves == 0


def test_what_is_left_of_an_order_by_quote_size_is_not_known() -> None:
    by_quote = NewOrder("o", "o", "V", "X.V", "s", Side.BUY, OrderType.MARKET, quote_size=Decimal(100))
    assert OrderState(by_quote).leaves is None


def test_an_unknown_outcome_is_the_first_thing_that_people_are_told() -> None:
    accepted = OrderState(ORDER, status=OrderStatus.ACCEPTED, pending=Pending.NONE)
    canceling = OrderState(ORDER, status=OrderStatus.PARTIALLY_FILLED, pending=Pending.CANCEL)
    lost = OrderState(ORDER, status=OrderStatus.PARTIALLY_FILLED, pending=Pending.CANCEL, uncertain_since_ns=1)
    assert [state.label for state in (accepted, canceling, lost)] == ["ACCEPTED", "PENDING_CANCEL", "UNKNOWN"]
    assert all(state.is_open for state in (accepted, canceling, lost))
    assert lost.is_unknown


def test_an_average_price_needs_a_fill() -> None:
    assert OrderState(ORDER).average_price is None
    assert OrderState(ORDER, filled=Decimal(4), filled_value=Decimal(18)).average_price == Decimal("4.5")


def test_a_balance_is_what_is_free_and_what_is_locked() -> None:
    assert Balance("BINANCE", "BTC", Decimal("1.5"), Decimal("0.5"), Source.STREAM, 0, 0).total == 2


def test_a_one_sided_quote_has_no_mid_that_any_comparison_would_take() -> None:
    quote = Quote("X.V", 1.0, math.nan, 5.0, 0.0, 0, 0, 0)
    assert math.isnan(quote.mid)
    assert not quote.mid > 0
    assert not quote.spread < 1


def test_the_imbalance_of_a_book_is_between_minus_one_and_one() -> None:
    book = BookSnapshot("X.V", [(10.0, 3.0), (9.0, 1.0)], [(11.0, 1.0)], 1, 0, 0)
    assert book.imbalance() == pytest.approx(0.5)
    assert book.imbalance(2) == pytest.approx(0.6)
    assert (book.best_bid, book.best_ask, book.mid) == (10.0, 11.0, 10.5)
    assert BookSnapshot("X.V", [], [], 1, 0, 0).imbalance(5) == 0.0
