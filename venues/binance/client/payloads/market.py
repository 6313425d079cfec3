"""Answers about the market. Floats: decode with ``strict=False``, which reads the venue's quoted numbers into them.

Source: Binance Spot API, rest-api (market data endpoints), 2026-07.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import field

__all__ = [
    "AggregateTrade",
    "AveragePrice",
    "BlockTrade",
    "BookTop",
    "Depth",
    "Kline",
    "Levels",
    "MarketTrade",
    "PriceChange",
    "PriceTicker",
    "ReferenceCalculation",
    "ReferencePrice",
]

Levels: TypeAlias = list[tuple[float, float]]
"""(price, size) pairs, best first; size 0 in a change removes the level."""


class Depth(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/depth, and ``<symbol>@depth5``, ``10`` and ``20``: no symbol and no time."""

    last_update_id: int
    bids: Levels
    asks: Levels


class MarketTrade(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/trades and historicalTrades."""

    id: int
    price: float
    qty: float
    quote_qty: float
    time: int
    is_buyer_maker: bool
    is_best_match: bool = True


class BlockTrade(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/historicalBlockTrades; it moves no last price."""

    id: int
    price: float
    qty: float
    quote_qty: float
    time: int
    is_buyer_maker: bool


class AggregateTrade(msgspec.Struct, frozen=True, gc=False):
    """An entry of GET /api/v3/aggTrades: what one taker order traded at one price."""

    aggregate_id: int = field(name="a")
    price: float = field(name="p")
    size: float = field(name="q")
    first_id: int = field(name="f")
    last_id: int = field(name="l")
    time_ms: int = field(name="T")
    is_buyer_maker: bool = field(name="m")


class Kline(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An entry of GET /api/v3/klines and uiKlines; `close_ms` is its last millisecond."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    close_ms: int
    quote_volume: float
    trades: int
    taker_buy_volume: float
    taker_buy_quote_volume: float


class AveragePrice(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/avgPrice."""

    mins: int
    price: float
    close_time: int = 0


class PriceChange(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/ticker/24hr, ticker/tradingDay and ticker, FULL or MINI.

    NaN where MINI (or this endpoint) does not tell; `first_id` is -1 where nothing was traded.
    """

    symbol: str
    open_price: float
    high_price: float
    low_price: float
    last_price: float
    volume: float
    quote_volume: float
    open_time: int
    close_time: int
    first_id: int
    last_id: int
    count: int
    price_change: float = float("nan")
    price_change_percent: float = float("nan")
    weighted_avg_price: float = float("nan")
    prev_close_price: float = float("nan")
    last_qty: float = float("nan")
    bid_price: float = float("nan")
    bid_qty: float = float("nan")
    ask_price: float = float("nan")
    ask_qty: float = float("nan")


class PriceTicker(msgspec.Struct, frozen=True, gc=False):
    """GET /api/v3/ticker/price."""

    symbol: str
    price: float


class BookTop(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/ticker/bookTicker; an empty side has price 0."""

    symbol: str
    bid_price: float
    bid_qty: float
    ask_price: float
    ask_qty: float


class ReferencePrice(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/referencePrice; the price is None where none is set now."""

    symbol: str
    reference_price: float | None
    timestamp: int


class ReferenceCalculation(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/referencePrice/calculation; which fields it has hangs on its type."""

    symbol: str
    calculation_type: str
    bucket_count: int | None = None
    bucket_width_ms: int | None = None
    external_calculation_id: int | None = None
