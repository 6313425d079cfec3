"""Cancels: of one order, of those that are named, of all that are one's own. They need no gate and pass every HALT."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable

from msgspec.structs import replace

from bus.codec import RequestHeader
from bus.messages import (
    CancelAll,
    CancelOrder,
    Code,
    InstrumentId,
    OrderEvent,
    OrderEventKind,
    Refused,
    is_of_floor,
    parse_order_id,
    strategy_code,
)
from bus.requests import Answer
from venues.execution.changes import Changes
from venues.execution.order_events import cancel_pending
from venues.execution.outcomes import Failure, Outcome

__all__ = ["Cancels"]


class Cancels(Changes):
    """The part of an execution actor that ends orders."""

    @abstractmethod
    def write_cancel(self, cancel: CancelOrder) -> Outcome:
        """Write a cancel to the venue; over another way where the first is down. Answers go to `cancel_failed`."""

    @abstractmethod
    async def open_orders(self, instrument: InstrumentId = "") -> tuple[OrderEvent, ...] | Refused:
        """Ask the venue for every open order of the account, or of one instrument."""

    def on_cancel_order(self, message: CancelOrder, header: RequestHeader) -> Answer | Awaitable[Answer]:
        """Write a cancel. OK means written; the order's end, or why it goes on, comes as an event.

        An order of this id that comes later, having been slower than its cancel, is refused. Where the order goes on
        under another name by now, that is canceled.
        """
        refusal = self.check_cancel(message, header)
        if refusal is not None:
            return refusal
        if not message.client_order_id and not message.venue_order_id:
            return Refused(Code.NO_SUCH_ORDER, "a cancel needs a client order id or the venue's")
        self.note_cancel(message.client_order_id)
        first, *others = self._cancels_of(message)
        for other in others:
            answer = self._cancel(other)
            if isinstance(answer, Awaitable):
                self.spawn(_done(answer))
        return self._cancel(first)

    def note_cancel(self, client_order_id: str) -> None:
        """Remember that an order is to end: one that is still on its way to us must not be written later."""
        if client_order_id and not self.names.is_known(client_order_id):
            self.names.canceled_first.add(client_order_id, self.clock.monotonic_ns())

    def _cancels_of(self, cancel: CancelOrder) -> list[CancelOrder]:
        if not cancel.client_order_id:
            return [cancel]
        names = self.names.names_to_cancel(cancel.client_order_id)
        own = cancel.client_order_id
        return [cancel if name == own else replace(cancel, client_order_id=name, venue_order_id="") for name in names]

    def _cancel(self, cancel: CancelOrder) -> Answer | Awaitable[Answer]:
        outcome = self.write_cancel(cancel)
        if isinstance(outcome, Refused):
            return outcome
        self.names.note_asked_to_end(cancel.client_order_id)
        self.counts["cancels_written"] += 1
        self.emit(cancel_pending(cancel, self.clock.time_ns()))
        if isinstance(outcome, Failure):
            self.cancel_failed(cancel, outcome)
        elif outcome is not None:
            return self._finish_cancel(cancel, outcome)
        return None

    async def _finish_cancel(self, cancel: CancelOrder, going: Awaitable[Failure | None]) -> Answer:
        failure = await going
        if failure is None:
            return None
        self.cancel_failed(cancel, failure)
        return None if failure.sent else Refused(failure.code, failure.reason, failure.venue_code)

    def cancel_failed(self, cancel: CancelOrder, failure: Failure) -> None:
        """The order goes on, or has ended otherwise, or nobody knows."""
        self.emit_failure(OrderEventKind.CANCEL_REJECTED, failure, cancel)

    # several at once

    async def on_cancel_all(self, message: CancelAll, header: RequestHeader) -> Answer:
        """Write a cancel for each given order at once, then for each that the venue says is open and is meant.

        The venue is asked where no order is given or everybody's are meant, and for a single instrument's orders. OK
        means that all are written. Where the venue cannot be asked, the given ones were written all the same, and the
        answer is a refusal that says so.
        """
        refusal = self.check_cancel(message, header)
        if refusal is not None:
            return refusal
        for _, client_order_id in message.client_order_ids:
            self.note_cancel(client_order_id)
        failures = await self.cancel_orders(
            [CancelOrder(name, self.instance, each, message.strategy) for each, name in message.client_order_ids]
        )
        if message.client_order_ids and message.strategy and not message.instrument:
            return _refusal_of_all(failures)
        done = {name for _, name in message.client_order_ids}
        found = await self.open_orders(message.instrument)
        if isinstance(found, Refused):
            reason = f"{len(done)} given orders were canceled; the venue's open ones cannot be read: {found.reason}"
            return Refused(found.code, reason, found.venue_code)
        failures += await self.cancel_orders(
            [
                _cancel_of(event, message.strategy)
                for event in found
                if event.client_order_id not in done and _is_meant(event.client_order_id, message, self.context.floor)
            ]
        )
        return _refusal_of_all(failures)

    async def cancel_orders(self, cancels: list[CancelOrder]) -> list[Refused]:
        """Ask the venue to end these orders, one after the other; return why some could not be asked for."""
        failures: list[Refused] = []
        for meant in cancels:
            for cancel in self._cancels_of(meant):
                answer = self._cancel(cancel)
                if isinstance(answer, Awaitable):
                    answer = await answer
                if isinstance(answer, Refused):
                    failures.append(answer)
        if failures:
            self.log.error("orders may rest at the venue", failures=len(failures), first=failures[0].reason)
        return failures


async def _done(answer: Awaitable[Answer]) -> None:
    await answer


def _cancel_of(event: OrderEvent, strategy: str) -> CancelOrder:
    return CancelOrder(
        event.client_order_id, event.instance, event.instrument, strategy, venue_order_id=event.venue_order_id,
        type=event.type,
    )  # fmt: skip


def _refusal_of_all(failures: list[Refused]) -> Refused | None:
    return Refused(failures[0].code, "; ".join(failure.reason for failure in failures[:3])) if failures else None


def _is_meant(client_order_id: str, message: CancelAll, floor: str) -> bool:
    if not message.strategy:
        return True
    parts = parse_order_id(client_order_id)
    if parts is None or not is_of_floor(parts, floor) or parts.strategy != strategy_code(message.strategy):
        return False
    return not message.until_epoch or parts.epoch <= message.until_epoch
