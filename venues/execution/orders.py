"""New orders and lists of orders: judged, written once, and told."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable
from enum import StrEnum

from actors.runtime import Context
from bus.codec import RequestHeader
from bus.messages import (
    Code,
    Instrument,
    NewOrder,
    OrderEventKind,
    Refused,
    SetTradingState,
    SubmitOrder,
    SubmitOrderList,
    TradingState,
)
from bus.requests import Answer
from venues.capabilities import Capabilities
from venues.denials import Judged, denial_of, is_per_symbol
from venues.execution.checks import Checks
from venues.execution.order_events import submitted
from venues.execution.outcomes import Failure, Outcome, Window
from venues.execution.rules import Rules

__all__ = ["Orders"]


class Orders(Checks):
    """The part of an execution actor that begins orders."""

    capabilities: Capabilities = Capabilities()
    """What this account type does: a venue's class says it."""

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.rules = Rules(self.instance, self.clock, lambda *asked: self.member.request(*asked))
        self._judged = Judged(self.capabilities)
        self._slow: set[asyncio.Future[Failure | None]] = set()

    # what a venue does

    @abstractmethod
    def write_order(self, order: NewOrder, window: Window) -> Outcome:
        """Write an order to the venue, once: see `Outcome`. What is answered goes to `order_failed`, or is emitted."""

    def write_order_list(self, orders: tuple[NewOrder, ...], window: Window) -> Outcome:
        """Write orders that the venue takes together or not at all; as `write_order`."""
        return Refused(Code.UNSUPPORTED, f"{self.instance} has no lists of orders")

    def offers(self, instrument: Instrument, word: StrEnum) -> bool:
        """Whether an instrument's record has what a PER_SYMBOL cell of the capabilities promises."""
        return True

    # new orders

    def on_submit_order(self, message: SubmitOrder, header: RequestHeader) -> Answer | Awaitable[Answer]:
        """Write an order to the venue, once. OK means written; what becomes of it comes as events.

        Every refusal is definite: nothing was sent.
        """
        return self._submit((message.order,), False, header)

    def on_submit_order_list(self, message: SubmitOrderList, header: RequestHeader) -> Answer | Awaitable[Answer]:
        """Write a list of orders to the venue, once and together. As for an order; one that is refused refuses all."""
        if not message.orders:
            return Refused(Code.UNSUPPORTED_INSTRUCTION, "a list of orders without orders")
        return self._submit(message.orders, True, header)

    def _submit(self, orders: tuple[NewOrder, ...], as_list: bool, header: RequestHeader) -> Answer | Awaitable[Answer]:
        for order in orders:
            if self.names.was_written(order.client_order_id):
                return None
            if self._judged.is_done(order) or self.rules.is_fresh(order.instrument):
                continue
            if is_per_symbol(order, self.capabilities):
                return self._submit_once_known(orders, as_list, header)
        return self._write(orders, as_list, header)

    async def _submit_once_known(self, orders: tuple[NewOrder, ...], as_list: bool, header: RequestHeader) -> Answer:
        """Only the instrument's record says whether the venue does this: read it first, then begin anew."""
        for name in {order.instrument for order in orders}:
            await self.rules.learn(name)
        answer = self._submit(orders, as_list, header)
        return await answer if isinstance(answer, Awaitable) else answer

    def _write(self, orders: tuple[NewOrder, ...], as_list: bool, header: RequestHeader) -> Answer | Awaitable[Answer]:
        for order in orders:
            refusal = self.check_submit(order, header)
            if refusal is not None:
                return refusal
            if self._judged.is_done(order):
                continue
            rules = self.rules.get(order.instrument)
            denial = denial_of(order, self.capabilities, rules, self.offers)
            if denial is not None:
                return self._denied(order, denial)
        window = self.window(header)
        if isinstance(window, Refused):
            return window
        outcome = self.write_order_list(orders, window) if as_list else self.write_order(orders[0], window)
        if isinstance(outcome, Refused):
            return self._denied(orders[0], outcome)
        written = self.clock.time_ns()
        expires_ns = self.expires_ns(window, written)
        for order in orders:
            self.names.note_order(order)
            self.counts["orders_written"] += 1
            self.emit(submitted(order, written, expires_ns))
        if outcome is None:
            return None
        if isinstance(outcome, Failure):
            self.orders_failed(orders, outcome)
            return None
        return self._finish(orders, self.slow(outcome))

    def _denied(self, order: NewOrder, refusal: Refused) -> Refused:
        self.log.warning("order denied", order=order.client_order_id, code=refusal.code, reason=refusal.reason)
        return refusal

    async def _finish(self, orders: tuple[NewOrder, ...], going: asyncio.Future[Failure | None]) -> Answer:
        """An order goes by a slow way: answer when its fate is told."""
        failure = await going
        if failure is None:
            return None
        self.orders_failed(orders, failure)
        return None if failure.sent else Refused(failure.code, failure.reason, failure.venue_code)

    def orders_failed(self, orders: tuple[NewOrder, ...], failure: Failure) -> None:
        """Tell that orders were not taken, or that nobody knows."""
        kind = OrderEventKind.REJECTED if failure.sent else OrderEventKind.NOT_SENT
        for order in orders:
            self.emit_failure(kind, failure, order)

    # the barrier

    def slow(self, outcome: Awaitable[Failure | None]) -> asyncio.Future[Failure | None]:
        """Let a write go on by its slow way; a HALT is answered after it, for it may still be on its way."""
        going: asyncio.Future[Failure | None] = self.spawn(_of(outcome))
        self._slow.add(going)
        going.add_done_callback(self._slow.discard)
        return going

    def on_set_trading_state(self, message: SetTradingState, header: RequestHeader) -> Answer | Awaitable[Answer]:
        answer = super().on_set_trading_state(message, header)
        if message.state is TradingState.HALTED and self._slow:
            return self._after_slow()
        return answer

    async def _after_slow(self) -> Answer:
        await asyncio.wait(list(self._slow))
        return None


async def _of(outcome: Awaitable[Failure | None]) -> Failure | None:
    return await outcome
