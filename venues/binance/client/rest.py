"""The REST API, call by call. Each returns the decoded payload or raises a `ClientError`; nothing is ever resent.

After a limit was reached nothing is sent until the ``Retry-After`` of that answer is over.

Source: Binance Spot API, rest-api, 2026-07. GET and DELETE carry parameters in the query, POST in a form body.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec
from yarl import URL

from venues.binance.client.access import Access, Locate
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import (
    TOO_MANY_ORDERS,
    ErrorBody,
    HeldBack,
    LimitReached,
    NoAnswer,
    NotSent,
    UnreadableAnswer,
    api_error,
    retry_after_s,
)
from venues.binance.client.payloads import Account, AccountTrade, Depth, ExchangeInfo, OrderBody, ServerTime
from venues.binance.client.signing import Signer, signer_for

__all__ = ["Rest"]

T = TypeVar("T")

TIMEOUT_S = 10.0
"""For a whole call; exchangeInfo, the largest answer, takes 1 to 2 s on a slow line."""
CONNECT_S = 5.0
BODY_LIMIT = 64 * 1024 * 1024
"""exchangeInfo without permission sets is under 10 MB; anything near this is an error or an attack."""
WEIGHT_LIMIT = 6000
"""Request weight a minute and address."""
RECV_WINDOW_MS = 5000
"""The venue's own default."""

_error = msgspec.json.Decoder(ErrorBody)
_time = msgspec.json.Decoder(ServerTime)
_info = msgspec.json.Decoder(ExchangeInfo)
_depth = msgspec.json.Decoder(Depth, strict=False)
_order = msgspec.json.Decoder(OrderBody)
_orders = msgspec.json.Decoder(list[OrderBody])
_trades = msgspec.json.Decoder(list[AccountTrade])
_account = msgspec.json.Decoder(Account)


class Rest:
    """A venue's REST API. `locate` is asked at each call; `clock` stamps signed ones and is fed by `measure_clock`."""

    def __init__(self, session: aiohttp.ClientSession, locate: Locate, clock: ServerClock) -> None:
        self.clock = clock
        self._weight = 0
        self._weight_minute = 0
        self._held_until_ns = 0
        self._session = session
        self._locate = locate
        self._signer: tuple[str, Signer] | None = None

    @property
    def used_weight(self) -> int:
        """Request weight that this address has used in the current minute, as of the last answer."""
        return self._weight if self._weight_minute == _minute() else 0

    @property
    def minute_left_s(self) -> float:
        """Seconds until the weight is counted from zero again."""
        return 60.0 - time.time() % 60.0

    def hold(self) -> None:
        """A limit was reached: until the minute ends count all weight as used."""
        self._weight, self._weight_minute = WEIGHT_LIMIT, _minute()

    def heed(self, error: LimitReached) -> None:
        """Send nothing until the wait is over that the venue told, here or on another connection of this address."""
        if error.code != TOO_MANY_ORDERS:
            wait_s = error.retry_after_s or self.minute_left_s
            self._held_until_ns = max(self._held_until_ns, self.clock.monotonic_ns() + int(wait_s * 1e9))

    # public

    async def server_time_ms(self) -> int:
        """Return the server's UNIX milliseconds."""
        return (await self._get("/api/v3/time", {}, _time)).server_time_ms

    async def measure_clock(self) -> None:
        """Ask for the server's time and tell the clock."""
        sent = self.clock.monotonic_ns()
        server_ms = await self.server_time_ms()
        self.clock.observe(sent, self.clock.monotonic_ns(), server_ms)

    async def exchange_info(self, symbol: str = "") -> ExchangeInfo:
        """Return all symbols, or one; without permission sets, which are most of the real answer."""
        params = {"symbol": symbol} if symbol else {}
        return await self._get("/api/v3/exchangeInfo", {**params, "showPermissionSets": "false"}, _info)

    async def depth(self, symbol: str, limit: int) -> Depth:
        """Return the best `limit` levels a side (1 to 5000; weight 5, 25, 50, 250 up to 100, 500, 1000, 5000)."""
        return await self._get("/api/v3/depth", {"symbol": symbol, "limit": limit}, _depth)

    # signed

    async def account(self) -> Account:
        """Return the balances that are not zero."""
        return await self._signed("GET", "/api/v3/account", {"omitZeroBalances": "true"}, _account)

    async def order(self, symbol: str, client_order_id: str = "", order_id: str = "") -> OrderBody:
        """Return one order. Raises ApiError -2013 where the venue never had it."""
        return await self._signed("GET", "/api/v3/order", _order_ids(symbol, client_order_id, order_id), _order)

    async def open_orders(self, symbol: str = "") -> list[OrderBody]:
        """Return all open orders (weight 80), or those of a symbol (weight 6)."""
        return await self._signed("GET", "/api/v3/openOrders", {"symbol": symbol} if symbol else {}, _orders)

    async def all_orders(self, symbol: str, **params: int) -> list[OrderBody]:
        """Return orders, ascending; `params`: orderId, startTime, endTime (within 24 h), limit (1000 at most)."""
        return await self._signed("GET", "/api/v3/allOrders", {"symbol": symbol, **params}, _orders)

    async def my_trades(self, symbol: str, **params: int) -> list[AccountTrade]:
        """Return fills, ascending; `params`: orderId, fromId, startTime, endTime (within 24 h), limit (to 1000)."""
        return await self._signed("GET", "/api/v3/myTrades", {"symbol": symbol, **params}, _trades)

    async def place_order(self, params: dict[str, str]) -> OrderBody:
        """Send a new order, once; `params` as of POST /api/v3/order."""
        return await self._signed("POST", "/api/v3/order", params, _order)

    async def cancel_order(self, symbol: str, client_order_id: str = "", order_id: str = "") -> OrderBody:
        """Cancel an order. Raises ApiError -2011 where there is none to cancel."""
        return await self._signed("DELETE", "/api/v3/order", _order_ids(symbol, client_order_id, order_id), _order)

    # how

    async def _get(self, path: str, params: dict[str, Any], decoder: msgspec.json.Decoder[T]) -> T:
        access = self._locate()
        query = urlencode(params)
        return _decoded(await self._send("GET", access, path, query, b"", {}), decoder)

    async def _signed(self, method: str, path: str, params: dict[str, Any], decoder: msgspec.json.Decoder[T]) -> T:
        access = self._locate()
        credentials = access.credentials
        if credentials is None:
            raise NotSent(f"{path} needs an API key, and none is configured")
        if not self.clock.is_known:
            await self.measure_clock()
        stamped = {**params, "recvWindow": RECV_WINDOW_MS, "timestamp": self.clock.now_ms()}
        payload = urlencode(stamped)
        signature = self._signer_of(credentials.api_secret.reveal()).sign(payload.encode())
        payload = f"{payload}&{urlencode({'signature': signature})}"
        headers = {"X-MBX-APIKEY": credentials.api_key.reveal()}
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            return _decoded(await self._send(method, access, path, "", payload.encode(), headers), decoder)
        return _decoded(await self._send(method, access, path, payload, b"", headers), decoder)

    def _signer_of(self, secret: str) -> Signer:
        if self._signer is None or self._signer[0] != secret:
            self._signer = secret, signer_for(secret)
        return self._signer[1]

    async def _send(
        self, method: str, access: Access, path: str, query: str, body: bytes, headers: dict[str, str]
    ) -> bytes:
        url = URL(f"{access.endpoints.rest}{path}{'?' if query else ''}{query}", encoded=True)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S, connect=CONNECT_S)
        what = f"{method} {path}"
        if self._session.closed:
            raise NotSent(f"{what}: the client is closed")
        held_ns = self._held_until_ns - self.clock.monotonic_ns()
        if held_ns > 0:
            raise HeldBack(f"{what}: a limit was reached, and the venue told to wait {held_ns / 1e9:.1f} s more")
        try:
            async with self._session.request(
                method, url, data=body or None, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                raw = await _read(answer)
                self._note_weight(answer)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"{what}: cannot connect: {error}") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise NoAnswer(f"{what}: {type(error).__name__}: {error}") from None
        if answer.status == 200:
            return raw
        try:
            refusal = _error.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableAnswer(raw, str(error), answer.status) from None
        failure = api_error(refusal.code, refusal.msg, answer.status, retry_after_s(answer.headers))
        if isinstance(failure, LimitReached):
            self.heed(failure)
        raise failure

    def _note_weight(self, answer: aiohttp.ClientResponse) -> None:
        used = answer.headers.get("X-MBX-USED-WEIGHT-1M", "")
        if used.isdigit():
            self._weight, self._weight_minute = int(used), _minute()


def _order_ids(symbol: str, client_order_id: str, order_id: str) -> dict[str, str]:
    if client_order_id:
        return {"symbol": symbol, "origClientOrderId": client_order_id}
    return {"symbol": symbol, "orderId": order_id}


def _decoded(raw: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise UnreadableAnswer(raw, str(error), 200) from None


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > BODY_LIMIT:
        raise aiohttp.ClientPayloadError(f"body of {answer.content_length} bytes")
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > BODY_LIMIT:
            raise aiohttp.ClientPayloadError(f"body of over {BODY_LIMIT} bytes")
        parts.append(part)
    return b"".join(parts)


def _minute() -> int:
    return int(time.time()) // 60  # the venue's windows are aligned to the clock
