"""The caller's end: send now or not at all, and learn what came of it."""

from __future__ import annotations

import asyncio
import secrets

from bus.clock import Clock
from bus.codec import WIRE_VERSION, ReplyHeader, ReplyStatus, RequestHeader, decode, decode_reply_header, encode
from bus.messages import Code, Empty, Message, Unknown, Unreadable
from bus.requests.reply import Reply, ended
from bus.transport import Frames, Link, Transport

__all__ = ["DEFAULT_TIMEOUT_S", "Client"]

DEFAULT_TIMEOUT_S = 5.0
CONNECT_RETRY_S = 0.01
"""Between tries while a peer that should be there is not connected yet."""


class Client:
    """Calls one server."""

    def __init__(
        self, transport: Transport, loop: asyncio.AbstractEventLoop, clock: Clock, endpoint: str, caller: str
    ) -> None:
        self.epoch = 0
        self._loop = loop
        self._clock = clock
        self._caller = caller
        self._next_id = secrets.randbits(40) << 20
        self._waiting: dict[int, tuple[asyncio.Future[Reply], asyncio.TimerHandle]] = {}
        self._link: Link = transport.caller(endpoint, self._on_message)

    def send(self, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> asyncio.Future[Reply]:
        """Send now or not at all; the future always ends with a `Reply`, at the latest at the deadline."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        now = self._clock.monotonic_ns()
        self._next_id += 1
        number = self._next_id
        deadline = now + int(timeout_s * 1e9)
        header = RequestHeader(WIRE_VERSION, number, self._caller, self.epoch, deadline, self._clock.time_ns())
        if not self._link.send(encode(header), encode(message)):
            future.set_result(ended(ReplyStatus.NOT_SENT, Code.NOT_CONNECTED))
            return future
        timer = self._loop.call_later(timeout_s, self._end, number, ended(ReplyStatus.NO_ANSWER, Code.TIMED_OUT))
        self._waiting[number] = (future, timer)
        return future

    async def request(self, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """As `send`, but a peer that is not connected yet is waited for, until the deadline."""
        deadline = self._loop.time() + timeout_s
        while True:
            left = deadline - self._loop.time()
            reply = await self.send(message, max(left, 0.001))
            if reply.status is not ReplyStatus.NOT_SENT or left <= CONNECT_RETRY_S:
                return reply
            await asyncio.sleep(CONNECT_RETRY_S)

    def lose(self) -> None:
        """The server went away: whatever waits for it will not be answered."""
        for number in list(self._waiting):
            self._end(number, ended(ReplyStatus.NO_ANSWER, Code.LOST))

    def close(self) -> None:
        """Close the socket; what waits ends without an answer."""
        self.lose()
        self._link.close()

    def _end(self, number: int, reply: Reply) -> None:
        future, timer = self._waiting.pop(number, (None, None))
        if timer is not None:
            timer.cancel()
        if future is not None and not future.done():
            future.set_result(reply)

    def _on_message(self, frames: Frames) -> None:
        header = decode_reply_header(frames[0]) if len(frames) == 2 else None
        if isinstance(header, ReplyHeader) and header.id in self._waiting:
            body = decode(frames[1])
            status = ReplyStatus(header.status) if 0 <= header.status <= ReplyStatus.FAILED else ReplyStatus.FAILED
            code = header.code
            if isinstance(body, (Unknown, Unreadable)):
                status, code, body = ReplyStatus.FAILED, Code.UNREADABLE, Empty()
            self._end(header.id, Reply(status, code, body))
