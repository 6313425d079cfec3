"""The topic grammar."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bus import topics

SEGMENTS = st.text(min_size=1, max_size=20)
EXACT = [
    "market/BINANCE/quote/BTCUSDT.BINANCE/",
    "market/BINANCE/trade/BTCUSDT.BINANCE/",
    "market/BINANCE/book/BTCUSDT.BINANCE/",
    "market/BINANCE/instrument/BTCUSDT.BINANCE/",
    "market/BINANCE/liquidation/BTCUSDT.BINANCE/",
    "market/BYBIT/bar/BTCUSDT.BYBIT/1-MINUTE-LAST/",
    "book/BINANCE/depth/BTCUSDT.BINANCE/10/",
    "book/BINANCE/reference/BTCUSDT.BINANCE/",
    "execution/imbalance/",
    "account/BINANCE/",
    "intent/gate/",
    "state/actor/gate/",
    "state/instance/BINANCE/",
    "alert/supervisor/",
    "directory/demo/",
    "heartbeat/market_data.BINANCE/",
    "status/market/BINANCE/quote/BTCUSDT.BINANCE/",
    "status/market/BYBIT/bar/BTCUSDT.BYBIT/1-MINUTE-LAST/",
]
NOT_EXACT = [
    "",
    "/",
    "//",
    "market/",
    "market/BINANCE/",
    "market/BINANCE/quote/",
    "market/BINANCE/quote/BTCUSDT.BINANCE",
    "market/BINANCE/quote/BTCUSDT.BINANCE/more/",
    "market/BYBIT/bar/BTCUSDT.BYBIT/",
    "book/BINANCE/depth/BTCUSDT.BINANCE/",
    "execution/",
    "execution//",
    "execution/imbalance/more/",
    "/execution/imbalance/",
    "state/actor/",
    "status/",
    "status/market/BINANCE/quote/",
    "status/market/BINANCE/quote/BTCUSDT.BINANCE",
    "weather/london/",
    "execution/two words/",
    "execution/é/",
    "execution/\x00/",
    "execution/%2f/",
    "execution/%41/",
    "execution/%FF/",
    "execution/100%/",
]


@pytest.mark.parametrize("name", EXACT)
def test_a_whole_topic_of_the_grammar_is_exact(name: str) -> None:
    assert topics.is_exact(name)


@pytest.mark.parametrize("name", NOT_EXACT)
def test_a_prefix_and_a_second_spelling_and_anything_foreign_are_not_exact(name: str) -> None:
    assert not topics.is_exact(name)


@pytest.mark.parametrize("name", EXACT)
def test_no_true_prefix_of_an_exact_topic_is_exact(name: str) -> None:
    prefixes = {name[:end] for end in range(len(name))}
    assert not any(topics.is_exact(prefix) for prefix in prefixes)


@given(SEGMENTS)
@settings(deadline=None)
def test_escapes_round_trip_for_any_text(text: str) -> None:
    escaped = topics.escape(text)
    assert topics.unescape(escaped) == text
    assert escaped.isascii()
    assert escaped.isprintable()
    assert not set(escaped) & {"/", " "}


@given(st.text(), st.text())
@settings(deadline=None)
def test_two_texts_never_escape_to_one(left: str, right: str) -> None:
    assert (topics.escape(left) == topics.escape(right)) == (left == right)


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_can_be_unescaped(text: str) -> None:
    assert isinstance(topics.unescape(text), str)


@given(st.lists(SEGMENTS, min_size=1, max_size=6))
@settings(deadline=None)
def test_a_topic_gives_its_segments_back(parts: list[str]) -> None:
    assert topics.segments(topics.topic(*parts)) == tuple(parts)


@given(SEGMENTS, SEGMENTS)
@settings(deadline=None)
def test_any_instrument_makes_an_exact_topic_and_a_prefix_catch_of_no_other(one: str, other: str) -> None:
    topic, foreign = topics.market("VENUE", "quote", one), topics.market("VENUE", "quote", other)
    assert topics.is_exact(topic) == (len(topic) <= 255)
    assert foreign.startswith(topic) == (one == other)


def test_btcusd_is_no_prefix_catch_of_btcusdt() -> None:
    assert not topics.market("BYBIT", "quote", "BTCUSDT").startswith(topics.market("BYBIT", "quote", "BTCUSD"))


def test_the_topics_of_books_and_bars_are_exact() -> None:
    assert topics.is_exact(topics.book_depth("BINANCE", "BTCUSDT.BINANCE", 10))
    assert topics.is_exact(topics.book_reference("BINANCE", "BTCUSDT.BINANCE"))
    assert topics.is_exact(topics.market("BYBIT", "bar", "BTCUSDT.BYBIT", "1-MINUTE-LAST"))


def test_a_topic_over_the_length_limit_is_nobodys() -> None:
    frame = len("execution//")
    assert topics.is_exact(topics.topic("execution", "x" * (255 - frame)))
    assert not topics.is_exact(topics.topic("execution", "x" * (256 - frame)))


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_can_be_judged(text: str) -> None:
    assert topics.is_exact(text) in (True, False)
