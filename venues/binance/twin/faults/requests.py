"""Faults of single requests. Each says what becomes of the request, of its answer and of its connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from venues.binance.twin.errors import INTERNAL, internal, too_much_weight, unknown_key
from venues.binance.twin.faults.fault import Hit, Occasional, Place
from venues.binance.twin.requests.request import Door
from venues.binance.twin.requests.trouble import GarbageKind, Trouble

if TYPE_CHECKING:
    from venues.binance.twin.world import World

How = Literal["silence", "cut"]
STATUSES = {-1000: 500, -1001: 503, -1006: 502, -1007: 504, -1008: 503}
"""HTTP statuses of the venue's internal errors; its pages say 5XX and no more."""


class RequestFault(Occasional, frozen=True):
    """A fault of one request; `method` is the WebSocket API's, or REST's method and path, or a path."""

    place: ClassVar[Place] = "request"
    matched: ClassVar[tuple[str, ...]] = ("method", "via", "symbol", "client_order_id", "account")

    method: str | None = None
    via: Door | None = None
    symbol: str | None = None
    client_order_id: str | None = None
    account: str | None = None

    def trouble(self, number: int, world: World) -> Trouble:
        """What the request goes through."""
        raise NotImplementedError


class AckLost(RequestFault, frozen=True):
    """The request does all that it does, and its answer is never sent: by silence, or by cutting the connection."""

    how: How = "silence"

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, answer=self.how)


class RequestLost(RequestFault, frozen=True):
    """The request never reaches the engine and is never answered: by silence, or by cutting the connection."""

    how: How = "silence"

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, executes=False, answer=self.how)


class RequestLate(RequestFault, frozen=True):
    """The request reaches the engine `delay_ms` after it came, whether its client still waits or not."""

    delay_ms: float = 1_000.0

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, before_ms=self.delay_ms)


class FillBeforeAck(RequestFault, frozen=True):
    """The account's events are sent first, and the answer that caused them `delay_ms` later."""

    delay_ms: float = 20.0

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, after_ms=self.delay_ms)


class LateAck(RequestFault, frozen=True):
    """The request does all that it does at once, and its answer is sent `delay_ms` later."""

    delay_ms: float = 2_000.0

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, after_ms=self.delay_ms)


class HttpError(RequestFault, frozen=True):
    """The answer is an internal error of the venue: -1000, -1001, -1006, -1007 or -1008, executed or not."""

    code: Literal[-1000, -1001, -1006, -1007, -1008] = -1007
    status: int | None = None
    executed: bool = False

    def trouble(self, number: int, world: World) -> Trouble:
        error = internal(self.code, self.status or STATUSES[self.code])
        return Trouble(number, executes=self.executed, answer="error", error=error)


class Garbage(RequestFault, frozen=True):
    """The answer cannot be read: an HTML page, half of the JSON, JSON as another content type, or binary."""

    what: GarbageKind = "html"
    status: int = 502
    executed: bool = True

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, executes=self.executed, answer="garbage", garbage=self.what, html_status=self.status)


class Firewall(RequestFault, frozen=True):
    """The firewall takes a REST request for an attack: HTTP 403 with an HTML page; nothing is executed."""

    def fits(self, hit: Hit) -> bool:
        return hit["via"] == "rest" and super().fits(hit)

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, executes=False, answer="garbage", garbage="html", html_status=403)


class RateLimited(RequestFault, frozen=True):
    """The answer is 429 with a `Retry-After` of `retry_after_s`; nothing is executed."""

    retry_after_s: float = 1.0

    def trouble(self, number: int, world: World) -> Trouble:
        error = too_much_weight(world.rules.weight, world.clock.now_ms + round(self.retry_after_s * 1000))
        return Trouble(number, executes=False, answer="error", error=error)


class KeyRefused(RequestFault, frozen=True):
    """The answer is 401 with -2015, as for a key that was deleted; nothing is executed."""

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, executes=False, answer="error", error=unknown_key())


class StaleSnapshot(RequestFault, frozen=True):
    """A depth snapshot shows the book as it was `updates_ago` changes ago, under the id of then."""

    updates_ago: int = 100

    def fits(self, hit: Hit) -> bool:
        return "depth" in hit["method"] and super().fits(hit)

    def trouble(self, number: int, world: World) -> Trouble:
        return Trouble(number, replace=lambda request, body: world.history.older(request.sent, body, self.updates_ago))


assert STATUSES.keys() == INTERNAL.keys()
REQUEST_FAULTS = (
    AckLost, RequestLost, RequestLate, FillBeforeAck, LateAck, HttpError, Garbage, Firewall, RateLimited,
    KeyRefused, StaleSnapshot,
)  # fmt: skip
