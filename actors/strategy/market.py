"""A strategy's market data: what it asked for, the newest of each, and whether it may be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from actors.book.live import LiveBook
from actors.runtime import Log
from bus import topics
from bus.codec import Header
from bus.member import Member
from bus.messages import (
    Bar,
    BookSnapshot,
    InstanceInfo,
    Instrument,
    InstrumentStatus,
    Message,
    Quote,
    Ticker,
    TopicStatus,
    Trade,
    split_instrument_id,
)

__all__ = ["MarketFeeds"]


class Owner(Protocol):
    """The strategy."""

    member: Member
    log: Log

    def handle(self, handler: Callable[..., Any], message: Any, header: Header, topic: str) -> None:
        """Call a user's handler with a message, remembering which it was."""

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> None:
        """Call a user's handler: not before `on_start` is through, and to the end where it is a coroutine."""

    def on_quote(self, quote: Quote) -> Any: ...
    def on_trade(self, trade: Trade) -> Any: ...
    def on_book(self, book: BookSnapshot) -> Any: ...
    def on_depth(self, depth: BookSnapshot) -> Any: ...
    def on_bar(self, bar: Bar) -> Any: ...
    def on_ticker(self, ticker: Ticker) -> Any: ...
    def on_status(self, status: InstrumentStatus) -> Any: ...
    def on_book_state(self, instrument: str, state: str, reason: str) -> Any: ...


class MarketFeeds:
    """Subscribes, remembers, and hands on."""

    def __init__(self, owner: Owner) -> None:
        self.instances: tuple[InstanceInfo, ...] = ()
        self.instruments: dict[str, Instrument] = {}
        self.quotes: dict[str, Quote] = {}
        self.books: dict[str, BookSnapshot] = {}
        self.bars: dict[tuple[str, str], Bar] = {}
        """By instrument and interval; one that still changes as well."""
        self.tickers: dict[str, Ticker] = {}
        self.statuses: dict[str, InstrumentStatus] = {}
        self.live_books: dict[str, LiveBook] = {}
        self.refused: dict[str, str] = {}
        """Why a venue's actor gives nothing, by the topic that it was asked for."""
        self.stale: dict[str, str] = {}
        """Why a topic may not be trusted now."""
        self.ticks = 0
        self._owner = owner
        self._added: set[str] = set()
        self._forming: set[tuple[str, str]] = set()
        """Bars that are handed on while they still change."""

    def instance_of(self, instrument: str) -> str:
        """Return the one instance that trades the instrument's venue.

        Raises ValueError where there is none or more than one; then the caller names it with ``instance=``.
        """
        venue = split_instrument_id(instrument)[1]
        names = [info.name for info in self.instances if info.venue_id == venue]
        if len(names) == 1:
            return names[0]
        known = ", ".join(f"{info.name} ({info.venue_id})" for info in self.instances) or "none"
        from difflib import get_close_matches  # for the error alone

        close = get_close_matches(venue, {info.venue_id for info in self.instances}, 1)
        meant = f"; did you mean {instrument.removesuffix(venue)}{close[0]}?" if close and not names else ""
        problem = "no instance" if not names else f"more than one instance ({', '.join(names)})"
        raise ValueError(f"{instrument}: {problem} has venue {venue!r}; give instance=..., of: {known}{meant}")

    def add(self, kind: str, instrument: str, instance: str, detail: int | str = 0, conflate: bool = False) -> str:
        """Join a feed, and return its topic; twice is once, as it was first asked for. Raises ValueError as
        `instance_of`. `detail` is the levels of a book or depth, the interval of bars.
        """
        where = instance or self.instance_of(instrument)
        self._join(topics.market(where, "instrument", instrument), self._on_instrument)
        if kind == "book":
            topic = topics.book_depth(where, instrument, int(detail))
            self.live_books.setdefault(instrument, LiveBook(where, instrument))
        else:
            topic = topics.market(where, kind, instrument, *([str(detail)] if detail else []))
        handlers = {
            "quote": self._on_quote,
            "trade": self._on_trade,
            "book": self._on_book,
            "depth": self._on_depth,
            "bar": self._on_bar,
            "ticker": self._on_ticker,
            "status": self._on_status,
        }
        self._join(topic, handlers[kind], conflate)
        return topic

    def add_bars(self, instrument: str, interval: str, instance: str, forming: bool) -> str:
        """Join bars, and return their topic; with `forming` each is handed on while it still changes, too."""
        if forming:
            self._forming.add((instrument, interval))
        return self.add("bar", instrument, instance, interval)

    def refusal(self, topic: str) -> str:
        """Return why a venue gives nothing on a topic that `add` returned; empty where it does, or may yet."""
        return self.refused.get(_demand(topic), "")

    def mid(self, instrument: str) -> float | None:
        """Return the newest mid, None where none is known."""
        quote = self.quotes.get(instrument)
        if quote is not None and math.isfinite(quote.mid):
            return quote.mid
        book = self.books.get(instrument)
        return book.mid if book is not None and book.bids and book.asks else None

    def _join(self, topic: str, handler: Callable[[Message, Header, str], None], conflate: bool = False) -> None:
        if topic in self._added:
            return
        self._added.add(topic)
        self._owner.member.subscribe(topic, handler, self._on_stale, conflate)
        status = f"status/{_demand(topic)}"
        if status not in self._added:
            self._added.add(status)
            self._owner.member.subscribe(status, self._on_demand)

    def _on_demand(self, message: Message, header: Header, topic: str) -> None:
        """What the venue's actor did about a topic that we want."""
        if not isinstance(message, TopicStatus):
            return
        if message.status != "REFUSED":
            self.refused.pop(message.topic, None)
            return
        _, _, what, instrument, *_rest = topics.segments(message.topic)
        is_known = self.refused.get(message.topic) == message.reason
        self.refused[message.topic] = message.reason
        if what != "instrument" and not is_known:  # the feed that wants the rules says it, once
            self._owner.log.error("no such data", topic=message.topic, code=message.code, why=message.reason)
            self._owner._call(self._owner.on_book_state, instrument, "REFUSED", message.reason)

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

    def _on_depth(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, BookSnapshot):
            self.ticks += 1
            self._fresh(topic, message.instrument)
            self._owner.handle(self._owner.on_depth, message, header, topic)

    def _on_bar(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Bar):
            self.ticks += 1
            key = message.instrument, message.interval
            self.bars[key] = message
            self._fresh(topic, message.instrument)
            if message.closed or key in self._forming:
                self._owner.handle(self._owner.on_bar, message, header, topic)

    def _on_ticker(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Ticker):
            self.ticks += 1
            self.tickers[message.instrument] = message
            self._fresh(topic, message.instrument)
            self._owner.handle(self._owner.on_ticker, message, header, topic)

    def _on_status(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, InstrumentStatus):
            self.statuses[message.instrument] = message
            self._fresh(topic, message.instrument)
            self._owner.handle(self._owner.on_status, message, header, topic)

    def _fresh(self, topic: str, instrument: str) -> None:
        if self.stale.pop(topic, None) is not None:
            self._owner._call(self._owner.on_book_state, instrument, "SYNCED", "")

    def _on_stale(self, topic: str, reason: str) -> None:
        kind, _, what, instrument, *details = topics.segments(topic)
        if what == "instrument":
            return  # rules stay good until new ones come
        if what == "quote":
            self.quotes.pop(instrument, None)
        elif kind == "book":
            self.books.pop(instrument, None)
            self.live_books[instrument].lose(reason)
        elif what == "bar":
            self.bars.pop((instrument, details[0]), None)
        elif what == "ticker":
            self.tickers.pop(instrument, None)
        elif what == "status":
            self.statuses.pop(instrument, None)
        is_known = topic in self.stale
        self.stale[topic] = reason
        if not is_known:
            self._owner._call(self._owner.on_book_state, instrument, "STALE", reason)


def _demand(topic: str) -> str:
    """Return the topic that a venue's actor is asked for where this one is read."""
    kind, instance, _, instrument, *_rest = topics.segments(topic)
    return topics.market(instance, "book", instrument) if kind == "book" else topic
