"""From what a user says to an order: words read, numbers made exact, steps snapped."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, get_type_hints

import msgspec
from msgspec.structs import fields, replace

from bus.messages import (
    Cause,
    Code,
    ContingencyType,
    Instrument,
    NewOrder,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
    Word,
    exact,
    parse_word,
)

__all__ = ["Terms"]

_OWN = {"order_id", "client_order_id", "instance", "instrument", "strategy", "side", "size", "price", "cause"}
_KNOWN = tuple(field.name for field in fields(NewOrder) if field.name not in _OWN and not field.name.startswith("ts_"))
_WORDS: dict[str, type[Word]] = {
    "type": OrderType,
    "time_in_force": TimeInForce,
    "trigger_type": TriggerType,
    "trailing_offset_type": TrailingOffsetType,
    "position_side": PositionSide,
    "contingency": ContingencyType,
}
_KINDS = get_type_hints(NewOrder)
_DECIMALS = ("quote_size", "display_size", "trigger_price", "trailing_offset", "limit_offset", "activation_price")


class Terms:
    """Builds orders from a user's words."""

    def new_order(
        self,
        order_id: str,
        strategy: str,
        instance: str,
        instrument: str,
        side: str,
        size: object,
        price: object,
        terms: dict[str, Any],
        cause: Cause | None = None,
        ts_tick: int = 0,
        ts_decided: int = 0,
    ) -> NewOrder:
        """Return the order; a term that is None is as if it were left out.

        Raises TypeError for a term that does not exist, ValueError for one that cannot be read.
        """
        for name in terms:
            if name not in _KNOWN:
                raise TypeError(f"order term {name!r} does not exist; there are {', '.join(_KNOWN)}")
        read = {name: _read(name, value) for name, value in terms.items() if value is not None}
        kind = read.pop("type", OrderType.MARKET if price is None else OrderType.LIMIT)
        return NewOrder(
            order_id,
            order_id,
            instance,
            instrument,
            strategy,
            parse_word(Side, side, "side"),
            kind,
            None if size is None else _decimal(size, "size"),
            None if price is None else _decimal(price, "price"),
            cause=cause,
            ts_tick=ts_tick,
            ts_decided=ts_decided,
            **read,
        )

    def snapped(self, order: NewOrder, rules: Instrument) -> NewOrder:
        """Return the order with what is within 1e-9 of a step on that step."""
        price, size = order.price, order.size
        if price is not None:
            near = rules.snap_price(price)
            price = near if isinstance(near, Decimal) else price
        if size is not None:
            near = rules.snap_size(size)
            size = near if isinstance(near, Decimal) else size
        return replace(order, price=price, size=size)

    def off_step(self, order: NewOrder, rules: Instrument | None) -> tuple[Code, str] | None:
        """Return why the order's numbers are between the instrument's steps, with the two nearest."""
        if rules is None:
            return None
        if order.price is not None:
            near = rules.snap_price(order.price)
            if not isinstance(near, Decimal):
                return Code.PRICE_INCREMENT, _nearest("price", order.price, near)
        if order.size is not None:
            near = rules.snap_size(order.size)
            if not isinstance(near, Decimal):
                return Code.SIZE_INCREMENT, _nearest("size", order.size, near)
        return None


def _read(name: str, value: Any) -> Any:
    if _KINDS[name] is str and type(value) is str:
        return value
    if name in _DECIMALS:
        return _decimal(value, name)
    if name in _WORDS:
        return parse_word(_WORDS[name], value, name)
    try:
        return msgspec.convert(value, _KINDS[name])
    except msgspec.ValidationError as error:
        raise ValueError(f"{name} is {value!r}; {str(error)[0].lower()}{str(error)[1:]}") from None


def _nearest(what: str, value: Decimal, near: tuple[Decimal, Decimal]) -> str:
    return f"{what} {exact(value)} is between steps; the nearest are {exact(near[0])} and {exact(near[1])}"


def _decimal(value: object, name: str) -> Decimal:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{name} is {value!r}; expected a number") from None
    if not number.is_finite():
        raise ValueError(f"{name} is {value!r}; expected a finite number")
    return number
