"""The part of a strategy that orders: places, changes, cancels, and what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from actors.strategy.holdings import PositionView, summed
from actors.strategy.lists import Lists, OrderList
from actors.strategy.order import Order
from bus.messages import Code, Pending, Position, Side, parse_word

__all__ = ["Ordering"]


class Ordering(Lists):
    """Base of `Strategy`."""

    def modify(
        self,
        order: Order,
        *,
        price: object = None,
        size: object = None,
        trigger_price: object = None,
        params: object = None,
    ) -> Order:
        """Ask the venue to change an order, and return it at once; `await order.modified()` waits for the outcome.

        What is None stays. `size` is the order's new total, what is filled included. It goes through the gate. What is
        denied or rejected leaves the order as it was: its `code` and `reason` say why, and `on_order` is called. One
        change is under way at a time; of an order that the venue does not have yet, it waits for that. Where the venue
        ends an order and begins another instead, this is one order still, with the same `id`. Raises ValueError for
        what cannot be read.
        """
        change = self._terms.change(order.exact, self._mint(), price, size, trigger_price, params)
        rules = self.instruments.get(order.instrument)
        if rules is not None:
            change = self._terms.snapped(change, rules)
        problem = self._terms.off_step(change, rules)
        if order.is_closed:
            problem = Code.TOO_LATE, f"it is {order.status}; what has ended is not changed"
        elif order.is_changing or order.exact.pending is Pending.CANCEL:
            problem = Code.CHANGE_IN_FLIGHT, "a change or a cancel of it has no definite answer yet"
        if problem is not None:
            self._errands.changes.refuse(order, *problem)
        else:
            self._errands.changes.modify(order, change)
        return order

    def replace(self, order: Order, *, price: object = None, size: object = None, **terms: Any) -> Order:
        """End an order, and place another for it once that is certain; return the new one at once.

        For venues that cannot change orders, or for what no venue changes: both are orders of their own, and the new
        one's `replaces` names the old one. The new one is like the old but for what is told, with the size that the old
        one leaves, or `size` of its own; it stands alone where the old one was of a list. Never do both work: the old
        one is canceled, and while it is not over the new one waits here. Where the old one was filled first the new one
        is DENIED (TOO_LATE), and so it is where the old one does not end in 30 s (DEADLINE_PASSED). Raises ValueError
        or TypeError for terms that do not exist or cannot be read.
        """
        now, tag = self.clock.time_ns(), str(terms.get("tag") or "")
        made = self._terms.replacing(
            order.exact.order, self._mint(tag), price, size, terms,
            cause=self._cause(), ts_tick=self._ts_tick, ts_decided=now,
        )  # fmt: skip
        rules = self.instruments.get(order.instrument)
        held = self._in_hand(made if rules is None else self._terms.snapped(made, rules))
        problem = self._terms.off_step(held.exact.order, rules)
        if order.is_closed:
            problem = Code.TOO_LATE, f"order {order.id}, which it was to replace, is {order.status}"
        if problem is not None:
            self._errands.deny(held, *problem)
        else:
            self._errands.replace(order, held, size is None)
        return held

    def close(self, instrument: str, price: object = None, **terms: Any) -> Order | None:
        """Order away what is held of an instrument, rounded down to its size step; None when it is flat.

        With ``instance=`` it is what is held there, and not over all instances; ValueError for one that there is not.
        """
        instance, known = terms.get("instance") or "", [info.name for info in self._feeds.instances]
        if instance and instance not in known:
            raise ValueError(f"instance {instance!r} is not on the floor; there are: {', '.join(known) or 'none'}")
        position = self._position_on(instrument, instance)
        if position.is_flat:
            return None
        rules = self.instruments.get(instrument)
        size = abs(position.exact.size)
        size = rules.size(size, "down") if rules is not None else size
        return self.submit("SELL" if position.is_long else "BUY", instrument, size, price, **terms)

    def cancel(self, orders: Order | OrderList | Iterable[Order]) -> None:
        """Cancel an order, those of a list, or several; what is closed is left alone."""
        for order in (orders,) if isinstance(orders, Order) else orders:
            self._errands.cancel(order)

    def cancel_all(self, instrument: str = "", side: str = "") -> None:
        """Cancel every open order of this strategy: of one instrument or of all, of one side or of both."""
        wanted = parse_word(Side, side, "side") if side else None
        for order in self.orders.open:
            if instrument in ("", order.instrument) and wanted in (None, order.side):
                order.cancel()

    def position(self, instrument: str) -> PositionView:
        """What this strategy holds of an instrument, over all its instances."""
        return self._position_on(instrument)

    def _position_on(self, instrument: str, instance: str = "") -> PositionView:
        found = [
            position
            for (where, name), position in self._feed.positions.items()
            if name == instrument and instance in ("", where)
        ]
        position = summed(found) if found else Position(self.name, "", instrument)
        return PositionView(position, self.instruments.get(instrument))

    def profit(self) -> float:
        """Realised plus unrealised profit at the mid, less fees: those in the base asset count at the mid too.

        What is held of an instrument without a known price, and its fees, count at its entry. Fees in a third asset
        (BNB) are left out, for no price of theirs is known here: `position(...).exact.fees` has them.
        """
        total = 0.0
        for (_, name), position in self._feed.positions.items():
            total += float(position.realized)
            mid = self._feeds.mid(name)
            if mid is not None:
                total += float(position.size) * (mid - float(position.average_price))
            details = getattr(self.instruments.get(name), "details", None)
            price = mid if mid is not None else float(position.average_price)
            total -= float(position.fees.get(getattr(details, "quote", ""), Decimal(0)))
            total -= float(position.fees.get(getattr(details, "base", ""), Decimal(0))) * price
        return total
