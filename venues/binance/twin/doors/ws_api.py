"""The WebSocket API: requests, sessions and user-data subscriptions on one connection.

Source: Binance Spot API, web-socket-api, 2026-07.
"""

from __future__ import annotations

from typing import Any

from aiohttp import WSMsgType

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.errors import VenueError, illegal_characters
from venues.binance.twin.render import decode, encode, in_microseconds
from venues.binance.twin.requests.desk import Desk
from venues.binance.twin.requests.endpoints import BY_METHOD
from venues.binance.twin.requests.signing import text, ws_payload
from venues.binance.twin.trading.accounts import Account

CONNECT_WEIGHT = 2
SESSION_WEIGHT = 2
MAX_ID_LENGTH = 36
MAX_ACTIVE = 1_000
MAX_LIFETIME = 65_535
MIN_INT, MAX_INT = -(2**63), 2**63 - 1
IDENT = "^[a-zA-Z0-9-_]{1,36}$"


class ApiSession:
    """One connection of the WebSocket API."""

    def __init__(
        self, socket: Socket, desk: Desk, users: UserStreams, show_limits: bool, is_microseconds: bool
    ) -> None:
        self._socket = socket
        self._desk = desk
        self._users = users
        self._show_limits = show_limits
        self._is_microseconds = is_microseconds
        self._next_id = 0
        self._subscriptions: dict[int, Account] = {}
        self._session_methods = {
            "userDataStream.subscribe.signature": self._subscribe_signature,
            "userDataStream.subscribe": self._subscribe,
            "userDataStream.unsubscribe": self._unsubscribe,
            "session.subscriptions": self._list,
            "session.status": self._status,
            "session.logon": self._logon,
            "session.logout": self._status,
        }

    async def run(self) -> None:
        """Answer until the client goes."""
        async for message in self._socket.requests():
            if message.type == WSMsgType.TEXT:
                self._socket.send(encode(self._answer(message.data)))
                self._users.flush()

    def close(self) -> None:
        """The connection is gone: its subscriptions end."""
        for number in list(self._subscriptions):
            self._end(number)

    def _answer(self, data: str) -> dict[str, Any]:
        ident: Any = None
        method = ""
        account: Account | None = None
        result: Any = None
        error: VenueError | None = None
        show = self._show_limits
        try:
            request = _request(data)
            ident = request.get("id")
            method, params = _method(request)
            show = _text(params.get("returnRateLimits", show)) != "false"
            self._desk.log_received("ws_api", method, params, self._socket.number)
            result = self._serve(method, params)
            account = self._desk.exchange.accounts.get(str(params.get("apiKey")))
        except VenueError as refused:
            error = refused
        status = error.status if error else 200
        self._desk.log_answered("ws_api", method, status, result, error, self._socket.number)
        answer: dict[str, Any] = {"id": ident, "status": status}
        if error is None:
            answer["result"] = in_microseconds(result) if self._is_microseconds else result
        else:
            answer["error"] = error.body
            if error.retry_at_ms is not None:
                times = {"serverTime": self._desk.exchange.now_ms, "retryAfter": error.retry_at_ms}
                answer["error"]["data"] = times
        if show:
            answer["rateLimits"] = self._limits(method, account)
        return answer

    def _serve(self, method: str, params: dict[str, Any]) -> Any:
        session_method = self._session_methods.get(method)
        if session_method is not None:
            self._desk.address.spend(SESSION_WEIGHT, self._desk.exchange.now_ms)
            return session_method(params)
        endpoint = BY_METHOD.get(method)
        if endpoint is None:
            raise VenueError(-1020, "This operation is not supported.")
        sent = _sent(params)
        key = sent.get("apiKey")
        return self._desk.serve(endpoint, sent, key, lambda: ws_payload(params))

    def _limits(self, method: str, account: Account | None) -> list[dict[str, Any]]:
        now_ms = self._desk.exchange.now_ms
        orders = account.limit.report(now_ms) if account is not None and _places_order(method) else []
        return [*orders, self._desk.address.report(now_ms)]

    def _subscribe_signature(self, params: dict[str, Any]) -> dict[str, Any]:
        sent = _sent(params)
        account = self._desk.authenticate(sent, sent.get("apiKey"), lambda: ws_payload(params))
        if account in self._subscriptions.values():
            raise VenueError(-2035, "User Data Stream subscription already active.")
        if self._next_id >= MAX_LIFETIME or len(self._subscriptions) >= MAX_ACTIVE:
            raise VenueError(-2042, "Maximum subscription ID reached for this connection.")
        number, self._next_id = self._next_id, self._next_id + 1
        self._subscriptions[number] = account
        self._users.subscribe(self._socket, account.api_key, number)
        return {"subscriptionId": number}

    def _subscribe(self, params: dict[str, Any]) -> dict[str, Any]:
        raise VenueError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)

    def _unsubscribe(self, params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("subscriptionId")
        numbers = [number for number in self._subscriptions if wanted is None or number == wanted]
        if wanted is not None and not numbers:
            raise VenueError(-2036, "User Data Stream subscription not active.")
        for number in numbers:
            event = {"e": "eventStreamTerminated", "E": self._desk.exchange.now_ms}
            self._users.tell(self._socket, number, event)
            self._end(number)
        return {}

    def _end(self, number: int) -> None:
        account = self._subscriptions.pop(number)
        self._users.unsubscribe(self._socket, account.api_key, number)

    def _list(self, params: dict[str, Any]) -> list[dict[str, int]]:
        return [{"subscriptionId": number} for number in self._subscriptions]

    def _status(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            "apiKey": None,
            "authorizedSince": None,
            "connectedSince": self._socket.opened_ms,
            "returnRateLimits": self._show_limits,
            "serverTime": self._desk.exchange.now_ms,
            "userDataStream": bool(self._subscriptions),
        }

    def _logon(self, params: dict[str, Any]) -> dict[str, Any]:
        # Only Ed25519 keys may log on; the twin's are HMAC, whose signature is no Ed25519 signature.
        self._desk.account_of(_text(params.get("apiKey", "")))
        raise VenueError(-1022, "Signature for this request is not valid.")


def _places_order(method: str) -> bool:
    endpoint = BY_METHOD.get(method)
    return endpoint is not None and endpoint.places_order


def _request(data: str) -> dict[str, Any]:
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
