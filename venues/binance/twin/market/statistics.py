"""Statistics of a market over a span of time, as REST shows them; the streams rename the fields.

Source: Binance Spot API, rest-api, ticker endpoints, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.market.candles import Candle, flat
from venues.binance.twin.market.intervals import DAY_MS, MINUTE_MS, SECOND_MS
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import ATOM, amount

AVERAGE_MINUTES = 5
REFERENCE_BUCKETS = 10
REFERENCE_BUCKET_MS = SECOND_MS
EXTERNAL_CALCULATION = 42


def span(market: Market, begin_ms: int, now_ms: int) -> Candle:
    """Everything from a minute's begin until now; a flat candle at the last price when nothing was traded."""
    found = market.tape.between(begin_ms - begin_ms % MINUTE_MS, now_ms + -now_ms % SECOND_MS + SECOND_MS)
    last = market.tape.last
    return found if found is not None else flat(begin_ms, last.price if last is not None else 0)


def body(symbol: Symbol, candle: Candle, begin_ms: int, end_ms: int, is_mini: bool) -> dict[str, Any]:
    """The statistics of a span that the rolling window's and the trading day's tickers share."""
    start: dict[str, Any] = {"symbol": symbol.name}
    if not is_mini:
        start |= _changes(symbol, candle)
    return start | {
        "openPrice": symbol.price(candle.open),
        "highPrice": symbol.price(candle.high),
        "lowPrice": symbol.price(candle.low),
        "lastPrice": symbol.price(candle.close),
        "volume": symbol.size(candle.volume),
        "quoteVolume": symbol.value(candle.quote),
        "openTime": begin_ms,
        "closeTime": end_ms,
        "firstId": candle.first_id,
        "lastId": candle.last_id,
        "count": candle.count,
    }


def day(market: Market, now_ms: int, is_mini: bool) -> dict[str, Any]:
    """The last 24 hours of a symbol."""
    symbol, candle = market.symbol, span(market, now_ms - DAY_MS, now_ms)
    whole = body(symbol, candle, now_ms - DAY_MS, now_ms, is_mini=True)
    if is_mini:
        return whole
    begin, last = now_ms - DAY_MS, market.tape.last
    before = market.tape.price_before(begin - begin % MINUTE_MS)
    bid, bid_size, ask, ask_size = market.book.best()
    order = _changes(symbol, candle) | {
        "prevClosePrice": symbol.price(before if before is not None else candle.open),
        "lastPrice": whole.pop("lastPrice"),
        "lastQty": symbol.size(last.size if last is not None else 0),
        "bidPrice": symbol.price(bid),
        "bidQty": symbol.size(bid_size),
        "askPrice": symbol.price(ask),
        "askQty": symbol.size(ask_size),
    }
    return {"symbol": whole.pop("symbol")} | order | whole


def rolling(market: Market, length_ms: int, now_ms: int, is_mini: bool) -> dict[str, Any]:
    """A rolling window of a symbol, which begins with a minute."""
    begin = now_ms - length_ms
    begin -= begin % MINUTE_MS
    return body(market.symbol, span(market, begin, now_ms), begin, now_ms, is_mini)


def average(market: Market, now_ms: int) -> int:
    """Volume-weighted average price of the last five minutes in atoms, 0 before the first trade."""
    return _average(market.symbol, span(market, now_ms - AVERAGE_MINUTES * MINUTE_MS, now_ms))


def reference(market: Market, now_ms: int) -> tuple[int | None, int] | None:
    """(reference price in atoms, when it was so); None for a symbol that never had one."""
    symbol = market.symbol
    now_ms -= now_ms % REFERENCE_BUCKET_MS
    if symbol.reference == "NONE":
        return None
    if symbol.reference == "EXTERNAL":
        return symbol.start * symbol.tick, now_ms
    ends = (now_ms - number * REFERENCE_BUCKET_MS for number in range(REFERENCE_BUCKETS))
    closes = [price for end in ends if (price := market.tape.price_before(end)) is not None]
    return (sum(closes) * symbol.tick // len(closes) if closes else None), now_ms


def _average(symbol: Symbol, candle: Candle) -> int:
    if not candle.volume:
        return candle.close * symbol.tick
    return candle.quote * symbol.quote_unit * ATOM // (candle.volume * symbol.step)


def _changes(symbol: Symbol, candle: Candle) -> dict[str, Any]:
    change = candle.close - candle.open
    percent = 100 * change / candle.open if candle.open else 0.0
    return {
        "priceChange": symbol.price(change),
        "priceChangePercent": f"{percent:.3f}",
        "weightedAvgPrice": amount(_average(symbol, candle)),
    }
