"""What one endpoint is: REST path, WebSocket API method, weight, security, names, answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.keys import Permission
from venues.binance.twin.requests.params import Params

Security = Literal["NONE", "SIGNED"]
PLACING = ("order.place", "order.cancelReplace", "orderList.place", "sor.order.place")
"""Beginnings of the methods that place orders."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked; `is_free_on_success` gives the weight back when it succeeds."""

    method: str
    path: str
    ws: str | None
    weight: int | Callable[[Params], int]
    security: Security
    names: frozenset[str]
    answer: Callable[[Call], Any]
    is_free_on_success: bool = False

    @property
    def is_signed(self) -> bool:
        """Whether it needs key, timestamp and signature."""
        return self.security == "SIGNED"

    @property
    def permission(self) -> Permission:
        """What a key must be allowed to do for it."""
        return "USER_DATA" if self.method == "GET" else "TRADE"

    @property
    def places_order(self) -> bool:
        """Whether its answer shows the unfilled order count."""
        return self.ws is not None and self.ws.startswith(PLACING)

    def cost(self, params: Params) -> int:
        """Request weight of this call."""
        return self.weight if isinstance(self.weight, int) else self.weight(params)


def names(text: str) -> frozenset[str]:
    """Parameter names, written with spaces between."""
    return frozenset(text.split())


def by_symbol(one: int, many: int) -> Callable[[Params], int]:
    """A weight that hangs on whether one symbol was named."""
    return lambda params: one if "symbol" in params else many
