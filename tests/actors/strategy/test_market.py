"""What a strategy asks for reaches the bus as it was asked."""

from __future__ import annotations

from typing import Any

from actors.strategy.market import MarketFeeds
from bus import topics


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
