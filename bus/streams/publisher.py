"""The sequenced publisher: it numbers, answers joins with states, and follows the demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

from bus import topics
from bus.clock import Clock
from bus.codec import WIRE_VERSION, Header, Kind, encode
from bus.messages import Message, StreamHeartbeat, StreamStale
from bus.streams.numbers import Numbers
from bus.streams.pulse import HEARTBEAT_S, HEARTBEAT_TOPICS
from bus.transport import Frames, Link, PrivateLink, Transport

__all__ = ["Publisher"]

TOPIC_LIMIT = 20_000
"""Topics that one publisher opens; beyond it demand is refused, so a hostile reader cannot fill its memory."""
LINGER_S = 3.0
"""How long a topic stays open after its last reader, so that a restarted one costs the venue nothing."""
CLOSED = "closed: its last reader left"
"""What a stream says at its end."""
NAMELESS_LOOK_S = 0.02
"""Between looks at whether the directory has named this life yet: joins wait for that."""

HERE, ELSEWHERE = 1, 2
"""On which of the open sockets a topic is read: bits of a sum."""


class Publisher:
    """Owns the topics under some prefixes and publishes them in order.

    `state(topic)` gives a topic's whole state, `Empty()` for a topic that has none, or None where it is not known yet
    (then `publish_state` follows once it is). `opened` and `closed` are told of the demand for exact topics.

    Where a `private_endpoint` is given, private topics are published there alone, to readers whose key `may_read`
    them. They open nothing and close nothing: what an account does is published whether or not somebody reads it. With
    `remote`, a ``tcp://HOST:PORT``, other hosts find both kinds there, each on a socket of its own, by key. `share` as
    in `Register`.
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
        opened: Callable[[str], None] = lambda topic: None,
        closed: Callable[[str], None] = lambda topic: None,
        private_endpoint: str = "",
        may_read: Callable[[str, str], bool] = lambda key, topic: True,
        remote: str = "",
        share: tuple[int, int] = (0, 1),
    ) -> None:
        self.sender = sender
        self.epoch = 0
        self.prefixes = tuple(prefixes)
        self.share = share
        self.demand: set[str] = set()
        self.counters = dict.fromkeys(("published", "dropped", "refused_subscriptions", "foreign_subscriptions"), 0)
        self._loop = loop
        self._clock = clock
        self._state, self._opened, self._closed = state, opened, closed
        self._numbers = Numbers()
        self._stale: dict[str, str] = {}
        self._wanted: set[str] = set()
        self._lingering: dict[str, asyncio.TimerHandle] = {}
        self._may_read = may_read
        self._read_on: dict[str, int] = {}
        self._heartbeat = topics.topic("heartbeat", sender)
        self._open: list[Link] = [transport.publisher(endpoint, partial(self._on_subscription, HERE))]
        self._remote: PrivateLink | None = None
        if remote:
            self._remote = transport.remote_publisher(remote, partial(self._on_subscription, ELSEWHERE))
            self._open.append(self._remote)
        self._private: PrivateLink | None = None
        if private_endpoint and any(map(topics.is_private, self.prefixes)):
            self._private = transport.private_publisher(private_endpoint, self._grant, remote)
        self._beating = loop.call_later(HEARTBEAT_S, self._beat)

    def publish(self, topic: str, message: Message, seq: int | None = None) -> int:
        """Publish a change and return its number. `seq` is given by owners whose journal counts."""
        if seq is None:
            number = self._numbers.next(topic)
        else:
            number = seq
            self._numbers.give(topic, seq)
        self._send(topic, Kind.CHANGE, number, message)
        return number

    def publish_state(self, topic: str) -> None:
        """Publish the topic's whole state to all its readers; ends a stale mark."""
        self._stale.pop(topic, None)
        message = self._state(topic)
        if message is not None:
            # private topics are never closed, so what is asked for at them must not be remembered
            seq = self._numbers.peek(topic) if self._is_apart(topic) else self._numbers.at(topic)
            self._send(topic, Kind.STATE, seq, message)

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
        self._numbers.give(topic, seq)

    @property
    def remote(self) -> str:
        """Where other hosts find our open topics; empty where they do not."""
        return self._remote.remote if self._remote is not None else ""

    @property
    def remote_private(self) -> str:
        """Where other hosts find our private topics."""
        return self._private.remote if self._private is not None else ""

    @property
    def is_private(self) -> bool:
        """True where some topics are published by key alone."""
        return self._private is not None

    def admit_anew(self) -> None:
        """Cut all readers off that came by a key; they come again, and are asked for it again."""
        if self._private is not None:
            self._private.renew()
        if self._remote is not None:
            self._remote.renew()
            for topic in list(self._read_on):  # libzmq forgets them without a word
                self._not_read_on(topic, ELSEWHERE)

    def close(self) -> None:
        """Close the sockets. May be called twice."""
        self._beating.cancel()
        for timer in self._lingering.values():
            timer.cancel()
        for link in self._open:
            link.close()
        if self._private is not None:
            self._private.close()

    def _is_apart(self, topic: str) -> bool:
        """True for a topic that goes out on the private socket."""
        return self._private is not None and topics.is_private(topic)

    def _send(self, topic: str, kind: Kind, seq: int, message: Message) -> None:
        header = Header(WIRE_VERSION, kind, self.sender, self.epoch, seq, self._clock.time_ns())
        name, raw_header, body = topic.encode(), encode(header), encode(message)
        if self._private is not None and topics.is_private(topic):
            sent = self._private.send(name, raw_header, body)
        else:
            sent = True
            for link in self._open:
                sent &= link.send(name, raw_header, body)
        self.counters["published" if sent else "dropped"] += 1

    def _beat(self) -> None:
        """Say on each socket, in order with its changes, where its topics stand; also where nothing changed."""
        self._beating = self._loop.call_later(HEARTBEAT_S, self._beat)
        if not self.epoch:
            return
        last = self._numbers.beat()
        name = self._heartbeat.encode()
        header = encode(Header(WIRE_VERSION, Kind.HEARTBEAT, self.sender, self.epoch, 0, self._clock.time_ns()))
        apart = {topic: seq for topic, seq in last.items() if self._is_apart(topic)}
        shared = {topic: seq for topic, seq in last.items() if topic not in apart} if apart else last
        for part in map(encode, map(StreamHeartbeat, _parts(shared))):
            for link in self._open:
                self.counters["dropped"] += not link.send(name, header, part)
        if self._private is not None:
            for part in map(encode, map(StreamHeartbeat, _parts(apart))):
                self.counters["dropped"] += not self._private.send(name, header, part)

    def _on_subscription(self, socket: int, frames: Frames) -> None:
        first = frames[0]
        if len(frames) != 1 or first[:1] not in (b"\0", b"\1"):
            self.counters["refused_subscriptions"] += 1
            return
        try:
            topic = first[1:].decode()
        except UnicodeDecodeError:
            self.counters["refused_subscriptions"] += 1
            return
        if self._is_apart(topic) or not self._is_ours(topic):
            if first[0] and topic != self._heartbeat and not self._is_wider(topic):
                self.counters["foreign_subscriptions"] += 1
            return  # a broader prefix, such as the tap's, opens nothing
        if first[0]:
            self._read_on[topic] = self._read_on.get(topic, 0) | socket
            self._join(topic)
        else:
            self._not_read_on(topic, socket)

    def _not_read_on(self, topic: str, socket: int) -> None:
        """The last reader on a socket has left; the last on both closes the topic, after a while."""
        if topic in self.demand and topic not in self._lingering:
            self._read_on[topic] &= ~socket
            if not self._read_on[topic]:
                self._lingering[topic] = self._loop.call_later(LINGER_S, self._leave, topic)

    def _join(self, topic: str) -> None:
        timer = self._lingering.pop(topic, None)
        if timer is not None:
            timer.cancel()
        if topic not in self.demand:
            if len(self.demand) >= TOPIC_LIMIT:
                del self._read_on[topic]
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
        if self._is_ours(topic):
            self._want(topic)
        return True

    def _want(self, topic: str) -> None:
        """Publish the topic's state at the end of this turn."""
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
        self._read_on.pop(topic, None)
        self._say_closed(topic)
        self._closed(topic)
        self._forget(topic)
        status = f"status/{topic}"
        if status not in self.demand and status.startswith(self.prefixes):
            self._say_closed(status)
            self._forget(status)

    def _say_closed(self, topic: str) -> None:
        """Mark the stream's end: a reader that wants it all the same joins again."""
        if topic in self._numbers and not self._numbers.is_given(topic) and topic not in self._stale:
            self._stale[topic] = CLOSED
            self.publish(topic, StreamStale(CLOSED, self._clock.time_ns(), closed=True))

    def _forget(self, topic: str) -> None:
        """Keep nothing of a closed topic, unless a journal gave its numbers: those only the journal can give again."""
        if not self._numbers.is_given(topic):
            self._stale.pop(topic, None)
            self._numbers.forget(topic)

    def _is_ours(self, name: str) -> bool:
        """True for an exact topic under our prefixes and in our share of them."""
        return name.startswith(self.prefixes) and topics.is_exact(name) and topics.is_in_share(name, self.share)

    def _is_wider(self, name: str) -> bool:
        """True for a prefix under which topics of ours are heard too."""
        return name.startswith(self.prefixes) or any(prefix.startswith(name) for prefix in self.prefixes)


def _parts(last: dict[str, int]) -> Iterator[dict[str, int]]:
    """Yield a heartbeat's topics in parts of bounded size; one part where there are none."""
    rest = iter(last.items())
    yield dict(islice(rest, HEARTBEAT_TOPICS))
    while part := dict(islice(rest, HEARTBEAT_TOPICS)):
        yield part
