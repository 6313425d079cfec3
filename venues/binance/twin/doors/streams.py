"""The stream sockets: `/ws`, `/stream` and what a client may say on them.

The envelope follows the path, not the number of streams. Source: Binance Spot API, web-socket-streams,
2026-07.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.market.publisher import Publisher
from venues.binance.twin.render import decode, encode
from venues.binance.twin.requests.keys import Key
from venues.binance.twin.rules import Rules
from venues.twins.log import TruthLog

MAX_ID_LENGTH = 36


class StreamSession:
    """One stream socket: its subscriptions and its control messages."""

    def __init__(
        self,
        socket: Socket,
        publisher: Publisher,
        users: UserStreams,
        log: TruthLog,
        rules: Rules,
        combined: bool,
        microseconds: bool = False,
    ) -> None:
        self._socket = socket
        self._rules = rules
        self._publisher = publisher
        self._users = users
        self._log = log
        self._combined = combined
        self._microseconds = microseconds
        self._streams: dict[str, None] = {}
        self._recent: deque[float] = deque()

    def open(self, streams: list[str]) -> None:
        """Subscribe to the streams that the path named; a path that names too many ends the connection."""
        if len(set(streams)) > self._rules.streams_a_socket:
            self._socket.cut(WSCloseCode.POLICY_VIOLATION, "Too many streams")
        elif streams:
            self._subscribe(streams)

    async def run(self) -> None:
        """Answer until the client goes or breaks the rules."""
        async for message in self._socket.requests():
            now = time.monotonic()
            self._recent.append(now)
            while now - self._recent[0] >= 1.0:
                self._recent.popleft()
            if len(self._recent) > self._rules.messages_a_second:
                self._socket.cut(WSCloseCode.POLICY_VIOLATION, "Too many requests")
            elif message.type == WSMsgType.TEXT:
                self._socket.send(encode(self._answer(message.data)))

    def close(self) -> None:
        """The socket is gone: nothing is sent to it any more."""
        for stream in self._streams:
            self._publisher.unsubscribe(self._socket, stream)
            self._users.drop(self._socket, stream)

    def revoked(self, key: Key) -> None:
        """No key is used here."""

    def announce_shutdown(self, now_ms: int) -> None:
        """Tell the client that this connection will close soon."""
        event = {"e": "serverShutdown", "E": now_ms}
        self._socket.send(encode({"stream": "!serverShutdown", "data": event} if self._combined else event))

    def _answer(self, text: str) -> dict[str, Any]:
        try:
            request = decode(text)
        except (ValueError, RecursionError) as error:
            return {"code": 3, "msg": f"Invalid JSON: {error}"}
        if not isinstance(request, dict):
            return {"code": 2, "msg": "Invalid request: request must be an object"}
        ident = request.get("id")
        if not _is_ident(ident):
            return {"code": 2, "msg": "Invalid request: request ID must be an integer, a string or null"}
        method, params = request.get("method"), request.get("params")
        if method is None:
            return {"code": 2, "msg": "Invalid request: missing field `method`", "id": ident}
        if method in ("SUBSCRIBE", "UNSUBSCRIBE"):
            if not isinstance(params, list) or not all(isinstance(name, str) for name in params):
                return {
                    "code": 2,
                    "msg": "Invalid request: `params` must be a list of stream names",
                    "id": ident,
                }
            return self._change(method, params, ident)
        if method == "LIST_SUBSCRIPTIONS":
            return {"result": list(self._streams), "id": ident}
        if method in ("SET_PROPERTY", "GET_PROPERTY"):
            return self._property(method, params, ident)
        return {"code": 2, "msg": f"Invalid request: unknown variant `{method}`", "id": ident}

    def _change(self, method: str, names: list[str], ident: Any) -> dict[str, Any]:
        if method == "SUBSCRIBE":
            limit = self._rules.streams_a_socket
            if len(set(self._streams).union(names)) > limit:
                return {"code": 2, "msg": f"Invalid request: more than {limit} streams", "id": ident}
            self._subscribe(names)
        else:
            for name in names:
                self._streams.pop(name, None)
                self._publisher.unsubscribe(self._socket, name)
                self._users.drop(self._socket, name)
            self._log.write("unsubscribe", socket=self._socket.number, streams=names)
        return {"result": None, "id": ident}

    def _subscribe(self, names: list[str]) -> None:
        for name in names:
            self._streams[name] = None
            self._publisher.subscribe(self._socket, name, self._combined, self._microseconds)
            self._users.listen(self._socket, name, self._combined)
        self._log.write("subscribe", socket=self._socket.number, streams=names)

    def _property(self, method: str, params: Any, ident: Any) -> dict[str, Any]:
        if not isinstance(params, list) or not params or params[0] != "combined":
            return {"code": 0, "msg": "Unknown property", "id": ident}
        if method == "GET_PROPERTY":
            return {"result": self._combined, "id": ident}
        if len(params) != 2 or not isinstance(params[1], bool):
            return {"code": 1, "msg": "Invalid value type: expected Boolean", "id": ident}
        self._combined = params[1]
        for name in self._streams:
            self._publisher.subscribe(self._socket, name, self._combined, self._microseconds)
        return {"result": None, "id": ident}


def _is_ident(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_ID_LENGTH
    if isinstance(value, bool):
        return False
    return value is None or (isinstance(value, int) and -(2**63) <= value < 2**63)


def names_of(request: web.Request) -> tuple[list[str], bool] | None:
    """(streams named by the path, whether enveloped); None for a path that is no stream's."""
    path = request.match_info["path"]
    if path == "stream" or path.startswith("stream/"):
        # A plus is part of a name such as `@+08:00`, not a space as in a form.
        listed = request.query.get("streams", "").replace(" ", "+")
        names = [name for name in listed.split("/") if name]
        return (names, True) if not any("," in name for name in names) else None
    parts = path.split("/")
    if parts[0] != "ws":
        return None
    # A number alone is how some clients tell their connections apart, and names no stream.
    names = [name for name in parts[1:] if name and not name.isdigit()]
    return (names, False) if not any("," in name for name in names) else None
