"""The venue's sockets on real connections, as much of them as a hand-over needs; the test says what comes by them."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from actors.secret import Secret
from venues.binance.client.access import Access, Credentials, Endpoints

SHUTDOWN = {"e": "serverShutdown", "E": 1770123456789}


class Peer:
    """A connection that a client made: what it sent and when, what it wants, and what it is told."""

    def __init__(self, socket: web.WebSocketResponse, path: str) -> None:
        self.socket, self.path = socket, path
        self.received: list[dict[str, Any]] = []
        self.times: list[float] = []
        """When messages and pongs came."""
        self.pongs: list[bytes] = []
        self.streams: set[str] = set()
        self.is_subscribed = False
        self.is_mute = False
        """It is told nothing of what `ScriptedVenue` says, as if its server were behind."""
        self.is_open = True

    @property
    def methods(self) -> list[str]:
        """What was asked for, in order."""
        return [request["method"] for request in self.received]

    async def say(self, message: Any) -> None:
        """Tell this connection alone."""
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def close(self) -> None:
        """End it, as a server that restarts does."""
        await self.socket.close()


class ScriptedVenue:
    """Answers as the venue's documents say; `peers` are its connections, oldest first."""

    def __init__(self) -> None:
        self.peers: list[Peer] = []
        self.answers: dict[str, Callable[[Peer, dict[str, Any]], dict[str, Any] | None]] = {}
        """Answers of the WebSocket API by method, instead of its own; None answers nothing."""
        self.endpoints = Endpoints("", "", "")
        self.credentials: Credentials | None = Credentials(Secret("key"), Secret("secret"))

    def locate(self) -> Access:
        return Access(self.endpoints, self.credentials)

    @property
    def open_peers(self) -> list[Peer]:
        return [peer for peer in self.peers if peer.is_open]

    async def say(self, stream: str, data: Any) -> None:
        """Tell a stream's message to all that have subscribed to it."""
        text = f'{{"stream":"{stream}","data":{json.dumps(data)}}}'
        for peer in self.open_peers:
            if stream in peer.streams and not peer.is_mute:
                await peer.say(text)

    async def tell(self, event: dict[str, Any]) -> None:
        """Tell an account's event to all that have subscribed to it."""
        for peer in self.open_peers:
            if peer.is_subscribed and not peer.is_mute:
                await peer.say({"subscriptionId": 0, "event": event})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ScriptedVenue]:
        application = web.Application()
        application.router.add_get("/stream", self._streams)
        application.router.add_get("/ws-api/v3", self._ws_api)
        runner = web.AppRunner(application, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        self.endpoints = Endpoints(f"http://{host}:{port}", f"ws://{host}:{port}", f"ws://{host}:{port}/ws-api/v3")
        try:
            yield self
        finally:
            for peer in self.open_peers:
                await peer.close()
            await runner.cleanup()

    async def _streams(self, request: web.Request) -> web.WebSocketResponse:
        async def answer(peer: Peer, asked: dict[str, Any]) -> None:
            change = peer.streams.update if asked["method"] == "SUBSCRIBE" else peer.streams.difference_update
            change(asked["params"])
            await peer.say({"result": None, "id": asked["id"]})

        return await self._serve(request, answer)

    async def _ws_api(self, request: web.Request) -> web.WebSocketResponse:
        async def answer(peer: Peer, asked: dict[str, Any]) -> None:
            method = asked["method"]
            made = self.answers.get(method, _own_answer)(peer, asked)
            if made is not None:
                await peer.say({"id": asked["id"], **made})

        return await self._serve(request, answer)

    async def _serve(self, request: web.Request, answer: Any) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        peer = Peer(socket, request.path)
        self.peers.append(peer)
        async for message in socket:
            peer.times.append(time.monotonic())
            if message.type is aiohttp.WSMsgType.PONG:
                peer.pongs.append(bytes(message.data))
            elif message.type is aiohttp.WSMsgType.TEXT:
                asked = json.loads(message.data)
                peer.received.append(asked)
                await answer(peer, asked)
        peer.is_open = False
        return socket


def _own_answer(peer: Peer, asked: dict[str, Any]) -> dict[str, Any]:
    result: Any = {}
    if asked["method"] == "time":
        result = {"serverTime": time.time_ns() // 1_000_000}
    elif asked["method"].startswith("userDataStream.subscribe"):
        peer.is_subscribed = True
        result = {"subscriptionId": 0}
    return {"status": 200, "result": result, "rateLimits": []}
