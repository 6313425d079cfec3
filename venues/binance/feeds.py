"""Which stream of the venue feeds a topic, how often the venue says that it speaks, and how its messages are read.

Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

from msgspec import Raw

from bus.clock import Clock
from bus.messages import InstrumentId, Message
from bus.streams import Publisher
from venues.binance.book_sync import BookSync
from venues.binance.mapping.bars import bar_of, ticker_of, venue_interval
from venues.binance.mapping.market_data import delta_of, partial_of, quote_of, trade_of
from venues.capabilities import MarketData
from venues.market_data import BarFeed, BookFeed, DepthFeed, Feed, QuoteFeed, TickerFeed, TradeFeed, Want
from venues.market_data.books import SnapshotWanted

__all__ = ["feed_of"]

DEPTH_S, TICKER_S, FAST_BAR_S, BAR_S = 0.1, 1.0, 1.0, 2.0
"""The venue's own rhythms: ``@depth<n>@100ms``, ``@ticker``, ``@kline_1s`` and the other candles."""


def feed_of(want: Want, publisher: Publisher, clock: Clock, want_snapshot: SnapshotWanted) -> Feed:
    """Return the feed of a topic that the venue offers. Raises ValueError for one that it does not."""
    symbol = want.instrument.symbol.lower()
    if want.kind is MarketData.QUOTE:
        return QuoteFeed(want, f"{symbol}@bookTicker", quote_of, publisher, clock)
    if want.kind is MarketData.TRADE:
        return TradeFeed(want, f"{symbol}@trade", trade_of, publisher, clock)
    if want.kind is MarketData.BOOK:
        stream = f"{symbol}@depth@100ms"
        return BookFeed(want, stream, delta_of, publisher, clock, BookSync(), want_snapshot)
    if want.kind is MarketData.BAR:
        interval = venue_interval(want.detail)
        rhythm_s = FAST_BAR_S if interval == "1s" else BAR_S
        return BarFeed(want, f"{symbol}@kline_{interval}", bar_of, publisher, clock, rhythm_s)
    if want.kind is MarketData.DEPTH:
        return _depth_feed(want, symbol, publisher, clock)
    if want.kind is MarketData.TICKER:
        return TickerFeed(want, f"{symbol}@ticker", ticker_of, publisher, clock, TICKER_S)
    raise ValueError(f"no stream of the venue feeds {want.topic}")


def _depth_feed(want: Want, symbol: str, publisher: Publisher, clock: Clock) -> Feed:
    levels = int(want.detail)

    def read(data: Raw, instrument: InstrumentId, ts_init: int) -> Message:
        return partial_of(data, instrument, levels, ts_init)

    return DepthFeed(want, f"{symbol}@depth{levels}@100ms", read, publisher, clock, DEPTH_S)
