"""The venue's payloads, as they come: milliseconds, exact decimals for what is owed, floats for what is observed.

Fields that we do not use are not read; fields that the venue leaves out have defaults. Source: Binance Spot API,
rest-api, web-socket-streams and user-data-stream, 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Raw, field

__all__ = [
    "Account",
    "AccountBalance",
    "AccountTrade",
    "BookTicker",
    "Depth",
    "DepthUpdate",
    "ExchangeInfo",
    "ExecutionReport",
    "OrderBody",
    "OutboundAccountPosition",
    "PositionBalance",
    "ServerTime",
    "StreamTrade",
    "Symbol",
    "SymbolFilter",
]

Levels = list[tuple[float, float]]


class ServerTime(msgspec.Struct, frozen=True):
    """GET /api/v3/time."""

    server_time_ms: int = field(name="serverTime")


class SymbolFilter(msgspec.Struct, frozen=True, rename="camel"):
    """One of a symbol's filters; which fields it has hangs on its type."""

    filter_type: str
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    tick_size: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    step_size: Decimal | None = None
    min_notional: Decimal | None = None
    max_notional: Decimal | None = None


class Symbol(msgspec.Struct, frozen=True, rename="camel"):
    """An entry of exchangeInfo."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    order_types: tuple[str, ...] = ()
    filters: tuple[SymbolFilter, ...] = ()
    quote_asset_precision: int = 8
    quote_order_qty_market_allowed: bool = False
    iceberg_allowed: bool = False
    is_spot_trading_allowed: bool = True


class ExchangeInfo(msgspec.Struct, frozen=True, rename="camel"):
    """GET /api/v3/exchangeInfo; each symbol is kept raw, for its record is handed on as it is."""

    server_time: int
    symbols: list[Raw] = []


class Depth(msgspec.Struct, frozen=True, rename="camel"):
    """GET /api/v3/depth."""

    last_update_id: int
    bids: Levels
    asks: Levels


class BookTicker(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@bookTicker``: no event type and no time."""

    update_id: int = field(name="u")
    symbol: str = field(name="s")
    bid: float = field(name="b")
    bid_size: float = field(name="B")
    ask: float = field(name="a")
    ask_size: float = field(name="A")


class StreamTrade(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@trade``."""

    symbol: str = field(name="s")
    trade_id: int = field(name="t")
    price: float = field(name="p")
    size: float = field(name="q")
    time_ms: int = field(name="T")
    is_buyer_maker: bool = field(name="m")


class DepthUpdate(msgspec.Struct, frozen=True):
    """``<symbol>@depth`` and ``<symbol>@depth@100ms``."""

    event_ms: int = field(name="E")
    symbol: str = field(name="s")
    first_id: int = field(name="U")
    last_id: int = field(name="u")
    bids: Levels = field(name="b")
    asks: Levels = field(name="a")


class OrderBody(msgspec.Struct, frozen=True, rename="camel"):
    """An order in an answer: to a placement (ACK has only its ids), a cancel, or a query."""

    symbol: str
    order_id: int = -1
    client_order_id: str = ""
    orig_client_order_id: str = ""
    transact_time: int = 0
    time: int = 0
    update_time: int = 0
    price: Decimal | None = None
    orig_qty: Decimal | None = None
    executed_qty: Decimal | None = None
    orig_quote_order_qty: Decimal | None = None
    cummulative_quote_qty: Decimal | None = None
    stop_price: Decimal | None = None
    status: str = ""
    time_in_force: str = ""
    type: str = ""
    side: str = ""
    expiry_reason: str = ""


class AccountTrade(msgspec.Struct, frozen=True, rename="camel"):
    """An entry of GET /api/v3/myTrades."""

    symbol: str
    id: int
    order_id: int
    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    time: int
    is_buyer: bool
    is_maker: bool


class AccountBalance(msgspec.Struct, frozen=True):
    """A balance of GET /api/v3/account."""

    asset: str
    free: Decimal
    locked: Decimal


class Account(msgspec.Struct, frozen=True, rename="camel"):
    """GET /api/v3/account."""

    balances: tuple[AccountBalance, ...]
    update_time: int = 0
    can_trade: bool = True


class ExecutionReport(msgspec.Struct, frozen=True):
    """``executionReport``: something happened to an order.

    On CANCELED `client_id` is the cancel request's and `original_id` the order's own.
    """

    event_ms: int = field(name="E")
    symbol: str = field(name="s")
    client_id: str = field(name="c")
    side: str = field(name="S")
    type: str = field(name="o")
    time_in_force: str = field(name="f")
    size: Decimal = field(name="q")
    price: Decimal = field(name="p")
    execution: str = field(name="x")
    status: str = field(name="X")
    order_id: int = field(name="i")
    last_size: Decimal = field(name="l")
    filled: Decimal = field(name="z")
    last_price: Decimal = field(name="L")
    time_ms: int = field(name="T")
    trade_id: int = field(name="t", default=-1)
    stop_price: Decimal | None = field(name="P", default=None)
    original_id: str = field(name="C", default="")
    reject_reason: str = field(name="r", default="NONE")
    fee: Decimal | None = field(name="n", default=None)
    fee_asset: str | None = field(name="N", default=None)
    is_maker: bool = field(name="m", default=False)
    filled_quote: Decimal | None = field(name="Z", default=None)
    quote_size: Decimal | None = field(name="Q", default=None)
    expiry_reason: str = field(name="eR", default="")
    trailing_delta: int | None = field(name="d", default=None)


class PositionBalance(msgspec.Struct, frozen=True):
    """A balance of `OutboundAccountPosition`."""

    asset: str = field(name="a")
    free: Decimal = field(name="f")
    locked: Decimal = field(name="l")


class OutboundAccountPosition(msgspec.Struct, frozen=True):
    """``outboundAccountPosition``: the balances that an event may have changed."""

    event_ms: int = field(name="E")
    update_ms: int = field(name="u")
    balances: tuple[PositionBalance, ...] = field(name="B")
