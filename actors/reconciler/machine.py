"""The order state machine: a pure function with a complete table.

An order's state is its `status` (the venue's last definite word), what is `pending`, and since when an outcome is
uncertain. `advance` takes one event and returns the new state, or the same object where the event says nothing new.

The table, by the event's kind (columns: what it does to an order that is unsent, open, closed):

    kind               INITIALIZED, SUBMITTED   ACCEPTED, TRIGGERED,    DENIED, REJECTED, FILLED, CANCELED,
                                                PARTIALLY_FILLED        EXPIRED, NEVER_ARRIVED
    DENIED, NOT_SENT   DENIED                   -                       -
    SUBMITTED          SUBMITTED                -                       -
    ACCEPTED           ACCEPTED                 settles SUBMIT          NEVER_ARRIVED, DENIED: reopened
    REJECTED           REJECTED                 -                       -
    TRIGGERED          TRIGGERED                TRIGGERED               -
    REPORT             by its status            by its status           NEVER_ARRIVED, DENIED: by its status
    CANCELED, EXPIRED  CANCELED, EXPIRED        CANCELED, EXPIRED       NEVER_ARRIVED, DENIED: CANCELED, EXPIRED
    CANCEL_PENDING     pending CANCEL           pending CANCEL          -
    CANCEL_REJECTED    settles CANCEL           settles CANCEL          -
    OUTCOME_UNKNOWN    uncertain                uncertain if pending    -
    NEVER_ARRIVED      NEVER_ARRIVED            -                       -
    a fill             PARTIALLY_FILLED/FILLED  PARTIALLY_FILLED/FILLED counts; REJECTED and the two: reopened

Only the venue's definite word ends an order; a timeout or a cut connection is OUTCOME_UNKNOWN. A late fill after any
end counts. A query's answer may be older than a stream's event, so it reopens nothing that the venue has closed.
"""

from __future__ import annotations

from msgspec.structs import replace

from bus.messages import Code, Fill, OrderEvent, OrderEventKind, OrderState, OrderStatus, Pending, Source

__all__ = ["advance", "apply_fill"]

_UNSENT = frozenset({OrderStatus.INITIALIZED, OrderStatus.SUBMITTED})
_NEVER = frozenset({OrderStatus.NEVER_ARRIVED, OrderStatus.DENIED})
"""Ends that are our own conclusion: the venue's word overrules them."""
_OPEN = frozenset({OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED})
_ENDS = {
    OrderEventKind.CANCELED: OrderStatus.CANCELED,
    OrderEventKind.EXPIRED: OrderStatus.EXPIRED,
}


def advance(state: OrderState, event: OrderEvent) -> OrderState:
    """Return the state after `event`; the same object where nothing changed."""
    after = _changed(state, event)
    if after is state:
        return state
    closed = after.ts_closed
    if after.status.is_closed and not closed:
        closed = event.ts_event or event.ts_init
    elif not after.status.is_closed:
        closed = 0
    return replace(
        after,
        venue_order_id=event.venue_order_id or after.venue_order_id,
        ts_closed=closed,
        ts_event=event.ts_event or after.ts_event,
        ts_init=event.ts_init,
        revision=state.revision + 1,
    )


def _changed(state: OrderState, event: OrderEvent) -> OrderState:
    kind, status = event.kind, state.status
    unsent, is_open = status in _UNSENT, not status.is_closed
    if kind is OrderEventKind.REPORT:
        return _reported(state, event)
    if kind in (OrderEventKind.DENIED, OrderEventKind.NOT_SENT):
        return _end(state, OrderStatus.DENIED, event) if unsent else state
    if kind is OrderEventKind.SUBMITTED:
        if status is not OrderStatus.INITIALIZED:
            return state
        order = replace(state.order, ts_written=event.ts_written) if event.ts_written else state.order
        return replace(state, order=order, status=OrderStatus.SUBMITTED, expires_ns=event.expires_ns)
    if kind in (OrderEventKind.ACCEPTED, OrderEventKind.UPDATED):
        return _accepted(state, event)
    if kind is OrderEventKind.REJECTED:
        return _end(state, OrderStatus.REJECTED, event) if unsent else state
    if kind is OrderEventKind.TRIGGERED:
        return replace(state, status=OrderStatus.TRIGGERED, **_SETTLED) if is_open else state
    if kind in _ENDS:
        return _end(state, _ENDS[kind], event) if is_open or status in _NEVER else state
    if kind is OrderEventKind.NEVER_ARRIVED:
        return _end(state, OrderStatus.NEVER_ARRIVED, event) if unsent else state
    return _asked(state, event) if is_open else state


_SETTLED = {"pending": Pending.NONE, "uncertain_since_ns": 0}


def _accepted(state: OrderState, event: OrderEvent) -> OrderState:
    opened = state.ts_accepted or event.ts_event or event.ts_init
    if state.status in _UNSENT or state.status in _NEVER:
        return replace(state, status=OrderStatus.ACCEPTED, ts_accepted=opened, code=Code.NONE, reason="", **_SETTLED)
    if state.status in _OPEN and state.pending is Pending.SUBMIT:
        return replace(state, ts_accepted=opened, **_SETTLED)
    return state


def _reported(state: OrderState, event: OrderEvent) -> OrderState:
    """Merge the venue's own view of an order: its status and its cumulative size."""
    if state.status.is_closed and state.status not in _NEVER:
        return _with_venue_filled(state, event)
    if event.status in _OPEN:
        after = _accepted(state, event)
        if event.source is Source.QUERY and after.pending is not Pending.NONE:
            after = replace(after, **_SETTLED)  # we asked after the outage: it is open, whatever was on its way
        return _with_venue_filled(after, event)
    if event.status is OrderStatus.REJECTED:
        return _end(state, OrderStatus.REJECTED, event) if state.status in _UNSENT else state
    if event.status in (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED):
        return _with_venue_filled(_end(state, event.status, event), event)
    return state


def _with_venue_filled(state: OrderState, event: OrderEvent) -> OrderState:
    if event.filled is None or event.filled <= state.venue_filled:
        return state
    return replace(state, venue_filled=event.filled)


def _end(state: OrderState, status: OrderStatus, event: OrderEvent) -> OrderState:
    return replace(state, status=status, code=event.code, reason=event.reason, **_SETTLED)


def _asked(state: OrderState, event: OrderEvent) -> OrderState:
    """What we asked for, and what became of the asking."""
    kind = event.kind
    if kind is OrderEventKind.CANCEL_PENDING:
        return state if state.pending is Pending.CANCEL else replace(state, pending=Pending.CANCEL)
    if kind is OrderEventKind.MODIFY_PENDING:
        return replace(state, pending=Pending.MODIFY)
    if kind in (OrderEventKind.CANCEL_REJECTED, OrderEventKind.MODIFY_REJECTED):
        asked = Pending.CANCEL if kind is OrderEventKind.CANCEL_REJECTED else Pending.MODIFY
        if state.pending is not asked:
            return state
        before = Pending.SUBMIT if state.status in _UNSENT else Pending.NONE
        return replace(state, pending=before, uncertain_since_ns=0, reason=event.reason)
    if kind is OrderEventKind.OUTCOME_UNKNOWN and state.pending is not Pending.NONE:
        expires = max(state.expires_ns, event.expires_ns)
        since = state.uncertain_since_ns or event.ts_init
        if (since, expires) == (state.uncertain_since_ns, state.expires_ns):
            return state
        return replace(state, uncertain_since_ns=since, expires_ns=expires, reason=event.reason)
    return state


def apply_fill(state: OrderState, fill: Fill) -> OrderState:
    """Return the state after one more fill. Whether it was counted before is the caller's to know."""
    filled = state.filled + fill.size
    size = state.order.size
    complete = size is not None and filled >= size
    status = state.status
    if complete:
        status = OrderStatus.FILLED
    elif status in _UNSENT or status in _OPEN or status in _NEVER or status is OrderStatus.REJECTED:
        status = OrderStatus.PARTIALLY_FILLED
    settled = complete or state.pending is Pending.SUBMIT or status is not state.status
    return replace(
        state,
        status=status,
        filled=filled,
        filled_value=state.filled_value + fill.size * fill.price,
        venue_filled=max(state.venue_filled, filled),
        venue_order_id=fill.venue_order_id or state.venue_order_id,
        pending=_pending_after_fill(state, complete),
        uncertain_since_ns=0 if settled and state.pending is not Pending.CANCEL else state.uncertain_since_ns,
        ts_accepted=state.ts_accepted or fill.ts_event,
        ts_closed=(state.ts_closed or fill.ts_event) if status.is_closed else 0,
        ts_event=fill.ts_event,
        ts_init=fill.ts_init,
        revision=state.revision + 1,
    )


def _pending_after_fill(state: OrderState, complete: bool) -> Pending:
    if complete or state.pending is Pending.SUBMIT:
        return Pending.NONE
    return state.pending
