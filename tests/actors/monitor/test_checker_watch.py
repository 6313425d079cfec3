"""What a reader holds becomes spans; what the bus itself must never do is counted as unmarked."""

from __future__ import annotations

import pytest

from actors.monitor.checker.spans import BOOK, QUOTE, TRADE
from actors.monitor.checker.watch import Feed, Watch, Watched
from bus.codec import WIRE_VERSION, Header, Kind
from bus.messages import AggressorSide, BookSnapshot, DirectoryEntry, Message, Quote, Trade

INSTRUMENT = "BTCUSDT.BINANCE"
NAN = float("nan")


def give(feed: Feed, kind: Kind, seq: int, message: Message, epoch: int = 1) -> None:
    feed.on_message(message, Header(WIRE_VERSION, kind, "feed", epoch, seq, 0), feed.topic)


def quote(number: int, bid: float = 1.0, instrument: str = INSTRUMENT) -> Quote:
    return Quote(instrument, bid, 2.0, 3.0, 4.0, number, 0, 1)


def trade(number: int) -> Trade:
    return Trade(INSTRUMENT, str(number), 1.0, 2.0, AggressorSide.BUYER, 5, 1)


@pytest.fixture
def quotes() -> Feed:
    """A topic of quotes whose state was read under number 7."""
    feed = Feed(Watched("BINANCE", INSTRUMENT), QUOTE)
    give(feed, Kind.STATE, 7, quote(70))
    return feed


def test_a_span_goes_from_a_state_to_a_mark(quotes: Feed) -> None:
    give(quotes, Kind.CHANGE, 8, quote(80, bid=NAN))
    quotes.on_stale(quotes.topic, "gap")
    give(quotes, Kind.STATE, 12, quote(90))
    first, second = quotes.spans
    assert (first.state, first.changes) == ((70, 1.0, 2.0, 3.0, 4.0), [(80, None, 2.0, 3.0, 4.0)])
    assert (second.state, second.changes) == ((90, 1.0, 2.0, 3.0, 4.0), [])
    assert (quotes.marks, quotes.messages, quotes.faults) == (1, 3, [])


def test_trades_need_no_state() -> None:
    feed = Feed(Watched("BINANCE", INSTRUMENT), TRADE)
    give(feed, Kind.CHANGE, 4, trade(1))
    give(feed, Kind.CHANGE, 5, trade(2))
    assert [key[0] for key in feed.spans[0].changes] == ["1", "2"]
    assert (feed.spans[0].state, feed.faults) == (None, [])


def test_a_snapshot_is_kept_with_its_number() -> None:
    feed = Feed(Watched("BINANCE", INSTRUMENT), BOOK)
    snapshot = BookSnapshot(INSTRUMENT, [(1.0, 2.0)], [], 55, 0, 0)
    give(feed, Kind.STATE, 1, snapshot)
    assert (feed.spans[0].state, feed.spans[0].snapshot) == ((55,), snapshot)


def test_a_number_that_does_not_follow_is_a_fault(quotes: Feed) -> None:
    give(quotes, Kind.CHANGE, 9, quote(80))
    assert quotes.faults == ["number 9 follows 7 without a mark"]


def test_an_epoch_that_begins_without_a_mark_is_a_fault(quotes: Feed) -> None:
    give(quotes, Kind.CHANGE, 8, quote(80), epoch=2)
    assert quotes.faults == ["epoch 2 follows 1 without a mark"]
    give(quotes, Kind.STATE, 9, quote(90), epoch=3)
    assert len(quotes.faults) == 2


def test_a_message_of_another_kind_or_instrument_is_a_fault(quotes: Feed) -> None:
    give(quotes, Kind.CHANGE, 8, trade(1))
    give(quotes, Kind.CHANGE, 9, quote(80, instrument="ETHUSDT.BINANCE"))
    assert quotes.fault_count == 2


def test_a_mark_at_the_end_counts_only_while_the_publisher_is_there(quotes: Feed) -> None:
    quotes.on_stale(quotes.topic, "its publisher is gone")
    quotes.finish(is_live=False)
    assert quotes.marks == 0
    quotes.finish(is_live=True)
    assert quotes.marks == 1


def test_it_remembers_when_a_strategy_left_until_it_is_back() -> None:
    watch = Watch(())
    gone = DirectoryEntry("maker", "strategy", 1, live=False)
    watch.on_entry(DirectoryEntry("maker", "strategy", 1))
    watch.on_entry(DirectoryEntry("gate", "gate", 1, live=False))
    assert watch.left_ns == {}
    watch.on_entry(gone)
    first = watch.left_ns["maker"]
    watch.on_entry(gone)
    assert watch.left_ns == {"maker": first}
    watch.on_entry(DirectoryEntry("maker", "strategy", 2))
    assert watch.left_ns == {}
