"""Where the venue is and by which key it is spoken to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from actors.secret import Secret

__all__ = ["VENUE_ENDPOINTS", "Access", "Credentials", "Endpoints", "Locate", "announced"]


class Endpoints(msgspec.Struct, frozen=True):
    """Base addresses: REST without path, streams without path, the WebSocket API with its path."""

    rest: str
    stream: str
    ws_api: str


VENUE_ENDPOINTS = {
    "live": Endpoints(
        "https://api.binance.com", "wss://stream.binance.com:9443", "wss://ws-api.binance.com:443/ws-api/v3"
    ),
    "testnet": Endpoints(
        "https://testnet.binance.vision",
        "wss://stream.testnet.binance.vision",
        "wss://ws-api.testnet.binance.vision/ws-api/v3",
    ),
    "demo": Endpoints(
        "https://demo-api.binance.com", "wss://demo-stream.binance.com", "wss://demo-ws-api.binance.com/ws-api/v3"
    ),
}
"""Source: Binance Spot API, general information of rest-api, web-socket-streams and web-socket-api, 2026-07."""


class Credentials(msgspec.Struct, frozen=True):
    """A key and its secret (or, for Ed25519, its private key in PEM); neither shows in a repr."""

    api_key: Secret
    api_secret: Secret


class Access(msgspec.Struct, frozen=True):
    """An environment's addresses, and the key where one is needed."""

    endpoints: Endpoints
    credentials: Credentials | None = None


Locate: TypeAlias = Callable[[], Access]
"""Asked at each connection and each REST call, for a restarted twin has a new address."""


class _Greeting(msgspec.Struct, frozen=True):
    rest: str
    stream: str
    ws_api: str
    api_key: str
    api_secret: str


def announced(greeting: Mapping[str, Any]) -> Access:
    """Return the access that a twin announces in its first line. Raises msgspec.ValidationError where it does not."""
    found = msgspec.convert(greeting, _Greeting)
    endpoints = Endpoints(found.rest, found.stream, found.ws_api)
    return Access(endpoints, Credentials(Secret(found.api_key), Secret(found.api_secret)))
