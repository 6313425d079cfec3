"""ccxt.pro, unmodified, watches the twin's market and its account, and trades over the WebSocket API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from witness import Witness, is_refused, is_run, is_within

pytestmark = pytest.mark.third_party

ANSWERED = [
    "fetch_order", "fetch_open_orders", "cancel_order", "cancel_all_orders", "fetch_balance", "fetch_orders",
    "fetch_closed_orders", "fetch_my_trades", "fetch_trades", "fetch_ohlcv",
]  # fmt: skip
PLACED = [
    ("limit", "LIMIT", "CANCELED"),
    ("edit_order", "LIMIT", "CANCELED"),
    ("market", "MARKET", "FILLED"),
    ("market_sell", "MARKET", "FILLED"),
    ("limit_maker", "LIMIT_MAKER", "CANCELED"),
    ("stop_limit", "STOP_LOSS_LIMIT", "CANCELED"),
    ("take_profit_limit", "TAKE_PROFIT_LIMIT", "CANCELED"),
]
"""Each call that places an order, the order's type at the venue, and how it ended."""


@pytest.fixture(scope="module")
def saw(witness: Callable[..., Witness]) -> Witness:
    return witness("ccxt_pro.py", "--rate", "300", "--symbols", "BTCUSDT,ETHUSDT,BNBUSDT")


def levels(side: list[list[Any]]) -> dict[float, float]:
    return {float(price): float(size) for price, size in side}


def test_the_librarys_own_book_changes_as_the_twin_said(saw: Witness) -> None:
    books = saw.seen["market"]["watch_order_book"]
    events = {event["u"]: event for event in saw.sent("btcusdt@depth@100ms")}
    assert len(books) >= 10
    bids, asks = levels(books[0]["bids"]), levels(books[0]["asks"])
    last = books[0]["id"]
    for book in books[1:]:
        for event in (event for number, event in events.items() if last < number <= book["id"]):
            for side, changes in ((bids, event["b"]), (asks, event["a"])):
                side |= levels(changes)
                for price in [price for price, size in side.items() if not size]:
                    del side[price]
        assert (levels(book["bids"]), levels(book["asks"])) == (bids, asks)
        assert book["bids"] == sorted(book["bids"], reverse=True)
        last = book["id"]


def test_the_best_of_the_librarys_own_book_is_the_best_that_was_streamed(saw: Witness) -> None:
    quotes, compared = saw.sent("btcusdt@bookTicker"), 0
    for book in saw.seen["market"]["watch_order_book"]:
        for quote in [quote for quote in quotes if quote["u"] <= book["id"]][-1:]:
            assert book["bids"][0] == [float(quote["b"]), float(quote["B"])]
            assert book["asks"][0] == [float(quote["a"]), float(quote["A"])]
            compared += 1
    assert compared >= 10


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("watch_trades", "btcusdt@trade"),
        ("watch_trades_for_symbols", "ethusdt@trade"),
        ("watch_trades_for_symbols", "bnbusdt@trade"),
    ],
)
def test_watched_trades_are_all_that_were_sent(saw: Witness, name: str, stream: str) -> None:
    symbol = stream.partition("@")[0].upper()
    trades = [trade for update in saw.seen["market"][name] for trade in update if trade["s"] == symbol]
    assert is_run(trades, saw.sent(stream))


@pytest.mark.parametrize(
    ("name", "stream"),
    [
        ("watch_ticker", "btcusdt@ticker"),
        ("watch_tickers", "ethusdt@miniTicker"),
        ("watch_tickers", "bnbusdt@miniTicker"),
        ("watch_bids_asks", "btcusdt@bookTicker"),
        ("watch_bids_asks", "ethusdt@bookTicker"),
    ],
)
def test_watched_tickers_were_sent_in_that_order(saw: Witness, name: str, stream: str) -> None:
    symbol = stream.partition("@")[0].upper()
    updates = saw.seen["market"][name]
    tickers = [one for update in updates for one in (update if isinstance(update, list) else [update])]
    assert is_within([one for one in tickers if one["s"] == symbol], saw.sent(stream))


@pytest.mark.parametrize(("name", "interval"), [("watch_ohlcv", "1m"), ("watch_ohlcv_seconds", "1s")])
def test_watched_candles_were_sent_in_that_order(saw: Witness, name: str, interval: str) -> None:
    sent = [event["k"] for event in saw.sent(f"btcusdt@kline_{interval}")]
    candles = [[candle["t"], *(float(candle[key]) for key in "ohlcv")] for candle in sent]
    assert is_within(saw.seen["market"][name], candles)


@pytest.mark.parametrize("name", ANSWERED)
def test_a_call_is_answered(saw: Witness, name: str) -> None:
    answer = saw.seen["calls"][name]
    assert answer
    assert not is_refused(answer)


@pytest.mark.parametrize(("name", "kind", "status"), PLACED)
def test_an_order_of_each_kind_is_taken_and_ends_as_the_log_says(
    saw: Witness, name: str, kind: str, status: str
) -> None:
    answer = saw.seen["calls"][name]
    order = saw.orders[int(answer["id"])]
    assert (order["type"], order["status"], order["client_order_id"]) == (kind, status, answer["clientOrderId"])


def test_the_librarys_word_for_post_only_is_an_unread_parameter_here(saw: Witness) -> None:
    # On the WebSocket API the library sends its own `postOnly` along; the venue refuses what it does not know.
    refused = saw.seen["calls"]["post_only"]["refused"]
    assert refused["class"] == "BadRequest"
    assert "-1104" in refused["message"]


def test_watched_orders_and_fills_are_the_events_that_were_sent(saw: Witness) -> None:
    reports = [event for event in saw.events if event["e"] == "executionReport"]
    orders = [report for update in saw.seen["account"]["watch_orders"] for report in update]
    assert is_within(orders, reports)
    assert orders[-1] == reports[-1]
    fills = [report for update in saw.seen["account"]["watch_my_trades"] for report in update]
    assert fills == [report for report in reports if report["x"] == "TRADE"]


def test_the_watched_balance_ends_as_the_log_says(saw: Witness) -> None:
    held = saw.seen["account"]["watch_balance"][-1]
    assert held == {asset: [float(free), float(locked)] for asset, (free, locked) in saw.balances.items()}


def test_orders_and_fills_are_the_logs(saw: Witness) -> None:
    seen = saw.seen["calls"]
    fills = [
        (t["info"]["id"], t["info"]["price"], t["info"]["qty"], t["info"]["commission"])
        for t in seen["fetch_my_trades"]
    ]
    assert [(int(fill[0]), *fill[1:]) for fill in fills] == saw.fills
    known = {int(order["id"]) for order in seen["fetch_orders"]}
    assert known == set(list(saw.orders)[:-1])
