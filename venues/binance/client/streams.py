"""Market streams on one socket: what is wanted, what the venue has acknowledged, and one control message at a time.

The venue takes 5 messages a second, our pongs included, and 1024 streams a connection. So wants are gathered and sent
in batches, four messages a second. A stream counts as open from its SUBSCRIBE's answer to the connection's end or its
UNSUBSCRIBE: what comes outside of that is not handed on, so that a reader never meets a hole between two
subscriptions. Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

import msgspec
from msgspec import Raw

from venues.binance.client.access import Locate
from venues.binance.client.backoff import HEALTHY_S, Backoff
from venues.binance.client.errors import Banned, ClientError, LimitReached, UnreadableAnswer
from venues.binance.client.socket import Dial, Socket

__all__ = ["STREAMS_LIMIT", "Listener", "MarketStreams"]

STREAMS_LIMIT = 1000
"""Streams on one socket; the venue's own limit is 1024."""
PACE_S = 0.25
"""Between control messages: four a second leave one for a pong."""
NAMES_PER_MESSAGE = 100
"""About 2.5 kB a message."""
ANSWER_S = 10.0
"""A control message without an answer for this long means that the socket is no good."""
MUTE_S = 30.0
"""The venue pings every 20 s: a socket that says nothing at all for longer is dead, however open it is."""
WATCH_S = 1.0


class Listener(Protocol):
    """What the owner is told."""

    def on_message(self, stream: str, data: Raw) -> None:
        """A message of an open stream."""

    def on_open(self, stream: str) -> None:
        """The venue acknowledged the stream: from here on each of its messages is handed on."""

    def on_refused(self, stream: str, reason: str) -> None:
        """The venue refused the stream; it is not wanted any more."""

    def on_up(self) -> None:
        """The socket is connected; streams are opened again, one `on_open` each."""

    def on_down(self, streams: list[str], reason: str) -> None:
        """The socket is lost: these streams were wanted on it, and messages of theirs may be missing from now on."""

    def on_unreadable(self, raw: bytes, reason: str) -> None:
        """A message that cannot be read."""


class _Frame(msgspec.Struct, frozen=True):
    stream: str = ""
    data: Raw = Raw()
    id: int | str | None = None
    code: int = 0
    msg: str = ""


_frames = msgspec.json.Decoder(_Frame)
_encode = msgspec.json.Encoder().encode


class MarketStreams:
    """One socket, reconnected for ever. `run` is its life."""

    def __init__(self, locate: Locate, dial: Dial, listener: Listener) -> None:
        self.is_up = False
        self._locate, self._dial, self._listener = locate, dial, listener
        self._loop = asyncio.get_running_loop()
        self._wanted: dict[str, None] = {}
        self._asked: dict[str, None] = {}
        """Streams that the venue has, or was asked for, on the present connection."""
        self._open: set[str] = set()
        self._request: tuple[int, bool, list[str], float] | None = None
        self._last_id = 0
        self._socket: Socket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sent_s = 0.0

    def __len__(self) -> int:
        return len(self._wanted)

    @property
    def has_room(self) -> bool:
        """True while one more stream fits; streams on their way out still count."""
        return len(self._wanted.keys() | self._asked.keys()) < STREAMS_LIMIT

    def subscribe(self, stream: str) -> None:
        """Want a stream. Where the venue still has it open, `on_open` is told at once."""
        self._wanted[stream] = None
        if stream in self._open:
            self._listener.on_open(stream)
        else:
            self._schedule()

    def unsubscribe(self, stream: str) -> None:
        """Want a stream no more."""
        if self._wanted.pop(stream, "") is None:
            self._schedule()

    def cut(self, reason: str) -> None:
        """Drop the connection; it is made again."""
        if self._socket is not None:
            self._socket.abort(reason)

    async def run(self) -> None:
        """Connect, read, and connect again. Raises `Banned`."""
        backoff = Backoff()
        while True:
            began, least_s = self._loop.time(), 0.0
            try:
                reason = await self._connect_and_read()
            except Banned:
                raise
            except ClientError as error:
                reason = str(error)
                least_s = error.retry_after_s if isinstance(error, LimitReached) else 0.0
            self._lose(reason)
            if self._loop.time() - began > HEALTHY_S:
                backoff.reset()
            await asyncio.sleep(max(backoff.next_s(), least_s))

    async def _connect_and_read(self) -> str:
        socket = await self._dial(f"{self._locate().endpoints.stream}/stream")
        self._socket, self.is_up = socket, True
        watch = self._loop.call_later(WATCH_S, self._watch, socket)
        try:
            self._listener.on_up()
            self._schedule()
            while True:
                raw = await socket.read()
                if raw is None:
                    return socket.reason
                self._take(raw)
        except UnreadableAnswer as error:
            self._listener.on_unreadable(error.raw, str(error))
            return "a frame cannot be read, and nobody knows of which topic it was"
        finally:
            watch.cancel()
            socket.abort("closed by us")

    def _lose(self, reason: str) -> None:
        self._socket, self.is_up = None, False
        self._asked.clear()
        self._open.clear()
        self._request = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._listener.on_down(list(self._wanted), reason)

    def _watch(self, socket: Socket) -> None:
        if socket is not self._socket:
            return
        now = self._loop.time()
        if self._wanted and now - socket.heard_s > MUTE_S:
            socket.abort(f"mute for {MUTE_S:g} s")
        elif self._request is not None and now - self._request[3] > ANSWER_S:
            socket.abort(f"no answer to a control message in {ANSWER_S:g} s")
        else:
            self._loop.call_later(WATCH_S, self._watch, socket)

    def _take(self, raw: bytes) -> None:
        try:
            frame = _frames.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableAnswer(raw, str(error)) from None
        if frame.stream:
            if frame.stream in self._open and frame.stream in self._wanted:
                self._listener.on_message(frame.stream, frame.data)
        elif frame.id is not None or frame.code:
            self._take_answer(frame)
        else:
            self._listener.on_unreadable(raw, "neither a stream's message nor an answer")

    # control messages

    def _schedule(self) -> None:
        if self._timer is None and self._socket is not None and self._request is None:
            delay = max(0.0, self._sent_s + PACE_S - self._loop.time())
            self._timer = self._loop.call_later(delay, self._control)

    def _control(self) -> None:
        self._timer = None
        if self._socket is None:
            return
        gone = [stream for stream in self._asked if stream not in self._wanted][:NAMES_PER_MESSAGE]
        fresh = [stream for stream in self._wanted if stream not in self._asked][:NAMES_PER_MESSAGE]
        is_subscribe = not gone
        names = fresh if is_subscribe else gone
        if not names:
            return
        self._last_id += 1
        method = "SUBSCRIBE" if is_subscribe else "UNSUBSCRIBE"
        now = self._loop.time()
        try:
            self._socket.send(_encode({"method": method, "params": names, "id": self._last_id}))
        except ClientError as error:
            self._socket.abort(str(error))
            return
        self._sent_s = now
        self._request = (self._last_id, is_subscribe, names, now)
        for stream in names:
            self._open.discard(stream)
            if is_subscribe:
                self._asked[stream] = None

    def _take_answer(self, frame: _Frame) -> None:
        if self._request is None or frame.id not in (self._request[0], None):
            return
        _, is_subscribe, names, _ = self._request
        self._request = None
        for stream in names:
            if not is_subscribe:
                self._asked.pop(stream, None)
            elif frame.code:
                self._asked.pop(stream, None)
                if self._wanted.pop(stream, "") is None:
                    self._listener.on_refused(stream, f"{frame.code} {frame.msg}")
            else:
                self._open.add(stream)
                if stream in self._wanted:
                    self._listener.on_open(stream)
        self._schedule()
