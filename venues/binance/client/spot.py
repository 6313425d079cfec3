"""The whole client in one object, for use without a floor.

async with BinanceSpot("testnet", key, secret) as spot:
    book = await spot.rest.depth("BTCUSDT", 5)
    order = await spot.ws.place_order("BTCUSDT", "BUY", "LIMIT", time_in_force="GTC", quantity="0.01", price="9000")
    async for event in spot.user_data():
        ...
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from actors.secret import Secret
from venues.binance.client.access import VENUE_ENDPOINTS, Access, Credentials, Endpoints, announced
from venues.binance.client.account_events import AccountEvents, AccountItem
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import ClientError, NotSent
from venues.binance.client.limits import Limits
from venues.binance.client.market_streams import Streams
from venues.binance.client.rest import Rest
from venues.binance.client.signing import RECV_WINDOW_MS, signer_for
from venues.binance.client.socket import Dial
from venues.binance.client.transport import Transport
from venues.binance.client.ws import Ws
from venues.binance.client.ws_api import WsApi
from venues.binance.client.ws_connection import PROBE_S, Connection

__all__ = ["BinanceSpot"]

CONNECT_S = 15.0
"""How long the first call over the WebSocket API waits for its connection; later ones never wait."""


class BinanceSpot:
    """Binance Spot: `rest`, `ws`, `streams` and `user_data`, to be entered with ``async with``.

    `where` is ``live``, ``testnet`` or ``demo``, addresses of your own, or a twin's greeting, which has a key too.
    `api_secret` is the key's secret, or its private key in PEM (Ed25519 or RSA). `transport` and `dial` stand in for
    the network, an `AiohttpTransport` with a proxy for example. Nothing is connected before it is needed. Entering it
    begins to measure the server's clock, every ten seconds (weight 1), for as long as it is entered.

    Raises ValueError for an unknown name, a key without a secret, or a private key that cannot be read.
    """

    rest: Rest
    """Every call by HTTP."""
    ws: Ws
    """Every call by one WebSocket, which is connected at the first of them."""
    streams: Streams
    """Market streams."""

    def __init__(
        self,
        where: str | Endpoints | Mapping[str, Any],
        api_key: str | None = None,
        api_secret: str | None = None,
        *,
        transport: Transport | None = None,
        dial: Dial | None = None,
        recv_window_ms: int = RECV_WINDOW_MS,
    ) -> None:
        self.access = _access(where, api_key, api_secret)
        self.clock = ServerClock(time.monotonic_ns)
        self.limits = Limits(self.clock)
        """What is used of the venue's limits, by REST and WebSocket together."""
        self._transport, self._dial, self._recv_window_ms = transport, dial, recv_window_ms
        self._network: AiohttpTransport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_connecting = False
        self._failure: BaseException | None = None

    def __repr__(self) -> str:
        return f"BinanceSpot({self.access.endpoints.rest!r}, key={self.access.credentials is not None})"

    async def __aenter__(self) -> BinanceSpot:
        if self._transport is None:
            self._network = AiohttpTransport()
        transport: Transport = self._transport or self._of_network()
        dial: Dial = self._dial or (self._of_network().dial if self._transport is None else _no_dial)
        self.rest = Rest(transport, self._locate, self.clock, self.limits, recv_window_ms=self._recv_window_ms)
        self.streams = Streams(self._locate, dial, self._spawn)
        self._account = AccountEvents()
        self._connection = Connection(
            self._locate, dial, self.clock, self._account, self._spawn,
            limits=self.limits, hands_over=True, logs_on=True,
        )  # fmt: skip
        self._account.end_stream = self._connection.end_stream
        self.ws = Ws(self._connection, self.clock, self.limits, self._reach, recv_window_ms=self._recv_window_ms)
        self._spawn(self._keep_time())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._failure = self._failure or NotSent("the client is closed")
        self._account.fail(StopAsyncIteration())
        self.streams.fail(StopAsyncIteration())
        for task in list(self._tasks):
            task.cancel()
        await self._connection.close("the client is closed")
        await self.streams.pool.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)
        if self._network is not None:
            await self._network.close()

    def user_data(self) -> AsyncGenerator[AccountItem, None]:
        """Return the account's events, to be read with ``async for``: executions, balances, lists.

        `Opened` stands where they begin, and `Lost` wherever some may be missing: ask for orders and balances then.
        Around the replacement of a connection an event may come twice, never out of order; drop what you have by
        `execution_id`. Raises NotSent without a key; the loop raises `KeyRefused` or `Banned` where that ends it.
        """
        if self.access.credentials is None:
            raise NotSent("the account's events need an API key, and none is configured")
        self._connect()
        return self._account.listen()

    # how

    def _locate(self) -> Access:
        return self.access

    def _of_network(self) -> AiohttpTransport:
        assert self._network is not None
        return self._network

    def _connect(self) -> None:
        if not self._is_connecting:
            self._is_connecting = True
            self._spawn(self._connection.run())

    async def _reach(self) -> WsApi:
        self._connect()
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_S):
                await self._account.connected.wait()
        if self._failure is not None:
            raise self._failure
        api = self._connection.api
        if api is None:
            raise NotSent(f"the WebSocket API is not connected: {self._connection.why_down}")
        return api

    async def _keep_time(self) -> None:
        while True:
            if self._connection.api is not None:
                self._connection.probe()
            else:
                with suppress(ClientError):  # it is measured again soon, and before the first signed call
                    await self.rest.measure_clock()
            await asyncio.sleep(PROBE_S)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._fail(failure)

    def _fail(self, failure: BaseException) -> None:
        """What goes on in the background has ended for good: whoever waits for it is told."""
        if self._failure is None:
            self._failure = failure
            self._account.fail(failure)
            self.streams.fail(failure)


def _access(where: str | Endpoints | Mapping[str, Any], api_key: str | None, api_secret: str | None) -> Access:
    if (api_key is None) != (api_secret is None):
        raise ValueError("an API key needs its secret, and a secret its key")
    credentials = None
    if isinstance(where, Mapping):
        found = announced(where)
        endpoints, credentials = found.endpoints, found.credentials
    elif isinstance(where, Endpoints):
        endpoints = where
    elif where in VENUE_ENDPOINTS:
        endpoints = VENUE_ENDPOINTS[where]
    else:
        raise ValueError(f"unknown environment {where!r}; known are {', '.join(VENUE_ENDPOINTS)}")
    if api_key is not None and api_secret is not None:
        signer_for(api_secret)
        credentials = Credentials(Secret(api_key), Secret(api_secret))
    return Access(endpoints, credentials)


async def _no_dial(url: str) -> Any:
    raise NotSent(f"cannot connect to {url}: a transport was given, and no dial")
