"""One WebSocket, as the client needs it: bytes in, bytes out, and why it ended.

A write is synchronous up to the transport's buffer, in the order of calls, so that a cancel never overtakes the order
issued before it. aiohttp's `send_frame` is a coroutine only because it may wait for the buffer to drain *after* the
frame went into it (that needs compression to be off, which it is): one step of it is the write. Where it wants to
wait, the venue is slow to read; the frame is written all the same, and `WsApi` bounds what is outstanding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

import aiohttp

from venues.binance.client.errors import NoAnswer, NotSent, api_error, retry_after_s

__all__ = ["AiohttpSocket", "Dial", "Socket", "dialer"]

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The largest message of a stream or an answer is a depth answer of 5,000 levels at about 400 kB."""
CONNECT_S = 10.0
"""Name, TCP, TLS and handshake; the slowest seen from another continent are under 2 s."""
CLOSE_S = 0.5
"""How long a peer may take for the closing handshake before its socket is dropped."""


class Socket(Protocol):
    """A connected WebSocket."""

    heard_s: float
    """When anything, pings included, was last heard; in the loop's time."""

    def send(self, payload: bytes) -> None:
        """Hand a text message to the transport, now. Raises NotSent or NoAnswer."""

    async def read(self) -> bytes | None:
        """Return the next message, or None once the connection has ended."""

    def abort(self, reason: str) -> None:
        """End the connection; `read` returns None soon."""

    @property
    def reason(self) -> str:
        """Why it ended."""


Dial: TypeAlias = Callable[[str], Awaitable[Socket]]
"""Connects to a URL. Raises NotSent, LimitReached or Banned."""


class AiohttpSocket:
    """A `Socket` of aiohttp's."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._closing: asyncio.Task[bool] | None = None
        self._reason = ""
        self.heard_s = self._loop.time()

    @property
    def reason(self) -> str:
        return self._reason or "it ended"

    def send(self, payload: bytes) -> None:
        self._write(payload, aiohttp.WSMsgType.TEXT)

    async def read(self) -> bytes | None:
        while True:
            message = await self._socket.receive()
            self.heard_s = self._loop.time()
            kind = message.type
            if kind is aiohttp.WSMsgType.TEXT:
                text: str = message.data
                return text.encode()
            if kind is aiohttp.WSMsgType.PING:
                self._pong(bytes(message.data))
            elif kind is aiohttp.WSMsgType.BINARY:
                return bytes(message.data)
            elif kind is not aiohttp.WSMsgType.PONG:
                self._end(message)
                return None

    def abort(self, reason: str) -> None:
        self._reason = self._reason or reason
        if self._closing is None:
            self._closing = self._loop.create_task(self._socket.close())

    def _pong(self, payload: bytes) -> None:
        try:
            self._write(payload, aiohttp.WSMsgType.PONG)
        except (NotSent, NoAnswer) as error:
            self.abort(str(error))

    def _write(self, payload: bytes, kind: aiohttp.WSMsgType) -> None:
        if self._closing is not None or self._socket.closed:
            raise NotSent(f"the connection is closed: {self.reason}")
        step = self._socket.send_frame(payload, kind)
        try:
            step.send(None)
        except StopIteration:
            return
        except aiohttp.ClientConnectionResetError as error:
            raise NotSent(f"the connection is closed: {error}") from None
        except OSError as error:
            raise NoAnswer(f"the write failed: {error}") from None
        step.close()  # it would only wait for the buffer to drain

    def _end(self, message: aiohttp.WSMessage) -> None:
        if message.type is aiohttp.WSMsgType.ERROR:
            self._reason = self._reason or f"{type(message.data).__name__}: {message.data}"
        elif message.type is aiohttp.WSMsgType.CLOSE:
            self._reason = self._reason or f"the venue closed it: {message.data} {message.extra or ''}".rstrip()
        else:
            self._reason = self._reason or f"it was cut (close code {self._socket.close_code})"
        self.abort(self._reason)


def dialer(session: aiohttp.ClientSession) -> Dial:
    """Return what connects WebSockets in this session."""

    async def dial(url: str) -> Socket:
        if session.closed:
            raise NotSent("the client is closed")
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await session.ws_connect(
                    url,
                    autoping=False,
                    autoclose=False,
                    compress=0,
                    max_msg_size=MAX_MESSAGE_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
                )
        except aiohttp.WSServerHandshakeError as error:
            if error.status in (418, 429):
                raise api_error(0, error.message, error.status, retry_after_s(error.headers)) from None
            raise NotSent(f"cannot connect to {url}: HTTP {error.status} {error.message}") from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotSent(f"cannot connect to {url}: {type(error).__name__}: {error}") from None
        return AiohttpSocket(socket)

    return dial
