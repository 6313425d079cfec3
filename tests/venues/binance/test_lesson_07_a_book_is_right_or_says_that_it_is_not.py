"""Lesson 7: a delta is lost, repeated, out of order, or its snapshot old: STALE at once, then the venue's book (D13).

Faults are the twin's; what is right is the twin's own snapshot at the same number.
"""

from __future__ import annotations

from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from data_desk import ID, changes, live, states, topic
from twin_admin import Admin

from actors.book.order_book import OrderBook
from bus.codec import Kind
from bus.messages import BookAnswer, BookDelta, BookSnapshot, QueryBook, StreamStale
from venues.binance.market_data import MarketData

BOOK = topic("book")


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess) -> Any:
    return floor.start(MarketData, "market_data.BINANCE", "market_data", venue.settings)


@pytest.fixture
def admin(venue: TwinProcess) -> Admin:
    return Admin(venue.greeting["admin"])


def replayed(floor: Floor) -> OrderBook:
    """The book that a reader makes of what was published, held against every rule of the stream on the way."""
    book = OrderBook(ID)
    for header, message in floor.messages(BOOK):
        if isinstance(message, BookSnapshot):
            assert header.kind == Kind.STATE
            if message.seq != book.seq or book.stale:
                book.replace(message)
        elif isinstance(message, StreamStale):
            book.mark_stale(message.reason)
        else:
            assert isinstance(message, BookDelta)
            assert not book.stale, "a delta came while the book was marked"
            assert book.apply(message), book.stale
        assert book.stale or book.bids.best_price < book.asks.best_price  # type: ignore[operator]
    return book


def is_the_twins(floor: Floor, actor: MarketData, admin: Admin) -> None:
    """The market stands still, and readers have exactly the book that the venue has."""
    admin.post("stop")

    def same() -> bool:
        answer = floor.request(actor.name, QueryBook("BINANCE", ID)).body
        assert isinstance(answer, BookAnswer)
        book = replayed(floor)
        found = book.top(0, 0)
        return not book.stale and (found.bids, found.asks, found.seq) == (
            answer.book.bids, answer.book.asks, answer.book.seq,
        )  # fmt: skip

    wait_for(same, "the book is the venue's")


@pytest.mark.parametrize("fault", ["delta_lost", "delta_swapped"])
def test_a_lost_or_reordered_delta_marks_the_book_at_once_and_it_is_the_venues_again(
    floor: Floor, actor: MarketData, admin: Admin, fault: str
) -> None:
    live(floor, BOOK, topic("quote"))
    wait_for(lambda: len(changes(floor, BOOK)) > 3, "deltas come")
    admin.fault(fault, symbol="BTCUSDT")
    wait_for(lambda: floor.desk.stale, "the book is marked")
    wait_for(lambda: len(states(floor, BOOK)) >= 2, "the book is whole again")
    wait_for(lambda: not actor.publisher.is_stale(BOOK), "and believed")
    assert {name for name, _ in floor.desk.stale} == {BOOK}
    assert "gap" in floor.desk.stale[0][1]
    is_the_twins(floor, actor, admin)


def test_a_repeated_delta_is_never_told_twice_and_the_book_stays_the_venues(
    floor: Floor, actor: MarketData, admin: Admin
) -> None:
    live(floor, BOOK)
    wait_for(lambda: len(changes(floor, BOOK)) > 3, "deltas come")
    admin.fault("delta_repeated", symbol="BTCUSDT", count=5)
    seen = actor.counts["deltas"]
    wait_for(lambda: actor.counts["deltas"] > seen + 15, "more deltas come")
    told = [message.seq for message in changes(floor, BOOK) if isinstance(message, BookDelta)]
    assert len(told) == len(set(told))
    is_the_twins(floor, actor, admin)


def test_a_snapshot_that_is_older_than_the_deltas_is_not_believed_and_another_is_taken(
    floor: Floor, venue: TwinProcess, actor: MarketData, admin: Admin
) -> None:
    admin.fault("stale_snapshot", updates_ago=2000, count=2)
    floor.subscribe(BOOK)
    wait_for(lambda: states(floor, BOOK), "the book is whole", limit_s=30)
    wait_for(lambda: len(changes(floor, BOOK)) > 3, "deltas follow")
    is_the_twins(floor, actor, admin)
    asked = [line for line in venue.log("received") if line["method"] == "GET /api/v3/depth"]
    assert len(asked) >= 3


def test_gaps_again_and_again_end_with_the_venues_book_and_with_few_snapshots(
    floor: Floor, venue: TwinProcess, actor: MarketData, admin: Admin
) -> None:
    live(floor, BOOK)
    wait_for(lambda: changes(floor, BOOK), "deltas come")
    for fault in ("delta_lost", "delta_swapped", "delta_repeated", "delta_lost"):
        marks = len(floor.desk.stale)
        admin.fault(fault, symbol="BTCUSDT")
        if fault != "delta_repeated":
            wait_for(lambda marks=marks: len(floor.desk.stale) > marks, f"{fault} is marked")
        wait_for(lambda: not actor.publisher.is_stale(BOOK), "the book is whole again")
    is_the_twins(floor, actor, admin)
    assert actor.counters()["reconnects"] == 0
