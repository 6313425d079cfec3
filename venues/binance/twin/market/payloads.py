"""What the streams send about a market. Source: Binance Spot API, web-socket-streams, 2026-07."""

from __future__ import annotations

from typing import Any

from venues.binance.twin.market import statistics
from venues.binance.twin.market.endpoints import aggregate
from venues.binance.twin.market.intervals import WINDOWS_MS
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.market.tape import Aggregate, Print
from venues.binance.twin.render import amount

WINDOW_KEYS = {
    "p": "priceChange", "P": "priceChangePercent", "o": "openPrice", "h": "highPrice", "l": "lowPrice",
    "c": "lastPrice", "w": "weightedAvgPrice", "v": "volume", "q": "quoteVolume", "O": "openTime",
    "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count",
}  # fmt: skip
DAY_KEYS = {
    "p": "priceChange", "P": "priceChangePercent", "w": "weightedAvgPrice", "x": "prevClosePrice",
    "c": "lastPrice", "Q": "lastQty", "b": "bidPrice", "B": "bidQty", "a": "askPrice", "A": "askQty",
    "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume", "O": "openTime",
    "C": "closeTime", "F": "firstId", "L": "lastId", "n": "count",
}  # fmt: skip
MINI_KEYS = {
    "c": "lastPrice", "o": "openPrice", "h": "highPrice", "l": "lowPrice", "v": "volume", "q": "quoteVolume",
}  # fmt: skip
TIMES = ("E", "T", "O", "C")


def trade(symbol: Symbol, found: Print, now_ms: int) -> dict[str, Any]:
    """`<symbol>@trade`."""
    return {
        "e": "trade", "E": now_ms, "s": symbol.name, "t": found.trade_id, "p": symbol.price(found.price),
        "q": symbol.size(found.size), "T": found.time_ms, "m": found.is_buyer_maker, "M": True,
    }  # fmt: skip


def aggregate_trade(symbol: Symbol, found: Aggregate, now_ms: int) -> dict[str, Any]:
    """`<symbol>@aggTrade`."""
    return {"e": "aggTrade", "E": now_ms, "s": symbol.name} | aggregate(symbol, found)


def best_prices(symbol: Symbol, best: tuple[int, int, int, int], update_id: int) -> dict[str, Any]:
    """`<symbol>@bookTicker`."""
    return {
        "u": update_id, "s": symbol.name, "b": symbol.price(best[0]), "B": symbol.size(best[1]),
        "a": symbol.price(best[2]), "A": symbol.size(best[3]),
    }  # fmt: skip


def mini_ticker(market: Market, now_ms: int) -> dict[str, Any]:
    """`<symbol>@miniTicker`."""
    return _renamed("24hrMiniTicker", statistics.day(market, now_ms, is_mini=True), MINI_KEYS, now_ms)


def ticker(market: Market, now_ms: int) -> dict[str, Any]:
    """`<symbol>@ticker`."""
    return _renamed("24hrTicker", statistics.day(market, now_ms, is_mini=False), DAY_KEYS, now_ms)


def window_ticker(market: Market, window: str, now_ms: int) -> dict[str, Any]:
    """`<symbol>@ticker_<window>`."""
    body = statistics.rolling(market, WINDOWS_MS[window], now_ms, is_mini=False)
    return _renamed(f"{window}Ticker", body, WINDOW_KEYS, now_ms)


def average_price(market: Market, now_ms: int) -> dict[str, Any]:
    """`<symbol>@avgPrice`."""
    last = market.tape.last
    return {
        "e": "avgPrice", "E": now_ms, "s": market.symbol.name, "i": f"{statistics.AVERAGE_MINUTES}m",
        "w": amount(statistics.average(market, now_ms)), "T": last.time_ms if last is not None else 0,
    }  # fmt: skip


def reference_price(market: Market, now_ms: int) -> dict[str, Any] | None:
    """`<symbol>@referencePrice`; None for a symbol that has none."""
    known = statistics.reference(market, now_ms)
    if known is None:
        return None
    price, when = known
    shown = amount(price) if price is not None else None
    return {"e": "referencePrice", "s": market.symbol.name, "r": shown, "t": when}


def in_microseconds(payload: Any) -> Any:
    """A payload with its millisecond times as microseconds, for sockets opened with `timeUnit=MICROSECOND`."""
    if isinstance(payload, list):
        return [in_microseconds(one) for one in payload]
    changed = {name: value * 1000 if name in TIMES else value for name, value in payload.items()}
    if payload.get("e") == "referencePrice":
        changed["t"] = payload["t"] * 1000
    if payload.get("e") == "kline":
        kline = payload["k"]
        changed["k"] = kline | {"t": kline["t"] * 1000, "T": kline["T"] * 1000 + 999}
    return changed


def _renamed(event: str, body: dict[str, Any], keys: dict[str, str], now_ms: int) -> dict[str, Any]:
    return {"e": event, "E": now_ms, "s": body["symbol"]} | {short: body[long] for short, long in keys.items()}
