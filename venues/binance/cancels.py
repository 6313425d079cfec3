"""Cancels: of an order alone, and of one of a list, by which the whole list ends."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from bus.messages import CancelOrder, Code, OrderEventKind, Refused, Source
from venues.binance.changes import Changes
from venues.binance.client.errors import ClientError
from venues.binance.client.payloads import OrderBody, OrderList, canceled_order
from venues.binance.mapping.changes import cancel_params
from venues.binance.mapping.order_lists import list_reports
from venues.binance.mapping.orders import order_report
from venues.binance.mapping.placing import Request
from venues.binance.sending import decoded
from venues.execution import Outcome, Window

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
        if isinstance(answer, ClientError):
            failure = self.failure_of(answer)
            if failure.code is Code.NO_SUCH_ORDER and self.names.is_known(cancel.client_order_id):
                failure = replace(failure, code=Code.TOO_LATE)
            self.cancel_failed(cancel, failure)
            return
        told = decoded(canceled_order, answer)
        now = self.clock.time_ns()
        if isinstance(told, OrderBody):
            attempt = self.attempt_of(cancel.client_order_id, told.order_list_id)
            event = order_report(
                told, OrderEventKind.CANCELED, Source.ANSWER, self.instance, cancel.instrument, now,
                cancel.order_id or attempt.order_id, cancel.strategy or attempt.strategy, *attempt[2:],
            )  # fmt: skip
            self.emit(event)
        elif isinstance(told, OrderList):
            self._on_list_canceled(cancel, told, now)
        else:
            self.cancel_failed(cancel, self.unreadable(answer, told))

    def _on_list_canceled(self, cancel: CancelOrder, told: OrderList, now: int) -> None:
        """An order of a list ends with all others of it: each is told."""
        names = {
            one.client_order_id: self.names.attempt(one.client_order_id)[:2] for one in told.orders
        }  # fmt: skip
        reports = list_reports(
            told, OrderEventKind.CANCELED, Source.ANSWER, self.instance, cancel.instrument, now, names
        )
        for event in reports:
            asked = event.client_order_id == cancel.client_order_id or event.venue_order_id == cancel.venue_order_id
            self.emit(event if asked else replace(event, code=Code.LINKED_ORDER))
