"""REST over HTTP: parameters from the query, a form body or both, the venue's headers, JSON nearly always.

What a machine in front of the venue answers is HTML: the firewall's 403, a retired path's 410, a maintenance's 503.
Source: Binance Spot API, rest-api, general information, 2026-07.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from aiohttp import web

from venues.binance.twin.doors.garbage import HTML, garbled, page
from venues.binance.twin.doors.sockets import reset
from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.errors import VenueError, duplicate_parameter, mandatory, no_such_path, not_supported
from venues.binance.twin.limits import Addresses
from venues.binance.twin.render import encode, in_microseconds
from venues.binance.twin.requests.desk import Desk
from venues.binance.twin.requests.endpoints import BY_PATH
from venues.binance.twin.requests.request import Outcome, Request
from venues.binance.twin.requests.signing import rest_payload
from venues.binance.twin.requests.trouble import Trouble, suffer

LISTEN_KEY_PATH = "/api/v3/userDataStream"
STATUS_PATH = "/sapi/v1/system/status"
"""Says whether the venue is in maintenance; the one wallet endpoint that clients of the market ask."""
NORMAL, MAINTENANCE = {"status": 0, "msg": "normal"}, {"status": 1, "msg": "system_maintenance"}
PATHS = frozenset(path for _, path in BY_PATH)
HOLD_S = 600.0
"""How long a request that is never answered is held at most: no client waits as long."""
HOLD_LOOK_S = 0.05
"""How often it is seen whether its client has gone."""
_ATTACK = re.compile(rb"(?i)\b(union\s+select|select\s.+\sfrom|insert\s+into|delete\s+from|drop\s+table)\b|<script")
"""SQL and script in a request: the venue's pages warn that its firewall takes SQL keywords for an attack."""


class Rest:
    """Handles every HTTP request that is no WebSocket. `is_down` is set during a maintenance."""

    def __init__(self, desk: Desk, addresses: Addresses, users: UserStreams, legacy_listen_key: bool) -> None:
        self.is_down = False
        self._desk = desk
        self._addresses = addresses
        self._users = users
        self._legacy = legacy_listen_key

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        query = request.rel_url.raw_query_string.encode()
        name = f"{request.method} {request.path}"
        if request.path == STATUS_PATH:
            return web.Response(body=encode(MAINTENANCE if self.is_down else NORMAL), content_type="application/json")
        status = self._front(request, query, body)
        if status:
            asked = self._asked(request, name, {}, query, body)
            self._desk.log_received(asked)
            self._desk.log.write("answered", via="rest", socket=None, method=name, status=status, code=None)
            return web.Response(status=status, body=page(status), content_type=HTML)
        turn = _Turn(self, self._desk, self._users, request, self._asked(request, name, {}, query, body))
        try:
            turn.asked.sent = parse(query, body)
        except VenueError as refused:
            turn.answer(Outcome(error=refused))
            return turn.response
        trouble = self._desk.trouble(turn.asked)
        if trouble is None:
            turn.answer(turn.execute())
            # The handler's answer is written before the loop runs anything else, so its events follow it.
            asyncio.get_running_loop().call_soon(self._users.flush)
        else:
            await suffer(trouble, turn.asked, turn)
        return turn.response

    def serve(self, request: web.Request, asked: Request) -> Any:
        """The body of a successful answer. Raises VenueError with the refusal."""
        if request.path == LISTEN_KEY_PATH:
            return self._listen_key(request.method, asked)
        if asked.endpoint is None:
            asked.address.spend(1, self._desk.exchange.now_ms)
            raise not_supported(405) if request.path in PATHS else no_such_path(asked.name)
        return self._desk.serve(asked, asked.endpoint)

    def _front(self, request: web.Request, query: bytes, body: bytes) -> int:
        """The status with which a machine in front of the venue answers by itself, 0 where it lets the request in."""
        if self.is_down:
            return 503
        if request.path == LISTEN_KEY_PATH and not self._legacy:
            return 410
        text = unquote_to_bytes(query.replace(b"+", b" ") + b" " + body.replace(b"+", b" "))
        return 403 if _ATTACK.search(text) else 0

    def _asked(self, request: web.Request, name: str, sent: dict[str, str], query: bytes, body: bytes) -> Request:
        return Request(
            via="rest",
            name=name,
            endpoint=BY_PATH.get((request.method, request.path)),
            sent=sent,
            address=self._addresses.of(request.remote),
            key=request.headers.get("X-MBX-APIKEY"),
            payload=lambda: rest_payload(query, body),
        )

    def _listen_key(self, method: str, asked: Request) -> dict[str, Any]:
        key = self._desk.keys.of(asked.key)
        key.check_use("USER_STREAM", asked.address.ip)
        account = key.account.api_key
        if method == "POST":
            return {"listenKey": self._users.new_listen_key(account)}
        listen_key = asked.sent.get("listenKey")
        if not listen_key:
            raise mandatory("listenKey")
        if not self._users.knows(listen_key, account):
            raise VenueError(-1125, "This listenKey does not exist.")
        if method == "DELETE":
            self._users.end_listen_key(listen_key)
        return {}


@dataclass(slots=True)
class _Turn:
    """One request's way to its answer."""

    rest: Rest
    desk: Desk
    users: UserStreams
    request: web.Request
    asked: Request
    _response: web.Response | None = None

    @property
    def response(self) -> web.Response:
        """What aiohttp sends; on a connection that was cut it goes nowhere."""
        return self._response if self._response is not None else web.Response(status=500)

    def execute(self) -> Outcome:
        return self.desk.outcome(self.asked, self._serve)

    def tell_account(self) -> None:
        self.users.flush()

    def answer(self, outcome: Outcome, **more: Any) -> None:
        self.desk.log_answered(self.asked, outcome, **more)
        self._response = web.Response(
            status=outcome.status,
            body=self._body(outcome),
            headers=self._headers(outcome.error),
            content_type="application/json",
            charset="UTF-8",
        )

    def garble(self, outcome: Outcome, trouble: Trouble) -> None:
        status = trouble.html_status if trouble.garbage == "html" else outcome.status
        body, content_type = garbled(self._body(outcome), trouble.garbage, trouble.html_status)
        self._response = web.Response(status=status, body=body, content_type=content_type)

    async def hold(self) -> None:
        for _ in range(int(HOLD_S / HOLD_LOOK_S)):
            transport = self.request.transport
            if transport is None or transport.is_closing():
                return
            await asyncio.sleep(HOLD_LOOK_S)
        self.cut()

    def cut(self) -> None:
        reset(self.request.transport)

    def _serve(self) -> Any:
        is_microseconds = self._is_microseconds()
        body = self.rest.serve(self.request, self.asked)
        return in_microseconds(body) if is_microseconds else body

    def _body(self, outcome: Outcome) -> bytes:
        return encode(outcome.error.body if outcome.error is not None else outcome.body)

    def _is_microseconds(self) -> bool:
        unit = self.request.headers.get("X-MBX-TIME-UNIT", "MILLISECOND").upper()
        if unit not in ("MILLISECOND", "MICROSECOND"):
            raise VenueError(-1194, "Invalid value for time unit; expected either MICROSECOND or MILLISECOND.")
        return unit == "MICROSECOND"

    def _headers(self, error: VenueError | None) -> dict[str, str]:
        now_ms = self.desk.exchange.now_ms
        used = str(self.asked.address.used(now_ms))
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        endpoint = self.asked.endpoint
        if endpoint is not None and endpoint.places_order and error is None:
            account = self.desk.account_of(self.asked)
            if account is not None:
                recent, today = account.limit.used(now_ms)
                headers |= {"X-MBX-ORDER-COUNT-10S": str(recent), "X-MBX-ORDER-COUNT-1D": str(today)}
        if error is not None and error.retry_at_ms is not None:
            headers["Retry-After"] = str(error.retry_after_s(now_ms))
        return headers


def parse(query: bytes, body: bytes) -> dict[str, str]:
    """Parameters by name; the query wins over the body. Raises VenueError -1101 on a name sent twice."""
    merged: dict[str, str] = {}
    for part in (body, query):
        pairs = parse_qsl(part.decode("utf-8", "replace"), keep_blank_values=True)
        if len({name for name, _ in pairs}) != len(pairs):
            raise duplicate_parameter()
        merged.update(pairs)
    return merged
