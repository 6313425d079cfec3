"""What a strategy holds in hand: an order that is always current, a fill, a position; floats, with the exact beside."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from bus.messages import Code, Fill, Instrument, OrderState, OrderStatus, OrderType, Position, Side

__all__ = ["FillView", "Order", "Orders", "PositionView", "summed"]


class Order:
    """An order of this strategy. Its fields are always current; `exact` is the whole state with Decimals.

    Returned at once by `buy`, `sell` and `submit`. `await order.accepted()` and `await order.closed()` are there for
    who likes to wait.
    """

    __slots__ = ("_cancel", "_loop", "_waiters", "exact", "fills")

    def __init__(self, state: OrderState, loop: asyncio.AbstractEventLoop, cancel: Callable[[Order], None]) -> None:
        self.exact = state
        self.fills: list[FillView] = []
        self._loop = loop
        self._cancel = cancel
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
    def filled(self) -> float:
        """How much was filled."""
        return float(self.exact.filled)

    @property
    def remaining(self) -> float:
        """How much may still be filled, 0 once it is closed and for an order by quote size."""
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
    def is_open(self) -> bool:
        """True until it is definitely over."""
        return self.exact.is_open

    @property
    def is_closed(self) -> bool:
        """True once it is definitely over."""
        return not self.exact.is_open

    def cancel(self) -> None:
        """Ask the venue to end it. A closed order is left alone."""
        self._cancel(self)

    async def accepted(self) -> Order:
        """Wait until the venue has it, or it is over."""
        waits = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)
        return await self._when(lambda state: state.status not in waits)

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
            for condition, future in self._waiters:
                if condition(state) and not future.done():
                    future.set_result(self)
            self._waiters = [pair for pair in self._waiters if not pair[1].done()]
        return True


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


class FillView:
    """One execution: floats to compute with, `exact` with Decimals beside."""

    __slots__ = ("exact",)

    def __init__(self, fill: Fill) -> None:
        self.exact = fill

    def __repr__(self) -> str:
        return f"<Fill {self.trade_id} {self.side} {self.size:g} {self.instrument} at {self.price:g}>"

    @property
    def trade_id(self) -> str:
        """The venue's id of it."""
        return self.exact.trade_id

    @property
    def order_id(self) -> str:
        """Our id of its order."""
        return self.exact.order_id

    @property
    def instrument(self) -> str:
        """The instrument's id."""
        return self.exact.instrument

    @property
    def side(self) -> Side:
        """BUY or SELL."""
        return self.exact.side

    @property
    def price(self) -> float:
        """At which price."""
        return float(self.exact.price)

    @property
    def size(self) -> float:
        """How much."""
        return float(self.exact.size)

    @property
    def fee(self) -> float | None:
        """What it cost, in `exact.fee_currency`; None until known."""
        return _float(self.exact.fee)

    @property
    def ts_event(self) -> int:
        """When, by the venue, UNIX nanoseconds."""
        return self.exact.ts_event


class PositionView:
    """What the strategy holds of an instrument. Flat within one size step."""

    __slots__ = ("_step", "exact")

    def __init__(self, position: Position, instrument: Instrument | None) -> None:
        self.exact = position
        self._step = instrument.size_increment if instrument is not None else Decimal(0)

    def __repr__(self) -> str:
        return f"<Position {self.size:g} {self.exact.instrument} at {self.average_price:g}>"

    @property
    def size(self) -> float:
        """Signed size: above 0 long, below 0 short."""
        return float(self.exact.size)

    @property
    def average_price(self) -> float:
        """The mean entry price of what is held."""
        return float(self.exact.average_price)

    @property
    def is_flat(self) -> bool:
        """True within one size step of nothing: what is left cannot be traded away."""
        return abs(self.exact.size) < self._step or self.exact.size == 0

    @property
    def is_long(self) -> bool:
        """True when something to sell is held."""
        return self.exact.size > 0 and not self.is_flat

    @property
    def is_short(self) -> bool:
        """True when something is owed."""
        return self.exact.size < 0 and not self.is_flat


def summed(positions: list[Position]) -> Position:
    """Return one position for those of several instances; its average price is weighed by their sizes."""
    total = positions[0]
    for other in positions[1:]:
        size = total.size + other.size
        value = total.size * total.average_price + other.size * other.average_price
        fees = {
            name: total.fees.get(name, _ZERO) + other.fees.get(name, _ZERO) for name in {**total.fees, **other.fees}
        }
        total = replace(
            total,
            instance="",
            size=size,
            average_price=value / size if size else _ZERO,
            realized=total.realized + other.realized,
            fees=fees,
            bought=total.bought + other.bought,
            sold=total.sold + other.sold,
            fills=total.fills + other.fills,
            ts_event=max(total.ts_event, other.ts_event),
        )
    return total


_ZERO = Decimal(0)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
