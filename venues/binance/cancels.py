"""Cancels: of an order alone, and of one of a list, by which the whole list ends."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from bus.messages import CancelOrder, Code, OrderEvent, OrderEventKind, Refused, Source
from venues.binance.changes import Changes
from venues.binance.client.errors import ClientError, LimitReached
from venues.binance.client.payloads import OrderBody, canceled_order
from venues.binance.mapping.changes import cancel_params
from venues.binance.mapping.order_lists import list_reports
from venues.binance.mapping.orders import order_report
from venues.binance.mapping.placing import Request
from venues.execution import Failure, Outcome, Window

__all__ = ["Cancels"]

CANCEL_WINDOW_MS = 5000
"""How old a cancel may be when the venue takes it: an order that is to end is to end late rather than not at all."""


class Cancels(Changes):
    """The part of the execution actor that ends orders."""

    def write_cancel(self, cancel: CancelOrder) -> Outcome:
        symbol = self.symbol_of(cancel.instrument)
        if isinstance(symbol, Refused):
            return symbol
        params = cancel_params(cancel, symbol)
        if isinstance(params, Refused):
            return params
        window = Window(CANCEL_WINDOW_MS, self.clock.monotonic_ns() + CANCEL_WINDOW_MS * 1_000_000)
        told = partial(self._on_canceled, cancel)
        return self.send(Request("order.cancel", params), told, window, takes_risk=False)

    def _on_canceled(self, cancel: CancelOrder, answer: bytes | ClientError) -> None:
        told = answer if isinstance(answer, ClientError) else self.read(partial(self._canceled, cancel), answer)
        if isinstance(told, LimitReached):
            self.rest.limits.hold_ends(told.retry_after_s)
        if isinstance(told, ClientError | Failure):
            failure = self.failure_of(told)
            if failure.code is Code.NO_SUCH_ORDER and self.names.is_known(cancel.client_order_id):
                failure = replace(failure, code=Code.TOO_LATE)
            self.cancel_failed(cancel, failure)
            return
        self.refund("order.cancel", takes_risk=False)
        for event in told:
            self.emit(event)

    def _canceled(self, cancel: CancelOrder, raw: bytes) -> list[OrderEvent]:
        """Return what ended: the order, and where it was of a list all others of that."""
        told, now = canceled_order(raw), self.clock.time_ns()
        if isinstance(told, OrderBody):
            attempt = self.attempt_of(cancel.client_order_id, told.order_list_id)
            event = order_report(
                told, OrderEventKind.CANCELED, Source.ANSWER, self.instance, cancel.instrument, now,
                cancel.order_id or attempt.order_id, cancel.strategy or attempt.strategy, *attempt[2:],
            )  # fmt: skip
            return [event]
        names = {one.client_order_id: self.names.attempt(one.client_order_id)[:2] for one in told.orders}
        reports = list_reports(
            told, OrderEventKind.CANCELED, Source.ANSWER, self.instance, cancel.instrument, now, names
        )
        return [
            event if self._was_asked(event, cancel) else replace(event, code=Code.LINKED_ORDER) for event in reports
        ]

    def _was_asked(self, event: OrderEvent, cancel: CancelOrder) -> bool:
        by_name = self.names.was_asked_to_end(event.client_order_id)
        return by_name or event.venue_order_id == cancel.venue_order_id
