"""Orders and books for tests of the matching engine."""

from __future__ import annotations

from venues.twins.matching import Event, MatchingEngine, Order, Traded


def limit(side: str, price: int, size: int, owner: str = "someone", **more: object) -> Order:
    """A limit order."""
    return Order(owner, side, "LIMIT", price=price, size=size, **more)  # type: ignore[arg-type]


def trades(events: list[Event]) -> list[tuple[int, int, int]]:
    """(price, steps, maker's order id) of each trade."""
    return [(e.price, e.size, e.maker.order_id) for e in events if isinstance(e, Traded)]


def book_of(*orders: Order) -> MatchingEngine:
    """An engine that was sent these orders."""
    engine = MatchingEngine()
    for order in orders:
        engine.submit(order)
    return engine
