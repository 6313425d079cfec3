"""Which sizes of a book are the floor's own orders, so that they can be shown and netted out. Sans-I/O."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from bus.messages import BookSnapshot, ExecutionState, Levels, OrderState, OrderStatus, Side

__all__ = ["OwnOrders"]

_IN_THE_BOOK = (OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED)


class OwnOrders:
    """The orders that work in one instrument's book, by their states as the reconciler tells them.

    An order counts while the venue's last definite word is that it works: not before it was accepted, nor a trigger
    that waits. A book and an order's state come by different ways, so that for an instant one is ahead of the other.
    """

    def __init__(self, instance: str, instrument: str) -> None:
        self.instance, self.instrument = instance, instrument
        self._shown: dict[str, tuple[str, int, Side, float, Decimal]] = {}
        self._levels: dict[tuple[Side, float], Decimal] = {}

    def take(self, state: OrderState) -> None:
        """An order's state is new; states of an order come in their order. Other instruments' orders are nothing."""
        order = state.order
        if (order.instance, order.instrument) != (self.instance, self.instrument):
            return
        known = self._shown.get(order.order_id)
        if known is not None and state.revision < known[1]:
            return
        size = _shown(state)
        price = float(order.price) if order.price is not None else 0.0
        self._shown[order.order_id] = (order.strategy, state.revision, order.side, price, size)
        if state.status.is_closed:
            del self._shown[order.order_id]
        self._sum()

    def replace(self, whole: ExecutionState) -> None:
        """All open orders of one strategy, as its stream tells them at a join."""
        self._shown = {name: kept for name, kept in self._shown.items() if kept[0] != whole.strategy}
        for state in whole.orders:
            self.take(state)
        self._sum()

    def size(self, side: Side, price: float) -> float:
        """Return what is ours at a price; 0 where nothing is."""
        return float(self._levels.get((side, price), 0))

    def net(self, book: BookSnapshot) -> BookSnapshot:
        """Return the book without what is ours; a level that was ours alone is gone."""
        if not self._levels:
            return book
        bids, asks = self._less(book.bids, Side.BUY), self._less(book.asks, Side.SELL)
        return BookSnapshot(book.instrument, bids, asks, book.seq, book.ts_event, book.ts_init, book.depth)

    def _less(self, levels: Levels, side: Side) -> Levels:
        """Sizes are subtracted as the decimals that the venue wrote, for 0.3 less 0.1 is a level and no rounding."""
        left: Levels = []
        for price, size in levels:
            own = self._levels.get((side, price))
            rest = size if own is None else float(Decimal(repr(size)) - own)
            if rest > 0:
                left.append((price, rest))
        return left

    def _sum(self) -> None:
        levels: dict[tuple[Side, float], Decimal] = defaultdict(Decimal)
        for _, _, side, price, size in self._shown.values():
            if size:
                levels[side, price] += size
        self._levels = dict(levels)


def _shown(state: OrderState) -> Decimal:
    """What of an order others see in the book."""
    order, leaves = state.order, state.leaves
    waits = order.trigger_price is not None and state.status is OrderStatus.ACCEPTED
    if state.status not in _IN_THE_BOOK or waits or order.price is None or leaves is None:
        return Decimal(0)
    return leaves if order.display_size is None else min(leaves, order.display_size)
