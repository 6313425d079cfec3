"""New orders and lists of orders: written once, and what the venue answers to them."""

from __future__ import annotations

from enum import StrEnum
from functools import partial

import msgspec

from bus.messages import (
    Fill,
    Instrument,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    Refused,
    Source,
    SubmitOrderList,
)
from venues.binance.adapter import SPOT
from venues.binance.client.errors import ClientError
from venues.binance.client.payloads import OrderBody, OrderList
from venues.binance.mapping.offers import offers
from venues.binance.mapping.order_lists import list_names, list_reports, list_request
from venues.binance.mapping.orders import answer_fills, order_report
from venues.binance.mapping.placing import Request, order_params
from venues.binance.mapping.words import WAITS
from venues.binance.sending import Sending
from venues.execution import Failure, Outcome, Window

__all__ = ["Orders"]

_order = msgspec.json.Decoder(OrderBody).decode
_list = msgspec.json.Decoder(OrderList).decode


class Orders(Sending):
    """The part of the execution actor that begins orders."""

    capabilities = SPOT

    def write_order(self, order: NewOrder, window: Window) -> Outcome:
        symbol = self.symbol_of(order.instrument)
        if isinstance(symbol, Refused):
            return symbol
        params = order_params(order, symbol)
        if isinstance(params, Refused):
            return params
        return self.send(Request("order.place", params), partial(self._on_placed, order), window)

    def write_order_list(self, orders: tuple[NewOrder, ...], window: Window) -> Outcome:
        symbol = self.symbol_of(orders[0].instrument)
        if isinstance(symbol, Refused):
            return symbol
        request = list_request(SubmitOrderList(orders), symbol)
        if isinstance(request, Refused):
            return request
        return self.send(request, partial(self._on_list_placed, orders), window)

    def offers(self, instrument: Instrument, word: StrEnum) -> bool:
        return offers(instrument, word)

    # answers

    def _on_placed(self, order: NewOrder, answer: bytes | ClientError) -> None:
        told = answer if isinstance(answer, ClientError) else self.read(partial(self._placed, order), answer)
        if isinstance(told, ClientError | Failure):
            self.orders_failed((order,), self.failure_of(told))
            return
        self.refund("order.place")
        for event in told:
            self.emit(event)

    def _placed(self, order: NewOrder, raw: bytes) -> tuple[Fill | OrderEvent, ...]:
        body = _order(raw)
        self.note_venue_id(body.order_id, order.client_order_id)
        now = self.clock.time_ns()
        fills = answer_fills(body, self.instance, order.instrument, now, order.order_id, order.strategy)
        is_new = body.status in ("", "NEW", "PENDING_NEW")
        event = order_report(
            body, OrderEventKind.ACCEPTED if is_new else OrderEventKind.REPORT, Source.ANSWER, self.instance,
            order.instrument, now, *self.attempt_of(order.client_order_id, body.order_list_id),
        )  # fmt: skip
        return (*fills, event)

    def _on_list_placed(self, orders: tuple[NewOrder, ...], answer: bytes | ClientError) -> None:
        told = answer if isinstance(answer, ClientError) else self.read(partial(self._list_placed, orders), answer)
        if isinstance(told, ClientError | Failure):
            self.orders_failed(orders, self.failure_of(told))
            return
        for event in told:
            self.emit(event)

    def _list_placed(self, orders: tuple[NewOrder, ...], raw: bytes) -> list[OrderEvent]:
        told = _list(raw)
        self.note_list(told.order_list_id, told.list_client_order_id, orders[0].contingency)
        for client_id, venue_id in list_names(told).items():
            self.names.note_venue_id(venue_id, client_id)
        names = {order.client_order_id: (order.order_id, order.strategy) for order in orders}
        waiting = {order.client_order_id for order in orders if order.parent_id}
        reports = list_reports(
            told, OrderEventKind.ACCEPTED, Source.ANSWER, self.instance, orders[0].instrument,
            self.clock.time_ns(), names,
        )  # fmt: skip
        return [
            msgspec.structs.replace(
                event, contingency=orders[0].contingency, reason=WAITS if event.client_order_id in waiting else ""
            )
            for event in reports
        ]
