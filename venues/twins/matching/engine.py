"""Price-time priority matching of one instrument, sans I/O, in whole ticks and steps.

Units: a price is a count of price ticks, a size a count of size steps, a quote amount their product (ticks
x steps). Integers keep every sum exact and make a level's total cheap to compare; whoever owns the
instrument turns them into Decimals at the edge.

The rules are those of a central limit order book: better price first, then earlier arrival; a trade
happens at the resting order's price. `update_id` grows by one with each change of a level, so that a book
rebuilt from the `LevelChanged` events of any span of ids equals the engine's at the span's end; an iceberg's
refill can make a level's total what it was. A market order by quote amount buys (or sells) as many whole
steps as its budget covers, and its size becomes what it filled.

An iceberg shows `display` steps; once they are filled the next ones stand at the back of the queue, as at
venues that hide quantity behind a shown part. What is hidden counts for whether an order can be filled.

Where an order with a `prevention` would meet one of its own owner, nothing trades between the two: the
maker, the taker or both expire, or both lose the smaller one's remaining steps. A fill-or-kill order is
judged by what it would trade after that. A post-only order is rejected by its owner's orders too.

`submit`, `cancel` and `amend` return what happened, in the order in which it happened. They never raise for
a trading outcome: a post-only order that would take is answered by one `Rejected`, an immediate order's rest
by `Expired`.
"""

from __future__ import annotations

from venues.twins.matching.book import Half
from venues.twins.matching.orders import (
    Accepted,
    Amended,
    Canceled,
    Event,
    Expired,
    LevelChanged,
    Order,
    Prevented,
    Prevention,
    Rejected,
    Rested,
    Side,
    Traded,
)
from venues.twins.matching.rehearsal import rehearse

__all__ = ["MatchingEngine"]


class MatchingEngine:
    """One instrument's order book and the rules of its trading."""

    def __init__(self, first_order_id: int = 1, first_trade_id: int = 1, update_id: int = 0) -> None:
        self.update_id = update_id
        self._next_order_id = first_order_id
        self._next_trade_id = first_trade_id
        self._next_prevented_id = 1
        self._bids = Half("BUY")
        self._asks = Half("SELL")
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

    def ahead_of(self, order_id: int) -> int:
        """Steps that are shown ahead of a resting order in its level. Raises KeyError when it does not rest."""
        order = self._orders[order_id]
        ahead = 0
        for other in self._half(order.side).levels[order.price].orders.values():
            if other is order:
                break
            ahead += other.shown
        return ahead

    def take_order_id(self) -> int:
        """The next order id, for an order that waits outside of the book."""
        self._next_order_id += 1
        return self._next_order_id - 1

    def sweep(
        self, side: Side, size: int = 0, quote: int = 0, owner: str = "", prevention: Prevention = "NONE"
    ) -> tuple[int, int]:
        """(steps, quote) that a market order by `size` or by `quote` amount would trade right now."""
        return self.rehearse(Order(owner, side, "MARKET", size=size, quote=quote, prevention=prevention))

    def rehearse(self, order: Order) -> tuple[int, int]:
        """(steps, quote) that an order would trade right now, by all its rules but fill-or-kill."""
        return rehearse(order, self._opposite(order.side))

    def submit(self, order: Order) -> list[Event]:
        """Match the order, rest or expire what is left; `order` is kept and filled in place."""
        if order.kind == "LIMIT_MAKER" and self.would_match(order.side, order.price):
            return [Rejected(order)]
        if not order.order_id:
            order.order_id = self.take_order_id()
        events: list[Event] = [Accepted(order)]
        if order.time_in_force == "FOK" and order.kind == "LIMIT" and self.rehearse(order)[0] < order.size:
            events.append(Expired(order, "FOK"))
            return events
        has_ended = self._match(order, events)
        if has_ended:
            return events
        if order.kind == "MARKET":
            if order.quote:
                order.size = order.filled + order.prevented
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
        order = self._orders.get(order_id)
        if order is None:
            return []
        return [Canceled(order), self._withdraw(order)]

    def amend(self, order_id: int, size: int) -> list[Event]:
        """Make a resting order smaller; its place in the queue is kept. An empty list when none rests under that id.

        Raises ValueError where the new size is not below the old one, or not above what is gone of it.
        """
        order = self._orders.get(order_id)
        if order is None:
            return []
        gone = order.filled + order.prevented
        if not gone < size < order.size:
            raise ValueError(f"size is {size}; expected more than {gone}, and less than {order.size}")
        old_size, order.size = order.size, size
        events: list[Event] = [Amended(order, old_size)]
        self._shrink(order, events)
        return events

    def _half(self, side: Side) -> Half:
        return self._bids if side == "BUY" else self._asks

    def _opposite(self, side: Side) -> Half:
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

    def _withdraw(self, order: Order) -> LevelChanged:
        order.is_resting = False
        del self._orders[order.order_id]
        return self._changed(order.side, order.price, self._half(order.side).remove(order))

    def _shrink(self, order: Order, events: list[Event]) -> None:
        shown = order.shown
        total = self._half(order.side).shrink(order)
        if order.shown != shown:
            events.append(self._changed(order.side, order.price, total))

    def _match(self, order: Order, events: list[Event]) -> bool:
        """Trade while the other side offers a price that the order takes; True when prevention ended the order."""
        half = self._opposite(order.side)
        prevents = order.prevention != "NONE"
        while (price := half.best()) is not None:
            if order.kind != "MARKET" and not order.takes(price):
                break
            wanted = order.wanted(price)
            if wanted <= 0:
                break
            maker = half.first(price)
            if prevents and maker.owner == order.owner:
                if self._prevent(order, maker, wanted, events):
                    return True
            else:
                self._trade(order, maker, price, min(wanted, maker.shown), half, events)
        return False

    def _trade(self, taker: Order, maker: Order, price: int, size: int, half: Half, events: list[Event]) -> None:
        quote = size * price
        taker.filled += size
        taker.filled_quote += quote
        maker.filled += size
        maker.filled_quote += quote
        total = half.take(maker, size)
        if not maker.shown:
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

    def _prevent(self, taker: Order, maker: Order, wanted: int, events: list[Event]) -> bool:
        """Two orders of one owner meet; True when the taker has ended by it."""
        mode = taker.prevention
        if mode == "DECREMENT":
            lost = min(wanted, maker.remaining)
            taker_loses, maker_loses = lost, lost
        else:
            taker_loses = wanted if mode in ("EXPIRE_TAKER", "EXPIRE_BOTH") else 0
            maker_loses = maker.remaining if mode in ("EXPIRE_MAKER", "EXPIRE_BOTH") else 0
        events.append(Prevented(self._next_prevented_id, maker.price, taker, maker, taker_loses, maker_loses))
        self._next_prevented_id += 1
        self._lose(maker, maker_loses, maker.price)
        if maker_loses and not maker.remaining:
            events.append(Expired(maker, "STP"))
            events.append(self._withdraw(maker))
        elif maker_loses:
            self._shrink(maker, events)
        self._lose(taker, taker_loses, maker.price)
        if taker_loses < wanted:
            return False
        if taker.quote:
            taker.size = taker.filled + taker.prevented
        events.append(Expired(taker, "STP"))
        return True

    @staticmethod
    def _lose(order: Order, steps: int, price: int) -> None:
        order.prevented += steps
        order.prevented_quote += steps * price
