"""The venue's answers about orders -> OrderEvent and Fill.

Source: Binance Spot API, rest-api (trading endpoints), 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from bus.messages import (
    ContingencyType,
    Fill,
    InstrumentId,
    Liquidity,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    Source,
    TrailingOffsetType,
)
from venues.binance.client.payloads import OrderAmended, OrderBody
from venues.binance.mapping.words import (
    MS,
    WAITS,
    expiry_code,
    is_working_stop,
    order_status,
    order_type,
    side_of,
    time_in_force,
    trailing_type,
)

__all__ = ["amend_report", "answer_fills", "average", "leaves", "order_report", "with_rare"]

_BASIS_POINTS, _PRICE = TrailingOffsetType.BASIS_POINTS, TrailingOffsetType.PRICE
_ZERO, _ACCEPTED = Decimal(0), OrderStatus.ACCEPTED


def order_report(
    body: OrderBody,
    kind: OrderEventKind,
    source: Source,
    instance: str,
    instrument: InstrumentId,
    ts_init: int,
    order_id: str = "",
    strategy: str = "",
    list_id: str = "",
    contingency: ContingencyType = ContingencyType.NONE,
) -> OrderEvent:
    """Return an order as an answer tells it.

    An answer to a cancel names the order in ``origClientOrderId``, its own request in ``clientOrderId``. An ACK has
    no status; it means that the venue has the order.
    """
    trails, prevented = body.trailing_delta is not None, body.prevented_quantity
    if is_working_stop(body.type, body.status, body.working_time):
        status = OrderStatus.TRIGGERED
    else:
        status = order_status(body.status) if body.status else _ACCEPTED
    ts_ms = body.transact_time or body.update_time or body.time
    event = OrderEvent(
        kind,
        instance,
        instrument,
        body.orig_client_order_id or body.client_order_id,
        source,
        ts_ms * MS,
        ts_init,
        order_id,
        venue_order_id=str(body.order_id) if body.order_id >= 0 else "",
        strategy=strategy,
        status=status,
        side=side_of(body.side),
        type=(trailing_type if trails else order_type)(body.type),
        size=body.orig_qty or None,
        price=body.price or None,
        time_in_force=time_in_force(body.time_in_force),
        filled=body.executed_qty,
        code=expiry_code(body.status, body.expiry_reason),
        reason=body.expiry_reason or (WAITS if body.status == "PENDING_NEW" else ""),
        leaves=leaves(status, body.orig_qty, body.executed_qty, prevented) if prevented else None,
        average_price=average(body.cummulative_quote_qty, body.executed_qty),
        trigger_price=None if trails else body.stop_price or None,
        quote_size=body.orig_quote_order_qty or None,
        post_only=body.type == "LIMIT_MAKER",
    )
    if trails or list_id or body.iceberg_qty:
        return with_rare(event, body.iceberg_qty, body.trailing_delta, body.stop_price, list_id, contingency)
    return event


def with_rare(
    event: OrderEvent,
    shown: Decimal | None,
    trailing_delta: int | None,
    stop_price: Decimal | None,
    list_id: str,
    contingency: ContingencyType,
) -> OrderEvent:
    """Return the event with what few orders have: a size that is shown, a price that trails, a list."""
    trails = trailing_delta is not None
    return replace(
        event,
        display_size=shown or None,
        trailing_offset=Decimal(trailing_delta) if trailing_delta is not None else None,
        trailing_offset_type=_BASIS_POINTS if trails else _PRICE,
        activation_price=(stop_price or None) if trails else None,
        list_id=list_id,
        contingency=contingency,
    )


def answer_fills(
    body: OrderBody, instance: str, instrument: InstrumentId, ts_init: int, order_id: str = "", strategy: str = ""
) -> tuple[Fill, ...]:
    """Return the fills that an answer of kind FULL tells: those at once, by which the order took."""
    return tuple(
        Fill(
            trade_id=str(one.trade_id),
            instance=instance,
            instrument=instrument,
            client_order_id=body.client_order_id,
            venue_order_id=str(body.order_id),
            side=side_of(body.side),
            price=one.price,
            size=one.qty,
            fee=one.commission,
            fee_currency=one.commission_asset,
            liquidity=Liquidity.TAKER,
            source=Source.ANSWER,
            ts_event=body.transact_time * MS,
            ts_init=ts_init,
            order_id=order_id,
            strategy=strategy,
        )
        for one in body.fills
        if one.trade_id >= 0
    )


def amend_report(
    answer: OrderAmended,
    instance: str,
    instrument: InstrumentId,
    ts_init: int,
    order_id: str = "",
    strategy: str = "",
    list_id: str = "",
    contingency: ContingencyType = ContingencyType.NONE,
) -> OrderEvent:
    """Return an order whose size was reduced in place. It is named as it was when that was asked for."""
    order = answer.amended_order
    trails = order.trailing_delta is not None
    is_triggered = is_working_stop(order.type, order.status, order.working_time)
    status = OrderStatus.TRIGGERED if is_triggered else order_status(order.status)
    event = OrderEvent(
        kind=OrderEventKind.UPDATED,
        instance=instance,
        instrument=instrument,
        client_order_id=order.orig_client_order_id or order.client_order_id,
        source=Source.ANSWER,
        ts_event=answer.transact_time * MS,
        ts_init=ts_init,
        order_id=order_id,
        venue_order_id=str(order.order_id),
        strategy=strategy,
        status=status,
        side=side_of(order.side),
        type=(trailing_type if trails else order_type)(order.type),
        size=order.qty or None,
        price=order.price or None,
        time_in_force=time_in_force(order.time_in_force),
        filled=order.executed_qty,
        leaves=leaves(status, order.qty, order.executed_qty, order.prevented_qty),
        average_price=average(order.cumulative_quote_qty, order.executed_qty),
        trigger_price=None if trails else order.stop_price or None,
        post_only=order.type == "LIMIT_MAKER",
    )
    return with_rare(event, order.iceberg_qty, order.trailing_delta, order.stop_price, list_id, contingency)


def leaves(
    status: OrderStatus, size: Decimal | None, filled: Decimal | None, prevented: Decimal | None
) -> Decimal | None:
    """Return what still works of an open order from which self-trade prevention took a part; else None."""
    if not prevented or size is None or filled is None or status.is_closed:
        return None
    return size - filled - prevented


def average(quote: Decimal | None, size: Decimal | None) -> Decimal | None:
    """Return quote over size; None where the venue tells neither (a negative quote: "not available at this time")."""
    return quote / size if quote and size and quote > _ZERO else None
