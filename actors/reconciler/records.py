"""What the reconciler itself writes into its journal, beside what it was told."""

from __future__ import annotations

from decimal import Decimal

from bus.codec import register
from bus.messages import Fill, Instrument, Message

__all__ = ["Adjustment", "Baseline", "InstrumentKnown", "StrategyKnown", "Synced", "Unbookable"]


class Baseline(Message, frozen=True):
    """The first complete read of an account; fills are added to it from then on."""

    instance: str
    balances: dict[str, Decimal]
    ts_init: int


class Adjustment(Message, frozen=True):
    """A difference to the venue that two complete reads agree on. The venue wins; it never causes an order.

    `reads` are the times at which the two were asked for.
    """

    instance: str
    asset: str
    expected: Decimal
    found: Decimal
    reads: tuple[int, ...]
    ts_init: int


class Synced(Message, frozen=True):
    """We were one with the venue. `trades` is the last trade id by instrument: no earlier one can be missing."""

    instance: str
    trades: dict[str, str]
    ts_init: int


class InstrumentKnown(Message, frozen=True):
    """An instrument as it was when it was first traded; its currencies say how fees and balances are booked."""

    instance: str
    instrument: Instrument


class StrategyKnown(Message, frozen=True):
    """A strategy's name, so that an order id's code leads back to it in a replay as it did at the time."""

    strategy: str


class Unbookable(Message, frozen=True):
    """A fill that cannot be booked, as it came, and why. A person has to look at it; it moves no position."""

    instance: str
    fill: Fill
    reason: str
    ts_init: int


register(Baseline, Adjustment, Synced, InstrumentKnown, StrategyKnown, Unbookable)
