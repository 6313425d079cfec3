"""NewOrder -> the parameters of a new order: all that Binance Spot can do with one.

Of `NewOrder.params` everything goes to the venue as it is (selfTradePreventionMode, strategyId, pegPriceType, ...) but
what the order itself says.

    ours                       the venue's                            needs
    LIMIT                      LIMIT; post_only: LIMIT_MAKER          price
    MARKET                     MARKET                                 size or quote_size
    STOP_MARKET, STOP_LIMIT    STOP_LOSS, STOP_LOSS_LIMIT             trigger_price
    MARKET_IF_TOUCHED,         TAKE_PROFIT, TAKE_PROFIT_LIMIT         trigger_price or trailing_offset
    LIMIT_IF_TOUCHED
    TRAILING_STOP_MARKET,      STOP_LOSS, STOP_LOSS_LIMIT             trailing_offset in whole BASIS_POINTS
    TRAILING_STOP_LIMIT        with trailingDelta

With a trailing offset the venue's ``stopPrice`` is where the trailing begins: our `activation_price`.
Source: Binance Spot API, rest-api (new order), faqs (trailing stop), 2026-07.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from bus.messages import (
    Code,
    ContingencyType,
    NewOrder,
    OrderType,
    PositionSide,
    Refused,
    Side,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
    exact,
)

__all__ = ["RESERVED_PARAMS", "Params", "Request", "denied", "leg_params", "order_params"]

Params: TypeAlias = dict[str, str | int]


class Request(msgspec.Struct, frozen=True, gc=False):
    """A method of the WebSocket API, and its parameters before anything is signed."""

    method: str
    params: Params


RESERVED_PARAMS = frozenset(
    (
        "apiKey", "signature", "timestamp", "recvWindow", "symbol", "side", "type", "timeInForce", "quantity",
        "quoteOrderQty", "price", "newClientOrderId", "newOrderRespType", "stopPrice", "trailingDelta", "icebergQty",
    )
)  # fmt: skip
"""What `NewOrder.params` may not say, for the order itself says it, or nothing may."""

_GTC, _IOC, _FOK = TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK
_MARKET, _LIMIT, _UNKNOWN_SIDE = OrderType.MARKET, OrderType.LIMIT, Side.UNKNOWN
_NET, _NO_CONTINGENCY = PositionSide.NET, ContingencyType.NONE
# named here, for a member of an enum takes 0.1 us to look up, and a plain order is judged by ten of them

_MARKETS = {
    OrderType.MARKET: "MARKET",
    OrderType.STOP_MARKET: "STOP_LOSS",
    OrderType.MARKET_IF_TOUCHED: "TAKE_PROFIT",
    OrderType.TRAILING_STOP_MARKET: "STOP_LOSS",
}
_LIMITS = {
    OrderType.LIMIT: "LIMIT",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.LIMIT_IF_TOUCHED: "TAKE_PROFIT_LIMIT",
    OrderType.TRAILING_STOP_LIMIT: "STOP_LOSS_LIMIT",
}
_TYPES = _MARKETS | _LIMITS
_TRAILING = (OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT)
_STOPS = (OrderType.STOP_MARKET, OrderType.STOP_LIMIT)
_PLAIN = (_MARKET, _LIMIT)
_TIMES_IN_FORCE = (_GTC, _IOC, _FOK)


def order_params(order: NewOrder, symbol: str, answer: str = "ACK") -> Params | Refused:
    """Return the parameters of ``order.place`` and POST /api/v3/order, or why the venue has no such order.

    `answer` is the kind asked for: ACK, RESULT or FULL. An order of a list is refused: see `order_lists.list_request`.
    """
    if order.contingency is not _NO_CONTINGENCY:
        return denied(Code.UNSUPPORTED_INSTRUCTION, "contingency: an order of a list goes with the whole list")
    reserved = RESERVED_PARAMS.intersection(order.params)
    if reserved:
        return denied(Code.UNSUPPORTED_INSTRUCTION, f"params {', '.join(sorted(reserved))}: the order itself says it")
    leg = leg_params(order)
    if isinstance(leg, Refused):
        return leg
    params: Params = {**order.params, "symbol": symbol, "side": order.side.value}
    params["newClientOrderId"] = order.client_order_id
    params["newOrderRespType"] = answer
    if order.size is not None:
        params["quantity"] = exact(order.size)
    elif order.quote_size is not None:
        params["quoteOrderQty"] = exact(order.quote_size)
    params.update(leg)
    return params


def leg_params(order: NewOrder) -> Params | Refused:
    """Return what an order alone and an order of a list have in common, or why the venue has no such order."""
    denial = _contradiction(order) or _lacking(order)
    if denial is not None:
        return denial
    leg: Params = {"type": "LIMIT_MAKER" if order.post_only else _TYPES[order.type]}
    if order.price is not None:
        leg["price"] = exact(order.price)
    if order.type in _LIMITS and not order.post_only:
        leg["timeInForce"] = order.time_in_force.value
    if order.display_size is not None:
        leg["icebergQty"] = exact(order.display_size)
    stop = order.trigger_price if order.trailing_offset is None else order.activation_price
    if stop is not None:
        leg["stopPrice"] = exact(stop)
    if order.trailing_offset is not None:
        leg["trailingDelta"] = int(order.trailing_offset)
    return leg


def _contradiction(order: NewOrder) -> Refused | None:
    """Return why an order of this type cannot say what this one says."""
    kind, tif = order.type, order.time_in_force
    if kind not in _TYPES:
        return denied(Code.UNSUPPORTED_ORDER_TYPE, f"order type {kind}: the venue has {', '.join(_TYPES)}")
    if order.side is _UNKNOWN_SIDE:
        return denied(Code.UNSUPPORTED_INSTRUCTION, "the order's side is not known to this version")
    if tif not in _TIMES_IN_FORCE:
        return denied(Code.UNSUPPORTED_TIME_IN_FORCE, f"time in force {tif}: the venue takes GTC, IOC and FOK")
    if tif is not _GTC and kind in _MARKETS and kind is not _MARKET:
        return denied(Code.UNSUPPORTED_TIME_IN_FORCE, f"time in force {tif} on a {kind} order, which takes none")
    if order.price is not None and kind in _MARKETS:
        return denied(Code.PRICE_NOT_ALLOWED, f"a {kind} order takes no price")
    if order.quote_size is not None and kind is not _MARKET:
        return denied(Code.UNSUPPORTED_INSTRUCTION, "quote_size: the venue takes it on MARKET orders alone")
    if order.post_only and kind is not _LIMIT:
        return denied(Code.UNSUPPORTED_INSTRUCTION, f"post_only on a {kind} order, which may take")
    if order.post_only and tif is not _GTC:
        return denied(Code.UNSUPPORTED_INSTRUCTION, f"post_only with {tif}: it would end at once")
    return None if _is_plain(order) else _misplaced(order)


def _is_plain(order: NewOrder) -> bool:
    """True for the order without rare instructions that nearly all are, told by one look instead of a dozen."""
    return (
        order.display_size is order.trigger_price is order.trailing_offset is None
        and order.limit_offset is order.activation_price is None
        and order.position_side is _NET
        and order.contingency is _NO_CONTINGENCY
        and not (order.reduce_only or order.expire_ns)
    )


def _misplaced(order: NewOrder) -> Refused | None:
    """Return the rare instruction that the venue lacks, or that is nothing for an order of this type."""
    kind = order.type
    shown, trigger, trails = order.display_size, order.trigger_price is not None, order.trailing_offset is not None
    watches_last = order.trigger_type in (TriggerType.DEFAULT, TriggerType.LAST)
    for name, is_wrong, why in (
        ("reduce_only", order.reduce_only, "the venue has no such instruction"),
        ("expire_ns", order.expire_ns != 0, "the venue ends no order at a time"),
        ("position_side", order.position_side is not _NET, "an account has balances, no positions"),
        ("limit_offset", order.limit_offset is not None, "the limit is a price, whatever the trigger does"),
        ("display_size", shown is not None and kind not in _LIMITS, f"a {kind} order shows no size"),
        ("display_size", shown is not None and order.time_in_force is not _GTC, "it needs GTC"),
        ("display_size", shown is not None and shown <= 0, "the venue hides no order as a whole"),
        ("trigger_price", trigger and kind in _PLAIN, f"a {kind} order waits for nothing"),
        ("trigger_price", trigger and trails, "activation_price says where the trailing begins"),
        ("trigger_type", (trigger or trails) and not watches_last, "the venue watches the last price"),
        ("trailing_offset", trails and kind in _PLAIN, f"a {kind} order waits for nothing"),
        ("trailing_offset", trails and kind in _STOPS, "the TRAILING_STOP types take it"),
        ("activation_price", order.activation_price is not None and not trails, "nothing trails"),
    ):
        if is_wrong:
            return denied(Code.UNSUPPORTED_INSTRUCTION, f"{name}: {why}")
    return None


def _lacking(order: NewOrder) -> Refused | None:
    """Return what the order lacks."""
    kind = order.type
    if (order.size is None) == (order.quote_size is None):
        return denied(Code.SIZE_MISSING, "exactly one of size and quote_size is needed")
    if kind in _LIMITS and order.price is None and "pegPriceType" not in order.params:
        return denied(Code.PRICE_MISSING, f"a {kind} order needs a price")
    if kind in _PLAIN:
        return None
    offset = order.trailing_offset
    if offset is None:
        if kind in _TRAILING:
            return denied(Code.UNSUPPORTED_INSTRUCTION, f"a {kind} order needs a trailing_offset")
        if order.trigger_price is None:
            return denied(Code.PRICE_MISSING, f"a {kind} order needs a trigger_price")
    elif order.trailing_offset_type is not TrailingOffsetType.BASIS_POINTS:
        reason = f"trailing_offset in {order.trailing_offset_type}: the venue takes BASIS_POINTS"
        return denied(Code.UNSUPPORTED_INSTRUCTION, reason)
    elif offset <= 0 or offset != offset.to_integral_value():
        reason = f"trailing_offset {exact(offset)}: the venue takes whole basis points"
        return denied(Code.UNSUPPORTED_INSTRUCTION, reason)
    return None


def denied(code: Code, reason: str) -> Refused:
    """Return a refusal in the venue's name; nothing was sent."""
    return Refused(code, f"Binance Spot: {reason}")
