"""How often a connection may be tried: the venue counts attempts by address.

Source: Binance Spot API, web-socket-streams and web-socket-api (general information), 2026-07.
"""

from __future__ import annotations

import asyncio
from collections import deque

__all__ = ["ATTEMPTS_LIMIT", "Attempts"]

ATTEMPTS_LIMIT = 250
"""Of the 300 in `WINDOW_S` that the venue allows an address: other processes of this host connect too."""
WINDOW_S = 300.0


class Attempts:
    """Lets through so many attempts in any window; the next one waits for its turn, in order."""

    def __init__(self, limit: int = ATTEMPTS_LIMIT, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._made: deque[float] = deque(maxlen=limit)
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Return once another attempt may be made, and count it."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            if len(self._made) == self._made.maxlen:
                await asyncio.sleep(max(0.0, self._made[0] + self._window_s - loop.time()))
            self._made.append(loop.time())
