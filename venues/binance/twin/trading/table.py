"""The endpoints of orders and accounts. Source: Binance Spot API, rest-api and web-socket-api, 2026-07."""

from __future__ import annotations

from venues.binance.twin.requests.endpoint import Endpoint, by_symbol, names
from venues.binance.twin.trading import endpoints as trading
from venues.binance.twin.trading.orders import NAMES as ORDER_NAMES

TRADING_TABLE = (
    Endpoint(
        "GET", "/api/v3/account", "account.status", 20, "SIGNED",
        names("omitZeroBalances"), trading.account,
    ),
    Endpoint("POST", "/api/v3/order", "order.place", 1, "SIGNED", ORDER_NAMES, trading.place, True),
    Endpoint(
        "POST", "/api/v3/order/test", "order.test",
        lambda params: 20 if params.flag("computeCommissionRates", False) else 1, "SIGNED",
        ORDER_NAMES | {"computeCommissionRates"}, trading.test,
    ),
    Endpoint(
        "GET", "/api/v3/order", "order.status", 4, "SIGNED",
        names("symbol orderId origClientOrderId"), trading.query,
    ),
    Endpoint(
        "DELETE", "/api/v3/order", "order.cancel", 1, "SIGNED",
        names("symbol orderId origClientOrderId newClientOrderId cancelRestrictions"), trading.cancel, True,
    ),
    Endpoint(
        "GET", "/api/v3/openOrders", "openOrders.status", by_symbol(6, 80), "SIGNED",
        names("symbol"), trading.open_orders,
    ),
    Endpoint(
        "DELETE", "/api/v3/openOrders", "openOrders.cancelAll", 1, "SIGNED",
        names("symbol"), trading.cancel_all, True,
    ),
    Endpoint(
        "GET", "/api/v3/allOrders", "allOrders", 20, "SIGNED",
        names("symbol orderId startTime endTime limit"), trading.all_orders,
    ),
    Endpoint(
        "GET", "/api/v3/myTrades", "myTrades", lambda params: 5 if "orderId" in params else 20, "SIGNED",
        names("symbol orderId startTime endTime fromId limit"), trading.my_trades,
    ),
    Endpoint(
        "GET", "/api/v3/rateLimit/order", "account.rateLimits.orders", 40, "SIGNED",
        frozenset(), trading.order_limits,
    ),
    Endpoint(
        "GET", "/api/v3/account/commission", "account.commission", 20, "SIGNED",
        names("symbol"), trading.commission,
    ),
)  # fmt: skip
