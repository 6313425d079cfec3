"""One side of a book: levels by price, and in each level the queue of its orders."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from venues.twins.matching.orders import Order, Side

__all__ = ["Half"]


@dataclass(slots=True)
class _Level:
    total: int
    orders: dict[int, Order]


class Half:
    """Levels and their sort keys, the best at the end. A level's total is what its orders show."""

    __slots__ = ("keys", "levels", "side", "sign")

    def __init__(self, side: Side) -> None:
        self.side: Side = side
        self.sign = 1 if side == "BUY" else -1
        self.keys: list[int] = []
        self.levels: dict[int, _Level] = {}

    def best(self) -> int | None:
        """The best price, None when there is none."""
        return self.keys[-1] * self.sign if self.keys else None

    def prices(self) -> Iterator[int]:
        """Prices, best first."""
        return (key * self.sign for key in reversed(self.keys))

    def first(self, price: int) -> Order:
        """The order that is next in a level's queue."""
        return next(iter(self.levels[price].orders.values()))

    def add(self, order: Order) -> int:
        """Put an order at the back of its level's queue; the level's total."""
        level = self.levels.get(order.price)
        if level is None:
            level = self.levels[order.price] = _Level(0, {})
            insort(self.keys, order.price * self.sign)
        remaining = order.remaining
        order.shown = min(order.display, remaining) if order.display else remaining
        level.orders[order.order_id] = order
        level.total += order.shown
        return level.total

    def take(self, order: Order, size: int) -> int:
        """Take from what an order shows, after it was filled by that; the level's total.

        An iceberg that shows nothing any more shows its next part at the back of the queue.
        """
        level = self.levels[order.price]
        level.total -= size
        order.shown -= size
        if not order.shown:
            del level.orders[order.order_id]
            remaining = order.remaining
            if remaining:
                order.shown = min(order.display, remaining)
                level.orders[order.order_id] = order
                level.total += order.shown
            elif not level.orders:
                self._drop(order.price)
        return level.total

    def shrink(self, order: Order) -> int:
        """Let an order that became smaller show no more than it has, in its place; the level's total."""
        level = self.levels[order.price]
        shown = min(order.shown, order.remaining)
        level.total -= order.shown - shown
        order.shown = shown
        return level.total

    def remove(self, order: Order) -> int:
        """Take an order out; the level's total."""
        level = self.levels[order.price]
        level.total -= order.shown
        order.shown = 0
        del level.orders[order.order_id]
        if not level.orders:
            self._drop(order.price)
        return level.total

    def whole(self, price: int, but_for: str | None) -> int | None:
        """Steps of a level, the hidden ones too; None where that owner has an order in it."""
        steps = 0
        for order in self.levels[price].orders.values():
            if order.owner == but_for:
                return None
            steps += order.size - order.filled - order.prevented
        return steps

    def pieces(self, price: int, but_for: str) -> Iterator[tuple[Order, int]]:
        """What a taker would meet in a level, in order: each order's shown part, and its hidden ones behind.

        An order of that owner is met once: self-trade prevention takes what it hides with what it shows.
        """
        behind: deque[tuple[Order, int]] = deque()
        for order in self.levels[price].orders.values():
            yield order, order.shown
            if order.remaining > order.shown and order.owner != but_for:
                behind.append((order, order.remaining - order.shown))
        while behind:
            order, hidden = behind.popleft()
            shown = min(order.display, hidden)
            yield order, shown
            if hidden > shown:
                behind.append((order, hidden - shown))

    def _drop(self, price: int) -> None:
        del self.levels[price]
        del self.keys[bisect_left(self.keys, price * self.sign)]
