"""The seam between REST and the network: one method. What is behind it is aiohttp, a test's table, or yours.

`MemoryTransport` is a venue without a network, for tests of whoever uses the client::

    venue = MemoryTransport({"GET /api/v3/time": b'{"serverTime":1700000000000}'})
    rest = Rest(venue, lambda: Access(MEMORY), ServerClock(time.monotonic_ns))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

import msgspec

from venues.binance.client.access import Endpoints
from venues.binance.client.errors import NotSent

__all__ = ["MEMORY", "HttpAnswer", "HttpRequest", "MemoryTransport", "Responder", "Transport"]


class HttpRequest(msgspec.Struct, frozen=True):
    """A request as it goes out; `url` is whole and percent-encoded, and is sent byte for byte."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""
    timeout_s: float = 10.0

    @property
    def name(self) -> str:
        """``GET /api/v3/time``."""
        return f"{self.method} {urlsplit(self.url).path}"


class HttpAnswer(msgspec.Struct, frozen=True):
    """What came back, whatever it is; names of headers are in any case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}

    def header(self, name: str) -> str:
        """Return a header's text, empty where it is not there."""
        wanted = name.lower()
        return next((text for found, text in self.headers.items() if found.lower() == wanted), "")


class Transport(Protocol):
    """Carries one request, once."""

    async def send(self, request: HttpRequest) -> HttpAnswer:
        """Return the answer, of whatever status. Follows no redirect and sends nothing twice.

        Raises NotSent where not a byte of the request can have left, NoAnswer where that is not certain.
        """


Responder: TypeAlias = Callable[[HttpRequest], HttpAnswer]
"""Answers a request in a test; may raise NotSent or NoAnswer, as a network would."""

MEMORY = Endpoints("http://memory", "ws://memory", "ws://memory/ws-api/v3")
"""Addresses for what never leaves the process."""


class MemoryTransport:
    """A `Transport` in memory: an answer for each ``METHOD /path``, its body or what makes one; `sent` keeps all."""

    def __init__(self, answers: Mapping[str, bytes | HttpAnswer | Responder]) -> None:
        self.answers = dict(answers)
        self.sent: list[HttpRequest] = []

    async def send(self, request: HttpRequest) -> HttpAnswer:
        self.sent.append(request)
        answer = self.answers.get(request.name)
        if answer is None:
            raise NotSent(f"{request.name}: nobody answers that here")
        if isinstance(answer, bytes):
            return HttpAnswer(200, answer)
        return answer if isinstance(answer, HttpAnswer) else answer(request)
