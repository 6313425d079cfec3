"""An order says one thing: a size or a quote size, a price and a trigger where its type has them.

Whether a venue has such an order is for its own actor to say.
"""

from __future__ import annotations

from actors.gate.rules.base import Denial, View
from bus.messages import Code, ContingencyType, NewOrder, OrderType, Side, TimeInForce

name = "terms"

_LIMITS = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED, OrderType.TRAILING_STOP_LIMIT)
_MARKETS = (OrderType.MARKET, OrderType.STOP_MARKET, OrderType.MARKET_IF_TOUCHED, OrderType.TRAILING_STOP_MARKET)
_TYPES = _MARKETS + _LIMITS
_AT_ONCE = (OrderType.MARKET, OrderType.LIMIT)
_TRAILING = (OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT)
_TIMES = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny what is incomplete, contradictory or not done yet."""
    if order.side not in (Side.BUY, Side.SELL):
        return Denial(Code.UNSUPPORTED_INSTRUCTION, f"side is {order.side}; expected BUY or SELL")
    if order.type not in _TYPES:
        reason = f"order type {order.type} on {order.instance}; this version has {', '.join(_TYPES)}"
        return Denial(Code.UNSUPPORTED_ORDER_TYPE, reason)
    if order.time_in_force not in _TIMES:
        reason = f"time in force {order.time_in_force} on {order.instance}; this version has {', '.join(_TIMES)}"
        return Denial(Code.UNSUPPORTED_TIME_IN_FORCE, reason)
    if (order.size is None) == (order.quote_size is None):
        return Denial(Code.SIZE_MISSING, f"size {order.size}, quote_size {order.quote_size}: give exactly one")
    if order.type in _LIMITS and order.price is None:
        return Denial(Code.PRICE_MISSING, f"a {order.type} order needs a price")
    if order.type in _MARKETS and order.price is not None:
        return Denial(Code.PRICE_NOT_ALLOWED, f"a {order.type} order takes no price, {order.price} was given")
    if order.type not in _AT_ONCE:
        denial = _trigger(order)
        if denial is not None:
            return denial
    if order.quote_size is not None and order.type is not OrderType.MARKET:
        return Denial(Code.UNSUPPORTED_INSTRUCTION, f"quote_size with {order.type}; only MARKET orders take one")
    return _instructions(order)


def _trigger(order: NewOrder) -> Denial | None:
    if order.type in _TRAILING and order.trailing_offset is None:
        return Denial(Code.UNSUPPORTED_INSTRUCTION, f"a {order.type} order needs a trailing_offset")
    if order.trailing_offset is not None and order.trailing_offset <= 0:
        return Denial(Code.PRICE_LIMIT, f"trailing_offset {order.trailing_offset}: expected above 0")
    if order.trigger_price is None and order.trailing_offset is None:
        return Denial(Code.PRICE_MISSING, f"a {order.type} order needs a trigger_price")
    return None


def _instructions(order: NewOrder) -> Denial | None:
    if not (
        order.reduce_only
        or order.post_only
        or order.expire_ns
        or order.trigger_price is not None
        or order.trailing_offset is not None
        or order.contingency is not ContingencyType.NONE
    ):
        return None
    asked = {
        "reduce_only": order.reduce_only,
        f"trigger_price with {order.type}": order.trigger_price is not None and order.type in _AT_ONCE,
        f"trailing_offset with {order.type}": order.trailing_offset is not None and order.type in _AT_ONCE,
        f"contingency {order.contingency} of an order that comes alone": order.contingency is not ContingencyType.NONE,
        "expire_ns": bool(order.expire_ns),
        f"post_only with {order.type}": order.post_only and order.type is not OrderType.LIMIT,
        f"post_only with {order.time_in_force}": order.post_only and order.time_in_force is not TimeInForce.GTC,
    }
    for instruction, present in asked.items():
        if present:
            return Denial(Code.UNSUPPORTED_INSTRUCTION, f"{instruction} is not available on {order.instance}")
    return None
