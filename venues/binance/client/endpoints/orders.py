"""The calls that place, test, replace, amend and cancel orders.

Placing and canceling weigh nothing where they succeed (since 2026-04-02).
Source: Binance Spot API, rest-api (trading) and web-socket-api, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.client.endpoint import Endpoint, exact, names
from venues.binance.client.payloads import CancelReplace, OrderAmended, OrderBody, OrderCommission, canceled_orders

__all__ = ["ORDERS"]

_NEW = (
    "symbol side type timeInForce quantity quoteOrderQty price newClientOrderId strategyId strategyType stopPrice"
    " trailingDelta icebergQty newOrderRespType selfTradePreventionMode pegPriceType pegOffsetValue pegOffsetType"
)
_SOR = (
    "symbol side type timeInForce quantity price newClientOrderId strategyId strategyType icebergQty newOrderRespType"
    " selfTradePreventionMode"
)
_REPLACE = (
    " cancelReplaceMode cancelNewClientOrderId cancelOrigClientOrderId cancelOrderId cancelRestrictions"
    " orderRateLimitExceededMode"
)
_TEST_WEIGHT = "1; 20 with commission rates"

PLACE_ORDER = Endpoint(
    "place_order", "POST", "/api/v3/order", "order.place", "1", names(_NEW), exact(OrderBody), signed=True, orders=1
)
TEST_ORDER = Endpoint(
    "test_order", "POST", "/api/v3/order/test", "order.test", _TEST_WEIGHT,
    names(f"{_NEW} computeCommissionRates"), exact(OrderCommission), signed=True,
)  # fmt: skip
CANCEL_ORDER = Endpoint(
    "cancel_order", "DELETE", "/api/v3/order", "order.cancel", "1",
    names("symbol orderId origClientOrderId newClientOrderId cancelRestrictions"), exact(OrderBody), signed=True,
)  # fmt: skip
CANCEL_OPEN_ORDERS = Endpoint(
    "cancel_open_orders", "DELETE", "/api/v3/openOrders", "openOrders.cancelAll", "1",
    names("symbol"), canceled_orders, signed=True,
)  # fmt: skip
CANCEL_REPLACE_ORDER = Endpoint(
    "cancel_replace_order", "POST", "/api/v3/order/cancelReplace", "order.cancelReplace", "1",
    names(_NEW + _REPLACE), exact(CancelReplace), signed=True, orders=1,
)  # fmt: skip
AMEND_ORDER_KEEP_PRIORITY = Endpoint(
    "amend_order_keep_priority", "PUT", "/api/v3/order/amend/keepPriority", "order.amend.keepPriority", "4",
    names("symbol orderId origClientOrderId newClientOrderId newQty"), exact(OrderAmended), signed=True,
)  # fmt: skip
PLACE_SOR_ORDER = Endpoint(
    "place_sor_order", "POST", "/api/v3/sor/order", "sor.order.place", "1",
    names(_SOR), exact(OrderBody), signed=True, orders=1,
)  # fmt: skip
TEST_SOR_ORDER = Endpoint(
    "test_sor_order", "POST", "/api/v3/sor/order/test", "sor.order.test", _TEST_WEIGHT,
    names(f"{_SOR} computeCommissionRates"), exact(OrderCommission), signed=True,
)  # fmt: skip

ORDERS: tuple[Endpoint[Any], ...] = (
    PLACE_ORDER, TEST_ORDER, CANCEL_ORDER, CANCEL_OPEN_ORDERS, CANCEL_REPLACE_ORDER, AMEND_ORDER_KEEP_PRIORITY,
    PLACE_SOR_ORDER, TEST_SOR_ORDER,
)  # fmt: skip
