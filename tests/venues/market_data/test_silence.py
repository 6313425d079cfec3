"""Which feeds are due for a look, on a clock of the test's own."""

from __future__ import annotations

from typing import Any

import pytest

from bus.clock import SystemClock
from bus.messages import (
    Bar,
    BookSnapshot,
    CurrencyPair,
    Empty,
    Instrument,
    InstrumentStatusWord,
    Message,
    Quote,
    Ticker,
    Trade,
)
from venues.capabilities import MarketData
from venues.market_data import BarFeed, Feed, TradeFeed, ValueFeed, Want
from venues.market_data.silence import AGAIN_MAX_S, LOOKS_AT_ONCE, SilenceWatch

NAN = float("nan")
ONE = Instrument("A.B", "A", InstrumentStatusWord.TRADING, 0, 0, CurrencyPair("A", "B"))  # type: ignore[arg-type]


class Paper:
    """A publisher that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def publish(self, topic: str, message: Message) -> None:
        self.told.append(message)

    def publish_state(self, topic: str) -> None:
        self.told.append("state")

    def mark_stale(self, topic: str, reason: str) -> None:
        self.told.append(f"stale: {reason}")


def made(kind: type[Feed], messages: list[Message], detail: str = "", rhythm_s: float = 0.0, name: str = "t/") -> Feed:
    """A feed that reads the next of `messages` from whatever comes."""
    rest = iter(messages)
    want = Want(name, MarketData.QUOTE, ONE, detail)
    feed = kind(want, "stream", lambda data, instrument, now: next(rest), Paper(), SystemClock(), rhythm_s)  # type: ignore[arg-type]
    feed.is_open = True
    return feed


def take(feed: Feed, times: int = 1) -> list[Any]:
    """Let messages come; what was published meanwhile."""
    paper: Any = feed._publisher
    before = len(paper.told)
    for _ in range(times):
        feed.taken += 1
        feed.take(b"")  # type: ignore[arg-type]
    return list(paper.told[before:])


def quote(bid: float, ask: float = 11.0) -> Quote:
    return Quote("A.B", bid, ask, 1.0, 1.0, 0, 0, 0)


def bar(opened: int, trades: int, closed: bool = False) -> Bar:
    return Bar("A.B", "1-MINUTE-LAST", 1, 1, 1, 1, 1, closed, opened, 0, 0, trades)


def trade(number: int) -> Trade:
    return Trade("A.B", str(number), 1, 1, "BUYER", 0, 0)  # type: ignore[arg-type]


def test_a_feed_is_due_after_its_silence_and_not_while_it_speaks() -> None:
    watch, feed = SilenceWatch(10.0), made(ValueFeed, [quote(1)] * 9)
    take(feed)
    assert watch.due([feed], 0.0) == []
    assert watch.due([feed], 9.9) == []
    assert watch.due([feed], 10.0) == [feed]
    take(feed)
    assert watch.due([feed], 11.0) == []
    assert watch.due([feed], 20.9) == []
    assert watch.due([feed], 21.0) == [feed]


def test_a_feed_with_a_rhythm_is_due_after_three_beats_and_never_within_three_seconds() -> None:
    watch = SilenceWatch(10.0)
    assert [watch.limit_of(made(ValueFeed, [], rhythm_s=beat)) for beat in (0.1, 1.0, 2.0)] == [3.0, 3.0, 6.0]
    assert watch.grace_s([made(ValueFeed, [], rhythm_s=4.0)]) == 6.0
    assert watch.grace_s([made(ValueFeed, [])]) == 3.0


def test_a_feed_that_is_right_is_left_alone_for_longer_each_time_until_it_speaks() -> None:
    watch, feed = SilenceWatch(10.0), made(ValueFeed, [quote(1)] * 9)
    now, waits = 0.0, []
    watch.due([feed], now)
    for _ in range(5):
        began = now
        while not watch.due([feed], now):
            now += 1.0
        waits.append(now - began)
        watch.right(feed, now)
    assert waits == [10.0, 20.0, 40.0, AGAIN_MAX_S, AGAIN_MAX_S]
    take(feed)
    watch.due([feed], now)
    assert watch.due([feed], now + 10.0) == [feed]


def test_a_feed_that_is_mute_again_and_again_is_tried_more_and_more_seldom_and_forgiven_by_a_word() -> None:
    watch, feed = SilenceWatch(10.0), made(ValueFeed, [quote(1)] * 9)
    assert [watch.mute(feed) for _ in range(3)] == [1, 2, 3]
    watch.due([feed], 0.0)
    assert watch.due([feed], 59.0) == []
    assert watch.due([feed], 60.0) == [feed]
    take(feed)
    assert watch.times_mute(feed) == 0
    assert watch.mute(feed) == 1


def test_a_closed_feed_is_never_due_and_a_turn_has_a_limit() -> None:
    watch = SilenceWatch(10.0)
    feeds = [made(ValueFeed, [], name=f"{number}/") for number in range(LOOKS_AT_ONCE + 5)]
    feeds[0].is_open = False
    watch.due(feeds, 0.0)
    late = watch.due(feeds, 99.0)
    assert len(late) == LOOKS_AT_ONCE
    assert feeds[0] not in late


@pytest.mark.parametrize(
    ("told", "found", "is_behind"),
    [
        (quote(1), quote(1), False),
        (quote(1), quote(2), True),
        (quote(NAN), quote(NAN), False),
        (quote(NAN), quote(1), True),
        (bar(5, 3), bar(5, 3), False),
        (bar(5, 3), bar(5, 4), True),
        (bar(5, 3, closed=True), bar(5, 4), False),
        (bar(5, 3), bar(9, 0), False),
        (bar(5, 3), bar(9, 1), True),
        (bar(9, 3), bar(5, 8), False),
        (Ticker("A.B", 1, 1, 1, 1, 1, 1, 0, 0, trades=9), Ticker("A.B", 1, 2, 2, 2, 2, 2, 0, 0, trades=8), False),
        (Ticker("A.B", 1, 1, 1, 1, 1, 1, 0, 0, trades=9), Ticker("A.B", 1, 1, 1, 1, 1, 1, 0, 0, trades=10), True),
        (Ticker("A.B", 1, 1, 1, 1, 1, 1, 0, 0, trades=9), Ticker("A.B", 2, 1, 1, 1, 1, 1, 0, 0, trades=9), True),
        (BookSnapshot("A.B", [(1, 1)], [], 5, 0, 0, 5), BookSnapshot("A.B", [(1, 1)], [], 9, 0, 0, 5), False),
        (BookSnapshot("A.B", [(1, 1)], [], 5, 0, 0, 5), BookSnapshot("A.B", [(1, 2)], [], 9, 0, 0, 5), True),
        (BookSnapshot("A.B", [(1, 1)], [], 5, 0, 0, 5), BookSnapshot("A.B", [(1, 2)], [], 4, 0, 0, 5), False),
    ],
)
def test_what_the_venue_says_elsewhere_is_held_against_what_was_told(
    told: Message, found: Message, is_behind: bool
) -> None:
    feed = made(ValueFeed, [told])
    take(feed)
    assert feed.lacks(found) is is_behind


def test_trades_are_held_against_the_first_look_where_none_was_told() -> None:
    feed = made(TradeFeed, [trade(7)])
    feed.on_open()
    assert not feed.lacks(trade(5))
    assert not feed.lacks(trade(5))
    assert feed.lacks(trade(6))
    take(feed)
    assert not feed.lacks(trade(7))
    assert feed.lacks(trade(8))


def test_a_missing_trade_is_marked_and_a_repeated_one_is_dropped() -> None:
    messages = [trade(number) for number in (5, 6, 6, 5, 9, 10)]
    feed = made(TradeFeed, messages)
    feed.on_open()
    assert feed.state() == Empty()
    five, six, *_ = messages
    assert take(feed, 4) == [five, six]
    assert take(feed, 2) == ["stale: gap: trade 9 comes after 6", "state", messages[4], messages[5]]


def test_a_bar_closes_once_and_nothing_of_it_or_before_it_comes_after() -> None:
    first, last = bar(5, 1), bar(5, 3, closed=True)
    messages: list[Message] = [first, last, bar(5, 3, closed=True), bar(5, 4), bar(4, 9), bar(6, 1)]
    feed = made(BarFeed, messages, detail="1-MINUTE-LAST")
    assert take(feed, 6) == ["state", last, messages[5]]


def test_a_bar_that_closed_is_not_told_again_after_a_loss() -> None:
    messages: list[Message] = [bar(5, 3, closed=True), bar(5, 3, closed=True), bar(6, 1)]
    feed = made(BarFeed, messages, detail="1-MINUTE-LAST")
    assert take(feed) == ["state"]
    feed.lose("cut")
    assert not feed.begin_with(bar(5, 9))
    assert take(feed) == []
    assert take(feed) == ["state"]
    assert feed.state() == messages[2]


def test_a_bar_of_another_interval_is_no_message_of_the_feed() -> None:
    feed = made(BarFeed, [bar(5, 3)], detail="1-HOUR-LAST")
    with pytest.raises(ValueError, match="a bar of 1-MINUTE-LAST on the stream of 1-HOUR-LAST"):
        feed.take(b"")  # type: ignore[arg-type]
