"""A list of orders hangs together: one strategy's, of one instance, under one name, and each knows the others.

Which lists a venue has is for its own actor to say; each order is judged besides as the order that it is.
"""

from __future__ import annotations

from actors.gate.rules.base import Denial
from bus.messages import Code, ContingencyType, NewOrder

__all__ = ["LIST_LIMIT", "list_denial"]

LIST_LIMIT = 20
"""Orders of one list: more than any venue takes."""

_KINDS = (ContingencyType.OCO, ContingencyType.OTO, ContingencyType.BRACKET)


def list_denial(orders: tuple[NewOrder, ...]) -> Denial | None:
    """Return why these orders are no list."""
    problem = _problem(orders)
    return Denial(Code.UNSUPPORTED_INSTRUCTION, f"no list of orders: {problem}") if problem else None


def _problem(orders: tuple[NewOrder, ...]) -> str:
    if not 2 <= len(orders) <= LIST_LIMIT:
        return f"it has {len(orders)} orders; expected 2 to {LIST_LIMIT}"
    first = orders[0]
    if first.contingency not in _KINDS:
        return f"its contingency is {first.contingency}; expected {', '.join(_KINDS)}"
    if not first.list_id:
        return "it has no list_id"
    ids = {order.order_id for order in orders}
    if len(ids) < len(orders) or len({order.client_order_id for order in orders}) < len(orders):
        return "two of its orders have one id"
    parent = "" if first.contingency is ContingencyType.OCO else first.order_id
    for order in orders:
        for name in ("list_id", "contingency", "strategy", "instance"):
            if getattr(order, name) != getattr(first, name):
                return f"its orders differ in {name}"
        if order.parent_id != ("" if order is first else parent):
            return f"parent_id of {order.order_id} is {order.parent_id!r}; expected {parent!r}"
        if set(order.linked_ids) - ids or order.order_id in order.linked_ids:
            return f"linked_ids of {order.order_id} name others than the list's other orders"
    return ""
