"""What the venue says by REST of the same that streams tell: by that a mute stream is told from a quiet market.

Quotes of any number of symbols are one request; whatever else is silent costs one each.
Source: Binance Spot API, rest-api (market data endpoints), 2026-07.
"""

from __future__ import annotations

from collections.abc import Sequence

from bus.clock import Clock
from bus.messages import Message
from venues.binance.client.errors import ApiError, LimitReached
from venues.binance.client.limits import WEIGHT_LIMIT
from venues.binance.client.rest import Rest
from venues.binance.mapping.bars import past_bars_of, past_ticker_of, venue_interval
from venues.binance.mapping.market_data import newest_trade_of, snapshot_of, top_of
from venues.capabilities import MarketData
from venues.market_data import Feed

__all__ = ["Looks"]

LOOK_CEILING = WEIGHT_LIMIT // 2
"""Used weight of a minute beyond which nothing is looked at: a look can wait, an order or a snapshot cannot."""
BOOK_LEVELS = 5
"""Of a look at a book, where the number alone counts; weight 5, as up to 100."""


class Looks:
    """Asks by REST what silent feeds should have told."""

    def __init__(self, rest: Rest, clock: Clock) -> None:
        self._rest, self._clock = rest, clock

    async def at(self, feeds: Sequence[Feed]) -> dict[str, Message]:
        """Return by topic what the venue says; without those for which the minute has no weight left. Raises
        ClientError, but for a symbol that the venue does not have any more: that is left out."""
        found: dict[str, Message] = {}
        quotes = [feed for feed in feeds if feed.want.kind is MarketData.QUOTE]
        if quotes and self._may_ask:
            found.update(await self._tops(quotes))
        for feed in feeds:
            if feed.want.kind is MarketData.QUOTE or not self._may_ask:
                continue
            try:
                message = await self._one(feed)
            except ApiError as error:
                if isinstance(error, LimitReached) or not error.definite:
                    raise
                continue
            if message is not None:
                found[feed.topic] = message
        return found

    @property
    def _may_ask(self) -> bool:
        return self._rest.limits.used_weight <= LOOK_CEILING

    async def _tops(self, quotes: Sequence[Feed]) -> dict[str, Message]:
        now = self._clock.time_ns()
        if len(quotes) == 1:
            tops = [await self._rest.ticker_book_ticker(quotes[0].want.instrument.symbol)]
        else:
            tops = await self._rest.ticker_book_ticker()
        by_symbol = {feed.want.instrument.symbol: feed for feed in quotes}
        return {
            by_symbol[top.symbol].topic: top_of(top, by_symbol[top.symbol].instrument, now)
            for top in tops
            if top.symbol in by_symbol
        }

    async def _one(self, feed: Feed) -> Message | None:
        want, now = feed.want, self._clock.time_ns()
        symbol = want.instrument.symbol
        if want.kind is MarketData.TRADE:
            newest = await self._rest.agg_trades(symbol, 1)
            return newest_trade_of(newest[-1], feed.instrument, now) if newest else None
        if want.kind is MarketData.BAR:
            bars = await self._rest.klines(symbol, venue_interval(want.detail), 1)
            found = past_bars_of(bars, want.detail, feed.instrument, self._rest.clock.now_ms(), now)
            return found[-1] if found else None
        if want.kind is MarketData.TICKER:
            return past_ticker_of(await self._rest.ticker_24hr(symbol), feed.instrument, now)
        if want.kind in (MarketData.BOOK, MarketData.DEPTH):
            levels = int(want.detail) if want.kind is MarketData.DEPTH else BOOK_LEVELS
            return snapshot_of(await self._rest.depth(symbol, levels), feed.instrument, levels, now)
        return None
