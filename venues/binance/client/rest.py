"""The REST API: every call of `calls`, over HTTP. Each returns the payload or raises a `ClientError`, and nothing is
ever sent twice.

Parameters are percent-encoded, then signed, and the signature stands last: GET and DELETE carry them in the query,
POST and PUT in a form body. After a limit was reached nothing is sent until the ``Retry-After`` of that answer is over.
A refused timestamp makes the server's clock be measured again at once.

Source: Binance Spot API, rest-api and request-security, 2026-07.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from venues.binance.client.access import Locate
from venues.binance.client.calls import Calls
from venues.binance.client.clock import ServerClock
from venues.binance.client.endpoint import Endpoint
from venues.binance.client.errors import (
    ClientError,
    ClockRefused,
    LimitReached,
    NotSent,
    http_error,
    retry_after_s,
)
from venues.binance.client.limits import Limits
from venues.binance.client.params import Param, form
from venues.binance.client.signing import RECV_WINDOW_MS, Signer, signer_for
from venues.binance.client.transport import HttpRequest, Transport
from venues.binance.client.weights import Budget, weight_of

__all__ = ["Rest"]

TIMEOUT_S = 10.0
"""For a whole call; exchangeInfo, the largest answer, takes 1 to 2 s on a slow line."""
_FORM = "application/x-www-form-urlencoded"


class Rest(Calls):
    """A venue's REST API. `locate` is asked at each call; `clock` stamps signed ones and is fed by `measure_clock`."""

    def __init__(
        self,
        transport: Transport,
        locate: Locate,
        clock: ServerClock,
        limits: Limits | None = None,
        *,
        recv_window_ms: int = RECV_WINDOW_MS,
        timeout_s: float = TIMEOUT_S,
        budget: Budget | None = None,
    ) -> None:
        self.clock = clock
        self.budget = budget
        """Asked before each call, where there is one; a client alone goes by what the venue tells."""
        self.limits = limits or Limits(clock)
        self._transport, self._locate = transport, locate
        self._recv_window_ms, self._timeout_s = recv_window_ms, timeout_s
        self._signer: tuple[str, Signer] | None = None
        self._measuring = asyncio.Lock()

    async def measure_clock(self) -> None:
        """Ask for the server's time and tell the clock."""
        sent = self.clock.monotonic_ns()
        server = await self.time()
        self.clock.observe(sent, self.clock.monotonic_ns(), server.server_time_ms)

    async def request(self, endpoint: Endpoint[Any], given: Mapping[str, Any]) -> bytes:
        return await self.call(endpoint, endpoint.named(given))

    async def call(
        self,
        endpoint: Endpoint[Any],
        params: Mapping[str, Param],
        recv_window_ms: int = 0,
        timeout_s: float = 0.0,
        *,
        is_paid: bool = False,
        ends_order: bool = False,
    ) -> bytes:
        """Make one call with parameters by the venue's own names, once, and return the answer's JSON.

        0 stands for this client's own recvWindow and timeout. `is_paid`: the budget was asked before. `ends_order`: it
        waits for a ban alone. Raises `ClientError`.
        """
        self.limits.check(endpoint.title, endpoint.orders > 0, ends_order)
        if self.budget is not None and not is_paid and endpoint.ws:
            await self.budget.take(weight_of(endpoint, params))
            self.limits.check(endpoint.title, endpoint.orders > 0, ends_order)
        if endpoint.signed and not self.clock.is_known:
            await self._know_the_time()
        request = self._built(endpoint, params, recv_window_ms or self._recv_window_ms, timeout_s or self._timeout_s)
        answer = await self._transport.send(request)
        self.limits.note_headers(answer.headers)
        if answer.status == 200:
            return answer.body
        failure = http_error(answer.status, answer.body, retry_after_s(answer.header("Retry-After")))
        if isinstance(failure, LimitReached):
            self.limits.heed(failure)
        elif isinstance(failure, ClockRefused):
            self.clock.forget()
            with suppress(ClientError):  # then the next signed call measures before it is sent
                await self._know_the_time()
        raise failure

    def build(self, endpoint: Endpoint[Any], given: Mapping[str, Any]) -> HttpRequest:
        """Return the request as it goes out now. Raises NotSent where it needs a key and there is none."""
        return self._built(endpoint, endpoint.named(given), self._recv_window_ms, self._timeout_s)

    def _built(
        self, endpoint: Endpoint[Any], params: Mapping[str, Param], recv_window_ms: int, timeout_s: float
    ) -> HttpRequest:
        access = self._locate()
        payload = form(params)
        headers: dict[str, str] = {}
        if endpoint.signed:
            credentials = access.credentials
            if credentials is None:
                raise NotSent(f"{endpoint.title} needs an API key, and none is configured")
            stamp = f"recvWindow={recv_window_ms}&timestamp={self.clock.now_ms()}"
            payload = f"{payload}&{stamp}" if payload else stamp
            signature = self._signer_of(credentials.api_secret.reveal()).sign(payload.encode())
            payload = f"{payload}&signature={quote(signature, safe='')}"
            headers["X-MBX-APIKEY"] = credentials.api_key.reveal()
        url = access.endpoints.rest + endpoint.path
        if endpoint.verb in ("POST", "PUT"):
            headers["Content-Type"] = _FORM
            return HttpRequest(endpoint.verb, url, headers, payload.encode(), timeout_s)
        return HttpRequest(endpoint.verb, f"{url}?{payload}" if payload else url, headers, b"", timeout_s)

    async def _know_the_time(self) -> None:
        async with self._measuring:  # one measurement for all that wait for it
            if not self.clock.is_known:
                await self.measure_clock()

    def _signer_of(self, secret: str) -> Signer:
        if self._signer is None or self._signer[0] != secret:
            self._signer = secret, signer_for(secret)
        return self._signer[1]
