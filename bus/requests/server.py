"""The server's end: each request is refused, or executed once and answered."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Awaitable, Callable

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

__all__ = ["Answer", "Server"]

Answer = Message | None
"""What a handler gives: a message (OK), None (OK, nothing to say) or `Refused` (DENIED)."""

ANSWERS_KEPT = 4096
"""Answers that a server keeps to give again for a repeated id."""
KEPT_ANSWER_BYTES = 4096
"""A larger answer is one to a question, which may be asked again, and not to a command."""


class Server:
    """Answers requests. `handle` may be plain or async; `failed` is told of an exception after it was answered."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        endpoint: str,
        handle: Callable[[Message, RequestHeader], Answer | Awaitable[Answer]],
        spawn: Callable[[Awaitable[None]], object],
        failed: Callable[[BaseException], None],
        allowed: Callable[[str, Message], bool] = lambda caller, message: True,
    ) -> None:
        self.counters = {"requests": 0, "refused": 0, "expired": 0, "repeated": 0, "unreadable": 0, "unanswered": 0}
        self._clock = clock
        self._handle, self._spawn, self._failed, self._allowed = handle, spawn, failed, allowed
        self._answers: OrderedDict[tuple[str, int], tuple[bytes, bytes] | None] = OrderedDict()
        self._link: Link = transport.server(endpoint, self._on_message)

    def close(self) -> None:
        """Close the socket."""
        self._link.close()

    def _on_message(self, frames: Frames) -> None:
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
        key = (header.caller, header.id)
        if key in self._answers:
            self._answer_again(peer, header, key)
            return
        if self._clock.monotonic_ns() > header.deadline_ns:
            self.counters["expired"] += 1
            self._answer(peer, header, ReplyStatus.EXPIRED, Refused(Code.EXPIRED))
            return
        if not self._allowed(header.caller, message):
            self.counters["refused"] += 1
            self._answer(peer, header, ReplyStatus.DENIED, Refused(Code.NOT_ALLOWED))
            return
        self._answers[key] = None
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
        code = body.code if isinstance(body, Refused) else Code.NONE
        raw_header, raw = encode(ReplyHeader(WIRE_VERSION, header.id, status, code)), encode(body)
        key = (header.caller, header.id)
        if key in self._answers:
            if len(raw) <= KEPT_ANSWER_BYTES:
                self._answers[key] = (raw_header, raw)
            else:
                del self._answers[key]
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
