"""The part of a strategy that places orders together: OCO, OTO, bracket; and such a list in hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from actors.strategy.order import Order
from actors.strategy.placing import Placing
from bus.messages import ContingencyType, NewOrder, Side, parse_word

__all__ = ["Lists", "OrderList"]

_OPPOSITE = {Side.BUY: "SELL", Side.SELL: "BUY"}


class OrderList:
    """Orders that were placed together. Each is an `Order` of its own, always current.

    Where they are the parts of a bracket, an OCO or an OTO, they have names: `entry` works first, `take_profit` and
    `stop_loss` end each other.
    """

    __slots__ = ("contingency", "entry", "id", "orders", "stop_loss", "take_profit")

    def __init__(
        self,
        list_id: str,
        contingency: ContingencyType,
        orders: tuple[Order, ...],
        entry: Order | None = None,
        take_profit: Order | None = None,
        stop_loss: Order | None = None,
    ) -> None:
        self.id, self.contingency, self.orders = list_id, contingency, orders
        self.entry, self.take_profit, self.stop_loss = entry, take_profit, stop_loss

    def __repr__(self) -> str:
        return f"<OrderList {self.id} {self.contingency}: {', '.join(map(repr, self.orders))}>"

    def __iter__(self) -> Iterator[Order]:
        return iter(self.orders)

    def __len__(self) -> int:
        return len(self.orders)

    def __getitem__(self, index: int) -> Order:
        return self.orders[index]

    @property
    def is_open(self) -> bool:
        """True until every order of it is definitely over."""
        return any(order.is_open for order in self.orders)

    def cancel(self) -> None:
        """Ask the venue to end all of it that is open. What is filled stays filled."""
        for order in self.orders:
            order.cancel()

    async def accepted(self) -> OrderList:
        """Wait until the venue has each order, or it is over."""
        await asyncio.gather(*(order.accepted() for order in self.orders))
        return self

    async def closed(self) -> OrderList:
        """Wait until every order of it is definitely over."""
        await asyncio.gather(*(order.closed() for order in self.orders))
        return self


class Lists(Placing):
    """Base of `Ordering`."""

    def submit_list(self, orders: Sequence[Mapping[str, Any]], contingency: str = "OCO") -> OrderList:
        """Place orders together: the venue takes all of them or none.

        Each is a mapping of what `submit` takes: ``{"side": "SELL", "instrument": ..., "size": ..., "price": ...}``.
        `contingency` says how they hang together: of an OCO the end of one is the end of the other; of an OTO the first
        works, and the second begins to when it is filled; a BRACKET is an OTO whose second part is an OCO. They are
        DENIED together where one of them may not be. Raises ValueError or TypeError for what cannot be read.
        """
        kind = parse_word(ContingencyType, contingency, "contingency")
        if not orders:
            raise ValueError("a list of orders without orders")
        built = [self._leg(dict(terms)) for terms in orders]
        held = self._place_list(kind, built)
        return OrderList(held[0].list_id, kind, held)

    def oco(
        self,
        side: str,
        instrument: str,
        size: object,
        *,
        take_profit: object,
        stop_loss: object,
        stop_limit: object = None,
        **terms: Any,
    ) -> OrderList:
        """Place two exits of which one ends the other: a post-only LIMIT at `take_profit`, and a stop at `stop_loss`.

        `side` is the orders' own: "SELL" leaves a long position. The stop is a STOP_MARKET, with `stop_limit` a
        STOP_LIMIT at that price. `terms` are of both. Raises ValueError for a stop on the wrong side of the profit.
        """
        legs = self._exits(side, instrument, size, take_profit, stop_loss, stop_limit, terms)
        held = self._place_list(ContingencyType.OCO, [self._leg(leg) for leg in legs])
        return OrderList(held[0].list_id, ContingencyType.OCO, held, None, *held)

    def oto(self, first: Mapping[str, Any], then: Mapping[str, Any]) -> OrderList:
        """Place an order, and one that begins to work once the first is filled. Each is said as in `submit_list`."""
        held = self._place_list(ContingencyType.OTO, [self._leg(dict(first)), self._leg(dict(then))])
        return OrderList(held[0].list_id, ContingencyType.OTO, held, entry=held[0])

    def bracket(
        self,
        side: str,
        instrument: str,
        size: object,
        price: object = None,
        *,
        take_profit: object,
        stop_loss: object,
        stop_limit: object = None,
        instance: str = "",
        tag: str = "",
        params: Mapping[str, str] | None = None,
        **entry: Any,
    ) -> OrderList:
        """Place an entry, and two exits that begin to work once it is filled and of which one ends the other.

        The entry is a LIMIT at `price` (MARKET without one, where the venue has that); further terms are its own. The
        exits are as in `oco`. `instance`, `tag` and `params` (such as selfTradePreventionMode) are of all three. Raises
        ValueError for a stop on the wrong side of the profit or of the entry.
        """
        own = {"instance": instance, "tag": tag, "params": dict(params) if params else None}
        exits = _OPPOSITE[parse_word(Side, side, "side")]
        legs = self._exits(exits, instrument, size, take_profit, stop_loss, stop_limit, own, entry=price)
        first = {"side": side, "instrument": instrument, "size": size, "price": price, **own, **entry}
        held = self._place_list(ContingencyType.BRACKET, [self._leg(leg) for leg in (first, *legs)])
        return OrderList(held[0].list_id, ContingencyType.BRACKET, held, *held)

    def _exits(
        self,
        side: str,
        instrument: str,
        size: object,
        take_profit: object,
        stop_loss: object,
        stop_limit: object,
        terms: Mapping[str, Any],
        entry: object = None,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what an exit with profit and a stop are, to leave by `side`."""
        sells = parse_word(Side, side, "side") is Side.SELL
        between = [stop_loss, take_profit] if entry is None else [stop_loss, entry, take_profit]
        numbers = [_number(each) for each in between]
        if numbers != sorted(set(numbers), reverse=not sells):
            names = "stop_loss < take_profit" if entry is None else "stop_loss < price < take_profit"
            names = names if sells else names.replace("<", ">")
            raise ValueError(f"exits that {side} need {names}; found {', '.join(str(each) for each in between)}")
        common = {"side": side, "instrument": instrument, "size": size, **terms}
        stop: dict[str, Any] = {"type": "STOP_MARKET", "trigger_price": stop_loss}
        if stop_limit is not None:
            stop = {"type": "STOP_LIMIT", "trigger_price": stop_loss, "price": stop_limit}
        return {**common, "type": "LIMIT", "price": take_profit, "post_only": True}, {**common, **stop}

    def _leg(self, terms: dict[str, Any]) -> NewOrder:
        missing = {"side", "instrument"} - terms.keys()
        if missing:
            raise TypeError(f"an order of a list needs {', '.join(sorted(missing))}")
        side, instrument, size = terms.pop("side"), terms.pop("instrument"), terms.pop("size", None)
        price, instance = terms.pop("price", None), terms.pop("instance", "")
        return self._built(side, instrument, size, price, instance, terms)

    def _place_list(self, contingency: ContingencyType, built: list[NewOrder]) -> tuple[Order, ...]:
        list_id, ids = self._mint(), [order.order_id for order in built]
        parent = "" if contingency is ContingencyType.OCO else ids[0]
        orders = [
            replace(
                order,
                contingency=contingency,
                list_id=list_id,
                linked_ids=tuple(each for each in ids if each != order.order_id),
                parent_id="" if number == 0 else parent,
            )
            for number, order in enumerate(built)
        ]
        held = tuple(self._in_hand(order) for order in orders)
        for order in orders:
            problem = self._terms.off_step(order, self.instruments.get(order.instrument))
            if problem is not None:
                self._deny_all(held, order.order_id, *problem)
                return held
        self._errands.submit_list(held)
        return held

    def _deny_all(self, held: tuple[Order, ...], culprit: str, code: Any, reason: str) -> None:
        for order in held:
            others = f"order {culprit} of the same list is denied: {reason}"
            self._errands.deny(order, code, reason if order.id == culprit else others)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        raise ValueError(f"{value!r}: expected a price") from None
