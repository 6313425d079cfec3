"""Orders: NewOrder -> order.place, and the venue's answers -> OrderEvent.

Source: Binance Spot API, rest-api (trading endpoints), 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

from bus.messages import (
    Code,
    ContingencyType,
    InstrumentId,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PositionSide,
    Refused,
    Side,
    Source,
    TimeInForce,
    exact,
)
from venues.binance.client.payloads import OrderBody
from venues.binance.mapping.words import MS, expiry_code, order_status, order_type, side_of, time_in_force

__all__ = ["RESERVED_PARAMS", "order_report", "place_params"]

_TIMES_IN_FORCE = (TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK)
RESERVED_PARAMS = frozenset(
    (
        "apiKey", "signature", "timestamp", "recvWindow", "symbol", "side", "type", "timeInForce", "quantity",
        "quoteOrderQty", "price", "newClientOrderId", "newOrderRespType", "stopPrice", "trailingDelta", "icebergQty",
    )
)  # fmt: skip
"""What `NewOrder.params` may not say, for the order itself says it, or nothing may."""


def place_params(order: NewOrder, symbol: str) -> dict[str, str | int] | Refused:
    """Return the parameters of ``order.place``, or why this order is not done here. Nothing was sent then.

    The answer asked for is ACK: the order's course comes by the private stream on the same connection.
    """
    denial = _unsupported(order)
    if denial is not None:
        return denial
    params: dict[str, str | int] = dict(order.params)
    params["symbol"] = symbol
    params["side"] = order.side.value
    params["newClientOrderId"] = order.client_order_id
    params["newOrderRespType"] = "ACK"
    if order.size is not None:
        params["quantity"] = exact(order.size)
    elif order.quote_size is not None:
        params["quoteOrderQty"] = exact(order.quote_size)
    if order.type is OrderType.MARKET:
        params["type"] = "MARKET"
        return params
    params["price"] = exact(order.price)
    if order.post_only:
        params["type"] = "LIMIT_MAKER"
    else:
        params["type"] = "LIMIT"
        params["timeInForce"] = order.time_in_force.value
    return params


def _unsupported(order: NewOrder) -> Refused | None:
    kind, tif = order.type, order.time_in_force
    if kind not in (OrderType.MARKET, OrderType.LIMIT):
        return _denied(Code.UNSUPPORTED_ORDER_TYPE, f"order type {kind}: this adapter sends MARKET and LIMIT")
    if order.side is Side.UNKNOWN:
        return _denied(Code.UNSUPPORTED_INSTRUCTION, "the order's side is not known to this version")
    if kind is OrderType.LIMIT and tif not in _TIMES_IN_FORCE:
        return _denied(Code.UNSUPPORTED_TIME_IN_FORCE, f"time in force {tif}: the venue takes GTC, IOC and FOK")
    if kind is OrderType.MARKET and tif not in _TIMES_IN_FORCE:
        return _denied(Code.UNSUPPORTED_TIME_IN_FORCE, f"time in force {tif} on a MARKET order, which is immediate")
    if (order.size is None) == (order.quote_size is None):
        return _denied(Code.SIZE_MISSING, "exactly one of size and quote_size is needed")
    if kind is OrderType.LIMIT and order.price is None:
        return _denied(Code.PRICE_MISSING, "a LIMIT order needs a price")
    if kind is OrderType.MARKET and order.price is not None:
        return _denied(Code.PRICE_NOT_ALLOWED, "a MARKET order takes no price")
    if kind is OrderType.LIMIT and order.quote_size is not None:
        return _denied(Code.UNSUPPORTED_INSTRUCTION, "quote_size: the venue takes it on MARKET orders alone")
    if order.post_only and kind is OrderType.MARKET:
        return _denied(Code.UNSUPPORTED_INSTRUCTION, "post_only on a MARKET order, which always takes")
    if order.post_only and tif is not TimeInForce.GTC:
        return _denied(Code.UNSUPPORTED_INSTRUCTION, f"post_only with {tif}: it would end at once")
    reserved = RESERVED_PARAMS.intersection(order.params)
    if reserved:
        return _denied(Code.UNSUPPORTED_INSTRUCTION, f"params {', '.join(sorted(reserved))}: the order itself says it")
    if _says_no_more_than_it_needs(order):
        return None
    for name, is_given in (
        ("reduce_only", order.reduce_only),
        ("display_size", order.display_size is not None),
        ("expire_ns", order.expire_ns != 0),
        ("trigger_price", order.trigger_price is not None),
        ("trailing_offset", order.trailing_offset is not None),
        ("limit_offset", order.limit_offset is not None),
        ("activation_price", order.activation_price is not None),
        ("position_side", order.position_side is not PositionSide.NET),
        ("contingency", order.contingency is not ContingencyType.NONE),
    ):
        if is_given:
            return _denied(Code.UNSUPPORTED_INSTRUCTION, f"{name}: this adapter does not send it on {kind} orders")
    return None


def _says_no_more_than_it_needs(order: NewOrder) -> bool:
    """True for the plain order that nearly all are, told by one look instead of nine."""
    return (
        order.display_size is order.trigger_price is order.trailing_offset is None
        and order.limit_offset is order.activation_price is None
        and order.position_side is PositionSide.NET
        and order.contingency is ContingencyType.NONE
        and not (order.reduce_only or order.expire_ns)
    )


def _denied(code: Code, reason: str) -> Refused:
    return Refused(code, f"Binance Spot: {reason}")


def order_report(
    body: OrderBody,
    kind: OrderEventKind,
    source: Source,
    instance: str,
    instrument: InstrumentId,
    ts_init: int,
    order_id: str = "",
    strategy: str = "",
) -> OrderEvent:
    """Return an order as an answer tells it.

    An answer to a cancel names the order in ``origClientOrderId``, its own request in ``clientOrderId``. An ACK has
    no status; it means that the venue has the order.
    """
    known = bool(body.status)
    ts_ms = body.transact_time or body.update_time or body.time
    return OrderEvent(
        kind=kind,
        instance=instance,
        instrument=instrument,
        client_order_id=body.orig_client_order_id or body.client_order_id,
        source=source,
        ts_event=ts_ms * MS,
        ts_init=ts_init,
        order_id=order_id,
        venue_order_id=str(body.order_id) if body.order_id >= 0 else "",
        strategy=strategy,
        status=order_status(body.status) if known else OrderStatus.ACCEPTED,
        side=side_of(body.side),
        type=order_type(body.type),
        size=body.orig_qty or None,
        price=body.price or None,
        time_in_force=time_in_force(body.time_in_force),
        filled=body.executed_qty,
        code=expiry_code(body.status, body.expiry_reason),
        reason=body.expiry_reason,
        average_price=average(body.cummulative_quote_qty, body.executed_qty),
        trigger_price=body.stop_price or None,
        quote_size=body.orig_quote_order_qty or None,
        post_only=body.type == "LIMIT_MAKER",
    )


def average(quote: Decimal | None, size: Decimal | None) -> Decimal | None:
    """Return quote over size; None where the venue tells neither (a negative quote: "not available at this time")."""
    return quote / size if quote and size and quote > 0 else None
