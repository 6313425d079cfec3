"""The venue's limits as it tells them: what is used, and until when nothing may be sent.

Every REST answer tells the request weight of this address in its headers, answers to orders the account's order count;
every answer of the WebSocket API tells both in `rateLimits`. The venue counts by windows that are aligned to its own
clock, so a count is worth what it is until that window ends by the measured server's time; before that is known,
until a whole interval has passed on the host's monotonic clock, which is later. The wall clock has no part in it.

Source: Binance Spot API, rest-api (limits), web-socket-api (rate limits) and enums, 2026-07.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

import msgspec

from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import TOO_MANY_ORDERS, Banned, HeldBack, LimitReached
from venues.binance.client.payloads.session import RateLimit
from venues.unreadable import NOT_READABLE

__all__ = ["WEIGHT_LIMIT", "Limits", "Usage"]

WEIGHT_LIMIT = 6000
"""Request weight a minute and address."""
MINUTE = "1M"
ORDER_LIMITS = {"10S": 50, "1D": 160_000}
"""New orders of an account, until the venue has told its own: the least that its documents name."""
UNLOOKED = 10
"""Orders between two looks at the account's count, where that leaves room: a look takes 2 us, and only others who trade
on the same account can make it wrong by more than these."""
ENDS_PAUSE_S = 5.0
"""Between tries of what ends orders, where the venue takes not even that: twelve a minute are no flood."""
_WEIGHT, _ORDERS = "REQUEST_WEIGHT", "ORDERS"
_KINDS = (("x-mbx-used-weight-", _WEIGHT), ("x-mbx-order-count-", _ORDERS))
_UNITS_S = {"S": 1, "M": 60, "H": 3600, "D": 86400}
"""By the letter of a header's interval and the first letter of the word in `rateLimits`."""
_ORDERS_MARK = b'"ORDERS"'
_S = 1_000_000_000
_MS = 1_000_000

_rate_limits = msgspec.json.Decoder(tuple[RateLimit, ...])


class Usage(msgspec.Struct, frozen=True):
    """What is used of a limit in the present window, as of the venue's last word; `limit` 0 where it did not tell."""

    kind: str
    """REQUEST_WEIGHT or ORDERS."""
    interval: str
    """As in the header's name: 1M, 10S, 1D."""
    count: int
    limit: int = 0


class _Count(msgspec.Struct, frozen=True):
    usage: Usage
    ends_ns: int


class Limits:
    """One address's and account's counts, fed by all connections of a client. `clock` says where windows end."""

    def __init__(self, clock: ServerClock) -> None:
        self._clock = clock
        self._counts: dict[tuple[str, str], _Count] = {}
        self._unread: dict[bool, tuple[bytes, int]] = {}
        """The last `rateLimits` with order counts, and without: they are read when somebody asks."""
        self._held_until_ns = 0
        self._orders_held_until_ns = 0
        self._banned_until_ns = 0
        self._ends_held_until_ns = 0
        self._in_flight = self._unlooked = 0
        """Of the order count: written, and not answered yet."""
        self.on_limit: Callable[[float, bool], None] = _nobody
        """Told for how many seconds the venue told this address to wait, and whether that is a ban."""

    # what the venue tells

    def note_headers(self, headers: Mapping[str, str]) -> None:
        """Take what a REST answer tells."""
        now = self._now_ns()
        for name, text in headers.items():
            lower = name.lower()
            for prefix, kind in _KINDS:
                if lower.startswith(prefix) and text.isdigit():
                    self._note(kind, lower.removeprefix(prefix).upper(), int(text), 0, now)

    def note_rate_limits(self, raw: bytes) -> None:
        """Take the `rateLimits` of an answer of the WebSocket API, as JSON. Costs an answer under a microsecond."""
        if len(raw) > len(b"[]"):
            self._unread[_ORDERS_MARK in raw] = raw, self._now_ns()

    def heed(self, error: LimitReached) -> None:
        """Send nothing (or no order, where only these are too many) until the wait is over that the venue told."""
        wait_s = error.retry_after_s
        if error.code != TOO_MANY_ORDERS:
            wait_s = wait_s or self.minute_left_s
            self.hold_for(wait_s, isinstance(error, Banned))
            self.on_limit(wait_s, isinstance(error, Banned))
        elif wait_s:
            self._orders_held_until_ns = max(self._orders_held_until_ns, self._now_ns() + int(wait_s * _S))

    def hold_for(self, wait_s: float, banned: bool) -> None:
        """Send nothing for so long: what the venue told us, or somebody else at this address."""
        until = self._now_ns() + int(wait_s * _S)
        self._held_until_ns = max(self._held_until_ns, until)
        if banned:
            self._banned_until_ns = max(self._banned_until_ns, until)

    def hold_ends(self, wait_s: float) -> None:
        """What ends an order was refused for a limit too: pause with those so long, `ENDS_PAUSE_S` at most."""
        pause_s = min(wait_s or ENDS_PAUSE_S, ENDS_PAUSE_S)
        self._ends_held_until_ns = self._now_ns() + int(pause_s * _S)

    def hold(self) -> None:
        """Count all weight of this minute as used."""
        self._read()
        self._note(_WEIGHT, MINUTE, WEIGHT_LIMIT, WEIGHT_LIMIT, self._now_ns())

    # what that means

    @property
    def is_held(self) -> bool:
        """True while the venue has told this address to send nothing."""
        return self._held_until_ns > self._now_ns()

    def check(self, what: str, places_order: bool = False, ends_order: bool = False) -> None:
        """Raise HeldBack while the venue's wait is not over; `what` is about to be sent.

        What ends an order waits for a ban, which it would make longer, and where the last of its kind was refused.
        """
        until = max(self._banned_until_ns, self._ends_held_until_ns) if ends_order else self._held_until_ns
        if places_order:
            until = max(until, self._orders_held_until_ns)
        if until:
            held_ns = until - self._now_ns()
            if held_ns > 0:
                raise HeldBack(f"{what}: a limit was reached, and the venue told to wait {held_ns / _S:.1f} s more")

    def take_orders(self, what: str, orders: int) -> None:
        """Count orders that are about to be written. Raises HeldBack where they would exceed the account's order count.

        Where there is room only each `UNLOOKED`th order looks what the venue has told since.
        """
        if self._unlooked < orders:
            free = self._free_orders(what, orders)
            self._unlooked = max(orders, min(free // 2, UNLOOKED))
        self._unlooked -= orders
        self._in_flight += orders

    def orders_answered(self, orders: int) -> None:
        """Their answers have come, or never will: what counted was told with them, or is told with the next."""
        self._in_flight -= orders

    def _free_orders(self, what: str, orders: int) -> int:
        self._read()
        now, free = self._now_ns(), sys.maxsize
        for interval, fallback in ORDER_LIMITS.items():
            count = self._counts.get((_ORDERS, interval))
            limit = fallback if count is None else count.usage.limit or fallback
            used = count.usage.count if count is not None and now < count.ends_ns else 0
            if used + self._in_flight + orders > limit:
                on_way = f"{self._in_flight} on their way"
                raise HeldBack(f"{what}: {used} orders counted and {on_way}, of {limit} in {interval}")
            free = min(free, limit - used - self._in_flight)
        return free

    @property
    def usages(self) -> tuple[Usage, ...]:
        """Everything that is counted in a window which is not over."""
        self._read()
        now = self._now_ns()
        return tuple(count.usage for count in self._counts.values() if now < count.ends_ns)

    @property
    def ban_left_s(self) -> float:
        """Seconds for which the address is banned, as far as is known here."""
        return max(0, self._banned_until_ns - self._now_ns()) / _S

    @property
    def knows_the_time(self) -> bool:
        """True where windows end by the venue's measured clock."""
        return self._clock.is_known

    @property
    def told_limit(self) -> int:
        """Request weight a minute as the venue tells it, 0 where it has not."""
        self._read()
        count = self._counts.get((_WEIGHT, MINUTE))
        return count.usage.limit if count is not None else 0

    def learn(self, limits: Iterable[RateLimit]) -> None:
        """Take limits, with or without counts, that the venue told in an answer's own content."""
        self._read()
        self._unlooked = 0
        now = self._now_ns()
        for one in limits:
            interval = f"{one.interval_num}{one.interval[:1]}"
            known = self._counts.get((one.rate_limit_type, interval))
            count = one.count if one.count >= 0 else 0 if known is None or now >= known.ends_ns else known.usage.count
            self._note(one.rate_limit_type, interval, count, one.limit, now)

    @property
    def used_weight(self) -> int:
        """Request weight that this address has used in the current minute, as of the last answer."""
        return self._count_of(_WEIGHT, MINUTE)

    def orders_used(self, interval: str) -> int:
        """Orders counted for the account in the current window of ``10S`` or ``1D``, as of the last answer."""
        return self._count_of(_ORDERS, interval)

    @property
    def minute_left_s(self) -> float:
        """Seconds until the weight is counted from zero again; at most that where the server's time is not known."""
        if not self._clock.is_known:
            self._read()
            last = self._counts.get((_WEIGHT, MINUTE))
            left = last.ends_ns - self._now_ns() if last is not None else 0
            return left / _S if left > 0 else 60.0
        now = self._now_ns()
        return (self._window_ends_ns(60, now) - now) / _S

    def _count_of(self, kind: str, interval: str) -> int:
        self._read()
        count = self._counts.get((kind, interval))
        return count.usage.count if count is not None and self._now_ns() < count.ends_ns else 0

    def _read(self) -> None:
        unread, self._unread = self._unread, {}
        for raw, told_ns in sorted(unread.values(), key=lambda each: each[1]):
            try:
                limits = _rate_limits.decode(raw)
            except NOT_READABLE:
                continue  # the answer's own content was read; a count that is none is not worth more
            for one in limits:
                if one.count >= 0:
                    interval = f"{one.interval_num}{one.interval[:1]}"
                    self._note(one.rate_limit_type, interval, one.count, one.limit, told_ns)

    def _note(self, kind: str, interval: str, count: int, limit: int, told_ns: int) -> None:
        number, unit = interval[:-1], _UNITS_S.get(interval[-1:])
        if unit is None or not number.isdigit() or number == "0":
            return  # an interval of tomorrow
        known = self._counts.get((kind, interval))
        usage = Usage(kind, interval, count, limit or (known.usage.limit if known is not None else 0))
        self._counts[kind, interval] = _Count(usage, self._window_ends_ns(int(number) * unit, told_ns))

    def _window_ends_ns(self, length_s: int, at_ns: int) -> int:
        if not self._clock.is_known:
            return at_ns + length_s * _S
        length_ms = length_s * 1000
        at_ms = self._clock.now_ms() - (self._now_ns() - at_ns) // _MS
        return at_ns + (length_ms - at_ms % length_ms) * _MS

    def _now_ns(self) -> int:
        return self._clock.monotonic_ns()


def _nobody(wait_s: float, banned: bool) -> None:
    """A client alone has nobody to tell."""
