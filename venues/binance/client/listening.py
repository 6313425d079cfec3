"""What a connection says, as something to read with ``async for``; a loss stands in the same line as the messages."""

from __future__ import annotations

import asyncio
from collections import deque
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Raw

from venues.binance.client.payloads.streams import stream_kind

__all__ = ["READER_LIMIT", "Lost", "Opened", "Reader", "StreamData"]

T = TypeVar("T")

READER_LIMIT = 20_000
"""Items that wait for their reader: some seconds of the busiest streams. One that is slower loses them, and is told."""


class StreamData(msgspec.Struct, frozen=True, gc=False):
    """A message of a market stream, as it came."""

    stream: str
    data: Raw

    def payload(self) -> Any:
        """Return its struct (see `payloads`). Raises msgspec.DecodeError, and ValueError for an unknown stream."""
        return _decoder(self.stream).decode(self.data)


class Opened(msgspec.Struct, frozen=True):
    """From here on nothing is missing: of a stream, or of the account's events where `stream` is empty."""

    stream: str = ""


class Lost(msgspec.Struct, frozen=True):
    """Something may be missing from here on, until it is opened again: what was built of it is not to be trusted."""

    stream: str
    reason: str


class Reader(Generic[T]):
    """A line of items that are not read yet: ``async for item in reader``. `fail` ends it."""

    def __init__(self, limit: int = READER_LIMIT) -> None:
        self._limit = limit
        self._items: deque[T] = deque()
        self._failure: BaseException | None = None
        self._waiting: asyncio.Future[None] | None = None

    def __aiter__(self) -> Reader[T]:
        return self

    async def __anext__(self) -> T:
        while not self._items:
            if self._failure is not None:
                raise self._failure
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        return self._items.popleft()

    def put(self, item: T) -> bool:
        """Add an item; False where the line is full, and nothing was added."""
        if len(self._items) >= self._limit:
            return False
        self._items.append(item)
        self._wake()
        return True

    def restart(self, *items: T) -> None:
        """Drop what is not read, and begin anew with these."""
        self._items.clear()
        self._items.extend(items)
        self._wake()

    def fail(self, failure: BaseException) -> None:
        """Raise this to the reader once all is read; StopAsyncIteration ends its loop."""
        self._failure = failure
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@cache
def _decoder(stream: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(stream_kind(stream), strict=False)
