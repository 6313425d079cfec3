"""What a replaying twin makes of a capture: symbols from numbers, a book from snapshots and diffs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from venues.binance.twin.errors import VenueError
from venues.binance.twin.market.captured import BestPrices, Capture, DepthUpdate, Snapshot
from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.market.replayed import ReplayedBook
from venues.twins.replay import ReplayError

BITCOIN = KNOWN["BTCUSDT"]


def snapshot(number: int, *bids: tuple[str, str]) -> Snapshot:
    return Snapshot(number, list(bids), [("101", "1")])


def diff(first: int, last: int, *bids: tuple[str, str]) -> DepthUpdate:
    return DepthUpdate(1, first, last, list(bids), [])


def bids(book: ReplayedBook) -> list[tuple[int, int]]:
    """(units, thousandths)"""
    return [(price // 100, steps // 100) for price, steps in book.depth("BUY", 10)]


def test_older_diffs_are_dropped_and_the_next_ones_applied() -> None:
    book = ReplayedBook(BITCOIN, [snapshot(10, ("100", "0.001"))])
    assert (book.update_id, bids(book)) == (10, [(100, 1)])
    book.on_diff(diff(5, 10, ("100", "0.009")))
    assert (book.update_id, bids(book)) == (10, [(100, 1)])
    book.on_diff(diff(9, 12, ("99", "0.002")))
    book.on_diff(diff(13, 13, ("100", "0")))
    assert (book.update_id, bids(book)) == (13, [(99, 2)])
    assert book.best() == (9_900, 200, 10_100, 100_000)


def test_after_a_gap_the_book_is_unknown_until_a_snapshot_covers_it() -> None:
    book = ReplayedBook(BITCOIN, [snapshot(10, ("100", "0.001")), snapshot(12), snapshot(30, ("90", "0.003"))])
    book.on_diff(diff(20, 22, ("95", "0.001")))
    assert (book.update_id, bids(book)) == (30, [(90, 3)])
    book.on_diff(diff(23, 30, ("95", "0.001")))
    book.on_diff(diff(31, 31, ("95", "0.001")))
    assert (book.update_id, bids(book)) == (31, [(95, 1), (90, 3)])
    book.on_diff(diff(40, 41))
    with pytest.raises(VenueError) as refused:
        book.depth("BUY", 10)
    assert refused.value.code == -1112


def test_the_best_prices_are_the_newest_of_book_ticker_and_book() -> None:
    book = ReplayedBook(BITCOIN, [snapshot(10, ("100", "0.001"))])
    book.on_best(BestPrices(9, "98", "1", "102", "1"))
    assert book.best()[0] == 10_000
    book.on_best(BestPrices(11, "98", "1", "102", "1"))
    assert book.best() == (9_800, 100_000, 10_200, 100_000)
    book.on_diff(diff(11, 14, ("100", "0"), ("97", "0.001")))
    assert book.best()[0] == 9_700
    unknown = ReplayedBook(BITCOIN, [])
    unknown.on_best(BestPrices(11, "98", "1", "102", "1"))
    unknown.on_diff(diff(12, 14))
    assert unknown.best() == (9_800, 100_000, 10_200, 100_000)


def capture(path: Path, *payloads: dict[str, Any]) -> Capture:
    path.write_text(
        "".join(f"{number} {json.dumps(one, separators=(',', ':'))}\n" for number, one in enumerate(payloads))
    )
    return Capture([path])


def trade(symbol: str, price: str, size: str) -> dict[str, Any]:
    data = {"e": "trade", "t": 1, "p": price, "q": size, "T": 1, "m": True}
    return {"stream": f"{symbol}@trade", "data": data}


def test_a_symbol_that_nobody_knows_gets_the_tick_and_step_of_its_numbers(tmp_path: Path) -> None:
    found = capture(
        tmp_path / "session",
        trade("nknusdt", "0.35210000", "672.00000000"),
        trade("nknusdt", "0.35500000", "10.50000000"),
        trade("btcusdt", "61737.63000000", "0.02000000"),
        trade("ethbtc", "0.05421300", "0.50000000"),
    )
    one, known, finer = found.symbols
    assert (one.name, one.base, one.quote, one.tick, one.step) == ("NKNUSDT", "NKN", "USDT", 10_000, 10_000_000)
    assert known is KNOWN["BTCUSDT"]
    # Its captured prices are finer than the catalogue's.
    assert (finer.name, finer.base, finer.quote, finer.tick) == ("ETHBTC", "ETH", "BTC", 100)


@pytest.mark.parametrize(
    ("payloads", "text"),
    [
        ([{"stream": "btcusdt@kline_1m", "data": {}}], "no frame of depth, bookTicker, trade or aggTrade"),
        ([trade("a", "0.00000001", "0.1")], "A: its prices and sizes together have more than eight decimals"),
        (
            [trade("btcusdt", "1", "1"), trade("ethusdt", "1", "1"), {"lastUpdateId": 1, "bids": [], "asks": []}],
            "of which of several symbols it is, nothing says",
        ),
        ([{"stream": "btcusdt@trade", "data": {"t": "x"}}], "frame of btcusdt@trade"),
    ],
)
def test_a_capture_that_cannot_be_told_again_is_refused(tmp_path: Path, payloads: list[Any], text: str) -> None:
    with pytest.raises(ReplayError, match=text):
        capture(tmp_path / "session", *payloads)
