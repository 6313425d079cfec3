"""The caller's end: send now or not at all, and learn what came of it.

Who stops waiting (cancels the task or the future, leaves an answer in parts early) has withdrawn: the server is told,
gives a question up, and lets a command run on to its end, whose outcome this caller then does not learn.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from typing import Any

from bus.clock import Clock
from bus.codec import (
    WIRE_VERSION,
    OtherVersion,
    ReplyHeader,
    ReplyStatus,
    RequestHeader,
    decode,
    decode_reply_header,
    encode,
)
from bus.messages import AcknowledgeParts, CancelRequest, Code, GetTime, Message, Unknown, Unreadable
from bus.requests.parts import Parts
from bus.requests.remote_clock import RemoteClock
from bus.requests.reply import Reply, RequestFailed, ended
from bus.transport import Frames, Link, Transport

__all__ = ["DEFAULT_TIMEOUT_S", "Client"]

DEFAULT_TIMEOUT_S = 5.0
CONNECT_RETRY_S = 0.01
"""Between tries while a peer that should be there is not connected yet."""


class _Pending(asyncio.Future[Reply]):
    """A reply to come. Cancelled, it withdraws its request."""

    client: Client
    number: int
    timer: asyncio.TimerHandle

    def cancel(self, msg: Any | None = None) -> bool:
        cancelled = super().cancel(msg)
        if cancelled:
            self.timer.cancel()
            self.client._withdraw(self.number)
        return cancelled

    def add(self, number: int, part: Message) -> Reply:
        return ended(ReplyStatus.FAILED, Code.IN_PARTS)

    def finish(self, reply: Reply, parts: int = 0) -> None:
        self.timer.cancel()
        if not self.done():
            self.set_result(reply)


class Client:
    """Calls one server. One on another host is asked for its clock first, and now and then."""

    def __init__(
        self,
        transport: Transport,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        endpoint: str,
        caller: str,
        server_key: str = "",
    ) -> None:
        self.epoch = 0
        self._loop = loop
        self._clock = clock
        self._caller = caller
        self._next_id = secrets.randbits(40) << 20
        self._waiting: dict[int, _Pending | Parts] = {}
        self._link: Link = transport.caller(endpoint, self._on_message, server_key)
        self._remote: RemoteClock | None = None
        if endpoint.startswith("tcp://"):
            self._remote = RemoteClock(loop, clock, self._ask_for_time)
            self._remote.measure()

    @property
    def clock_offset_ns(self) -> int | None:
        """How far the server's monotonic clock is ahead of ours: 0 on one host, None while it is not measured."""
        if self._remote is None:
            return 0
        known = self._remote.distance.at(self._clock.monotonic_ns())
        return known[0] if known is not None else None

    def send(self, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> asyncio.Future[Reply]:
        """Send now or not at all; the future always ends with a `Reply`, at the latest at the deadline.

        To cancel it withdraws the request.
        """
        pending = _Pending(loop=self._loop)
        code = self._post(message, timeout_s, pending)
        if code is not None:
            pending.set_result(ended(ReplyStatus.NOT_SENT, code))
        return pending

    async def request(self, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> Reply:
        """As `send`, but a peer that is not connected yet is waited for, until the deadline."""
        deadline = self._loop.time() + timeout_s
        while True:
            left = deadline - self._loop.time()
            reply = await self.send(message, max(left, 0.001))
            curable = reply.status is ReplyStatus.NOT_SENT or reply.code is Code.CLOCK_UNKNOWN
            if not curable or left <= CONNECT_RETRY_S:
                return reply
            await asyncio.sleep(CONNECT_RETRY_S)

    async def chunks(self, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> AsyncGenerator[Message, None]:
        """Ask a question and yield the parts of its answer; an answer of one message is one part.

        Sent when the first part is asked for. `timeout_s` is the time for each part, not for all. To leave the iterator
        withdraws the question; the server never has more than a few parts on their way. Raises RequestFailed where the
        answer did not end well: what was yielded until then is right, but is not all.
        """
        parts = Parts(self._loop)
        number = await self._post_patiently(message, timeout_s, parts)
        try:
            while (part := await parts.next(timeout_s)) is not None:
                if number in self._waiting:
                    self._tell(AcknowledgeParts(number, parts.taken))
                yield part
        finally:
            self._withdraw(number)

    def lose(self) -> None:
        """The server went away: whatever waits for it will not be answered."""
        waiting, self._waiting = self._waiting, {}
        for each in waiting.values():
            each.finish(ended(ReplyStatus.NO_ANSWER, Code.LOST))
        if self._remote is not None:
            self._remote.forget()

    def close(self) -> None:
        """Close the socket; what waits ends without an answer."""
        if self._remote is not None:
            self._remote.close()
            self._remote = None
        self.lose()
        self._link.close()

    def _post(self, message: Message, timeout_s: float, waiting: _Pending | Parts) -> Code | None:
        """Send a request for whom waits; return why it was not sent."""
        now, timeout_ns = self._clock.monotonic_ns(), int(timeout_s * 1e9)
        deadline, clock = now + timeout_ns, 0
        if self._remote is not None and not isinstance(message, GetTime):
            theirs = self._remote.distance.deadline_ns(now, timeout_ns)
            if theirs is None:
                return Code.CLOCK_UNKNOWN
            deadline, clock = theirs, self._remote.distance.clock
        self._next_id += 1
        number = self._next_id
        header = RequestHeader(WIRE_VERSION, number, self._caller, self.epoch, deadline, self._clock.time_ns(), clock)
        if not self._link.send(encode(header), encode(message)):
            return Code.NOT_CONNECTED
        if isinstance(waiting, _Pending):
            waiting.client, waiting.number = self, number
            waiting.timer = self._loop.call_later(timeout_s, self._time_out, number)
        self._waiting[number] = waiting
        return None

    async def _post_patiently(self, message: Message, timeout_s: float, parts: Parts) -> int:
        deadline = self._loop.time() + timeout_s
        while (code := self._post(message, timeout_s, parts)) is not None:
            if self._loop.time() >= deadline:
                raise RequestFailed(ended(ReplyStatus.NOT_SENT, code))
            await asyncio.sleep(CONNECT_RETRY_S)
        return self._next_id

    def _ask_for_time(self, timeout_s: float) -> asyncio.Future[Reply]:
        return self.send(GetTime(), timeout_s)

    def _time_out(self, number: int) -> None:
        self._end(number, ended(ReplyStatus.NO_ANSWER, Code.TIMED_OUT))

    def _end(self, number: int, reply: Reply, parts: int = 0) -> None:
        waiting = self._waiting.pop(number, None)
        if waiting is not None:
            waiting.finish(reply, parts)

    def _withdraw(self, number: int) -> None:
        """Wait no more for an answer, and let the server know, unless it has ended."""
        if self._waiting.pop(number, None) is not None:
            self._tell(CancelRequest(number))

    def _tell(self, message: AcknowledgeParts | CancelRequest) -> None:
        """Say something about a request under way; it has an id of its own and no answer."""
        self._next_id += 1
        header = RequestHeader(WIRE_VERSION, self._next_id, self._caller, self.epoch, 0, self._clock.time_ns())
        self._link.send(encode(header), encode(message))

    def _on_message(self, frames: Frames) -> None:
        header = decode_reply_header(frames[0]) if len(frames) == 2 else None
        if isinstance(header, ReplyHeader):
            if header.id in self._waiting:
                self._on_answer(header, frames[1])
        elif isinstance(header, OtherVersion):
            self._end(header.id, ended(ReplyStatus.DENIED, Code.BAD_VERSION, f"the server answers in {header.reason}"))

    def _on_answer(self, header: ReplyHeader, raw: bytes) -> None:
        body = decode(raw)
        if header.status == ReplyStatus.CHUNK:
            waiting = self._waiting[header.id]
            problem = waiting.add(header.part, body) if isinstance(body, Message) else _unreadable(body)
            if problem is not None:
                self._withdraw(header.id)  # the rest would be of no use
                waiting.finish(problem)
        elif isinstance(body, Message):
            if header.code is Code.CLOCK_UNKNOWN and self._remote is not None:
                self._remote.forget()
            status = ReplyStatus(header.status) if 0 <= header.status <= ReplyStatus.FAILED else ReplyStatus.FAILED
            self._end(header.id, Reply(status, header.code, body), header.part)
        else:
            self._end(header.id, _unreadable(body))


def _unreadable(body: Unknown | Unreadable) -> Reply:
    why = body.reason if isinstance(body, Unreadable) else f"unknown message {body.tag!r}"
    return ended(ReplyStatus.FAILED, Code.UNREADABLE, f"the answer cannot be read: {why}")
