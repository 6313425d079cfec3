"""The calls about the market. Source: Binance Spot API, rest-api (general, market data) and web-socket-api, 2026-07."""

from __future__ import annotations

from typing import Any

from venues.binance.client.endpoint import Endpoint, exact, names, observed
from venues.binance.client.payloads import (
    AggregateTrade,
    AveragePrice,
    BlockTrade,
    BookTop,
    Depth,
    ExchangeInfo,
    ExecutionRules,
    Kline,
    MarketTrade,
    PriceChange,
    PriceTicker,
    ReferenceCalculation,
    ReferencePrice,
    ServerTime,
)

__all__ = ["MARKET"]

_KLINES = names("symbol interval startTime endTime timeZone limit")

PING = Endpoint("ping", "GET", "/api/v3/ping", "ping", "1", {}, observed(dict))
TIME = Endpoint("time", "GET", "/api/v3/time", "time", "1", {}, exact(ServerTime))
EXCHANGE_INFO = Endpoint(
    "exchange_info", "GET", "/api/v3/exchangeInfo", "exchangeInfo", "20",
    names("symbol symbols permissions showPermissionSets symbolStatus"), exact(ExchangeInfo),
)  # fmt: skip
EXECUTION_RULES = Endpoint(
    "execution_rules", "GET", "/api/v3/executionRules", "executionRules", "2 a symbol, 40 at most and without",
    names("symbol symbols symbolStatus"), exact(ExecutionRules),
)  # fmt: skip
DEPTH = Endpoint(
    "depth", "GET", "/api/v3/depth", "depth", "5, 25, 50, 250 up to 100, 500, 1000, 5000 levels",
    names("symbol limit symbolStatus"), observed(Depth),
)  # fmt: skip
TRADES = Endpoint(
    "trades", "GET", "/api/v3/trades", "trades.recent", "25", names("symbol limit"), observed(list[MarketTrade])
)
HISTORICAL_TRADES = Endpoint(
    "historical_trades", "GET", "/api/v3/historicalTrades", "trades.historical", "25",
    names("symbol limit fromId"), observed(list[MarketTrade]),
)  # fmt: skip
HISTORICAL_BLOCK_TRADES = Endpoint(
    "historical_block_trades", "GET", "/api/v3/historicalBlockTrades", "blockTrades.historical", "25",
    names("symbol fromId limit"), observed(list[BlockTrade]),
)  # fmt: skip
AGG_TRADES = Endpoint(
    "agg_trades", "GET", "/api/v3/aggTrades", "trades.aggregate", "4",
    names("symbol fromId startTime endTime limit"), observed(list[AggregateTrade]),
)  # fmt: skip
KLINES = Endpoint("klines", "GET", "/api/v3/klines", "klines", "2", _KLINES, observed(list[Kline]))
UI_KLINES = Endpoint("ui_klines", "GET", "/api/v3/uiKlines", "uiKlines", "2", _KLINES, observed(list[Kline]))
AVG_PRICE = Endpoint("avg_price", "GET", "/api/v3/avgPrice", "avgPrice", "2", names("symbol"), observed(AveragePrice))
TICKER_24HR = Endpoint(
    "ticker_24hr", "GET", "/api/v3/ticker/24hr", "ticker.24hr", "2; 40 from 21 symbols on, 80 from 101 on and without",
    names("symbol symbols type symbolStatus"), observed(PriceChange), observed(list[PriceChange]),
)  # fmt: skip
TICKER_TRADING_DAY = Endpoint(
    "ticker_trading_day", "GET", "/api/v3/ticker/tradingDay", "ticker.tradingDay", "4 a symbol, 200 at most",
    names("symbol symbols timeZone type symbolStatus"), observed(PriceChange), observed(list[PriceChange]),
)  # fmt: skip
TICKER_PRICE = Endpoint(
    "ticker_price", "GET", "/api/v3/ticker/price", "ticker.price", "2; 4 for several or all symbols",
    names("symbol symbols symbolStatus"), observed(PriceTicker), observed(list[PriceTicker]),
)  # fmt: skip
TICKER_BOOK_TICKER = Endpoint(
    "ticker_book_ticker", "GET", "/api/v3/ticker/bookTicker", "ticker.book", "2; 4 for several or all symbols",
    names("symbol symbols symbolStatus"), observed(BookTop), observed(list[BookTop]),
)  # fmt: skip
TICKER = Endpoint(
    "ticker", "GET", "/api/v3/ticker", "ticker", "4 a symbol, 200 at most",
    names("symbol symbols windowSize type symbolStatus"), observed(PriceChange), observed(list[PriceChange]),
)  # fmt: skip
REFERENCE_PRICE = Endpoint(
    "reference_price", "GET", "/api/v3/referencePrice", "referencePrice", "2",
    names("symbol"), observed(ReferencePrice),
)  # fmt: skip
REFERENCE_PRICE_CALCULATION = Endpoint(
    "reference_price_calculation", "GET", "/api/v3/referencePrice/calculation", "referencePrice.calculation", "2",
    names("symbol symbolStatus"), observed(ReferenceCalculation),
)  # fmt: skip

MARKET: tuple[Endpoint[Any], ...] = (
    PING, TIME, EXCHANGE_INFO, EXECUTION_RULES, DEPTH, TRADES, HISTORICAL_TRADES, HISTORICAL_BLOCK_TRADES, AGG_TRADES,
    KLINES, UI_KLINES, AVG_PRICE, TICKER_24HR, TICKER_TRADING_DAY, TICKER_PRICE, TICKER_BOOK_TICKER, TICKER,
    REFERENCE_PRICE, REFERENCE_PRICE_CALCULATION,
)  # fmt: skip
