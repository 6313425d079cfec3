"""Binance Spot's API as it is: REST, market streams, the WebSocket API. No bus, no actor; nothing is ever sent twice.

`BinanceSpot` is all of it in one object; each part works alone. The payloads are in `payloads`. A name is imported when
it is used, so that an adapter which only needs an address does not import a network.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from actors.secret import Secret
    from venues.binance.client.access import VENUE_ENDPOINTS, Access, Credentials, Endpoints, Locate
    from venues.binance.client.account_events import AccountItem, UnknownEvent
    from venues.binance.client.aiohttp_transport import AiohttpTransport
    from venues.binance.client.attempts import Attempts
    from venues.binance.client.clock import ServerClock
    from venues.binance.client.endpoint import Endpoint
    from venues.binance.client.endpoints import ENDPOINTS
    from venues.binance.client.errors import (
        AmendRefused,
        ApiError,
        Banned,
        Blocked,
        CancelRefused,
        CancelReplaceFailed,
        ClientError,
        ClockRefused,
        FilterRefused,
        HeldBack,
        KeyRefused,
        LimitReached,
        NoAnswer,
        NoSuchOrder,
        NotSent,
        OrderArchived,
        OrderRefused,
        UnreadableAnswer,
    )
    from venues.binance.client.limits import Limits, Usage
    from venues.binance.client.listening import Lost, Opened, Reader, StreamData
    from venues.binance.client.market_streams import MarketItem, Streams
    from venues.binance.client.rest import Rest
    from venues.binance.client.socket import Dial, Socket
    from venues.binance.client.spot import BinanceSpot
    from venues.binance.client.stream_pool import StreamPool
    from venues.binance.client.streams import Listener, MarketStreams
    from venues.binance.client.transport import MEMORY, HttpAnswer, HttpRequest, MemoryTransport, Transport
    from venues.binance.client.ws import Ws
    from venues.binance.client.ws_api import WsApi
    from venues.binance.client.ws_connection import Connection
    from venues.binance.client.ws_link import Owner

__all__ = [
    "Access",
    "AccountItem",
    "AiohttpTransport",
    "AmendRefused",
    "ApiError",
    "Attempts",
    "Banned",
    "BinanceSpot",
    "Blocked",
    "CancelRefused",
    "CancelReplaceFailed",
    "ClientError",
    "ClockRefused",
    "Connection",
    "Credentials",
    "Dial",
    "ENDPOINTS",
    "Endpoint",
    "Endpoints",
    "FilterRefused",
    "HeldBack",
    "HttpAnswer",
    "HttpRequest",
    "KeyRefused",
    "LimitReached",
    "Limits",
    "Listener",
    "Locate",
    "Lost",
    "MEMORY",
    "MarketItem",
    "MarketStreams",
    "MemoryTransport",
    "NoAnswer",
    "NoSuchOrder",
    "NotSent",
    "Opened",
    "OrderArchived",
    "OrderRefused",
    "Owner",
    "Reader",
    "Rest",
    "Secret",
    "ServerClock",
    "Socket",
    "StreamData",
    "StreamPool",
    "Streams",
    "Transport",
    "UnknownEvent",
    "UnreadableAnswer",
    "Usage",
    "VENUE_ENDPOINTS",
    "Ws",
    "WsApi",
]

_PLACES = {
    "venues.binance.client.access": "VENUE_ENDPOINTS Access Credentials Endpoints Locate",
    "venues.binance.client.account_events": "AccountItem UnknownEvent",
    "venues.binance.client.aiohttp_transport": "AiohttpTransport",
    "venues.binance.client.attempts": "Attempts",
    "venues.binance.client.clock": "ServerClock",
    "venues.binance.client.endpoint": "Endpoint",
    "venues.binance.client.endpoints": "ENDPOINTS",
    "venues.binance.client.limits": "Limits Usage",
    "venues.binance.client.listening": "Lost Opened Reader StreamData",
    "venues.binance.client.market_streams": "MarketItem Streams",
    "venues.binance.client.rest": "Rest",
    "venues.binance.client.socket": "Dial Socket",
    "venues.binance.client.spot": "BinanceSpot",
    "venues.binance.client.stream_pool": "StreamPool",
    "venues.binance.client.streams": "Listener MarketStreams",
    "venues.binance.client.transport": "MEMORY HttpAnswer HttpRequest MemoryTransport Transport",
    "venues.binance.client.ws": "Ws",
    "venues.binance.client.ws_api": "WsApi",
    "venues.binance.client.ws_connection": "Connection",
    "venues.binance.client.ws_link": "Owner",
    "actors.secret": "Secret",
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names.split()}
_ERRORS = "venues.binance.client.errors"


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACE_OF.get(name, _ERRORS)), name)
