"""A WebSocket of aiohttp's.

aiohttp's `send_frame` is a coroutine only because it may wait for the buffer to drain *after* the frame went into it
(that needs compression to be off, which it is): one step of it is the write. Where it wants to wait, the venue is slow
to read; the frame is written all the same, and `WsApi` bounds what is outstanding.
"""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp

from venues.binance.client.errors import NoAnswer, NotSent

__all__ = ["AiohttpSocket"]


class AiohttpSocket:
    """A `Socket` of aiohttp's, made with ``decode_text=False``: messages are the bytes that came."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse[Any]) -> None:
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
            if kind is aiohttp.WSMsgType.TEXT or kind is aiohttp.WSMsgType.BINARY:
                data: bytes = message.data
                return data
            if kind is aiohttp.WSMsgType.PING:
                self._pong(bytes(message.data))
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

    def _end(self, message: Any) -> None:
        if message.type is aiohttp.WSMsgType.ERROR:
            self._reason = self._reason or f"{type(message.data).__name__}: {message.data}"
        elif message.type is aiohttp.WSMsgType.CLOSE:
            self._reason = self._reason or f"the venue closed it: {message.data} {message.extra or ''}".rstrip()
        else:
            self._reason = self._reason or f"it was cut (close code {self._socket.close_code})"
        self.abort(self._reason)
