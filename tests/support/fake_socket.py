"""A venue's WebSocket without a network, for the client's own state machines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from venues.binance.client.errors import ClientError

LOOK_S = 0.003


class FakeSocket:
    """Keeps what was sent; says what it is told to say. `fail` is raised at the next write."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.fail: ClientError | None = None
        self.reason = ""
        self.heard_s = asyncio.get_running_loop().time()
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send(self, payload: bytes) -> None:
        if self.fail is not None:
            raise self.fail
        self.sent.append(json.loads(payload))

    async def read(self) -> bytes | None:
        return await self._inbox.get()

    def abort(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._inbox.put_nowait(None)

    def say(self, message: Any) -> None:
        """Let the venue say something: bytes as they are, anything else as JSON."""
        self._inbox.put_nowait(message if isinstance(message, bytes) else json.dumps(message).encode())


async def settled() -> None:
    """Let everything that can run now run."""
    for _ in range(20):
        await asyncio.sleep(0)


async def until(condition: Callable[[], object], limit_s: float = 10.0) -> None:
    """Wait until a condition holds, a few milliseconds at a time."""
    for _ in range(int(limit_s / LOOK_S)):
        if condition():
            return
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"it did not come in {limit_s:g} s")
