"""While an order's outcome is unknown, its strategy adds no risk on that instrument."""

from __future__ import annotations

from actors.gate.rules.base import Denial, View
from bus.messages import Code, NewOrder

name = "unknown_orders"


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny while an earlier order of the strategy on the instrument is UNKNOWN, or nobody tells whether one is."""
    problem = view.strategy_problem(order.strategy)
    if problem:
        return Denial(Code.NO_RECONCILER, f"orders of {order.strategy} are not known: {problem}")
    unknown = view.unknown_order(order.strategy, order.instrument)
    if unknown:
        return Denial(Code.UNKNOWN_ORDER_OPEN, f"order {unknown} of {order.strategy} is UNKNOWN; it is being resolved")
    return None
