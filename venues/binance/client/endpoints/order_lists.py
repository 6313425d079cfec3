"""The calls that place and cancel lists of orders.

Source: Binance Spot API, rest-api (trading, order lists) and web-socket-api, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.client.endpoint import Endpoint, exact, names
from venues.binance.client.payloads import OrderList

__all__ = ["ORDER_LISTS"]

_LIST = "symbol listClientOrderId newOrderRespType selfTradePreventionMode"
_LEG = (
    "Type ClientOrderId Price StopPrice TrailingDelta IcebergQty TimeInForce StrategyId StrategyType PegPriceType"
    " PegOffsetType PegOffsetValue"
)
_WORKING = (
    "workingType workingSide workingClientOrderId workingPrice workingQuantity workingIcebergQty workingTimeInForce"
    " workingStrategyId workingStrategyType workingPegPriceType workingPegOffsetType workingPegOffsetValue"
)


def _leg(prefix: str) -> str:
    return " ".join(prefix + field for field in _LEG.split())


_PENDING_PAIR = f"pendingSide {_leg('pendingAbove')} {_leg('pendingBelow')}"

PLACE_ORDER_OCO = Endpoint(
    "place_order_oco", "POST", "/api/v3/order/oco", "orderList.place", "1",
    names(
        f"{_LIST} side quantity limitClientOrderId price limitStrategyId limitStrategyType limitIcebergQty"
        " trailingDelta stopClientOrderId stopPrice stopStrategyId stopStrategyType stopLimitPrice stopIcebergQty"
        " stopLimitTimeInForce"
    ),
    exact(OrderList), signed=True, orders=2,
)  # fmt: skip
PLACE_ORDER_LIST_OCO = Endpoint(
    "place_order_list_oco", "POST", "/api/v3/orderList/oco", "orderList.place.oco", "1",
    names(f"{_LIST} side quantity {_leg('above')} {_leg('below')}"), exact(OrderList), signed=True, orders=2,
)  # fmt: skip
PLACE_ORDER_LIST_OTO = Endpoint(
    "place_order_list_oto", "POST", "/api/v3/orderList/oto", "orderList.place.oto", "1",
    names(f"{_LIST} {_WORKING} pendingSide pendingQuantity {_leg('pending')}"),
    exact(OrderList), signed=True, orders=2,
)  # fmt: skip
PLACE_ORDER_LIST_OTOCO = Endpoint(
    "place_order_list_otoco", "POST", "/api/v3/orderList/otoco", "orderList.place.otoco", "1",
    names(f"{_LIST} {_WORKING} pendingQuantity {_PENDING_PAIR}"), exact(OrderList), signed=True, orders=3,
)  # fmt: skip
PLACE_ORDER_LIST_OPO = Endpoint(
    "place_order_list_opo", "POST", "/api/v3/orderList/opo", "orderList.place.opo", "1",
    names(f"{_LIST} {_WORKING} pendingSide {_leg('pending')}"), exact(OrderList), signed=True, orders=2,
)  # fmt: skip
PLACE_ORDER_LIST_OPOCO = Endpoint(
    "place_order_list_opoco", "POST", "/api/v3/orderList/opoco", "orderList.place.opoco", "1",
    names(f"{_LIST} {_WORKING} {_PENDING_PAIR}"), exact(OrderList), signed=True, orders=3,
)  # fmt: skip
CANCEL_ORDER_LIST = Endpoint(
    "cancel_order_list", "DELETE", "/api/v3/orderList", "orderList.cancel", "1",
    names("symbol orderListId listClientOrderId newClientOrderId"), exact(OrderList), signed=True,
)  # fmt: skip

ORDER_LISTS: tuple[Endpoint[Any], ...] = (
    PLACE_ORDER_OCO, PLACE_ORDER_LIST_OCO, PLACE_ORDER_LIST_OTO, PLACE_ORDER_LIST_OTOCO, PLACE_ORDER_LIST_OPO,
    PLACE_ORDER_LIST_OPOCO, CANCEL_ORDER_LIST,
)  # fmt: skip
