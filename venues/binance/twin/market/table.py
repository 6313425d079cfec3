"""The endpoints of market data. Source: Binance Spot API, rest-api and web-socket-api, 2026-07."""

from __future__ import annotations

from venues.binance.twin.market import endpoints as market
from venues.binance.twin.requests.endpoint import Endpoint, by_symbol, names
from venues.binance.twin.requests.params import Params


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, 5000)
    return next(weight for top, weight in ((100, 5), (500, 25), (1000, 50), (5000, 250)) if limit <= top)


MARKET_TABLE = (
    Endpoint("GET", "/api/v3/ping", "ping", 1, "NONE", frozenset(), market.ping),
    Endpoint("GET", "/api/v3/time", "time", 1, "NONE", frozenset(), market.time),
    Endpoint(
        "GET", "/api/v3/exchangeInfo", "exchangeInfo", 20, "NONE",
        names("symbol symbols permissions showPermissionSets symbolStatus"), market.exchange_info,
    ),
    Endpoint(
        "GET", "/api/v3/depth", "depth", _depth_weight, "NONE",
        names("symbol limit symbolStatus"), market.depth,
    ),
    Endpoint("GET", "/api/v3/trades", "trades.recent", 25, "NONE", names("symbol limit"), market.trades),
    Endpoint(
        "GET", "/api/v3/historicalTrades", "trades.historical", 25, "NONE",
        names("symbol limit fromId"), market.trades,
    ),
    Endpoint(
        "GET", "/api/v3/aggTrades", "trades.aggregate", 4, "NONE",
        names("symbol fromId startTime endTime limit"), market.aggregate_trades,
    ),
    Endpoint(
        "GET", "/api/v3/klines", "klines", 2, "NONE",
        names("symbol interval startTime endTime timeZone limit"), market.klines,
    ),
    Endpoint(
        "GET", "/api/v3/uiKlines", "uiKlines", 2, "NONE",
        names("symbol interval startTime endTime timeZone limit"), market.klines,
    ),
    Endpoint("GET", "/api/v3/avgPrice", "avgPrice", 2, "NONE", names("symbol"), market.average_price),
    Endpoint(
        "GET", "/api/v3/ticker/24hr", "ticker.24hr", by_symbol(2, 80), "NONE",
        names("symbol symbols type symbolStatus"), market.ticker_24h,
    ),
    Endpoint(
        "GET", "/api/v3/ticker/price", "ticker.price", by_symbol(2, 4), "NONE",
        names("symbol symbols symbolStatus"), market.ticker_price,
    ),
    Endpoint(
        "GET", "/api/v3/ticker/bookTicker", "ticker.book", by_symbol(2, 4), "NONE",
        names("symbol symbols symbolStatus"), market.ticker_book,
    ),
)  # fmt: skip
