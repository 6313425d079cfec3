"""From an HTTP handshake to a WebSocket: who is let in, by which door, and what runs there."""

from __future__ import annotations

import socket as sockets_
from typing import TYPE_CHECKING

from aiohttp import web

from venues.binance.twin.doors.connections import SocketSession
from venues.binance.twin.doors.sockets import MAX_MESSAGE_BYTES, Socket, SocketDoor
from venues.binance.twin.doors.streams import StreamSession, names_of
from venues.binance.twin.doors.ws_api import CONNECT_WEIGHT, ApiSession
from venues.binance.twin.errors import VenueError
from venues.binance.twin.render import encode

if TYPE_CHECKING:
    from venues.binance.twin.world import World


def is_microseconds(request: web.Request) -> bool:
    """Whether a connection wants its times in microseconds."""
    return request.query.get("timeUnit", "").upper() == "MICROSECOND"


class Upgrades:
    """The handlers of the WebSocket paths; a plain request there is answered as REST."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def ws_api(self, request: web.Request) -> web.StreamResponse:
        """`/ws-api/v3`."""
        refused = await self._refused(request, CONNECT_WEIGHT)
        if refused is not None:
            return refused
        world = self._world
        socket = await self._accept(request, "ws_api")
        session = ApiSession(
            socket,
            world.addresses.of(request.remote),
            world.desk,
            world.users,
            show_limits=request.query.get("returnRateLimits", "true").lower() != "false",
            is_microseconds=is_microseconds(request),
        )
        return await self._run(socket, session)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """`/ws` and `/stream`."""
        named = names_of(request)
        if named is None:
            return await self._world.rest.handle(request)
        refused = await self._refused(request, 0)
        if refused is not None:
            return refused
        world = self._world
        socket = await self._accept(request, "streams")
        session = StreamSession(
            socket,
            world.publisher,
            world.users,
            world.log,
            world.rules,
            combined=named[1],
            microseconds=is_microseconds(request),
        )
        session.open(named[0])
        return await self._run(socket, session)

    async def _refused(self, request: web.Request, weight: int) -> web.StreamResponse | None:
        """The answer to a handshake that is none, or comes from an address that may not; None lets it in."""
        world = self._world
        if request.headers.get("Upgrade", "").lower() != "websocket" or world.rest.is_down:
            return await world.rest.handle(request)
        try:
            world.addresses.of(request.remote).connect(weight, world.clock.now_ms)
        except VenueError as error:
            world.log.write("socket_refused", path=request.path_qs, status=error.status, code=error.code)
            headers = {} if error.retry_at_ms is None else {"Retry-After": str(error.retry_after_s(world.clock.now_ms))}
            return web.Response(
                status=error.status, body=encode(error.body), headers=headers, content_type="application/json"
            )
        return None

    async def _accept(self, request: web.Request, door: SocketDoor) -> Socket:
        response = web.WebSocketResponse(autoping=False, max_msg_size=MAX_MESSAGE_BYTES, compress=False)
        await response.prepare(request)
        transport = request.transport
        raw = transport.get_extra_info("socket") if transport is not None else None
        if raw is not None:
            raw.setsockopt(sockets_.IPPROTO_TCP, sockets_.TCP_NODELAY, 1)
        return Socket(response, transport, door, request.path_qs, self._world.log)

    async def _run(self, socket: Socket, session: SocketSession) -> web.StreamResponse:
        connections = self._world.connections
        connections.add(socket, session)
        try:
            await session.run()
        finally:
            connections.remove(socket)
            session.close()
            await socket.finish()
        return socket.response
