"""Which symbols a request asks for, by name and by status, and what it weighs.

Source: Binance Spot API, rest-api, market data endpoints, 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from venues.binance.twin.errors import VenueError, bad_combination, one_of, too_many_parameters
from venues.binance.twin.market.markets import Market
from venues.binance.twin.render import decode
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.params import Params

STATUSES = ("TRADING", "HALT", "BREAK")
MAX_SYMBOLS = 100
"""Symbols in one request for rolling or daily statistics."""


def status(call: Call) -> str | None:
    """The `symbolStatus`. Raises VenueError -1122."""
    return call.params.choice("symbolStatus", STATUSES, VenueError(-1122, "Invalid symbolStatus."))


def market(call: Call) -> Market:
    """The market of the mandatory symbol. Raises VenueError -1220 when its status is another than asked for."""
    found, wanted = call.market(), status(call)
    if wanted is not None and found.status != wanted:
        raise VenueError(-1220, "The symbol's status does not match the requested symbolStatus.")
    return found


def each(call: Call, body: Callable[[Market], dict[str, Any]]) -> Any:
    """One body for `symbol`, a list for `symbols` or all; those of another status than asked for are left out."""
    if "symbol" in call.params and "symbols" not in call.params:
        return body(market(call))
    symbols, _ = call.params.symbols(call.symbols)
    markets, wanted = [call.exchange.markets[symbol.name] for symbol in symbols], status(call)
    return [body(one) for one in markets if wanted in (None, one.status)]


def each_named(call: Call, body: Callable[[Market], dict[str, Any]]) -> Any:
    """As `each`, where `symbol` or `symbols` must be sent, and no more than a hundred."""
    if "symbol" not in call.params and "symbols" not in call.params:
        raise one_of("symbol", "symbols")
    count = named(call.params)
    if count is not None and count > MAX_SYMBOLS:
        raise too_many_parameters(MAX_SYMBOLS, count)
    return each(call, body)


def only_one_of(call: Call, *names: str) -> None:
    """Raises VenueError -1128 when more than one of the parameters was sent."""
    if sum(name in call.params for name in names) > 1:
        raise bad_combination()


def named(params: Params) -> int | None:
    """How many symbols a request names, None when it means all. What cannot be read counts as one."""
    if "symbol" in params:
        return 1
    text = params.text("symbols")
    if text is None:
        return None
    try:
        found = decode(text)
    except (ValueError, RecursionError):
        return 1
    return len(found) if isinstance(found, list) else 1


def for_each(weight: int, most: int, without: int) -> Callable[[Params], int]:
    """A weight for each symbol up to a highest, and another where none is named."""

    def cost(params: Params) -> int:
        count = named(params)
        return without if count is None else min(most, weight * max(1, count))

    return cost


def by_count(params: Params) -> int:
    """The weight of the 24-hour ticker."""
    count = named(params)
    if count is None:
        return 80
    return 2 if count <= 20 else 40 if count <= 100 else 80
