"""Market streams on as many connections as they need, and on no more.

A stream goes to the first connection with room, and stays there. A connection that has lost its last stream is ended
after a while, unless it is the only one with room for the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from venues.binance.client.access import Locate
from venues.binance.client.handover import LIFETIME_S, OVERLAP_S
from venues.binance.client.socket import Dial
from venues.binance.client.streams import Listener, MarketStreams

__all__ = ["StreamPool"]

IDLE_S = 60.0
"""How long a connection without streams is kept: what is closed is often opened again."""


class StreamPool:
    """Connections for market streams; each is given a listener of its own by `listener_of`.

    `spawn` runs a connection's life, which ends by raising `Banned` alone.
    """

    def __init__(
        self,
        locate: Locate,
        dial: Dial,
        listener_of: Callable[[], Listener],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        *,
        lifetime_s: float = LIFETIME_S,
        overlap_s: float = OVERLAP_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self._locate, self._dial, self._listener_of, self._spawn = locate, dial, listener_of, spawn
        self._lifetime_s, self._overlap_s, self._idle_s = lifetime_s, overlap_s, idle_s
        self._loop = asyncio.get_running_loop()
        self._lives: dict[MarketStreams, asyncio.Task[None]] = {}
        self._places: dict[str, MarketStreams] = {}

    @property
    def connections(self) -> tuple[MarketStreams, ...]:
        """The connections, oldest first."""
        return tuple(self._lives)

    @property
    def is_up(self) -> bool:
        """True while every connection that has streams is connected."""
        return all(streams.is_up for streams in self._lives if len(streams))

    def __contains__(self, stream: str) -> bool:
        return stream in self._places

    def __len__(self) -> int:
        """How many streams are wanted."""
        return len(self._places)

    def subscribe(self, stream: str) -> None:
        """Want a stream: ``btcusdt@trade``. Its listener is told `on_open` when its messages begin."""
        streams = self._places.get(stream)
        if streams is None:
            with_room = next((one for one in self._lives if one.has_room), None)
            streams = with_room if with_room is not None else self._new()
            self._places[stream] = streams
        streams.subscribe(stream)

    def unsubscribe(self, stream: str) -> None:
        """Want a stream no more."""
        streams = self._places.pop(stream, None)
        if streams is not None:
            streams.unsubscribe(stream)
            if not len(streams):
                self._loop.call_later(self._idle_s, self._end_idle, streams)

    def cut(self, reason: str) -> None:
        """Drop all connections; they are made again."""
        for streams in self._lives:
            streams.cut(reason)

    def cut_of(self, stream: str, reason: str) -> None:
        """Drop the connection that a stream is on; it is made again."""
        streams = self._places.get(stream)
        if streams is not None:
            streams.cut(reason)

    async def close(self) -> None:
        """End all connections; nothing is told any more."""
        lives = list(self._lives.values())
        self._lives.clear()
        self._places.clear()
        for life in lives:
            life.cancel()
        if lives:
            await asyncio.wait(lives, timeout=1.0)

    def _new(self) -> MarketStreams:
        member = _Member(self._listener_of(), self._places)
        streams = MarketStreams(
            self._locate, self._dial, member, lifetime_s=self._lifetime_s, overlap_s=self._overlap_s
        )
        self._lives[streams] = self._spawn(streams.run())
        return streams

    def _end_idle(self, streams: MarketStreams) -> None:
        has_other = any(one is not streams and one.has_room for one in self._lives)
        if streams in self._lives and not len(streams) and has_other:
            self._lives.pop(streams).cancel()


class _Member:
    """One connection's listener, and that a refused stream has no place any more."""

    def __init__(self, listener: Listener, places: dict[str, MarketStreams]) -> None:
        self._listener, self._places = listener, places
        self.on_message = listener.on_message
        self.on_open = listener.on_open
        self.on_up = listener.on_up
        self.on_down = listener.on_down
        self.on_gap = listener.on_gap
        self.on_silent = listener.on_silent
        self.on_unreadable = listener.on_unreadable

    def on_refused(self, stream: str, reason: str) -> None:
        self._places.pop(stream, None)
        self._listener.on_refused(stream, reason)
