"""New risk only where the instance is reconciled and every open book of the instrument is whole."""

from __future__ import annotations

from actors.gate.rules.base import Denial, View
from bus.messages import Code, NewOrder

name = "synced"


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny while what we know of the venue is not the whole truth."""
    problem = view.instance_problem(order.instance)
    if problem is not None:
        return Denial(*problem)
    book = view.book_problem(order.instance, order.instrument)
    if book:
        return Denial(Code.BOOK_NOT_SYNCED, f"book of {order.instrument} on {order.instance}: {book}")
    return None
