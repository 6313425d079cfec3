"""What may be traded and by which rules: exchangeInfo, its filters, execution rules.

Source: Binance Spot API, rest-api (exchangeInfo, executionRules, myFilters) and filters, 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Raw

from venues.binance.client.payloads.numbers import Ms, Number
from venues.binance.client.payloads.session import RateLimit

__all__ = [
    "ExchangeInfo",
    "ExecutionRule",
    "ExecutionRules",
    "MyFilters",
    "Sor",
    "Symbol",
    "SymbolFilter",
    "SymbolRules",
]


class SymbolFilter(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A filter of a symbol, of the exchange or of an asset; which fields it has hangs on its type.

    One struct for all of them, so that a filter of tomorrow costs no symbol. `limit` is a count of ICEBERG_PARTS and
    an amount of MAX_ASSET.
    """

    filter_type: str
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    tick_size: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    step_size: Decimal | None = None
    min_notional: Decimal | None = None
    max_notional: Decimal | None = None
    apply_to_market: bool | None = None
    apply_min_to_market: bool | None = None
    apply_max_to_market: bool | None = None
    avg_price_mins: Number | None = None
    multiplier_up: Decimal | None = None
    multiplier_down: Decimal | None = None
    bid_multiplier_up: Decimal | None = None
    bid_multiplier_down: Decimal | None = None
    ask_multiplier_up: Decimal | None = None
    ask_multiplier_down: Decimal | None = None
    limit: Decimal | None = None
    max_num_orders: Number | None = None
    max_num_algo_orders: Number | None = None
    max_num_iceberg_orders: Number | None = None
    max_num_order_amends: Number | None = None
    max_num_order_lists: Number | None = None
    max_position: Decimal | None = None
    min_trailing_above_delta: Number | None = None
    max_trailing_above_delta: Number | None = None
    min_trailing_below_delta: Number | None = None
    max_trailing_below_delta: Number | None = None
    asset: str = ""


class Symbol(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of exchangeInfo."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    order_types: tuple[str, ...] = ()
    filters: tuple[SymbolFilter, ...] = ()
    quote_asset_precision: Number = 8
    quote_order_qty_market_allowed: bool = False
    iceberg_allowed: bool = False
    is_spot_trading_allowed: bool = True
    base_asset_precision: Number = 8
    quote_precision: Number = 8
    base_commission_precision: Number = 8
    quote_commission_precision: Number = 8
    oco_allowed: bool = False
    oto_allowed: bool = False
    opo_allowed: bool = False
    allow_trailing_stop: bool = False
    cancel_replace_allowed: bool = False
    amend_allowed: bool = False
    peg_instructions_allowed: bool = False
    is_margin_trading_allowed: bool = False
    permissions: tuple[str, ...] = ()
    permission_sets: tuple[tuple[str, ...], ...] = ()
    default_self_trade_prevention_mode: str = ""
    allowed_self_trade_prevention_modes: tuple[str, ...] = ()


class Sor(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A base asset whose orders may be routed among symbols."""

    base_asset: str
    symbols: tuple[str, ...] = ()


class ExchangeInfo(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/exchangeInfo; each symbol is kept raw, for its record is handed on as it is."""

    server_time: Ms
    symbols: list[Raw] = []
    timezone: str = "UTC"
    rate_limits: tuple[RateLimit, ...] = ()
    exchange_filters: tuple[SymbolFilter, ...] = ()
    sors: tuple[Sor, ...] = ()


class ExecutionRule(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A rule by which orders expire; the multipliers of PRICE_RANGE are of the reference price."""

    rule_type: str
    bid_limit_mult_up: Decimal | None = None
    bid_limit_mult_down: Decimal | None = None
    ask_limit_mult_up: Decimal | None = None
    ask_limit_mult_down: Decimal | None = None


class SymbolRules(msgspec.Struct, frozen=True, gc=False):
    """A symbol's execution rules."""

    symbol: str
    rules: tuple[ExecutionRule, ...] = ()


class ExecutionRules(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/executionRules."""

    symbol_rules: tuple[SymbolRules, ...]


class MyFilters(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """GET /api/v3/myFilters."""

    exchange_filters: tuple[SymbolFilter, ...] = ()
    symbol_filters: tuple[SymbolFilter, ...] = ()
    asset_filters: tuple[SymbolFilter, ...] = ()
    rate_limits: tuple[RateLimit, ...] = ()
