"""The candles that a request asks for, and how REST and the streams show one.

Source: Binance Spot API, rest-api, klines; web-socket-streams, klines, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import VenueError, invalid_data
from venues.binance.twin.market.candles import Candle, flat
from venues.binance.twin.market.intervals import INTERVALS_MS, back, end_of, start_of, zone_ms
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.requests.call import Call

LIST_DEFAULT, LIST_MAX = 500, 1_000


def klines(call: Call) -> list[list[Any]]:
    """GET /api/v3/klines and /api/v3/uiKlines; the latter's candles need no touching up here."""
    market, limit = call.market(), call.params.limit(LIST_DEFAULT, LIST_MAX)
    call.params.required("interval")
    interval = str(call.params.choice("interval", INTERVALS_MS, VenueError(-1120, "Invalid interval.")))
    zone = zone_of(call)
    begin, end = call.params.time("startTime"), call.params.time("endTime")
    now_ms = market.time_ms(call.exchange.now_ms)
    last = min(now_ms, end) if end is not None else now_ms
    first = back(interval, start_of(interval, last, zone), limit - 1, zone)
    if begin is not None:
        first = start_of(interval, begin, zone)
        first = first if first == begin else end_of(interval, first, zone)
    found = candles(market, interval, zone, first, last, limit)
    return [_row(market.symbol, candle, end_of(interval, candle.start_ms, zone)) for candle in found]


def zone_of(call: Call) -> int:
    """The `timeZone` in milliseconds east of UTC. Raises VenueError -1130."""
    zone = zone_ms(call.params.text("timeZone") or "0")
    if zone is None:
        raise invalid_data("timeZone")
    return zone


def candles(market: Market, interval: str, zone: int, begin_ms: int, last_ms: int, limit: int) -> list[Candle]:
    """Up to `limit` candles without holes, oldest first, from one that begins at a time to the one of another."""
    known = market.tape.first_ms
    if known is None:
        return []
    at = max(begin_ms, start_of(interval, known, zone))
    found: list[Candle] = []
    price = market.tape.price_before(at)
    while at <= last_ms and len(found) < limit:
        end = end_of(interval, at, zone)
        candle = market.tape.between(at, end)
        if candle is None:
            candle = flat(at, price or 0)
        candle.start_ms = at
        price, at = candle.close, end
        found.append(candle)
    return found


def stream_kline(symbol: Symbol, interval: str, zone: int, candle: Candle, now_ms: int) -> dict[str, Any]:
    """A candle as its stream sends it; closed once its time is over."""
    end = end_of(interval, candle.start_ms, zone)
    kline = {
        "t": candle.start_ms, "T": end - 1, "s": symbol.name, "i": interval,
        "f": candle.first_id, "L": candle.last_id, "o": symbol.price(candle.open),
        "c": symbol.price(candle.close), "h": symbol.price(candle.high), "l": symbol.price(candle.low),
        "v": symbol.size(candle.volume), "n": candle.count, "x": end <= now_ms,
        "q": symbol.value(candle.quote), "V": symbol.size(candle.buy_volume),
        "Q": symbol.value(candle.buy_quote), "B": "0",
    }  # fmt: skip
    return {"e": "kline", "E": now_ms, "s": symbol.name, "k": kline}


def _row(symbol: Symbol, candle: Candle, end_ms: int) -> list[Any]:
    return [
        candle.start_ms,
        symbol.price(candle.open),
        symbol.price(candle.high),
        symbol.price(candle.low),
        symbol.price(candle.close),
        symbol.size(candle.volume),
        end_ms - 1,
        symbol.value(candle.quote),
        candle.count,
        symbol.size(candle.buy_volume),
        symbol.value(candle.buy_quote),
        "0",
    ]
