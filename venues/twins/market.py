"""Seeded participants that keep one instrument's market alive, sans I/O.

Makers keep a ladder of resting orders around a reference price that walks slowly and is pulled back to
where it began: most of them near the touch, the others deep in the book, as many as make the wanted number of
levels. Takers cross with small market orders several times a second, and now and then one sweeps
several levels. They all submit to the same `MatchingEngine` as everybody else and stand in the same
queues. Their choices depend on the random generator, on their own orders and on the best prices, never on
who owns an order, so the same seed with the same foreign orders gives the same market.

Nothing here knows a clock: `step` makes one participant act, `pause_s` says how long to wait before the
next act so that the book changes at the wanted rate.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from venues.twins.matching import Canceled, Event, LevelChanged, MatchingEngine, Order, Side, Traded

SIDES: tuple[Side, Side] = ("BUY", "SELL")
MAKERS = 8
TAKERS = 4
ORDERS_PER_SIDE = 260
"""Resting participants' orders aimed at on each side by default."""
LEVELS = 200
"""Levels a side that these orders make."""
MAX_LEVELS = 5_000
"""The venue shows no more of a book."""
ORDERS_PER_LEVEL = 1.3
"""Deep orders for each level of a deeper book: some of them share a level, and a tenth may be withdrawn."""
TICKS_PER_LEVEL = 4
"""Ticks over which a deeper book is spread, for each of its levels."""
DEEPEST_SHARE = 0.8
"""No order is farther from the start than this share of it, so that a cheap instrument's bids have a price."""
MIN_LEVELS = 80
"""Below this a maker adds rather than withdraws, so a client's sweep is refilled."""
TAKE_SHARE = 0.09
"""Share of acts that are takers': about seven a second at the default rate."""
SWEEP_SHARE = 0.006
"""Share of acts that are sweeps through several levels: one every two seconds at the default rate."""
NEAR_SHARE = 0.75
NEAR_GRAINS = 12.0
"""Mean distance in grains from the reference of an order near the touch."""
DEEP_GRAINS = 1500
"""Farthest distance in grains of a deep order (0.3 % of the starting price)."""
WALK_GRAINS = 0.12
"""Standard deviation in grains of the reference's step at each act: about one grain a second by default."""
MIN_WALK_TICKS = 0.006
"""The same where a grain is far under a tick, so that the coarsest prices move too: half a tick a minute."""
PULL = 1e-7
"""Share of the way back to the start taken at each act: holds the walk within about 0.2 % of the start."""
GRAIN = 2e-6
"""One grain as a share of the starting price."""


@dataclass(frozen=True, slots=True)
class MarketShape:
    """Where a market starts (ticks), how large its orders are (steps), how many levels a side it has.

    A side has fewer levels where its prices have fewer ticks.
    """

    start: int
    typical_size: int
    levels: int = LEVELS


class Participants:
    """The makers and takers of one instrument."""

    def __init__(self, engine: MatchingEngine, shape: MarketShape, rng: random.Random) -> None:
        self.cash: dict[str, list[int]] = {}
        self.reference = float(shape.start)
        self._engine = engine
        self._shape = shape
        self._rng = rng
        self._grain = max(1, round(shape.start * GRAIN))
        self._walk = max(WALK_GRAINS * shape.start * GRAIN, MIN_WALK_TICKS)
        near = round(ORDERS_PER_SIDE * NEAR_SHARE)
        deep, depth = ORDERS_PER_SIDE - near, DEEP_GRAINS * self._grain
        if shape.levels > LEVELS:
            deep = max(deep, round(shape.levels * ORDERS_PER_LEVEL))
            depth = max(depth, shape.levels * TICKS_PER_LEVEL)
        self._depth = min(depth, int(shape.start * DEEPEST_SHARE))
        self._wanted = {True: near, False: deep}
        self._own: dict[tuple[Side, bool], list[Order]] = {
            (side, is_near): [] for side in SIDES for is_near in (True, False)
        }
        self._place: dict[int, tuple[list[Order], int]] = {}

    def seed(self) -> list[Event]:
        """Fill the ladder; called once before the first step."""
        events: list[Event] = []
        for is_near, count in self._wanted.items():
            for _ in range(count):
                for side in SIDES:
                    events += self._add(side, is_near)
        return events

    def step(self) -> list[Event]:
        """One act of one participant and what it caused."""
        rng = self._rng
        pull = (self._shape.start - self.reference) * PULL
        self.reference += rng.gauss(0.0, self._walk) + pull
        roll = rng.random()
        if roll < SWEEP_SHARE:
            return self._take(rng.uniform(8.0, 25.0))
        if roll < SWEEP_SHARE + TAKE_SHARE:
            return self._take(rng.lognormvariate(0.0, 0.8))
        return self._quote()

    def pause_s(self, events: list[Event], rate: float) -> float:
        """Seconds until the next act, for `rate` book changes a second on average."""
        changes = sum(1 for event in events if isinstance(event, LevelChanged))
        return changes / rate * self._rng.uniform(0.2, 1.8)

    def observe(self, events: list[Event]) -> None:
        """Account for what happened to participants' orders; needed after every foreign submit as well."""
        for event in events:
            if isinstance(event, Traded):
                self._settle(event.taker, event, 1 if event.taker.side == "BUY" else -1)
                self._settle(event.maker, event, 1 if event.maker.side == "BUY" else -1)
                if not event.maker.remaining:
                    self._forget(event.maker)
            elif isinstance(event, Canceled):
                self._forget(event.order)

    def _settle(self, order: Order, trade: Traded, sign: int) -> None:
        cash = self.cash.get(order.owner)
        if cash is not None:
            cash[0] += sign * trade.size
            cash[1] -= sign * trade.size * trade.price

    def _submit(self, order: Order, rests_in: list[Order] | None = None) -> list[Event]:
        self.cash.setdefault(order.owner, [0, 0])
        events = self._engine.submit(order)
        self.observe(events)
        if rests_in is not None and order.is_resting:
            self._place[order.order_id] = (rests_in, len(rests_in))
            rests_in.append(order)
        return events

    def _forget(self, order: Order) -> None:
        orders, index = self._place.pop(order.order_id, (None, 0))
        if orders is None:
            return
        last = orders.pop()
        if last is not order:
            orders[index] = last
            self._place[last.order_id] = (orders, index)

    def _quote(self) -> list[Event]:
        rng = self._rng
        side: Side = "BUY" if rng.random() < 0.5 else "SELL"
        is_near = rng.random() < NEAR_SHARE
        orders, wanted = self._own[side, is_near], self._wanted[is_near]
        is_thin = self._engine.level_count(side) < MIN_LEVELS and len(orders) < 2 * wanted
        if is_thin or len(orders) < 0.9 * wanted:
            return self._add(side, is_near)
        if len(orders) > 1.1 * wanted or rng.random() < 0.5:
            return self._withdraw(orders)
        return self._add(side, is_near)

    def _add(self, side: Side, is_near: bool) -> list[Event]:
        rng, grain = self._rng, self._grain
        near = rng.expovariate(1 / NEAR_GRAINS) * grain
        distance = 1 + int(near if is_near else rng.uniform(min(NEAR_GRAINS * grain, self._depth), self._depth))
        if side == "BUY":
            price = int(self.reference) - distance
            ask = self._engine.best_ask()
            price = price if ask is None else min(price, ask - 1)
        else:
            price = int(self.reference) + distance
            bid = self._engine.best_bid()
            price = price if bid is None else max(price, bid + 1)
        size = rng.lognormvariate(-0.5 if is_near else 0.8, 0.6)
        owner = f"maker-{rng.randrange(MAKERS)}"
        order = Order(owner, side, "LIMIT", price=max(1, price), size=self._steps(size))
        return self._submit(order, self._own[side, is_near])

    def _withdraw(self, orders: list[Order]) -> list[Event]:
        events = self._engine.cancel(orders[self._rng.randrange(len(orders))].order_id)
        self.observe(events)
        return events

    def _take(self, size: float) -> list[Event]:
        rng = self._rng
        bid, ask = self._engine.best_bid(), self._engine.best_ask()
        lean = 0.0
        if bid is not None and ask is not None:
            lean = (self.reference - (bid + ask) / 2) / (16.0 * self._grain)
        side: Side = "BUY" if rng.random() < min(0.9, max(0.1, 0.5 + lean)) else "SELL"
        owner = f"taker-{rng.randrange(TAKERS)}"
        return self._submit(Order(owner, side, "MARKET", size=self._steps(size)))

    def _steps(self, multiple: float) -> int:
        return max(1, round(multiple * self._shape.typical_size))
