"""A topic's way from the venue's stream to its readers: what is published as a change, and when a state is due.

A feed is *open* while the venue has acknowledged its stream on a living socket, and *live* while its readers may
believe it. Every message that comes while a feed is live is exactly one CHANGE; what is lost is marked first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec import Raw

from bus.clock import Clock
from bus.messages import Bar, BookSnapshot, Empty, Instrument, InstrumentId, Message, Quote, Ticker, Trade
from bus.streams import Publisher
from venues.capabilities import MarketData

__all__ = ["BarFeed", "DepthFeed", "Feed", "QuoteFeed", "Read", "TickerFeed", "TradeFeed", "ValueFeed", "Want"]

Read: TypeAlias = Callable[[Raw, InstrumentId, int], Message]
"""(payload, instrument, ts_init) -> message. Raises msgspec.DecodeError or ValueError for what is none."""


class Want(msgspec.Struct, frozen=True):
    """A topic that has a reader. `detail` is a bar's interval or a depth's levels, empty for other kinds."""

    topic: str
    kind: MarketData
    instrument: Instrument
    detail: str = ""


class Feed:
    """Base: one topic, fed by one stream of the venue's, `stream` by its name for it.

    `rhythm_s` is how often the venue says that it speaks there, 0 where it only does when something happens.
    """

    counter = "messages"
    """What its messages are counted as."""

    def __init__(
        self, want: Want, stream: str, read: Read, publisher: Publisher, clock: Clock, rhythm_s: float = 0.0
    ) -> None:
        self.want = want
        self.topic = want.topic
        self.instrument = want.instrument.id
        self.stream = stream
        self.rhythm_s = rhythm_s
        self.taken = 0
        """Messages that came, whatever became of them: silence is that it does not rise."""
        self.is_open = False
        self.is_live = False
        self._read, self._publisher, self._clock = read, publisher, clock

    def take(self, data: Raw) -> None:
        """Take a message of the open stream. Raises msgspec.DecodeError or ValueError for what is none."""
        raise NotImplementedError

    def on_open(self) -> None:
        """The stream is open: the next message is the first."""

    def state(self) -> Message | None:
        """The topic's whole state; None while it is not known."""
        raise NotImplementedError

    @property
    def can_be_checked(self) -> bool:
        """True while what the venue says elsewhere can be held against it."""
        return self.is_live

    def lacks(self, found: Message) -> bool:
        """True where the venue says elsewhere, in a message of this feed's kind, what this feed should have told."""
        return False

    def begin_with(self, found: Message) -> bool:
        """Take what the venue says elsewhere as the state, where the stream has not said a word yet; False if not."""
        return False

    def lose(self, reason: str) -> None:
        """Messages may be missing from here on: mark it, at once."""
        self.is_live = False
        self._publisher.mark_stale(self.topic, reason)

    def recover(self) -> None:
        """The state is known: readers may believe what follows."""
        self.is_live = True
        self._publisher.publish_state(self.topic)


class ValueFeed(Feed):
    """A kind whose every message is the whole value: quotes, tickers, the best levels of a book.

    The first message is the state, and each one after it a change.
    """

    _last: Message | None = None

    def take(self, data: Raw) -> None:
        self._last = message = self._read(data, self.instrument, self._clock.time_ns())
        if self.is_live:
            self._publisher.publish(self.topic, message)
        else:
            self.recover()

    def state(self) -> Message | None:
        return self._last if self.is_live else None

    @property
    def can_be_checked(self) -> bool:
        return True

    def lacks(self, found: Message) -> bool:
        return self.is_live and self._last is not None and _is_news(self._last, found)

    def begin_with(self, found: Message) -> bool:
        if self.is_live:
            return False
        self._last = found
        self.recover()
        return True


class QuoteFeed(ValueFeed):
    """Best bid and ask."""

    counter = "ticks"


class TickerFeed(ValueFeed):
    """A rolling day's figures."""

    counter = "tickers"


class DepthFeed(ValueFeed):
    """The best levels, as the venue itself tells them."""

    counter = "depths"


class TradeFeed(Feed):
    """Trades, numbered without a hole. There is no state: readers are told as soon as nothing can be missing.

    A number that does not follow is a loss, marked; one that was told before is dropped.
    """

    counter = "trades"

    def __init__(
        self, want: Want, stream: str, read: Read, publisher: Publisher, clock: Clock, rhythm_s: float = 0.0
    ) -> None:
        super().__init__(want, stream, read, publisher, clock, rhythm_s)
        self._number = 0
        """The last trade's, 0 before the first since the stream was opened."""
        self._known: Trade | None = None

    def take(self, data: Raw) -> None:
        trade = self._read(data, self.instrument, self._clock.time_ns())
        assert isinstance(trade, Trade)
        number = int(trade.trade_id)
        last, self._number = self._number, number
        if last and number != last + 1:
            if number <= last:
                self._number = last
                return
            self.lose(f"gap: trade {number} comes after {last}")
            self.recover()
        self._known = trade
        self._publisher.publish(self.topic, trade)

    def on_open(self) -> None:
        self._number, self._known = 0, None
        self.recover()

    def state(self) -> Message | None:
        return Empty() if self.is_live else None

    def lacks(self, found: Message) -> bool:
        assert isinstance(found, Trade)
        known = self._known
        if known is None:  # the first look is what later ones are held against
            self._known = found
            return False
        return int(found.trade_id) > int(known.trade_id)


class BarFeed(ValueFeed):
    """Bars, running and closed. Each closes once: what comes of a bar after its close, or of one before it, is dropped.

    A bar that closed while the stream was lost is not told; its readers know by the mark that it may be missing.
    """

    counter = "bars"
    _last: Bar | None = None

    def take(self, data: Raw) -> None:
        bar = self._read(data, self.instrument, self._clock.time_ns())
        assert isinstance(bar, Bar)
        if bar.interval != self.want.detail:
            raise ValueError(f"a bar of {bar.interval} on the stream of {self.want.detail}")
        last = self._last
        if last is not None and (bar.ts_open < last.ts_open or (bar.ts_open == last.ts_open and last.closed)):
            return
        self._last = bar
        if self.is_live:
            self._publisher.publish(self.topic, bar)
        else:
            self.recover()

    def begin_with(self, found: Message) -> bool:
        assert isinstance(found, Bar)
        last = self._last
        if last is not None and (found.ts_open < last.ts_open or (found.ts_open == last.ts_open and last.closed)):
            return False
        return super().begin_with(found)


def _is_news(told: Message, found: Message) -> bool:
    """True where `found` says what whoever told `told` last, and nothing since, should have told."""
    if isinstance(told, Quote) and isinstance(found, Quote):
        return not _same(
            (told.bid, told.bid_size, told.ask, told.ask_size), (found.bid, found.bid_size, found.ask, found.ask_size)
        )
    if isinstance(told, Bar) and isinstance(found, Bar):
        if told.ts_open == found.ts_open:
            return found.trades > told.trades and not told.closed
        return found.ts_open > told.ts_open and found.trades > 0
    if isinstance(told, Ticker) and isinstance(found, Ticker):  # a window that only rolls on is no news
        return found.trades > told.trades or not _same((told.last,), (found.last,))
    if isinstance(told, BookSnapshot) and isinstance(found, BookSnapshot):
        return (told.bids, told.asks) != (found.bids, found.asks) and found.seq > told.seq
    return False


def _same(told: tuple[float, ...], found: tuple[float, ...]) -> bool:
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(told, found, strict=True))
