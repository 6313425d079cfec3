"""The part of a strategy that orders: buy, sell, close, cancel, and what it holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from actors.runtime import Actor, Context
from actors.strategy.errands import Errands
from actors.strategy.execution_feed import ExecutionFeed
from actors.strategy.market import MarketFeeds
from actors.strategy.order import Order, Orders, PositionView, summed
from actors.strategy.terms import Terms
from bus.codec import Header
from bus.messages import Cause, FloorInfo, OrderState, Position, mint_order_id

__all__ = ["Ordering"]


class Ordering(Actor):
    """Base of `Strategy`."""

    floor: FloorInfo
    _feeds: MarketFeeds
    _terms: Terms
    _feed: ExecutionFeed
    _errands: Errands

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.orders = Orders()
        self._count = 0
        self._handled: tuple[str, Header] | None = None
        """What the handler that runs now was called with: the cause of what it orders."""
        self._ts_tick = 0

    @property
    def instruments(self) -> dict[str, Any]:
        """The rules of every instrument that was subscribed to, by id."""
        return self._feeds.instruments

    def buy(self, instrument: str, size: object, price: object = None, **terms: Any) -> Order:
        """Order to buy; see `submit`."""
        return self.submit("BUY", instrument, size, price, **terms)

    def sell(self, instrument: str, size: object, price: object = None, **terms: Any) -> Order:
        """Order to sell; see `submit`."""
        return self.submit("SELL", instrument, size, price, **terms)

    def submit(
        self, side: str, instrument: str, size: object = None, price: object = None, *, instance: str = "", **terms: Any
    ) -> Order:
        """Order, and return at once an `Order` that is always current.

        LIMIT where there is a price, else MARKET. `terms` are fields of `NewOrder`: time_in_force ("GTC", "IOC",
        "FOK"), post_only, quote_size, tag, ... Sizes and prices are numbers or text; within 1e-9 of the instrument's
        step they snap to it, otherwise the order is DENIED with the two nearest. Raises ValueError or TypeError for
        terms that do not exist or cannot be read, naming what would do.
        """
        self._count += 1
        tag = str(terms.get("tag", ""))
        order_id = mint_order_id(self.floor.floor, self.name, self.epoch, self._count, tag)
        where = instance or self._feeds.instance_of(instrument)
        now = self.clock.time_ns()
        cause = (
            Cause(self._handled[0], self._handled[1].epoch, self._handled[1].seq) if self._handled is not None else None
        )
        order = self._terms.new_order(
            order_id, self.name, where, instrument, side, size, price, terms, cause, self._ts_tick, now
        )
        rules = self.instruments.get(instrument)
        if rules is not None:
            order = self._terms.snapped(order, rules)
        held = Order(OrderState(order, ts_init=now), self.loop, self._errands.cancel)
        self.orders._keep(held)
        problem = self._terms.off_step(order, rules)
        if problem:
            self._errands.deny(held, *problem)
        else:
            self._errands.submit(held)
        return held

    def close(self, instrument: str, price: object = None, **terms: Any) -> Order | None:
        """Order away what is held of an instrument, rounded down to its size step; None when it is flat."""
        position = self.position(instrument)
        if position.is_flat:
            return None
        rules = self.instruments.get(instrument)
        size = abs(position.exact.size)
        size = rules.size(size, "down") if rules is not None else size
        return self.submit("SELL" if position.is_long else "BUY", instrument, size, price, **terms)

    def cancel_all(self, instrument: str = "") -> None:
        """Cancel every open order of this strategy, of one instrument or of all."""
        for order in self.orders.open:
            if instrument in ("", order.instrument):
                order.cancel()

    def position(self, instrument: str) -> PositionView:
        """What this strategy holds of an instrument, over all its instances."""
        found = [position for (_, name), position in self._feed.positions.items() if name == instrument]
        position = summed(found) if found else Position(self.name, "", instrument)
        return PositionView(position, self.instruments.get(instrument))

    def profit(self) -> float:
        """Realised plus unrealised profit at the mid, less fees paid in the quote currency.

        What is held of an instrument without a known price counts at its entry.
        """
        total = 0.0
        for (_, name), position in self._feed.positions.items():
            total += float(position.realized)
            mid = self._feeds.mid(name)
            if mid is not None:
                total += float(position.size) * (mid - float(position.average_price))
            details = getattr(self.instruments.get(name), "details", None)
            total -= float(position.fees.get(getattr(details, "quote", ""), Decimal(0)))
        return total
