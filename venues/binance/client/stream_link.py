"""One connection of market streams: what the venue was asked for and has acknowledged, one control message at a time.

A socket may be open, answer pings, and say nothing: one that was silent for `QUIET_S` is asked which streams it has.
An answer proves that it lives, however quiet the market is, and tells of a stream that the venue has lost; none within
`ANSWER_S` ends it.

The venue takes 5 messages a second, our pongs included, and 1024 streams a connection. So wants are gathered and sent
in batches, and the next one waits from the last one's answer on: however a network bunches them, they never come closer
together at the venue than they were sent. A stream counts as open from its SUBSCRIBE's answer to the connection's end
or its UNSUBSCRIBE: what comes outside of that is not handed on, so that a reader never meets a hole between two
subscriptions. Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeAlias

import msgspec
from msgspec import Raw

from venues.binance.client.errors import ClientError, UnreadableAnswer
from venues.binance.client.payloads.session import ErrorBody
from venues.binance.client.socket import Socket
from venues.unreadable import NOT_READABLE

__all__ = ["LinkOwner", "StreamLink"]

PACE_S = 0.34
"""From a control message's answer to the next one: three a second leave two for pongs, which may come bunched."""
NAMES_PER_MESSAGE = 100
"""About 2.5 kB a message."""
ANSWER_S = 5.0
"""A control message without an answer for this long means that the socket is no good."""
QUIET_S = 5.0
"""Without a message for this long the socket is asked whether it lives: one with a living market never is."""
MUTE_S = 30.0
"""The venue pings every 20 s: a socket that says nothing at all for longer is dead, however open it is."""
WATCH_S = 1.0
SHUTDOWN = "!serverShutdown"
"""The stream by which a server says that it will close the connection."""

Deliver: TypeAlias = Callable[[str, Raw], None]


class LinkOwner(Protocol):
    """Who is told what a connection says."""

    def on_link_open(self, link: StreamLink, stream: str) -> None:
        """The venue acknowledged the stream."""

    def on_link_refused(self, link: StreamLink, stream: str, reason: str) -> None:
        """The venue refused the stream."""

    def on_link_lost(self, link: StreamLink, stream: str) -> None:
        """The venue does not have a stream that it had acknowledged; it is asked for again."""

    def on_link_unreadable(self, raw: bytes, reason: str) -> None:
        """A message that cannot be read."""


class _Asked(NamedTuple):
    """A control message that waits for its answer."""

    id: int
    method: str
    names: list[str]
    at_s: float


class _Frame(msgspec.Struct, frozen=True, gc=False):
    stream: str = ""
    data: Raw = Raw()
    id: int | str | None = None
    code: int = 0
    msg: str = ""
    error: ErrorBody | None = None
    result: Raw = Raw()


_frames = msgspec.json.Decoder(_Frame)
_names = msgspec.json.Decoder(list[str])
_encode = msgspec.json.Encoder().encode
_SUBSCRIBE, _UNSUBSCRIBE, _LIST = "SUBSCRIBE", "UNSUBSCRIBE", "LIST_SUBSCRIPTIONS"


class StreamLink:
    """A connection, from its first byte to its end; it never comes back. `wanted` is its owner's, and changes.

    `deliver` is told each message of a stream that is open and wanted: its data, a view of the bytes that came.
    """

    def __init__(self, socket: Socket, wanted: dict[str, None], owner: LinkOwner, deliver: Deliver) -> None:
        self.deliver = deliver
        self.asked: dict[str, None] = {}
        """Streams that the venue has, or was asked for."""
        self.open: set[str] = set()
        self.leave = asyncio.Event()
        """The server said that it will close the connection."""
        self.is_over = False
        self.was_silent = False
        """It was ended since it said nothing."""
        self._socket, self._wanted, self._owner = socket, wanted, owner
        self._loop = asyncio.get_running_loop()
        self._request: _Asked | None = None
        self._said_s = self._loop.time()
        """When the venue last said anything but a ping."""
        self._timer: asyncio.TimerHandle | None = None
        self._free_s = 0.0
        self._last_id = 0

    @property
    def has_all(self) -> bool:
        """True while every wanted stream is open."""
        return self._wanted.keys() <= self.open

    async def run(self) -> str:
        """Read until the connection ends; return why it did."""
        watch = self._loop.call_later(WATCH_S, self._watch)
        try:
            self.schedule()
            while True:
                raw = await self._socket.read()
                if raw is None:
                    return self._socket.reason
                self._take(raw)
        except UnreadableAnswer as error:
            self._owner.on_link_unreadable(error.raw, str(error))
            return "a frame cannot be read, and nobody knows of which topic it was"
        finally:
            self.is_over = True
            watch.cancel()
            if self._timer is not None:
                self._timer.cancel()
            self._socket.abort("closed by us")

    def abort(self, reason: str) -> None:
        """End the connection."""
        self._socket.abort(reason)

    def schedule(self) -> None:
        """Something is wanted, or no more: tell the venue as soon as it may be told."""
        if self._timer is None and self._request is None and not self.is_over:
            delay = max(0.0, self._free_s - self._loop.time())
            self._timer = self._loop.call_later(delay, self._control)

    def _watch(self) -> None:
        if self.is_over:
            return
        now = self._loop.time()
        if self._wanted and now - self._socket.heard_s > MUTE_S:
            self._end_silent(f"mute for {MUTE_S:g} s")
        elif self._request is not None and now - self._request.at_s > ANSWER_S:
            self._end_silent(f"mute: no answer to {self._request.method} in {ANSWER_S:g} s")
        else:
            if self.open and now - self._said_s > QUIET_S and self._request is None and self._timer is None:
                self._ask(_LIST, [])
            self._loop.call_later(WATCH_S, self._watch)

    def _end_silent(self, reason: str) -> None:
        self.was_silent = True
        self._socket.abort(reason)

    def _take(self, raw: bytes) -> None:
        self._said_s = self._loop.time()
        try:
            frame = _frames.decode(raw)
        except NOT_READABLE as error:
            raise UnreadableAnswer(raw, str(error)) from None
        stream = frame.stream
        if stream:
            if stream in self.open and stream in self._wanted:
                self.deliver(stream, frame.data)
            elif stream == SHUTDOWN:
                self.leave.set()
        elif frame.id is not None or frame.code or frame.error is not None:
            self._take_answer(frame)
        else:
            self._owner.on_link_unreadable(raw, "neither a stream's message nor an answer")

    def _control(self) -> None:
        self._timer = None
        gone = [stream for stream in self.asked if stream not in self._wanted][:NAMES_PER_MESSAGE]
        fresh = [stream for stream in self._wanted if stream not in self.asked][:NAMES_PER_MESSAGE]
        names = gone or fresh
        if names and self._ask(_UNSUBSCRIBE if gone else _SUBSCRIBE, names):
            for stream in names:
                self.open.discard(stream)
                if not gone:
                    self.asked[stream] = None

    def _ask(self, method: str, names: list[str]) -> bool:
        self._last_id += 1
        request = {"method": method, "params": names, "id": self._last_id}
        try:
            self._socket.send(_encode(request if names else {"method": method, "id": self._last_id}))
        except ClientError as error:
            self._socket.abort(str(error))
            return False
        self._request = _Asked(self._last_id, method, names, self._loop.time())
        return True

    def _take_answer(self, frame: _Frame) -> None:
        if self._request is None or frame.id not in (self._request.id, None):
            return
        _, method, names, _ = self._request
        self._request = None
        self._free_s = self._loop.time() + PACE_S
        code, text = (frame.error.code, frame.error.msg) if frame.error is not None else (frame.code, frame.msg)
        if method == _LIST and not code:
            self._compare(frame.result)
        for stream in names:
            if method == _UNSUBSCRIBE:
                self.asked.pop(stream, None)
            elif code:
                self.asked.pop(stream, None)
                self._owner.on_link_refused(self, stream, f"{code} {text}")
            else:
                self.open.add(stream)
                self._owner.on_link_open(self, stream)
        self.schedule()

    def _compare(self, result: Raw) -> None:
        """Hold what the venue says that it has against what it acknowledged."""
        try:
            has = frozenset(_names.decode(result))
        except NOT_READABLE as error:
            self._owner.on_link_unreadable(bytes(result), f"no list of streams: {error}")
            return
        for stream in [stream for stream in self.asked if stream not in has]:
            self.asked.pop(stream)
            if stream in self.open:
                self.open.discard(stream)
                self._owner.on_link_lost(self, stream)
