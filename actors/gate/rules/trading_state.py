"""HALTED takes no new orders; REDUCING takes true reductions, which this version cannot prove and so denies."""

from __future__ import annotations

from actors.gate.rules.base import Denial, View
from bus.messages import Code, NewOrder, TradingState

name = "trading_state"


def check(order: NewOrder, view: View) -> Denial | None:
    """Deny while any scope of the order is not ACTIVE."""
    state, scope = view.trading_state(order)
    if state is TradingState.ACTIVE:
        return None
    code = Code.REDUCING if state is TradingState.REDUCING else Code.HALTED
    return Denial(code, f"{scope} is {state}; only cancels pass")
