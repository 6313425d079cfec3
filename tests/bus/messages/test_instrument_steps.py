"""Prices and sizes on an instrument's steps."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus.messages import (
    BettingRunner,
    CurrencyPair,
    Details,
    Equity,
    Instrument,
    InstrumentStatusWord,
    Perpetual,
    exact,
)
from bus.messages.instruments import Rounding, instrument_currency

STEPS = st.sampled_from(
    ["0.00000001", "0.0001", "0.01", "0.05", "0.1", "0.25", "0.5", "1", "5", "10", "100", "1E+3"]
).map(Decimal)
COUNTS = st.integers(-(10**9), 10**9)
FAR = st.floats(0.001, 0.999)  # a part of a step that is clearly not on it
ROUNDINGS: list[Rounding] = ["down", "up", "nearest"]
BETFAIR_CLASSIC = tuple(
    (Decimal(start), Decimal(step))
    for start, step in (
        *(("1.01", "0.01"), ("2", "0.02"), ("3", "0.05"), ("4", "0.1"), ("6", "0.2")),
        *(("10", "0.5"), ("20", "1"), ("30", "2"), ("50", "5"), ("100", "10")),
    )
)


def an_instrument(step: Decimal = Decimal("0.1"), **fields: object) -> Instrument:
    return Instrument(
        id="BTCUSDT.BINANCE",
        symbol="BTCUSDT",
        status=InstrumentStatusWord.TRADING,
        price_increment=step,
        size_increment=step,
        details=CurrencyPair("BTC", "USDT"),
        **fields,  # type: ignore[arg-type]
    )


@given(STEPS, COUNTS, st.floats(-0.99e-9, 0.99e-9))
def test_a_number_within_a_billionth_of_a_step_is_that_step(step: Decimal, count: int, noise: float) -> None:
    instrument, on_step = an_instrument(step), count * step
    noisy = on_step + Decimal(noise) * step
    assert instrument.snap_price(noisy) == on_step
    assert instrument.snap_size(noisy) == on_step
    assert [instrument.price(noisy, rounding) for rounding in ROUNDINGS] == [on_step] * 3
    assert [instrument.size(noisy, rounding) for rounding in ROUNDINGS] == [on_step] * 3


@given(STEPS, COUNTS, FAR)
def test_a_number_between_two_steps_means_neither_and_both_are_named(step: Decimal, count: int, part: float) -> None:
    instrument, between = an_instrument(step), (count + Decimal(part)) * step
    assert instrument.snap_price(between) == (count * step, (count + 1) * step)
    assert instrument.snap_size(between) == (count * step, (count + 1) * step)


@given(STEPS, COUNTS, FAR)
def test_a_price_rounded_down_is_cheaper_and_rounded_up_dearer(step: Decimal, count: int, part: float) -> None:
    instrument, between = an_instrument(step), (count + Decimal(part)) * step
    below, above = count * step, (count + 1) * step
    assert instrument.price(between, "down") == below
    assert instrument.price(between, "up") == above
    assert instrument.price(between, "nearest") == (
        below if part < 0.5 else above if part > 0.5 else instrument.price(between)
    )


@given(STEPS, st.integers(0, 10**9), FAR, st.sampled_from([1, -1]))
def test_a_size_rounded_down_is_smaller_whichever_its_sign(step: Decimal, count: int, part: float, sign: int) -> None:
    instrument, between = an_instrument(step), sign * (count + Decimal(part)) * step
    assert instrument.size(between) == instrument.size(between, "down") == sign * count * step
    assert instrument.size(between, "up") == sign * (count + 1) * step


@given(st.integers(1, 10**5), st.integers(1, 10**5))
def test_what_floats_make_of_a_sum_of_steps_is_still_on_a_step(one: int, other: int) -> None:
    assert an_instrument(Decimal("0.01")).snap_price(one * 0.01 + other * 0.01) == (one + other) * Decimal("0.01")


@given(st.floats(0.01, 1e12) | st.integers(-(10**12), 10**12) | st.decimals(-(10**12), 10**12, places=6))
def test_a_rounded_number_is_valid_and_stays_as_it_is(value: float | int | Decimal) -> None:
    instrument = an_instrument(Decimal("0.25"))
    for rounding in ROUNDINGS:
        price, size = instrument.price(value, rounding), instrument.size(value, rounding)
        assert instrument.snap_price(price) == price
        assert instrument.snap_size(size) == size
        assert abs(price - Decimal(str(value))) < Decimal("0.25")


@pytest.mark.parametrize(
    ("odds", "lower", "higher"),
    [
        ("1.015", "1.01", "1.02"),
        ("1.995", "1.99", "2"),
        ("2.01", "2", "2.02"),
        ("2.99", "2.98", "3"),
        ("3.01", "3", "3.05"),
        ("9.9", "9.8", "10"),
        ("10.2", "10", "10.5"),
        ("99", "95", "100"),
        ("101", "100", "110"),
        ("995", "990", "1000"),
    ],
)
def test_odds_off_betfairs_ladder_name_the_rungs_beside_them(odds: str, lower: str, higher: str) -> None:
    ladder = an_instrument(Decimal("0.01"), price_tiers=BETFAIR_CLASSIC)
    assert ladder.snap_price(odds) == (Decimal(lower), Decimal(higher))
    assert ladder.price(odds, "down") == Decimal(lower)
    assert ladder.price(odds, "up") == Decimal(higher)


def test_betfairs_ladder_has_its_350_rungs() -> None:
    ladder = an_instrument(Decimal("0.01"), price_tiers=BETFAIR_CLASSIC)
    rungs, price = 1, Decimal("1.01")
    while price < 1000:
        price += ladder.price_step(price)
        assert ladder.snap_price(price) == price
        rungs += 1
    assert (rungs, price) == (350, Decimal(1000))


def test_steps_count_from_the_base_that_a_venue_names() -> None:
    lines = an_instrument(Decimal(1), price_base=Decimal("0.5"))
    assert lines.snap_price("7.5") == Decimal("7.5")
    assert lines.snap_price(7) == (Decimal("6.5"), Decimal("7.5"))
    assert lines.price("-7.1", "down") == Decimal("-7.5")
    assert lines.size("7.5") == 7  # sizes have no base


def test_a_step_of_nothing_takes_every_number() -> None:
    assert an_instrument(Decimal(0)).snap_price("1.2345") == Decimal("1.2345")
    assert an_instrument(Decimal(0)).size("1.2345") == Decimal("1.2345")


@pytest.mark.parametrize("noise", [5e-324, -1e-40, 0.1 + 0.2 - 0.3, "1e-999999"])
def test_the_noise_that_floats_leave_around_nothing_is_nothing(noise: float | str) -> None:
    assert an_instrument().snap_price(noise) == an_instrument().size(noise) == 0


@pytest.mark.parametrize("value", ["NaN", "Infinity", float("nan"), float("-inf"), 1e30, "1e999999", "nonsense", ""])
def test_what_is_no_sane_number_is_a_value_error_and_nothing_else(value: float | str) -> None:
    instrument = an_instrument()
    for method in (instrument.price, instrument.size, instrument.snap_price, instrument.snap_size):
        with pytest.raises(ValueError, match="number"):
            method(value)


@given(st.decimals(-(10**24), 10**24, allow_nan=False, allow_infinity=False), STEPS)
def test_any_sane_number_can_be_snapped_on_any_step(number: Decimal, step: Decimal) -> None:
    an_instrument(step).snap_price(number)
    an_instrument(step).size(number, "up")


@given(st.decimals(-(10**20), 10**20, allow_nan=False, allow_infinity=False, places=12))
def test_an_amount_is_written_as_people_and_venues_read_it(number: Decimal) -> None:
    text = exact(number)
    assert Decimal(text) == number
    assert not set(text) & set("eE+")
    assert not ("." in text and text.endswith("0"))


def test_an_amount_of_nothing_has_no_sign() -> None:
    assert [exact(Decimal(text)) for text in ("-0.00", "0E-8", "1E+3", "1.500")] == ["0", "0", "1000", "1.5"]
    assert exact(None) == "-"


def test_the_currency_of_a_price_is_known_for_every_kind() -> None:
    assert instrument_currency(an_instrument()) == "USDT"
    kinds: list[tuple[Details, str]] = [
        (Perpetual("BTC", "USD", "BTC", inverse=True), "USD"),
        (Equity("EUR"), "EUR"),
        (BettingRunner("GBP", "1.23", 47972, Decimal(0)), "GBP"),
    ]
    for details, currency in kinds:
        instrument = Instrument("X.V", "X", InstrumentStatusWord.TRADING, Decimal(1), Decimal(1), details)
        assert instrument_currency(instrument) == currency
