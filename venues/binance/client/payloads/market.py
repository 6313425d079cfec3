"""Answers about the market. Floats: decode with ``strict=False``, which reads the venue's quoted numbers into them.

Source: Binance Spot API, rest-api (market data endpoints), 2026-07.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import field

from venues.binance.client.payloads.numbers import Ms, Number

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

    last_update_id: Number
    bids: Levels
    asks: Levels


class MarketTrade(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/trades and historicalTrades."""

    id: Number
    price: float
    qty: float
    quote_qty: float
    time: Ms
    is_buyer_maker: bool
    is_best_match: bool = True


class BlockTrade(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/historicalBlockTrades; it moves no last price."""

    id: Number
    price: float
    qty: float
    quote_qty: float
    time: Ms
    is_buyer_maker: bool


class AggregateTrade(msgspec.Struct, frozen=True, gc=False):
    """An entry of GET /api/v3/aggTrades: what one taker order traded at one price."""

    aggregate_id: Number = field(name="a")
    price: float = field(name="p")
    size: float = field(name="q")
    first_id: Number = field(name="f")
    last_id: Number = field(name="l")
    time_ms: Ms = field(name="T")
    is_buyer_maker: bool = field(name="m")


class Kline(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An entry of GET /api/v3/klines and uiKlines; `close_ms` is its last millisecond."""

    open_ms: Ms
    open: float
    high: float
    low: float
    close: float
    volume: float
    close_ms: Ms
    quote_volume: float
    trades: Number
    taker_buy_volume: float
    taker_buy_quote_volume: float


class AveragePrice(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/avgPrice."""

    mins: Number
    price: float
    close_time: Ms = 0


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
    open_time: Ms
    close_time: Ms
    first_id: Number
    last_id: Number
    count: Number
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
    timestamp: Ms


class ReferenceCalculation(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/referencePrice/calculation; which fields it has hangs on its type."""

    symbol: str
    calculation_type: str
    bucket_count: Number | None = None
    bucket_width_ms: Ms | None = None
    external_calculation_id: Number | None = None
