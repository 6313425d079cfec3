"""One WebSocket of a client: a bounded queue of frames, a writer, and the venue's rules of its life.

Frames wait in a queue that one task empties, so that a slow reader delays nobody; a reader that lets it
grow past `MAX_QUEUED_BYTES` is cut off.
"""

from __future__ import annotations

import asyncio
import socket as sockets_
import struct
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Literal

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from venues.binance.twin.rules import Rules
from venues.twins.log import TruthLog

SocketDoor = Literal["streams", "ws_api"]
MAX_QUEUED_BYTES = 2 * 1024 * 1024
"""What a reader may leave unread beside the kernel's buffers: a minute of a symbol's busiest streams."""
CLOSE_WITHIN_S = 0.3
"""Time for the closing handshake with a client that may read nothing any more; then the connection is
aborted.
"""
MAX_MESSAGE_BYTES = 64 * 1024
"""A request larger than this is no request of the venue's."""
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of zero seconds: closing sends RST."""


class Socket:
    """An accepted WebSocket; `number` is unique in the process.

    A mute socket sends nothing that was meant for its client, and no pings either unless it `pings_while_mute`.
    """

    _count = 0

    def __init__(
        self,
        response: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        door: SocketDoor,
        path: str,
        log: TruthLog,
    ) -> None:
        Socket._count += 1
        self.number = Socket._count
        self.door: SocketDoor = door
        self.path = path
        self.opened_ms = time.time_ns() // 1_000_000
        self.response = response
        self.is_mute = False
        self.pings_while_mute = True
        self.close_code: int | None = None
        self._transport = transport
        self._log = log
        self._frames: deque[tuple[bytes, WSMsgType]] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._opened = self._pinged = time.monotonic()
        self._pings: dict[bytes, float] = {}
        self._is_closing = False
        self._writer = asyncio.ensure_future(self._write())
        self._closer: asyncio.Task[None] | None = None
        log.write("socket_open", socket=self.number, path=path)

    @property
    def is_open(self) -> bool:
        """Whether frames are still taken."""
        return not self._is_closing

    @property
    def queued_bytes(self) -> int:
        """What waits to be sent, beside the kernel's buffers."""
        return self._queued

    def send(self, payload: bytes, kind: WSMsgType = WSMsgType.TEXT) -> None:
        """Queue a frame; a reader too slow for the queue is disconnected."""
        if self._is_closing or (self.is_mute and not self._may_pass(kind)):
            return
        self._frames.append((payload, kind))
        self._queued += len(payload)
        if self._queued > MAX_QUEUED_BYTES:
            self.cut(WSCloseCode.POLICY_VIOLATION, "too slow")
        self._wake.set()

    def cut(self, code: int, reason: str) -> None:
        """Disconnect the client by a closing handshake; what is queued is not sent."""
        if self._is_closing:
            return
        self._is_closing = True
        self.close_code = code
        self._log.write("socket_cut", socket=self.number, code=code, reason=reason)
        self._closer = asyncio.ensure_future(self._close(code, reason))

    def reset(self, reason: str) -> None:
        """Break the connection as a dead host or a firewall does: RST, without a word."""
        if self._is_closing:
            return
        self._is_closing = True
        self._log.write("socket_cut", socket=self.number, code=None, reason=reason)
        reset(self._transport)
        self._wake.set()

    def beat(self, now: float, rules: Rules) -> None:
        """Ping when it is time, and part with who does not pong or has been here for a day."""
        if self._is_closing:
            return
        if now - self._opened >= rules.day_s:
            self.cut(WSCloseCode.GOING_AWAY, "24 hours")
        elif self._pings and now - next(iter(self._pings.values())) >= rules.pong_s:
            self.cut(WSCloseCode.POLICY_VIOLATION, "Pong timeout")
        elif now - self._pinged >= rules.ping_s:
            self._pinged = now
            if self.is_mute and not self.pings_while_mute:
                return
            payload = str(time.time_ns() // 1_000_000).encode()
            self._pings[payload] = now
            self.send(payload, WSMsgType.PING)

    async def requests(self) -> AsyncIterator[WSMessage]:
        """Everything the client sends, pings and pongs included, both of which are dealt with here."""
        while not self.response.closed:
            message = await self.response.receive()
            if message.type == WSMsgType.PING:
                self.send(bytes(message.data), WSMsgType.PONG)
            elif message.type == WSMsgType.PONG:
                self._ponged(bytes(message.data))
            elif message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            if not self._is_closing:
                yield message

    async def finish(self) -> None:
        """Stop the tasks and log the end."""
        self._is_closing = True
        tasks = [self._writer, *([self._closer] if self._closer is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        code = self.close_code or self.response.close_code
        self._log.write("socket_close", socket=self.number, code=code, unsent=len(self._frames))

    def _may_pass(self, kind: WSMsgType) -> bool:
        return self.pings_while_mute and kind in (WSMsgType.PING, WSMsgType.PONG)

    def _ponged(self, payload: bytes) -> None:
        """A pong answers the ping whose payload it copies, and those before it; any other answers none."""
        if payload not in self._pings:
            return
        for older in list(self._pings):
            del self._pings[older]
            if older == payload:
                return

    async def _close(self, code: int, reason: str) -> None:
        """Send a close frame, and leave the client some time to answer it; the one who reads sees its answer."""
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.response.send_frame(struct.pack("!H", code) + reason.encode(), WSMsgType.CLOSE)
        except (TimeoutError, ConnectionError):
            pass
        else:
            await asyncio.sleep(CLOSE_WITHIN_S)
        if self._transport is not None:
            self._transport.abort()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._frames and not self._is_closing:
                    payload, kind = self._frames[0]
                    await self.response.send_frame(payload, kind)
                    self._frames.popleft()
                    self._queued -= len(payload)
        except ConnectionError:
            self._is_closing = True


def reset(transport: asyncio.Transport | None) -> None:
    """Close a connection by RST."""
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(sockets_.SOL_SOCKET, sockets_.SO_LINGER, _RESET)
    transport.abort()
