"""Market streams to be read with ``async for``, on a pool of connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeAlias

from msgspec import Raw

from venues.binance.client.access import Locate
from venues.binance.client.listening import Lost, Opened, Reader, StreamData
from venues.binance.client.socket import Dial
from venues.binance.client.stream_pool import StreamPool

__all__ = ["MarketItem", "Streams"]

MarketItem: TypeAlias = StreamData | Opened | Lost
SLOW = "the reader is slower than the venue, and what it had not read was dropped"


class Streams:
    """Listens to market streams for any number of readers; `pool` is what is below."""

    def __init__(
        self,
        locate: Locate,
        dial: Dial,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self.unreadable = 0
        """Messages that could not be read; each has cost its connection, and so was told as a loss."""
        self.pool = StreamPool(locate, dial, lambda: self, spawn)
        self._readers: dict[str, list[Reader[MarketItem]]] = {}
        self._open: set[str] = set()
        self._failure: BaseException | None = None

    async def listen(self, *streams: str) -> AsyncGenerator[MarketItem, None]:
        """Yield the messages of streams (``btcusdt@trade``), each between an `Opened` and a `Lost` of its stream.

        Connections are made and kept as needed; leaving the loop ends the wish. A name that does not exist is accepted
        by the venue, and says nothing. Raises `Banned`.
        """
        reader: Reader[MarketItem] = Reader()
        if self._failure is not None:
            reader.fail(self._failure)
        for stream in streams:
            self._readers.setdefault(stream, []).append(reader)
            if stream in self._open:
                reader.put(Opened(stream))
            if stream not in self.pool:
                self.pool.subscribe(stream)
        try:
            async for item in reader:
                yield item
        finally:
            for stream in streams:
                left = self._readers.get(stream, [])
                if reader in left:
                    left.remove(reader)
                if not left:
                    self._readers.pop(stream, None)
                    self._open.discard(stream)
                    self.pool.unsubscribe(stream)

    def fail(self, failure: BaseException) -> None:
        """Nothing comes any more: raise this to all readers; StopAsyncIteration ends their loops."""
        self._failure = failure
        for reader in {id(each): each for readers in self._readers.values() for each in readers}.values():
            reader.fail(failure)

    # what the connections say

    def on_message(self, stream: str, data: Raw) -> None:
        item = StreamData(stream, data)
        for reader in self._readers.get(stream, ()):
            if not reader.put(item):
                self._restart(reader)

    def on_open(self, stream: str) -> None:
        self._open.add(stream)
        self._tell(stream, Opened(stream))

    def on_refused(self, stream: str, reason: str) -> None:
        self._tell(stream, Lost(stream, f"the venue refuses it: {reason}"))

    def on_up(self) -> None:
        """Streams tell for themselves that they are open."""

    def on_down(self, streams: list[str], reason: str) -> None:
        for stream in streams:
            if stream in self._open:
                self._open.discard(stream)
                self._tell(stream, Lost(stream, reason))

    def on_gap(self, stream: str, reason: str) -> None:
        self.on_down([stream], reason)

    def on_silent(self, streams: int, reason: str) -> None:
        """Readers are told of the loss itself."""

    def on_unreadable(self, raw: bytes, reason: str) -> None:
        self.unreadable += 1

    def _tell(self, stream: str, item: MarketItem) -> None:
        for reader in self._readers.get(stream, ()):
            if not reader.put(item):
                self._restart(reader)

    def _restart(self, reader: Reader[MarketItem]) -> None:
        mine = [stream for stream, readers in self._readers.items() if reader in readers]
        reader.restart(
            *(Lost(stream, SLOW) for stream in mine), *(Opened(stream) for stream in mine if stream in self._open)
        )
