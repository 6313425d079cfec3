"""From the parameters of a new order to an order that the exchange can prepare.

Source: Binance Spot API, rest-api (new order) and errors, 2026-07.
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
    not_accepted,
    not_required,
    one_of,
    unsupported_combination,
)
from venues.binance.twin.market.rules import ORDER_TYPES
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.requests.params import CLIENT_ID, Params
from venues.binance.twin.trading import filters, pegs
from venues.binance.twin.trading.pegs import Peg
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
        *pegs.NAMES,
    )
)
NOT_OFFERED = {
    "MARKET": "Market orders are not supported for this symbol.",
    "STOP_LOSS": "Stop loss orders are not supported for this symbol.",
    "STOP_LOSS_LIMIT": "Stop loss limit orders are not supported for this symbol.",
    "TAKE_PROFIT": "Take profit orders are not supported for this symbol.",
    "TAKE_PROFIT_LIMIT": "Take profit limit orders are not supported for this symbol.",
}
FORBIDDEN: dict[str, tuple[str, ...]] = {
    "LIMIT": ("quoteOrderQty", "stopPrice", "trailingDelta"),
    "LIMIT_MAKER": ("timeInForce", "quoteOrderQty", "stopPrice", "trailingDelta"),
    "MARKET": ("timeInForce", "price", "stopPrice", "trailingDelta", "icebergQty"),
    "STOP_LOSS": ("timeInForce", "price", "quoteOrderQty", "icebergQty"),
    "STOP_LOSS_LIMIT": ("quoteOrderQty",),
    "TAKE_PROFIT": ("timeInForce", "price", "quoteOrderQty", "icebergQty"),
    "TAKE_PROFIT_LIMIT": ("quoteOrderQty",),
}
MANDATORY: dict[str, tuple[str, ...]] = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "LIMIT_MAKER": ("quantity", "price"),
    "MARKET": (),
    "STOP_LOSS": ("quantity",),
    "STOP_LOSS_LIMIT": ("timeInForce", "quantity", "price"),
    "TAKE_PROFIT": ("quantity",),
    "TAKE_PROFIT_LIMIT": ("timeInForce", "quantity", "price"),
}
KINDS: dict[str, Kind] = {
    "LIMIT": "LIMIT",
    "LIMIT_MAKER": "LIMIT_MAKER",
    "MARKET": "MARKET",
    "STOP_LOSS": "MARKET",
    "STOP_LOSS_LIMIT": "LIMIT",
    "TAKE_PROFIT": "MARKET",
    "TAKE_PROFIT_LIMIT": "LIMIT",
}
"""What an order is to the matching engine once it works."""
PREVENTIONS = ("NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT", "TRANSFER")
FULL_BY_DEFAULT = ("LIMIT", "MARKET")
MIN_STRATEGY_TYPE = 1_000_000
CLIENT_ID_LENGTH = 22
_ALPHABET = (string.ascii_letters + string.digits).encode()
_LETTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
"""A letter for each byte: twenty times as fast as a choice for each letter."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A checked order: prices in ticks, sizes in steps, `quote` ticks x steps, `quote_order_qty` in atoms.

    `trailing_delta` is in basis points. 0 stands for what was not sent; `iceberg` is None then, since an answer shows
    it only when it was sent.
    """

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
    stop_price: int = 0
    trailing_delta: int = 0
    iceberg: int | None = None
    prevention: str = "NONE"
    peg: Peg | None = None

    @property
    def kind(self) -> Kind:
        """The engine's word for the type."""
        return KINDS[self.type]

    @property
    def is_algo(self) -> bool:
        """Whether it waits for a price."""
        return is_algo(self.type)

    @property
    def engine_tif(self) -> TimeInForce:
        """The engine's word for the time in force."""
        return cast(TimeInForce, self.time_in_force)


def is_algo(order_type: str) -> bool:
    """Whether orders of that type wait for a price: the venue's algo orders."""
    return order_type.startswith(("STOP_LOSS", "TAKE_PROFIT"))


def new_client_id() -> str:
    """An id as the venue makes one when none was sent."""
    return secrets.token_bytes(CLIENT_ID_LENGTH).translate(_LETTERS).decode()


def parse(
    params: Params, symbols: Mapping[str, Symbol], average: Callable[[str], int], has_size: bool = True
) -> NewOrder:
    """Check a new order's parameters and filters; `average` gives a symbol's average price in ticks.

    Without `has_size` its quantity comes later, 0 until then, and so does what the filters say about it.
    Raises VenueError -1100 to -1211 for parameters, -1013 for filters and for what a symbol does not offer.
    """
    symbol = params.symbol(symbols)
    params.required("side")
    side = cast(Side, params.choice("side", ("BUY", "SELL"), VenueError(-1117, "Invalid side.")))
    params.required("type")
    order_type = str(params.choice("type", ORDER_TYPES, VenueError(-1116, "Invalid orderType.")))
    if order_type not in symbol.offer.order_types:
        raise not_accepted(NOT_OFFERED.get(order_type, "Unsupported order combination"))
    _check_presence(params, order_type, has_size)
    tif = params.choice("timeInForce", ("GTC", "IOC", "FOK"), VenueError(-1115, "Invalid timeInForce.")) or "GTC"
    peg = _peg(params, symbol, order_type, tif)
    reference = average(symbol.name)
    stop_price, delta = _trigger(params, symbol, order_type, side)
    price = _price(params, symbol, side, reference)
    size, budget = _amounts(params, symbol, order_type, price, reference) if has_size else (0, 0)
    response = params.choice("newOrderRespType", ("ACK", "RESULT", "FULL"), invalid_data("newOrderRespType"))
    strategy_type = params.integer("strategyType")
    if strategy_type is not None and strategy_type < MIN_STRATEGY_TYPE:
        raise VenueError(-1134, f"`strategyType` was less than {MIN_STRATEGY_TYPE}.")
    return NewOrder(
        symbol=symbol,
        side=side,
        type=order_type,
        time_in_force=tif,
        price=price,
        size=size,
        quote=budget // symbol.quote_unit,
        quote_order_qty=budget,
        client_order_id=params.text("newClientOrderId", CLIENT_ID) or new_client_id(),
        response=response or ("FULL" if order_type in FULL_BY_DEFAULT else "ACK"),
        strategy_id=params.integer("strategyId"),
        strategy_type=strategy_type,
        stop_price=stop_price,
        trailing_delta=delta,
        iceberg=_iceberg(params, symbol, tif, size),
        prevention=_prevention(params, symbol),
        peg=peg,
    )


def _check_presence(params: Params, order_type: str, has_size: bool) -> None:
    for name in FORBIDDEN[order_type]:
        if name in params:
            raise not_required(name)
    for name in MANDATORY[order_type]:
        is_given = name == "price" and "pegPriceType" in params
        if name not in params and not is_given and (has_size or name != "quantity"):
            raise mandatory(name)
    if is_algo(order_type) and "stopPrice" not in params and "trailingDelta" not in params:
        raise one_of("stopPrice", "trailingDelta")


def _peg(params: Params, symbol: Symbol, order_type: str, tif: str) -> Peg | None:
    if any(name in params for name in pegs.NAMES) and not symbol.offer.has_pegs:
        raise not_accepted("Pegged orders are not supported for this symbol.")
    return pegs.parse(params, order_type, tif)


def _price(params: Params, symbol: Symbol, side: Side, average: int) -> int:
    atoms = params.atoms("price")
    if atoms is None:
        return 0
    price = filters.check_price(symbol, atoms)
    filters.check_percent(symbol, side, price, average)
    return price


def _trigger(params: Params, symbol: Symbol, order_type: str, side: Side) -> tuple[int, int]:
    """(stop price in ticks, trailing delta in basis points), 0 for none."""
    atoms, delta = params.atoms("stopPrice"), params.integer("trailingDelta")
    if delta is not None:
        if not symbol.offer.has_trailing_stops:
            raise not_accepted("Trailing stop orders are not supported for this symbol.")
        filters.check_trailing(symbol, order_type, side, delta)
    return (0 if atoms is None else filters.check_price(symbol, atoms)), delta or 0


def _iceberg(params: Params, symbol: Symbol, tif: str, size: int) -> int | None:
    """Steps shown at a time."""
    atoms = params.atoms("icebergQty")
    if not atoms:
        return atoms
    if not symbol.offer.has_icebergs:
        raise not_accepted("Iceberg orders are not supported for this symbol.")
    if tif != "GTC":
        raise unsupported_combination()
    shown = filters.check_size(symbol, atoms)
    if size:
        filters.check_iceberg(symbol, size, shown)
    return shown


def _prevention(params: Params, symbol: Symbol) -> str:
    mode = params.choice("selfTradePreventionMode", PREVENTIONS, invalid_data("selfTradePreventionMode"))
    if mode is not None and mode not in symbol.offer.preventions:
        raise not_accepted("This symbol does not allow the specified self-trade prevention mode.")
    return mode or symbol.offer.default_prevention


def _amounts(params: Params, symbol: Symbol, order_type: str, price: int, average: int) -> tuple[int, int]:
    """(steps, quote budget in atoms): one of them is zero."""
    quantity, budget = params.atoms("quantity"), params.atoms("quoteOrderQty")
    is_market = KINDS[order_type] == "MARKET"
    if quantity is None and budget is None:
        raise one_of("quantity", "quoteOrderQty")
    if quantity is not None and budget is not None:
        raise bad_combination()
    if budget is not None:
        if not symbol.offer.has_quote_order_qty:
            raise not_accepted("Quote order qty market orders are not support for this symbol.")
        filters.check_notional(symbol, budget, is_market=True)
        return 0, budget
    size = filters.check_size(symbol, quantity or 0)
    if is_market:
        filters.check_market_size(symbol, quantity or 0)
    at = average if is_market else price
    if at:
        filters.check_notional(symbol, at * size * symbol.quote_unit, is_market)
    return size, 0
