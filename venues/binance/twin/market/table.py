"""The endpoints of market data. Source: Binance Spot API, rest-api and web-socket-api, 2026-07."""

from __future__ import annotations

from venues.binance.twin.market import endpoints, information, tickers
from venues.binance.twin.market.klines import klines
from venues.binance.twin.market.selection import by_count, for_each
from venues.binance.twin.requests.endpoint import Endpoint, by_symbol, names
from venues.binance.twin.requests.params import Params


def _depth_weight(params: Params) -> int:
    limit = params.limit(100, 5000)
    return next(weight for top, weight in ((100, 5), (500, 25), (1000, 50), (5000, 250)) if limit <= top)


MARKET_TABLE = (
    Endpoint("GET", "/api/v3/ping", "ping", 1, "NONE", frozenset(), information.ping),
    Endpoint("GET", "/api/v3/time", "time", 1, "NONE", frozenset(), information.time),
    Endpoint(
        "GET", "/api/v3/exchangeInfo", "exchangeInfo", 20, "NONE",
        names("symbol symbols permissions showPermissionSets symbolStatus"), information.exchange_info,
    ),
    Endpoint(
        "GET", "/api/v3/executionRules", "executionRules", for_each(2, 40, 40), "NONE",
        names("symbol symbols symbolStatus"), information.execution_rules,
    ),
    Endpoint(
        "GET", "/api/v3/referencePrice", "referencePrice", 2, "NONE",
        names("symbol"), information.reference_price,
    ),
    Endpoint(
        "GET", "/api/v3/referencePrice/calculation", "referencePrice.calculation", 2, "NONE",
        names("symbol symbolStatus"), information.reference_calculation,
    ),
    Endpoint(
        "GET", "/api/v3/depth", "depth", _depth_weight, "NONE",
        names("symbol limit symbolStatus"), endpoints.depth,
    ),
    Endpoint("GET", "/api/v3/trades", "trades.recent", 25, "NONE", names("symbol limit"), endpoints.trades),
    Endpoint(
        "GET", "/api/v3/historicalTrades", "trades.historical", 25, "NONE",
        names("symbol limit fromId"), endpoints.trades,
    ),
    Endpoint(
        "GET", "/api/v3/historicalBlockTrades", "blockTrades.historical", 25, "NONE",
        names("symbol fromId limit"), endpoints.block_trades,
    ),
    Endpoint(
        "GET", "/api/v3/aggTrades", "trades.aggregate", 4, "NONE",
        names("symbol fromId startTime endTime limit"), endpoints.aggregate_trades,
    ),
    Endpoint(
        "GET", "/api/v3/klines", "klines", 2, "NONE",
        names("symbol interval startTime endTime timeZone limit"), klines,
    ),
    Endpoint(
        "GET", "/api/v3/uiKlines", "uiKlines", 2, "NONE",
        names("symbol interval startTime endTime timeZone limit"), klines,
    ),
    Endpoint("GET", "/api/v3/avgPrice", "avgPrice", 2, "NONE", names("symbol"), endpoints.average_price),
    Endpoint(
        "GET", "/api/v3/ticker/24hr", "ticker.24hr", by_count, "NONE",
        names("symbol symbols type symbolStatus"), tickers.day,
    ),
    Endpoint(
        "GET", "/api/v3/ticker/tradingDay", "ticker.tradingDay", for_each(4, 200, 4), "NONE",
        names("symbol symbols timeZone type symbolStatus"), tickers.trading_day,
    ),
    Endpoint(
        "GET", "/api/v3/ticker/price", "ticker.price", by_symbol(2, 4), "NONE",
        names("symbol symbols symbolStatus"), tickers.last_price,
    ),
    Endpoint(
        "GET", "/api/v3/ticker/bookTicker", "ticker.book", by_symbol(2, 4), "NONE",
        names("symbol symbols symbolStatus"), tickers.best_prices,
    ),
    Endpoint(
        "GET", "/api/v3/ticker", "ticker", for_each(4, 200, 4), "NONE",
        names("symbol symbols windowSize type symbolStatus"), tickers.rolling,
    ),
)  # fmt: skip
