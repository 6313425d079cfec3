"""python-binance, unmodified, sees the market exactly as the twin's log has it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from witness import Witness, candle_of, is_refused

pytestmark = pytest.mark.third_party

STREAMS = [
    "btcusdt@trade", "btcusdt@aggTrade", "btcusdt@kline_1s", "btcusdt@kline_1m", "btcusdt@miniTicker",
    "btcusdt@ticker", "btcusdt@bookTicker", "btcusdt@depth", "ethusdt@depth@100ms", "btcusdt@depth5",
    "btcusdt@depth10", "btcusdt@depth20@100ms",
]  # fmt: skip
"""Each by the socket call that the library has for it."""
SILENT = ["!ticker@arr", "!bookTicker", "!miniTicker@arr@1000ms"]
"""What the library still asks for and the venue retired or never named: accepted, and nothing comes."""
COMBINED = [
    "btcusdt@trade", "btcusdt@aggTrade", "btcusdt@bookTicker", "btcusdt@depth", "btcusdt@depth@100ms",
    "btcusdt@depth5", "btcusdt@depth10@100ms", "btcusdt@kline_1s", "btcusdt@kline_1m", "btcusdt@kline_1h@+08:00",
    "btcusdt@miniTicker", "btcusdt@ticker", "btcusdt@ticker_1h", "btcusdt@ticker_4h", "btcusdt@ticker_1d",
    "btcusdt@avgPrice", "!miniTicker@arr", "!ticker_1h@arr", "!ticker_4h@arr", "!ticker_1d@arr", "ethusdt@trade",
]  # fmt: skip
REST = [
    "ping", "server_time", "exchange_info", "symbol_info", "order_book", "order_book_all", "recent_trades",
    "historical_trades", "aggregate_trades", "aggregate_walk", "klines", "ui_klines", "average_price", "ticker",
    "all_day_tickers", "all_tickers", "symbol_ticker", "symbol_ticker_window", "trading_day_ticker",
    "orderbook_ticker", "orderbook_tickers", "klines_1s", "history", "history_generated",
]  # fmt: skip
WS_API = [
    "ws_ping", "ws_time", "ws_exchange_info", "ws_order_book", "ws_recent_trades", "ws_historical_trades",
    "ws_aggregate_trades", "ws_klines", "ws_ui_klines", "ws_average_price", "ws_ticker", "ws_trading_day_ticker",
    "ws_symbol_ticker_window", "ws_symbol_ticker", "ws_orderbook_ticker",
]  # fmt: skip
HISTORY = 1_500
"""Minutes of candles asked for, more than one answer holds."""


@pytest.fixture(scope="module")
def market(witness: Callable[..., Witness]) -> Witness:
    return witness("python_binance_market.py", "--rate", "400")


@pytest.mark.parametrize("stream", STREAMS)
def test_a_socket_gives_every_message_of_its_stream_from_the_first_on(market: Witness, stream: str) -> None:
    seen = market.seen["streams"][stream]
    sent = [data for _, data in market.sent_to(f"/ws/{stream}")]
    assert seen
    assert seen == sent[: len(seen)]


@pytest.mark.parametrize("stream", SILENT)
def test_a_stream_that_the_venue_does_not_have_stays_silent(market: Witness, stream: str) -> None:
    assert market.sent_to(f"/ws/{stream}") == []
    assert market.seen["streams"][stream] == []


def test_one_combined_socket_gives_every_kind_of_stream_in_the_order_of_sending(market: Witness) -> None:
    seen = [(message["stream"], message["data"]) for message in market.seen["combined"]]
    assert seen == market.sent_to(f"/stream?streams={'/'.join(COMBINED)}")[: len(seen)]
    assert {stream for stream, _ in seen} == set(COMBINED)


def test_the_librarys_own_book_is_the_twins_book(market: Witness) -> None:
    truth = {book.pop("lastUpdateId"): book for book in market.sent("btcusdt@depth20@100ms")}
    books = [({side: book[side] for side in ("bids", "asks")}, book["id"]) for book in market.seen["books"]]
    compared = [(book, truth[number]) for book, number in books if number in truth]
    # It applies what it had buffered to a snapshot that may be younger: until it has passed that, it is not settled.
    settled = list(itertools.dropwhile(lambda pair: pair[0] != pair[1], compared))
    assert len(settled) >= 10
    for book, known in settled:
        assert book == known


@pytest.mark.parametrize("name", REST)
def test_a_question_over_rest_is_answered(market: Witness, name: str) -> None:
    assert not is_refused(market.seen["rest"][name])


@pytest.mark.parametrize("name", WS_API)
def test_a_question_over_the_websocket_api_is_answered(market: Witness, name: str) -> None:
    assert not is_refused(market.seen["ws_api"][name])


def test_the_instruments_are_those_that_the_twin_was_started_with(market: Witness) -> None:
    info = market.seen["rest"]["exchange_info"]
    assert [one["symbol"] for one in info["symbols"]] == market.log("start")[0]["symbols"]
    assert [one["symbol"] for one in market.seen["ws_api"]["ws_exchange_info"]["symbols"]] == ["BTCUSDT", "ETHUSDT"]
    assert market.seen["rest"]["symbol_info"] in info["symbols"]
    assert {"REQUEST_WEIGHT", "ORDERS", "RAW_REQUESTS"} == {limit["rateLimitType"] for limit in info["rateLimits"]}


@pytest.mark.parametrize(
    ("door", "name"), [("rest", "order_book"), ("rest", "order_book_all"), ("ws_api", "ws_order_book")]
)
def test_the_best_of_a_snapshot_is_the_best_that_was_streamed(market: Witness, door: str, name: str) -> None:
    book = market.seen[door][name]
    best = [quote for quote in market.sent("btcusdt@bookTicker") if quote["u"] <= book["lastUpdateId"]][-1]
    assert len(book["bids"]) >= 20
    assert (book["bids"][0], book["asks"][0]) == ([best["b"], best["B"]], [best["a"], best["A"]])


@pytest.mark.parametrize(
    ("door", "name"),
    [(d, n) for d, p in (("rest", ""), ("ws_api", "ws_")) for n in (f"{p}recent_trades", f"{p}historical_trades")],
)
def test_trades_are_those_that_happened(market: Witness, door: str, name: str) -> None:
    seen = market.seen[door][name]
    assert seen
    assert [(t["price"], t["qty"]) for t in seen] == [market.trades["BTCUSDT", t["id"]] for t in seen]


@pytest.mark.parametrize(
    ("door", "name"), [("rest", "aggregate_trades"), ("rest", "aggregate_walk"), ("ws_api", "ws_aggregate_trades")]
)
def test_an_aggregate_is_the_sum_of_its_trades(market: Witness, door: str, name: str) -> None:
    for aggregate in market.seen[door][name]:
        trades = [market.trades["BTCUSDT", number] for number in range(aggregate["f"], aggregate["l"] + 1)]
        assert {price for price, _ in trades} == {aggregate["p"]}
        assert Decimal(aggregate["q"]) == sum(Decimal(size) for _, size in trades)


def test_an_ended_candle_is_made_of_its_trades_and_rest_has_the_same(market: Witness) -> None:
    ended = [m["k"] for m in market.seen["streams"]["btcusdt@kline_1s"] if m["k"]["x"]]
    assert ended
    by_start = {kline[0]: kline for kline in market.seen["rest"]["klines_1s"]}
    for candle in ended:
        trades = [market.trades["BTCUSDT", number] for number in range(candle["f"], candle["L"] + 1)]
        assert {name: Decimal(candle[name]) for name in "ohlcvq"} == candle_of(trades)
        assert candle["n"] == len(trades)
        row = by_start[candle["t"]]
        assert row[1:6] == [candle[name] for name in "ohlcv"]
        assert (row[6], row[7], row[8]) == (candle["T"], candle["q"], candle["n"])


def test_candles_of_long_ago_come_page_after_page_without_a_hole(market: Witness) -> None:
    for name in ("history", "history_generated"):
        starts = [kline[0] for kline in market.seen["rest"][name]]
        assert len(starts) == HISTORY
        assert starts == list(range(starts[0], starts[0] + HISTORY * 60_000, 60_000))
    pages = [line for line in market.received("rest") if line["params"].get("limit") == "1000"]
    assert [page["method"] for page in pages] == ["GET /api/v3/klines"] * 4


@pytest.mark.parametrize(("door", "name"), [("rest", "ticker"), ("ws_api", "ws_ticker")])
def test_a_ticker_ends_with_the_last_trade(market: Witness, door: str, name: str) -> None:
    ticker = market.seen[door][name]
    assert (ticker["lastPrice"], ticker["lastQty"]) == market.trades["BTCUSDT", ticker["lastId"]]


def test_all_questions_came_in_as_the_library_asks_them(market: Witness) -> None:
    asked: dict[str, dict[str, Any]] = {line["method"]: line["params"] for line in market.received()}
    assert asked["GET /api/v3/ticker"] == {"symbol": "BTCUSDT", "windowSize": "1h"}
    assert asked["exchangeInfo"] == {"symbols": ["BTCUSDT", "ETHUSDT"]} or asked["exchangeInfo"] == {
        "symbols": "['BTCUSDT', 'ETHUSDT']"
    }
