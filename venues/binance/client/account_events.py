"""The account's events to be read with ``async for``; what a `Connection` says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import TypeAlias

import msgspec

from venues.binance.client.errors import UnreadableAnswer
from venues.binance.client.listening import Lost, Opened, Reader
from venues.binance.client.payloads import EventStreamTerminated, ServerShutdown, UserEvent, user_event
from venues.unreadable import NOT_READABLE

__all__ = ["AccountEvents", "AccountItem", "UnknownEvent"]

SLOW = "the reader is slower than the venue, and what it had not read was dropped"


class UnknownEvent(msgspec.Struct, frozen=True):
    """An event of a kind that this version does not know, as it came."""

    data: bytes


AccountItem: TypeAlias = UserEvent | UnknownEvent | Opened | Lost


class AccountEvents:
    """The owner of a connection. `end_stream` is told where an event is lost that only a fresh stream makes up for."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        """Set once the connection was up."""
        self.unreadable = 0
        self.end_stream: Callable[[str], None] = _nobody
        self._is_up = False
        self._readers: list[Reader[AccountItem]] = []
        self._failure: BaseException | None = None

    async def listen(self) -> AsyncGenerator[AccountItem, None]:
        """Yield events, between `Opened` and `Lost`. Raises `Banned` or `KeyRefused` when that is the end of it."""
        reader: Reader[AccountItem] = Reader()
        if self._failure is not None:
            reader.fail(self._failure)
        if self._is_up:
            reader.put(Opened())
        self._readers.append(reader)
        try:
            async for item in reader:
                yield item
        finally:
            self._readers.remove(reader)

    def fail(self, failure: BaseException) -> None:
        """Nothing comes any more: raise this to all readers; StopAsyncIteration ends their loops."""
        self._failure = failure
        self.connected.set()
        for reader in self._readers:
            reader.fail(failure)

    # what the connection says

    def on_connected(self) -> None:
        self.connected.set()

    def on_disconnected(self, reason: str, wait_s: float) -> None:
        """The stream's end was told."""

    def on_stream(self, up: bool, reason: str) -> None:
        self._is_up = up
        self._tell(Opened() if up else Lost("", reason))

    def on_event(self, raw: bytes) -> None:
        try:
            event = user_event(raw)
        except NOT_READABLE as error:
            self.on_unreadable(UnreadableAnswer(raw, str(error)))
            self.end_stream("an event of the account cannot be read")
            return
        if isinstance(event, EventStreamTerminated):
            self.end_stream("the venue ended the account's events")
        elif not isinstance(event, ServerShutdown):
            self._tell(event if event is not None else UnknownEvent(raw))

    def on_unreadable(self, error: UnreadableAnswer) -> None:
        self.unreadable += 1

    def _tell(self, item: AccountItem) -> None:
        for reader in self._readers:
            if not reader.put(item):
                reader.restart(Lost("", SLOW), *((Opened(),) if self._is_up else ()))


def _nobody(reason: str) -> None:
    """Before there is a connection."""
