"""Answers about lists of orders. Source: Binance Spot API, rest-api (trading endpoints, order lists), 2026-07."""

from __future__ import annotations

from typing import TypeAlias

import msgspec
from msgspec import Raw

from venues.binance.client.payloads.numbers import Ms, Number
from venues.binance.client.payloads.orders import OrderBody

__all__ = ["Canceled", "ListedOrder", "OrderList", "canceled_order", "canceled_orders"]


class ListedOrder(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An order of a list, by name."""

    symbol: str
    order_id: Number
    client_order_id: str


class OrderList(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A list in an answer: to its placement or cancel (with reports), a query, or an amendment of one of its orders.

    `contingency_type` is OCO or OTO (an OTOCO and both OPOs are OTO). Reports have the fields of the answer's kind.
    """

    order_list_id: Number
    contingency_type: str
    list_order_status: str
    list_client_order_id: str
    symbol: str = ""
    list_status_type: str = ""
    transaction_time: Ms = 0
    orders: tuple[ListedOrder, ...] = ()
    order_reports: tuple[OrderBody, ...] = ()


Canceled: TypeAlias = OrderBody | OrderList
"""What a cancel was of: one order, or the list that it belonged to, with all of its orders."""


class _Kind(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    contingency_type: str = ""


_entries = msgspec.json.Decoder(list[Raw])
_kind = msgspec.json.Decoder(_Kind)
_order = msgspec.json.Decoder(OrderBody)
_list = msgspec.json.Decoder(OrderList)


def canceled_order(raw: bytes | Raw) -> Canceled:
    """Read the answer to a cancel: of an order of a list it is the whole list's. Raises msgspec.DecodeError."""
    return _list.decode(raw) if _kind.decode(raw).contingency_type else _order.decode(raw)


def canceled_orders(raw: bytes) -> list[Canceled]:
    """Read DELETE /api/v3/openOrders, whose entries differ in shape. Raises msgspec.DecodeError."""
    return [canceled_order(one) for one in _entries.decode(raw)]
