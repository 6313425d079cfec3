"""Market streams and snapshots -> messages. All raise msgspec.DecodeError for what is no payload of theirs."""

from __future__ import annotations

import msgspec

from bus.messages import AggressorSide, BookDelta, BookSnapshot, InstrumentId, Quote, Trade
from venues.binance.client.payloads import BookTicker, Depth, DepthUpdate, StreamTrade
from venues.binance.mapping.words import MS

__all__ = ["delta_of", "quote_of", "snapshot_of", "trade_of"]

_ticker = msgspec.json.Decoder(BookTicker, strict=False)
_trade = msgspec.json.Decoder(StreamTrade, strict=False)
_depth = msgspec.json.Decoder(DepthUpdate, strict=False)
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


def trade_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Trade:
    """``<symbol>@trade`` -> Trade."""
    trade = _trade.decode(data)
    aggressor = AggressorSide.SELLER if trade.is_buyer_maker else AggressorSide.BUYER
    return Trade(instrument, str(trade.trade_id), trade.price, trade.size, aggressor, trade.time_ms * MS, ts_init)


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


_NAN = float("nan")
