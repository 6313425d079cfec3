"""Positions against a slow model: every lot kept as exact Fractions."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from order_samples import BTC, INSTANCE, a_fill

from actors.reconciler import positions
from bus.messages import Fill, Position, Side

EMPTY = Position("alpha", INSTANCE, BTC)


class Model:
    """Average cost by definition: what was paid for what is held, closed in proportion."""

    def __init__(self) -> None:
        self.size = self.cost = self.realized = Fraction(0)

    def fill(self, fill: Fill) -> None:
        size, price = Fraction(fill.size) * fill.side.sign, Fraction(fill.price)
        if self.size * size < 0:
            closed = min(abs(self.size), abs(size)) * (1 if size > 0 else -1)
            average = self.cost / self.size
            self.realized -= closed * (price - average)
            self.cost += closed * average
            self.size += closed
            size -= closed
        self.size += size
        self.cost += size * price


def book(fills: list[Fill], base: str = "BTC") -> Position:
    position = EMPTY
    for fill in fills:
        position = positions.apply_fill(position, fill, base)
    return position


amounts = st.integers(1, 10**9).map(lambda units: Decimal(units).scaleb(-5))
sides = st.sampled_from([Side.BUY, Side.SELL])
fills = st.lists(st.builds(a_fill, side=sides, size=amounts, price=amounts), max_size=30)


def close(found: Decimal, exact: Fraction, scale: Fraction) -> bool:
    return abs(Fraction(found) - exact) <= max(scale, Fraction(1)) / 10**15


@settings(max_examples=300)
@given(fills)
def test_size_average_price_and_profit_are_those_of_the_model(history: list[Fill]) -> None:
    model, position, turnover = Model(), EMPTY, Fraction(0)
    for fill in history:
        position = positions.apply_fill(position, fill, "BTC")
        model.fill(fill)
        turnover += Fraction(fill.size) * Fraction(fill.price)
        assert Fraction(position.size) == model.size
        assert close(position.realized, model.realized, turnover)
        average = model.cost / model.size if model.size else Fraction(0)
        assert close(position.average_price, average, Fraction(10**4))
    assert position.bought - position.sold == position.size
    assert position.fills == len(history)


@settings(max_examples=200)
@given(fills, st.lists(st.sampled_from(["BTC", "USDT", "BNB"]), min_size=30, max_size=30), amounts)
def test_a_fee_in_the_base_asset_and_no_other_makes_the_position_smaller(
    history: list[Fill], currencies: list[str], fee: Decimal
) -> None:
    paid = [
        a_fill(side=fill.side, size=fill.size, price=fill.price, fee=fee, fee_currency=currency)
        for fill, currency in zip(history, currencies, strict=False)
    ]
    position = book(paid)
    bought = sum((Fraction(fill.size) * fill.side.sign for fill in paid), Fraction(0))
    fees = {name: sum(1 for fill in paid if fill.fee_currency == name) * Fraction(fee) for name in set(currencies)}
    assert Fraction(position.size) == bought - fees.get("BTC", 0)
    assert {name: Fraction(value) for name, value in position.fees.items()} == {k: v for k, v in fees.items() if v}


def test_a_flip_through_zero_realizes_the_old_side_and_opens_the_new_at_its_own_price() -> None:
    long = book([a_fill(size=Decimal(4), price=Decimal(100))])
    flipped = positions.apply_fill(long, a_fill(side=Side.SELL, size=Decimal(6), price=Decimal(110)), "BTC")
    assert (flipped.size, flipped.average_price, flipped.realized) == (Decimal(-2), Decimal(110), Decimal(40))
    flat = positions.apply_fill(flipped, a_fill(size=Decimal(2), price=Decimal(100)), "BTC")
    assert (flat.size, flat.average_price, flat.realized) == (Decimal(0), Decimal(0), Decimal(60))


def test_what_a_base_fee_leaves_owed_was_opened_at_that_fill_s_price() -> None:
    long = book([a_fill(size=Decimal(1), price=Decimal(100))])
    sale = a_fill(side=Side.SELL, size=Decimal(1), price=Decimal(120), fee=Decimal("0.01"), fee_currency="BTC")
    after = positions.apply_fill(long, sale, "BTC")
    assert (after.size, after.average_price, after.realized) == (Decimal("-0.01"), Decimal(120), Decimal(20))


def test_a_rebate_is_a_fee_below_zero_and_an_unknown_fee_is_none_yet() -> None:
    after = book([a_fill(size=Decimal(1), fee=Decimal("-0.01"), fee_currency="BTC"), a_fill(fee=None)])
    assert (after.size, after.fees) == (Decimal("5.01"), {"BTC": Decimal("-0.01")})


@settings(max_examples=200)
@given(fills, st.sampled_from(["BTC", "USDT", "BNB"]), amounts)
def test_balances_move_by_what_was_traded_and_what_it_cost(history: list[Fill], currency: str, fee: Decimal) -> None:
    total: dict[str, Fraction] = {}
    for fill in history:
        paid = a_fill(side=fill.side, size=fill.size, price=fill.price, fee=fee, fee_currency=currency)
        for asset, change in positions.balance_changes(paid, "BTC", "USDT").items():
            total[asset] = total.get(asset, Fraction(0)) + Fraction(change)
    base = sum((Fraction(fill.size) * fill.side.sign for fill in history), Fraction(0))
    quote = -sum((Fraction(fill.size) * Fraction(fill.price) * fill.side.sign for fill in history), Fraction(0))
    fees = Fraction(fee) * len(history)
    expected = {"BTC": base, "USDT": quote, "BNB": Fraction(0)}
    expected[currency] -= fees
    assert {name: total.get(name, Fraction(0)) for name in expected} == expected
