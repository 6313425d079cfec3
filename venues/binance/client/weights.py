"""What a call weighs, by its parameters: what `Endpoint.weight` says, as a number.

Source: Binance Spot API, rest-api and web-socket-api (weights of the endpoints), 2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from venues.binance.client.endpoint import Endpoint

__all__ = ["Budget", "weight_of"]

Params = Mapping[str, Any]
_DEPTH_STEPS = ((100, 5), (500, 25), (1000, 50))
_DEPTH_MOST = 250
_DEPTH_DEFAULT = 100
_FIRST = re.compile(r"\d+")


class Budget(Protocol):
    """Says when request weight may be spent."""

    async def take(self, weight: int) -> None:
        """Return once so much may be spent. May raise HeldBack where that takes too long."""


def weight_of(endpoint: Endpoint[Any], params: Params) -> int:
    """Return the weight of a call with parameters by the venue's names."""
    special = _SPECIAL.get(endpoint.name)
    if special is not None:
        return special(params)
    found = _FIRST.match(endpoint.weight)
    return int(found[0]) if found is not None else 1


def _symbols(params: Params) -> int:
    """How many symbols are asked for; 0 for all."""
    if params.get("symbol") is not None:
        return 1
    listed = params.get("symbols")
    if listed is None:
        return 0
    if isinstance(listed, str):
        return listed.count(",") + 1
    return len(listed) if isinstance(listed, Sequence) else 0


def _depth(params: Params) -> int:
    levels = int(params.get("limit") or _DEPTH_DEFAULT)
    return next((weight for most, weight in _DEPTH_STEPS if levels <= most), _DEPTH_MOST)


def _day(params: Params) -> int:
    symbols = _symbols(params)
    if not 0 < symbols <= 100:
        return 80
    return 2 if symbols <= 20 else 40


def _each(weight: int, most: int) -> Callable[[Params], int]:
    return lambda params: min(most, weight * _symbols(params)) or most


def _one_or_more(params: Params) -> int:
    return 2 if params.get("symbol") is not None else 4


_SPECIAL: dict[str, Callable[[Params], int]] = {
    "depth": _depth,
    "ticker_24hr": _day,
    "execution_rules": _each(2, 40),
    "ticker_trading_day": _each(4, 200),
    "ticker": _each(4, 200),
    "ticker_price": _one_or_more,
    "ticker_book_ticker": _one_or_more,
    "open_orders": lambda params: 6 if params.get("symbol") is not None else 80,
    "my_trades": lambda params: 5 if params.get("orderId") is not None else 20,
    "my_prevented_matches": lambda params: 20 if params.get("orderId") is not None else 2,
    "test_order": lambda params: 20 if params.get("computeCommissionRates") else 1,
    "test_sor_order": lambda params: 20 if params.get("computeCommissionRates") else 1,
}
