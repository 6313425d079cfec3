"""Lesson 16: a consumer that is too slow must not trade on old data, and must not lose a fill by being given new data.

Every message says how old it is; books are conflated for who asks for that, and what happened to orders never is.
"""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from data_desk import ID
from order_samples import a_fill, a_state

from actors.book import BookActor
from actors.runtime import Actor
from bus import topics
from bus.codec import Header
from bus.messages import BookSnapshot, ExecutionUpdate, Message, OrderStatus
from venues.binance.market_data import MarketData

BOOK = topics.book_depth("BINANCE", ID, 10)
FILLS = topics.topic("execution", "alpha")
STALL_S = 2.0
"""How long the reader is busy: twenty updates of a book that changes ten times a second."""
FRESH_S = 0.7
COUNT = 500


class Teller(Actor):
    """Publishes a strategy's fills, as the reconciler does."""

    prefixes = ("execution/",)

    def tell_all(self) -> None:
        for number in range(COUNT):
            fill = a_fill(f"t{number}", size=Decimal(1))
            self.publisher.publish(FILLS, ExecutionUpdate(a_state(OrderStatus.ACCEPTED), fill))


@pytest.fixture
def books(floor: Floor, venue: TwinProcess) -> Any:
    floor.start(MarketData, "market_data.BINANCE", "market_data", venue.settings)
    return floor.start(BookActor, "book.BINANCE", "book")


def stalled(floor: Floor) -> threading.Event:
    """Keep the reader's loop busy for a while; the event is set when it begins."""
    begun = threading.Event()

    def work() -> None:
        begun.set()
        time.sleep(STALL_S)  # the fault itself: a handler that blocks

    floor.desk.loop.call_soon_threadsafe(work)
    assert begun.wait(5)
    return begun


def test_a_reader_that_was_busy_is_given_the_newest_book_and_told_what_it_skipped(floor: Floor, books: Any) -> None:
    ages: list[tuple[float, float]] = []

    def keep(message: Message, header: Header, topic: str) -> None:
        assert isinstance(message, BookSnapshot)
        now = time.time_ns()
        ages.append(((now - message.ts_init) / 1e9, (now - header.ts_sent) / 1e9))

    floor.call(lambda: floor.desk.member.subscribe(BOOK, keep, None, True))
    wait_for(lambda: len(ages) > 5, "books come")
    skipped, seen = floor.desk.member.counters()["conflated"], len(ages)
    stalled(floor)
    wait_for(lambda: len(ages) > seen + 3, "books come after the stall")
    assert floor.desk.member.counters()["conflated"] >= skipped + 5
    late = [age for age in ages[seen:] if max(age) > FRESH_S]
    assert not late, f"old books were handed on after the stall: {late}"


def test_every_fill_comes_in_order_to_a_reader_that_was_busy(floor: Floor) -> None:
    teller = floor.start(Teller, "teller", "reconciler")
    reading = floor.subscribe(FILLS)
    wait_for(lambda: not reading.is_stale, "the reader has joined")
    stalled(floor)
    teller.loop.call_soon_threadsafe(teller.tell_all)
    fills = [message.fill for _, message in floor.messages(FILLS) if isinstance(message, ExecutionUpdate)]
    assert not fills, "the reader is still busy"

    def told() -> list[str]:
        read = [message for _, message in floor.messages(FILLS) if isinstance(message, ExecutionUpdate)]
        return [message.fill.trade_id for message in read if message.fill is not None]

    wait_for(lambda: len(told()) >= COUNT, "every fill comes")
    assert told() == [f"t{number}" for number in range(COUNT)]


@pytest.mark.parametrize(
    "topic",
    [
        FILLS,
        topics.topic("account", "BINANCE"),
        topics.market("BINANCE", "trade", ID),
        topics.market("BINANCE", "book", ID),
    ],
)
def test_where_each_message_counts_nobody_can_ask_for_the_newest_alone(floor: Floor, topic: str) -> None:
    with pytest.raises(ValueError, match="cannot be conflated"):
        floor.call(lambda: floor.desk.member.subscribe(topic, floor.desk.keep, None, True))
