"""The actor that keeps an instance's order books."""

from __future__ import annotations

from actors.book.kept import KeptBook, Outcome
from actors.book.order_book import OrderBook
from actors.runtime import Actor, Context
from bus import topics
from bus.codec import Header, RequestHeader
from bus.messages import BookAnswer, BookDelta, BookSnapshot, Code, Message, QueryBook, ReferencePrice, Refused
from bus.streams import Subscription

__all__ = ["BookActor"]

REFERENCE_S = 0.1
"""Reference prices are conflated to ten a second: the gate reads every instrument's."""
REJOIN_S = 0.5
"""After a book broke by itself (a gap in the venue's numbers, crossed prices) the whole is asked for so much later."""


class _Book:
    """One book and who wants what of it."""

    def __init__(self, instrument: str) -> None:
        self.kept = KeptBook(instrument)
        self.book = self.kept.book
        self.depths: dict[int, str] = {}
        self.reference = ""
        self.reference_due = False
        self.subscription: Subscription | None = None

    @property
    def wanted(self) -> bool:
        return bool(self.depths or self.reference)


class BookActor(Actor):
    """
    Owns: the books of one instance and ``book/<instance>/``, or the share of them that `share` in its settings says.
    Listens: ``market/<instance>/book/`` of the instruments that somebody reads.
    Sends: the best levels after each change; a conflated reference price; a book by request.
    Fails when: its own code does; a gap or a crossed book is a STALE stream, not a failure.
    Restart means: STALE for its readers, then whole again from the venue actor's state.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.prefixes = (f"book/{context.instance}/",)
        number, count = context.settings.get("share", (0, 1))
        self.share = (int(number), int(count))
        self._books: dict[str, _Book] = {}
        self._deltas = 0
        self._stale_marks = 0

    def counters(self) -> dict[str, int]:
        return {**super().counters(), "deltas": self._deltas, "stale_marks": self._stale_marks}

    def topic_state(self, topic: str) -> Message | None:
        instrument, depth = self._parse(topic)
        entry = self._books.get(instrument)
        if entry is None:
            return None
        if depth is None:
            return self._reference_of(entry.book)
        return None if entry.book.stale else entry.book.top(depth, self.clock.time_ns())

    def topic_opened(self, topic: str) -> None:
        instrument, depth = self._parse(topic)
        entry = self._books.setdefault(instrument, _Book(instrument))
        if depth is None:
            entry.reference = topic
        else:
            entry.depths[depth] = topic
        if entry.subscription is None:
            source = topics.market(self.context.instance, "book", instrument)
            entry.subscription = self.member.subscribe(source, self._on_book, self._on_stale)

    def topic_closed(self, topic: str) -> None:
        instrument, depth = self._parse(topic)
        entry = self._books.get(instrument)
        if entry is None:
            return
        if depth is None:
            entry.reference = ""
        else:
            entry.depths.pop(depth, None)
        if not entry.wanted and entry.subscription is not None:
            self.member.unsubscribe(entry.subscription)
            del self._books[instrument]

    def _parse(self, topic: str) -> tuple[str, int | None]:
        """Return (instrument, levels), levels None for a reference price."""
        parts = topics.segments(topic)
        if parts[2] == "depth" and parts[4].isdigit():
            return parts[3], int(parts[4])
        return parts[3], None

    def on_query_book(self, message: QueryBook, header: RequestHeader) -> Message:
        """Answer with a book that somebody reads, as it is now, and never with one that is not whole."""
        entry = self._books.get(message.instrument)
        if message.instance != self.context.instance or entry is None:
            return Refused(Code.UNSUPPORTED, f"{self.name} keeps no book of {message.instrument} of {message.instance}")
        if message.depth < 0:
            return Refused(Code.UNSUPPORTED, f"depth {message.depth}: expected 1 or more levels; 0 takes them all")
        if not entry.kept.is_live:
            reason = f"the book of {message.instrument} is {entry.kept.state}: {entry.kept.reason}"
            return Refused(Code.BOOK_NOT_SYNCED, reason)
        return BookAnswer(entry.book.top(message.depth, self.clock.time_ns()))

    def _on_book(self, message: Message, header: Header, topic: str) -> None:
        entry = self._books.get(topics.segments(topic)[3])
        if entry is None or not isinstance(message, (BookSnapshot, BookDelta)):
            return
        self._deltas += isinstance(message, BookDelta)
        outcome = entry.kept.take(message, header.epoch)
        if outcome is Outcome.CHANGED:
            self._publish(entry)
        elif outcome is Outcome.WHOLE:
            for name in entry.depths.values():
                self.publisher.publish_state(name)
            self._publish_reference(entry)
        elif outcome in (Outcome.BROKE, Outcome.TOO_OLD):
            self._broke(entry)

    def _broke(self, entry: _Book) -> None:
        """The book broke by itself: its readers are told at once, and the whole is asked for a little later."""
        self._mark(entry)
        self.loop.call_later(REJOIN_S, self._rejoin, entry)

    def _rejoin(self, entry: _Book) -> None:
        """Ask the venue actor for the whole book again."""
        if entry.subscription is not None and entry.book.stale:
            self.member.unsubscribe(entry.subscription)
            source = topics.market(self.context.instance, "book", entry.book.instrument)
            entry.subscription = self.member.subscribe(source, self._on_book, self._on_stale)

    def _on_stale(self, topic: str, reason: str) -> None:
        entry = self._books.get(topics.segments(topic)[3])
        if entry is not None and entry.kept.lose(reason):
            self._mark(entry)

    def _mark(self, entry: _Book) -> None:
        """Tell every reader at once that the book is not to be trusted."""
        self._stale_marks += 1
        self.log.warning("book is stale", instrument=entry.book.instrument, reason=entry.book.stale)
        for name in entry.depths.values():
            self.publisher.mark_stale(name, entry.book.stale)
        if entry.reference:
            self.publisher.publish(entry.reference, self._reference_of(entry.book))

    def _publish(self, entry: _Book) -> None:
        now = self.clock.time_ns()
        for depth, name in entry.depths.items():
            self.publisher.publish(name, entry.book.top(depth, now))
        if entry.reference and not entry.reference_due:
            entry.reference_due = True
            self.loop.call_later(REFERENCE_S, self._publish_reference, entry)

    def _publish_reference(self, entry: _Book) -> None:
        entry.reference_due = False
        if entry.reference:
            self.publisher.publish(entry.reference, self._reference_of(entry.book))

    def _reference_of(self, book: OrderBook) -> ReferencePrice:
        mid = book.mid
        synced = not book.stale and mid is not None
        return ReferencePrice(book.instrument, mid or 0.0, synced, book.ts_event, self.clock.time_ns())
