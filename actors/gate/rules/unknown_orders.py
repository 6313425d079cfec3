"""While an order's outcome is unknown, its strategy adds no risk on that instrument."""

from __future__ import annotations

from actors.gate.rules.base import Denial, View
from bus.messages import Code, NewOrder

name = "unknown_orders"


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny while an earlier order of the strategy on the instrument is UNKNOWN."""
    unknown = view.unknown_order(order.strategy, order.instrument)
    if unknown:
        return Denial(Code.UNKNOWN_ORDER_OPEN, f"order {unknown} of {order.strategy} is UNKNOWN; it is being resolved")
    return None
