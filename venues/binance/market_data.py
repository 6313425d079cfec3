"""The market-data actor of Binance Spot: the names of its streams, what they say, and the calls that go with them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from actors.runtime import Context
from bus.codec import RequestHeader
from bus.messages import BookSnapshot, Instrument, InstrumentId, InstrumentStatus, Message, QueryHistory, WeightPurpose
from venues.binance.adapter import ADAPTER
from venues.binance.bans import banned_exit
from venues.binance.client.access import Locate
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import Banned, ClientError, HeldBack, LimitReached
from venues.binance.client.rest import Rest
from venues.binance.client.stream_pool import StreamPool
from venues.binance.feeds import feed_of
from venues.binance.looks import Looks
from venues.binance.mapping.errors import refusal_of
from venues.binance.mapping.instruments import listed_of, present_status
from venues.binance.mapping.market_data import snapshot_of
from venues.binance.past import BinancePast
from venues.binance.quota import Purse, quota_of, unless_banned
from venues.binance.settings import locator, read_settings
from venues.binance.weight_share import WeightShare
from venues.market_data import Feed, Listed, MarketDataVenue, VenueTrouble, Want
from venues.market_data.silence import SilenceWatch
from venues.quota import Quota
from venues.quota_settings import QuotaSettings

__all__ = ["MarketData"]

SNAPSHOT_LEVELS = 5000
"""The most that the venue gives, and what its own rule for a local book says; weight 250."""
WEIGHT_CEILING = 4000
"""Of the 6000 a minute that all processes of this address share: beyond it snapshots wait, so that orders need not.
Sixteen whole books a minute; the rest wait for the next one, and say STALE until then."""
HELD_LOOK_S = 1.0
"""Between tries while the venue has told us to wait: the client says how long in words alone."""


class MarketData(MarketDataVenue):
    """
    Owns: ``market/<instance>/`` and ``status/market/<instance>/``; the stream sockets; each open book.
    Listens: the demand for its topics; requests for instruments, book snapshots and history.
    Sends: quotes, trades, bars, books, tickers, instruments and their status; a mark at once where something is lost.
    Fails when: its settings are wrong (exit 10), the venue has banned the address (11), by its own faults (1).
    Restart means: readers go stale, the demand is seen again, and every topic begins with a new state.
    """

    snapshot_levels = SNAPSHOT_LEVELS
    _rest: Rest
    _network: AiohttpTransport
    _history_share: WeightShare
    _streams: StreamPool
    _looks: Looks
    _quota: Quota | None = None

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self._settings = read_settings(context.settings)
        self._locate: Locate = locator(self._settings, trading=False)
        self.capabilities = ADAPTER.capabilities[self._settings.account_type]
        self.refresh_s = self._settings.instrument_refresh_s
        self.watch = SilenceWatch(self._settings.silence_s)

    # life

    async def connect(self) -> None:
        self._network = AiohttpTransport()
        self._rest = Rest(self._network, self._locate, ServerClock(self.clock.monotonic_ns))
        self._streams = StreamPool(
            unless_banned(self._locate, self._rest.limits),
            self._network.dial,
            lambda: _Socket(self),
            lambda life: self.spawn(self._run_streams(life)),
        )
        self._looks = Looks(self._rest, self.clock)
        self._history_share = WeightShare(self._rest.limits)
        self.past = BinancePast(self._rest, self._history_share, self.clock)
        if self._settings.quota is not None:
            self._share_limits(self._settings.quota)

    def _share_limits(self, settings: QuotaSettings) -> None:
        """Spend by the quota of this host; history asks for itself, all else where it is sent."""
        self._quota = quota = quota_of(self, settings, self._rest.limits)
        by_itself = Rest(self._network, self._locate, self._rest.clock, self._rest.limits)
        self.past = BinancePast(by_itself, Purse(quota, WeightPurpose.HISTORY), self.clock)
        self._rest.budget = Purse(quota, WeightPurpose.DATA)

    async def begin(self) -> None:
        if self._quota is not None:
            self._quota.begin()
        await super().begin()

    def counters(self) -> dict[str, int]:
        spent = self._quota.counts if self._quota is not None else {}
        return {**super().counters(), **spent}

    async def disconnect(self) -> None:
        await self._streams.close()
        await self._network.close()

    async def _run_streams(self, life: Coroutine[Any, Any, None]) -> None:
        try:
            await life
        except Banned as error:
            self._rest.limits.heed(error)
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None

    # streams

    def make_feed(self, want: Want) -> Feed:
        return feed_of(want, self.publisher, self.clock, self.want_snapshot)

    def open_stream(self, stream: str) -> None:
        self._streams.subscribe(stream)

    def close_stream(self, stream: str) -> None:
        self._streams.unsubscribe(stream)

    def drop_socket(self, stream: str, reason: str) -> None:
        self._streams.cut_of(stream, reason)

    @property
    def streams_up(self) -> bool:
        return self._streams.is_up

    # calls

    async def read_instruments(self) -> Listed:
        try:
            await self._rest.measure_clock()  # by the server's time it is known when the weight is counted anew
            info = await self._rest.exchange_info(show_permission_sets=False)
        except ClientError as error:
            raise self._trouble(error) from None
        self.note_offset(self._offset_ms())
        self._history_share.learn(info)
        self._rest.limits.learn(info.rate_limits)
        return listed_of(info, self._settings.venue_id, self.clock.time_ns())

    def instrument_status(self, instrument: Instrument) -> InstrumentStatus:
        return present_status(instrument)

    async def measure_offset_ms(self) -> float | None:
        try:
            await self._rest.measure_clock()
        except ClientError as error:
            raise self._trouble(error) from None
        return self._offset_ms()

    def _offset_ms(self) -> float:
        return self._rest.clock.now_ms() - self.clock.time_ns() / 1e6

    async def book_snapshot(self, instrument: InstrumentId) -> BookSnapshot:
        while True:
            if self._rest.limits.used_weight <= WEIGHT_CEILING:
                return await self.read_snapshot(instrument, self._settings.snapshot_levels)
            await asyncio.sleep(self._rest.limits.minute_left_s)

    async def read_snapshot(self, instrument: InstrumentId, levels: int) -> BookSnapshot:
        try:
            depth = await self._rest.depth(self.instruments[instrument].symbol, levels)
        except ClientError as error:
            raise self._trouble(error) from None
        return snapshot_of(depth, instrument, levels, self.clock.time_ns())

    async def look(self, feeds: Sequence[Feed]) -> Mapping[str, Message]:
        try:
            return await self._looks.at(feeds)
        except ClientError as error:
            raise self._trouble(error) from None

    async def on_query_history(self, message: QueryHistory, header: RequestHeader) -> Message:
        """Answer with one page of bars, trades or aggregate trades."""
        try:
            return await super().on_query_history(message, header)
        except Banned as error:
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None

    def _trouble(self, error: ClientError) -> VenueTrouble:
        """Return what the base is told of an error. Raises ActorExit for a ban, which ends this process."""
        if isinstance(error, Banned):
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None
        wait_s = HELD_LOOK_S if isinstance(error, HeldBack) else 0.0
        if isinstance(error, LimitReached):
            self._rest.limits.hold()
            wait_s = error.retry_after_s
        return VenueTrouble(refusal_of(error), wait_s)


class _Socket:
    """One socket's listener: the actor, and what is this socket's own."""

    def __init__(self, actor: MarketData) -> None:
        self._actor = actor
        self._was_up = False
        self.on_message = actor.on_message
        self.on_open = actor.on_open
        self.on_refused = actor.on_refused
        self.on_gap = actor.on_gap
        self.on_silent = actor.on_silent
        self.on_unreadable = actor.on_unreadable

    def on_up(self) -> None:
        self._was_up = True
        self._actor.tell_ready()

    def on_down(self, streams: list[str], reason: str) -> None:
        self._actor.on_down(streams, reason)
        if self._was_up:
            self._was_up = False
            self._actor.on_lost(len(streams), reason)
        else:
            self._actor.tell_ready(reason)
