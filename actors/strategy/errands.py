"""What a strategy asked for, seen through: each order, list, change, replacement and cancel comes to a definite word.

What goes by the gate is `gate_word`'s to see through. A cancel that cannot be sent is tried again while the venue's
actor restarts. One that was asked for before the venue had the order may be refused for that; then it is sent again
once the venue has it. A replacement waits here until the order that it replaces is over.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Protocol

from msgspec.structs import replace

from actors.strategy.change_errands import ChangeErrands
from actors.strategy.gate_word import ANSWER_S, COMMAND_S, GATE, RETRY_S, GateWord, Question
from actors.strategy.gate_word import Sender as GateSender
from actors.strategy.order import Order
from bus.messages import (
    CancelOrder,
    Code,
    Intent,
    OrderState,
    OrderStatus,
    Pending,
    SubmitOrder,
    SubmitOrderList,
)
from bus.requests import Reply

__all__ = ["COMMAND_S", "GATE", "REPLACE_S", "Errands"]

CANCEL_TRIES = 50
REPLACE_S = 30.0
"""How long an order may take to end that another is to replace: longer than an unknown outcome takes to be known."""

_UNSENT = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)


class Sender(GateSender, Protocol):
    """The strategy."""

    def take_order(self, state: OrderState) -> None:
        """An order's state is new."""


class Errands:
    """Sends a strategy's orders and changes to the gate and its cancels to the execution actors."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._gate = GateWord(sender)
        self.changes = ChangeErrands(sender, self._gate)
        self._wished: set[str] = set()
        """Orders that were to be cancelled before the venue had them."""
        self._canceling: set[str] = set()
        """Orders whose cancel is on its way to the execution actor."""
        self._waiting: set[str] = set()
        """Replacements of orders that are not over yet."""

    # new orders

    def submit(self, order: Order) -> None:
        """Hand a new order to the gate, now or not at all."""
        self._ask((order,), SubmitOrder(order.exact.order))

    def submit_list(self, orders: tuple[Order, ...]) -> None:
        """Hand orders to the gate that pass together or not at all."""
        self._ask(orders, SubmitOrderList(tuple(order.exact.order for order in orders)))

    def _ask(self, orders: tuple[Order, ...], command: SubmitOrder | SubmitOrderList) -> None:
        first = orders[0].exact.order

        def is_meant(intent: Intent) -> bool:
            return intent.order.order_id == first.order_id and intent.change is None

        def refuse(code: Code, reason: str) -> None:
            for order in orders:
                if not order.is_closed:
                    self.deny(order, code, reason)

        self._gate.ask(
            Question(
                command,
                first.order_id,
                first.ts_decided,
                lambda: all(map(_is_untold, orders)),
                is_meant,
                lambda: self._doubt(orders),
                refuse,
            )
        )

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

    def _doubt(self, orders: tuple[Order, ...]) -> None:
        """Let orders say UNKNOWN while nobody knows."""
        for order in orders:
            if _is_untold(order) and not order.exact.is_unknown:
                now = self._sender.clock.time_ns()
                self._sender.log.error("the gate is not there to say whether it passed an order", order=order.id)
                reason = "the gate may have passed it, and is not there to say so"
                self._sender.take_order(replace(order.exact, uncertain_since_ns=now, reason=reason))

    # replacements

    def replace(self, old: Order, new: Order, takes_rest: bool) -> None:
        """End one order, and send another once that is over. `takes_rest`: it is for what the first one leaves."""
        self._waiting.add(new.id)
        self.cancel(old)
        self._sender.spawn(self._replace(old, new, takes_rest))

    async def _replace(self, old: Order, new: Order, takes_rest: bool) -> None:
        try:
            await asyncio.wait_for(old.closed(), REPLACE_S)
        except TimeoutError:
            reason = f"order {old.id}, which it was to replace, is {old.label} after {REPLACE_S:g} s"
            self._deny_waiting(new, Code.DEADLINE_PASSED, reason)
            return
        state, order = old.exact, new.exact.order
        if takes_rest and state.order.size is not None:
            order = replace(order, size=state.order.size - max(state.filled, state.venue_filled))
        if old.status is OrderStatus.FILLED or (order.size is not None and order.size <= 0):
            self._deny_waiting(new, Code.TOO_LATE, f"order {old.id}, which it was to replace, was filled first")
            return
        if new.id in self._waiting:
            self._waiting.discard(new.id)
            self._sender.take_order(replace(new.exact, order=replace(order, ts_decided=self._sender.clock.time_ns())))
            self.submit(new)

    def _deny_waiting(self, new: Order, code: Code, reason: str) -> None:
        if new.id in self._waiting:
            self._waiting.discard(new.id)
            self.deny(new, code, reason)

    # cancels

    def cancel(self, order: Order) -> None:
        """Ask the venue to end an order; a closed one is left alone."""
        if order.is_closed:
            return
        if order.id in self._waiting:
            self._deny_waiting(order, Code.WITHDRAWN, "it was canceled while the order that it replaces was not over")
            return
        if order.status in _UNSENT:
            self._wished.add(order.id)
        asked, executor = order.exact.order, f"execution.{order.exact.order.instance}"
        self._canceling.add(order.id)
        # the venue's actor knows what took an order's place, but one that has begun anew knows no name of before
        for name in order.exact.names_at_work if order.exact.is_unknown else (asked.client_order_id,):
            command = CancelOrder(
                name,
                asked.instance,
                asked.instrument,
                self._sender.name,
                order_id=asked.order_id,
                venue_order_id=order.exact.venue_order_id if name == asked.client_order_id else "",
            )
            future = self._sender.member.send(executor, command, COMMAND_S)
            future.add_done_callback(partial(self._on_cancel_answered, order, command))

    def _on_cancel_answered(self, order: Order, command: CancelOrder, done: asyncio.Future[Reply]) -> None:
        self._on_cancel_sent(order, command, done.result())

    def on_changed(self, order: Order) -> None:
        """Look at an order's new state: a cancel or a change that could not be placed before may be due."""
        self.changes.on_changed(order)
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
