"""A reader of topics in the test's process: what came, in order, and each mark between."""

from __future__ import annotations

from typing import Any

from bus.codec import Header
from bus.messages import BookDelta, BookSnapshot, Message
from tradefloor import Connection

__all__ = ["Heard", "Listener", "Replica"]


class Heard:
    """What one topic said."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.messages: list[Message] = []
        self.headers: list[Header] = []
        self.marks: list[str] = []
        """Why it was STALE, each time."""
        self.items: list[Message | str] = []
        """Messages and marks, as they came."""
        self.subscription: Any = None

    def take(self, message: Message, header: Header, topic: str) -> None:
        self.messages.append(message)
        self.headers.append(header)
        self.items.append(message)

    def lost(self, topic: str, reason: str) -> None:
        self.marks.append(reason)
        self.items.append(reason)

    @property
    def is_fresh(self) -> bool:
        """True while the newest item is a message."""
        return bool(self.items) and isinstance(self.items[-1], Message)


class Listener(Connection):
    """`connect` with an ear for whole topics."""

    def hear(self, topic: str) -> Heard:
        """Join a topic."""
        heard = Heard(topic)

        async def join() -> None:
            heard.subscription = self._visitor.member.subscribe(topic, heard.take, heard.lost)

        self._run(join())
        return heard

    def leave(self, heard: Heard) -> None:
        """Leave a topic."""

        async def leave() -> None:
            self._visitor.member.unsubscribe(heard.subscription)

        self._run(leave())


class Replica:
    """A book that a stranger would build of what a topic says: no code of ours but the messages' fields."""

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.seq = 0

    def take(self, item: Message | str) -> None:
        """Apply what came; fail where numbers do not follow, or the book is crossed."""
        if isinstance(item, BookSnapshot):
            self.bids, self.asks, self.seq = dict(item.bids), dict(item.asks), item.seq
        elif isinstance(item, BookDelta):
            assert item.prev_seq == self.seq, f"a delta after {item.prev_seq} where the book is at {self.seq}"
            for side, levels in ((self.bids, item.bids), (self.asks, item.asks)):
                for price, size in levels:
                    if size:
                        side[price] = size
                    else:
                        side.pop(price, None)
            self.seq = item.seq
        if self.bids and self.asks:
            assert max(self.bids) < min(self.asks), f"crossed at {self.seq}"

    def top(self, levels: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
        """Return the best levels of both sides."""
        return sorted(self.bids.items(), reverse=True)[:levels], sorted(self.asks.items())[:levels]
