"""The order state machine: a pure function with a complete table.

An order's state is its `status` (the venue's last definite word), what is `pending`, and since when an outcome is
uncertain. `advance` takes one event and returns the new state, or the same object where the event says nothing new.

The table, by the event's kind (columns: what it does to an order that is unsent, open, closed):

    kind               INITIALIZED, SUBMITTED   ACCEPTED, TRIGGERED,    DENIED, REJECTED, FILLED, CANCELED,
                                                PARTIALLY_FILLED        EXPIRED, NEVER_ARRIVED
    DENIED, NOT_SENT   DENIED, unless SUBMITTED -                       -
                       and uncertain
    SUBMITTED          SUBMITTED                -                       -
    ACCEPTED           ACCEPTED                 settles SUBMIT          NEVER_ARRIVED, DENIED: reopened
    UPDATED            ACCEPTED, new terms      new terms; settles      NEVER_ARRIVED, DENIED: reopened
                                                SUBMIT and MODIFY
    REJECTED           REJECTED                 -                       NEVER_ARRIVED, DENIED: REJECTED
    TRIGGERED          TRIGGERED                TRIGGERED from ACCEPTED NEVER_ARRIVED, DENIED: TRIGGERED
    REPORT             by its status            by its status, forward  NEVER_ARRIVED, DENIED: by its status
    CANCELED, EXPIRED  CANCELED, EXPIRED        CANCELED, EXPIRED       NEVER_ARRIVED, DENIED: CANCELED, EXPIRED
    CANCEL_PENDING     pending CANCEL           pending CANCEL          -
    MODIFY_PENDING     pending MODIFY           pending MODIFY          -
    CANCEL_REJECTED    settles CANCEL           settles CANCEL          -
    MODIFY_REJECTED    settles MODIFY           settles MODIFY          -
    OUTCOME_UNKNOWN    uncertain                uncertain if pending,   -
                                                or by our own query
    NEVER_ARRIVED      NEVER_ARRIVED            -                       -
    a fill             PARTIALLY_FILLED/FILLED  PARTIALLY_FILLED/FILLED counts; REJECTED and the two: reopened;
                                                                        FILLED where it completes the size

Forward means ACCEPTED, TRIGGERED, PARTIALLY_FILLED, in this order. What settles one question leaves another open: an
order that is accepted while a cancel is on its way keeps `pending` CANCEL, and what is uncertain about it.

An event is about one of the order's attempts (`attempts`). The table is of the present one's. Of a later one, whatever
shows that the venue had it (ACCEPTED, TRIGGERED, UPDATED, CANCELED, EXPIRED, a REPORT of these or of a fill, a fill)
puts it in the present one's place first, which answers the change and reopens an order that had ended; what asks or
refuses says nothing. Of an earlier one only fills count. While a replacement may be at work, a REPORT that the present
one was canceled or expired is no end, and a query's that it is open is no answer: who asks about both says CANCELED or
MODIFY_REJECTED once that is certain. MODIFY_REJECTED by the gate answers its own change alone.

Only the venue's definite word ends an order; a timeout or a cut connection is OUTCOME_UNKNOWN. A late fill after any
end counts. A query's answer may be older than a stream's event, so it reopens nothing that the venue has closed. A
query of ours that lacks an open order makes it uncertain. Nothing is uncertain about a closed order.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from actors.reconciler.attempts import About, about, is_met, switched, without_change
from bus.messages import Code, Fill, NewOrder, OrderEvent, OrderEventKind, OrderState, OrderStatus, Pending, Source

__all__ = ["advance", "apply_fill", "with_order"]

_UNSENT = frozenset({OrderStatus.INITIALIZED, OrderStatus.SUBMITTED})
_NEVER = frozenset({OrderStatus.NEVER_ARRIVED, OrderStatus.DENIED})
"""Ends that are our own conclusion: the venue's word overrules them."""
_OPEN = (OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED)
"""In the order in which they follow each other."""
ZERO = Decimal(0)
_ENDS = {
    OrderEventKind.CANCELED: OrderStatus.CANCELED,
    OrderEventKind.EXPIRED: OrderStatus.EXPIRED,
}
_BEGUN = frozenset({OrderEventKind.ACCEPTED, OrderEventKind.TRIGGERED, OrderEventKind.UPDATED})
_CLOSED_BY_VENUE = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.EXPIRED})
_ASKED_OF_EITHER = frozenset({OrderEventKind.CANCEL_PENDING, OrderEventKind.OUTCOME_UNKNOWN})
"""A cancel goes to both attempts while it is not known which of them works."""


def advance(state: OrderState, event: OrderEvent) -> OrderState:
    """Return the state after `event`; the same object where nothing changed."""
    after = _of_attempt(state, event)
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


def _of_attempt(state: OrderState, event: OrderEvent) -> OrderState:
    """The state after an event about one of the order's attempts."""
    if event.kind is OrderEventKind.MODIFY_REJECTED and event.source is Source.GATE:
        return _refused_by_gate(state, event)
    if event.kind is OrderEventKind.UPDATED and event.new_client_order_id:
        event = replace(event, client_order_id=event.new_client_order_id)
    meant = about(state, event.client_order_id)
    if meant is About.PRESENT:
        return _changed(state, event)
    if meant is About.EARLIER:
        return state
    if _shows_life(state, event):
        return _changed(switched(state, event.client_order_id, event.size), event)
    return _changed(state, event) if event.kind in _ASKED_OF_EITHER else state


def _shows_life(state: OrderState, event: OrderEvent) -> bool:
    """True when the event proves that a later attempt was taken by the venue; the end of one reopens nothing."""
    if event.kind in _BEGUN or (event.kind is OrderEventKind.REPORT and event.status in _OPEN):
        return True
    ended = event.kind in _ENDS or (event.kind is OrderEventKind.REPORT and event.status in _CLOSED_BY_VENUE)
    return ended and state.is_open


def with_order(state: OrderState, order: NewOrder) -> OrderState:
    """Return the state with its order told whole; it is FILLED where the fills that came before reach the size."""
    after = replace(state, order=order)
    if after.is_open and order.size is not None and after.filled >= order.size:
        after = replace(_settled(after), status=OrderStatus.FILLED, ts_closed=after.ts_event)
    return after


def _changed(state: OrderState, event: OrderEvent) -> OrderState:
    kind, status = event.kind, state.status
    unsent, is_open = status in _UNSENT, not status.is_closed
    if kind is OrderEventKind.REPORT:
        return _reported(state, event)
    if kind in (OrderEventKind.DENIED, OrderEventKind.NOT_SENT):
        written = status is OrderStatus.SUBMITTED and state.is_unknown
        return _end(state, OrderStatus.DENIED, event) if unsent and not written else state
    if kind is OrderEventKind.SUBMITTED:
        if status is not OrderStatus.INITIALIZED:
            return state
        order = replace(state.order, ts_written=event.ts_written) if event.ts_written else state.order
        return replace(state, order=order, status=OrderStatus.SUBMITTED, expires_ns=event.expires_ns)
    if kind is OrderEventKind.ACCEPTED:
        return _with_figures(_opened(state, event, OrderStatus.ACCEPTED), event)
    if kind is OrderEventKind.UPDATED:
        return _updated(state, event)
    if kind is OrderEventKind.REJECTED:
        return _with_figures(_end(state, OrderStatus.REJECTED, event), event) if unsent or status in _NEVER else state
    if kind is OrderEventKind.TRIGGERED:
        return _opened(state, event, OrderStatus.TRIGGERED)
    if kind in _ENDS:
        return _with_figures(_end(state, _ENDS[kind], event), event) if is_open or status in _NEVER else state
    if kind is OrderEventKind.NEVER_ARRIVED:
        return _end(state, OrderStatus.NEVER_ARRIVED, event) if unsent else state
    return _asked(state, event) if is_open else state


def _opened(state: OrderState, event: OrderEvent, status: OrderStatus) -> OrderState:
    """The venue works on the order: `status`, unless it is further already. That answers a submit, nothing else."""
    if state.status in _OPEN:
        forward = _OPEN.index(status) > _OPEN.index(state.status)
        after = replace(state, status=status) if forward else state
    elif state.status in _UNSENT:
        after = replace(state, status=status)
    elif state.status in _NEVER:
        after = _reopened(state, status)
    else:
        return state
    after = _taken(after)
    is_news = event.source is not Source.ANSWER or state.status not in _OPEN  # what the stream said since is newer
    if after.code is Code.NONE and after.reason != event.reason and is_news:  # that it waits for its parent, or no more
        after = replace(after, reason=event.reason)
    if after is not state and not after.ts_accepted:
        after = replace(after, ts_accepted=event.ts_event or event.ts_init)
    return after


def _settled(state: OrderState) -> OrderState:
    if state.pending is Pending.NONE and not state.is_unknown:
        return state
    return replace(state, pending=Pending.NONE, uncertain_since_ns=0, pending_client_order_id="", change=None)


def _taken(state: OrderState) -> OrderState:
    """The venue has the order: that answers a submit."""
    if state.pending not in (Pending.SUBMIT, Pending.NONE):
        return state
    if state.change is not None:
        return replace(state, pending=Pending.MODIFY, uncertain_since_ns=0)
    return _settled(state)


def _reopened(state: OrderState, status: OrderStatus) -> OrderState:
    """It had ended by a word that no longer holds, and so does why."""
    return replace(state, status=status, code=Code.NONE, reason="", venue_code="")


def _updated(state: OrderState, event: OrderEvent) -> OrderState:
    after = _opened(state, event, OrderStatus.ACCEPTED)
    if after.status not in _OPEN:
        return state
    if not after.pending_client_order_id and not _is_of_another(after, event):  # else another change is under way
        after = without_change(after)
    if after.code is not Code.NONE:
        after = replace(after, code=Code.NONE, reason=event.reason, venue_code="")
    return _if_complete(_with_figures(_with_terms(after, event), event))


def _if_complete(state: OrderState) -> OrderState:
    """The order's size is known now: where that is filled already, it is over."""
    size = state.order.size
    if size is None or state.filled < size or not state.is_open or state.is_changing:
        return state
    return replace(state, status=OrderStatus.FILLED, pending=Pending.NONE, uncertain_since_ns=0)


def _proved(state: OrderState, filled: Decimal) -> OrderState:
    """A fill beyond the order's size proves that the change which makes it larger was made."""
    order, change = state.order, state.change
    if change is None or change.size is None or order.size is None or not order.size < filled <= change.size:
        return state
    return replace(state, order=change.applied_to(order))


def _largest(state: OrderState) -> Decimal | None:
    """The size that the order may have: a change that is under way may have made it larger."""
    size, change = state.order.size, state.change
    return size if size is None or change is None or change.size is None else max(size, change.size)


def _with_terms(state: OrderState, event: OrderEvent) -> OrderState:
    """The order with the size and prices that the event tells."""
    order: NewOrder = state.order
    known = event.size is None or order.quote_size is not None
    terms = {
        "size": order.size if known else event.size + state.carried,  # type: ignore[operator]
        "price": order.price if event.price is None else event.price,
        "trigger_price": order.trigger_price if event.trigger_price is None else event.trigger_price,
    }
    if terms == {"size": order.size, "price": order.price, "trigger_price": order.trigger_price}:
        return state
    return replace(state, order=replace(order, **terms))


def _reported(state: OrderState, event: OrderEvent) -> OrderState:
    """Merge the venue's own view of an order: its status and its cumulative size."""
    if state.status.is_closed and state.status not in _NEVER:
        return _with_figures(state, event)
    if event.status in _OPEN:
        after = _opened(state, event, event.status)
        if event.source is Source.QUERY:
            after = _found_open(after, event)
        return _with_figures(after, event)
    if event.status is OrderStatus.REJECTED:
        unsent = state.status in _UNSENT or state.status in _NEVER
        return _with_figures(_end(state, OrderStatus.REJECTED, event), event) if unsent else state
    if event.status is not OrderStatus.FILLED and state.pending_client_order_id:
        return _with_figures(state, event)  # it may be what the change ended, to begin another
    if event.status in _CLOSED_BY_VENUE:
        return _with_figures(_end(state, event.status, event), event)
    return state


def _found_open(state: OrderState, event: OrderEvent) -> OrderState:
    """We asked after an outage, and it is open: that answers all, but for a change that may still be on its way.

    The venue's terms are taken where its word is no older than the newest that we have.
    """
    after = _with_terms(state, event) if state.is_changing or event.ts_event >= state.ts_event else state
    if after.is_changing and not is_met(after):
        return after
    return _settled(after)


def _with_figures(state: OrderState, event: OrderEvent) -> OrderState:
    """Take the venue's cumulative size, and what it took out of the order unfilled; an older event's are nothing."""
    known = max(state.venue_filled, state.filled)
    filled = None if event.filled is None else event.filled + state.carried
    if filled is not None and filled > state.venue_filled:
        state = replace(state, venue_filled=filled)
    size = state.order.size
    if event.leaves is None or size is None or (filled is not None and filled < known):
        return state
    removed = max(ZERO, size - max(known, filled or ZERO) - event.leaves)
    return state if removed == state.removed else replace(state, removed=removed)


def _end(state: OrderState, status: OrderStatus, event: OrderEvent) -> OrderState:
    """End the order, by a word that settles everything."""
    return replace(_settled(state), status=status, code=event.code, reason=event.reason, venue_code=event.venue_code)


def _asked(state: OrderState, event: OrderEvent) -> OrderState:
    """What we asked for, and what became of the asking."""
    kind = event.kind
    if kind is OrderEventKind.CANCEL_PENDING:
        return state if state.pending is Pending.CANCEL else replace(state, pending=Pending.CANCEL)
    if kind is OrderEventKind.MODIFY_PENDING:
        tried, expires = event.new_client_order_id, max(state.expires_ns, event.expires_ns)
        if (state.pending, state.pending_client_order_id, state.expires_ns) == (Pending.MODIFY, tried, expires):
            return state
        return replace(state, pending=Pending.MODIFY, pending_client_order_id=tried, expires_ns=expires)
    if kind is OrderEventKind.CANCEL_REJECTED and state.pending is Pending.CANCEL:
        return _refused(_without_cancel(state), event)
    if kind is OrderEventKind.MODIFY_REJECTED and state.is_changing and not _is_of_another(state, event):
        asked = state.pending is Pending.MODIFY and state.status not in _OPEN
        after = replace(state, pending_client_order_id="", change=None, pending=Pending.SUBMIT) if asked else state
        return _if_complete(_refused(without_change(after), event))
    if kind is OrderEventKind.OUTCOME_UNKNOWN:
        if state.pending is Pending.NONE and event.source is not Source.RECONCILER:
            return state
        expires = max(state.expires_ns, event.expires_ns)
        since = state.uncertain_since_ns or event.ts_init
        if (since, expires) == (state.uncertain_since_ns, state.expires_ns):
            return state
        return replace(state, uncertain_since_ns=since, expires_ns=expires, reason=event.reason)
    return state


def _without_cancel(state: OrderState) -> OrderState:
    """The cancel was refused: what was asked before it is open still."""
    if state.pending_client_order_id or state.change is not None:
        return replace(state, pending=Pending.MODIFY)
    return _settled(state) if state.status in _OPEN else replace(state, pending=Pending.SUBMIT)


def _is_of_another(state: OrderState, event: OrderEvent) -> bool:
    """True where the event names another change than the one under way, as far as that is known."""
    under_way = state.change.new_client_order_id if state.change is not None else state.pending_client_order_id
    return "" not in (under_way, event.change_id) and under_way != event.change_id


def _refused(state: OrderState, event: OrderEvent) -> OrderState:
    return replace(state, code=event.code, reason=event.reason, venue_code=event.venue_code)


def _refused_by_gate(state: OrderState, event: OrderEvent) -> OrderState:
    """The gate did not pass a change, or it was never written: that answers no other one that is under way."""
    if not state.is_open:
        return state
    after = without_change(state) if state.is_changing and not _is_of_another(state, event) else state
    told = (event.code, event.reason, event.venue_code)
    if after is state and told == (state.code, state.reason, state.venue_code):
        return state
    return _if_complete(_refused(after, event))


def apply_fill(state: OrderState, fill: Fill) -> OrderState:
    """Return the state after one more fill. Whether it was counted before is the caller's to know."""
    meant = about(state, fill.client_order_id)
    if meant is About.LATER:
        state = switched(state, fill.client_order_id, None)
    filled = state.filled + fill.size
    if meant is About.PRESENT:
        state = _proved(state, filled)
    size, carried, venue_filled = state.order.size, state.carried, max(state.venue_filled, filled)
    if meant is About.EARLIER:
        carried, venue_filled = carried + fill.size, state.venue_filled + fill.size
        size = None if size is None else size + fill.size
        state = replace(state, order=replace(state.order, size=size))
    after, largest = state, _largest(state)
    if largest is not None and filled >= largest:
        reopens = state.status in _NEVER or state.status is OrderStatus.REJECTED
        after = _settled(_reopened(state, OrderStatus.FILLED) if reopens else replace(state, status=OrderStatus.FILLED))
    elif state.status in _NEVER or state.status is OrderStatus.REJECTED:
        after = _reopened(state, OrderStatus.PARTIALLY_FILLED)
    elif not state.status.is_closed:
        after = replace(state, status=OrderStatus.PARTIALLY_FILLED)
    after = _taken(after)
    venue_order_id = state.venue_order_id if meant is About.EARLIER else fill.venue_order_id or state.venue_order_id
    return replace(
        after,
        filled=filled,
        filled_value=state.filled_value + fill.size * fill.price,
        venue_filled=venue_filled,
        removed=state.removed if size is None else min(state.removed, max(ZERO, size - filled)),
        carried=carried,
        venue_order_id=venue_order_id,
        ts_accepted=state.ts_accepted or fill.ts_event,
        ts_closed=(state.ts_closed or fill.ts_event) if after.status.is_closed else 0,
        ts_event=fill.ts_event,
        ts_init=fill.ts_init,
        revision=state.revision + 1,
    )
