"""The twin's process: one event loop, the venue's port and the admin's, the market's clockwork.

It ends on SIGTERM or SIGINT within a second: sockets are closed, the log is flushed.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import signal
import socket as sockets_
from typing import Any

from aiohttp import WSCloseCode, web

from venues.binance.twin.doors.sockets import MAX_MESSAGE_BYTES
from venues.binance.twin.doors.upgrades import Upgrades
from venues.binance.twin.faults.admin import Admin
from venues.binance.twin.market.driver import drive
from venues.binance.twin.market.rhythm import TICK_S
from venues.binance.twin.render import amount, encode
from venues.binance.twin.settings import Settings
from venues.binance.twin.world import World
from venues.twins.log import FLUSH_EVERY_S, TruthLog

HOST = "127.0.0.1"
SHUTDOWN_S = 0.3
"""Time for sockets to close, well inside the second that a stop may take."""
BEAT_S = 0.05
"""How often sockets are seen to: far finer than the venue's pings, so that a test may shorten them."""
MAX_LINE_BYTES = 64 * 1024
"""A stream path with 1,024 names is about 25 KB."""


class PortTaken(OSError):
    """A port that was asked for is another process's."""


class Server:
    """Everything that runs in a twin."""

    def __init__(self, settings: Settings, log: TruthLog) -> None:
        self.settings = settings
        self._log = log
        self._world = World(settings, log, self._log_start)

    async def run(self) -> int:
        """Serve until a signal. Raises PortTaken."""
        venue, admin = _bind("--port", self.settings.port), _bind("--admin-port", self.settings.admin_port)
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        runners = [await _serve(self._app(), venue), await _serve(Admin(self._world).app(), admin)]
        print(encode(self._greeting(venue.getsockname()[1], admin.getsockname()[1])).decode(), flush=True)
        gc.freeze()
        world = self._world
        parts = [
            drive(world.exchange, self.settings.rate, world.users.flush, world.moves),
            self._tick(),
            self._beat(),
            self._flush(),
        ]
        if world.replay is not None:
            parts.append(world.replay.run(world.publisher, self._log))
        clockwork = [asyncio.ensure_future(part) for part in parts]
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait([stopping, *clockwork], return_when=asyncio.FIRST_COMPLETED)
        for task in clockwork:
            if task.done():
                task.result()
            task.cancel()
        self._world.connections.cut_all(WSCloseCode.GOING_AWAY, "shutdown")
        await asyncio.gather(*(runner.cleanup() for runner in runners))
        self._log.write("stop")
        return 0

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=MAX_MESSAGE_BYTES)
        upgrades = Upgrades(self._world)
        app.router.add_get("/ws-api/v3", upgrades.ws_api)
        app.router.add_get("/{path:(?:ws|stream)(?:/.*)?}", upgrades.stream)
        app.router.add_get("/stream-spot/{path:ws(?:/.*)?}", upgrades.stream)
        app.router.add_route("*", "/{path:.*}", self._world.rest.handle)
        return app

    def _greeting(self, port: int, admin_port: int) -> dict[str, Any]:
        return {
            "venue": "binance",
            "account_type": "spot",
            "rest": f"http://{HOST}:{port}",
            "stream": f"ws://{HOST}:{port}",
            "ws_api": f"ws://{HOST}:{port}/ws-api/v3",
            "admin": f"http://{HOST}:{admin_port}",
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
            self._world.publisher.tick()

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_S)
            self._world.connections.beat(loop.time())

    async def _flush(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_EVERY_S)
            self._log.flush()


def _bind(option: str, port: int) -> sockets_.socket:
    """A listening socket on the loopback address. Raises PortTaken."""
    listening = sockets_.socket(sockets_.AF_INET, sockets_.SOCK_STREAM)
    listening.setsockopt(sockets_.SOL_SOCKET, sockets_.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
    except OSError as error:
        listening.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(f"port {port} on {HOST} is taken; give another {option}") from None
    return listening


async def _serve(app: web.Application, listening: sockets_.socket) -> web.AppRunner:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S, max_line_size=MAX_LINE_BYTES)
    await runner.setup()
    await web.SockSite(runner, listening).start()
    return runner
