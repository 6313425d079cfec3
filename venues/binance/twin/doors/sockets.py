"""One WebSocket of a client: a bounded queue of frames, a writer, and the venue's ping rule.

Frames wait in a queue that one task empties, so that a slow reader delays nobody; a reader that lets it
grow past `MAX_QUEUED_BYTES` is cut off.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from venues.twins.log import TruthLog

PING_EVERY_S = 20.0
"""Source: Binance Spot API, web-socket-streams, general information, 2026-07."""
PONG_WITHIN_S = 60.0
MAX_QUEUED_BYTES = 2 * 1024 * 1024
"""What a reader may leave unread beside the kernel's buffers: a minute of a symbol's busiest streams."""
CLOSE_WITHIN_S = 0.3
"""Time for the closing handshake with a client that may read nothing any more; then the connection is
aborted.
"""
MAX_MESSAGE_BYTES = 64 * 1024
"""A request larger than this is no request of the venue's."""
DAY_S = 24 * 3600.0
"""The venue closes every connection after a day."""


class Socket:
    """An accepted WebSocket; `number` is unique in the process."""

    _count = 0

    def __init__(
        self,
        response: web.WebSocketResponse,
        transport: asyncio.Transport | None,
        path: str,
        log: TruthLog,
    ) -> None:
        Socket._count += 1
        self.number = Socket._count
        self.opened_ms = time.time_ns() // 1_000_000
        self.response = response
        self._transport = transport
        self._log = log
        self._frames: deque[tuple[bytes, WSMsgType]] = deque()
        self._queued = 0
        self._wake = asyncio.Event()
        self._pings: dict[bytes, float] = {}
        self._is_closing = False
        self.close_code: int | None = None
        self._tasks = [asyncio.ensure_future(self._write()), asyncio.ensure_future(self._ping())]
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
        if self._is_closing:
            return
        self._frames.append((payload, kind))
        self._queued += len(payload)
        if self._queued > MAX_QUEUED_BYTES:
            self.cut(WSCloseCode.POLICY_VIOLATION, "too slow")
        self._wake.set()

    def cut(self, code: int, reason: str) -> None:
        """Disconnect the client; what is queued is not sent."""
        if self._is_closing:
            return
        self._is_closing = True
        self.close_code = code
        self._log.write("socket_cut", socket=self.number, code=code, reason=reason)
        self._tasks.append(asyncio.ensure_future(self._close(code, reason)))

    async def requests(self) -> AsyncIterator[WSMessage]:
        """Everything the client sends, pings and pongs included, both of which are dealt with here."""
        while not self.response.closed:
            message = await self.response.receive()
            if message.type == WSMsgType.PING:
                self.send(bytes(message.data), WSMsgType.PONG)
            elif message.type == WSMsgType.PONG:
                self._pings.pop(bytes(message.data), None)
            elif message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            yield message
            if self._is_closing:
                return

    async def finish(self) -> None:
        """Stop the tasks and log the end."""
        self._is_closing = True
        for task in self._tasks[:2]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        code = self.close_code or self.response.close_code
        self._log.write("socket_close", socket=self.number, code=code, unsent=len(self._frames))

    async def _close(self, code: int, reason: str) -> None:
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self.response.close(code=code, message=reason.encode(), drain=False)
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()
        self._wake.set()

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

    async def _ping(self) -> None:
        begin = time.monotonic()
        while True:
            await asyncio.sleep(PING_EVERY_S)
            now = time.monotonic()
            if self._pings and now - min(self._pings.values()) >= PONG_WITHIN_S:
                self.cut(WSCloseCode.GOING_AWAY, "no pong")
            elif now - begin >= DAY_S:
                self.cut(WSCloseCode.GOING_AWAY, "24 hours")
            payload = str(time.time_ns() // 1_000_000).encode()
            self._pings[payload] = now
            self.send(payload, WSMsgType.PING)
