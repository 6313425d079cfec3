"""Changes of working orders: judged as the order will be, journalled, and handed on at most once.

A change is known by the client id that it would give the order. The gate adds the order as the reconciler tells it, so
that the execution actor knows what it changes; only one change of an order is under way at a time. The order counts
once: the exposure that it has is replaced, not added to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from msgspec.structs import replace

from actors.gate.handing import SETTLE_S, SUBMIT_DEADLINE_S
from actors.gate.orders import Orders
from actors.gate.rules import Denial, alone, judge
from bus.codec import RequestHeader
from bus.messages import (
    Code,
    Intent,
    ModifyOrder,
    NewOrder,
    OrderEventKind,
    OrderState,
    OrderStatus,
    Pending,
    Refused,
    exact,
)
from bus.requests import Answer, Reply

__all__ = ["Changes", "change_denial"]

CATCH_UP_S = 1.0
"""How long the gate's view of a strategy's orders may be behind the strategy's own, which is told at the same time."""

_UNSENT = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)


class Changes(Orders):
    """The part of the gate that changes pass."""

    def on_modify_order(self, message: ModifyOrder, header: RequestHeader) -> Answer | Awaitable[Answer]:
        if header.caller != message.strategy:
            return Refused(Code.NOT_ALLOWED, f"{header.caller!r} may not change orders of {message.strategy!r}")
        name = message.new_client_order_id
        refusal = self._refusal_of_name("new_client_order_id", name, header.caller)
        if refusal is not None:
            return refusal
        if not self._speaks_for(header):
            return self._once_known(header, lambda: self.on_modify_order(message, header))
        known = None if self._is_surely_new(name, header) else self.journal.first_of_change(name)
        if known is not None:
            return self._answer_change_again(known, message)
        if not self._is_told(message) or self._is_new_here(message):
            return self._once_told(message, header)
        return self._judge_change(message, header)

    def _is_told(self, change: ModifyOrder) -> bool:
        """True once the order is known here as its strategy knows it."""
        state = self.view.order(change.strategy, change.order_id)
        if state is None:
            return False
        if not state.is_open:
            return True
        is_changing = self.view.is_changing(state, self.clock.time_ns())  # who asks has been told that it is not
        return state.order.client_order_id == change.client_order_id and _is_at_venue(state) and not is_changing

    def _is_new_here(self, change: ModifyOrder) -> bool:
        """True while the rules and the book of the order's instrument are on their way to a gate that began lately."""
        state = self.view.order(change.strategy, change.order_id)
        return state is not None and not self.view.is_settled(state.order) and self._is_first_sight(state.order)

    async def _once_told(self, change: ModifyOrder, header: RequestHeader) -> Answer:
        deadline = self.loop.time() + CATCH_UP_S
        while not self._is_told(change) and self.loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(SETTLE_S)
        state = self.view.order(change.strategy, change.order_id)
        if state is not None:
            self.view.follow_instrument(state.order.instance, state.order.instrument)
        while self._is_new_here(change):  # noqa: ASYNC110
            await asyncio.sleep(SETTLE_S)
        known = self.journal.first_of_change(change.new_client_order_id)
        return self._judge_change(change, header) if known is None else self._answer_change_again(known, change)

    @staticmethod
    def _answer_change_again(known: Intent, change: ModifyOrder) -> Answer:
        if known.change is None or _as_asked(known.change) != _as_asked(change):
            reason = f"change {change.new_client_order_id} was gated with other terms"
            return Refused(Code.DUPLICATE_ORDER_ID, reason)
        event = known.event
        return Refused(event.code, event.reason) if known.denied and event is not None else None

    def _judge_change(self, change: ModifyOrder, header: RequestHeader) -> Answer:
        now = self.clock.time_ns()
        state = self.view.order(change.strategy, change.order_id)
        if state is None:
            return Refused(Code.NO_SUCH_ORDER, f"no order {change.order_id!r} of {change.strategy!r} is known")
        if self.clock.monotonic_ns() >= header.deadline_ns:
            late = Denial(Code.DEADLINE_PASSED, "the gate could not judge it in time")
            return self._deny_change(state.order, change, late, now)
        if not self._speaks_for(header):
            return Refused(Code.NOT_ALLOWED, f"{header.caller!r} has left the floor")
        denial = change_denial(state, change, self.view.is_changing(state, now))
        after = change.applied_to(state.order)
        if denial is None:
            denial = judge(alone(_at_venue(state, change, after)), self.view)
        if denial is not None:
            return self._deny_change(state.order, change, denial, now)
        self._pass_change(state, change, after, header, now)
        return None

    def _pass_change(
        self, state: OrderState, change: ModifyOrder, after: NewOrder, header: RequestHeader, now: int
    ) -> None:
        order, name = state.order, change.new_client_order_id
        gated = replace(
            change,
            venue_order_id=state.venue_order_id,
            instance=order.instance,
            instrument=order.instrument,
            account=order.account,
            side=order.side,
            type=order.type,
            order=order,
            filled=max(state.filled, state.venue_filled),
            carried=state.carried,
            ts_gated=now,
        )
        intent = self.journal.append(after, False, None, self.epoch, now, gated)
        self.view.note_change(order.order_id, name, now + int(SUBMIT_DEADLINE_S * 1e9))
        self._send(name, after, gated, header.deadline_ns, lambda reply: self._on_change_not_sent(order, gated, reply))
        self._publish(intent)  # at once: its fate is told by another way, and should not come first
        self._figures["passed"] += 1

    def _deny_change(self, order: NewOrder, change: ModifyOrder, denial: Denial, now: int) -> Refused:
        self._figures["denied"] += 1
        self.log.warning("change denied", order=order.order_id, code=denial.code, why=denial.reason)
        name, kind = change.new_client_order_id, OrderEventKind.MODIFY_REJECTED
        event = self._event(order, kind, denial.code, denial.reason, now, name)
        self._publish(self.journal.append(order, True, event, self.epoch, now, change))
        return Refused(denial.code, denial.reason)

    def _on_change_not_sent(self, order: NewOrder, change: ModifyOrder, reply: Reply) -> None:
        now, name = self.clock.time_ns(), change.new_client_order_id
        self.view.forget_change(order.order_id, name)
        event = self._not_sent(order, OrderEventKind.MODIFY_REJECTED, reply, now, name)
        self._publish(self.journal.append(order, True, event, self.epoch, now, change))


def change_denial(state: OrderState, change: ModifyOrder, is_changing: bool) -> Denial | None:
    """Return why this change of the order makes no sense now, before any rule is asked."""
    order = state.order
    if not state.is_open:
        return Denial(Code.TOO_LATE, f"order {order.order_id} is {state.status}; what has ended is not changed")
    if change.client_order_id != order.client_order_id:
        reason = f"order {order.order_id} goes on as {order.client_order_id}, and not as {change.client_order_id}"
        return Denial(Code.TOO_LATE, reason)
    if not _is_at_venue(state) or is_changing or state.pending is Pending.CANCEL:
        reason = f"order {order.order_id} is {state.label}; its change waits for the answer to what was asked before"
        return Denial(Code.CHANGE_IN_FLIGHT, reason)
    if change.size is not None and order.size is None:
        return Denial(Code.UNSUPPORTED_INSTRUCTION, "an order by quote_size has no size that could be changed")
    filled = max(state.filled, state.venue_filled)
    if change.size is not None and change.size <= filled:
        reason = f"size {exact(change.size)} is the order's new total; expected above {exact(filled)}, which is filled"
        return Denial(Code.SIZE_LIMIT, reason)
    if change.applied_to(order) == order:
        return Denial(Code.NO_CHANGE, f"order {order.order_id} has these terms already")
    return None


def _at_venue(state: OrderState, change: ModifyOrder, after: NewOrder) -> NewOrder:
    """Return the order as its venue would judge it: what is filled is no part of a new attempt.

    One that is only made smaller may keep its attempt, and so what that has filled.
    """
    if after.size is None:
        return after
    smaller = replace(change, size=None).applied_to(state.order) == state.order and after.size < (state.order.size or 0)
    gone = state.carried if smaller else max(state.filled, state.venue_filled)
    return after if gone == 0 else replace(after, size=after.size - gone)


def _is_at_venue(state: OrderState) -> bool:
    return state.status not in _UNSENT


def _as_asked(change: ModifyOrder) -> tuple[object, ...]:
    """Return what a strategy asks for by a change; the rest is the gate's to add."""
    return change.order_id, change.client_order_id, change.size, change.price, change.trigger_price, change.params
