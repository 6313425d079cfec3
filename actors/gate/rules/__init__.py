"""The gate's rules, one idea a file, in the order in which they are asked."""

from __future__ import annotations

from msgspec.structs import replace

from actors.gate.rules import instrument, order_limits, synced, terms, trading_state, unknown_orders
from actors.gate.rules.base import Denial, Limits, Rule, View
from actors.gate.rules.lists import list_denial
from bus.messages import ContingencyType, NewOrder

__all__ = ["RULES", "Denial", "Limits", "Rule", "View", "alone", "judge", "judge_list"]

RULES: tuple[Rule, ...] = (trading_state, synced, terms, instrument, order_limits, unknown_orders)
"""Every new order passes all of these, or is denied by the first that objects."""


def judge(order: NewOrder, view: View) -> Denial | None:
    """Return the first objection, or None when the order passes."""
    for rule in RULES:
        denial = rule.check(order, view)
        if denial is not None:
            return denial
    return None


def judge_list(orders: tuple[NewOrder, ...], view: View) -> tuple[NewOrder, Denial] | None:
    """Return the first objection to a list and the order that it is of; each is judged as if it were alone, too.

    An order that waits, or of which the other's end is the end, counts as one that works: nothing is taken off.
    """
    denial = list_denial(orders)
    if denial is not None:
        return orders[0], denial
    for order in orders:
        denial = judge(alone(order), view)
        if denial is not None:
            return order, denial
    return None


def alone(order: NewOrder) -> NewOrder:
    """Return an order of a list as the one that it would be without it."""
    return order if order.contingency is ContingencyType.NONE else replace(order, contingency=ContingencyType.NONE)
