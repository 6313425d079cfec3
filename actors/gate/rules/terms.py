"""An order says one thing: a size or a quote size, a price where its type has one, nothing that this version lacks."""

from __future__ import annotations

from actors.gate.rules.base import Denial, View
from bus.messages import Code, ContingencyType, NewOrder, OrderType, Side, TimeInForce

name = "terms"

_TYPES = (OrderType.MARKET, OrderType.LIMIT)
_TIMES = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny what is incomplete, contradictory or not done yet."""
    if order.side not in (Side.BUY, Side.SELL):
        return Denial(Code.UNSUPPORTED_INSTRUCTION, f"side is {order.side}; expected BUY or SELL")
    if order.type not in _TYPES:
        return Denial(Code.UNSUPPORTED_ORDER_TYPE, f"order type {order.type}; this version has {', '.join(_TYPES)}")
    if order.time_in_force not in _TIMES:
        reason = f"time in force {order.time_in_force}; this version has {', '.join(_TIMES)}"
        return Denial(Code.UNSUPPORTED_TIME_IN_FORCE, reason)
    if (order.size is None) == (order.quote_size is None):
        return Denial(Code.SIZE_MISSING, f"size {order.size}, quote_size {order.quote_size}: give exactly one")
    if order.type is OrderType.LIMIT and order.price is None:
        return Denial(Code.PRICE_MISSING, "a LIMIT order needs a price")
    if order.type is OrderType.MARKET and order.price is not None:
        return Denial(Code.PRICE_NOT_ALLOWED, f"a MARKET order takes no price, {order.price} was given")
    if order.quote_size is not None and order.type is not OrderType.MARKET:
        return Denial(Code.UNSUPPORTED_INSTRUCTION, f"quote_size with {order.type}; only MARKET orders take one")
    return _instructions(order)


def _instructions(order: NewOrder) -> Denial | None:
    if not (
        order.reduce_only
        or order.post_only
        or order.expire_ns
        or order.display_size is not None
        or order.trigger_price is not None
        or order.trailing_offset is not None
        or order.contingency is not ContingencyType.NONE
    ):
        return None
    asked = {
        "reduce_only": order.reduce_only,
        "display_size": order.display_size is not None,
        "trigger_price": order.trigger_price is not None,
        "trailing_offset": order.trailing_offset is not None,
        "contingency": order.contingency is not ContingencyType.NONE,
        "expire_ns": bool(order.expire_ns),
        "post_only with MARKET": order.post_only and order.type is OrderType.MARKET,
        f"post_only with {order.time_in_force}": order.post_only and order.time_in_force is not TimeInForce.GTC,
    }
    for instruction, present in asked.items():
        if present:
            return Denial(Code.UNSUPPORTED_INSTRUCTION, f"{instruction} is not available on {order.instance}")
    return None
