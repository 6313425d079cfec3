"""All open WebSockets: their heartbeat, and what is done to many of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.requests.keys import Key
from venues.binance.twin.rules import Rules

Fits = Callable[[Socket], bool]


class SocketSession(Protocol):
    """What runs on a WebSocket."""

    async def run(self) -> None:
        """Answer until the client goes."""

    def close(self) -> None:
        """The connection is gone."""

    def announce_shutdown(self, now_ms: int) -> None:
        """Tell the client that this connection will close soon."""

    def revoked(self, key: Key) -> None:
        """A key was revoked."""


class Connections:
    """Open WebSockets and their sessions."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._sessions: dict[Socket, SocketSession] = {}
        self._mutes: list[tuple[Fits, bool]] = []

    @property
    def sockets(self) -> Iterator[Socket]:
        """Those that still take frames."""
        return (socket for socket in list(self._sessions) if socket.is_open)

    def add(self, socket: Socket, session: SocketSession) -> None:
        """A connection that was accepted."""
        self._sessions[socket] = session
        self._set_mute(socket)

    def remove(self, socket: Socket) -> None:
        """A connection that is gone."""
        self._sessions.pop(socket, None)

    def beat(self, now: float) -> None:
        """Ping, and part with who has to go; `now` in monotonic seconds."""
        for socket in self.sockets:
            socket.beat(now, self._rules)

    def cut_all(self, code: int, reason: str) -> list[int]:
        """Close every connection by a handshake; their numbers."""
        found = list(self.sockets)
        for socket in found:
            socket.cut(code, reason)
        return [socket.number for socket in found]

    def announce_shutdown(self, now_ms: int) -> list[Socket]:
        """Tell every client that its connection will close soon; who was told."""
        found = list(self.sockets)
        for socket in found:
            self._sessions[socket].announce_shutdown(now_ms)
        return found

    def revoked(self, key: Key) -> None:
        """A key was revoked: the sessions that used it hear of it."""
        for socket in self.sockets:
            self._sessions[socket].revoked(key)

    def mute(self, fits: Fits, with_pings: bool) -> list[int]:
        """Silence the sockets that fit, later ones too; the numbers of those that are open."""
        self._mutes.append((fits, with_pings))
        return self._set_mutes()

    def unmute(self, fits: Fits) -> None:
        """Let them speak again."""
        self._mutes = [mute for mute in self._mutes if mute[0] != fits]
        self._set_mutes()

    def _set_mutes(self) -> list[int]:
        for socket in self.sockets:
            self._set_mute(socket)
        return [socket.number for socket in self.sockets if socket.is_mute]

    def _set_mute(self, socket: Socket) -> None:
        pings = [with_pings for fits, with_pings in self._mutes if fits(socket)]
        socket.is_mute = bool(pings)
        socket.pings_while_mute = all(pings)
