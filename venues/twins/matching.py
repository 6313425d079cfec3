"""Price-time priority matching of one instrument, sans I/O, in whole ticks and steps.

Units: a price is a count of price ticks, a size a count of size steps, a quote amount their product (ticks
x steps). Integers keep every sum exact and make a level's total cheap to compare; whoever owns the
instrument turns them into Decimals at the edge.

The rules are those of a central limit order book: better price first, then earlier arrival; a trade
happens at the resting order's price. `update_id` grows by one with each change of a level's total, so that
a book rebuilt from the `LevelChanged` events of any span of ids equals the engine's at the span's end. A
market order by quote amount buys (or sells) as many whole steps as its budget covers, and its size becomes
what it filled.

`submit` and `cancel` return what happened, in the order in which it happened. They never raise for a
trading outcome: a post-only order that would take is answered by one `Rejected`, an immediate order's rest
by `Expired`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

Side = Literal["BUY", "SELL"]
Kind = Literal["LIMIT", "LIMIT_MAKER", "MARKET"]
TimeInForce = Literal["GTC", "IOC", "FOK"]
Reason = Literal["IOC", "FOK", "LIQUIDITY"]


@dataclass(slots=True, eq=False)
class Order:
    """One order as the engine sees it; `order_id` is given by `submit`, `owner` is opaque to the engine."""

    owner: str
    side: Side
    kind: Kind
    price: int = 0
    size: int = 0
    quote: int = 0
    time_in_force: TimeInForce = "GTC"
    order_id: int = 0
    filled: int = 0
    filled_quote: int = 0
    is_resting: bool = False

    @property
    def remaining(self) -> int:
        """Steps still to fill; 0 for an order by quote amount, whose budget is what remains."""
        return self.size - self.filled


class Accepted(NamedTuple):
    """The order got its id and its place in time."""

    order: Order


class Rejected(NamedTuple):
    """A post-only order would have taken; nothing of it exists."""

    order: Order


class Rested(NamedTuple):
    """What is left of the order stands in the book."""

    order: Order


class Traded(NamedTuple):
    """One trade at the maker's price; the four totals are those right after it."""

    trade_id: int
    price: int
    size: int
    taker: Order
    maker: Order
    taker_filled: int
    taker_quote: int
    maker_filled: int
    maker_quote: int


class Expired(NamedTuple):
    """The rest of an immediate order is gone."""

    order: Order
    reason: Reason


class Canceled(NamedTuple):
    """The order left the book on request."""

    order: Order


class LevelChanged(NamedTuple):
    """A level's total after change `update_id`; 0 means that the level is gone."""

    side: Side
    price: int
    total: int
    update_id: int


Event = Accepted | Rejected | Rested | Traded | Expired | Canceled | LevelChanged


@dataclass(slots=True)
class _Level:
    total: int
    orders: dict[int, Order]


class _Half:
    """One side of the book: levels by price, and their sort keys with the best at the end."""

    __slots__ = ("keys", "levels", "side", "sign")

    def __init__(self, side: Side) -> None:
        self.side: Side = side
        self.sign = 1 if side == "BUY" else -1
        self.keys: list[int] = []
        self.levels: dict[int, _Level] = {}

    def best(self) -> int | None:
        return self.keys[-1] * self.sign if self.keys else None

    def prices(self) -> Iterator[int]:
        """Prices, best first."""
        return (key * self.sign for key in reversed(self.keys))

    def add(self, order: Order) -> int:
        level = self.levels.get(order.price)
        if level is None:
            level = self.levels[order.price] = _Level(0, {})
            insort(self.keys, order.price * self.sign)
        level.orders[order.order_id] = order
        level.total += order.remaining
        return level.total

    def reduce(self, order: Order, size: int, is_gone: bool) -> int:
        level = self.levels[order.price]
        level.total -= size
        if is_gone:
            del level.orders[order.order_id]
            if not level.orders:
                del self.levels[order.price]
                del self.keys[bisect_left(self.keys, order.price * self.sign)]
        return level.total


class MatchingEngine:
    """One instrument's order book and the rules of its trading."""

    def __init__(self, first_order_id: int = 1, first_trade_id: int = 1, update_id: int = 0) -> None:
        self.update_id = update_id
        self._next_order_id = first_order_id
        self._next_trade_id = first_trade_id
        self._bids = _Half("BUY")
        self._asks = _Half("SELL")
        self._orders: dict[int, Order] = {}

    def best_bid(self) -> int | None:
        """Highest bid in ticks, None when there is none."""
        return self._bids.best()

    def best_ask(self) -> int | None:
        """Lowest ask in ticks, None when there is none."""
        return self._asks.best()

    def best(self) -> tuple[int, int, int, int]:
        """(bid, bid size, ask, ask size), zeros for an empty side."""
        bid, ask = self._bids.best(), self._asks.best()
        return (
            bid or 0,
            self._bids.levels[bid].total if bid is not None else 0,
            ask or 0,
            self._asks.levels[ask].total if ask is not None else 0,
        )

    def level_count(self, side: Side) -> int:
        """How many price levels a side has."""
        return len(self._half(side).keys)

    def depth(self, side: Side, limit: int) -> list[tuple[int, int]]:
        """Up to `limit` levels (price, total), best first."""
        half = self._half(side)
        keys = half.keys[-limit:] if limit else []
        return [(key * half.sign, half.levels[key * half.sign].total) for key in reversed(keys)]

    def resting(self, order_id: int) -> Order | None:
        """The resting order of that id, if it rests."""
        return self._orders.get(order_id)

    def would_match(self, side: Side, price: int) -> bool:
        """Whether a limit order at `price` would trade at once."""
        best = self._opposite(side).best()
        return best is not None and (price >= best if side == "BUY" else price <= best)

    def sweep(self, side: Side, size: int = 0, quote: int = 0) -> tuple[int, int]:
        """(steps, quote) that a market order by `size` or by `quote` amount would trade right now."""
        half = self._opposite(side)
        got = paid = 0
        for price in half.prices():
            total = half.levels[price].total
            take = min(total, (quote - paid) // price if quote else size - got)
            got += take
            paid += take * price
            if take < total:
                break
        return got, paid

    def take_order_id(self) -> int:
        """The id of an order that waits outside of the book; `submit` keeps it."""
        self._next_order_id += 1
        return self._next_order_id - 1

    def submit(self, order: Order) -> list[Event]:
        """Match the order, rest or expire what is left; `order` is kept and filled in place."""
        if order.kind == "LIMIT_MAKER" and self.would_match(order.side, order.price):
            return [Rejected(order)]
        if not order.order_id:
            order.order_id = self.take_order_id()
        events: list[Event] = [Accepted(order)]
        if order.time_in_force == "FOK" and order.kind == "LIMIT" and not self._can_fill(order):
            events.append(Expired(order, "FOK"))
            return events
        self._match(order, events)
        if order.kind == "MARKET":
            if order.quote:
                order.size = order.filled
            if order.remaining or not order.filled:
                events.append(Expired(order, "LIQUIDITY"))
        elif order.remaining:
            if order.time_in_force == "GTC":
                self._rest(order, events)
            else:
                events.append(Expired(order, order.time_in_force))
        return events

    def cancel(self, order_id: int) -> list[Event]:
        """Take a resting order out of the book; an empty list when none rests under that id."""
        order = self._orders.pop(order_id, None)
        if order is None:
            return []
        order.is_resting = False
        total = self._half(order.side).reduce(order, order.remaining, is_gone=True)
        return [Canceled(order), self._changed(order.side, order.price, total)]

    def _half(self, side: Side) -> _Half:
        return self._bids if side == "BUY" else self._asks

    def _opposite(self, side: Side) -> _Half:
        return self._asks if side == "BUY" else self._bids

    def _changed(self, side: Side, price: int, total: int) -> LevelChanged:
        self.update_id += 1
        return LevelChanged(side, price, total, self.update_id)

    def _rest(self, order: Order, events: list[Event]) -> None:
        order.is_resting = True
        self._orders[order.order_id] = order
        total = self._half(order.side).add(order)
        events.append(Rested(order))
        events.append(self._changed(order.side, order.price, total))

    def _can_fill(self, order: Order) -> bool:
        half, needed = self._opposite(order.side), order.size
        for price in half.prices():
            if needed <= 0 or (price > order.price if order.side == "BUY" else price < order.price):
                break
            needed -= half.levels[price].total
        return needed <= 0

    def _match(self, order: Order, events: list[Event]) -> None:
        """Trade while the other side offers a price that the order takes."""
        half = self._opposite(order.side)
        while (price := half.best()) is not None:
            if order.kind != "MARKET" and not self.would_match(order.side, order.price):
                return
            maker = next(iter(half.levels[price].orders.values()))
            wanted = (order.quote - order.filled_quote) // price if order.quote else order.remaining
            size = min(wanted, maker.remaining)
            if size <= 0:
                return
            self._trade(order, maker, price, size, half, events)

    def _trade(self, taker: Order, maker: Order, price: int, size: int, half: _Half, events: list[Event]) -> None:
        for order in (taker, maker):
            order.filled += size
            order.filled_quote += size * price
        is_gone = maker.remaining == 0
        total = half.reduce(maker, size, is_gone)
        if is_gone:
            maker.is_resting = False
            del self._orders[maker.order_id]
        events.append(
            Traded(
                self._next_trade_id, price, size, taker, maker,
                taker.filled, taker.filled_quote, maker.filled, maker.filled_quote,
            )
        )  # fmt: skip
        self._next_trade_id += 1
        events.append(self._changed(half.side, price, total))
