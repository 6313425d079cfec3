"""ccxt and ccxt.pro, unmodified, with a twin's addresses."""

from __future__ import annotations

from typing import Any

import ccxt
from at_a_twin import GREETING

OPTIONS = {"fetchMarkets": {"types": ["spot"]}}
"""Spot alone: the library's own setting keeps it from asking the futures' servers; all others are as it has them."""


def at_twin(kind: type[Any], **settings: Any) -> Any:
    """An exchange of the library at the twin, with the twin's first key or what is given."""
    keys = {"apiKey": GREETING["api_key"], "secret": GREETING["api_secret"]}
    exchange = kind({**keys, "enableRateLimit": False, "options": OPTIONS, **settings})
    addresses = exchange.urls["api"]
    for name, address in addresses.items():
        if isinstance(address, str):
            _, _, path = address.split("://", 1)[1].partition("/")
            addresses[name] = f"{GREETING['rest']}/{path}"
    # The library takes what comes from an address without "/stream" for futures.
    addresses["ws"] = {"spot": f"{GREETING['stream']}/stream-spot/ws", "ws-api": {"spot": GREETING["ws_api"]}}
    return exchange


def refusal(error: Exception) -> dict[str, Any] | None:
    """The venue's refusal as the library tells it."""
    if not isinstance(error, ccxt.BaseError):
        return None
    return {"class": type(error).__name__, "message": str(error)}
