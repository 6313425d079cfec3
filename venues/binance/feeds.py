"""A topic's way from the venue's stream to its readers: what is published as a change, and when a state is due.

A feed is *open* while the venue has acknowledged its stream on a living socket, and *live* while its readers may
believe it. Every message that comes while a feed is live is exactly one CHANGE; what is lost is marked first.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Raw

from actors.book.order_book import OrderBook
from bus.clock import Clock
from bus.messages import BookDelta, BookSnapshot, Empty, InstrumentId, Message, Quote
from bus.streams import Publisher
from venues.binance.book_sync import BookSync, Step
from venues.binance.client.backoff import Backoff
from venues.binance.mapping.market_data import delta_of, quote_of, trade_of

__all__ = ["BookFeed", "Feed", "QuoteFeed", "SnapshotWanted", "TradeFeed"]


class Feed:
    """Base: one topic of one instrument."""

    suffix = ""
    """What follows the symbol in the stream's name."""
    counter = ""
    """What its messages are counted as."""

    def __init__(self, topic: str, instrument: InstrumentId, symbol: str, publisher: Publisher, clock: Clock) -> None:
        self.topic = topic
        self.instrument = instrument
        self.symbol = symbol
        self.stream = f"{symbol.lower()}{self.suffix}"
        self.is_live = False
        self._publisher, self._clock = publisher, clock

    def take(self, data: Raw) -> None:
        """Take a message of the open stream. Raises msgspec.DecodeError or ValueError for what is none."""
        raise NotImplementedError

    def on_open(self) -> None:
        """The stream is open: the next message is the first."""

    def state(self) -> Message | None:
        """The topic's whole state; None while it is not known."""
        raise NotImplementedError

    def lose(self, reason: str) -> None:
        """Messages may be missing from here on: mark it, at once."""
        self.is_live = False
        self._publisher.mark_stale(self.topic, reason)

    def recover(self) -> None:
        """The state is known: readers may believe what follows."""
        self.is_live = True
        self._publisher.publish_state(self.topic)


class QuoteFeed(Feed):
    """Best bid and ask. The first message is the state, and each one after it a change."""

    suffix = "@bookTicker"
    counter = "ticks"

    def __init__(self, topic: str, instrument: InstrumentId, symbol: str, publisher: Publisher, clock: Clock) -> None:
        super().__init__(topic, instrument, symbol, publisher, clock)
        self._last: Quote | None = None

    def take(self, data: Raw) -> None:
        self._last = quote = quote_of(data, self.instrument, self._clock.time_ns())
        if self.is_live:
            self._publisher.publish(self.topic, quote)
        else:
            self.recover()

    def state(self) -> Message | None:
        return self._last if self.is_live else None


class TradeFeed(Feed):
    """Trades. There is no state: readers are told as soon as nothing can be missing."""

    suffix = "@trade"
    counter = "trades"

    def take(self, data: Raw) -> None:
        self._publisher.publish(self.topic, trade_of(data, self.instrument, self._clock.time_ns()))

    def on_open(self) -> None:
        self.recover()

    def state(self) -> Message | None:
        return Empty() if self.is_live else None


class SnapshotWanted(Protocol):
    """Asks for a snapshot of a feed's book; it comes by `BookFeed.on_snapshot`, if the feed still waits for it."""

    def __call__(self, feed: BookFeed, because: str) -> None: ...


class BookFeed(Feed):
    """The book: a snapshot and deltas with unbroken numbers, or a mark that says it is not."""

    suffix = "@depth@100ms"
    counter = "deltas"

    def __init__(
        self,
        topic: str,
        instrument: InstrumentId,
        symbol: str,
        publisher: Publisher,
        clock: Clock,
        want_snapshot: SnapshotWanted,
    ) -> None:
        super().__init__(topic, instrument, symbol, publisher, clock)
        self.generation = 0
        """Counts the times that it began anew, so that a snapshot of before is known."""
        self.backoff = Backoff()
        """Of the snapshots that were needed because an earlier one did not hold."""
        self._want_snapshot = want_snapshot
        self._sync = BookSync()
        self._book = OrderBook(instrument)
        self._depth = 0

    def take(self, data: Raw) -> None:
        delta = delta_of(data, self.instrument, self._clock.time_ns())
        step = self._sync.on_delta(delta)
        if step is Step.APPLY:
            self._apply(delta)
        elif step is Step.GAP:
            self._gap(f"gap: at {self._book.seq}, next begins after {delta.prev_seq}")

    def on_open(self) -> None:
        self.generation += 1
        self._sync.start()
        self._want_snapshot(self, "opened")

    def on_snapshot(self, snapshot: BookSnapshot) -> bool:
        """Take the snapshot that was asked for; False where it is too old, and a newer one is needed."""
        rest = self._sync.on_snapshot(snapshot.seq)
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
        if self._sync.settle() and not self.is_live:
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

    def lose(self, reason: str) -> None:
        self.generation += 1
        self._sync.start()
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
        elif self._sync.is_whole:
            self.recover()

    def _gap(self, reason: str) -> None:
        super().lose(reason)
        self.generation += 1
        if self._book.stale:
            self._sync.start()
        self._want_snapshot(self, reason)
