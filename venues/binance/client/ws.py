"""The WebSocket API: every call of `calls`, over one kept connection. Nothing is ever sent twice.

Source: Binance Spot API, web-socket-api, 2026-07.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from venues.binance.client.calls import Calls
from venues.binance.client.calls.caller import decoded
from venues.binance.client.clock import ServerClock
from venues.binance.client.endpoint import Endpoint
from venues.binance.client.errors import ClockRefused, LimitReached
from venues.binance.client.limits import Limits
from venues.binance.client.params import json_values
from venues.binance.client.payloads import Session, Subscription
from venues.binance.client.signing import RECV_WINDOW_MS
from venues.binance.client.ws_api import WsApi
from venues.binance.client.ws_connection import Connection

__all__ = ["Ws"]

TIMEOUT_S = 10.0

_session = msgspec.json.Decoder(Session)
_subscriptions = msgspec.json.Decoder(list[Subscription])


class Ws(Calls):
    """The calls by a `Connection`. `reach` returns its present `WsApi`, or raises why there is none."""

    def __init__(
        self,
        connection: Connection,
        clock: ServerClock,
        limits: Limits,
        reach: Callable[[], Awaitable[WsApi]],
        *,
        recv_window_ms: int = RECV_WINDOW_MS,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.connection, self.clock, self.limits = connection, clock, limits
        self._reach, self._recv_window_ms, self._timeout_s = reach, recv_window_ms, timeout_s

    async def session_status(self) -> Session:
        """Return who is logged on to the connection, and since when. Weight 2."""
        return decoded(await self._request("session.status", {}), _session.decode)

    async def session_subscriptions(self) -> list[Subscription]:
        """Return the connection's subscriptions of accounts' events. Weight 2."""
        return decoded(await self._request("session.subscriptions", {}), _subscriptions.decode)

    async def request(self, endpoint: Endpoint[Any], given: Mapping[str, Any]) -> bytes:
        params = json_values(endpoint.named(given))
        return await self._request(endpoint.ws, params, endpoint.signed, endpoint.orders > 0)

    async def _request(
        self, method: str, params: dict[str, Any], signed: bool = False, places_order: bool = False
    ) -> bytes:
        self.limits.check(method, places_order)
        api = await self._reach()
        try:
            return await api.request(method, params, self._timeout_s, signed, self._recv_window_ms)
        except LimitReached as error:
            self.limits.heed(error)
            raise
        except ClockRefused:
            self.clock.forget()
            self.connection.probe()
            raise
