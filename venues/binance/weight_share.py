"""When history may spend request weight: last, wherever a limit is shared."""

from __future__ import annotations

import asyncio
from typing import Protocol

from venues.binance.client.errors import HeldBack
from venues.binance.client.limits import WEIGHT_LIMIT, Limits
from venues.binance.client.payloads import ExchangeInfo

__all__ = ["HISTORY_SHARE", "Budget", "WeightShare"]

HISTORY_SHARE = 0.5
"""Of the weight that all processes of this address have for a minute: beyond it history waits for the next minute, so
that cancels, orders, queries and snapshots need not."""
HELD_LOOK_S = 1.0
"""Between looks whether a wait is over that the venue told us."""
WINDOW_MARGIN_S = 0.05
"""After a minute's end, so that a request that leaves then arrives in the next one by the venue's clock."""


class Budget(Protocol):
    """Says when history may spend request weight."""

    async def take(self, weight: int) -> None:
        """Return once so much may be spent."""


class WeightShare:
    """A `Budget` for one client alone: history leaves all but `HISTORY_SHARE` of each minute to others.

    It goes by what the venue tells in each answer, which is what all processes of this address have used.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._limit = WEIGHT_LIMIT

    def learn(self, info: ExchangeInfo) -> None:
        """Take the limit that the venue tells."""
        told = [
            one.limit for one in info.rate_limits if (one.rate_limit_type, one.interval) == ("REQUEST_WEIGHT", "MINUTE")
        ]
        self._limit = min(told, default=WEIGHT_LIMIT)

    async def take(self, weight: int) -> None:
        """Wait while the venue told us to, and while this minute's share is spent; a minute's first request may go."""
        while True:
            used = self._limits.used_weight
            if used and used + weight > self._limit * HISTORY_SHARE:
                await asyncio.sleep(self._limits.minute_left_s + WINDOW_MARGIN_S)
                continue
            try:
                self._limits.check("history")
            except HeldBack:
                await asyncio.sleep(HELD_LOOK_S)
            else:
                return
