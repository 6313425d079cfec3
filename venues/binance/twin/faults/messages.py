"""Faults of what the twin sends by itself: an account's events, and the depth updates of a symbol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from venues.binance.twin.faults.fault import Occasional, Place


class UserEventFault(Occasional, frozen=True):
    """A fault of one event of an account; `event` is its `e`, `execution` its `x`."""

    place: ClassVar[Place] = "user_event"
    matched: ClassVar[tuple[str, ...]] = ("event", "execution", "symbol", "client_order_id", "account")

    event: str | None = None
    execution: str | None = None
    symbol: str | None = None
    client_order_id: str | None = None
    account: str | None = None

    def fate(self) -> Sequence[float]:
        """When the event is sent, in milliseconds from now: each time that it is."""
        raise NotImplementedError


class UserEventLost(UserEventFault, frozen=True):
    """An event of the account is never sent, and no connection ends: executionReport, listStatus, any."""

    def fate(self) -> Sequence[float]:
        return ()


class UserEventRepeated(UserEventFault, frozen=True):
    """An event of the account is sent twice."""

    def fate(self) -> Sequence[float]:
        return (0.0, 0.0)


class UserEventLate(UserEventFault, frozen=True):
    """An event of the account is sent `delay_ms` late, after those that followed it."""

    delay_ms: float = 500.0

    def fate(self) -> Sequence[float]:
        return (self.delay_ms,)


class DeltaFault(Occasional, frozen=True):
    """A fault of one `depthUpdate`; `stream` is its stream, `symbol` hits any depth stream of the symbol."""

    place: ClassVar[Place] = "stream"
    matched: ClassVar[tuple[str, ...]] = ("stream", "symbol")

    stream: str | None = None
    symbol: str | None = None

    copies: ClassVar[int] = 1
    """How often the update is sent."""
    waits: ClassVar[bool] = False
    """Whether it is sent after the next one."""


class DeltaLost(DeltaFault, frozen=True):
    """A depth update is never sent."""

    copies: ClassVar[int] = 0


class DeltaRepeated(DeltaFault, frozen=True):
    """A depth update is sent twice."""

    copies: ClassVar[int] = 2


class DeltaSwapped(DeltaFault, frozen=True):
    """A depth update is sent after the one that follows it."""

    waits: ClassVar[bool] = True


USER_EVENT_FAULTS = (UserEventLost, UserEventRepeated, UserEventLate)
DELTA_FAULTS = (DeltaLost, DeltaRepeated, DeltaSwapped)
