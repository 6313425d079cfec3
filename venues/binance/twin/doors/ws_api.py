"""The WebSocket API: requests, one a text frame, and their answers.

Source: Binance Spot API, web-socket-api, 2026-07.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType

from venues.binance.twin.doors.garbage import garbled
from venues.binance.twin.doors.session import Session
from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.errors import SessionRevoked, VenueError, illegal_characters, not_supported
from venues.binance.twin.limits import Address
from venues.binance.twin.render import decode, encode, in_microseconds
from venues.binance.twin.requests.desk import Desk
from venues.binance.twin.requests.endpoints import BY_METHOD
from venues.binance.twin.requests.keys import Key
from venues.binance.twin.requests.request import Outcome, Request
from venues.binance.twin.requests.signing import text, ws_payload
from venues.binance.twin.requests.trouble import Trouble, suffer

CONNECT_WEIGHT = 2
MAX_ID_LENGTH = 36
MIN_INT, MAX_INT = -(2**63), 2**63 - 1
IDENT = "^[a-zA-Z0-9-_]{1,36}$"


class ApiSession:
    """One connection of the WebSocket API."""

    def __init__(
        self,
        socket: Socket,
        address: Address,
        desk: Desk,
        users: UserStreams,
        show_limits: bool = True,
        is_microseconds: bool = False,
    ) -> None:
        self._socket = socket
        self._address = address
        self._desk = desk
        self._users = users
        self._show_limits = show_limits
        self._is_microseconds = is_microseconds
        self._session = Session(socket, desk, users, show_limits)
        self._late: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Answer until the client goes."""
        async for message in self._socket.requests():
            if message.type == WSMsgType.TEXT:
                self._take(message.data)

    def close(self) -> None:
        """The connection is gone, and its subscriptions end. A late request still reaches the engine."""
        self._session.close()

    def revoked(self, key: Key) -> None:
        """A key was revoked."""
        self._session.revoked(key)

    def announce_shutdown(self, now_ms: int) -> None:
        """Tell the client that this connection will close soon."""
        self._socket.send(encode({"event": {"e": "serverShutdown", "E": now_ms}}))

    def serve(self, request: Request) -> Any:
        """The result of a request. Raises VenueError with the refusal."""
        self._session.check_key(request.address.ip)
        if self._session.serves(request.name) and self._socket.is_open:
            return self._session.serve(request)
        if request.endpoint is None:
            request.address.spend(1, self._desk.exchange.now_ms)
            raise not_supported()
        return self._desk.serve(request, request.endpoint)

    def _take(self, data: str) -> None:
        request = Request("ws_api", "", None, {}, self._address, None, bytes, socket=self._socket.number)
        turn = _Turn(self, self._socket, self._desk, self._users, request, self._show_limits, self._is_microseconds)
        try:
            parsed = _parsed(data)
            turn.ident = parsed.get("id")
            name, params = _method(parsed)
        except VenueError as refused:
            turn.answer(Outcome(error=refused))
            return
        turn.shows_limits = _text(params.get("returnRateLimits", self._show_limits)) != "false"
        request.name, request.endpoint, request.shown = name, BY_METHOD.get(name), params
        request.sent = _sent(params)
        request.key = request.sent.get("apiKey")
        request.payload = lambda: ws_payload(params)
        request.session = self._session.key
        trouble = self._desk.trouble(request)
        if trouble is None:
            turn.answer(turn.execute())
            self._users.flush()
            return
        task = asyncio.ensure_future(suffer(trouble, request, turn))
        self._late.add(task)
        task.add_done_callback(self._late.discard)


@dataclass(slots=True)
class _Turn:
    """One request's way to its answer."""

    api: ApiSession
    socket: Socket
    desk: Desk
    users: UserStreams
    request: Request
    shows_limits: bool
    is_microseconds: bool
    ident: Any = None

    def execute(self) -> Outcome:
        return self.desk.outcome(self.request, lambda: self.api.serve(self.request))

    def tell_account(self) -> None:
        self.users.flush()

    def answer(self, outcome: Outcome, **more: Any) -> None:
        self.desk.log_answered(self.request, outcome, **more)
        self.socket.send(self._render(outcome))

    def garble(self, outcome: Outcome, trouble: Trouble) -> None:
        raw, _ = garbled(self._render(outcome), trouble.garbage, trouble.html_status)
        is_text = trouble.garbage in ("html", "truncated")
        self.socket.send(raw, WSMsgType.TEXT if is_text else WSMsgType.BINARY)

    async def hold(self) -> None:
        """Nothing is sent, and the connection goes on."""

    def cut(self) -> None:
        self.socket.reset("fault")

    def _render(self, outcome: Outcome) -> bytes:
        error = outcome.error
        if isinstance(error, SessionRevoked):
            return encode({"id": None, "status": error.status, "error": error.body})
        answer: dict[str, Any] = {"id": self.ident, "status": outcome.status}
        if error is None:
            answer["result"] = in_microseconds(outcome.body) if self.is_microseconds else outcome.body
        else:
            answer["error"] = error.body
            if error.retry_at_ms is not None:
                times = {"serverTime": self.desk.exchange.now_ms, "retryAfter": error.retry_at_ms}
                answer["error"]["data"] = times | (error.data or {})
        if self.shows_limits:
            answer["rateLimits"] = self._limits()
        return encode(answer)

    def _limits(self) -> list[dict[str, Any]]:
        now_ms, endpoint = self.desk.exchange.now_ms, self.request.endpoint
        weight = self.request.address.report(now_ms)
        if endpoint is None or not endpoint.places_order:
            return [weight]
        account = self.desk.account_of(self.request)
        return [*(account.limit.report(now_ms) if account is not None else []), weight]


def _parsed(data: str) -> dict[str, Any]:
    """A request with a lawful id. Raises VenueError -1135 or -1100 for what is none."""
    try:
        request = decode(data)
    except (ValueError, RecursionError):
        raise VenueError(-1135, "Invalid JSON Request") from None
    if not isinstance(request, dict):
        raise VenueError(-1135, "Invalid JSON Request")
    ident = request.get("id")
    if isinstance(ident, bool) or not (ident is None or isinstance(ident, int | str)):
        raise illegal_characters("id", IDENT)
    if isinstance(ident, int) and not MIN_INT <= ident <= MAX_INT:
        raise illegal_characters("id", IDENT)
    if isinstance(ident, str) and len(ident) > MAX_ID_LENGTH:
        raise illegal_characters("id", IDENT)
    return request


def _method(request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """(method without version, parameters). Raises VenueError -1102 or -1135."""
    method, params = request.get("method"), request.get("params")
    if not isinstance(method, str) or not method:
        raise VenueError(-1102, "Mandatory parameter 'method' was not sent, was empty/null, or malformed.")
    if params is not None and not isinstance(params, dict):
        raise VenueError(-1135, "Invalid 'params' in JSON request; expected an object.")
    return method.removeprefix("v3/"), dict(params or {})


def _sent(params: dict[str, Any]) -> dict[str, str]:
    """Parameters of the endpoint itself; `returnRateLimits` is signed too, but is the request's."""
    return {name: _text(value) for name, value in params.items() if name != "returnRateLimits"}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return encode(value).decode() if isinstance(value, list | dict) else text(value)
