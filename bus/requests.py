"""Request and reply with an id, a deadline and a caller.

A late request is refused and never executed. A repeated id is answered with the first answer and never executed
twice. A request is handed to a connected peer or not sent at all: nothing queues for a dead server. An answer that
did not come leaves the outcome unknown, and the reply says which of the two it was (`Reply.definite`).
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

from bus.clock import Clock
from bus.codec import (
    WIRE_VERSION,
    ReplyHeader,
    ReplyStatus,
    RequestHeader,
    decode,
    decode_reply_header,
    decode_request_header,
    encode,
)
from bus.messages import Code, Empty, Message, Refused, Unknown, Unreadable
from bus.transport import Frames, Link, Transport

__all__ = ["Answer", "Client", "Reply", "Server", "allow_all"]

Answer = Message | None
"""What a handler gives: a message (OK), None (OK, nothing to say) or `Refused` (DENIED)."""

DEFAULT_TIMEOUT_S = 5.0
CONNECT_RETRY_S = 0.01
"""Between tries while a peer that should be there is not connected yet."""
ANSWERS_KEPT = 4096
"""Answers that a server keeps to give again for a repeated id."""
KEPT_ANSWER_BYTES = 4096
"""A larger answer is one to a question, which may be asked again, and not to a command."""


class Reply(msgspec.Struct, frozen=True):
    """How a request ended, and the answer's body."""

    status: ReplyStatus
    code: Code
    body: Message

    @property
    def ok(self) -> bool:
        """True when it was done (now, or at the first time of asking)."""
        return self.status in (ReplyStatus.OK, ReplyStatus.DUPLICATE)

    @property
    def definite(self) -> bool:
        """False when it may or may not have been done."""
        return self.status is not ReplyStatus.NO_ANSWER and self.status is not ReplyStatus.FAILED

    @property
    def reason(self) -> str:
        """A sentence for people."""
        told = self.body.reason if isinstance(self.body, Refused) else ""
        return told or self.code.sentence


def _ended(status: ReplyStatus, code: Code) -> Reply:
    return Reply(status, code, Empty())


def allow_all(key: str, header: RequestHeader, message: Message) -> Refused | None:
    """Judge a request where no keys are asked for."""
    return None


class Client:
    """Calls one server."""

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
        self._waiting: dict[int, tuple[asyncio.Future[Reply], asyncio.TimerHandle]] = {}
        self._link: Link = transport.caller(endpoint, self._on_message, server_key)

    def send(self, message: Message, timeout_s: float = DEFAULT_TIMEOUT_S) -> asyncio.Future[Reply]:
        """Send now or not at all; the future always ends with a `Reply`, at the latest at the deadline."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        now = self._clock.monotonic_ns()
        self._next_id += 1
        number = self._next_id
        deadline = now + int(timeout_s * 1e9)
        header = RequestHeader(WIRE_VERSION, number, self._caller, self.epoch, deadline, self._clock.time_ns())
        if not self._link.send(encode(header), encode(message)):
            future.set_result(_ended(ReplyStatus.NOT_SENT, Code.NOT_CONNECTED))
            return future
        timer = self._loop.call_later(timeout_s, self._end, number, _ended(ReplyStatus.NO_ANSWER, Code.TIMED_OUT))
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
            self._end(number, _ended(ReplyStatus.NO_ANSWER, Code.LOST))

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


class Server:
    """Answers requests. `handle` may be plain or async; `failed` is told of an exception after it was answered.

    `refusal` judges each request by the key that its connection proved, whatever the request says of its sender.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        endpoint: str,
        handle: Callable[[Message, RequestHeader], Answer | Awaitable[Answer]],
        spawn: Callable[[Awaitable[None]], object],
        failed: Callable[[BaseException], None],
        refusal: Callable[[str, RequestHeader, Message], Refused | None] = allow_all,
        remote: str = "",
    ) -> None:
        self.counters = {"requests": 0, "refused": 0, "expired": 0, "repeated": 0, "unreadable": 0, "unanswered": 0}
        self._clock = clock
        self._handle, self._spawn, self._failed, self._refusal = handle, spawn, failed, refusal
        self._answers: OrderedDict[tuple[str, int], tuple[bytes, bytes] | None] = OrderedDict()
        self._link: Link = transport.server(endpoint, self._on_message, remote)

    @property
    def remote(self) -> str:
        """Where other hosts find us, empty where they do not."""
        return self._link.remote

    def close(self) -> None:
        """Close the socket."""
        self._link.close()

    def _on_message(self, frames: Frames, key: str) -> None:
        self.counters["requests"] += 1
        if len(frames) != 3:
            self.counters["unreadable"] += 1
            return
        peer, raw_header, raw = frames
        header = decode_request_header(raw_header)
        if isinstance(header, Unreadable):
            self.counters["unreadable"] += 1
            return
        message = decode(raw)
        if isinstance(message, (Unknown, Unreadable)):
            self.counters["unreadable"] += 1
            reason = message.reason if isinstance(message, Unreadable) else f"unknown message {message.tag!r}"
            self._answer(peer, header, ReplyStatus.DENIED, Refused(Code.UNREADABLE, reason))
            return
        refused = self._refusal(key, header, message)
        if refused is not None:  # before anything else: a stranger is not told what another asked
            self.counters["refused"] += 1
            self._send(peer, *_encoded(header, ReplyStatus.DENIED, refused))
            return
        name = (header.caller, header.id)
        if name in self._answers:
            self._answer_again(peer, header, name)
            return
        if self._clock.monotonic_ns() > header.deadline_ns:
            self.counters["expired"] += 1
            self._answer(peer, header, ReplyStatus.EXPIRED, Refused(Code.EXPIRED))
            return
        self._answers[name] = None
        if len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)
        self._execute(peer, header, message)

    def _execute(self, peer: bytes, header: RequestHeader, message: Message) -> None:
        try:
            answer = self._handle(message, header)
        except Exception as error:  # noqa: BLE001 - answered, then it ends the actor
            self._fail(peer, header, error)
            return
        if inspect.isawaitable(answer):
            self._spawn(self._execute_later(peer, header, answer))
        else:
            self._finish(peer, header, answer)

    async def _execute_later(self, peer: bytes, header: RequestHeader, answer: Awaitable[Answer]) -> None:
        try:
            result = await answer
        except Exception as error:  # noqa: BLE001 - answered, then it ends the actor
            self._fail(peer, header, error)
        else:
            self._finish(peer, header, result)

    def _finish(self, peer: bytes, header: RequestHeader, answer: Answer) -> None:
        if isinstance(answer, Refused):
            self.counters["refused"] += 1
            self._answer(peer, header, ReplyStatus.DENIED, answer)
        else:
            self._answer(peer, header, ReplyStatus.OK, answer if answer is not None else Empty())

    def _fail(self, peer: bytes, header: RequestHeader, error: BaseException) -> None:
        reason = f"{type(error).__name__}: {error}"
        self._answer(peer, header, ReplyStatus.FAILED, Refused(Code.HANDLER_FAILED, reason))
        self._failed(error)

    def _answer(self, peer: bytes, header: RequestHeader, status: ReplyStatus, body: Message) -> None:
        raw_header, raw = _encoded(header, status, body)
        key = (header.caller, header.id)
        if key in self._answers:
            if len(raw) <= KEPT_ANSWER_BYTES:
                self._answers[key] = (raw_header, raw)
            else:
                del self._answers[key]
        self._send(peer, raw_header, raw)

    def _send(self, peer: bytes, raw_header: bytes, raw: bytes) -> None:
        if not self._link.send(peer, raw_header, raw):
            self.counters["unanswered"] += 1

    def _answer_again(self, peer: bytes, header: RequestHeader, key: tuple[str, int]) -> None:
        self.counters["repeated"] += 1
        kept = self._answers[key]
        if kept is None:
            return  # still being executed: its one answer goes to whoever asked first
        first = decode_reply_header(kept[0])
        status, code = ReplyStatus.DUPLICATE, Code.NONE
        if isinstance(first, ReplyHeader) and first.status != ReplyStatus.OK:
            status, code = ReplyStatus(first.status), first.code
        self._link.send(peer, encode(ReplyHeader(WIRE_VERSION, header.id, status, code)), kept[1])


def _encoded(header: RequestHeader, status: ReplyStatus, body: Message) -> tuple[bytes, bytes]:
    code = body.code if isinstance(body, Refused) else Code.NONE
    return encode(ReplyHeader(WIRE_VERSION, header.id, status, code)), encode(body)
