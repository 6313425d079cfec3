"""An order's attempts at its venue: which one a word is about, and how the order goes on under another. Pure.

A change may make the venue end one attempt and begin another: then the order keeps its `order_id` and has several
client order ids in turn, of which one works. A word names the attempt that it is about:

    PRESENT   the one that works, as far as we know
    LATER     the one that a change tries, or any that was minted after the present one: a sign of life of it says that
              the present one was replaced
    EARLIER   one that was replaced before. Its fills count; nothing else that is said of it matters any more

The venue's figures are an attempt's own. Ours are the order's: what the earlier attempts filled (`carried`) and the
present one's, so that an order's size is `carried` plus its present attempt's size, whatever comes in which order. Of a
fill that is told only after the order was replaced, the size grows by as much: the new attempt was placed without it,
and so may be filled further, until the venue's actor has made it smaller.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, auto

from msgspec.structs import replace

from bus.messages import Code, ModifyOrder, NewOrder, OrderState, OrderStatus, Pending, parse_order_id

__all__ = ["About", "about", "asked_to_change", "is_met", "switched", "without_change"]

ZERO = Decimal(0)


class About(Enum):
    """Which of an order's attempts is meant."""

    PRESENT = auto()
    LATER = auto()
    EARLIER = auto()


def about(state: OrderState, client_order_id: str) -> About:
    """Return which attempt of the order has this client id; none names the present one."""
    present = state.order.client_order_id
    if client_order_id in ("", present):
        return About.PRESENT
    if client_order_id == state.pending_client_order_id:
        return About.LATER
    if state.change is not None and client_order_id == state.change.new_client_order_id:
        return About.LATER
    return About.LATER if _is_minted_later(client_order_id, present) else About.EARLIER


def _is_minted_later(one: str, other: str) -> bool:
    ours, theirs = parse_order_id(one), parse_order_id(other)
    if ours is None:
        return False
    return theirs is None or (ours.epoch, ours.count) > (theirs.epoch, theirs.count)


def asked_to_change(state: OrderState, change: ModifyOrder, tried: str) -> OrderState:
    """Return the order while the gate's change of it is under way; what an earlier one came to is forgotten.

    `tried` is the name of the attempt that may take its place.
    """
    if not state.is_open:
        return state
    return replace(
        state,
        pending=Pending.MODIFY if state.pending is Pending.NONE else state.pending,
        pending_client_order_id=tried,
        change=replace(change, order=None),
        change_id=change.new_client_order_id,
        code=Code.NONE,
        reason="",
        venue_code="",
    )


def without_change(state: OrderState) -> OrderState:
    """Return the order once the change's fate is known; what else was asked of it stays open."""
    if not state.is_changing:
        return state
    after = replace(state, pending_client_order_id="", change=None)
    if state.pending is Pending.MODIFY:
        return replace(after, pending=Pending.NONE, uncertain_since_ns=0)
    return after


def is_met(state: OrderState) -> bool:
    """True when the order has the terms that its change asks for, or nobody knows what that asks for."""
    change, order = state.change, state.order
    if change is None:
        return not state.pending_client_order_id
    wanted = change.applied_to(order)
    return (wanted.size, wanted.price, wanted.trigger_price) == (order.size, order.price, order.trigger_price)


def switched(state: OrderState, client_order_id: str, size: Decimal | None) -> OrderState:
    """Return the order under a later attempt, whose own size is `size`; None: as the change had it."""
    known = state.change is not None and state.change.new_client_order_id == client_order_id
    order, carried = state.order, state.filled
    if known:
        assert state.change is not None
        order = state.change.applied_to(order)
    order = replace(order, client_order_id=client_order_id, size=_total(state, order, size, known))
    return replace(
        without_change(state),
        order=order,
        status=OrderStatus.PARTIALLY_FILLED if carried else OrderStatus.ACCEPTED,
        venue_order_id="",
        carried=carried,
        venue_filled=carried,
        removed=ZERO,
        code=Code.NONE,
        reason="",
        venue_code="",
    )


def _total(state: OrderState, order: NewOrder, size: Decimal | None, known: bool) -> Decimal | None:
    if order.size is None:
        return None
    if size is not None:
        return size + state.filled
    if known and state.change is not None:
        return order.size - state.change.filled + state.filled
    return order.size
