"""From the parameters of a new order to an order that the exchange can place.

Source: Binance Spot API, rest-api, new order, 2026-07.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from venues.binance.twin.errors import (
    VenueError,
    bad_combination,
    invalid_data,
    mandatory,
    not_required,
    one_of,
    order_rejected,
)
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.requests.params import CLIENT_ID, Params
from venues.binance.twin.trading import filters
from venues.twins.matching import Kind, Side, TimeInForce

NAMES = frozenset(
    (
        "symbol",
        "side",
        "type",
        "timeInForce",
        "quantity",
        "quoteOrderQty",
        "price",
        "newClientOrderId",
        "strategyId",
        "strategyType",
        "stopPrice",
        "trailingDelta",
        "icebergQty",
        "newOrderRespType",
        "selfTradePreventionMode",
        "pegPriceType",
        "pegOffsetValue",
        "pegOffsetType",
    )
)
NOT_SUPPORTED = {
    "STOP_LOSS": "Stop loss orders are not supported for this symbol.",
    "STOP_LOSS_LIMIT": "Stop loss limit orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
}
TYPES = ("LIMIT", "LIMIT_MAKER", "MARKET", *NOT_SUPPORTED)
FORBIDDEN = {
    "LIMIT": ("quoteOrderQty", "stopPrice", "trailingDelta"),
    "LIMIT_MAKER": ("timeInForce", "quoteOrderQty", "stopPrice", "trailingDelta"),
    "MARKET": ("timeInForce", "price", "stopPrice", "trailingDelta", "icebergQty"),
}
MANDATORY = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
}
MIN_STRATEGY_TYPE = 1_000_000
CLIENT_ID_LENGTH = 22
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A checked order: price in ticks, size in steps, `quote` ticks x steps, `quote_order_qty` in atoms."""

    symbol: Symbol
    side: Side
    type: str
    time_in_force: str
    price: int
    size: int
    quote: int
    quote_order_qty: int
    client_order_id: str
    response: str
    strategy_id: int | None
    strategy_type: int | None

    @property
    def kind(self) -> Kind:
        """The engine's word for the type."""
        return cast(Kind, self.type)

    @property
    def engine_tif(self) -> TimeInForce:
        """The engine's word for the time in force."""
        return cast(TimeInForce, self.time_in_force)


def new_client_id() -> str:
    """An id as the venue makes one when none was sent."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(CLIENT_ID_LENGTH))


def parse(params: Params, symbols: Mapping[str, Symbol], average: Callable[[str], int]) -> NewOrder:
    """Check a new order's parameters and filters; `average` gives a symbol's average price in ticks.

    Raises VenueError -1100 to -1130 for parameters, -1013 for filters, -2010 for what a symbol does not
    offer.
    """
    symbol = params.symbol(symbols)
    params.required("side")
    side = cast(Side, params.choice("side", ("BUY", "SELL"), VenueError(-1117, "Invalid side.")))
    params.required("type")
    kind = str(params.choice("type", TYPES, VenueError(-1116, "Invalid orderType.")))
    if kind in NOT_SUPPORTED:
        raise order_rejected(NOT_SUPPORTED[kind])
    for name in FORBIDDEN[kind]:
        if name in params:
            raise not_required(name)
    for name in MANDATORY[kind]:
        if name not in params:
            raise mandatory(name)
    _refuse_special(params)
    tif = params.choice("timeInForce", ("GTC", "IOC", "FOK"), VenueError(-1115, "Invalid timeInForce.")) or "GTC"
    price, size, budget = 0, 0, 0
    if kind == "MARKET":
        size, budget = _market_amounts(params, symbol, average(symbol.name))
    else:
        price = filters.check_price(symbol, params.atoms("price") or 0)
        size = filters.check_size(symbol, params.atoms("quantity") or 0, is_market=False)
        filters.check_percent(price, average(symbol.name))
        filters.check_notional(symbol, price * size * symbol.quote_unit, is_market=False)
    default = "ACK" if kind == "LIMIT_MAKER" else "FULL"
    response = params.choice("newOrderRespType", ("ACK", "RESULT", "FULL"), invalid_data("newOrderRespType"))
    strategy_type = params.integer("strategyType")
    if strategy_type is not None and strategy_type < MIN_STRATEGY_TYPE:
        raise VenueError(-1134, f"`strategyType` was less than {MIN_STRATEGY_TYPE}.")
    return NewOrder(
        symbol=symbol,
        side=side,
        type=kind,
        time_in_force=tif,
        price=price,
        size=size,
        quote=budget // symbol.quote_unit,
        quote_order_qty=budget,
        client_order_id=params.text("newClientOrderId", CLIENT_ID) or new_client_id(),
        response=response or default,
        strategy_id=params.integer("strategyId"),
        strategy_type=strategy_type,
    )


def _refuse_special(params: Params) -> None:
    if "icebergQty" in params:
        raise order_rejected("Iceberg orders are not supported for this symbol.")
    if any(name in params for name in ("pegPriceType", "pegOffsetValue", "pegOffsetType")):
        raise order_rejected("Pegged orders are not supported for this symbol.")
    params.choice("selfTradePreventionMode", ("NONE",), invalid_data("selfTradePreventionMode"))


def _market_amounts(params: Params, symbol: Symbol, average: int) -> tuple[int, int]:
    """(steps, quote budget in atoms) of a market order: one of them is zero."""
    quantity, budget = params.atoms("quantity"), params.atoms("quoteOrderQty")
    if quantity is None and budget is None:
        raise one_of("quantity", "quoteOrderQty")
    if quantity is not None and budget is not None:
        raise bad_combination()
    if budget is not None:
        filters.check_notional(symbol, budget, is_market=True)
        return 0, budget
    size = filters.check_size(symbol, quantity or 0, is_market=True)
    if average:
        filters.check_notional(symbol, average * size * symbol.quote_unit, is_market=True)
    return size, 0
