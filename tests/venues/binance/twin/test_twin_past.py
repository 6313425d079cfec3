"""The candles before the twin's start: whole in every split, the same for the same seed, joined to the live tape."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venues.binance.twin.market.candles import Candle, together
from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.market.intervals import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, WEEK_MS
from venues.binance.twin.market.past import LISTED_MS, RAMP_DAYS, Join, Past
from venues.binance.twin.market.split import split
from venues.binance.twin.market.tape import Print, Tape

END = 1_791_234_567_000
"""2026-10-05 21:09:27 UTC."""
BITCOIN = KNOWN["BTCUSDT"]


def past(seed: int = 7, symbol: str = "BTCUSDT", end_ms: int = END) -> Past:
    return Past(seed, KNOWN[symbol], Join(end_ms, KNOWN[symbol].start, 10**10))


def is_sound(candle: Candle) -> bool:
    """What every candle of real trades fulfils."""
    sells, sell_quote = candle.volume - candle.buy_volume, candle.quote - candle.buy_quote
    return (
        0 < candle.low <= min(candle.open, candle.close) <= max(candle.open, candle.close) <= candle.high
        and candle.count <= candle.volume
        and candle.low * candle.buy_volume <= candle.buy_quote <= candle.high * candle.buy_volume
        and candle.low * sells <= sell_quote <= candle.high * sells
        and (candle.count > 0 or candle.open == candle.high == candle.low == candle.close)
        and (candle.count == 0 or candle.last_id - candle.first_id + 1 == candle.count)
    )


@st.composite
def candles(draw: st.DrawFn) -> Candle:
    low = draw(st.integers(1, 10**7))
    high = low + draw(st.sampled_from([0, 1, 2, 10, 1000]) | st.integers(0, 10**6))
    begin, end = draw(st.integers(low, high)), draw(st.integers(low, high))
    count = draw(st.integers(1, 5_000))
    volume = count + draw(st.integers(0, 10**9))
    buys = draw(st.integers(0, volume))
    buy_quote = draw(st.integers(low * buys, high * buys))
    sell_quote = draw(st.integers(low * (volume - buys), high * (volume - buys)))
    quote = buy_quote + sell_quote
    return Candle(0, begin, high, low, end, 100, 99 + count, count, volume, quote, buys, buy_quote)


@given(candles(), st.sampled_from([2, 24, 60]), st.integers())
def test_a_candle_split_is_exactly_itself_again_and_every_part_is_sound(whole: Candle, count: int, seed: int) -> None:
    parts = split(whole, count, 1_000, Random(seed))
    assert [part.start_ms for part in parts] == [number * 1_000 for number in range(count)]
    assert all(is_sound(part) for part in parts)
    assert all(before.close == after.open for before, after in pairwise(parts))
    made = together(part for part in parts if part.count)
    assert made is not None
    made.start_ms = whole.start_ms
    assert made == whole


@pytest.mark.parametrize("symbol", ["BTCUSDT", "PEPEUSDT", "OPUSDT", "SOLBTC", "USDCUSDT"])
def test_shorter_candles_make_exactly_the_longer_ones(symbol: str) -> None:
    found = past(symbol=symbol)
    for length, shorter, begin in (
        (WEEK_MS, DAY_MS, 1_700_006_400_000),
        (DAY_MS, HOUR_MS, 1_700_006_400_000),
        (DAY_MS, MINUTE_MS, 1_790_985_600_000),
        (HOUR_MS, MINUTE_MS, 1_791_230_400_000),
        (HOUR_MS, SECOND_MS, 1_600_000_000_000 - 1_600_000_000_000 % HOUR_MS),
        (MINUTE_MS, SECOND_MS, END - END % MINUTE_MS - MINUTE_MS),
    ):
        parts = [found.between(at, at + shorter) for at in range(begin, begin + length, shorter)]
        whole = found.between(begin, begin + length)
        assert whole is not None
        assert is_sound(whole)
        assert all(part is not None and is_sound(part) for part in parts)
        traded = [part for part in parts if part is not None and part.count]
        made = together(traded)
        assert made is not None
        assert (made.high, made.low, made.close) == (whole.high, whole.low, whole.close)
        assert made.open == whole.open
        assert (made.count, made.volume, made.quote) == (whole.count, whole.volume, whole.quote)
        assert (made.buy_volume, made.buy_quote) == (whole.buy_volume, whole.buy_quote)
        assert (made.first_id, made.last_id) == (whole.first_id, whole.last_id)


def test_the_same_seed_gives_the_same_past_in_whatever_order_it_is_asked_for() -> None:
    spans = [(at, at + HOUR_MS) for at in range(1_600_000_000_000, END, 97 * DAY_MS)]
    one, other = past(), past()
    forwards = [one.between(*span) for span in spans]
    assert [other.between(*span) for span in reversed(spans)] == forwards[::-1]
    assert [past(seed=8).between(*span) for span in spans] != forwards
    assert [past(symbol="BTCFDUSD").between(*span) for span in spans] != forwards


def test_the_past_does_not_change_with_the_hour_of_the_start_nor_an_older_one_with_the_day() -> None:
    morning, evening, next_year = past(), past(end_ms=END + 2 * HOUR_MS), past(end_ms=END + 365 * DAY_MS)
    for at in range(END - END % DAY_MS - 3 * DAY_MS, END - HOUR_MS, 5 * HOUR_MS):
        a, b = morning.between(at, at + HOUR_MS), evening.between(at, at + HOUR_MS)
        assert a is not None
        assert b is not None
        assert (a.open, a.high, a.low, a.close, a.volume) == (b.open, b.high, b.low, b.close, b.volume)
    old = END - END % DAY_MS - (RAMP_DAYS + 1) * DAY_MS
    a, b = morning.between(old, old + DAY_MS), next_year.between(old, old + DAY_MS)
    assert a is not None
    assert b is not None
    assert (a.open, a.close, a.volume, a.quote) == (b.open, b.close, b.volume, b.quote)


def test_nothing_is_older_than_the_venue_or_younger_than_the_join() -> None:
    found = past()
    assert found.between(LISTED_MS - DAY_MS, LISTED_MS) is None
    assert found.between(END, END + DAY_MS) is None
    first = found.between(LISTED_MS - DAY_MS, LISTED_MS + SECOND_MS)
    assert first is not None
    assert first.first_id > 0


def test_the_past_ends_with_the_price_and_the_id_of_the_first_live_trade() -> None:
    tape = Tape(lambda join: Past(7, BITCOIN, join))
    tape.add(Print(10**10, BITCOIN.start + 17, 5, END + 345, True, 1))
    second = tape.between(END - SECOND_MS, END)
    assert second is not None
    assert second.close == BITCOIN.start + 17
    assert second.last_id == 10**10 - 1
    assert abs(second.open / second.close - 1) < 0.003
    minute = tape.between(END - END % MINUTE_MS, END + MINUTE_MS)
    before = tape.between(END - END % MINUTE_MS, END)
    assert minute is not None
    assert before is not None
    assert (minute.count, minute.volume) == (before.count + 1, before.volume + 5)
    assert (minute.first_id, minute.last_id) == (before.first_id, 10**10)
    assert tape.price_before(END) == tape.price_before(END + SECOND_MS) == BITCOIN.start + 17


def test_prices_of_the_past_look_like_the_symbols_own() -> None:
    found = past()
    days = [found.between(at, at + DAY_MS) for at in range(END - END % DAY_MS - 1000 * DAY_MS, END - DAY_MS, DAY_MS)]
    closes = [day.close for day in days if day is not None]
    assert len(closes) >= 999
    changes = [abs(b / a - 1) for a, b in pairwise(closes)]
    assert 0.01 < sum(changes) / len(changes) < 0.04
    assert max(changes) < 0.2
    assert BITCOIN.start / 10 < min(closes) <= max(closes) < BITCOIN.start * 10
