"""Sequenced streams: a publisher that numbers, a reader that believes only what it can prove.

Every topic has a number `seq` that grows by one with each CHANGE in one life (epoch) of its publisher. At each new
reader the publisher sends the topic's whole STATE once, at the end of the loop turn (fifty joins cost two), under
the last change's number: a state consumes none. One pipe is one order, so a reader needs no buffer and no merging:

- it starts STALE and ignores changes until a state;
- a state under the number that it already has is a duplicate and dropped;
- the change with the next number is applied; any other is a gap, or a new epoch: it goes STALE and subscribes again,
  which its publisher sees as one more join.

A publisher that itself lost something (its venue's socket went down) marks that in the stream with `StreamStale`; its
readers stay STALE until the state that follows the recovery. So no loss is ever silent, and none looks like data.

Rejected: state by request and reply (two orders to merge), libzmq's last-value socket (any other send between goes to
one reader alone), leases for demand (XPUB tells of a crashed reader within 2 ms).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from enum import Enum

from bus import topics
from bus.clock import Clock
from bus.codec import WIRE_VERSION, Header, Kind, decode, decode_header, encode
from bus.messages import Empty, Message, StreamStale, Unknown, Unreadable
from bus.transport import Frames, Link, Transport

__all__ = ["Handler", "Publisher", "Reader", "Subscription", "Verdict"]

Handler = Callable[[Message, Header, str], None]

TOPIC_LIMIT = 20_000
"""Topics that one publisher opens; beyond it demand is refused, so a hostile reader cannot fill its memory."""
LINGER_S = 3.0
"""How long a topic stays open after its last reader, so that a restarted one costs the venue nothing."""
REJOIN_MIN_S, REJOIN_MAX_S = 0.02, 2.0
"""Back-off between joins after gaps, and while no state answers them, so that a slow reader does not make its publisher
send states for ever. It starts anew once a reader has been whole for the longer time."""
STALE_LOOK_S = 5.0
"""Between joins of a reader that is STALE for whatever reason: its first state, or the one after a mark, may be lost
like any frame. A publisher that has none to give answers nothing, so such a join costs it microseconds."""


class Publisher:
    """Owns the topics under some prefixes and publishes them in order.

    `state(topic)` gives a topic's whole state, `Empty()` for a topic that has none, or None where it is not known yet
    (then `publish_state` follows once it is). `opened` and `closed` are told of the demand for exact topics.
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
        self._link: Link = transport.publisher(endpoint, self._on_subscription)

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

    def close(self) -> None:
        """Close the socket."""
        for timer in self._lingering.values():
            timer.cancel()
        self._link.close()

    def _send(self, topic: str, kind: Kind, seq: int, message: Message) -> None:
        header = Header(WIRE_VERSION, kind, self.sender, self.epoch, seq, self._clock.time_ns())
        sent = self._link.send(topic.encode(), encode(header), encode(message))
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
        if not self._wanted:
            self._loop.call_soon(self._flush)
        self._wanted.add(topic)

    def _flush(self) -> None:
        wanted, self._wanted = self._wanted, set()
        if not self.epoch:  # nobody may believe us before the directory has named this life
            self._loop.call_later(REJOIN_MIN_S, self._rewant, wanted)
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


class Verdict(Enum):
    """What a reader does with a frame. HEAL: a state that shows a loss and ends it at once."""

    DELIVER = 1
    IGNORE = 2
    GAP = 3
    HEAL = 4


class Position:
    """Where a reader stands in one topic. Sans-I/O: `judge` each header, in the order of arrival.

    A reader of an exact topic starts STALE. One that listens under a broader prefix is sent no states, so it takes
    each topic from the first frame that it sees (`joins` false), and a gap costs it a mark and nothing else.
    """

    __slots__ = ("epoch", "joins", "seq", "stale")

    def __init__(self, joins: bool = True) -> None:
        self.epoch = 0
        self.seq = -1
        self.stale = joins
        self.joins = joins

    def lose(self, before: int) -> bool:
        """Hear that every life before epoch `before` is over: what is left of one in the pipe is believed no more.

        Return True when the reader was whole and is STALE now; a newer life that it has joined already stays.
        """
        if self.epoch >= before:
            return False
        whole, self.stale = not self.stale, True
        self.epoch, self.seq = before, -1
        return whole

    def judge(self, kind: int, epoch: int, seq: int) -> Verdict:
        """Say what to do with a frame of this kind, epoch and number."""
        if epoch < self.epoch or kind not in (Kind.STATE, Kind.CHANGE):
            return Verdict.IGNORE
        same = epoch == self.epoch
        if kind == Kind.CHANGE:
            return self._judge_change(same, epoch, seq)
        if same and seq == self.seq and not self.stale:
            return Verdict.IGNORE
        first = self.epoch == 0
        lost = not self.stale and not first
        self.epoch, self.seq, self.stale = epoch, seq, False
        return Verdict.HEAL if lost else Verdict.DELIVER

    def _judge_change(self, same: bool, epoch: int, seq: int) -> Verdict:
        expected = same and seq == self.seq + 1
        if not self.joins:
            first = self.epoch == 0
            self.epoch, self.seq = epoch, seq
            return Verdict.DELIVER if expected or first else Verdict.GAP
        if self.stale:
            return Verdict.IGNORE
        if expected:
            self.seq = seq
            return Verdict.DELIVER
        self.stale = True
        return Verdict.GAP


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

    def __init__(self, transport: Transport, loop: asyncio.AbstractEventLoop, endpoint: str) -> None:
        self.counters = {"received": 0, "gaps": 0, "marked": 0, "unreadable": 0}
        self._loop = loop
        self._exact: dict[bytes, list[Subscription]] = {}
        self._prefixes: list[tuple[bytes, Subscription]] = []
        self._link = transport.reader(endpoint, self._on_message)
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
