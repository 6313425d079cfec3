"""What an order would trade if it were sent now: the rules of matching, run against a book that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass

from venues.twins.matching.book import Half
from venues.twins.matching.orders import Order

__all__ = ["rehearse"]


def rehearse(order: Order, half: Half) -> tuple[int, int]:
    """(steps, quote) that an order would trade with a side of the book, by all its rules but fill-or-kill.

    An order ends at the first level of which it leaves something: what is left of a budget may cover a step at the
    next price of a sale, and trades none there. A level without the owner's orders is met as a whole.
    """
    itself = None if order.prevention == "NONE" else order.owner
    run = _Run(order)
    for price in half.prices():
        if order.kind != "MARKET" and not order.takes(price):
            break
        whole = half.whole(price, itself)
        if whole is not None:
            goes_on = run.trades(price, whole)
        else:
            goes_on = all(run.meets(price, maker, shown) for maker, shown in half.pieces(price, order.owner))
        if not goes_on:
            break
    return run.steps, run.quote


@dataclass(slots=True)
class _Run:
    """How far the order has come; each method says whether it goes on."""

    order: Order
    steps: int = 0
    quote: int = 0
    lost: int = 0
    lost_quote: int = 0

    def trades(self, price: int, offered: int) -> bool:
        size = min(self._wanted(price), offered)
        self.steps += size
        self.quote += size * price
        return size == offered

    def meets(self, price: int, maker: Order, shown: int) -> bool:
        """Meet a part of a level in which the order's owner has one, too."""
        if maker.owner != self.order.owner:
            return self.trades(price, shown)
        wanted = self._wanted(price)
        if wanted <= 0 or self.order.prevention in ("EXPIRE_TAKER", "EXPIRE_BOTH"):
            return False
        if self.order.prevention == "EXPIRE_MAKER":
            return True
        self.lost += maker.remaining
        self.lost_quote += maker.remaining * price
        return wanted > maker.remaining

    def _wanted(self, price: int) -> int:
        if self.order.quote:
            return (self.order.quote - self.quote - self.lost_quote) // price
        return self.order.remaining - self.steps - self.lost
