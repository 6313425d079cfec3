"""Public endpoints. Each takes a `Call` and gives the body. Source: Binance Spot API, rest-api, 2026-07."""

from __future__ import annotations

from typing import Any

from venues.binance.twin import limits
from venues.binance.twin.errors import VenueError
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.market.tape import INTERVALS_MS, Candle, Print
from venues.binance.twin.requests.call import Call
from venues.binance.twin.trading.exchange import Market

AVERAGE_MINUTES = 5
DAY_MS = 86_400_000
DEPTH_DEFAULT, DEPTH_MAX = 100, 5_000
LIST_DEFAULT, LIST_MAX = 500, 1_000


def ping(call: Call) -> dict[str, Any]:
    """GET /api/v3/ping."""
    return {}


def time(call: Call) -> dict[str, Any]:
    """GET /api/v3/time."""
    return {"serverTime": call.exchange.now_ms}


def exchange_info(call: Call) -> dict[str, Any]:
    """GET /api/v3/exchangeInfo."""
    if ("symbol" in call.params or "symbols" in call.params) and (
        "permissions" in call.params or "symbolStatus" in call.params
    ):
        raise VenueError(-1128, "Combination of optional parameters invalid.")
    symbols, _ = call.params.symbols(call.symbols)
    with_sets = call.params.flag("showPermissionSets", True)
    return {
        "timezone": "UTC",
        "serverTime": call.exchange.now_ms,
        "rateLimits": limits.rules(call.weight_limit, call.orders_limit),
        "exchangeFilters": [],
        "symbols": [
            symbol.info(with_sets) | {"status": call.exchange.markets[symbol.name].status} for symbol in symbols
        ],
    }


def depth(call: Call) -> dict[str, Any]:
    """GET /api/v3/depth."""
    market, limit = call.market(), call.params.limit(DEPTH_DEFAULT, DEPTH_MAX)
    return book(market, limit)


def book(market: Market, limit: int) -> dict[str, Any]:
    """A snapshot of the best `limit` levels under the id of the last change."""
    symbol, engine = market.symbol, market.engine
    return {
        "lastUpdateId": engine.update_id,
        "bids": [[symbol.price(price), symbol.size(total)] for price, total in engine.depth("BUY", limit)],
        "asks": [[symbol.price(price), symbol.size(total)] for price, total in engine.depth("SELL", limit)],
    }


def trades(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/trades and /api/v3/historicalTrades."""
    market, limit = call.market(), call.params.limit(LIST_DEFAULT, LIST_MAX)
    symbol = market.symbol
    return [
        {
            "id": trade.trade_id,
            "price": symbol.price(trade.price),
            "qty": symbol.size(trade.size),
            "quoteQty": symbol.value(trade.price * trade.size),
            "time": trade.time_ms,
            "isBuyerMaker": trade.is_buyer_maker,
            "isBestMatch": True,
        }
        for trade in market.tape.recent(limit, call.params.integer("fromId"))
    ]


def aggregate_trades(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/aggTrades; here each trade is an aggregate of its own."""
    market, limit = call.market(), call.params.limit(LIST_DEFAULT, LIST_MAX)
    start, end = call.params.time("startTime"), call.params.time("endTime")
    if start is None and end is None:
        found = market.tape.recent(limit, call.params.integer("fromId"))
    else:
        found = [t for t in market.tape.trades if (start or 0) <= t.time_ms <= (end or t.time_ms)][:limit]
    return [aggregate(market.symbol, trade) for trade in found]


def aggregate(symbol: Symbol, trade: Print) -> dict[str, Any]:
    """One aggregate trade as REST shows it."""
    return {
        "a": trade.trade_id,
        "p": symbol.price(trade.price),
        "q": symbol.size(trade.size),
        "f": trade.trade_id,
        "l": trade.trade_id,
        "T": trade.time_ms,
        "m": trade.is_buyer_maker,
        "M": True,
    }


def klines(call: Call) -> list[list[Any]]:
    """GET /api/v3/klines and /api/v3/uiKlines, since the twin's start; the time zone is always UTC."""
    market, limit = call.market(), call.params.limit(LIST_DEFAULT, LIST_MAX)
    call.params.required("interval")
    interval = call.params.choice("interval", INTERVALS_MS, VenueError(-1120, "Invalid interval."))
    start, end = call.params.time("startTime"), call.params.time("endTime")
    found = [
        candle
        for candle in market.tape.candles(str(interval), call.exchange.now_ms)
        if candle.start_ms >= (start or 0) and (end is None or candle.start_ms <= end)
    ]
    found = found[:limit] if start is not None else found[-limit:]
    return [_kline(market.symbol, candle, INTERVALS_MS[str(interval)]) for candle in found]


def _kline(symbol: Symbol, candle: Candle, length_ms: int) -> list[Any]:
    return [
        candle.start_ms,
        symbol.price(candle.open),
        symbol.price(candle.high),
        symbol.price(candle.low),
        symbol.price(candle.close),
        symbol.size(candle.volume),
        candle.start_ms + length_ms - 1,
        symbol.value(candle.quote),
        candle.count,
        symbol.size(candle.buy_volume),
        symbol.value(candle.buy_quote),
        "0",
    ]


def average_ticks(market: Market, now_ms: int) -> int:
    """Volume-weighted average of the last five minutes in ticks, 0 before the first trade."""
    window = market.tape.window(now_ms, AVERAGE_MINUTES * limits.MINUTE_MS)
    if window is not None and window.volume:
        return window.quote // window.volume
    last = market.tape.last
    return last.price if last else 0


def average_price(call: Call) -> dict[str, Any]:
    """GET /api/v3/avgPrice."""
    market = call.market()
    last = market.tape.last
    ticks = average_ticks(market, call.exchange.now_ms)
    return {
        "mins": AVERAGE_MINUTES,
        "price": market.symbol.price(ticks),
        "closeTime": last.time_ms if last else 0,
    }


def ticker_price(call: Call) -> Any:
    """GET /api/v3/ticker/price."""
    return _each(call, _price)


def ticker_book(call: Call) -> Any:
    """GET /api/v3/ticker/bookTicker."""
    return _each(call, _book)


def ticker_24h(call: Call) -> Any:
    """GET /api/v3/ticker/24hr."""
    is_mini = call.params.choice("type", ("FULL", "MINI"), VenueError(-1139, "Invalid ticker type.")) == "MINI"
    return _each(call, lambda market: day(market, call.exchange.now_ms, is_mini))


def _each(call: Call, one: Any) -> Any:
    symbols, is_single = call.params.symbols(call.symbols)
    bodies = [one(call.exchange.markets[symbol.name]) for symbol in symbols]
    return bodies[0] if is_single else bodies


def _price(market: Market) -> dict[str, Any]:
    last = market.tape.last
    return {"symbol": market.symbol.name, "price": market.symbol.price(last.price if last else 0)}


def _book(market: Market) -> dict[str, Any]:
    symbol = market.symbol
    bid, bid_size, ask, ask_size = market.engine.best()
    return {
        "symbol": symbol.name,
        "bidPrice": symbol.price(bid),
        "bidQty": symbol.size(bid_size),
        "askPrice": symbol.price(ask),
        "askQty": symbol.size(ask_size),
    }


def day(market: Market, now_ms: int, is_mini: bool) -> dict[str, Any]:
    """The 24-hour statistics of a symbol as REST shows them."""
    symbol = market.symbol
    whole = market.tape.window(now_ms, DAY_MS) or Candle(now_ms, 0, 0, 0, 0)
    last = market.tape.last
    change = whole.close - whole.open
    average = whole.quote // whole.volume if whole.volume else 0
    percent = 100 * change / whole.open if whole.open else 0.0
    body: dict[str, Any] = {"symbol": symbol.name}
    if not is_mini:
        bid, bid_size, ask, ask_size = market.engine.best()
        body |= {
            "priceChange": symbol.price(change),
            "priceChangePercent": f"{percent:.3f}",
            "weightedAvgPrice": symbol.price(average),
            "prevClosePrice": symbol.price(whole.open),
            "lastPrice": symbol.price(whole.close),
            "lastQty": symbol.size(last.size if last else 0),
            "bidPrice": symbol.price(bid),
            "bidQty": symbol.size(bid_size),
            "askPrice": symbol.price(ask),
            "askQty": symbol.size(ask_size),
        }
    body |= {
        "openPrice": symbol.price(whole.open),
        "highPrice": symbol.price(whole.high),
        "lowPrice": symbol.price(whole.low),
    }
    if is_mini:
        body["lastPrice"] = symbol.price(whole.close)
    return body | {
        "volume": symbol.size(whole.volume),
        "quoteVolume": symbol.value(whole.quote),
        "openTime": now_ms - DAY_MS,
        "closeTime": now_ms,
        "firstId": whole.first_id,
        "lastId": whole.last_id,
        "count": whole.count,
    }
