"""A book is right or it says that it is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.book import OrderBook
from bus.messages import BookDelta, BookSnapshot

BTC = "BTCUSDT.BINANCE"
BIDS, ASKS = [(99.0, 1.0), (98.0, 2.0)], [(101.0, 3.0), (102.0, 4.0)]


def snapshot(seq: int = 10, bids: object = None, asks: object = None) -> BookSnapshot:
    return BookSnapshot(BTC, BIDS if bids is None else bids, ASKS if asks is None else asks, seq, 1000 + seq, 0)  # type: ignore[arg-type]


def delta(prev_seq: int, seq: int, bids: object = (), asks: object = ()) -> BookDelta:
    return BookDelta(BTC, list(bids), list(asks), prev_seq, seq, 1000 + seq, 0)  # type: ignore[call-overload]


@pytest.fixture
def book() -> OrderBook:
    whole = OrderBook(BTC)
    whole.replace(snapshot())
    return whole


def test_a_book_is_stale_until_its_first_snapshot() -> None:
    book = OrderBook(BTC)
    assert book.stale == "no snapshot yet"
    assert not book.apply(delta(0, 1, [(99.0, 1.0)]))
    assert (len(book.bids), book.mid) == (0, None)
    book.replace(snapshot())
    assert (book.stale, book.mid, book.seq) == ("", 100.0, 10)


def test_changes_that_follow_on_each_other_are_applied(book: OrderBook) -> None:
    assert book.apply(delta(10, 11, [(99.5, 1.0)], [(101.0, 0.0)]))
    assert book.apply(delta(11, 15, [(99.5, 0.0)], [(100.5, 2.0)]))
    assert book.top(1, 7) == BookSnapshot(BTC, [(99.0, 1.0)], [(100.5, 2.0)], 15, 1015, 7, 1)
    assert book.top(0, 7).bids == BIDS


@pytest.mark.parametrize(("prev_seq", "seq"), [(11, 12), (9, 11), (0, 11), (10**9, 10**9 + 1)])
def test_a_gap_makes_it_stale_and_changes_nothing(book: OrderBook, prev_seq: int, seq: int) -> None:
    assert not book.apply(delta(prev_seq, seq, [(99.9, 9.0)]))
    assert book.stale == f"gap: at 10, next begins after {prev_seq}"
    assert (book.bids.best(), book.seq) == (BIDS, 10)


def test_what_is_stale_takes_no_changes_until_a_snapshot(book: OrderBook) -> None:
    book.mark_stale("mute stream")
    assert not book.apply(delta(10, 11, [(99.9, 9.0)]))
    book.mark_stale("another reason")
    assert (book.stale, book.bids.best()) == ("mute stream", BIDS)
    book.replace(snapshot(seq=50))
    assert book.stale == ""
    assert book.apply(delta(50, 51, [(99.9, 9.0)]))


@pytest.mark.parametrize("bid", [101.0, 101.5, 200.0])
def test_a_bid_at_or_over_the_best_ask_makes_it_stale(book: OrderBook, bid: float) -> None:
    assert not book.apply(delta(10, 11, [(bid, 1.0)]))
    assert book.stale == f"crossed: bid {bid} at or over ask 101.0"


def test_a_snapshot_that_is_crossed_is_not_trusted_either(book: OrderBook) -> None:
    book.replace(snapshot(seq=20, bids=[(101.0, 1.0)]))
    assert book.stale.startswith("crossed")
    book.replace(snapshot(seq=21))
    assert book.stale == ""


def test_an_ask_that_passes_through_the_bid_in_one_change_is_no_cross(book: OrderBook) -> None:
    assert book.apply(delta(10, 11, [(99.0, 0.0), (98.0, 0.0), (97.0, 1.0)], [(98.0, 1.0)]))
    assert book.mid == 97.5


@pytest.mark.parametrize(("bids", "asks"), [([], ASKS), (BIDS, []), ([], [])])
def test_a_side_that_is_empty_has_no_mid_and_is_no_cross(bids: object, asks: object) -> None:
    book = OrderBook(BTC)
    book.replace(snapshot(bids=bids, asks=asks))
    assert (book.stale, book.mid) == ("", None)


@pytest.mark.parametrize(
    ("bids", "asks", "count", "imbalance"),
    [
        ([(9, 3.0)], [(10, 1.0)], 1, 0.5),
        ([(9, 1.0)], [(10, 3.0)], 1, -0.5),
        ([(9, 1.0)], [], 1, 1.0),
        ([], [(10, 1.0)], 1, -1.0),
        ([], [], 5, 0.0),
        ([(9, 1.0), (8, 5.0)], [(10, 1.0), (11, 1.0)], 1, 0.0),
        ([(9, 1.0), (8, 5.0)], [(10, 1.0), (11, 1.0)], 2, 0.5),
        ([(9, 1.0), (8, 5.0)], [(10, 1.0), (11, 1.0)], 50, 0.5),
    ],
)
def test_imbalance_weighs_the_best_levels_from_minus_1_to_1(
    bids: object, asks: object, count: int, imbalance: float
) -> None:
    assert snapshot(bids=bids, asks=asks).imbalance(count) == imbalance


steps = st.lists(
    st.tuples(
        st.sampled_from(["next", "skip", "repeat", "snapshot", "mark"]),
        st.lists(st.tuples(st.integers(90, 99).map(float), st.sampled_from([0.0, 1.0, 2.0])), max_size=3),
        st.lists(st.tuples(st.integers(97, 106).map(float), st.sampled_from([0.0, 1.0, 2.0])), max_size=3),
    ),
    max_size=30,
)


@settings(max_examples=500, deadline=None)
@given(steps)
def test_a_book_that_is_not_stale_is_what_a_reader_of_every_change_would_have(
    history: list[tuple[str, list[tuple[float, float]], list[tuple[float, float]]]],
) -> None:
    """The truth takes every change; the book may miss some, and must then say so."""
    book, bids, asks, seq = OrderBook(BTC), dict(BIDS), dict(ASKS), 10
    last = delta(9, 10)
    for what, bid_changes, ask_changes in history:
        if what == "snapshot":
            book.replace(snapshot(seq, list(bids.items()), list(asks.items())))
        elif what == "mark":
            book.mark_stale("mute")
        elif what == "repeat":
            book.apply(last)
        else:
            for side, changes in ((bids, bid_changes), (asks, ask_changes)):
                for price, size in changes:
                    side.pop(price, None)
                    if size:
                        side[price] = size
            seq += 1
            last = delta(seq - 1, seq, bid_changes, ask_changes)
            if what == "next":
                assert book.apply(last) == (not book.stale)
        if not book.stale and book.seq == seq:
            assert dict(book.bids.best()) == bids
            assert dict(book.asks.best()) == asks
            assert not bids or not asks or max(bids) < min(asks)
