"""Was a reader given exactly what the venue sent? Pure.

A `Span` is what a reader held of one topic without a break that it was told of: one epoch, perhaps a state, and the
changes after it. A `Segment` is everything that the venue sent on one socket from one subscription to its end. A span
is true if it is a run of one segment: consecutive, in order, nothing missing, nothing more, no value altered. It may
end anywhere, for the venue may have sent more than a reader was given time for.

Each message is a key, a tuple that begins with the venue's own number and then holds every value:

    quote   (update id, bid, ask, bid size, ask size), None for the price of an empty side
    trade   (trade id, price, size, aggressor, time)
    book    (last update id, number it applies to, hash of its levels, time); of a state the number alone

A book's state is a snapshot with the number S. The first delta after it must be the first one sent with ``u > S``, and
reach down to it (``U <= S + 1``); such a delta may come with S itself as the number that it applies to.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from bus.messages import BookSnapshot, Levels

__all__ = ["BOOK", "QUOTE", "TRADE", "Key", "Segment", "Span", "hash_levels", "violations"]

QUOTE, TRADE, BOOK = "quote", "trade", "book"
VIOLATIONS_LIMIT = 1_000
"""Beyond this a span is called as wrong as it can be; counting on would tell nobody more."""

Key: TypeAlias = tuple[Any, ...]


def hash_levels(bids: Levels, asks: Levels) -> int:
    """Return 64 bits that stand for the levels, within this process."""
    return hash((tuple(bids), tuple(asks)))


@dataclass(slots=True)
class Span:
    """What a reader held of a topic from a join to a mark. `snapshot` is a book's state."""

    kind: str
    epoch: int
    seq: int
    state: Key | None = None
    snapshot: BookSnapshot | None = None
    changes: list[Key] = field(default_factory=list)


@dataclass
class Segment:
    """What one socket was sent of one stream, in order; `levels` are those of each delta of a book."""

    name: str
    keys: list[Key] = field(default_factory=list)
    levels: list[tuple[Levels, Levels]] = field(default_factory=list)

    @cached_property
    def index(self) -> dict[Any, int]:
        """Where each of the venue's numbers stands."""
        return {key[0]: place for place, key in enumerate(self.keys)}

    @cached_property
    def numbers(self) -> list[Any]:
        """The venue's numbers, in order."""
        return [key[0] for key in self.keys]


def violations(span: Span, segments: Iterable[Segment]) -> list[str]:
    """Return what is wrong with a span, one sentence each, by the segment that it fits best; none if it is true."""
    if span.state is None and not span.changes:
        return []
    best: list[str] | None = None
    for segment in segments:
        limit = VIOLATIONS_LIMIT if best is None else len(best)
        found = _Comparison(span, segment, limit).run()
        if not found:
            return []
        if best is None or len(found) < len(best):
            best = found
    return ["the twin never sent this stream"] if best is None else best


class _Comparison:
    """One span held against one segment."""

    def __init__(self, span: Span, segment: Segment, limit: int) -> None:
        self._span, self._segment, self._limit = span, segment, limit
        self._found: list[str] = []
        self._at: int | None = None
        """The next message of the segment; None while nothing of the span was found in it."""

    def run(self) -> list[str]:
        span = self._span
        if span.state is not None:
            if span.kind == BOOK:
                self._begin_book(span.state[0])
            else:
                self._begin(span.state)
        for place, key in enumerate(span.changes):
            if len(self._found) >= self._limit:
                break
            self._take(self._straightened(key) if place == 0 else key)
        return self._found

    def _say(self, text: str) -> None:
        self._found.append(f"{text} ({self._segment.name})")

    def _begin(self, state: Key) -> None:
        if state[0] == 0:
            return  # the venue was asked for it, which numbers only what it streams
        place = self._segment.index.get(state[0])
        if place is None:
            self._say(f"state {state} was never sent")
            return
        if self._segment.keys[place] != state:
            self._say(f"state {state} was sent as {self._segment.keys[place]}")
        self._at = place + 1

    def _begin_book(self, seq: int) -> None:
        segment = self._segment
        self._at = bisect_right(segment.numbers, seq)
        if self._at < len(segment.keys) and self._span.changes and segment.keys[self._at][1] > seq:
            first = segment.keys[self._at]
            self._say(f"snapshot {seq} does not reach the next delta, which begins after {first[1]}")
        if self._span.snapshot is not None and not self._span.snapshot.depth:
            self._check_snapshot(self._span.snapshot, self._at)

    def _check_snapshot(self, snapshot: BookSnapshot, at: int) -> None:
        """Each level that a delta up to the snapshot's number names must stand in the snapshot with its last size."""
        segment = self._segment
        ends_there = at > 0 and segment.numbers[at - 1] == snapshot.seq
        begins_there = at < len(segment.keys) and segment.keys[at][1] == snapshot.seq
        if not (ends_there or begins_there):
            return  # a delta reaches over it, and which of its levels are in the snapshot nobody can tell
        for name, held, side in (("bid", snapshot.bids, 0), ("ask", snapshot.asks, 1)):
            sizes = dict(held)
            known = {price: size for levels in segment.levels[:at] for price, size in levels[side]}
            wrong = [(price, size) for price, size in known.items() if sizes.get(price, 0.0) != size]
            if wrong:
                price, size = wrong[0]
                text = f"snapshot {snapshot.seq} has {sizes.get(price, 0.0)} at {name} {price}, deltas say {size}"
                self._say(f"{text}, and {len(wrong) - 1} more such levels" if len(wrong) > 1 else text)

    def _straightened(self, key: Key) -> Key:
        """A first delta that reaches over the snapshot may name the snapshot as what it applies to."""
        state = self._span.state
        if self._span.kind != BOOK or state is None or key[1] != state[0] or self._at is None:
            return key
        sent = self._segment.keys[self._at] if self._at < len(self._segment.keys) else key
        if sent[0] == key[0] and sent[1] < key[1]:
            return (key[0], sent[1], *key[2:])
        return key

    def _take(self, key: Key) -> None:
        keys, at = self._segment.keys, self._at
        if at is not None and at < len(keys) and keys[at] == key:
            self._at = at + 1
            return
        place = self._segment.index.get(key[0])
        if place is None:
            self._say(f"{key} was never sent")
            return
        if at is not None and place < at:
            self._say(f"{key} came again, or after what was sent later")
            return
        if at is not None and place > at:
            self._say(f"{place - at} sent and not given, {keys[at]} to {keys[place - 1]}")
        if keys[place] != key:
            self._say(f"{keys[place]} was given as {key}")
        self._at = place + 1
