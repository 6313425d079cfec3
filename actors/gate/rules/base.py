"""What a rule of the gate is, and what it may look at."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

import msgspec

from bus.messages import Code, Instrument, NewOrder, TradingState

__all__ = ["Denial", "Limits", "Rule", "View"]


class Denial(msgspec.Struct, frozen=True):
    """Why an order does not pass: a code, and a sentence with the rule's numbers."""

    code: Code
    reason: str


class Limits(msgspec.Struct, frozen=True):
    """The floor's own limits; None is no limit. In the floor's configuration under ``[gate]``."""

    max_order_size: Decimal | None = None
    max_order_notional: Decimal | None = None


class View(Protocol):
    """What the gate knows. A missing answer is None, and a rule denies on it; it never passes."""

    limits: Limits

    def instrument(self, instance: str, instrument: str) -> Instrument | None:
        """The instrument's rules."""

    def reference_price(self, instance: str, instrument: str) -> Decimal | None:
        """A price by which to value an order without one."""

    def book_problem(self, instance: str, instrument: str) -> str:
        """Why an open book of the instrument is not whole; empty while it is, or while none is open."""

    def instance_problem(self, instance: str) -> tuple[Code, str] | None:
        """Why the instance takes no new risk."""

    def trading_state(self, order: NewOrder) -> tuple[TradingState, str]:
        """The strictest state that applies to the order, and its scope."""

    def strategy_problem(self, strategy: str) -> str:
        """Why the strategy's own orders are not known; empty while they are."""

    def unknown_order(self, strategy: str, instrument: str) -> str:
        """The id of an order of the strategy on the instrument whose outcome is unknown; empty for none."""


class Rule(Protocol):
    """One check. Pure: the same order and view give the same answer."""

    name: str

    def check(self, order: NewOrder, view: View) -> Denial | None:
        """Return why the order does not pass, or None."""
