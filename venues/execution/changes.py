"""Changes of working orders: by the venue's own way, or by a new attempt that takes the old one's place.

What is told, in this order: MODIFY_PENDING at the write; then UPDATED, MODIFY_REJECTED (the order stands unchanged),
CANCELED (the old attempt ended and the new one was refused), or OUTCOME_UNKNOWN. A replacement's fate may be told by
its answer or by the venue's events, whichever comes first: `replaced` tells it once. An unknown outcome is known as
soon as either shows.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable

from msgspec.structs import replace

from bus.codec import RequestHeader
from bus.messages import ModifyOrder, NewOrder, OrderEvent, OrderEventKind, Refused
from bus.requests import Answer
from venues.denials import denial_of_change
from venues.execution.order_events import modify_pending
from venues.execution.orders import Orders
from venues.execution.outcomes import Change, Failure, Window

__all__ = ["Changes", "order_after"]


class Changes(Orders):
    """The part of an execution actor that changes orders."""

    @abstractmethod
    def write_change(self, change: ModifyOrder, window: Window) -> Change | Refused:
        """Write a change to the venue, once. What is answered goes to `updated`, `replaced` or `change_failed`."""

    def on_modify_order(self, message: ModifyOrder, header: RequestHeader) -> Answer | Awaitable[Answer]:
        """Write a change of a working order, once. OK means written; what becomes of it comes as events.

        Every refusal is definite: nothing was sent, and the order stands as it was.
        """
        if message.new_client_order_id and self.names.was_written(message.new_client_order_id):
            return None
        refusal = self.check_change(message, header) or denial_of_change(message, self.capabilities)
        window = self.window(header)
        if refusal is None and isinstance(window, Window):
            written = self.write_change(message, window)
            if isinstance(written, Change):
                return self._note(message, written, window)
            refusal = written
        refusal = refusal or window  # type: ignore[assignment]
        assert isinstance(refusal, Refused)
        self.log.warning("change denied", order=message.client_order_id, code=refusal.code, reason=refusal.reason)
        return refusal

    def _note(self, change: ModifyOrder, written: Change, window: Window) -> Answer | Awaitable[Answer]:
        tried, now = written.new_client_order_id, self.clock.time_ns()
        self.names.note_change(change, tried, written.order)
        self.counts["changes_written"] += 1
        self.emit(modify_pending(change, tried, now, self.expires_ns(window, now)))
        if isinstance(written.outcome, Failure):
            self.change_failed(change, tried, written.outcome)
        elif written.outcome is not None:
            return self._finish_change(change, tried, self.slow(written.outcome))
        return None

    async def _finish_change(self, change: ModifyOrder, tried: str, going: asyncio.Future[Failure | None]) -> Answer:
        failure = await going
        if failure is None:
            return None
        self.change_failed(change, tried, failure)
        return None if failure.sent else Refused(failure.code, failure.reason, failure.venue_code)

    # what became of it

    def updated(self, event: OrderEvent) -> None:
        """The order goes on changed, under the name that it had."""
        self.emit(replace(event, kind=OrderEventKind.UPDATED))

    def replaced(self, tried: str, event: OrderEvent) -> None:
        """The attempt of this client id works in place of another; `event` has its figures. Told once."""
        change = self.names.settle_change(tried, succeeded=True)
        if change is not None:
            self.emit(
                replace(
                    event,
                    kind=OrderEventKind.UPDATED,
                    client_order_id=change.client_order_id,
                    new_client_order_id=tried,
                    order_id=change.order_id,
                    strategy=change.strategy,
                )
            )

    def replacement_refused(self, tried: str, event: OrderEvent) -> None:
        """The old attempt was canceled and the new one refused, as `event` (the old one's) says: the order ended."""
        if self.names.settle_change(tried, succeeded=False) is not None:
            self.emit(replace(event, kind=OrderEventKind.CANCELED))

    def change_failed(self, change: ModifyOrder, tried: str, failure: Failure) -> None:
        """The order stands as it was, or nobody knows."""
        if tried and tried not in self.names.changes:
            return  # what the venue told of it since is more than that
        if tried and failure.definite:
            self.names.settle_change(tried, succeeded=False)
        self.emit_failure(OrderEventKind.MODIFY_REJECTED, failure, change)


def order_after(order: NewOrder, change: ModifyOrder) -> NewOrder:
    """Return the order's terms as they are to be; the name and size of an attempt are the caller's to set."""
    return replace(
        order,
        size=order.size if change.size is None else change.size,
        price=order.price if change.price is None else change.price,
        trigger_price=order.trigger_price if change.trigger_price is None else change.trigger_price,
        params={**order.params, **change.params},
    )
