"""The whole contract of a market-data actor: demand, feeds, snapshots, silence, and how all of that is said."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping, Sequence

from msgspec import Raw

from actors.runtime import Context
from bus import topics
from bus.codec import RequestHeader
from bus.messages import BookAnswer, BookSnapshot, Code, InstrumentId, Message, QueryBook, Refused
from venues.capabilities import Capabilities, Cell, MarketData
from venues.market_data.books import BookFeed
from venues.market_data.feeds import Feed, Want
from venues.market_data.instruments import Instruments
from venues.market_data.offers import topic_kind, topic_refusal
from venues.market_data.silence import SilenceWatch
from venues.market_data.snapshots import SnapshotDesk
from venues.market_data.trouble import VenueTrouble
from venues.unreadable import NOT_READABLE

__all__ = ["MarketDataVenue"]

CLOCK_S = 60.0
"""Between measurements of the venue's clock."""
CLOCK_FAR_MS = 500.0
"""A host's clock that is off by more is worth a warning: ages of data are wrong by as much."""
LOOK_S = 0.5
"""Between looks for silent feeds; each costs a comparison a feed."""
REOPEN_S = 1.0
"""From closing a mute stream at the venue to opening it again: the venue takes few control messages a second."""
MUTE = "open and mute, while the venue says more elsewhere"
SOCKET_AT = 2
"""The time in a row at which a mute stream takes its socket with it: others pay for that, so it is done once."""
NAMED = 3
"""Topics that an alert about silence names; it says how many more there are."""
END_S = 1.0


class MarketDataVenue(Instruments):
    """Base of the market-data actors: `connect` to `look` are what a venue brings, all else is here.

    Beside ``market/<instance>/`` it owns ``status/market/<instance>/``, where it says what became of a demand.
    What the sockets say comes by `on_message` to `on_silent`.
    """

    capabilities = Capabilities()
    """What the venue offers: every other topic and request is refused here, and nothing is sent."""
    snapshot_levels = 0
    """The most levels of a snapshot by request."""
    _snapshots: SnapshotDesk

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.watch = SilenceWatch()
        self.clock_offset_ms = 0.0
        """How far the venue's clock is ahead of this host's."""
        self._feeds: dict[str, Feed] = {}
        self._by_topic: dict[str, Feed] = {}
        self._running: list[asyncio.Task[None]] = []
        self._looking = False

    # what a venue brings

    @abstractmethod
    async def connect(self) -> None:
        """Make what talks to the venue. Nothing need be reached yet."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Close it."""

    @abstractmethod
    def make_feed(self, want: Want) -> Feed:
        """Return the feed of a topic that is offered."""

    @abstractmethod
    def open_stream(self, stream: str) -> None:
        """Want a stream at the venue."""

    @abstractmethod
    def close_stream(self, stream: str) -> None:
        """Want it no more."""

    @abstractmethod
    def drop_socket(self, stream: str, reason: str) -> None:
        """Cut the connection that a stream is on; it is made again."""

    @property
    @abstractmethod
    def streams_up(self) -> bool:
        """True while every socket that is wanted is connected."""

    @abstractmethod
    async def read_snapshot(self, instrument: InstrumentId, levels: int) -> BookSnapshot:
        """Read a book's best levels. Raises VenueTrouble."""

    async def book_snapshot(self, instrument: InstrumentId) -> BookSnapshot:
        """Read what a book feed begins with, as soon as the venue's limits allow it. Raises VenueTrouble."""
        return await self.read_snapshot(instrument, self.snapshot_levels)

    async def measure_offset_ms(self) -> float | None:
        """Return how far the venue's clock is ahead of this host's; None where it cannot be asked. Raises VenueTrouble.

        `read_instruments` may have measured it too.
        """
        return None

    async def look(self, feeds: Sequence[Feed]) -> Mapping[str, Message]:
        """Return by topic what the venue says elsewhere of the same, for those feeds where it does.

        Raises VenueTrouble. What must wait for the venue's limits is left out: it is asked for again.
        """
        return {}

    # life

    async def setup(self) -> None:
        await self.connect()
        self._snapshots = SnapshotDesk(self.book_snapshot, self._is_open, self.spawn, self.log)

    async def begin(self) -> None:
        self.ready("CONNECTING", "reading the instruments")
        self._running += [self.spawn(self.follow_instruments()), self.spawn(self._follow_clock())]
        self.every(LOOK_S, self._look_for_silence)

    async def end(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=END_S)
        await self.disconnect()

    def counters(self) -> dict[str, int]:
        return {
            **super().counters(),
            **self.counts,
            "topics_open": len(self._by_topic),
            "snapshots_waiting": self._snapshots.waiting,
            "clock_offset_ms": round(self.clock_offset_ms),
        }

    async def _follow_clock(self) -> None:
        while True:
            await asyncio.sleep(CLOCK_S)
            try:
                offset_ms = await self.measure_offset_ms()
            except VenueTrouble as trouble:
                self.log.info("the venue's clock cannot be measured", reason=trouble)
            else:
                if offset_ms is not None:
                    self.note_offset(offset_ms)

    def note_offset(self, offset_ms: float) -> None:
        """Take a measurement of the venue's clock."""
        was_far = abs(self.clock_offset_ms) > CLOCK_FAR_MS
        self.clock_offset_ms = offset_ms
        if abs(offset_ms) > CLOCK_FAR_MS and not was_far:
            self.log.warning("the host's clock and the venue's differ", venue_is_ahead_ms=round(offset_ms))

    # demand

    def topic_state(self, topic: str) -> Message | None:
        kind, *rest = topics.segments(topic)
        if kind == "status":
            return self.status_of_topic(topic.partition("/")[2])
        known = self.instruments.get(rest[2])
        if rest[1] == MarketData.INSTRUMENT:
            return known
        if rest[1] == MarketData.STATUS:
            return self.instrument_status(known) if known is not None else None
        feed = self._by_topic.get(topic)
        return feed.state() if feed is not None else None

    def topic_opened(self, topic: str) -> None:
        if topic.startswith("status/"):
            return
        _, _, word, name, *details = topics.segments(topic)
        refusal = topic_refusal(self.instance, self.capabilities, word, details)
        if refusal is not None:
            self.refuse_topic(topic, refusal)
        elif self.has_instruments:  # else it is opened with the first of them
            self._open(topic, word, name, details)

    def _open(self, topic: str, word: str, name: InstrumentId, details: list[str]) -> None:
        instrument = self.instruments.get(name)
        if instrument is None:
            self.refuse_topic(topic, self.no_such_instrument(name))
            return
        kind = topic_kind(word)
        if kind is None or kind in (MarketData.INSTRUMENT, MarketData.STATUS):
            self.tell_status(topic, "OPEN")
            return
        feed = self.make_feed(Want(topic, kind, instrument, "".join(details)))
        self._feeds[feed.stream] = self._by_topic[topic] = feed
        self.open_stream(feed.stream)

    def instruments_listed(self) -> None:
        """Open what was asked for before there were instruments, and what was refused since its own was missing."""
        if self.streams_up:
            self.ready()
        for topic in sorted(self.publisher.demand):
            told = self.status_of_topic(topic)
            is_due = told.status == "CLOSED" or told.code is Code.NO_SUCH_INSTRUMENT
            if is_due and topic.startswith("market/") and topic not in self._by_topic:
                self.topic_opened(topic)

    def topic_closed(self, topic: str) -> None:
        if topic.startswith("status/"):
            return
        feed = self._by_topic.pop(topic, None)
        if feed is not None:
            del self._feeds[feed.stream]
            self.watch.forget(feed)
            self.close_stream(feed.stream)
        self.tell_status(topic, "CLOSED")

    def _is_open(self, feed: Feed) -> bool:
        return self._by_topic.get(feed.topic) is feed

    # what the sockets say

    def on_message(self, stream: str, data: Raw) -> None:
        """A message of an open stream."""
        feed = self._feeds.get(stream)
        if feed is None:
            return
        self.counts[feed.counter] += 1
        feed.taken += 1
        try:
            feed.take(data)
        except NOT_READABLE as error:
            self.counts["unreadable_venue"] += 1
            self.log.error("a message cannot be read; marked", topic=feed.topic, reason=error, raw=bytes(data)[:200])
            self._mark(feed, f"unreadable message: {error}")
            feed.on_open()

    def on_open(self, stream: str) -> None:
        """The venue acknowledged a stream."""
        feed = self._feeds.get(stream)
        if feed is not None:
            self.tell_status(feed.topic, "OPEN")
            feed.is_open = True
            feed.on_open()

    def on_refused(self, stream: str, reason: str) -> None:
        """The venue refused a stream."""
        feed = self._feeds.get(stream)
        if feed is not None:
            feed.is_open = False
            self.refuse_topic(feed.topic, Refused(Code.VENUE_REJECTED, reason))

    def on_down(self, streams: list[str], reason: str) -> None:
        """A socket is lost: everything on it is marked, at once."""
        for stream in streams:
            feed = self._feeds.get(stream)
            if feed is not None:
                feed.is_open = False
                self._mark(feed, f"{self.instance}: {reason}")

    def on_gap(self, stream: str, reason: str) -> None:
        """Messages of one stream may be missing."""
        self.on_down([stream], reason)

    def on_lost(self, streams: int, reason: str) -> None:
        """A connection that was up is lost."""
        self.counts["reconnects"] += 1
        self.tell_ready(reason)
        self.log.warning("stream socket lost, connecting again", topics=streams, reason=reason)

    def on_silent(self, streams: int, reason: str) -> None:
        """A socket was open and mute; it is dropped and made again."""
        self.counts["silences"] += 1
        self.call_person("SILENT", f"{self.instance}: a socket with {streams} topics is open and mute: {reason}")

    def on_unreadable(self, raw: bytes, reason: str) -> None:
        """A frame that is no stream's message. Where it could have been one, the socket is lost by it."""
        self.counts["unreadable_venue"] += 1
        self.log.error("the venue said what cannot be read", reason=reason, raw=raw[:200])

    def tell_ready(self, reason: str = "") -> None:
        """Say how the actor is, by whether all sockets that are wanted are up."""
        if not self.has_instruments:
            return
        if self.streams_up:
            self.ready()
        else:
            self.ready("CONNECTING", reason)

    def _mark(self, feed: Feed, reason: str) -> None:
        if not self.publisher.is_stale(feed.topic):
            self.counts["gaps_marked"] += 1
        feed.lose(reason)

    # snapshots

    def want_snapshot(self, feed: BookFeed, because: str) -> None:
        """A book feed's `SnapshotWanted`."""
        again = because != "opened"
        if again:
            self.counts["gaps_marked"] += 1
            self.log.warning("book marked stale, taking a new snapshot", topic=feed.topic, reason=because)
        self._snapshots.want(feed, again)

    async def on_query_book(self, message: QueryBook, header: RequestHeader) -> Message:
        """Answer with one snapshot of the venue's."""
        if self.capabilities.market_data.get(MarketData.BOOK_SNAPSHOT, Cell.NONE) is Cell.NONE:
            return Refused(Code.UNSUPPORTED, f"{self.instance} has no book snapshots by request")
        if not self.has_instruments:
            return Refused(Code.NOT_READY, f"{self.name} has not read the instruments of {self.instance} yet")
        if message.instrument not in self.instruments:
            return self.no_such_instrument(message.instrument)
        most = self.snapshot_levels
        if message.depth < 0 or message.depth > most:
            reason = f"depth {message.depth}: the venue has 1 to {most} levels; 0 takes them all"
            return Refused(Code.UNSUPPORTED, reason)
        try:
            return BookAnswer(await self.read_snapshot(message.instrument, message.depth or most))
        except VenueTrouble as trouble:
            return trouble.refused

    # silence

    def _look_for_silence(self) -> None:
        if self._looking or not self.has_instruments:
            return
        late = self.watch.due(self._by_topic.values(), self.loop.time())
        if late:
            self._looking = True
            self.spawn(self._judge(late))

    async def _judge(self, late: list[Feed]) -> None:
        """Hold silent feeds against what the venue says elsewhere, twice; nothing may be heard of them between."""
        try:
            behind = await self._behind(late)
            if behind:
                await asyncio.sleep(self.watch.grace_s(behind))
                behind = await self._behind([feed for feed, taken in behind.items() if feed.taken == taken])
            if behind:
                self._reopen(list(behind))
        except VenueTrouble as trouble:
            self.log.info("silent topics cannot be looked at", topics=len(late), reason=trouble)
            for feed in late:
                self.watch.right(feed, self.loop.time())
        finally:
            self._looking = False

    async def _behind(self, feeds: list[Feed]) -> dict[Feed, int]:
        """Return those that lack what the venue says elsewhere, with what they had taken when it was asked."""
        taken = {feed: feed.taken for feed in feeds}
        self.counts["looks"] += len(feeds)
        found = await self.look(feeds)
        behind = {}
        for feed in feeds:
            message = found.get(feed.topic)
            if not (self._is_open(feed) and feed.is_open) or feed.taken != taken[feed]:
                continue
            was_mute = self.watch.times_mute(feed) > 0
            if message is not None and (feed.lacks(message) or (was_mute and not feed.is_live)):
                behind[feed] = feed.taken
                continue
            self.watch.right(feed, self.loop.time())
            if message is not None and not was_mute:
                feed.begin_with(message)
        return behind

    def _reopen(self, feeds: list[Feed]) -> None:
        """Streams that were acknowledged say nothing though the market moves: they are marked, and opened anew.

        One that is mute again by that takes its socket with it, once; after that it is tried more and more seldom.
        """
        self.counts["silences"] += len(feeds)
        times = {feed: self.watch.mute(feed) for feed in feeds}
        named = ", ".join(feed.topic for feed in feeds[:NAMED])
        if feeds[NAMED:]:
            named += f" and {len(feeds) - NAMED} more"
        self.log.error("streams are mute; opening them again", topics=named, times_in_a_row=max(times.values()))
        if min(times.values()) == 1:
            self.call_person("SILENT", f"{named}: {MUTE}")
        for feed in feeds:
            self._mark(feed, MUTE)
            if times[feed] == SOCKET_AT and feed.is_open:
                self.drop_socket(feed.stream, f"{feed.topic} stays mute")
            elif feed.is_open:
                feed.is_open = False
                self.close_stream(feed.stream)
                self.loop.call_later(REOPEN_S, self._open_again, feed)

    def _open_again(self, feed: Feed) -> None:
        if self._is_open(feed):
            self.open_stream(feed.stream)
