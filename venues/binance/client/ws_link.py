"""One connection of the chain that a `Connection` is, and who is told what comes by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from venues.binance.client.errors import UnreadableAnswer
from venues.binance.client.ws_api import WsApi

__all__ = ["Link", "Owner"]


class Owner(Protocol):
    """Who lives by the connection."""

    def on_connected(self) -> None:
        """Orders can be sent and account events come."""

    def on_disconnected(self, reason: str, wait_s: float) -> None:
        """The next attempt is made after `wait_s`."""

    def on_stream(self, up: bool, reason: str) -> None:
        """The account's events begin, or end: told at that moment, in order with them."""

    def on_event(self, raw: bytes) -> None:
        """An event of the account."""

    def on_unreadable(self, error: UnreadableAnswer) -> None:
        """What the venue said cannot be read."""


class Link:
    """One connection, from its first byte to its last event."""

    api: WsApi
    reader: asyncio.Task[None]

    def __init__(self, take: Callable[[bytes], None], lifetime_s: float) -> None:
        self.take = take
        """What an event goes to."""
        self.leave = asyncio.Event()
        """The server said that it will close it."""
        self.ends_s = asyncio.get_running_loop().time() + lifetime_s

    def on_event(self, raw: bytes) -> None:
        self.take(raw)
