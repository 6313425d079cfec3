"""Market streams and snapshots -> messages. What reads bytes raises msgspec.DecodeError for what is no payload of it.

Source: Binance Spot API, web-socket-streams and rest-api (market data endpoints), 2026-07.
"""

from __future__ import annotations

import msgspec

from bus.messages import AggressorSide, BookDelta, BookSnapshot, InstrumentId, Quote, Trade
from venues.binance.client.payloads import (
    AggregateTrade,
    BlockTrade,
    BookTicker,
    BookTop,
    Depth,
    DepthUpdate,
    MarketTrade,
    StreamAggregateTrade,
    StreamBlockTrade,
    StreamTrade,
)
from venues.binance.mapping.words import MS

__all__ = [
    "BLOCK",
    "aggregate_trade_of",
    "block_trade_of",
    "delta_of",
    "newest_trade_of",
    "partial_of",
    "past_aggregate_trade_of",
    "past_trade_of",
    "quote_of",
    "snapshot_of",
    "top_of",
    "trade_of",
]

BLOCK = "BLOCK"
"""The condition of a trade that was made apart from the book and moves no last price."""

_NAN = float("nan")
_ticker = msgspec.json.Decoder(BookTicker, strict=False)
_trade = msgspec.json.Decoder(StreamTrade, strict=False)
_aggregate = msgspec.json.Decoder(StreamAggregateTrade, strict=False)
_block = msgspec.json.Decoder(StreamBlockTrade, strict=False)
_depth = msgspec.json.Decoder(DepthUpdate, strict=False)
_partial = msgspec.json.Decoder(Depth, strict=False)
# strict=False reads the venue's quoted numbers straight into floats


def quote_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Quote:
    """``<symbol>@bookTicker`` -> Quote. The venue gives no time, so `ts_event` is 0; an empty side has price NaN."""
    ticker = _ticker.decode(data)
    return Quote(
        instrument,
        ticker.bid or _NAN,
        ticker.ask or _NAN,
        ticker.bid_size,
        ticker.ask_size,
        ticker.update_id,
        0,
        ts_init,
    )


def top_of(top: BookTop, instrument: InstrumentId, ts_init: int) -> Quote:
    """GET /api/v3/ticker/bookTicker -> Quote. The venue gives no time and no number."""
    return Quote(instrument, top.bid_price or _NAN, top.ask_price or _NAN, top.bid_qty, top.ask_qty, 0, 0, ts_init)


def trade_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Trade:
    """``<symbol>@trade`` -> Trade."""
    trade = _trade.decode(data)
    aggressor = _SELLER if trade.is_buyer_maker else _BUYER
    return Trade(instrument, str(trade.trade_id), trade.price, trade.size, aggressor, trade.time_ms * MS, ts_init)


def aggregate_trade_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Trade:
    """``<symbol>@aggTrade`` -> Trade. Its id is the aggregate's: these are numbered apart from trades."""
    trade = _aggregate.decode(data)
    aggressor = _SELLER if trade.is_buyer_maker else _BUYER
    return Trade(instrument, str(trade.aggregate_id), trade.price, trade.size, aggressor, trade.time_ms * MS, ts_init)


def block_trade_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Trade:
    """``<symbol>@blockTrade`` -> Trade with the condition `BLOCK`. Block trades are numbered apart from trades."""
    trade = _block.decode(data)
    aggressor = _SELLER if trade.is_buyer_maker else _BUYER
    at = trade.time_ms * MS
    return Trade(instrument, str(trade.trade_id), trade.price, trade.size, aggressor, at, ts_init, BLOCK)


def past_trade_of(trade: MarketTrade | BlockTrade, instrument: InstrumentId, ts_init: int) -> Trade:
    """GET /api/v3/trades, historicalTrades and historicalBlockTrades -> Trade."""
    aggressor = _SELLER if trade.is_buyer_maker else _BUYER
    condition = BLOCK if isinstance(trade, BlockTrade) else ""
    return Trade(instrument, str(trade.id), trade.price, trade.qty, aggressor, trade.time * MS, ts_init, condition)


def past_aggregate_trade_of(trade: AggregateTrade, instrument: InstrumentId, ts_init: int) -> Trade:
    """GET /api/v3/aggTrades -> Trade, as of the stream."""
    aggressor = _SELLER if trade.is_buyer_maker else _BUYER
    return Trade(instrument, str(trade.aggregate_id), trade.price, trade.size, aggressor, trade.time_ms * MS, ts_init)


def newest_trade_of(trade: AggregateTrade, instrument: InstrumentId, ts_init: int) -> Trade:
    """The newest of GET /api/v3/aggTrades -> a Trade with the number of the last trade in it, to compare with."""
    aggressor = _SELLER if trade.is_buyer_maker else _BUYER
    return Trade(instrument, str(trade.last_id), trade.price, trade.size, aggressor, trade.time_ms * MS, ts_init)


def delta_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> BookDelta:
    """``<symbol>@depth@100ms`` -> BookDelta; it applies to the book at ``U - 1``."""
    update = _depth.decode(data)
    return BookDelta(
        instrument, update.bids, update.asks, update.first_id - 1, update.last_id, update.event_ms * MS, ts_init
    )


def snapshot_of(depth: Depth, instrument: InstrumentId, limit: int, ts_init: int) -> BookSnapshot:
    """GET /api/v3/depth -> BookSnapshot. `depth` is 0 (whole) where both sides came with fewer levels than asked for.

    The venue gives no time.
    """
    is_whole = len(depth.bids) < limit and len(depth.asks) < limit
    return BookSnapshot(
        instrument, depth.bids, depth.asks, depth.last_update_id, 0, ts_init, depth=0 if is_whole else limit
    )


def partial_of(data: bytes | msgspec.Raw, instrument: InstrumentId, levels: int, ts_init: int) -> BookSnapshot:
    """``<symbol>@depth5``, ``10`` and ``20`` -> BookSnapshot of the best `levels`, as `snapshot_of` does."""
    return snapshot_of(_partial.decode(data), instrument, levels, ts_init)


_SELLER, _BUYER = AggressorSide.SELLER, AggressorSide.BUYER
