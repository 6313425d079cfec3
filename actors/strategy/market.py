"""A strategy's market data: what it asked for, the newest of each, and whether it may be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from actors.book.live import LiveBook
from bus import topics
from bus.codec import Header
from bus.member import Member
from bus.messages import BookSnapshot, InstanceInfo, Instrument, Message, Quote, Trade, split_instrument_id

__all__ = ["MarketFeeds"]


class Owner(Protocol):
    """The strategy."""

    member: Member

    def handle(self, handler: Callable[..., Any], message: Any, header: Header, topic: str) -> None:
        """Call a user's handler with a message, remembering which it was."""

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> None:
        """Call a user's handler: not before `on_start` is through, and to the end where it is a coroutine."""

    def on_quote(self, quote: Quote) -> Any: ...
    def on_trade(self, trade: Trade) -> Any: ...
    def on_book(self, book: BookSnapshot) -> Any: ...
    def on_book_state(self, instrument: str, state: str, reason: str) -> Any: ...


class MarketFeeds:
    """Subscribes, remembers, and hands on."""

    def __init__(self, owner: Owner) -> None:
        self.instances: tuple[InstanceInfo, ...] = ()
        self.instruments: dict[str, Instrument] = {}
        self.quotes: dict[str, Quote] = {}
        self.books: dict[str, BookSnapshot] = {}
        self.live_books: dict[str, LiveBook] = {}
        self.ticks = 0
        self._owner = owner
        self._added: set[str] = set()
        self._stale: set[str] = set()

    def instance_of(self, instrument: str) -> str:
        """Return the one instance that trades the instrument's venue.

        Raises ValueError where there is none or more than one; then the caller names it with ``instance=``.
        """
        venue = split_instrument_id(instrument)[1]
        names = [info.name for info in self.instances if info.venue_id == venue]
        if len(names) == 1:
            return names[0]
        known = ", ".join(f"{info.name} ({info.venue_id})" for info in self.instances) or "none"
        problem = "no instance" if not names else f"more than one instance ({', '.join(names)})"
        raise ValueError(f"{instrument}: {problem} has venue {venue!r}; give instance=..., of: {known}")

    def add(self, kind: str, instrument: str, instance: str, depth: int = 0, conflate: bool = False) -> None:
        """Join a feed; twice is once, as it was first asked for. Raises ValueError as `instance_of`."""
        where = instance or self.instance_of(instrument)
        self._join(topics.market(where, "instrument", instrument), self._on_instrument)
        if kind == "quote":
            self._join(topics.market(where, "quote", instrument), self._on_quote, conflate)
        elif kind == "trade":
            self._join(topics.market(where, "trade", instrument), self._on_trade)
        else:
            self.live_books.setdefault(instrument, LiveBook(where, instrument))
            self._join(topics.book_depth(where, instrument, depth), self._on_book, conflate)

    def mid(self, instrument: str) -> float | None:
        """Return the newest mid, None where none is known."""
        quote = self.quotes.get(instrument)
        if quote is not None and math.isfinite(quote.mid):
            return quote.mid
        book = self.books.get(instrument)
        return book.mid if book is not None and book.bids and book.asks else None

    def _join(self, topic: str, handler: Callable[[Message, Header, str], None], conflate: bool = False) -> None:
        if topic not in self._added:
            self._added.add(topic)
            self._owner.member.subscribe(topic, handler, self._on_stale, conflate)

    def _on_instrument(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Instrument):
            self.instruments[message.id] = message

    def _on_quote(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Quote):
            self.ticks += 1
            self.quotes[message.instrument] = message
            self._fresh(topic, message.instrument)
            self._owner.handle(self._owner.on_quote, message, header, topic)

    def _on_trade(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Trade):
            self.ticks += 1
            self._fresh(topic, message.instrument)
            self._owner.handle(self._owner.on_trade, message, header, topic)

    def _on_book(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, BookSnapshot):
            self.ticks += 1
            self.books[message.instrument] = message
            self.live_books[message.instrument].take(message)
            self._fresh(topic, message.instrument)
            self._owner.handle(self._owner.on_book, message, header, topic)

    def _fresh(self, topic: str, instrument: str) -> None:
        if topic in self._stale:
            self._stale.discard(topic)
            self._owner._call(self._owner.on_book_state, instrument, "SYNCED", "")

    def _on_stale(self, topic: str, reason: str) -> None:
        kind, _, what, instrument, *_rest = topics.segments(topic)
        if what == "instrument":
            return  # rules stay good until new ones come
        if what == "quote":
            self.quotes.pop(instrument, None)
        if kind == "book":
            self.books.pop(instrument, None)
            self.live_books[instrument].lose(reason)
        if topic not in self._stale:
            self._stale.add(topic)
            self._owner._call(self._owner.on_book_state, instrument, "STALE", reason)
