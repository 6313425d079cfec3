"""The WebSocket API: requests by id, and the account's events, on one connection.

A request is written before `call` returns, in the order of calls. Its answer, an error, or the lack of both is told
once to its callback; an answer that comes after that (the timeout was ours, not the venue's) is told as well.
Nothing is ever resent. A message that cannot be read may have been an event of an order: it ends the connection, so
that what was lost is asked for. After `logon` requests carry neither key nor signature.
Source: Binance Spot API, web-socket-api, 2026-07.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec
from msgspec import Raw

from venues.binance.client.access import Credentials
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import ApiError, ClientError, NoAnswer, NotSent, UnreadableAnswer, api_error
from venues.binance.client.limits import Limits
from venues.binance.client.payloads.session import ErrorBody
from venues.binance.client.signing import RECV_WINDOW_MS, Ed25519Signer, signer_for, ws_payload
from venues.binance.client.socket import Socket
from venues.unreadable import NOT_READABLE

__all__ = ["Answered", "WsApi"]

Answered: TypeAlias = Callable[[bytes | ClientError], None]
"""Told the result's JSON, or what went wrong."""

PENDING_LIMIT = 1000
"""Requests without an answer; beyond it the venue is not answering, and nothing more is sent."""
LATE_S = 60.0
"""How long an answer may come after its timeout and still be told; no answer is known to take a minute."""
SHUTDOWN = b'"serverShutdown"'


class _Frame(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Any message: an answer has `status`, an event `event`; an event of the server itself has no subscription."""

    id: int | str | None = None
    status: int = 0
    result: Raw = Raw()
    error: ErrorBody | None = None
    event: Raw = Raw()
    subscription_id: int | None = None
    rate_limits: Raw = Raw()


class _Wait(msgspec.Struct, frozen=True, rename="camel"):
    """The `data` of a refusal by a limit: both UNIX ms."""

    server_time: int
    retry_after: int


class _Pending:
    __slots__ = ("answered", "late", "timer")

    def __init__(self, answered: Answered, timer: asyncio.TimerHandle) -> None:
        self.answered = answered
        self.timer = timer
        self.late = False


_frames = msgspec.json.Decoder(_Frame)
_wait = msgspec.json.Decoder(_Wait)
_encode = msgspec.json.Encoder().encode


class WsApi:
    """One connection. `on_event` gets each event's JSON, `on_unreadable` what is neither answer nor event.

    `on_shutdown` is told that the server will close the connection soon; `limits` are fed by every answer.
    """

    def __init__(
        self,
        socket: Socket,
        credentials: Credentials | None,
        clock: ServerClock,
        on_event: Callable[[bytes], None],
        on_unreadable: Callable[[UnreadableAnswer], None],
        on_shutdown: Callable[[], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.credentials = credentials
        self.is_logged_on = False
        self._socket = socket
        self._clock = clock
        self._on_event, self._on_unreadable, self._on_shutdown = on_event, on_unreadable, on_shutdown
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._pending: dict[int, _Pending] = {}
        self._last_id = 0
        self._is_open = True
        self._drained: asyncio.Future[None] | None = None
        if credentials is not None:
            self._api_key = credentials.api_key.reveal()
            self._signer = signer_for(credentials.api_secret.reveal())

    @property
    def is_open(self) -> bool:
        """False once the connection has ended."""
        return self._is_open

    @property
    def can_log_on(self) -> bool:
        """True with an Ed25519 key: no other can."""
        return self.credentials is not None and isinstance(self._signer, Ed25519Signer)

    def call(
        self,
        method: str,
        params: dict[str, Any],
        answered: Answered,
        timeout_s: float,
        signed: bool = True,
        recv_window_ms: int = RECV_WINDOW_MS,
    ) -> int:
        """Write a request and return the timestamp (server's UNIX ms) that it carries, 0 where it is not signed.

        Raises NotSent where nothing left, NoAnswer where that is not certain; then `answered` is never called.
        """
        if not self._is_open:
            raise NotSent("the connection to the WebSocket API is closed")
        if len(self._pending) >= PENDING_LIMIT:
            raise NotSent(f"{PENDING_LIMIT} requests are without an answer")
        stamp = 0
        if signed:
            stamp = self._sign(params, recv_window_ms)
        self._last_id += 1
        number = self._last_id
        self._socket.send(_encode({"id": number, "method": method, "params": params}))
        timer = self._loop.call_later(timeout_s, self._time_out, number, f"{method}: no answer in {timeout_s:g} s")
        self._pending[number] = _Pending(answered, timer)
        return stamp

    async def request(
        self,
        method: str,
        params: dict[str, Any],
        timeout_s: float = 10.0,
        signed: bool = True,
        recv_window_ms: int = RECV_WINDOW_MS,
    ) -> bytes:
        """As `call`, and wait: return the result's JSON or raise the error."""
        future: asyncio.Future[bytes | ClientError] = self._loop.create_future()

        def answered(answer: bytes | ClientError) -> None:
            if not future.done():
                future.set_result(answer)

        self.call(method, params, answered, timeout_s, signed, recv_window_ms)
        answer = await future
        if isinstance(answer, ClientError):
            raise answer
        return answer

    async def logon(self, timeout_s: float = 10.0) -> None:
        """Authenticate this connection. Raises NotSent with a key that is not Ed25519."""
        if not self.can_log_on:
            raise NotSent("session.logon needs an Ed25519 key")
        await self.request("session.logon", {}, timeout_s)
        self.is_logged_on = True

    async def run(self, ended: Callable[[str], None]) -> None:
        """Read until the connection ends; then tell why, and after that each request that it will not be answered."""
        while self._is_open:
            raw = await self._socket.read()
            if raw is None:
                break
            self._take(raw)
        self._is_open = False
        ended(self._socket.reason)
        self._fail_pending(f"the connection ended before the answer: {self._socket.reason}")

    async def drain(self, limit_s: float) -> None:
        """Wait until every request is answered or has timed out, at most `limit_s`."""
        if self._is_open and self._waits():
            self._drained = self._loop.create_future()
            await asyncio.wait([self._drained], timeout=limit_s)

    def abort(self, reason: str) -> None:
        """End the connection."""
        self._socket.abort(reason)

    def _sign(self, params: dict[str, Any], recv_window_ms: int) -> int:
        if self.credentials is None:
            raise NotSent("the request needs an API key, and none is configured")
        if not self._clock.is_known:
            raise NotSent("the server's time is not known")
        stamp = self._clock.now_ms()
        params["recvWindow"] = recv_window_ms
        params["timestamp"] = stamp
        if not self.is_logged_on:
            params["apiKey"] = self._api_key
            params["signature"] = self._signer.sign(ws_payload(params))
        return stamp

    def _take(self, raw: bytes) -> None:
        try:
            frame = _frames.decode(raw)
        except NOT_READABLE as error:
            self._lose(UnreadableAnswer(raw, str(error)))
            return
        if frame.status:
            self._take_answer(frame, raw)
            return
        event = bytes(frame.event)
        if event:
            if frame.subscription_id is None and SHUTDOWN in event and self._on_shutdown is not None:
                self._on_shutdown()
            self._on_event(event)
        elif frame.id is None:
            self._lose(UnreadableAnswer(raw, "neither an answer nor an event"))
        else:
            self._on_unreadable(UnreadableAnswer(raw, "an answer without a status"))

    def _lose(self, error: UnreadableAnswer) -> None:
        """An event may be lost: read no more, so that the end is told at once."""
        self._is_open = False
        self.abort("a message cannot be read; it may have been an event")
        self._on_unreadable(error)

    def _take_answer(self, frame: _Frame, raw: bytes) -> None:
        if self._limits is not None:
            self._limits.note_rate_limits(bytes(frame.rate_limits))
        pending = self._pending.pop(frame.id, None) if isinstance(frame.id, int) else None
        answer = _answer_of(frame, raw)
        if pending is not None:
            pending.timer.cancel()
            pending.answered(answer)
            self._note_drained()
        elif isinstance(answer, ApiError):  # to nobody: the key was revoked, or our message was no request
            self._on_unreadable(UnreadableAnswer(raw, str(answer), frame.status))

    def _time_out(self, number: int, reason: str) -> None:
        pending = self._pending[number]
        if pending.late:
            del self._pending[number]
            return
        pending.late = True
        pending.timer = self._loop.call_later(LATE_S, self._time_out, number, reason)
        pending.answered(NoAnswer(reason))
        self._note_drained()

    def _waits(self) -> bool:
        return any(not pending.late for pending in self._pending.values())

    def _note_drained(self) -> None:
        if self._drained is not None and not self._drained.done() and not self._waits():
            self._drained.set_result(None)

    def _fail_pending(self, reason: str) -> None:
        waiting, self._pending = self._pending, {}
        for pending in waiting.values():
            pending.timer.cancel()
            if not pending.late:
                pending.answered(NoAnswer(reason))
        self._note_drained()


def _answer_of(frame: _Frame, raw: bytes) -> bytes | ClientError:
    error = frame.error
    if error is not None:
        wait_s = _retry_after_s(error.data) if frame.status in (418, 429) else 0.0
        return api_error(error.code, error.msg, frame.status, wait_s, error.data)
    if frame.status == 200:
        return bytes(frame.result)
    return UnreadableAnswer(raw, "an answer without result and error", frame.status)


def _retry_after_s(data: Raw) -> float:
    try:
        wait = _wait.decode(data)
    except NOT_READABLE:
        return 0.0
    return max(0.0, (wait.retry_after - wait.server_time) / 1000)
