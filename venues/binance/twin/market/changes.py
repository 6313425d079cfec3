"""What changed in a book since a diff stream's last event."""

from __future__ import annotations

from typing import Any

from venues.binance.twin.market.symbols import Symbol
from venues.twins.matching import LevelChanged


class Changes:
    """The last total of each changed price, and the span of change numbers."""

    __slots__ = ("asks", "bids", "first", "last")

    def __init__(self) -> None:
        self.first = self.last = 0
        self.bids: dict[int, int] = {}
        self.asks: dict[int, int] = {}

    def add(self, change: LevelChanged) -> None:
        """Take a change in."""
        self.first = self.first or change.update_id
        self.last = change.update_id
        (self.bids if change.side == "BUY" else self.asks)[change.price] = change.total

    def take(self, symbol: Symbol, now_ms: int) -> dict[str, Any] | None:
        """The `depthUpdate` of everything gathered, None when nothing changed; then begin anew."""
        if not self.first:
            return None
        event = {
            "e": "depthUpdate",
            "E": now_ms,
            "s": symbol.name,
            "U": self.first,
            "u": self.last,
            "b": _levels(symbol, self.bids, reverse=True),
            "a": _levels(symbol, self.asks, reverse=False),
        }
        self.first = 0
        self.bids, self.asks = {}, {}
        return event


def _levels(symbol: Symbol, totals: dict[int, int], reverse: bool) -> list[list[str]]:
    return [[symbol.price(price), symbol.size(totals[price])] for price in sorted(totals, reverse=reverse)]
