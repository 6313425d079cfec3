"""The floor's own limits on one order."""

from __future__ import annotations

from actors.gate.rules.base import Denial, View
from actors.gate.rules.instrument import notional
from bus.messages import Code, NewOrder, exact

name = "order_limits"


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny an order over ``max_order_size`` or ``max_order_notional``; one that cannot be valued is denied too."""
    limits = view.limits
    if limits.max_order_size is not None:
        if order.size is None:
            return Denial(Code.MAX_ORDER_SIZE, "a quote_size order cannot be held against max_order_size")
        if order.size > limits.max_order_size:
            reason = f"size {exact(order.size)} is over max_order_size {exact(limits.max_order_size)}"
            return Denial(Code.MAX_ORDER_SIZE, reason)
    if limits.max_order_notional is not None:
        instrument = view.instrument(order.instance, order.instrument)
        value = notional(order, instrument, view) if instrument is not None else None
        if value is None:
            return Denial(Code.NO_PRICE, f"no price of {order.instrument} is known to value the order by")
        if value > limits.max_order_notional:
            reason = f"notional {exact(value)} is over max_order_notional {exact(limits.max_order_notional)}"
            return Denial(Code.MAX_ORDER_NOTIONAL, reason)
    return None
