"""An order in a strategy's hand: always current, and what can be done with it; floats, with the exact beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Protocol

from actors.strategy.holdings import FillView
from bus.messages import Code, ContingencyType, OrderState, OrderStatus, OrderType, Side

__all__ = ["Order", "OrderDesk", "Orders"]


class OrderDesk(Protocol):
    """What does things with orders: their strategy."""

    def cancel(self, orders: Order) -> None:
        """Ask the venue to end an order."""

    def modify(self, order: Order, *, price: object, size: object, trigger_price: object, params: object) -> Order:
        """Ask the venue to change an order."""

    def replace(self, order: Order, *, price: object, size: object, **terms: Any) -> Order:
        """End an order and place another for it."""


class Order:
    """An order of this strategy. Its fields are always current; `exact` is the whole state with Decimals.

    Returned at once by `buy`, `sell` and `submit`. `await order.accepted()`, `await order.modified()` and `await
    order.closed()` are there for who likes to wait.
    """

    __slots__ = ("_desk", "_is_asked_to_change", "_loop", "_waiters", "exact", "fills")

    def __init__(self, state: OrderState, loop: asyncio.AbstractEventLoop, desk: OrderDesk) -> None:
        self.exact = state
        self.fills: list[FillView] = []
        self._loop = loop
        self._desk = desk
        self._is_asked_to_change = False
        self._waiters: list[tuple[Callable[[OrderState], bool], asyncio.Future[Order]]] = []

    def __repr__(self) -> str:
        price = f" at {self.price:g}" if self.price is not None else ""
        size = f"{self.size:g}" if self.size is not None else "by quote size"
        return f"<Order {self.id} {self.side} {size} {self.instrument}{price}: {self.label}, filled {self.filled:g}>"

    @property
    def id(self) -> str:
        """Our own id, stable for the order's life."""
        return self.exact.order.order_id

    @property
    def instrument(self) -> str:
        """The instrument's id."""
        return self.exact.order.instrument

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return self.exact.order.side

    @property
    def type(self) -> OrderType:
        """MARKET, LIMIT, ..."""
        return self.exact.order.type

    @property
    def size(self) -> float | None:
        """The ordered size; None for an order by quote size."""
        return _float(self.exact.order.size)

    @property
    def price(self) -> float | None:
        """The limit price; None where it has none."""
        return _float(self.exact.order.price)

    @property
    def trigger_price(self) -> float | None:
        """The price that sets it off; None where it has none."""
        return _float(self.exact.order.trigger_price)

    @property
    def filled(self) -> float:
        """How much was filled."""
        return float(self.exact.filled)

    @property
    def remaining(self) -> float:
        """How much may still be filled; 0 once it is closed and for an order by quote size."""
        return float(self.exact.leaves or 0)

    @property
    def average_price(self) -> float | None:
        """The mean price of its fills."""
        return _float(self.exact.average_price)

    @property
    def status(self) -> OrderStatus:
        """The venue's last definite word."""
        return self.exact.status

    @property
    def label(self) -> str:
        """One word: UNKNOWN, PENDING_CANCEL, PENDING_MODIFY, or the status."""
        return self.exact.label

    @property
    def code(self) -> Code:
        """Why it was denied or rejected; `reason` has the sentence."""
        return self.exact.code

    @property
    def reason(self) -> str:
        """Why it is as it is, in words."""
        return self.exact.reason

    @property
    def tag(self) -> str:
        """What the strategy named it."""
        return self.exact.order.tag

    @property
    def list_id(self) -> str:
        """The list of orders that it belongs to; empty for one that stands alone."""
        return self.exact.order.list_id

    @property
    def contingency(self) -> ContingencyType:
        """How it hangs together with the other orders of its list."""
        return self.exact.order.contingency

    @property
    def replaces(self) -> str:
        """The id of the order that it was placed for by `replace`."""
        return self.exact.order.replaces

    @property
    def is_changing(self) -> bool:
        """True while a change of it has no definite answer."""
        return self._is_asked_to_change or (self.exact.is_open and self.exact.is_changing)

    @property
    def is_open(self) -> bool:
        """True until it is definitely over."""
        return self.exact.is_open

    @property
    def is_closed(self) -> bool:
        """True once it is definitely over."""
        return not self.exact.is_open

    def cancel(self) -> None:
        """Ask the venue to end it. A closed order is left alone."""
        self._desk.cancel(self)

    def modify(
        self, *, price: object = None, size: object = None, trigger_price: object = None, params: object = None
    ) -> Order:
        """Ask the venue to change it, at once: see `Strategy.modify`. Returns the order itself."""
        return self._desk.modify(self, price=price, size=size, trigger_price=trigger_price, params=params)

    def replace(self, *, price: object = None, size: object = None, **terms: Any) -> Order:
        """End it, and then place another for it: see `Strategy.replace`. Returns the new order."""
        return self._desk.replace(self, price=price, size=size, **terms)

    async def accepted(self) -> Order:
        """Wait until the venue has it, or it is over."""
        waits = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)
        return await self._when(lambda state: state.status not in waits)

    async def modified(self) -> Order:
        """Wait until no change of it is under way: it is changed, or as it was and `code` says why, or over."""
        return await self._when(lambda state: not self.is_changing)

    async def closed(self) -> Order:
        """Wait until it is definitely over."""
        return await self._when(lambda state: not state.is_open)

    async def _when(self, condition: Callable[[OrderState], bool]) -> Order:
        if condition(self.exact):
            return self
        future: asyncio.Future[Order] = self._loop.create_future()
        self._waiters.append((condition, future))
        return await future

    def _update(self, state: OrderState) -> bool:
        """Take a newer state; False for an older one."""
        if state.revision < self.exact.revision:
            return False
        self.exact = state
        if self._waiters:
            self._wake()
        return True

    def _wake(self) -> None:
        for condition, future in self._waiters:
            if condition(self.exact) and not future.done():
                future.set_result(self)
        self._waiters = [pair for pair in self._waiters if not pair[1].done()]

    def _asked_to_change(self, is_asked: bool) -> None:
        """A change was asked for here, or its fate is known."""
        self._is_asked_to_change = is_asked
        self._wake()


class Orders:
    """A strategy's orders, by id; `open` are those that are not definitely over."""

    KEPT = 10_000
    """Closed orders kept at hand."""

    def __init__(self) -> None:
        self._all: dict[str, Order] = {}
        self._open: dict[str, Order] = {}

    @property
    def open(self) -> list[Order]:
        """Orders that are not definitely over, oldest first."""
        return list(self._open.values())

    def open_on(self, instrument: str) -> list[Order]:
        """The open orders of one instrument."""
        return [order for order in self._open.values() if order.instrument == instrument]

    def get(self, order_id: str) -> Order | None:
        """Return an order by our id, None where it is not known here (any more)."""
        return self._all.get(order_id)

    def __iter__(self) -> Iterator[Order]:
        return iter(list(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def _keep(self, order: Order) -> None:
        self._all[order.id] = order
        if order.is_open:
            self._open[order.id] = order
        else:
            self._open.pop(order.id, None)
            if len(self._all) > self.KEPT:
                self._all.pop(next((key for key in self._all if key not in self._open), order.id))


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
