"""The floor's market data as a reader of the bus gets it, kept as compact spans until judgement."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from actors.monitor.checker.spans import BOOK, QUOTE, TRADE, Key, Span, hash_levels
from actors.monitor.visitor import Visitor
from bus import topics
from bus.codec import Header, Kind
from bus.member import Member
from bus.messages import BookDelta, BookSnapshot, DirectoryEntry, Message, Quote, Trade
from bus.streams import Subscription

__all__ = ["Feed", "Watch", "Watched"]

FAULTS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Watched:
    """An instrument of an instance."""

    instance: str
    instrument: str


class Feed:
    """One topic: what was read of it, and what was said to be missing.

    A mark counts once the stream goes on after it, or while its publisher is still on the floor. The last word of a
    publisher that left for good is the stream's end, not a gap: nothing lies behind it.
    """

    def __init__(self, watched: Watched, kind: str) -> None:
        self.watched, self.kind = watched, kind
        self.topic = topics.market(watched.instance, kind, watched.instrument)
        self.spans: list[Span] = []
        self.messages = 0
        self.marks = 0
        self.faults: list[str] = []
        self.fault_count = 0
        self.max_gap_ns = 0
        self._heard_ns = 0
        self._trailing = 0
        self._span: Span | None = None
        self._subscription: Subscription | None = None

    def join(self, member: Member) -> None:
        """Read the topic from now on."""
        self._subscription = member.subscribe(self.topic, self.on_message, self.on_stale)

    @property
    def joined(self) -> bool:
        """True once its state was read."""
        return self._subscription is not None and not self._subscription.position(self.topic).stale

    def on_message(self, message: Message, header: Header, topic: str) -> None:
        """Take what the bus gives."""
        now = time.monotonic_ns()
        if self._heard_ns:
            self.max_gap_ns = max(self.max_gap_ns, now - self._heard_ns)
        self._heard_ns = now
        self.messages += 1
        self._settle_marks()
        if getattr(message, "instrument", "") != self.watched.instrument:
            self._fault(f"holds a {type(message).__name__} of another instrument")
        elif header.kind == Kind.STATE:
            self._state(message, header)
        else:
            self._change(message, header)

    def on_stale(self, topic: str, reason: str) -> None:
        """Something is missing from here on, and the reader was told."""
        self._trailing += 1
        self._span = None

    def finish(self, is_live: bool) -> None:
        """Nothing more is read; `is_live`: the publisher is still on the floor."""
        if is_live:
            self._settle_marks()

    def _settle_marks(self) -> None:
        self.marks += self._trailing
        self._trailing = 0

    def _state(self, message: Message, header: Header) -> None:
        if self._span is not None:
            self._fault(f"a state under {header.seq} amid a span that nobody broke")
        self._span = Span(self.kind, header.epoch, header.seq)
        self.spans.append(self._span)
        if self.kind == BOOK and isinstance(message, BookSnapshot):
            self._span.state, self._span.snapshot = (message.seq,), message
        elif (key := _key(self.kind, message)) is not None:
            self._span.state = key
        else:
            self._fault(f"holds a {type(message).__name__} as its state")

    def _change(self, message: Message, header: Header) -> None:
        span = self._span
        if span is not None and span.epoch != header.epoch:
            self._fault(f"epoch {header.epoch} follows {span.epoch} without a mark")
            span = None
        if span is None:
            span = self._span = Span(self.kind, header.epoch, header.seq - 1)
            self.spans.append(span)
        if header.seq != span.seq + 1:
            self._fault(f"number {header.seq} follows {span.seq} without a mark")
        span.seq = header.seq
        key = _key(self.kind, message)
        if key is None:
            self._fault(f"holds a {type(message).__name__}")
        else:
            span.changes.append(key)

    def _fault(self, text: str) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(text)


class Watch:
    """Everything that is read on the bus, and when strategies left the floor."""

    def __init__(self, watched: Iterable[Watched]) -> None:
        self.feeds = [Feed(each, kind) for each in watched for kind in (QUOTE, TRADE, BOOK)]
        self.left_ns: dict[str, int] = {}
        """When each strategy that is not there any more was seen to leave."""

    def join(self, floor: Visitor) -> None:
        """Join every topic; that is a demand for it."""
        member = floor.member
        member.on_directory.append(self.on_entry)
        for entry in member.directory.entries.values():
            self.on_entry(entry)
        for feed in self.feeds:
            feed.join(member)

    @property
    def joined(self) -> bool:
        """True when the state of every topic was read."""
        return all(feed.joined for feed in self.feeds)

    def finish(self, floor: Visitor) -> None:
        """Nothing more is read."""
        directory = floor.member.directory
        for feed in self.feeds:
            feed.finish(any(entry.live for entry in directory.owners(feed.topic)))

    def on_entry(self, entry: DirectoryEntry) -> None:
        """Hear that somebody came or left."""
        if entry.kind != "strategy":
            return
        if entry.live:
            self.left_ns.pop(entry.name, None)
        else:
            self.left_ns.setdefault(entry.name, time.time_ns())


def _key(kind: str, message: Message) -> Key | None:
    if kind == QUOTE and isinstance(message, Quote):
        bid, ask = (None if price != price else price for price in (message.bid, message.ask))  # NaN: an empty side
        return message.seq, bid, ask, message.bid_size, message.ask_size
    if kind == TRADE and isinstance(message, Trade):
        return message.trade_id, message.price, message.size, str(message.aggressor), message.ts_event
    if kind == BOOK and isinstance(message, BookDelta):
        return message.seq, message.prev_seq, hash_levels(message.bids, message.asks), message.ts_event
    return None
