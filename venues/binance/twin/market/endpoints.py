"""The book, the trades and the average price. Each takes a `Call` and gives the body.

Trades and aggregates reach back to the twin's start and no further; only candles have a past.

Source: Binance Spot API, rest-api, market data endpoints, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import bad_combination
from venues.binance.twin.market import selection, statistics
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.market.tape import Aggregate
from venues.binance.twin.render import amount
from venues.binance.twin.requests.call import Call

DEPTH_DEFAULT, DEPTH_MAX = 100, 5_000
LIST_DEFAULT, LIST_MAX = 500, 1_000


def depth(call: Call) -> dict[str, Any]:
    """GET /api/v3/depth."""
    market, limit = selection.market(call), call.params.limit(DEPTH_DEFAULT, DEPTH_MAX)
    return book(market, limit)


def book(market: Market, limit: int) -> dict[str, Any]:
    """A snapshot of the best `limit` levels under the id of the last change."""
    symbol, found = market.symbol, market.book
    return {
        "lastUpdateId": found.update_id,
        "bids": [[symbol.price(price), symbol.size(total)] for price, total in found.depth("BUY", limit)],
        "asks": [[symbol.price(price), symbol.size(total)] for price, total in found.depth("SELL", limit)],
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


def block_trades(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/historicalBlockTrades: nobody trades in blocks here."""
    call.market()
    call.params.required("fromId")
    call.params.integer("fromId")
    call.params.limit(LIST_DEFAULT, LIST_MAX)
    return []


def aggregate_trades(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/aggTrades."""
    market, limit = call.market(), call.params.limit(LIST_DEFAULT, LIST_MAX)
    start, end, first = call.params.time("startTime"), call.params.time("endTime"), call.params.integer("fromId")
    if first is not None and (start is not None or end is not None):
        raise bad_combination()
    found = market.tape.aggregates
    if first is not None:
        found = [one for one in found if one.aggregate_id >= first][:limit]
    elif start is not None:
        found = [one for one in found if start <= one.time_ms and (end is None or one.time_ms <= end)][:limit]
    else:
        found = [one for one in found if end is None or one.time_ms <= end][-limit:]
    return [aggregate(market.symbol, one) for one in found]


def aggregate(symbol: Symbol, found: Aggregate) -> dict[str, Any]:
    """One aggregate trade, by the names that REST and the stream share."""
    return {
        "a": found.aggregate_id,
        "p": symbol.price(found.price),
        "q": symbol.size(found.size),
        "f": found.first_id,
        "l": found.last_id,
        "T": found.time_ms,
        "m": found.is_buyer_maker,
        "M": True,
    }


def average_price(call: Call) -> dict[str, Any]:
    """GET /api/v3/avgPrice."""
    market = call.market()
    last = market.tape.last
    return {
        "mins": statistics.AVERAGE_MINUTES,
        "price": amount(statistics.average(market, market.time_ms(call.exchange.now_ms))),
        "closeTime": last.time_ms if last is not None else 0,
    }
