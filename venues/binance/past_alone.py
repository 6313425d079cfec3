"""Binance Spot's past without a floor: a client of its own, and nothing else is started."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from actors.runtime import ActorExit, ExitCode
from bus.clock import Clock, SystemClock
from bus.messages import HistoryAnswer, Instrument, InstrumentId, QueryHistory, Refused
from venues.binance.bans import banned_exit
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import Banned, ClientError
from venues.binance.client.rest import Rest
from venues.binance.mapping.instruments import instruments_of
from venues.binance.past import BinancePast
from venues.binance.settings import locator, read_settings
from venues.binance.weight_share import WeightShare
from venues.history import answer_history

__all__ = ["open_past"]


class _OpenPast:
    """A `Past` over a client of its own."""

    def __init__(
        self, instance: str, past: BinancePast, instruments: dict[InstrumentId, Instrument], clock: Clock
    ) -> None:
        self._instance, self._past, self._instruments, self._clock = instance, past, instruments, clock

    async def ask(self, message: QueryHistory) -> HistoryAnswer | Refused:
        """Answer with one page. Raises ActorExit (exit code 11) where the venue bans this address."""
        try:
            return await answer_history(message, self._instance, self._past, self._instruments)
        except Banned as error:
            raise banned_exit(self._instance, error, self._clock.time_ns()) from None


@asynccontextmanager
async def open_past(settings: dict[str, Any]) -> AsyncIterator[_OpenPast]:
    """Open the past of an instance with these settings; no key is needed. Raises ActorExit on entry."""
    read = read_settings(settings)
    clock = SystemClock()
    network = AiohttpTransport()
    try:
        rest = Rest(network, locator(read, trading=False), ServerClock(clock.monotonic_ns))
        share = WeightShare(rest.limits)
        try:
            await rest.measure_clock()
            info = await rest.exchange_info(show_permission_sets=False)
        except Banned as error:
            raise banned_exit(read.venue_id, error, clock.time_ns()) from None
        except ClientError as error:
            raise ActorExit(ExitCode.FAILED, f"{read.venue_id}: cannot read the instruments: {error}") from None
        share.learn(info)
        instruments, _ = instruments_of(info, read.venue_id, clock.time_ns())
        yield _OpenPast(read.venue_id, BinancePast(rest, share, clock), instruments, clock)
    finally:
        await network.close()
