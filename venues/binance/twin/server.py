"""The twin's process: one event loop, one port, the market's clockwork.

It ends on SIGTERM or SIGINT within a second: sockets are closed, the log is flushed.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket as sockets_
from typing import Any

from aiohttp import WSCloseCode, web

from venues.binance.twin.doors.rest import Rest
from venues.binance.twin.doors.sockets import MAX_MESSAGE_BYTES, Socket
from venues.binance.twin.doors.streams import StreamSession, names_of
from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.doors.ws_api import CONNECT_WEIGHT, ApiSession
from venues.binance.twin.limits import AddressLimit, OrderLimit
from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.market.driver import drive
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.publisher import Publisher
from venues.binance.twin.market.replayed import Replay
from venues.binance.twin.market.rhythm import TICK_S
from venues.binance.twin.render import amount, encode
from venues.binance.twin.requests.desk import Desk
from venues.binance.twin.settings import Settings
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.exchange import Exchange
from venues.twins.log import FLUSH_EVERY_S, TruthLog
from venues.twins.matching import Event

HOST = "127.0.0.1"
SHUTDOWN_S = 0.3
"""Time for sockets to close, well inside the second that a stop may take."""


class Server:
    """Everything that runs in a twin."""

    def __init__(self, settings: Settings, log: TruthLog) -> None:
        self.settings = settings
        self._log = log
        self._replay: Replay | None = None
        if settings.replay:
            self._replay = Replay(settings.replay, settings.speed, settings.replay_starts_at_once)
        names = list(self._replay.markets) if self._replay else list(settings.symbols)
        self._log_start(names)
        live = [] if self._replay else [KNOWN[name] for name in names]
        self.exchange = Exchange(live, settings.seed, log, levels=settings.levels)
        if self._replay is not None:
            self.exchange.markets |= self._replay.markets
        keys = settings.keys
        self.exchange.add_account(
            keys.api_key, keys.api_secret, settings.balances, OrderLimit(settings.orders_per_ten_seconds)
        )
        self._users = UserStreams(log)
        self._publisher = Publisher(self.exchange, log)
        if self._replay is not None:
            self._publisher.opened = self._replay.opened
        self.exchange.listener = self
        address = AddressLimit(settings.weight_per_minute)
        self._desk = Desk(self.exchange, log, address, settings.orders_per_ten_seconds)
        self._rest = Rest(self._desk, self._users, settings.legacy_listen_key)
        self._sockets: set[Socket] = set()

    def user_event(self, account: Account, event: dict[str, Any]) -> None:
        """Keep an account's event until the answer that caused it is sent."""
        self._users.queue(account, event)

    def market_events(self, market: Market, events: list[Event], now_ms: int) -> None:
        """Send what everybody may see."""
        self._publisher.market_events(market, events, now_ms)

    async def run(self) -> int:
        """Serve until a signal. Raises OSError when the port is taken."""
        listening = sockets_.socket(sockets_.AF_INET, sockets_.SOCK_STREAM)
        listening.setsockopt(sockets_.SOL_SOCKET, sockets_.SO_REUSEADDR, 1)
        listening.bind((HOST, self.settings.port))
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        app = web.Application(client_max_size=MAX_MESSAGE_BYTES)
        app.router.add_get("/ws-api/v3", self._ws_api)
        app.router.add_get("/{path:(?:ws|stream)(?:/.*)?}", self._stream)
        app.router.add_get("/stream-spot/{path:ws(?:/.*)?}", self._stream)
        app.router.add_route("*", "/{path:.*}", self._rest.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        port = listening.getsockname()[1]
        print(encode(self._greeting(port)).decode(), flush=True)
        gc.freeze()
        moves = drive(self.exchange, self.settings.rate, self._users.flush, lambda market: market.is_open)
        clockwork = [asyncio.ensure_future(part) for part in (moves, self._tick(), self._flush())]
        if self._replay is not None:
            clockwork.append(asyncio.ensure_future(self._replay.run(self._publisher, self._log)))
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait([stopping, *clockwork], return_when=asyncio.FIRST_COMPLETED)
        for task in clockwork:
            if task.done():
                task.result()
            task.cancel()
        for socket in list(self._sockets):
            socket.cut(WSCloseCode.GOING_AWAY, "shutdown")
        await runner.cleanup()
        self._log.write("stop")
        return 0

    def _greeting(self, port: int) -> dict[str, Any]:
        return {
            "venue": "binance",
            "account_type": "spot",
            "rest": f"http://{HOST}:{port}",
            "stream": f"ws://{HOST}:{port}",
            "ws_api": f"ws://{HOST}:{port}/ws-api/v3",
            "api_key": self.settings.keys.api_key,
            "api_secret": self.settings.keys.api_secret,
            "log": str(self.settings.log) if self.settings.log else None,
            "seed": self.settings.seed,
            "pid": os.getpid(),
        }

    def _log_start(self, symbols: list[str]) -> None:
        balances = {
            asset: {"free": amount(atoms), "locked": amount(0)} for asset, atoms in self.settings.balances.items()
        }
        self._log.write(
            "start",
            symbols=symbols,
            seed=self.settings.seed,
            balances={self.settings.keys.api_key: balances},
            pid=os.getpid(),
        )

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + TICK_S, loop.time())
            await asyncio.sleep(due - loop.time())
            self._publisher.tick()

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            self._log.flush()

    async def _accept(self, request: web.Request) -> Socket:
        response = web.WebSocketResponse(autoping=False, max_msg_size=MAX_MESSAGE_BYTES, compress=False)
        await response.prepare(request)
        transport = request.transport
        raw = transport.get_extra_info("socket") if transport is not None else None
        if raw is not None:
            raw.setsockopt(sockets_.IPPROTO_TCP, sockets_.TCP_NODELAY, 1)
        socket = Socket(response, transport, request.path_qs, self._log)
        self._sockets.add(socket)
        return socket

    async def _ws_api(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return await self._rest.handle(request)
        socket = await self._accept(request)
        self._desk.address.charge(CONNECT_WEIGHT, self.exchange.now_ms)
        show_limits = request.query.get("returnRateLimits", "true").lower() != "false"
        is_microseconds = request.query.get("timeUnit", "").upper() == "MICROSECOND"
        session = ApiSession(socket, self._desk, self._users, show_limits, is_microseconds)
        return await self._serve(socket, session)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        named = names_of(request)
        if named is None or request.headers.get("Upgrade", "").lower() != "websocket":
            return await self._rest.handle(request)
        socket = await self._accept(request)
        is_microseconds = request.query.get("timeUnit", "").upper() == "MICROSECOND"
        session = StreamSession(socket, self._publisher, self._users, self._log, named[1], is_microseconds)
        session.open(named[0])
        return await self._serve(socket, session)

    async def _serve(self, socket: Socket, session: StreamSession | ApiSession) -> web.StreamResponse:
        try:
            await session.run()
        finally:
            self._sockets.discard(socket)
            session.close()
            await socket.finish()
        return socket.response
