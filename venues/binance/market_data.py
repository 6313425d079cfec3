"""The market-data actor of Binance Spot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
from msgspec import Raw

from actors.runtime import Context
from bus.codec import RequestHeader
from bus.messages import BookAnswer, BookSnapshot, Code, InstrumentId, Message, QueryBook, QueryHistory, Refused
from venues.binance.bans import banned_exit
from venues.binance.client.access import Locate
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.backoff import Backoff
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import Banned, ClientError, LimitReached
from venues.binance.client.rest import Rest
from venues.binance.client.stream_pool import StreamPool
from venues.binance.feeds import BookFeed, Feed, QuoteFeed, TradeFeed
from venues.binance.mapping.errors import refusal_of
from venues.binance.mapping.instruments import instruments_of
from venues.binance.mapping.market_data import snapshot_of
from venues.binance.past import BinancePast
from venues.binance.settings import locator, read_settings
from venues.binance.weight_share import WeightShare
from venues.venue import MarketDataVenue

__all__ = ["MarketData"]

REFRESH_S = 600.0
"""Between looks at the instruments' rules; weight 20 each."""
SNAPSHOT_LEVELS = 5000
"""The most that the venue gives, and what its own rule for a local book says; weight 250."""
SNAPSHOTS_AT_ONCE = 2
"""More would only come late together."""
WEIGHT_CEILING = 4000
"""Of the 6000 a minute that all processes of this address share: beyond it snapshots wait, so that orders need not."""
SETTLE_S = 0.5
"""The venue gathers deltas for 0.1 s: one that comes later than this after a snapshot begins at the snapshot's end."""


class MarketData(MarketDataVenue):
    """
    Owns: ``market/<instance>/`` and ``status/market/<instance>/``; the stream sockets; each open book.
    Listens: the demand for its topics; requests for instruments, book snapshots and history.
    Sends: quotes, trades, books, instruments; a mark in each topic at once when something may be missing.
    Fails when: its settings are wrong (exit 10), the venue has banned the address (11), by its own faults (1).
    Restart means: readers go stale, the demand is seen again, and every topic begins with a new state.
    """

    _rest: Rest
    _network: AiohttpTransport
    _snapshot_turn: asyncio.Semaphore
    _history_share: WeightShare
    _streams: StreamPool

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self._settings = read_settings(context.settings)
        self._locate: Locate = locator(self._settings, trading=False)
        self._feeds: dict[str, Feed] = {}
        self._by_topic: dict[str, Feed] = {}
        self._running: list[asyncio.Task[None]] = []
        self._waiting: dict[str, tuple[str, InstrumentId]] = {}
        self._counts = {
            "ticks": 0, "trades": 0, "deltas": 0, "reconnects": 0, "gaps_marked": 0, "unreadable_venue": 0
        }  # fmt: skip

    # life

    async def setup(self) -> None:
        self._network = AiohttpTransport()
        self._rest = Rest(self._network, self._locate, ServerClock(self.clock.monotonic_ns))
        self._streams = StreamPool(
            self._locate, self._network.dial, lambda: _Socket(self), lambda life: self.spawn(self._run_streams(life))
        )
        self._snapshot_turn = asyncio.Semaphore(SNAPSHOTS_AT_ONCE)
        self._history_share = WeightShare(self._rest.limits)
        self.past = BinancePast(self._rest, self._history_share, self.clock)

    async def begin(self) -> None:
        self.ready("CONNECTING", "reading the instruments")
        self._running.append(self.spawn(self._follow_instruments()))

    async def end(self) -> None:
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=1.0)
        await self._streams.close()
        await self._network.close()

    def counters(self) -> dict[str, int]:
        return {**super().counters(), **self._counts, "topics_open": len(self._by_topic)}

    # instruments

    async def _follow_instruments(self) -> None:
        backoff = Backoff()
        while True:
            try:
                await self._read_instruments()
            except Banned as error:
                raise banned_exit(self.instance, error, self.clock.time_ns()) from None
            except ClientError as error:
                wait_s = max(backoff.next_s(), error.retry_after_s if isinstance(error, LimitReached) else 0.0)
                self.log.warning("cannot read the instruments, trying again", reason=error, in_s=round(wait_s, 2))
                if not self.has_instruments:
                    self.ready("CONNECTING", str(error))
                await asyncio.sleep(wait_s)
            else:
                backoff.reset()
                await asyncio.sleep(REFRESH_S)

    async def _read_instruments(self) -> None:
        await self._rest.measure_clock()  # by the server's time it is known when the weight is counted anew
        info = await self._rest.exchange_info(show_permission_sets=False)
        self._history_share.learn(info)
        fresh, unreadable = instruments_of(info, self._settings.venue_id, self.clock.time_ns())
        for one in unreadable:
            self._counts["unreadable_venue"] += 1
            self.log.warning("a symbol cannot be read and is left out", reason=one.reason, raw=one.raw[:120])
        first = not self.has_instruments
        changed = self.take_instruments(fresh)
        if first:
            self.log.info("instruments read", count=changed)
            self.ready()
            waiting, self._waiting = self._waiting, {}
            for topic, (kind, instrument) in waiting.items():
                self.open_feed(topic, kind, instrument)
        elif changed:
            self.log.info("instruments changed", count=changed)

    # demand

    def open_feed(self, topic: str, kind: str, instrument: InstrumentId) -> None:
        make = _FEEDS.get(kind)
        if make is None:
            self.refuse_topic(topic, Refused(Code.UNSUPPORTED, f"{self.instance} has no topic of kind {kind!r}"))
            return
        if not self.has_instruments:
            self._waiting[topic] = (kind, instrument)
            return
        known = self.instruments.get(instrument)
        if known is None:
            self.refuse_topic(topic, self.no_such_instrument(instrument))
            return
        feed = make(self, topic, instrument, known.symbol)
        self._feeds[feed.stream] = self._by_topic[topic] = feed
        self._streams.subscribe(feed.stream)

    def close_feed(self, topic: str) -> None:
        self._waiting.pop(topic, None)
        feed = self._by_topic.pop(topic, None)
        if feed is not None:
            del self._feeds[feed.stream]
            self._streams.unsubscribe(feed.stream)

    def feed_state(self, topic: str) -> Message | None:
        feed = self._by_topic.get(topic)
        return feed.state() if feed is not None else None

    async def _run_streams(self, life: Coroutine[Any, Any, None]) -> None:
        try:
            await life
        except Banned as error:
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None

    def new_quote_feed(self, topic: str, instrument: InstrumentId, symbol: str) -> Feed:
        """Make the feed of a quote topic."""
        return QuoteFeed(topic, instrument, symbol, self.publisher, self.clock)

    def new_trade_feed(self, topic: str, instrument: InstrumentId, symbol: str) -> Feed:
        """Make the feed of a trade topic."""
        return TradeFeed(topic, instrument, symbol, self.publisher, self.clock)

    def new_book_feed(self, topic: str, instrument: InstrumentId, symbol: str) -> Feed:
        """Make the feed of a book topic."""
        return BookFeed(topic, instrument, symbol, self.publisher, self.clock, self._want_snapshot)

    # what the sockets say

    def on_message(self, stream: str, data: Raw) -> None:
        """A message of an open stream."""
        feed = self._feeds.get(stream)
        if feed is None:
            return
        self._counts[feed.counter] += 1
        try:
            feed.take(data)
        except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
            self._counts["unreadable_venue"] += 1
            self.log.error("a message cannot be read; marked", topic=feed.topic, reason=error, raw=bytes(data)[:200])
            self._mark(feed, f"unreadable message: {error}")
            feed.on_open()

    def on_open(self, stream: str) -> None:
        """The venue acknowledged a stream."""
        feed = self._feeds.get(stream)
        if feed is not None:
            self.tell_status(feed.topic, "OPEN")
            feed.on_open()

    def on_refused(self, stream: str, reason: str) -> None:
        """The venue refused a stream."""
        feed = self._feeds.get(stream)
        if feed is not None:
            self.refuse_topic(feed.topic, Refused(Code.VENUE_REJECTED, reason))

    def on_down(self, streams: list[str], reason: str) -> None:
        """A socket is lost: everything on it is marked, at once."""
        for stream in streams:
            feed = self._feeds.get(stream)
            if feed is not None:
                self._mark(feed, f"{self.instance}: {reason}")

    def on_gap(self, stream: str, reason: str) -> None:
        """Messages of one stream may be missing."""
        self.on_down([stream], reason)

    def on_lost(self, streams: int, reason: str) -> None:
        """A connection that was up is lost."""
        self._counts["reconnects"] += 1
        self.tell_ready(reason)
        self.log.warning("stream socket lost, connecting again", topics=streams, reason=reason)

    def on_unreadable(self, raw: bytes, reason: str) -> None:
        """A frame that is no stream's message. Where it could have been one, the socket is lost by it."""
        self._counts["unreadable_venue"] += 1
        self.log.error("the venue said what cannot be read", reason=reason, raw=raw[:200])

    def tell_ready(self, reason: str = "") -> None:
        """Say how the actor is, by whether all sockets that are wanted are up."""
        if not self.has_instruments:
            return
        if self._streams.is_up:
            self.ready()
        else:
            self.ready("CONNECTING", reason)

    def _mark(self, feed: Feed, reason: str) -> None:
        if not self.publisher.is_stale(feed.topic):
            self._counts["gaps_marked"] += 1
        feed.lose(reason)

    # snapshots

    def _want_snapshot(self, feed: BookFeed, because: str) -> None:
        if because != "opened":
            self._counts["gaps_marked"] += 1
            self.log.warning("book marked stale, taking a new snapshot", topic=feed.topic, reason=because)
        self.spawn(self._bring_snapshot(feed, feed.generation, because != "opened"))

    async def _bring_snapshot(self, feed: BookFeed, generation: int, again: bool) -> None:
        if again:
            await asyncio.sleep(feed.backoff.next_s())
        while self._by_topic.get(feed.topic) is feed and feed.generation == generation:
            async with self._snapshot_turn:
                if self._rest.limits.used_weight > WEIGHT_CEILING:
                    await asyncio.sleep(self._rest.limits.minute_left_s)
                snapshot = await self._snapshot(feed.instrument, SNAPSHOT_LEVELS)
            if self._by_topic.get(feed.topic) is not feed or feed.generation != generation:
                return
            if isinstance(snapshot, Refused):
                self.log.warning("no snapshot, trying again", topic=feed.topic, reason=snapshot.reason)
            elif feed.on_snapshot(snapshot):
                self.loop.call_later(SETTLE_S, self._settle, feed, feed.generation)
                return
            await asyncio.sleep(feed.backoff.next_s())

    def _settle(self, feed: BookFeed, generation: int) -> None:
        if feed.generation == generation:
            feed.settle()

    async def on_query_book(self, message: QueryBook, header: RequestHeader) -> Message:
        """Answer with one snapshot of the venue's."""
        if message.instrument not in self.instruments:
            return self.no_such_instrument(message.instrument)
        if message.depth < 0 or message.depth > SNAPSHOT_LEVELS:
            reason = f"depth {message.depth}: the venue has 1 to {SNAPSHOT_LEVELS} levels; 0 takes them all"
            return Refused(Code.UNSUPPORTED, reason)
        snapshot = await self._snapshot(message.instrument, message.depth or SNAPSHOT_LEVELS)
        return snapshot if isinstance(snapshot, Refused) else BookAnswer(snapshot)

    async def on_query_history(self, message: QueryHistory, header: RequestHeader) -> Message:
        """Answer with one page of bars, trades or aggregate trades."""
        try:
            return await super().on_query_history(message, header)
        except Banned as error:
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None

    async def _snapshot(self, instrument: InstrumentId, limit: int) -> BookSnapshot | Refused:
        try:
            depth = await self._rest.depth(self.instruments[instrument].symbol, limit)
        except Banned as error:
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None
        except LimitReached as error:
            self._rest.limits.hold()
            return refusal_of(error)
        except ClientError as error:
            return refusal_of(error)
        return snapshot_of(depth, instrument, limit, self.clock.time_ns())


class _Socket:
    """One socket's listener: the actor, and what is this socket's own."""

    def __init__(self, actor: MarketData) -> None:
        self._actor = actor
        self._was_up = False
        self.on_message = actor.on_message
        self.on_open = actor.on_open
        self.on_refused = actor.on_refused
        self.on_gap = actor.on_gap
        self.on_unreadable = actor.on_unreadable

    def on_up(self) -> None:
        self._was_up = True
        self._actor.tell_ready()

    def on_down(self, streams: list[str], reason: str) -> None:
        self._actor.on_down(streams, reason)
        if self._was_up:
            self._was_up = False
            self._actor.on_lost(len(streams), reason)


_FEEDS: dict[str, Callable[[MarketData, str, InstrumentId, str], Feed]] = {
    "quote": MarketData.new_quote_feed,
    "trade": MarketData.new_trade_feed,
    "book": MarketData.new_book_feed,
}
