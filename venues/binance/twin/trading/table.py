"""The endpoints of orders and accounts. Source: Binance Spot API, rest-api and web-socket-api, 2026-07."""

from __future__ import annotations

from venues.binance.twin.requests.endpoint import Endpoint, by_symbol, names
from venues.binance.twin.requests.params import Params
from venues.binance.twin.trading import account_endpoints as accounts
from venues.binance.twin.trading import amend, cancel_replace, queries
from venues.binance.twin.trading import endpoints as trading
from venues.binance.twin.trading.orders import NAMES as ORDER_NAMES
from venues.binance.twin.trading.sapi import SAPI_TABLE

TEST_NAMES = ORDER_NAMES | {"computeCommissionRates"}


def _test_weight(params: Params) -> int:
    return 20 if params.flag("computeCommissionRates", False) else 1


TRADING_TABLE = (
    Endpoint("POST", "/api/v3/order", "order.place", 1, "SIGNED", ORDER_NAMES, trading.place, True),
    Endpoint("POST", "/api/v3/order/test", "order.test", _test_weight, "SIGNED", TEST_NAMES, trading.test),
    Endpoint(
        "DELETE", "/api/v3/order", "order.cancel", 1, "SIGNED",
        names("symbol orderId origClientOrderId newClientOrderId cancelRestrictions"), trading.cancel, True,
    ),
    Endpoint(
        "DELETE", "/api/v3/openOrders", "openOrders.cancelAll", 1, "SIGNED",
        names("symbol"), trading.cancel_all, True,
    ),
    Endpoint(
        "POST", "/api/v3/order/cancelReplace", "order.cancelReplace", 1, "SIGNED",
        cancel_replace.NAMES, cancel_replace.cancel_replace, True,
    ),
    Endpoint(
        "PUT", "/api/v3/order/amend/keepPriority", "order.amend.keepPriority", 4, "SIGNED",
        names("symbol orderId origClientOrderId newClientOrderId newQty"), amend.amend,
    ),
    Endpoint(
        "POST", "/api/v3/sor/order", "sor.order.place", 1, "SIGNED", ORDER_NAMES, trading.place_by_sor, True,
    ),
    Endpoint(
        "POST", "/api/v3/sor/order/test", "sor.order.test", _test_weight, "SIGNED", TEST_NAMES, trading.place_by_sor,
    ),
    Endpoint(
        "GET", "/api/v3/order", "order.status", 4, "SIGNED",
        names("symbol orderId origClientOrderId"), queries.query,
    ),
    Endpoint(
        "GET", "/api/v3/openOrders", "openOrders.status", by_symbol(6, 80), "SIGNED",
        names("symbol"), queries.open_orders,
    ),
    Endpoint(
        "GET", "/api/v3/allOrders", "allOrders", 20, "SIGNED",
        names("symbol orderId startTime endTime limit"), queries.all_orders,
    ),
    Endpoint(
        "GET", "/api/v3/myTrades", "myTrades", lambda params: 5 if "orderId" in params else 20, "SIGNED",
        names("symbol orderId startTime endTime fromId limit"), queries.my_trades,
    ),
    Endpoint(
        "GET", "/api/v3/myPreventedMatches", "myPreventedMatches",
        lambda params: 20 if "orderId" in params else 2, "SIGNED",
        names("symbol preventedMatchId orderId fromPreventedMatchId limit"), queries.my_prevented_matches,
    ),
    Endpoint(
        "GET", "/api/v3/myAllocations", "myAllocations", 20, "SIGNED",
        names("symbol startTime endTime fromAllocationId limit orderId"), queries.my_allocations,
    ),
    Endpoint(
        "GET", "/api/v3/order/amendments", "order.amendments", 4, "SIGNED",
        names("symbol orderId fromExecutionId limit"), queries.amendments,
    ),
    Endpoint(
        "GET", "/api/v3/account", "account.status", 20, "SIGNED",
        names("omitZeroBalances"), accounts.account,
    ),
    Endpoint(
        "GET", "/api/v3/account/commission", "account.commission", 20, "SIGNED",
        names("symbol"), accounts.commission,
    ),
    Endpoint(
        "GET", "/api/v3/rateLimit/order", "account.rateLimits.orders", 40, "SIGNED",
        frozenset(), accounts.order_limits,
    ),
    Endpoint("GET", "/api/v3/myFilters", "myFilters", 40, "SIGNED", names("symbol"), accounts.my_filters),
    *SAPI_TABLE,
)  # fmt: skip
