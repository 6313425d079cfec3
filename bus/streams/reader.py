"""The reader: it joins, judges every frame, and hands on what is proved whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bus import topics
from bus.codec import Header, Kind, decode, decode_header
from bus.messages import Empty, Message, StreamStale, Unknown, Unreadable
from bus.streams.position import Position, Verdict
from bus.transport import Frames, Transport

__all__ = ["Handler", "Reader", "Subscription"]

Handler = Callable[[Message, Header, str], None]

REJOIN_MIN_S, REJOIN_MAX_S = 0.02, 2.0
"""Back-off between joins after gaps, and while no state answers them, so that a slow reader does not make its publisher
send states for ever. It starts anew once a reader has been whole for the longer time."""
STALE_LOOK_S = 5.0
"""Between joins of a reader that is STALE for whatever reason: its first state, or the one after a mark, may be lost
like any frame. A publisher that has none to give answers nothing, so such a join costs it microseconds."""


class Subscription:
    """One handler's place in one topic, or in all topics under a prefix."""

    __slots__ = ("_handler", "_on_stale", "_positions", "backoff_s", "exact", "rejoin", "topic", "troubled_until_s")

    def __init__(self, topic: str, handler: Handler, on_stale: Callable[[str, str], None] | None) -> None:
        self.topic = topic
        self.exact = topics.is_exact(topic)
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

    def next_backoff_s(self, now_s: float) -> float:
        """Return how long to wait before the next join."""
        if now_s > self.troubled_until_s:
            self.backoff_s = REJOIN_MIN_S
        delay, self.backoff_s = self.backoff_s, min(self.backoff_s * 2, REJOIN_MAX_S)
        self.troubled_until_s = now_s + delay + REJOIN_MAX_S
        return delay


class Reader:
    """Reads one publisher's streams and hands on what is proved whole."""

    def __init__(
        self, transport: Transport, loop: asyncio.AbstractEventLoop, endpoint: str, server_key: str = ""
    ) -> None:
        self.counters = {"received": 0, "gaps": 0, "marked": 0, "unreadable": 0}
        self._loop = loop
        self._exact: dict[bytes, list[Subscription]] = {}
        self._prefixes: list[tuple[bytes, Subscription]] = []
        self._link = transport.reader(endpoint, self._on_message, server_key)
        self._look = loop.call_later(STALE_LOOK_S, self._look_for_stale)

    def subscribe(self, subscription: Subscription) -> None:
        """Join a topic, or listen under a prefix."""
        name = subscription.topic.encode()
        if subscription.exact:
            self._exact.setdefault(name, []).append(subscription)
        else:
            self._prefixes.append((name, subscription))
        self._link.subscribe(name)

    def unsubscribe(self, subscription: Subscription) -> None:
        """Leave."""
        name = subscription.topic.encode()
        if subscription.exact:
            rest = [other for other in self._exact.get(name, ()) if other is not subscription]
            if rest:
                self._exact[name] = rest
            else:
                self._exact.pop(name, None)
        else:
            self._prefixes = [pair for pair in self._prefixes if pair[1] is not subscription]
        self._link.unsubscribe(name)

    def lose(self, reason: str, before: int) -> None:
        """The publisher's lives before epoch `before` are over."""
        for subscriptions in list(self._exact.values()):
            for subscription in list(subscriptions):
                subscription.lose(reason, before)

    def close(self) -> None:
        """Close the socket."""
        self._look.cancel()
        self._exact.clear()
        self._link.close()

    def _on_message(self, frames: Frames) -> None:
        if len(frames) != 3:
            self.counters["unreadable"] += 1
            return
        name, raw_header, body = frames
        header = decode_header(raw_header)
        if isinstance(header, Unreadable):
            self.counters["unreadable"] += 1
            return
        self.counters["received"] += 1
        message: Message | Unknown | Unreadable | None = None
        for subscription in self._matching(name):
            topic = name.decode(errors="replace")
            verdict = subscription.position(topic).judge(header.kind, header.epoch, header.seq)
            if verdict is Verdict.IGNORE and subscription.exact:
                continue
            if verdict is Verdict.GAP:
                self._gap(subscription, topic)
                if subscription.exact:
                    continue
            elif verdict is Verdict.HEAL:
                self.counters["gaps"] += 1
                subscription.go_stale(topic, "gap")
            if message is None:
                message = decode(body)
            self._hand_on(subscription, message, header, topic)

    def _matching(self, name: bytes) -> list[Subscription]:
        found = self._exact.get(name, [])
        if self._prefixes:
            found = found + [subscription for prefix, subscription in self._prefixes if name.startswith(prefix)]
        return found

    def _hand_on(
        self, subscription: Subscription, message: Message | Unknown | Unreadable, header: Header, topic: str
    ) -> None:
        if isinstance(message, StreamStale):
            subscription.position(topic).stale = subscription.exact
            self.counters["marked"] += 1
            subscription.go_stale(topic, message.reason)
        elif isinstance(message, Message):
            if header.kind == Kind.STATE and isinstance(message, Empty):
                return
            subscription.deliver(message, header, topic)
        else:  # bytes from a newer or broken peer: what was applied here is no longer the whole truth
            self.counters["unreadable"] += 1
            subscription.position(topic).stale = subscription.exact
            self._gap(subscription, topic)

    def _gap(self, subscription: Subscription, topic: str) -> None:
        self.counters["gaps"] += 1
        subscription.go_stale(topic, "gap")
        if subscription.exact:
            self._join_in(subscription.next_backoff_s(self._loop.time()), topic, subscription)

    def _join_in(self, delay_s: float, topic: str, subscription: Subscription, again: bool = False) -> None:
        if subscription.rejoin is not None:
            subscription.rejoin.cancel()
        subscription.rejoin = self._loop.call_later(delay_s, self._rejoin, topic, subscription, again)

    def _rejoin(self, topic: str, subscription: Subscription, again: bool) -> None:
        if subscription in self._exact.get(topic.encode(), ()) and subscription.position(topic).stale:
            if again:
                subscription.next_backoff_s(self._loop.time())
            self._join(topic)
            self._join_in(subscription.backoff_s, topic, subscription, again=True)

    def _look_for_stale(self) -> None:
        self._look = self._loop.call_later(STALE_LOOK_S, self._look_for_stale)
        for subscriptions in self._exact.values():
            if any(each.position(each.topic).stale for each in subscriptions):
                self._join(subscriptions[0].topic)

    def _join(self, topic: str) -> None:
        """Seen by the publisher as one more join; its demand stays as it is. Nothing goes out to one that is gone."""
        self._link.subscribe(topic.encode())
        self._link.unsubscribe(topic.encode())
