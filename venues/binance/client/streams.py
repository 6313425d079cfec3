"""Market streams of one connection, kept: made again when it is lost, replaced before the venue ends it.

A loss is told at once, for every stream that was wanted. The venue ends each connection after 24 hours, and announces
that it will restart a server: before either a fresh one is made, and takes over when each of its streams is joined with
the old one's (see `handover`). Readers notice nothing of that: each message is told once, in order. Where a stream
cannot be joined it is told as lost and open again, which it then may be.
Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from msgspec import Raw

from venues.backoff import HEALTHY_S, Backoff
from venues.binance.client.access import Locate
from venues.binance.client.errors import Banned, ClientError, LimitReached, NotSent
from venues.binance.client.handover import LIFETIME_S, LOOK_S, OVERLAP_S, Joined, Overlap, spread
from venues.binance.client.socket import Dial
from venues.binance.client.stream_link import StreamLink

__all__ = ["STREAMS_LIMIT", "Listener", "MarketStreams"]

STREAMS_LIMIT = 1000
"""Streams on one socket; the venue's own limit is 1024."""


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

    def on_gap(self, stream: str, reason: str) -> None:
        """Messages of one stream may be missing from now on, though its socket is up; `on_open` follows."""

    def on_silent(self, streams: int, reason: str) -> None:
        """The socket was open and said nothing, so it was ended; `on_down` follows."""

    def on_unreadable(self, raw: bytes, reason: str) -> None:
        """A message that cannot be read."""


class MarketStreams:
    """One socket, reconnected for ever. `run` is its life."""

    def __init__(
        self,
        locate: Locate,
        dial: Dial,
        listener: Listener,
        *,
        lifetime_s: float = LIFETIME_S,
        overlap_s: float = OVERLAP_S,
    ) -> None:
        self.is_up = False
        self.replaced = 0
        """How many connections were replaced by a fresh one without a loss."""
        self._locate, self._dial, self._listener = locate, dial, listener
        self._lifetime_s, self._overlap_s = lifetime_s, overlap_s
        self._loop = asyncio.get_running_loop()
        self._wanted: dict[str, None] = {}
        self._link: StreamLink | None = None
        self._fresh: StreamLink | None = None
        self._readers: dict[StreamLink, asyncio.Task[str]] = {}
        self._overlaps: dict[str, Overlap] = {}

    def __len__(self) -> int:
        """How many streams are wanted."""
        return len(self._wanted)

    @property
    def has_room(self) -> bool:
        """True while one more stream fits; streams on their way out still count."""
        asked = self._link.asked.keys() if self._link is not None else set()
        return len(self._wanted.keys() | asked) < STREAMS_LIMIT

    def subscribe(self, stream: str) -> None:
        """Want a stream. Where the venue still has it open, `on_open` is told at once."""
        self._wanted[stream] = None
        if self._link is not None and stream in self._link.open:
            self._listener.on_open(stream)
        self._schedule()

    def unsubscribe(self, stream: str) -> None:
        """Want a stream no more."""
        if self._wanted.pop(stream, "") is None:
            self._overlaps.pop(stream, None)
            self._schedule()

    def cut(self, reason: str) -> None:
        """Drop the connection; it is made again."""
        for link in self._readers:
            link.abort(reason)

    async def run(self) -> None:
        """Connect, read, and connect again. Raises `Banned`."""
        backoff = Backoff()
        while True:
            began, least_s = self._loop.time(), 0.0
            try:
                self._link = await self._connect(self._listener.on_message)
                self.is_up = True
                self._listener.on_up()
                reason = await self._follow()
            except Banned:
                raise
            except ClientError as error:
                reason = str(error)
                least_s = error.retry_after_s if isinstance(error, LimitReached) else 0.0
            finally:
                for reader in self._readers.values():
                    reader.cancel()
                self._readers.clear()
            was_silent = self._link is not None and self._link.was_silent
            self._link, self.is_up = None, False
            if was_silent:
                self._listener.on_silent(len(self._wanted), reason)
            self._listener.on_down(list(self._wanted), reason)
            if self._loop.time() - began > HEALTHY_S:
                backoff.reset()
            await asyncio.sleep(max(backoff.next_s(), least_s))

    async def _connect(self, deliver: Callable[[str, Raw], None]) -> StreamLink:
        socket = await self._dial(f"{self._locate().endpoints.stream}/stream")
        link = StreamLink(socket, self._wanted, self, deliver)
        self._readers[link] = self._loop.create_task(link.run())
        return link

    async def _follow(self) -> str:
        """Return why the connection has ended, when none took its place."""
        while True:
            link = self._link
            assert link is not None
            reader = self._readers[link]
            announced = self._loop.create_task(link.leave.wait())
            lifetime_s = spread(self._lifetime_s)
            try:
                await asyncio.wait([reader, announced], timeout=lifetime_s, return_when=asyncio.FIRST_COMPLETED)
            finally:
                announced.cancel()
            backoff = Backoff()
            while not reader.done() and self._link is link:
                failure = await self._replace(link, reader)
                if failure is not None:
                    least_s = failure.retry_after_s if isinstance(failure, LimitReached) else 0.0
                    await asyncio.wait([reader], timeout=max(backoff.next_s(), least_s))
            if self._link is link:
                return reader.result()

    # handing over

    async def _replace(self, old: StreamLink, old_reader: asyncio.Task[str]) -> ClientError | None:
        """Let a fresh connection take over from `old`, where that can be; else `old` goes on. Raises `Banned`."""
        try:
            fresh = self._fresh = await self._connect(self._hold)
        except Banned:
            raise
        except ClientError as error:
            return error
        old.deliver = self._tell_old
        fresh_reader = self._readers[fresh]
        while not (old_reader.done() or fresh_reader.done() or self._may_take_over(fresh)):
            await asyncio.wait([old_reader, fresh_reader], timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        self._fresh = None
        if fresh_reader.done():
            self._drop(fresh, "it ended")
            old.deliver = self._listener.on_message
            self._overlaps.clear()
            return NotSent(f"the fresh connection ended before it could take over: {fresh_reader.result()}")
        self._take_over(fresh)
        self._drop(old, "replaced by a fresh connection")
        return None

    def _may_take_over(self, fresh: StreamLink) -> bool:
        now = self._loop.time()
        return fresh.has_all and all(overlap.verdict(now) is not Joined.NOT_YET for overlap in self._overlaps.values())

    def _take_over(self, fresh: StreamLink) -> None:
        """From here on `fresh` tells. A stream that is not joined, where the old one ended early, begins anew."""
        now, on_message = self._loop.time(), self._listener.on_message
        self._link = fresh
        self.replaced += 1
        overlaps, self._overlaps = self._overlaps, {}
        for stream in list(self._wanted):
            overlap = overlaps.get(stream)
            if overlap is None or overlap.verdict(now) is not Joined.WHOLE:
                self._listener.on_gap(stream, "a fresh connection does not continue what the replaced one told")
                if stream in fresh.open:
                    self._listener.on_open(stream)
            for raw in overlap.take_over() if overlap is not None else ():
                on_message(stream, Raw(raw))
        ahead = {stream: overlap for stream, overlap in overlaps.items() if not overlap.is_over}
        fresh.deliver = partial(self._tell_new, fresh, ahead) if ahead else on_message

    def _drop(self, link: StreamLink, reason: str) -> None:
        link.abort(reason)
        self._readers.pop(link).cancel()

    def _overlap_of(self, stream: str) -> Overlap:
        overlap = self._overlaps.get(stream)
        if overlap is None:
            overlap = self._overlaps[stream] = Overlap(self._overlap_s)
            if self._fresh is not None and stream in self._fresh.open:
                overlap.acknowledge(self._loop.time())
        return overlap

    def _tell_old(self, stream: str, data: Raw) -> None:
        if self._fresh is not None and stream in self._fresh.asked:
            self._overlap_of(stream).on_old(bytes(data))
        self._listener.on_message(stream, data)

    def _hold(self, stream: str, data: Raw) -> None:
        self._overlap_of(stream).on_fresh(bytes(data), self._loop.time())

    def _tell_new(self, link: StreamLink, ahead: dict[str, Overlap], stream: str, data: Raw) -> None:
        overlap = ahead.get(stream)
        if overlap is None or overlap.is_new(bytes(data)):
            self._listener.on_message(stream, data)
        if overlap is not None and overlap.is_over:
            del ahead[stream]
            if not ahead:
                link.deliver = self._listener.on_message

    # what a connection says

    def on_link_open(self, link: StreamLink, stream: str) -> None:
        if link is self._fresh:
            if stream in self._wanted:
                self._overlap_of(stream).acknowledge(self._loop.time())
        elif stream in self._wanted:
            self._listener.on_open(stream)

    def on_link_refused(self, link: StreamLink, stream: str, reason: str) -> None:
        if self._wanted.pop(stream, "") is None:
            self._overlaps.pop(stream, None)
            self._listener.on_refused(stream, reason)

    def on_link_lost(self, link: StreamLink, stream: str) -> None:
        if link is self._link and stream in self._wanted:
            self._listener.on_gap(stream, "the venue does not have the stream any more that it had acknowledged")

    def on_link_unreadable(self, raw: bytes, reason: str) -> None:
        self._listener.on_unreadable(raw, reason)

    def _schedule(self) -> None:
        for link in self._readers:
            link.schedule()
