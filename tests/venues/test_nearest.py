"""Names that are nearly right are answered with the right ones."""

from __future__ import annotations

import pytest

from venues.nearest import or_nearest

KNOWN = ("BTCUSDT.BINANCE", "BTCUSDC.BINANCE", "BTCTRY.BINANCE", "ETHUSDT.BINANCE", "ETHBTC.BINANCE")


@pytest.mark.parametrize("wanted", ["btcusdt.BINANCE", "BTC-USDT.BINANCE", "BTC/USDT.BINANCE"])
def test_case_and_what_stands_between_currencies_do_not_count(wanted: str) -> None:
    assert or_nearest(wanted, KNOWN) == "; did you mean BTCUSDT.BINANCE?"


def test_several_near_names_are_named_the_nearest_first() -> None:
    assert or_nearest("BTCUSD.BINANCE", KNOWN).startswith("; did you mean BTCUSD")
    assert "BTCUSDT.BINANCE or " in or_nearest("BTCUSTD.BINANCE", KNOWN)


@pytest.mark.parametrize("wanted", ["DOGEUSDT.BINANCE", "X.BINANCE", ".", "", "\x00"])
def test_where_nothing_is_near_nothing_is_said(wanted: str) -> None:
    assert or_nearest(wanted, KNOWN) == ""


def test_of_very_many_names_few_are_compared_and_none_with_a_name_that_nobody_meant() -> None:
    many = tuple(f"BTC{number}.BINANCE" for number in range(100_000))
    assert or_nearest("btc7.BINANCE", many) == "; did you mean BTC7.BINANCE?"
    assert or_nearest("BTC" * 1_000_000, many) == ""
