"""What an order would trade if it were sent now: the rules of matching, run against a book that stays as it is."""

from __future__ import annotations

from venues.twins.matching.book import Half
from venues.twins.matching.orders import Order

__all__ = ["rehearse"]


def rehearse(order: Order, half: Half) -> tuple[int, int]:
    """(steps, quote) that an order would trade with a side of the book, by all its rules but fill-or-kill.

    An order stops at the first level that it leaves something of: one that is bought by amount may have a rest
    that would cover a step at a worse price, and trades none there.
    """
    got = paid = lost = lost_quote = 0
    out: set[int] = set()
    for price in half.prices():
        if order.kind != "MARKET" and not order.takes(price):
            break
        for maker, shown in half.pieces(price):
            if maker.order_id in out:
                continue
            wanted = (order.quote - paid - lost_quote) // price if order.quote else order.remaining - got - lost
            if wanted <= 0:
                return got, paid
            if order.prevention == "NONE" or maker.owner != order.owner:
                size = min(wanted, shown)
                got += size
                paid += size * price
                if size < shown:
                    return got, paid
                continue
            if order.prevention in ("EXPIRE_TAKER", "EXPIRE_BOTH"):
                return got, paid
            out.add(maker.order_id)
            if order.prevention == "DECREMENT":
                if wanted <= maker.remaining:
                    return got, paid
                lost += maker.remaining
                lost_quote += maker.remaining * price
    return got, paid
