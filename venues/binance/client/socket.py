"""The seam between the client and a WebSocket: bytes in, bytes out, and why it ended.

A write is synchronous up to the transport's buffer, in the order of calls, so that a cancel never overtakes the order
issued before it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

__all__ = ["Dial", "Socket"]


class Socket(Protocol):
    """A connected WebSocket. It answers pings with their payload by itself."""

    heard_s: float
    """When anything, pings included, was last heard; in the loop's time."""

    def send(self, payload: bytes) -> None:
        """Hand a text message to the transport, now. Raises NotSent or NoAnswer."""

    async def read(self) -> bytes | None:
        """Return the next message, or None once the connection has ended."""

    def abort(self, reason: str) -> None:
        """End the connection; `read` returns None soon."""

    @property
    def reason(self) -> str:
        """Why it ended."""


Dial: TypeAlias = Callable[[str], Awaitable[Socket]]
"""Connects to a URL. Raises NotSent, LimitReached or Banned."""
