"""What a strategy asks for reaches the bus as it was asked."""

from __future__ import annotations

from typing import Any

from actors.strategy.market import MarketFeeds
from bus import topics
from bus.codec import Header
from bus.messages import Bar, Code, TopicStatus


class Owner:
    """A strategy whose member writes down what is joined."""

    def __init__(self) -> None:
        self.member = self
        self.joined: dict[str, bool] = {}

    def subscribe(self, topic: str, handler: Any, on_stale: Any = None, conflate: bool = False) -> None:
        if topic.startswith("status/"):
            return
        assert topic not in self.joined
        self.joined[topic] = conflate

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nothing calls {name} here")


def test_quotes_and_books_are_conflated_where_asked_and_rules_and_trades_never() -> None:
    owner = Owner()
    feeds = MarketFeeds(owner)
    feeds.add("quote", "X.A", "A", conflate=True)
    feeds.add("book", "X.A", "A", 10, conflate=True)
    feeds.add("book", "X.A", "A", 5)
    feeds.add("trade", "X.A", "A")
    feeds.add("quote", "X.A", "A")  # twice is once, as it was first asked for
    assert owner.joined == {
        topics.market("A", "instrument", "X.A"): False,
        topics.market("A", "quote", "X.A"): True,
        topics.book_depth("A", "X.A", 10): True,
        topics.book_depth("A", "X.A", 5): False,
        topics.market("A", "trade", "X.A"): False,
    }


class Told:
    """A strategy that writes down what its feeds say of themselves; nothing comes but what a test hands on."""

    def __init__(self) -> None:
        self.member = self.log = self
        self.states: list[tuple[str, str, str]] = []
        self.handlers: dict[str, Any] = {}
        self.gone: dict[str, Any] = {}

    def subscribe(self, topic: str, handler: Any, on_stale: Any = None, conflate: bool = False) -> None:
        assert topic not in self.handlers
        self.handlers[topic], self.gone[topic] = handler, on_stale

    def error(self, text: str, **fields: Any) -> None:
        """The log's."""

    def on_book_state(self, instrument: str, state: str, reason: str) -> None:
        self.states.append((instrument, state, reason))

    def on_bar(self, bar: Bar) -> None:
        """Nothing is done with it."""

    def handle(self, handler: Any, message: Any, header: Header, topic: str) -> None:
        handler(message)

    def _call(self, handler: Any, *arguments: Any) -> None:
        handler(*arguments)

    def says(self, topic: str, message: Any) -> None:
        self.handlers[topic](message, HEADER, topic)


HEADER = Header(1, 1, "X", 1, 1, 1)


def test_a_refusal_is_said_once_belongs_to_its_topic_alone_and_is_forgotten_when_it_is_over() -> None:
    owner = Told()
    feeds = MarketFeeds(owner)  # type: ignore[arg-type]
    bars, quotes = feeds.add_bars("X.A", "7-MINUTE-LAST", "A", False), feeds.add("quote", "X.A", "A")
    refused = TopicStatus(bars, "REFUSED", Code.UNSUPPORTED, "no such bars")
    owner.says(f"status/{bars}", refused)
    owner.says(f"status/{bars}", refused)
    assert owner.states == [("X.A", "REFUSED", "no such bars")]
    assert (feeds.refusal(bars), feeds.refusal(quotes)) == ("no such bars", "")
    owner.says(f"status/{bars}", TopicStatus(bars, "OPEN"))
    assert feeds.refusal(bars) == ""


def test_a_book_is_refused_with_what_it_is_made_of_whatever_its_depth() -> None:
    owner = Told()
    feeds = MarketFeeds(owner)  # type: ignore[arg-type]
    ten, five = feeds.add("book", "X.A", "A", 10), feeds.add("book", "X.A", "A", 5)
    deltas = topics.market("A", "book", "X.A")
    owner.says(f"status/{deltas}", TopicStatus(deltas, "REFUSED", Code.NO_SUCH_INSTRUMENT, "no X"))
    assert owner.states == [("X.A", "REFUSED", "no X")]
    assert feeds.refusal(ten) == feeds.refusal(five) == "no X"


def test_a_bar_that_is_stale_is_not_shown() -> None:
    owner = Told()
    feeds = MarketFeeds(owner)  # type: ignore[arg-type]
    topic = feeds.add_bars("X.A", "1-MINUTE-LAST", "A", False)
    bar = Bar("X.A", "1-MINUTE-LAST", 1.0, 2.0, 1.0, 2.0, 3.0, True, 0, 60_000_000_000, 1, 1)
    owner.says(topic, bar)
    assert feeds.bars == {("X.A", "1-MINUTE-LAST"): bar}
    owner.gone[topic](topic, "a gap")
    assert feeds.bars == {}
    assert feeds.stale == {topic: "a gap"}
    owner.says(topic, bar)
    assert owner.states == [("X.A", "STALE", "a gap"), ("X.A", "SYNCED", "")]
    assert not feeds.stale
