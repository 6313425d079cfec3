"""Request weight of the address and unfilled order count of an account, over calendar-aligned windows.

Source: Binance Spot API, limits and faqs/order_count_decrement, 2026-07.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from venues.binance.twin.errors import banned, too_many_orders, too_much_weight

MINUTE_MS = 60_000
TEN_SECONDS_MS = 10_000
DAY_MS = 86_400_000
WEIGHT_PER_MINUTE = 6_000
ORDERS_PER_TEN_SECONDS = 100
ORDERS_PER_DAY = 200_000
RAW_PER_FIVE_MINUTES = 300_000
REFUSALS_BEFORE_BAN = 10
"""Requests over the limit that are answered 429 before the address is banned; the venue names no number."""
BAN_MS = 120_000
"""The venue's first ban lasts two minutes."""
MAKER_CREDIT = 5
"""An order whose first fill is as a maker gives back this much of the order count (the venue's example)."""


@dataclass(slots=True)
class Window:
    """A counter that starts at zero again at each multiple of `length_ms`."""

    length_ms: int
    limit: int
    used: int = 0
    start_ms: int = 0

    def at(self, now_ms: int) -> int:
        """What is used in the window of now."""
        start = now_ms - now_ms % self.length_ms
        if start != self.start_ms:
            self.start_ms, self.used = start, 0
        return self.used

    @property
    def ends_ms(self) -> int:
        """UNIX milliseconds of the current window's end."""
        return self.start_ms + self.length_ms


@dataclass(slots=True)
class AddressLimit:
    """The request weight of one address."""

    limit: int = WEIGHT_PER_MINUTE
    window: Window = field(init=False)
    refused: int = 0
    banned_until_ms: int = 0

    def __post_init__(self) -> None:
        self.window = Window(MINUTE_MS, self.limit)

    def spend(self, weight: int, now_ms: int) -> None:
        """Count a request. Raises VenueError 429 over the limit, 418 when the address goes on after that."""
        if now_ms < self.banned_until_ms:
            raise banned(self.banned_until_ms)
        if self.window.at(now_ms) == 0:
            self.refused = 0
        if self.window.used + weight > self.limit:
            self.refused += 1
            if self.refused > REFUSALS_BEFORE_BAN:
                self.banned_until_ms = now_ms + BAN_MS
                raise banned(self.banned_until_ms)
            raise too_much_weight(self.limit, self.window.ends_ms)
        self.window.used += weight

    def charge(self, weight: int, now_ms: int) -> None:
        """Count what is never refused, such as a connection."""
        self.window.at(now_ms)
        self.window.used += weight

    def refund(self, weight: int) -> None:
        """Orders placed or canceled with success weigh nothing since 2026-04-02."""
        self.window.used = max(0, self.window.used - weight)

    def used(self, now_ms: int) -> int:
        """Weight used in the current minute."""
        return self.window.at(now_ms)

    def report(self, now_ms: int) -> dict[str, Any]:
        """The entry of an answer's `rateLimits`."""
        return _report("REQUEST_WEIGHT", "MINUTE", 1, self.limit) | {"count": self.used(now_ms)}


@dataclass(slots=True)
class OrderLimit:
    """The unfilled order count of one account."""

    per_ten_seconds: int = ORDERS_PER_TEN_SECONDS
    windows: tuple[Window, Window] = field(init=False)

    def __post_init__(self) -> None:
        self.windows = (Window(TEN_SECONDS_MS, self.per_ten_seconds), Window(DAY_MS, ORDERS_PER_DAY))

    def check(self, now_ms: int) -> None:
        """Raises VenueError -1015 when one more order would be too many."""
        for window, interval in zip(self.windows, ("10 SECOND", "1 DAY"), strict=True):
            if window.at(now_ms) >= window.limit:
                raise too_many_orders(window.limit, interval, window.ends_ms)

    def placed(self, now_ms: int) -> None:
        """Count an order that was accepted."""
        for window in self.windows:
            window.at(now_ms)
            window.used += 1

    def withdrawn(self, now_ms: int) -> None:
        """Take back an order that was counted and then was not placed."""
        for window in self.windows:
            window.used = max(0, window.at(now_ms) - 1)

    def filled(self, is_maker: bool, now_ms: int) -> None:
        """Give credit for an order's first fill; the count never falls under zero."""
        for window in self.windows:
            window.used = max(0, window.at(now_ms) - (MAKER_CREDIT if is_maker else 1))

    def used(self, now_ms: int) -> tuple[int, int]:
        """(last ten seconds, today)."""
        return self.windows[0].at(now_ms), self.windows[1].at(now_ms)

    def report(self, now_ms: int) -> list[dict[str, Any]]:
        """The two entries of an answer's `rateLimits`."""
        recent, today = self.used(now_ms)
        return [
            _report("ORDERS", "SECOND", 10, self.per_ten_seconds) | {"count": recent},
            _report("ORDERS", "DAY", 1, ORDERS_PER_DAY) | {"count": today},
        ]


def rules(weight: int, orders: int) -> list[dict[str, Any]]:
    """The `rateLimits` of exchangeInfo."""
    return [
        _report("REQUEST_WEIGHT", "MINUTE", 1, weight),
        _report("ORDERS", "SECOND", 10, orders),
        _report("ORDERS", "DAY", 1, ORDERS_PER_DAY),
        _report("RAW_REQUESTS", "MINUTE", 5, RAW_PER_FIVE_MINUTES),
    ]


def _report(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}
