"""What a strategy asked for, seen through: each order and each cancel comes to a definite word.

A new order that no connected gate was handed is DENIED at once. One that a gate may have had is asked about with the
same id, which a gate answers and never sends twice, but only until its time is over: a gate that lacked it would judge
it as new, and send it late. From then on its journal alone is read. The gate writes there before it sends, takes
requests in order and refuses late ones, so an order that is not in it went nowhere and never will, and DENIED is
honest; of one that is, the execution stream tells. (Rejected: the reconciler's `GetOrders`, since what it lacks it may
just not have been told yet.)

A cancel that cannot be sent is tried again while the venue's actor restarts. One that was asked for before the venue
had the order may be refused for that; then it is sent again once the venue has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from msgspec.structs import replace

from actors.runtime import Log
from actors.strategy.order import Order
from bus.clock import Clock
from bus.codec import ReplyStatus
from bus.member import Member
from bus.messages import (
    CancelOrder,
    Code,
    GetIntents,
    IntentsAnswer,
    OrderState,
    OrderStatus,
    Pending,
    SubmitOrder,
)
from bus.requests import Reply

__all__ = ["COMMAND_S", "GATE", "Errands"]

GATE = "gate"
COMMAND_S = 5.0
"""A new order or a cancel that did not reach the gate or the venue's actor by then is refused, never sent late."""
RETRY_S = 0.2
"""Between tries of what must succeed: a cancel while an actor restarts, the gate's word about an order."""
ANSWER_S = 1.0
"""How long one such try waits for its answer."""
CANCEL_TRIES = 50
LOOK_BACK = 500
"""Intents that are read at a time, from the newest backwards."""
NEWEST = 2**62
"""Behind every number: the answer has no intents and says which is the last."""
CLOCK_STEP_S = 60.0
"""An intent older than an order by more than this is from before it, however the host's clock was set meanwhile."""

_UNSENT = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)


class Sender(Protocol):
    """The strategy."""

    name: str
    member: Member
    clock: Clock
    log: Log

    def spawn(self, coroutine: Coroutine[Any, Any, Any], reply_to: Any = None) -> asyncio.Task[Any]:
        """Run a task that ends with the strategy."""

    def take_order(self, state: OrderState) -> None:
        """An order's state is new."""


class Errands:
    """Sends a strategy's orders to the gate and its cancels to the execution actors."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._wished: set[str] = set()
        """Orders that were to be cancelled before the venue had them."""
        self._canceling: set[str] = set()
        """Orders whose cancel is on its way to the execution actor."""

    # new orders

    def submit(self, order: Order) -> None:
        """Hand a new order to the gate, now or not at all."""
        deadline_ns = self._sender.clock.monotonic_ns() + int(COMMAND_S * 1e9)
        future = self._sender.member.send(GATE, SubmitOrder(order.exact.order), COMMAND_S)
        future.add_done_callback(lambda done: self._on_gated(order, done.result(), deadline_ns))

    def deny(self, order: Order, code: Code, reason: str) -> None:
        """End an order that never left."""
        self._sender.log.warning("order denied", order=order.id, code=code, why=reason)
        state = order.exact
        denied = replace(
            state,
            status=OrderStatus.DENIED,
            pending=Pending.NONE,
            uncertain_since_ns=0,
            code=code,
            reason=reason,
            ts_closed=self._sender.clock.time_ns(),
            revision=state.revision + 1,
        )
        self._sender.take_order(denied)

    def _on_gated(self, order: Order, reply: Reply, deadline_ns: int) -> None:
        if reply.ok or order.is_closed:
            return
        if reply.definite:
            self.deny(order, reply.code, reply.reason)
        else:
            self._sender.log.warning("the gate did not answer; asking again", order=order.id, code=reply.code)
            self._sender.spawn(self._settle(order, deadline_ns))

    async def _settle(self, order: Order, deadline_ns: int) -> None:
        """Learn what became of an order that a gate may have had."""
        clock, request = self._sender.clock, order.exact.order
        while _is_untold(order) and (left_s := (deadline_ns - clock.monotonic_ns()) / 1e9) > 0:
            reply = await self._sender.member.request(GATE, SubmitOrder(request), min(ANSWER_S, left_s))
            # only a judgement counts: that this try came late, or to a gate that ends, says nothing about the first
            judged = reply.status is ReplyStatus.DENIED and reply.code is not Code.SHUTTING_DOWN
            if judged and _is_untold(order):
                self.deny(order, reply.code, reply.reason)
            if judged or reply.ok:
                return
            await asyncio.sleep(RETRY_S)
        while _is_untold(order):
            gated = await self._is_in_gates_journal(order)
            if gated is None:
                self._doubt(order)
                await asyncio.sleep(RETRY_S)
            elif gated:
                return
            elif _is_untold(order):
                reason = f"the gate did not take it within {COMMAND_S:g} s; its journal lacks it, so it was never sent"
                self.deny(order, Code.DEADLINE_PASSED, reason)

    def _doubt(self, order: Order) -> None:
        """Let the order say UNKNOWN while nobody knows."""
        if _is_untold(order) and not order.exact.is_unknown:
            now = self._sender.clock.time_ns()
            self._sender.log.error("the gate is not there to say whether it passed an order", order=order.id)
            reason = "the gate may have passed it, and is not there to say so"
            self._sender.take_order(replace(order.exact, uncertain_since_ns=now, reason=reason))

    async def _is_in_gates_journal(self, order: Order) -> bool | None:
        """Return whether the gate passed or denied an order; None where it does not answer."""
        newest = await self._intents(NEWEST)
        if newest is None:
            return None
        upto, begun_ns = newest.last, order.exact.order.ts_decided - int(CLOCK_STEP_S * 1e9)
        while upto > 0:
            after = max(0, upto - LOOK_BACK)
            page = await self._intents(after)
            if page is None:
                return None
            if any(intent.order.order_id == order.id for intent in page.intents):
                return True
            if 0 < page.oldest_ns < begun_ns:
                return False
            upto = after
        return False

    async def _intents(self, after: int) -> IntentsAnswer | None:
        reply = await self._sender.member.request(GATE, GetIntents(after, self._sender.name), ANSWER_S)
        return reply.body if isinstance(reply.body, IntentsAnswer) else None

    # cancels

    def cancel(self, order: Order) -> None:
        """Ask the venue to end an order; a closed one is left alone."""
        if order.is_closed:
            return
        if order.status in _UNSENT:
            self._wished.add(order.id)
        asked = order.exact.order
        command = CancelOrder(
            asked.client_order_id,
            asked.instance,
            asked.instrument,
            self._sender.name,
            order_id=asked.order_id,
            venue_order_id=order.exact.venue_order_id,
        )
        self._canceling.add(order.id)
        future = self._sender.member.send(f"execution.{asked.instance}", command, COMMAND_S)
        future.add_done_callback(lambda done: self._on_cancel_sent(order, command, done.result()))

    def on_changed(self, order: Order) -> None:
        """Look at an order's new state: a cancel that the venue could not place before may be due again."""
        if order.id not in self._wished or order.status in _UNSENT:
            return
        if order.is_closed:
            self._wished.discard(order.id)
        elif order.exact.pending is not Pending.CANCEL and order.id not in self._canceling:
            self._wished.discard(order.id)
            self._sender.log.info("the venue has it now; cancelling again", order=order.id)
            self.cancel(order)

    def _on_cancel_sent(self, order: Order, command: CancelOrder, reply: Reply) -> None:
        if reply.ok or order.is_closed:
            self._canceling.discard(order.id)
            return
        self._sender.log.warning("cancel not sent yet; trying again", order=order.id, code=reply.code, why=reply.reason)
        self._sender.spawn(self._cancel_again(order, command))

    async def _cancel_again(self, order: Order, command: CancelOrder) -> None:
        try:
            for _ in range(CANCEL_TRIES):
                await asyncio.sleep(RETRY_S)
                if order.is_closed:
                    return
                if (await self._sender.member.request(f"execution.{command.instance}", command, ANSWER_S)).ok:
                    return
            self._sender.log.error("cancel could not be sent", order=order.id, seconds=CANCEL_TRIES * RETRY_S)
        finally:
            self._canceling.discard(order.id)
            self.on_changed(order)


def _is_untold(order: Order) -> bool:
    """True while neither the gate nor the execution stream has said anything about an order."""
    return order.status is OrderStatus.INITIALIZED and not order.exact.order.ts_gated
