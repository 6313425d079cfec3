"""The snapshots that books wait for: a few at a time, in the order of their asking, and none while the venue fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from actors.runtime.log import Log
from bus.messages import BookSnapshot, InstrumentId
from venues.backoff import Backoff
from venues.market_data.books import BookFeed
from venues.market_data.trouble import VenueTrouble

__all__ = ["SnapshotDesk"]

AT_ONCE = 2
"""More would only come late together."""
SETTLE_S = 0.5
"""Venues gather deltas for a tenth of a second: one that comes later than this after a snapshot begins at its end."""


class SnapshotDesk:
    """Brings snapshots to book feeds. `read` waits until the venue's limits allow it, and raises VenueTrouble.

    A failure holds all of them back together, for a venue that is down would else be asked once for every book.
    """

    def __init__(
        self,
        read: Callable[[InstrumentId], Awaitable[BookSnapshot]],
        is_wanted: Callable[[BookFeed], bool],
        spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]],
        log: Log,
    ) -> None:
        self._read, self._is_wanted, self._spawn, self._log = read, is_wanted, spawn, log
        self._loop = asyncio.get_running_loop()
        self._due: dict[BookFeed, int] = {}
        self._backoff = Backoff()
        self._held_until_s = 0.0
        self._busy = 0

    @property
    def waiting(self) -> int:
        """Books whose turn has not come yet."""
        return len(self._due)

    def want(self, feed: BookFeed, again: bool) -> None:
        """A feed needs a snapshot; `again`: an earlier one did not hold, so the feed's own back-off comes first."""
        if again:
            self._loop.call_later(feed.backoff.next_s(), self._enqueue, feed, feed.generation)
        else:
            self._enqueue(feed, feed.generation)

    def _enqueue(self, feed: BookFeed, generation: int) -> None:
        if feed.generation != generation or not self._is_wanted(feed):
            return
        self._due[feed] = generation
        if self._busy < AT_ONCE:
            self._busy += 1
            self._spawn(self._work())

    async def _work(self) -> None:
        try:
            while self._due:
                held_s = self._held_until_s - self._loop.time()
                if held_s > 0:
                    await asyncio.sleep(held_s)
                    continue
                feed = next(iter(self._due))
                generation = self._due.pop(feed)
                if feed.generation == generation and self._is_wanted(feed):
                    await self._bring(feed, generation)
        finally:
            self._busy -= 1

    async def _bring(self, feed: BookFeed, generation: int) -> None:
        try:
            snapshot = await self._read(feed.instrument)
        except VenueTrouble as trouble:
            wait_s = max(self._backoff.next_s(), trouble.retry_after_s)
            self._held_until_s = max(self._held_until_s, self._loop.time() + wait_s)
            self._log.warning(
                "no snapshot, trying again",
                topic=feed.topic,
                reason=trouble,
                in_s=round(wait_s, 2),
                waiting=len(self._due),
            )
            self._enqueue(feed, generation)
            return
        self._backoff.reset()
        if not self._is_wanted(feed) or feed.generation != generation:
            return
        if feed.on_snapshot(snapshot):
            self._loop.call_later(SETTLE_S, self._settle, feed, feed.generation)
        else:
            self._log.warning("a snapshot is too old, taking another", topic=feed.topic, seq=snapshot.seq)
            self.want(feed, again=True)

    def _settle(self, feed: BookFeed, generation: int) -> None:
        if feed.generation == generation:
            feed.settle()
