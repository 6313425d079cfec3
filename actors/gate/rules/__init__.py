"""The gate's rules, one idea a file, in the order in which they are asked."""

from __future__ import annotations

from actors.gate.rules import instrument, order_limits, synced, terms, trading_state, unknown_orders
from actors.gate.rules.base import Denial, Limits, Rule, View
from bus.messages import NewOrder

__all__ = ["RULES", "Denial", "Limits", "Rule", "View", "judge"]

RULES: tuple[Rule, ...] = (trading_state, synced, terms, instrument, order_limits, unknown_orders)
"""Every new order passes all of these, or is denied by the first that objects."""


def judge(order: NewOrder, view: View) -> Denial | None:
    """Return the first objection, or None when the order passes."""
    for rule in RULES:
        denial = rule.check(order, view)
        if denial is not None:
            return denial
    return None
