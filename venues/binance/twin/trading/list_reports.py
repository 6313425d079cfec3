"""Payloads about order lists: the `listStatus` event and the bodies of list requests.

Source: Binance Spot API, user-data-stream and rest-api (order lists, cancel all, amend keep priority), 2026-07.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from venues.binance.twin.trading import reports
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.list_book import OrderList
from venues.binance.twin.trading.list_state import Status, StatusType


def list_status(kept: OrderList, status_type: StatusType, status: Status, now_ms: int) -> dict[str, Any]:
    """A `listStatus` event in the venue's order of keys."""
    return {
        "e": "listStatus",
        "E": now_ms,
        "s": kept.symbol.name,
        "g": kept.list_id,
        "c": kept.state.contingency,
        "l": status_type,
        "L": status,
        "r": "NONE",
        "C": kept.client_order_id,
        "T": kept.update_ms,
        "O": [{"s": kept.symbol.name, "i": order.order_id, "c": order.client_order_id} for order in kept.orders],
    }


def queried(kept: OrderList) -> dict[str, Any]:
    """A list as orderList, openOrderList and allOrderList show it."""
    return _head(kept, kept.state.status_type, kept.state.status) | {"orders": _names(kept)}


def placed(kept: OrderList, response: str) -> dict[str, Any]:
    """The answer to a new list: each leg as a new order of that response type is answered."""
    return queried(kept) | {"orderReports": [_placed(order, response) for order in kept.orders]}


def canceled(kept: OrderList, canceled_orders: Iterable[AccountOrder], cancel_id: str) -> dict[str, Any]:
    """The answer to whatever canceled a list: the legs that it ended, all under the cancel's one id."""
    order_reports = [_known(order, reports.canceled(order, cancel_id)) for order in canceled_orders]
    return _head(kept, "ALL_DONE", "ALL_DONE") | {"orders": _names(kept), "orderReports": order_reports}


def amended(kept: OrderList) -> dict[str, Any]:
    """The `listStatus` in the answer to an amended leg."""
    head = _head(kept, kept.state.status_type, kept.state.status)
    del head["listStatusType"], head["transactionTime"]
    return head | {"orders": _names(kept)}


def _head(kept: OrderList, status_type: StatusType, status: Status) -> dict[str, Any]:
    return {
        "orderListId": kept.list_id,
        "contingencyType": kept.state.contingency,
        "listStatusType": status_type,
        "listOrderStatus": status,
        "listClientOrderId": kept.client_order_id,
        "transactionTime": kept.update_ms,
        "symbol": kept.symbol.name,
    }


def _names(kept: OrderList) -> list[dict[str, Any]]:
    return [
        {"symbol": kept.symbol.name, "orderId": order.order_id, "clientOrderId": order.client_order_id}
        for order in kept.orders
    ]


def _placed(order: AccountOrder, response: str) -> dict[str, Any]:
    return _known(order, reports.placed(order, response))


def _known(order: AccountOrder, body: dict[str, Any]) -> dict[str, Any]:
    """The body without the quantity that a leg of an OPO does not have yet."""
    return body if order.order.size else {name: value for name, value in body.items() if name != "origQty"}
