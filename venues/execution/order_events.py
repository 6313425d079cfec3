"""The events that say what we asked of a venue and how the asking failed: the same for all venues. Pure."""

from __future__ import annotations

from typing import Protocol

from msgspec.structs import replace

from bus.messages import (
    CancelOrder,
    Code,
    ContingencyType,
    InstrumentId,
    ModifyOrder,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    PositionSide,
    Source,
)
from venues.execution.outcomes import Failure

__all__ = ["Command", "cancel_pending", "failed", "modify_pending", "submitted"]

_SUBMITTED, _WRITTEN, _ANSWER = OrderEventKind.SUBMITTED, OrderStatus.SUBMITTED, Source.ANSWER
_NET, _ALONE = PositionSide.NET, ContingencyType.NONE
# named here, for a member of an enum takes 0.1 us to look up


class Command(Protocol):
    """What an order, a change and a cancel have in common: whose attempt they are about."""

    @property
    def order_id(self) -> str:
        """Ours."""

    @property
    def client_order_id(self) -> str:
        """The attempt's."""

    @property
    def instance(self) -> str:
        """The connection's."""

    @property
    def instrument(self) -> InstrumentId:
        """The order's."""

    @property
    def strategy(self) -> str:
        """The order's owner."""


def submitted(order: NewOrder, ts: int, expires_ns: int) -> OrderEvent:
    """Return the word that an order was written, with all its terms: who has never heard of it can rebuild it."""
    event = OrderEvent(
        _SUBMITTED,
        order.instance,
        order.instrument,
        order.client_order_id,
        _ANSWER,
        ts,
        ts,
        order.order_id,
        "",
        order.account,
        order.strategy,
        _WRITTEN,
        order.side,
        order.type,
        order.size,
        order.price,
        order.time_in_force,
        expires_ns=expires_ns,
        ts_written=ts,
        post_only=order.post_only,
    )
    return event if is_plain(order) else _with_rare(event, order)


def is_plain(order: NewOrder) -> bool:
    """True for an order without rare instructions, as nearly all are."""
    return (
        order.display_size is order.quote_size is order.trigger_price is order.trailing_offset is None
        and not order.reduce_only
        and order.position_side is _NET
        and order.contingency is _ALONE
    )


def _with_rare(event: OrderEvent, order: NewOrder) -> OrderEvent:
    return replace(
        event,
        position_side=order.position_side,
        trigger_price=order.trigger_price,
        quote_size=order.quote_size,
        reduce_only=order.reduce_only,
        display_size=order.display_size,
        trailing_offset=order.trailing_offset,
        trailing_offset_type=order.trailing_offset_type,
        activation_price=order.activation_price,
        list_id=order.list_id,
        contingency=order.contingency,
    )


def cancel_pending(cancel: CancelOrder, ts: int) -> OrderEvent:
    """Return the word that a cancel was written."""
    return _about(OrderEventKind.CANCEL_PENDING, cancel, cancel.venue_order_id, ts, ts_written=ts)


def modify_pending(change: ModifyOrder, tried: str, ts: int, expires_ns: int) -> OrderEvent:
    """Return the word that a change was written; `tried` is the name that the order has if it succeeds."""
    return _about(
        OrderEventKind.MODIFY_PENDING, change, change.venue_order_id, ts, tried, ts_written=ts, expires_ns=expires_ns
    )


def failed(kind: OrderEventKind, failure: Failure, command: Command, venue_order_id: str, ts: int) -> OrderEvent:
    """Return what a failure says of an order; a code that is not definite is never the venue's verdict."""
    code = failure.code if failure.definite else Code.TIMED_OUT
    return _about(kind, command, venue_order_id, ts, code=code, reason=failure.reason, venue_code=failure.venue_code)


def _about(
    kind: OrderEventKind,
    command: Command,
    venue_order_id: str,
    ts: int,
    tried: str = "",
    *,
    expires_ns: int = 0,
    ts_written: int = 0,
    code: Code = Code.NONE,
    reason: str = "",
    venue_code: str = "",
) -> OrderEvent:
    return OrderEvent(
        kind=kind,
        instance=command.instance,
        instrument=command.instrument,
        client_order_id=command.client_order_id,
        source=Source.ANSWER,
        ts_event=ts,
        ts_init=ts,
        order_id=command.order_id,
        venue_order_id=venue_order_id,
        strategy=command.strategy,
        code=code,
        reason=reason,
        expires_ns=expires_ns,
        ts_written=ts_written,
        venue_code=venue_code,
        new_client_order_id=tried,
    )
