"""One handler's place in one topic, or in all topics under a prefix."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bus import topics
from bus.codec import Header
from bus.messages import Message
from bus.streams.position import Position

__all__ = ["Handler", "Subscription"]

Handler = Callable[[Message, Header, str], None]

REJOIN_MIN_S, REJOIN_MAX_S = 0.02, 2.0
"""Back-off between joins after gaps, and while no state answers them, so that a slow reader does not make its publisher
send states for ever. It starts anew once a reader has been whole for the longer time."""


class Subscription:
    """One handler's place in one topic, or in all topics under a prefix.

    A conflated one is given the newest whole message when the reader has caught up; what waited before it is dropped
    unread. Raises ValueError for a topic that cannot be conflated, because a change is less than a whole value there.
    """

    __slots__ = (
        "_handler", "_on_stale", "_positions", "backoff_s", "conflate", "exact", "rejoin", "topic", "troubled_until_s",
    )  # fmt: skip

    def __init__(
        self,
        topic: str,
        handler: Handler,
        on_stale: Callable[[str, str], None] | None,
        conflate: bool = False,
    ) -> None:
        if conflate and not topics.is_whole(topic):
            raise ValueError(
                f"{topic} cannot be conflated: only exact topics of market/.../quote and instrument and of "
                "book/.../depth and reference can, where every message is the whole value"
            )
        self.topic = topic
        self.exact = topics.is_exact(topic)
        self.conflate = conflate
        self.backoff_s = REJOIN_MIN_S
        self.troubled_until_s = 0.0
        self.rejoin: asyncio.TimerHandle | None = None
        self._handler = handler
        self._on_stale = on_stale
        self._positions: dict[str, Position] = {}

    def position(self, topic: str) -> Position:
        """Where the reader stands in `topic`."""
        place = self._positions.get(topic)
        if place is None:
            place = self._positions[topic] = Position(joins=self.exact)
        return place

    @property
    def is_stale(self) -> bool:
        """True when the reader of an exact topic believes nothing of it."""
        return self.position(self.topic).stale

    def deliver(self, message: Message, header: Header, topic: str) -> None:
        """Hand a message to the handler."""
        self._handler(message, header, topic)

    def go_stale(self, topic: str, reason: str) -> None:
        """Tell the handler that the topic is not to be trusted until the next state."""
        if self._on_stale is not None:
            self._on_stale(topic, reason)

    def lose(self, reason: str, before: int) -> None:
        """The publisher's lives before epoch `before` are over: nothing of them is to be trusted."""
        if self.position(self.topic).lose(before):
            self.go_stale(self.topic, reason)

    def close(self, topic: str) -> None:
        """The publisher forgets the topic."""
        if self.exact:
            self.position(topic).close()
        else:
            self._positions.pop(topic, None)

    def next_backoff_s(self, now_s: float) -> float:
        """Return how long to wait before the next join."""
        if now_s > self.troubled_until_s:
            self.backoff_s = REJOIN_MIN_S
        delay, self.backoff_s = self.backoff_s, min(self.backoff_s * 2, REJOIN_MAX_S)
        self.troubled_until_s = now_s + delay + REJOIN_MAX_S
        return delay
