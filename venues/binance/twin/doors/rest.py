"""REST over HTTP: parameters from the query, a form body or both, the venue's headers, JSON always.

Source: Binance Spot API, rest-api, general information, 2026-07.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.errors import VenueError, duplicate_parameter, mandatory
from venues.binance.twin.render import encode, in_microseconds
from venues.binance.twin.requests.desk import Desk
from venues.binance.twin.requests.endpoint import Endpoint
from venues.binance.twin.requests.endpoints import BY_PATH
from venues.binance.twin.requests.signing import rest_payload

LISTEN_KEY_PATH = "/api/v3/userDataStream"
GONE = (
    b"<html>\n<head><title>410 Gone</title></head>\n<body>\n<center><h1>410 Gone</h1></center>\n"
    b"<hr><center>nginx</center>\n</body>\n</html>"
)
"""What every verb on the retired listen-key path answers: HTML, not JSON."""


class Rest:
    """Handles every HTTP request that is no WebSocket."""

    def __init__(self, desk: Desk, users: UserStreams, legacy_listen_key: bool) -> None:
        self._desk = desk
        self._users = users
        self._legacy = legacy_listen_key

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request."""
        body = await request.read()
        query = request.rel_url.raw_query_string.encode()
        if request.path == LISTEN_KEY_PATH and not self._legacy:
            self._desk.log_received("rest", f"{request.method} {request.path}", {}, None)
            self._desk.log_answered("rest", f"{request.method} {request.path}", 410, None, None, None)
            return web.Response(status=410, body=GONE, content_type="text/html")
        name = f"{request.method} {request.path}"
        sent: dict[str, str] = {}
        error: VenueError | None = None
        answer: Any
        endpoint = BY_PATH.get((request.method, request.path))
        try:
            sent = parse(query, body)
            self._desk.log_received("rest", name, sent, None)
            if request.path == LISTEN_KEY_PATH:
                answer = self._listen_key(request.method, sent, request.headers.get("X-MBX-APIKEY"))
            elif endpoint is None:
                raise VenueError(-1000, f"No such path: {request.method} {request.path}.", status=404)
            else:
                key = request.headers.get("X-MBX-APIKEY")
                answer = self._desk.serve(endpoint, sent, key, lambda: rest_payload(query, body))
                answer = self._in_unit(request, answer)
        except VenueError as refused:
            error, answer = refused, refused.body
        status = error.status if error else 200
        self._desk.log_answered("rest", name, status, answer, error, None)
        # The handler's answer is written before the loop runs anything else, so its events follow it.
        asyncio.get_running_loop().call_soon(self._users.flush)
        headers = self._headers(endpoint, request.headers.get("X-MBX-APIKEY"), error)
        return web.Response(
            status=status,
            body=encode(answer),
            headers=headers,
            content_type="application/json",
            charset="UTF-8",
        )

    def _in_unit(self, request: web.Request, answer: Any) -> Any:
        unit = request.headers.get("X-MBX-TIME-UNIT")
        if unit is None or unit.upper() == "MILLISECOND":
            return answer
        if unit.upper() != "MICROSECOND":
            text = "Invalid value for time unit; expected either MICROSECOND or MILLISECOND."
            raise VenueError(-1194, text)
        return in_microseconds(answer)

    def _headers(self, endpoint: Endpoint | None, key: str | None, error: VenueError | None) -> dict[str, str]:
        now_ms = self._desk.exchange.now_ms
        used = str(self._desk.address.used(now_ms))
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        if endpoint is not None and endpoint.places_order and error is None:
            recent, today = self._desk.account_of(key).limit.used(now_ms)
            headers |= {"X-MBX-ORDER-COUNT-10S": str(recent), "X-MBX-ORDER-COUNT-1D": str(today)}
        if error is not None and error.retry_at_ms is not None:
            headers["Retry-After"] = str(max(1, -(-(error.retry_at_ms - now_ms) // 1000)))
        return headers

    def _listen_key(self, method: str, sent: dict[str, str], key: str | None) -> dict[str, Any]:
        account = self._desk.account_of(key)
        if method == "POST":
            return {"listenKey": self._users.new_listen_key(account.api_key)}
        listen_key = sent.get("listenKey")
        if not listen_key:
            raise mandatory("listenKey")
        if not self._users.knows(listen_key, account.api_key):
            raise VenueError(-1125, "This listenKey does not exist.")
        if method == "DELETE":
            self._users.end_listen_key(listen_key)
        return {}


def parse(query: bytes, body: bytes) -> dict[str, str]:
    """Parameters by name; the query wins over the body. Raises VenueError -1101 on a name sent twice."""
    merged: dict[str, str] = {}
    for part in (body, query):
        pairs = parse_qsl(part.decode("utf-8", "replace"), keep_blank_values=True)
        if len({name for name, _ in pairs}) != len(pairs):
            raise duplicate_parameter()
        merged.update(pairs)
    return merged
