"""Positions and expected balances from fills. Pure."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from bus.messages import Fill, Position, Side

__all__ = ["apply_fill", "balance_changes"]

ZERO = Decimal(0)


def apply_fill(position: Position, fill: Fill, base: str) -> Position:
    """Return the position after a fill: average-cost entry, profit realised when it shrinks.

    A fee taken in the `base` asset makes the position smaller: a strategy cannot sell what the venue kept. What such a
    fee leaves owed, or a rebate leaves held, came in at this fill's price.
    """
    change = fill.size * fill.side.sign
    size, average, realized = position.size, position.average_price, position.realized
    if size == 0 or (size > 0) == (change > 0):
        average = (abs(size) * average + fill.size * fill.price) / (abs(size) + fill.size)
    else:
        closed = min(abs(size), fill.size)
        realized += closed * (fill.price - average) * (1 if size > 0 else -1)
        if fill.size > abs(size):
            average = fill.price
    size += change
    fees = dict(position.fees)
    if fill.fee is not None and fill.fee_currency:
        fees[fill.fee_currency] = fees.get(fill.fee_currency, ZERO) + fill.fee
        if fill.fee_currency == base:
            if size == 0 or (size > 0) != (size - fill.fee > 0):
                average = fill.price
            size -= fill.fee
    buys = fill.side is Side.BUY
    return replace(
        position,
        size=size,
        average_price=average if size else ZERO,
        realized=realized,
        fees=fees,
        bought=position.bought + (fill.size if buys else ZERO),
        sold=position.sold + (ZERO if buys else fill.size),
        fills=position.fills + 1,
        ts_event=fill.ts_event,
    )


def balance_changes(fill: Fill, base: str, quote: str) -> dict[str, Decimal]:
    """Return what a spot fill changes in the account, by asset."""
    sign = fill.side.sign
    changes = {base: sign * fill.size, quote: -sign * fill.size * fill.price}
    if fill.fee is not None and fill.fee_currency:
        changes[fill.fee_currency] = changes.get(fill.fee_currency, ZERO) - fill.fee
    return changes
