"""The sequenced publisher: it numbers, answers joins with states, and follows the demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from bus import topics
from bus.clock import Clock
from bus.codec import WIRE_VERSION, Header, Kind, encode
from bus.messages import Message, StreamStale
from bus.transport import Frames, Link, PrivateLink, Transport

__all__ = ["Publisher"]

TOPIC_LIMIT = 20_000
"""Topics that one publisher opens; beyond it demand is refused, so a hostile reader cannot fill its memory."""
LINGER_S = 3.0
"""How long a topic stays open after its last reader, so that a restarted one costs the venue nothing."""
NAMELESS_LOOK_S = 0.02
"""Between looks at whether the directory has named this life yet: joins wait for that."""


class Publisher:
    """Owns the topics under some prefixes and publishes them in order.

    `state(topic)` gives a topic's whole state, `Empty()` for a topic that has none, or None where it is not known yet
    (then `publish_state` follows once it is). `opened` and `closed` are told of the demand for exact topics.

    Where a `private_endpoint` is given, private topics are published there alone, to readers whose key `may_read`
    them. They open nothing and close nothing: what an account does is published whether or not somebody reads it.
    """

    def __init__(
        self,
        transport: Transport,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        endpoint: str,
        sender: str,
        prefixes: Iterable[str],
        state: Callable[[str], Message | None],
        opened: Callable[[str], None],
        closed: Callable[[str], None],
        private_endpoint: str = "",
        may_read: Callable[[str, str], bool] = lambda key, topic: True,
    ) -> None:
        self.sender = sender
        self.epoch = 0
        self.prefixes = tuple(prefixes)
        self.demand: set[str] = set()
        self.counters = {"published": 0, "dropped": 0, "refused_subscriptions": 0}
        self._loop = loop
        self._clock = clock
        self._state, self._opened, self._closed = state, opened, closed
        self._seq: dict[str, int] = {}
        self._stale: dict[str, str] = {}
        self._wanted: set[str] = set()
        self._lingering: dict[str, asyncio.TimerHandle] = {}
        self._may_read = may_read
        self._link: Link = transport.publisher(endpoint, self._on_subscription)
        self._private_link: PrivateLink | None = None
        if private_endpoint and any(map(topics.is_private, self.prefixes)):
            self._private_link = transport.private_publisher(private_endpoint, self._grant)

    def publish(self, topic: str, message: Message, seq: int | None = None) -> int:
        """Publish a change and return its number. `seq` is given by owners whose journal counts."""
        number = self._seq.get(topic, 0) + 1 if seq is None else seq
        self._seq[topic] = number
        self._send(topic, Kind.CHANGE, number, message)
        return number

    def publish_state(self, topic: str) -> None:
        """Publish the topic's whole state to all its readers; ends a stale mark."""
        self._stale.pop(topic, None)
        message = self._state(topic)
        if message is not None:
            self._send(topic, Kind.STATE, self._seq.get(topic, 0), message)

    def mark_stale(self, topic: str, reason: str) -> None:
        """Mark a loss: readers are STALE from here on until `publish_state`. A second mark in a row says nothing."""
        if topic not in self._stale:
            self._stale[topic] = reason
            self.publish(topic, StreamStale(reason, self._clock.time_ns()))

    def is_stale(self, topic: str) -> bool:
        """True between a mark and the state that ends it."""
        return topic in self._stale

    def set_seq(self, topic: str, seq: int) -> None:
        """Go on counting where a journal stands."""
        self._seq[topic] = seq

    @property
    def remote(self) -> str:
        """Where other hosts find our open topics, by key; empty where they do not."""
        return ""

    @property
    def remote_private(self) -> str:
        """Where other hosts find our private topics."""
        return self._private_link.remote if self._private_link is not None else ""

    @property
    def is_private(self) -> bool:
        """True where some topics are published by key alone."""
        return self._private_link is not None

    def admit_anew(self) -> None:
        """Cut all readers of private topics off; they come again, and are asked for their keys again."""
        if self._private_link is not None:
            self._private_link.renew()

    def close(self) -> None:
        """Close the sockets."""
        for timer in self._lingering.values():
            timer.cancel()
        self._link.close()
        if self._private_link is not None:
            self._private_link.close()

    def _send(self, topic: str, kind: Kind, seq: int, message: Message) -> None:
        header = Header(WIRE_VERSION, kind, self.sender, self.epoch, seq, self._clock.time_ns())
        link = self._private_link if self._private_link is not None and topics.is_private(topic) else self._link
        sent = link.send(topic.encode(), encode(header), encode(message))
        self.counters["published" if sent else "dropped"] += 1

    def _on_subscription(self, frames: Frames) -> None:
        first = frames[0]
        if len(frames) != 1 or first[:1] not in (b"\0", b"\1"):
            self.counters["refused_subscriptions"] += 1
            return
        try:
            topic = first[1:].decode()
        except UnicodeDecodeError:
            self.counters["refused_subscriptions"] += 1
            return
        if not (topics.is_exact(topic) and topic.startswith(self.prefixes)):
            return  # a broader prefix, such as the tap's, opens nothing
        if first[0]:
            self._join(topic)
        elif topic in self.demand and topic not in self._lingering:
            self._lingering[topic] = self._loop.call_later(LINGER_S, self._leave, topic)

    def _join(self, topic: str) -> None:
        timer = self._lingering.pop(topic, None)
        if timer is not None:
            timer.cancel()
        if topic not in self.demand:
            if len(self.demand) >= TOPIC_LIMIT:
                self.counters["refused_subscriptions"] += 1
                return
            self.demand.add(topic)
            self._opened(topic)
        self._want(topic)

    def _grant(self, raw: bytes, key: str) -> bool:
        """Say whether a reader may have a private topic; where it is an exact one, its state follows."""
        try:
            topic = raw.decode()
        except UnicodeDecodeError:
            self.counters["refused_subscriptions"] += 1
            return False
        if not self._may_read(key, topic):
            self.counters["refused_subscriptions"] += 1
            return False
        if topics.is_exact(topic) and topic.startswith(self.prefixes):
            self._want(topic)
        return True

    def _want(self, topic: str) -> None:
        if not self._wanted:
            self._loop.call_soon(self._flush)
        self._wanted.add(topic)

    def _flush(self) -> None:
        wanted, self._wanted = self._wanted, set()
        if not self.epoch:  # nobody may believe us before the directory has named this life
            self._loop.call_later(NAMELESS_LOOK_S, self._rewant, wanted)
            return
        for topic in wanted:
            if topic not in self._stale:
                self.publish_state(topic)

    def _rewant(self, wanted: set[str]) -> None:
        self._wanted |= wanted
        self._flush()

    def _leave(self, topic: str) -> None:
        self._lingering.pop(topic, None)
        self.demand.discard(topic)
        self._closed(topic)
