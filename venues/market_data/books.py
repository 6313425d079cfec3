"""A book's feed: a snapshot and deltas with unbroken numbers, or a mark that says it is not."""

from __future__ import annotations

from typing import Protocol

from msgspec import Raw

from actors.book.order_book import OrderBook
from bus.clock import Clock
from bus.messages import BookDelta, BookSnapshot, Message
from bus.streams import Publisher
from venues.backoff import Backoff
from venues.market_data.feeds import Feed, Read, Want
from venues.market_data.rule import BookRule, Step

__all__ = ["BookFeed", "SnapshotWanted"]


class SnapshotWanted(Protocol):
    """Asks for a snapshot of a feed's book; it comes by `BookFeed.on_snapshot`, if the feed still waits for it."""

    def __call__(self, feed: BookFeed, because: str) -> None: ...


class BookFeed(Feed):
    """A book, by the venue's own `rule`. Continuity is checked for ever, not only while it is made one."""

    counter = "deltas"

    def __init__(
        self,
        want: Want,
        stream: str,
        read: Read,
        publisher: Publisher,
        clock: Clock,
        rule: BookRule,
        want_snapshot: SnapshotWanted,
    ) -> None:
        super().__init__(want, stream, read, publisher, clock)
        self.generation = 0
        """Counts the times that it began anew, so that a snapshot of before is known."""
        self.backoff = Backoff()
        """Of the snapshots that were needed because an earlier one did not hold."""
        self._want_snapshot = want_snapshot
        self._rule = rule
        self._book = OrderBook(self.instrument)
        self._depth = 0

    def take(self, data: Raw) -> None:
        delta = self._read(data, self.instrument, self._clock.time_ns())
        assert isinstance(delta, BookDelta)
        step = self._rule.on_delta(delta)
        if step is Step.APPLY:
            self._apply(delta)
        elif step is Step.GAP:
            self._gap(f"gap: at {self._book.seq}, next begins after {delta.prev_seq}")

    def on_open(self) -> None:
        self.generation += 1
        self._rule.start()
        self._want_snapshot(self, "opened")

    def on_snapshot(self, snapshot: BookSnapshot) -> bool:
        """Take the snapshot that was asked for; False where it is too old, and a newer one is needed."""
        rest = self._rule.on_snapshot(snapshot.seq)
        if rest is None:
            return False
        self._depth = snapshot.depth
        self._book.replace(snapshot)
        for delta in rest:
            self._put(delta)
        self._tell_if_whole()
        return True

    def settle(self) -> None:
        """No delta came for longer than the venue gathers them."""
        if self._rule.settle() and not self.is_live:
            self._tell_if_whole()
        if self.is_live:
            self.backoff.reset()

    def state(self) -> Message | None:
        if not self.is_live:
            return None
        whole = self._book.top(0, self._clock.time_ns())
        return BookSnapshot(
            whole.instrument, whole.bids, whole.asks, whole.seq, whole.ts_event, whole.ts_init, self._depth
        )

    def lacks(self, found: Message) -> bool:
        assert isinstance(found, BookSnapshot)
        return self.is_live and found.seq > self._rule.seq

    def lose(self, reason: str) -> None:
        self.generation += 1
        self._rule.start()
        super().lose(reason)

    def _apply(self, delta: BookDelta) -> None:
        self._put(delta)
        if self._book.stale:
            self._gap(self._book.stale)
        elif self.is_live:
            self._publisher.publish(self.topic, delta)
        else:
            self._tell_if_whole()

    def _put(self, delta: BookDelta) -> None:
        book = self._book
        if book.seq != delta.prev_seq:  # the first one reaches over the snapshot's end
            delta = BookDelta(
                delta.instrument, delta.bids, delta.asks, book.seq, delta.seq, delta.ts_event, delta.ts_init
            )
        book.apply(delta)

    def _tell_if_whole(self) -> None:
        if self._book.stale:
            self._gap(self._book.stale)
        elif self._rule.is_whole:
            self.recover()

    def _gap(self, reason: str) -> None:
        super().lose(reason)
        self.generation += 1
        if self._book.stale:
            self._rule.start()
        self._want_snapshot(self, reason)
