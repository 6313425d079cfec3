"""A model of an order book that is too simple to be wrong: one step at a time, sorted anew before each."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(eq=False)
class SlowOrder:
    """What was sent, what is left of it, and when it took its present place."""

    owner: str
    side: str
    kind: str
    price: int
    left: int
    display: int
    prevention: str
    tif: str
    budget: int = 0
    by_budget: bool = False
    place: int = 0
    shown: int = 0
    filled: int = 0
    paid: int = 0
    prevented: int = 0
    end: str = ""


Match = tuple[str, SlowOrder, int, int, int]
"""(FILL or PREVENTED, maker, price, steps of the taker, steps of the maker)."""


@dataclass
class SlowBook:
    """`matches` are those of the last order that was sent; its fills of one maker and price in a row are one."""

    resting: list[SlowOrder] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    clock: int = 0

    def queue(self, side: str) -> list[SlowOrder]:
        """The orders of a side in the order in which they would trade."""
        sign = -1 if side == "BUY" else 1
        return sorted((o for o in self.resting if o.side == side), key=lambda o: (sign * o.price, o.place))

    def levels(self, side: str) -> list[tuple[int, int]]:
        """What a side shows, best price first."""
        totals: dict[int, int] = {}
        for order in self.queue(side):
            totals[order.price] = totals.get(order.price, 0) + order.shown
        return list(totals.items())

    def send(self, order: SlowOrder) -> str:
        """What becomes of an order: RESTS, FILLED, REJECTED, IOC, FOK, LIQUIDITY or STP."""
        self.matches = []
        if order.kind == "LIMIT_MAKER" and self._next(order) is not None:
            return "REJECTED"
        if order.tif == "FOK" and not self._would_fill(order):
            return "FOK"
        order.end = self._trade(order)
        if not order.end and order.kind == "MARKET":
            done = order.filled > 0 if order.by_budget else order.left == 0
            order.end = "FILLED" if done else "LIQUIDITY"
        if not order.end and order.left == 0:
            order.end = "FILLED"
        if not order.end and order.tif == "IOC":
            order.end = "IOC"
        if not order.end:
            self._show(order)
            self.resting.append(order)
            return "RESTS"
        return order.end

    def cancel(self, order: SlowOrder) -> None:
        """It is gone."""
        self.resting.remove(order)
        order.end = "CANCELED"

    def amend(self, order: SlowOrder, less: int) -> None:
        """It loses steps and no place."""
        order.left -= less
        order.shown = min(order.shown, order.left)

    def _next(self, order: SlowOrder) -> SlowOrder | None:
        queue = self.queue("SELL" if order.side == "BUY" else "BUY")
        if not queue:
            return None
        best = queue[0]
        if order.kind == "MARKET":
            return best
        crosses = best.price <= order.price if order.side == "BUY" else best.price >= order.price
        return best if crosses else None

    def _trade(self, order: SlowOrder) -> str:
        """Trade step by step; STP where prevention ended it."""
        while (maker := self._next(order)) is not None:
            if order.budget < maker.price if order.by_budget else order.left == 0:
                return ""
            if order.prevention != "NONE" and maker.owner == order.owner:
                if self._prevented(order, maker):
                    return "STP"
                continue
            self._lose_step(order, maker.price)
            self._fill_step(order, maker.price)
            self._fill_step(maker, maker.price)
            maker.left -= 1
            maker.shown -= 1
            self._note_step(maker)
            if maker.left == 0:
                self.resting.remove(maker)
                maker.end = "FILLED"
            elif maker.shown == 0:
                self._show(maker)
        return ""

    def _prevented(self, order: SlowOrder, maker: SlowOrder) -> bool:
        had = order.prevented, maker.prevented
        has_ended = self._prevent(order, maker)
        lost = order.prevented - had[0], maker.prevented - had[1]
        self.matches.append(("PREVENTED", maker, maker.price, *lost))
        if maker.left == 0:
            self.resting.remove(maker)
            maker.end = "STP"
        return has_ended

    def _prevent(self, order: SlowOrder, maker: SlowOrder) -> bool:
        if order.prevention == "DECREMENT":
            has_some = True
            while has_some and maker.left:
                self._lose_step(order, maker.price)
                order.prevented += 1
                maker.left -= 1
                maker.prevented += 1
                has_some = order.budget >= maker.price if order.by_budget else order.left > 0
            maker.shown = min(maker.shown, maker.left)
            return not has_some
        if order.prevention != "EXPIRE_TAKER":
            maker.prevented += maker.left
            maker.left = 0
        if order.prevention == "EXPIRE_MAKER":
            return False
        order.prevented += order.budget // maker.price if order.by_budget else order.left
        return True

    def _note_step(self, maker: SlowOrder) -> None:
        steps = 1
        if self.matches and self.matches[-1][:2] == ("FILL", maker):
            steps += self.matches.pop()[3]
        self.matches.append(("FILL", maker, maker.price, steps, steps))

    def _fill_step(self, order: SlowOrder, price: int) -> None:
        order.filled += 1
        order.paid += price

    def _lose_step(self, order: SlowOrder, price: int) -> None:
        if order.by_budget:
            order.budget -= price
        else:
            order.left -= 1

    def _show(self, order: SlowOrder) -> None:
        self.clock += 1
        order.place = self.clock
        order.shown = min(order.display, order.left) if order.display else order.left

    def _would_fill(self, order: SlowOrder) -> bool:
        trial = SlowBook([SlowOrder(**vars(each)) for each in self.resting], [], self.clock)
        copy = SlowOrder(**vars(order))
        trial._trade(copy)
        return copy.filled == order.left
