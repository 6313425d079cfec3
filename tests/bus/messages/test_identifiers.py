"""Names of orders, instruments and actors."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bus.messages import check_name, is_of_floor, mint_order_id, parse_order_id, split_instrument_id, strategy_code
from bus.messages.identifiers import ORDER_ID_LIMIT, OrderIdParts

VENUE_RULES = {
    "Binance Spot and US newClientOrderId": r"[a-zA-Z0-9-_]{1,36}",
    "Binance futures newClientOrderId": r"[.A-Z\:/a-z0-9_-]{1,36}",
    "Bybit orderLinkId": r"[A-Za-z0-9-_]{1,36}",
    "Betfair customerOrderRef": r"[A-Za-z0-9:\-._+*;~]{1,32}",
    "Interactive Brokers orderRef, NUL ends a field": r"[\x20-\x7e]{1,40}",
}
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,31}", fullmatch=True)
EPOCHS = st.integers(0, 36**7 - 1)  # seconds of the year 4400
COUNTS = st.integers(0, 36**5 - 1)  # sixty million orders in one life
TAGS = st.from_regex(r"[A-Za-z0-9_-]{0,5}", fullmatch=True)


@given(NAMES, NAMES, EPOCHS, COUNTS, TAGS)
def test_an_order_id_fits_the_rule_of_every_venue(floor: str, strategy: str, epoch: int, count: int, tag: str) -> None:
    order_id = mint_order_id(floor, strategy, epoch, count, tag)
    for venue, rule in VENUE_RULES.items():
        assert re.fullmatch(rule, order_id), f"{order_id} does not fit {venue}"
    assert len(order_id) <= ORDER_ID_LIMIT


@given(NAMES, NAMES, EPOCHS, COUNTS, TAGS)
def test_an_order_id_says_whose_it_is(floor: str, strategy: str, epoch: int, count: int, tag: str) -> None:
    parts = parse_order_id(mint_order_id(floor, strategy, epoch, count, tag))
    assert parts is not None
    assert (parts.strategy, parts.epoch, parts.count, parts.tag) == (strategy_code(strategy), epoch, count, tag)
    assert is_of_floor(parts, floor)


@given(NAMES, NAMES, EPOCHS, COUNTS)
def test_floor_and_strategy_of_an_order_id_fit_where_betfair_groups_orders(
    floor: str, strategy: str, epoch: int, count: int
) -> None:
    owner = "-".join(mint_order_id(floor, strategy, epoch, count).split("-")[:2])
    assert re.fullmatch(r"[A-Za-z0-9:\-._+*;~]{1,15}", owner)


@given(st.tuples(EPOCHS, COUNTS), st.tuples(EPOCHS, COUNTS))
def test_two_orders_of_a_strategy_never_share_an_id(one: tuple[int, int], other: tuple[int, int]) -> None:
    assume(one != other)
    assert mint_order_id("demo", "imbalance", *one) != mint_order_id("demo", "imbalance", *other)


@given(st.text(max_size=40))
def test_any_text_is_an_order_id_of_ours_or_none_and_raises_nothing(text: str) -> None:
    parts = parse_order_id(text)
    assert parts is None or isinstance(parts, OrderIdParts)


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "x-A1b2C3",
        "autoclose-1234",
        "adl_autoclose",
        "T1f-mm3k9q-sx2k1a",
        "T1f-mm3k9q-sx2k1a-2b\n",
        "t1f-mm3k9q-1-2",
        "T1f-mm3k9q-SX2K1A-2b",
        "T1f-mm3k9q-sx2k1a-2b-",
        "T1f-mm3k9q-sx2k1a-2b-" + "x" * 20,
        "T1f-mm3k9q-٣-2",
    ],
)
def test_an_id_that_others_made_is_not_taken_for_ours(foreign: str) -> None:
    assert parse_order_id(foreign) is None


def test_a_minted_id_looks_as_documented() -> None:
    assert re.fullmatch(
        r"T[0-9a-z]{2}-[0-9a-z]{6}-sx2k1a-2b-entry",
        mint_order_id("demo", "imbalance", int("sx2k1a", 36), int("2b", 36), "entry"),
    )


@pytest.mark.parametrize("tag", ["a b", "a.b", "ä", "a/b", "x" * 15])
def test_a_tag_that_a_venue_would_refuse_is_refused_here(tag: str) -> None:
    with pytest.raises(ValueError, match="expected at most"):
        mint_order_id("demo", "imbalance", 1_745_342_974, 83, tag)


@pytest.mark.parametrize(("epoch", "count"), [(-1, 0), (0, -1), (36**20, 0), (0, 36**30)])
def test_numbers_that_make_no_id_are_refused(epoch: int, count: int) -> None:
    with pytest.raises(ValueError, match="id"):
        mint_order_id("demo", "imbalance", epoch, count)


def test_an_instrument_id_is_split_at_its_last_dot() -> None:
    assert split_instrument_id("BTCUSDT.BINANCE") == ("BTCUSDT", "BINANCE")
    assert split_instrument_id("BRK.B.NYSE") == ("BRK.B", "NYSE")
    assert split_instrument_id("EUR.USD.IDEALPRO") == ("EUR.USD", "IDEALPRO")


@pytest.mark.parametrize("text", ["", "BTCUSDT", ".BINANCE", "BTCUSDT.", "."])
def test_an_instrument_id_without_symbol_or_venue_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected SYMBOL\.VENUE"):
        split_instrument_id(text)


@pytest.mark.parametrize("name", ["", "1st", "a b", "a/b", "a.b", "ä", "x" * 33, "-a", "a\n"])
def test_a_name_that_cannot_stand_in_a_topic_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="strategy"):
        check_name(name, "strategy")


@given(NAMES)
def test_a_good_name_is_returned_as_it_is(name: str) -> None:
    assert check_name(name, "strategy") == name
