"""The part of a strategy that begins orders: buy, sell, submit."""

from __future__ import annotations

from typing import Any

from actors.runtime import Actor, Context
from actors.strategy.errands import Errands
from actors.strategy.execution_feed import ExecutionFeed
from actors.strategy.market import MarketFeeds
from actors.strategy.order import Order, Orders
from actors.strategy.terms import Terms
from bus.codec import Header
from bus.messages import Cause, FloorInfo, NewOrder, OrderState, mint_order_id

__all__ = ["Placing"]


class Placing(Actor):
    """Base of `Ordering`."""

    floor: FloorInfo
    _feeds: MarketFeeds
    _terms: Terms
    _feed: ExecutionFeed
    _errands: Errands

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.orders = Orders()
        self._count = 0
        """Orders of this life."""
        self._minted = 0
        """Ids of this life: of orders, of their later attempts, of lists."""
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

        LIMIT where there is a price, else MARKET. `terms` are fields of `NewOrder`: type ("STOP_LIMIT", ...),
        trigger_price, time_in_force ("GTC", "IOC", "FOK"), post_only, quote_size, display_size, tag, ... A
        trailing_offset is in the price's unit, or in basis points as "50bps" or "0.5%". Sizes and prices are numbers or
        text; within 1e-9 of the instrument's step they snap to it, otherwise the order is DENIED with the two nearest.
        Raises ValueError or TypeError for terms that do not exist or cannot be read, naming what would do.
        """
        held = self._in_hand(self._built(side, instrument, size, price, instance, terms))
        problem = self._terms.off_step(held.exact.order, self.instruments.get(instrument))
        if problem:
            self._errands.deny(held, *problem)
        else:
            self._errands.submit(held)
        return held

    def _mint(self, tag: str = "") -> str:
        self._minted += 1
        return mint_order_id(self.floor.floor, self.name, self.epoch, self._minted, tag)

    def _cause(self) -> Cause | None:
        if self._handled is None:
            return None
        topic, header = self._handled
        return Cause(topic, header.epoch, header.seq)

    def _built(
        self, side: str, instrument: str, size: object, price: object, instance: str, terms: dict[str, Any]
    ) -> NewOrder:
        """Return a new order, on the instrument's steps where it is near them."""
        order_id = self._mint(str(terms.get("tag") or ""))
        where = instance or self._feeds.instance_of(instrument)
        now = self.clock.time_ns()
        order = self._terms.new_order(
            order_id, self.name, where, instrument, side, size, price, terms, self._cause(), self._ts_tick, now
        )
        rules = self.instruments.get(instrument)
        return order if rules is None else self._terms.snapped(order, rules)

    def _in_hand(self, order: NewOrder) -> Order:
        """Return the order in hand, among the strategy's own from now on."""
        self._count += 1
        held = Order(OrderState(order, ts_init=order.ts_decided), self.loop, self._desk)
        self.orders._keep(held)
        return held

    @property
    def _desk(self) -> Any:
        """Who does things with orders: the whole strategy."""
        return self
