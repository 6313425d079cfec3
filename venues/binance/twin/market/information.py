"""What the venue tells about itself and its symbols. Each takes a `Call` and gives the body.

Source: Binance Spot API, rest-api, general and market data endpoints, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin import limits
from venues.binance.twin.errors import VenueError, bad_combination, illegal_characters
from venues.binance.twin.market import statistics
from venues.binance.twin.market.selection import each, only_one_of, status
from venues.binance.twin.market.selection import market as chosen
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import amount, decode
from venues.binance.twin.requests.call import Call

SHOWN_PERMISSIONS = ("SPOT", "MARGIN", "LEVERAGED")
"""A symbol without any of these is shown only to those who name its permission."""
PERMISSION = r'^[A-Z0-9_]{1,50}$|^\["[A-Z0-9_]{1,50}"(,"[A-Z0-9_]{1,50}"){0,}\]$'


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
        raise bad_combination()
    symbols, _ = call.params.symbols(call.symbols)
    markets = [call.exchange.markets[symbol.name] for symbol in symbols]
    wanted, permissions = status(call), _permissions(call)
    if "symbol" not in call.params and "symbols" not in call.params:
        markets = [m for m in markets if wanted in (None, m.status) and permissions.intersection(m.symbol.permissions)]
    with_sets = call.params.flag("showPermissionSets", True)
    return {
        "timezone": "UTC",
        "serverTime": call.exchange.now_ms,
        "rateLimits": limits.rules(call.weight_limit, call.orders_limit),
        "exchangeFilters": [],
        "symbols": [one.symbol.info(with_sets, one.status) for one in markets],
    }


def execution_rules(call: Call) -> dict[str, Any]:
    """GET /api/v3/executionRules; a symbol's range is its PERCENT_PRICE_BY_SIDE, which refuses what would break it."""
    only_one_of(call, "symbol", "symbols", "symbolStatus")
    found = each(call, lambda one: {"symbol": one.symbol.name, "rules": _rules(one.symbol)})
    return {"symbolRules": found if isinstance(found, list) else [found]}


def reference_price(call: Call) -> dict[str, Any]:
    """GET /api/v3/referencePrice."""
    found = call.market()
    known = statistics.reference(found, found.time_ms(call.exchange.now_ms))
    if known is None:
        raise no_reference()
    price, when = known
    shown = amount(price) if price is not None else None
    return {"symbol": found.symbol.name, "referencePrice": shown, "timestamp": when}


def reference_calculation(call: Call) -> dict[str, Any]:
    """GET /api/v3/referencePrice/calculation."""
    symbol = chosen(call).symbol
    how = {"symbol": symbol.name, "calculationType": symbol.reference}
    if symbol.reference == "ARITHMETIC_MEAN":
        buckets, width = statistics.REFERENCE_BUCKETS, statistics.REFERENCE_BUCKET_MS
        return how | {"bucketCount": buckets, "bucketWidthMs": width}
    if symbol.reference == "EXTERNAL":
        return how | {"externalCalculationId": statistics.EXTERNAL_CALCULATION}
    raise no_reference()


def no_reference() -> VenueError:
    """The symbol never had a reference price."""
    return VenueError(-2043, "This symbol doesn't have a reference price.")


def _rules(symbol: Symbol) -> list[dict[str, Any]]:
    if symbol.reference == "NONE":
        return []
    percent = next(item for item in symbol.filters() if item["filterType"] == "PERCENT_PRICE_BY_SIDE")
    return [
        {
            "ruleType": "PRICE_RANGE",
            "bidLimitMultUp": percent["bidMultiplierUp"],
            "bidLimitMultDown": percent["bidMultiplierDown"],
            "askLimitMultUp": percent["askMultiplierUp"],
            "askLimitMultDown": percent["askMultiplierDown"],
        }
    ]


def _permissions(call: Call) -> set[str]:
    """One permission as it stands, or a JSON list of them. Raises VenueError -1100."""
    text = call.params.text("permissions")
    if text is None:
        return set(SHOWN_PERMISSIONS)
    if not text.startswith("["):
        return {text}
    try:
        found = decode(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(name, str) for name in found):
        raise illegal_characters("permissions", PERMISSION)
    return set(found)
