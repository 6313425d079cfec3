"""The calls about the account. Source: Binance Spot API, rest-api (account) and web-socket-api, 2026-07."""

from __future__ import annotations

from typing import Any

from venues.binance.client.endpoint import Endpoint, exact, names
from venues.binance.client.payloads import (
    Account,
    AccountCommission,
    AccountTrade,
    Allocation,
    Amendment,
    MyFilters,
    OrderBody,
    OrderList,
    PreventedMatch,
    RateLimit,
)

__all__ = ["ACCOUNT_CALLS"]

ACCOUNT = Endpoint(
    "account", "GET", "/api/v3/account", "account.status", "20",
    names("omitZeroBalances"), exact(Account), signed=True,
)  # fmt: skip
ORDER = Endpoint(
    "order", "GET", "/api/v3/order", "order.status", "4",
    names("symbol orderId origClientOrderId"), exact(OrderBody), signed=True,
)  # fmt: skip
OPEN_ORDERS = Endpoint(
    "open_orders", "GET", "/api/v3/openOrders", "openOrders.status", "6; 80 without a symbol",
    names("symbol"), exact(list[OrderBody]), signed=True,
)  # fmt: skip
ALL_ORDERS = Endpoint(
    "all_orders", "GET", "/api/v3/allOrders", "allOrders", "20",
    names("symbol orderId startTime endTime limit"), exact(list[OrderBody]), signed=True,
)  # fmt: skip
ORDER_LIST = Endpoint(
    "order_list", "GET", "/api/v3/orderList", "orderList.status", "4",
    names("orderListId origClientOrderId"), exact(OrderList), signed=True,
)  # fmt: skip
ALL_ORDER_LIST = Endpoint(
    "all_order_list", "GET", "/api/v3/allOrderList", "allOrderLists", "20",
    names("fromId startTime endTime limit"), exact(list[OrderList]), signed=True,
)  # fmt: skip
OPEN_ORDER_LIST = Endpoint(
    "open_order_list", "GET", "/api/v3/openOrderList", "openOrderLists.status", "6",
    {}, exact(list[OrderList]), signed=True,
)  # fmt: skip
MY_TRADES = Endpoint(
    "my_trades", "GET", "/api/v3/myTrades", "myTrades", "20; 5 with an order id",
    names("symbol orderId startTime endTime fromId limit"), exact(list[AccountTrade]), signed=True,
)  # fmt: skip
RATE_LIMIT_ORDER = Endpoint(
    "rate_limit_order", "GET", "/api/v3/rateLimit/order", "account.rateLimits.orders", "40",
    {}, exact(list[RateLimit]), signed=True,
)  # fmt: skip
MY_PREVENTED_MATCHES = Endpoint(
    "my_prevented_matches", "GET", "/api/v3/myPreventedMatches", "myPreventedMatches", "2 by match; 20 by order",
    names("symbol preventedMatchId orderId fromPreventedMatchId limit"), exact(list[PreventedMatch]), signed=True,
)  # fmt: skip
MY_ALLOCATIONS = Endpoint(
    "my_allocations", "GET", "/api/v3/myAllocations", "myAllocations", "20",
    names("symbol startTime endTime fromAllocationId limit orderId"), exact(list[Allocation]), signed=True,
)  # fmt: skip
ACCOUNT_COMMISSION = Endpoint(
    "account_commission", "GET", "/api/v3/account/commission", "account.commission", "20",
    names("symbol"), exact(AccountCommission), signed=True,
)  # fmt: skip
ORDER_AMENDMENTS = Endpoint(
    "order_amendments", "GET", "/api/v3/order/amendments", "order.amendments", "4",
    names("symbol orderId fromExecutionId limit"), exact(list[Amendment]), signed=True,
)  # fmt: skip
MY_FILTERS = Endpoint(
    "my_filters", "GET", "/api/v3/myFilters", "myFilters", "40",
    names("symbol"), exact(MyFilters), signed=True,
)  # fmt: skip

ACCOUNT_CALLS: tuple[Endpoint[Any], ...] = (
    ACCOUNT, ORDER, OPEN_ORDERS, ALL_ORDERS, ORDER_LIST, ALL_ORDER_LIST, OPEN_ORDER_LIST, MY_TRADES, RATE_LIMIT_ORDER,
    MY_PREVENTED_MATCHES, MY_ALLOCATIONS, ACCOUNT_COMMISSION, ORDER_AMENDMENTS, MY_FILTERS,
)  # fmt: skip
