"""Every endpoint once: its REST path, its WebSocket API method, its weight, its security and what it answers.

REST and the WebSocket API give the same body for the same parameters, so both serve this table.
Source: Binance Spot API, rest-api and web-socket-api, 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from venues.binance.twin import market_endpoints as market
from venues.binance.twin import trading_endpoints as trading
from venues.binance.twin.call import Call
from venues.binance.twin.orders import NAMES as ORDER_NAMES
from venues.binance.twin.params import Params

Security = Literal["NONE", "SIGNED"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked; `is_free_on_success` gives the weight back when it succeeds."""

    method: str
    path: str
    ws: str | None
    weight: int | Callable[[Params], int]
    security: Security
    names: frozenset[str]
    answer: Callable[[Call], Any]
    is_free_on_success: bool = False

    @property
    def is_signed(self) -> bool:
        """Whether it needs key, timestamp and signature."""
        return self.security == "SIGNED"

    @property
    def places_order(self) -> bool:
        """Whether its answer shows the unfilled order count."""
        return self.ws == "order.place"

    def cost(self, params: Params) -> int:
        """Request weight of this call."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, 5000)
    return next(weight for top, weight in ((100, 5), (500, 25), (1000, 50), (5000, 250)) if limit <= top)


def _by_symbol(one: int, many: int) -> Callable[[Params], int]:
    return lambda params: one if "symbol" in params else many


TABLE = (
    Endpoint("GET", "/api/v3/ping", "ping", 1, "NONE", frozenset(), market.ping),
    Endpoint("GET", "/api/v3/time", "time", 1, "NONE", frozenset(), market.time),
    Endpoint(
        "GET", "/api/v3/exchangeInfo", "exchangeInfo", 20, "NONE",
        _names("symbol symbols permissions showPermissionSets symbolStatus"), market.exchange_info,
    ),
    Endpoint(
        "GET", "/api/v3/depth", "depth", _depth_weight, "NONE",
        _names("symbol limit symbolStatus"), market.depth,
    ),
    Endpoint("GET", "/api/v3/trades", "trades.recent", 25, "NONE", _names("symbol limit"), market.trades),
    Endpoint(
        "GET", "/api/v3/historicalTrades", "trades.historical", 25, "NONE",
        _names("symbol limit fromId"), market.trades,
    ),
    Endpoint(
        "GET", "/api/v3/aggTrades", "trades.aggregate", 4, "NONE",
        _names("symbol fromId startTime endTime limit"), market.aggregate_trades,
    ),
    Endpoint(
        "GET", "/api/v3/klines", "klines", 2, "NONE",
        _names("symbol interval startTime endTime timeZone limit"), market.klines,
    ),
    Endpoint(
        "GET", "/api/v3/uiKlines", "uiKlines", 2, "NONE",
        _names("symbol interval startTime endTime timeZone limit"), market.klines,
    ),
    Endpoint("GET", "/api/v3/avgPrice", "avgPrice", 2, "NONE", _names("symbol"), market.average_price),
    Endpoint(
        "GET", "/api/v3/ticker/24hr", "ticker.24hr", _by_symbol(2, 80), "NONE",
        _names("symbol symbols type symbolStatus"), market.ticker_24h,
    ),
    Endpoint(
        "GET", "/api/v3/ticker/price", "ticker.price", _by_symbol(2, 4), "NONE",
        _names("symbol symbols symbolStatus"), market.ticker_price,
    ),
    Endpoint(
        "GET", "/api/v3/ticker/bookTicker", "ticker.book", _by_symbol(2, 4), "NONE",
        _names("symbol symbols symbolStatus"), market.ticker_book,
    ),
    Endpoint(
        "GET", "/api/v3/account", "account.status", 20, "SIGNED",
        _names("omitZeroBalances"), trading.account,
    ),
    Endpoint("POST", "/api/v3/order", "order.place", 1, "SIGNED", ORDER_NAMES, trading.place, True),
    Endpoint(
        "POST", "/api/v3/order/test", "order.test",
        lambda params: 20 if params.flag("computeCommissionRates", False) else 1, "SIGNED",
        ORDER_NAMES | {"computeCommissionRates"}, trading.test,
    ),
    Endpoint(
        "GET", "/api/v3/order", "order.status", 4, "SIGNED",
        _names("symbol orderId origClientOrderId"), trading.query,
    ),
    Endpoint(
        "DELETE", "/api/v3/order", "order.cancel", 1, "SIGNED",
        _names("symbol orderId origClientOrderId newClientOrderId cancelRestrictions"), trading.cancel, True,
    ),
    Endpoint(
        "GET", "/api/v3/openOrders", "openOrders.status", _by_symbol(6, 80), "SIGNED",
        _names("symbol"), trading.open_orders,
    ),
    Endpoint(
        "DELETE", "/api/v3/openOrders", "openOrders.cancelAll", 1, "SIGNED",
        _names("symbol"), trading.cancel_all, True,
    ),
    Endpoint(
        "GET", "/api/v3/allOrders", "allOrders", 20, "SIGNED",
        _names("symbol orderId startTime endTime limit"), trading.all_orders,
    ),
    Endpoint(
        "GET", "/api/v3/myTrades", "myTrades", lambda params: 5 if "orderId" in params else 20, "SIGNED",
        _names("symbol orderId startTime endTime fromId limit"), trading.my_trades,
    ),
    Endpoint(
        "GET", "/api/v3/rateLimit/order", "account.rateLimits.orders", 40, "SIGNED",
        frozenset(), trading.order_limits,
    ),
    Endpoint(
        "GET", "/api/v3/account/commission", "account.commission", 20, "SIGNED",
        _names("symbol"), trading.commission,
    ),
)  # fmt: skip
BY_PATH = {(endpoint.method, endpoint.path): endpoint for endpoint in TABLE}
BY_METHOD = {endpoint.ws: endpoint for endpoint in TABLE if endpoint.ws}
