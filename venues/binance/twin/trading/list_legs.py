"""How the parameters of each leg of an order list are called, and the types that legs may have.

A leg's parameters are a single order's under other names, so a leg is read as an order whose complaints name what was
sent. Source: Binance Spot API, rest-api (order lists, new OCO), 2026-07.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from venues.binance.twin.errors import VenueError
from venues.binance.twin.requests.params import Params

SHARED = ("symbol", "newOrderRespType", "selfTradePreventionMode")
"""Sent once, and true for every leg."""
OWN = {
    "type": "Type",
    "newClientOrderId": "ClientOrderId",
    "price": "Price",
    "stopPrice": "StopPrice",
    "trailingDelta": "TrailingDelta",
    "icebergQty": "IcebergQty",
    "timeInForce": "TimeInForce",
    "strategyId": "StrategyId",
    "strategyType": "StrategyType",
    "pegPriceType": "PegPriceType",
    "pegOffsetType": "PegOffsetType",
    "pegOffsetValue": "PegOffsetValue",
}
"""An order's parameters, and what comes after a leg's prefix for them."""
WORKING_ONLY = ("stopPrice", "trailingDelta")
"""What a working leg does not have: it never waits for a price."""
_QUOTED = re.compile(r"'([a-zA-Z]+)'")


@dataclass(frozen=True, slots=True)
class LegNames:
    """One leg: `names` from an order's parameter to the list's, `fixed` what is not sent but always so."""

    names: Mapping[str, str]
    fixed: Mapping[str, str] = field(default_factory=dict)

    def read(self, params: Params) -> Params:
        """The leg's parameters under an order's names."""
        sent = {name: params.text(own) for name, own in self.names.items()}
        return Params({name: value for name, value in sent.items() if value is not None} | dict(self.fixed))

    def renamed(self, error: VenueError) -> VenueError:
        """A complaint about the leg as an order, in the list's names."""
        text = _QUOTED.sub(lambda match: f"'{self.names.get(match[1], match[1])}'", error.text)
        return VenueError(error.code, text, error.status, error.retry_at_ms)


def _leg(prefix: str, side: str, quantity: str | None, but: tuple[str, ...] = ()) -> LegNames:
    names = {name: name for name in SHARED} | {"side": side}
    if quantity is not None:
        names["quantity"] = quantity
    return LegNames(names | {name: prefix + end for name, end in OWN.items() if name not in but})


PENDING_QUANTITY = "pendingQuantity"
ABOVE, BELOW = _leg("above", "side", "quantity"), _leg("below", "side", "quantity")
WORKING = _leg("working", "workingSide", "workingQuantity", but=WORKING_ONLY)
PENDING = _leg("pending", "pendingSide", PENDING_QUANTITY)
PENDING_ABOVE = _leg("pendingAbove", "pendingSide", PENDING_QUANTITY)
PENDING_BELOW = _leg("pendingBelow", "pendingSide", PENDING_QUANTITY)
PAID_PENDING = _leg("pending", "pendingSide", None)
PAID_ABOVE, PAID_BELOW = _leg("pendingAbove", "pendingSide", None), _leg("pendingBelow", "pendingSide", None)
"""The legs of an OPO have no quantity: it is what the working leg buys."""

_BOTH = {name: name for name in (*SHARED, "side", "quantity")}
LIMIT = LegNames(
    _BOTH
    | {
        "newClientOrderId": "limitClientOrderId",
        "price": "price",
        "icebergQty": "limitIcebergQty",
        "strategyId": "limitStrategyId",
        "strategyType": "limitStrategyType",
    },
    {"type": "LIMIT_MAKER"},
)
STOP = LegNames(
    _BOTH
    | {
        "newClientOrderId": "stopClientOrderId",
        "stopPrice": "stopPrice",
        "trailingDelta": "trailingDelta",
        "icebergQty": "stopIcebergQty",
        "strategyId": "stopStrategyId",
        "strategyType": "stopStrategyType",
    },
    {"type": "STOP_LOSS"},
)
STOP_LIMIT = LegNames(
    {**STOP.names, "price": "stopLimitPrice", "timeInForce": "stopLimitTimeInForce"}, {"type": "STOP_LOSS_LIMIT"}
)
"""The legs of the deprecated OCO, whose types are not sent."""


def parameters(*legs: LegNames) -> frozenset[str]:
    """All parameters of a list with these legs."""
    return frozenset(("listClientOrderId", *(name for leg in legs for name in leg.names.values())))
