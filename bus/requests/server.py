"""The server's end: each request is refused, or executed once and answered.

A handler that is still busy with a request does not hold others up. The same id again, from a caller that lost its
connection, joins those who wait for the one answer. An answer in parts is sent as fast as its caller takes it; when
the caller is gone, or takes nothing for long, the handler's iterator is closed.
"""

from __future__ import annotations

import asyncio
import inspect
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bus.clock import Clock
from bus.codec import (
    WIRE_VERSION,
    OtherVersion,
    ReplyHeader,
    ReplyStatus,
    RequestHeader,
    decode,
    decode_request_header,
    encode,
)
from bus.messages import (
    AcknowledgeParts,
    CancelRequest,
    Code,
    Empty,
    GetTime,
    HostTime,
    Message,
    Refused,
    Unknown,
    Unreadable,
)
from bus.noter import REQUEST, Noter
from bus.requests.answers import Answers, Kept
from bus.requests.running import Running
from bus.transport import Frames, Link, Transport

__all__ = ["ACKNOWLEDGE_S", "RUNNING_EACH", "RUNNING_LIMIT", "Answer", "Server", "allow_all"]

Answer = Message | AsyncIterator[Message] | None
"""What a handler gives: a message (OK), None (OK, nothing to say), `Refused` (DENIED), or messages, each a part of the
answer to a question; a `Refused` among them ends it as DENIED."""

RUNNING_LIMIT = 4096
"""Requests under way at a time, all callers' together; more are refused, for nobody works through them in time."""
RUNNING_EACH = 1024
"""Of these, one key's: who asks without end, or takes no answer, leaves room for the others."""
ACKNOWLEDGE_S = 30.0
"""A caller that takes no part of its answer for so long has forgotten it, or is frozen."""

_CONTROLS = frozenset((AcknowledgeParts, CancelRequest, GetTime))


def allow_all(key: str, header: RequestHeader, message: Message) -> Refused | None:
    """Judge a request where no keys are asked for."""
    return None


class Server:
    """Answers requests. `handle` may be plain or async; `failed` is told of an exception after it was answered.

    `refusal` judges each request by the key that its connection proved, whatever the request says of its sender. With
    `remote`, a ``tcp://HOST:PORT``, other hosts are answered as well.
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
        noter: Noter | None = None,
    ) -> None:
        names = ("requests", "refused", "expired", "repeated", "unreadable", "unanswered", "withdrawn")
        self.counters = dict.fromkeys(names, 0)
        self._clock, self._noter = clock, noter
        self._clock_id = secrets.randbits(62) + 1
        self._handle, self._spawn, self._failed, self._judge = handle, spawn, failed, refusal
        self._answers = Answers()
        self._running: dict[tuple[str, int], Running] = {}
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
            if isinstance(header, OtherVersion):
                self._answer(header.id, (peer,), ReplyStatus.DENIED, Refused(Code.BAD_VERSION, header.reason))
            return
        noter = self._noter
        if noter is None:
            self._take(peer, key, header, raw)
        elif noter.begin(REQUEST, b"", raw_header, raw):
            self._take(peer, key, header, raw)
            noter.done()
        else:
            self.counters["refused"] += 1
            self._answer(header.id, (peer,), ReplyStatus.FAILED, Refused(Code.POISON))

    def _take(self, peer: bytes, key: str, header: RequestHeader, raw: bytes) -> None:
        message = decode(raw)
        if isinstance(message, (Unknown, Unreadable)):
            self.counters["unreadable"] += 1
            reason = message.reason if isinstance(message, Unreadable) else f"unknown message {message.tag!r}"
            self._answer(header.id, (peer,), ReplyStatus.DENIED, Refused(Code.UNREADABLE, reason))
        elif type(message) in _CONTROLS:
            self._on_control(peer, header, message)
        elif (refused := self._judge(key, header, message)) is not None:  # before all else: who is not allowed to ask
            self.counters["refused"] += 1  # is not told either what became of somebody else's request
            self._answer(header.id, (peer,), ReplyStatus.DENIED, refused)
        elif not self._is_repeated(peer, header):
            refusal = self._refusal(key, header)
            if refusal is None:
                self._execute(peer, key, header, message)
            else:
                status = ReplyStatus.EXPIRED if refusal.code is Code.EXPIRED else ReplyStatus.DENIED
                self._answer(header.id, (peer,), status, refusal)

    def _on_control(self, peer: bytes, header: RequestHeader, message: Message) -> None:
        if isinstance(message, GetTime):
            told = HostTime(self._clock_id, self._clock.monotonic_ns())
            self._answer(header.id, (peer,), ReplyStatus.OK, told)
        elif isinstance(message, (AcknowledgeParts, CancelRequest)):
            running = self._running.get((header.caller, message.id))
            if running is None or peer not in running.askers:
                return
            if isinstance(message, AcknowledgeParts):
                running.acknowledge(message.upto)
            elif running.is_query and not running.withdrawn:
                self.counters["withdrawn"] += 1
                self._give_up(running, peer)

    def _give_up(self, running: Running, peer: bytes) -> None:
        if len(running.askers) == 1:
            running.withdraw()
        else:
            running.askers.remove(peer)
            self._answer(running.header.id, (peer,), ReplyStatus.DENIED, Refused(Code.WITHDRAWN))

    def _is_repeated(self, peer: bytes, header: RequestHeader) -> bool:
        """Answer an id that was executed already; let one that is being executed wait for the answer."""
        key = (header.caller, header.id)
        kept = self._answers.get(key)
        if kept is not None:
            self.counters["repeated"] += 1
            status = ReplyStatus.DUPLICATE if kept.status is ReplyStatus.OK else kept.status
            self._send(peer, ReplyHeader(WIRE_VERSION, header.id, status, kept.code), kept.raw)
            return True
        running = self._running.get(key)
        if running is None:
            return False
        self.counters["repeated"] += 1
        if peer not in running.askers:
            if running.in_parts:  # those that were sent are lost: the question is asked anew
                del self._running[key]
                running.withdraw()
                return False
            running.askers.append(peer)
        return True

    def _refusal(self, key: str, header: RequestHeader) -> Refused | None:
        if header.clock and header.clock != self._clock_id:
            self.counters["refused"] += 1
            return Refused(Code.CLOCK_UNKNOWN)
        if self._clock.monotonic_ns() > header.deadline_ns:
            self.counters["expired"] += 1
            return Refused(Code.EXPIRED)
        if self._is_busy(key):
            self.counters["refused"] += 1
            return Refused(Code.BUSY)
        return None

    def _is_busy(self, key: str) -> bool:
        count = len(self._running)
        if count < RUNNING_EACH or count >= RUNNING_LIMIT or not key:
            return count >= RUNNING_LIMIT
        return sum(running.key == key for running in self._running.values()) >= RUNNING_EACH

    def _execute(self, peer: bytes, key: str, header: RequestHeader, message: Message) -> None:
        running = Running(header, message.is_query, peer, key)
        try:
            answer = self._handle(message, header)
        except Exception as error:  # noqa: BLE001 - answered, then it ends the actor
            self._fail(running, error)
            return
        if answer is None or isinstance(answer, Message):
            self._finish(running, answer)
        else:
            self._running[header.caller, header.id] = running
            self._spawn(self._execute_later(running, answer))

    async def _execute_later(self, running: Running, answer: Awaitable[Answer] | AsyncIterator[Message]) -> None:
        running.begin()
        try:
            result = await self._result(running, answer)
        except asyncio.CancelledError:
            if running.withdrawn:
                self._finish(running, Refused(Code.WITHDRAWN))
                return
            task = asyncio.current_task()
            if task is None or not task.cancelling():  # not the actor's end, which its sockets tell
                self._end(running, ReplyStatus.FAILED, Refused(Code.HANDLER_FAILED, "it was cancelled from within"))
            raise
        except _NotTaken:
            self._end(running, ReplyStatus.FAILED, Refused(Code.PARTS_NOT_TAKEN))
        except Exception as error:  # noqa: BLE001 - answered, then it ends the actor
            self._fail(running, error)
        else:
            self._finish(running, result)

    async def _result(self, running: Running, answer: Awaitable[Answer] | AsyncIterator[Message]) -> Message | None:
        if running.withdrawn:  # before its first step
            if inspect.iscoroutine(answer):
                answer.close()
            return Refused(Code.WITHDRAWN)
        result = answer if isinstance(answer, AsyncIterator) else await answer
        return await self._send_parts(running, result) if isinstance(result, AsyncIterator) else result

    async def _send_parts(self, running: Running, parts: AsyncIterator[Message]) -> Message | None:
        """Send the parts, no more at a time than their caller may leave untaken; return what ends the answer."""
        try:
            if not running.is_query:
                raise TypeError("a command was answered in parts; only a question may be")
            running.in_parts, running.askers = True, running.askers[-1:]  # the newest connection is the one that lives
            while await running.room(ACKNOWLEDGE_S):
                part = await anext(parts, None)
                if part is None or isinstance(part, Refused):
                    return part
                running.sent += 1
                header = ReplyHeader(WIRE_VERSION, running.header.id, ReplyStatus.CHUNK, Code.NONE, running.sent)
                if not self._send(running.askers[0], header, encode(part)):
                    raise _NotTaken
                await asyncio.sleep(0)  # an iterator that waits for nothing must not hold the loop
            raise _NotTaken
        finally:
            close = getattr(parts, "aclose", None)
            if close is not None:
                await close()

    def _finish(self, running: Running, answer: Message | None) -> None:
        if isinstance(answer, Refused):
            self.counters["refused"] += 1
            self._end(running, ReplyStatus.DENIED, answer)
        else:
            self._end(running, ReplyStatus.OK, answer if answer is not None else Empty())

    def _fail(self, running: Running, error: BaseException) -> None:
        reason = f"{type(error).__name__}: {error}"
        self._end(running, ReplyStatus.FAILED, Refused(Code.HANDLER_FAILED, reason))
        self._failed(error)

    def _end(self, running: Running, status: ReplyStatus, body: Message) -> None:
        """Give the one answer to all who asked, and remember it."""
        key = (running.header.caller, running.header.id)
        if self._running.get(key) is running:
            del self._running[key]
        raw = self._answer(running.header.id, running.askers, status, body, running.sent)
        if not running.in_parts:
            code = body.code if isinstance(body, Refused) else Code.NONE
            self._answers.keep(key, running.is_query, Kept(status, code, raw))

    def _answer(
        self, number: int, askers: Sequence[bytes], status: ReplyStatus, body: Message, parts: int = 0
    ) -> bytes:
        """Send an answer to whom it may reach, as done again to all but the first; return its body."""
        code = body.code if isinstance(body, Refused) else Code.NONE
        raw = encode(body)
        for peer in askers:
            self._send(peer, ReplyHeader(WIRE_VERSION, number, status, code, parts), raw)
            if status is ReplyStatus.OK:
                status = ReplyStatus.DUPLICATE
        return raw

    def _send(self, peer: bytes, header: ReplyHeader, raw: bytes) -> bool:
        sent = self._link.send(peer, encode(header), raw)
        if not sent:
            self.counters["unanswered"] += 1
        return sent


class _NotTaken(Exception):
    """The caller of an answer in parts is gone, or takes nothing any more."""
