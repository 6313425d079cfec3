"""The ticker endpoints. Each takes a `Call` and gives the body. Source: Binance Spot API, rest-api, 2026-07."""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import VenueError, invalid_data
from venues.binance.twin.market import statistics
from venues.binance.twin.market.intervals import DAY_MS, WINDOWS_MS, end_of, start_of
from venues.binance.twin.market.klines import zone_of
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.selection import each, each_named
from venues.binance.twin.requests.call import Call


def last_price(call: Call) -> Any:
    """GET /api/v3/ticker/price."""

    def body(market: Market) -> dict[str, Any]:
        last = market.tape.last
        return {"symbol": market.symbol.name, "price": market.symbol.price(last.price if last is not None else 0)}

    return each(call, body)


def best_prices(call: Call) -> Any:
    """GET /api/v3/ticker/bookTicker."""

    def body(market: Market) -> dict[str, Any]:
        symbol = market.symbol
        bid, bid_size, ask, ask_size = market.book.best()
        return {
            "symbol": symbol.name,
            "bidPrice": symbol.price(bid),
            "bidQty": symbol.size(bid_size),
            "askPrice": symbol.price(ask),
            "askQty": symbol.size(ask_size),
        }

    return each(call, body)


def day(call: Call) -> Any:
    """GET /api/v3/ticker/24hr."""
    is_mini, now_ms = _is_mini(call), call.exchange.now_ms
    return each(call, lambda market: statistics.day(market, market.time_ms(now_ms), is_mini))


def trading_day(call: Call) -> Any:
    """GET /api/v3/ticker/tradingDay: the day of the time zone, whose end it shows as closing time."""
    is_mini, now_ms, zone = _is_mini(call), call.exchange.now_ms, zone_of(call)

    def body(market: Market) -> dict[str, Any]:
        now = market.time_ms(now_ms)
        begin = start_of("1d", now, zone)
        end = end_of("1d", begin, zone) - 1
        return statistics.body(market.symbol, statistics.span(market, begin, now), begin, end, is_mini)

    return each_named(call, body)


def rolling(call: Call) -> Any:
    """GET /api/v3/ticker."""
    is_mini, now_ms = _is_mini(call), call.exchange.now_ms
    window = call.params.choice("windowSize", WINDOWS_MS, invalid_data("windowSize"))
    length = WINDOWS_MS[window] if window is not None else DAY_MS
    return each_named(call, lambda market: statistics.rolling(market, length, market.time_ms(now_ms), is_mini))


def _is_mini(call: Call) -> bool:
    return call.params.choice("type", ("FULL", "MINI"), VenueError(-1139, "Invalid ticker type.")) == "MINI"
