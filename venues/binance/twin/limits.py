"""What an address and an account may use up: weight, raw requests, connections, unfilled orders; and bans.

Every limit counts in windows that begin at multiples of their length, as the venue's do. An address that goes on
asking after a 429 is banned, and each further ban is twice as long as the one before. Source: Binance Spot API,
limits and faqs/order_count_decrement, 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from venues.binance.twin.errors import banned, too_many_connections, too_many_orders, too_many_requests, too_much_weight
from venues.binance.twin.rules import ORDERS_PER_DAY, RAW_PER_FIVE_MINUTES, Rules

MINUTE_MS = 60_000
MAKER_CREDIT = 5
"""An order whose first fill is as a maker gives back this much of the order count (the venue's example)."""
MAX_BAN_DOUBLINGS = 32
"""Far past the longest ban; keeps the power of two small."""
MAX_ADDRESSES = 1_024
"""Addresses that are kept apart: a loopback host has few, and a stranger's flood must not grow memory."""


@dataclass(slots=True)
class Window:
    """A counter that starts at zero again at each multiple of its length; both come from the rules at each look."""

    rules: Rules
    limit_name: str
    length_name: str
    used: int = 0
    start_ms: int = 0

    @property
    def limit(self) -> int:
        """How much may be used in one window."""
        return int(getattr(self.rules, self.limit_name))

    @property
    def length_ms(self) -> int:
        """How long a window is."""
        return max(1, round(float(getattr(self.rules, self.length_name)) * 1000))

    def at(self, now_ms: int) -> int:
        """What is used in the window of now."""
        start = now_ms - now_ms % self.length_ms
        if start != self.start_ms:
            self.start_ms, self.used = start, 0
        return self.used

    def is_full(self, more: int, now_ms: int) -> bool:
        """Whether `more` is too much now."""
        return self.at(now_ms) + more > self.limit

    @property
    def ends_ms(self) -> int:
        """UNIX milliseconds of the current window's end."""
        return self.start_ms + self.length_ms


class Address:
    """What one address has used, and whether it is banned."""

    def __init__(self, rules: Rules, ip: str) -> None:
        self.ip = ip
        self.banned_until_ms = 0
        self.bans = 0
        self._rules = rules
        self._weight = Window(rules, "weight", "weight_window_s")
        self._raw = Window(rules, "raw_requests", "raw_window_s")
        self._connections = Window(rules, "connections", "connections_window_s")
        self._refused = 0

    @property
    def limit(self) -> int:
        """Request weight of one window."""
        return self._weight.limit

    def spend(self, weight: int, now_ms: int) -> None:
        """Count a request. Raises VenueError 429 over a limit, 418 when the address goes on after that."""
        self.check_ban(now_ms)
        if self._weight.at(now_ms) == 0:
            self._refused = 0
        if self._weight.is_full(weight, now_ms):
            raise self._refuse(now_ms, lambda: too_much_weight(self.limit, self._weight.ends_ms))
        if self._raw.is_full(1, now_ms):
            raise self._refuse(now_ms, lambda: too_many_requests(self._raw.ends_ms))
        self._weight.used += weight
        self._raw.used += 1

    def connect(self, weight: int, now_ms: int) -> None:
        """Count an attempt to open a WebSocket. Raises VenueError -1034 when there were too many, else as `spend`."""
        self.check_ban(now_ms)
        if self._connections.is_full(1, now_ms):
            raise too_many_connections(self._connections.limit, self._connections.ends_ms)
        self._connections.used += 1
        if weight:
            self.spend(weight, now_ms)

    def check_ban(self, now_ms: int) -> None:
        """Raises VenueError 418 while the address is banned."""
        if now_ms < self.banned_until_ms:
            raise banned(self.banned_until_ms)

    def ban(self, now_ms: int, seconds: float | None = None) -> None:
        """Ban the address for so long, by default for as long as its earlier bans make it."""
        if seconds is None:
            seconds = self._rules.first_ban_s * 2 ** min(self.bans, MAX_BAN_DOUBLINGS)
            seconds = min(seconds, self._rules.longest_ban_s)
            self.bans += 1
        self._refused = 0
        self.banned_until_ms = now_ms + round(seconds * 1000)

    def pardon(self) -> None:
        """Forget every ban and all that was used."""
        self.banned_until_ms = self.bans = self._refused = 0
        for window in (self._weight, self._raw, self._connections):
            window.used = 0

    def refund(self, weight: int) -> None:
        """Orders placed or canceled with success weigh nothing since 2026-04-02."""
        self._weight.used = max(0, self._weight.used - weight)

    def used(self, now_ms: int) -> int:
        """Weight used in the current window."""
        return self._weight.at(now_ms)

    def report(self, now_ms: int) -> dict[str, Any]:
        """The entry of an answer's `rateLimits`."""
        return _report("REQUEST_WEIGHT", "MINUTE", 1, self.limit) | {"count": self.used(now_ms)}

    def _refuse(self, now_ms: int, refusal: Callable[[], Exception]) -> Exception:
        self._refused += 1
        if self._refused <= self._rules.refusals_before_ban:
            return refusal()
        self.ban(now_ms)
        return banned(self.banned_until_ms)


class Addresses:
    """Every address that has come to the doors."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._by_ip: dict[str, Address] = {}

    def of(self, ip: str | None) -> Address:
        """The account of an address; the oldest are forgotten when there are too many."""
        ip = ip or ""
        address = self._by_ip.get(ip)
        if address is None:
            if len(self._by_ip) >= MAX_ADDRESSES:
                del self._by_ip[next(iter(self._by_ip))]
            address = self._by_ip[ip] = Address(self._rules, ip)
        return address

    def __iter__(self) -> Any:
        return iter(self._by_ip.values())


@dataclass(slots=True)
class OrderLimit:
    """The unfilled order count of one account."""

    rules: Rules = field(default_factory=Rules)
    windows: tuple[Window, Window] = field(init=False)

    def __post_init__(self) -> None:
        self.windows = (
            Window(self.rules, "orders", "orders_window_s"),
            Window(self.rules, "orders_a_day", "orders_day_s"),
        )

    def check(self, now_ms: int) -> None:
        """Raises VenueError -1015 when one more order would be too many."""
        for window, interval in zip(self.windows, ("10 SECOND", "1 DAY"), strict=True):
            if window.is_full(1, now_ms):
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
            _report("ORDERS", "SECOND", 10, self.rules.orders) | {"count": recent},
            _report("ORDERS", "DAY", 1, self.rules.orders_a_day) | {"count": today},
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
