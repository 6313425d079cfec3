"""How a command goes to the venue: by the order socket, and by REST where that is down; once in any case.

A command is written to the socket or handed to REST, never both: REST is taken only where the socket is certain not to
have sent it. Either way the venue enforces how old it may be (`recvWindow`), which is never more than the command's
own deadline allows. What cannot be known stays unknown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias, TypeVar

from bus.messages import Code, Refused, WeightPurpose
from venues.binance.bans import banned_exit
from venues.binance.client.clock import ServerClock
from venues.binance.client.endpoints import ENDPOINTS
from venues.binance.client.errors import (
    Banned,
    ClientError,
    ClockRefused,
    LimitReached,
    NoAnswer,
    NotSent,
    UnreadableAnswer,
)
from venues.binance.client.weights import weight_of
from venues.binance.client.ws_connection import Connection
from venues.binance.mapping.errors import failure_of, refusal_of
from venues.binance.mapping.placing import Request
from venues.binance.queries import Queries
from venues.execution import Failure, Outcome, Window
from venues.quota import Quota
from venues.unreadable import NOT_READABLE

__all__ = ["ANSWER_MARGIN_S", "Sending", "Told"]

ANSWER_MARGIN_S = 1.0
"""An answer is waited for this long beyond the recvWindow."""
_MS = 1_000_000

T = TypeVar("T")
Told: TypeAlias = Callable[[bytes | ClientError], None]
"""Told what the venue answered, or what went wrong."""

_BY_METHOD = {endpoint.ws: endpoint for endpoint in ENDPOINTS}
_ORDERS = {endpoint.ws: endpoint.orders for endpoint in ENDPOINTS}
_ENDS = (Refused, Failure)
_WEIGHTS = {endpoint.ws: weight_of(endpoint, {}) for endpoint in ENDPOINTS}


class Sending(Queries):
    """The part of the execution actor that writes."""

    server_clock: ServerClock
    _connection: Connection
    quota: Quota | None = None
    """What this actor may spend of its host's weight; None where nobody shares it."""

    @property
    def clock_bound_ns(self) -> int:
        return self.server_clock.bound_ns

    def send(self, request: Request, told: Told, window: Window, takes_risk: bool = True) -> Outcome:
        """Send a request, once. `takes_risk`: it waits for no limit and for no clock, but is refused."""
        orders, limits, quota = _ORDERS[request.method], self.rest.limits, self.quota
        purpose = WeightPurpose.ORDER if takes_risk else WeightPurpose.CANCEL
        weight = _WEIGHTS[request.method]
        if not takes_risk:
            orders = 0
        try:
            limits.check(request.method, orders > 0, not takes_risk)
            if orders:
                limits.take_orders(request.method, orders)
        except NotSent as error:
            return refusal_of(error)
        if quota is not None and not quota.try_take(purpose, weight):
            limits.orders_answered(orders)
            return Refused(Code.RATE_LIMITED, quota.why_not(purpose))
        outcome = self._send_paid(request, told, window, takes_risk)
        if outcome is not None and isinstance(outcome, _ENDS):  # no answer comes by itself
            limits.orders_answered(orders)
            if quota is not None and isinstance(outcome, Refused):
                quota.refund(purpose, weight)
        return outcome

    def _counted(self, orders: int, told: Told, answer: bytes | ClientError) -> None:
        """An answer to what adds to the order count: the venue's own count has it now."""
        self.rest.limits.orders_answered(orders)
        told(answer)

    async def _counted_slowly(self, orders: int, going: Awaitable[Failure | None]) -> Failure | None:
        try:
            return await going
        finally:
            self.rest.limits.orders_answered(orders)

    def refund(self, method: str, takes_risk: bool = True) -> None:
        """A command was taken: since 2026-04-02 the venue does not count its weight."""
        if self.quota is not None:
            purpose = WeightPurpose.ORDER if takes_risk else WeightPurpose.CANCEL
            self.quota.refund(purpose, _WEIGHTS[method])

    def _send_paid(self, request: Request, told: Told, window: Window, takes_risk: bool) -> Outcome:
        api, orders = self._connection.api, _ORDERS[request.method] if takes_risk else 0
        if api is not None:
            timeout_s = window.ms / 1000 + ANSWER_MARGIN_S
            counted = partial(self._counted, orders, told) if orders else told
            try:
                api.call(request.method, dict(request.params), counted, timeout_s, recv_window_ms=window.ms)
                return None
            except NoAnswer as error:
                return self.failure_of(error)
            except NotSent as error:
                if takes_risk and api.is_open:  # it takes no more, for the venue answers nothing
                    return refusal_of(error)
                self.log.debug("the order socket does not take it; REST is asked", reason=error)
        if takes_risk and not self.server_clock.is_known:
            reason = f"{self.instance} is not connected ({self._connection.why_down}), and its time is not known"
            return Refused(Code.VENUE_NOT_CONNECTED, reason)
        slowly = self._send_by_rest(request, told, window, takes_risk)
        return self._counted_slowly(orders, slowly) if orders else slowly

    async def _send_by_rest(self, request: Request, told: Told, window: Window, takes_risk: bool) -> Failure | None:
        """The order socket is down: one call over whatever still works."""
        params: dict[str, Any] = dict(request.params)
        if request.method == "order.place":
            params["newOrderRespType"] = "FULL"  # no stream tells what it does at once
        try:
            left_ms = (window.ends_ns - self.clock.monotonic_ns()) // _MS
            if left_ms < 1:
                raise NotSent(f"{request.method}: its time was over before it could be sent")
            if takes_risk and not self.server_clock.is_known:  # to measure it first would take of the order's time
                raise NotSent(f"{request.method}: the venue's time is not known any more")
            timeout_s = left_ms / 1000 + ANSWER_MARGIN_S
            raw = await self.rest.call(
                _BY_METHOD[request.method], params, int(left_ms), timeout_s, is_paid=True, ends_order=not takes_risk
            )
        except Banned as error:
            raise banned_exit(self.instance, error, self.clock.time_ns()) from None
        except ClientError as error:
            if isinstance(error, LimitReached) and not takes_risk:
                self.rest.limits.hold_ends(error.retry_after_s)
            return self.failure_of(error)
        told(raw)
        return None

    def failure_of(self, error: ClientError | Failure) -> Failure:
        """What an error says of the command that met it; and what it says of us is seen to."""
        if isinstance(error, Failure):
            return error
        if isinstance(error, ClockRefused):
            self.server_clock.forget()
            self.measure_clock()
        elif isinstance(error, LimitReached):
            self.rest.limits.heed(error)
        elif isinstance(error, UnreadableAnswer):
            self.on_unreadable(error)
        return failure_of(error)

    def read(self, what: Callable[[bytes], T], raw: bytes) -> T | Failure:
        """Return what an answer says; where it cannot be read nothing is certain, and the venue may have done it."""
        try:
            return what(raw)
        except NOT_READABLE as error:
            return self.failure_of(UnreadableAnswer(raw, str(error), 200))

    def on_unreadable(self, error: UnreadableAnswer) -> None:
        """What the venue said cannot be read."""
        self.counts["unreadable_venue"] += 1
        self.log.error("the venue said what cannot be read", reason=error)

    def measure_clock(self) -> None:
        """Measure the server's clock, over whatever connection there is; that proves the connection too."""
        if self._connection.api is not None:
            self._connection.probe()
        else:
            self.spawn(self._measure_by_rest())

    async def _measure_by_rest(self) -> None:
        with suppress(ClientError):
            await self.rest.measure_clock()
