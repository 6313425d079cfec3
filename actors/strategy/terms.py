"""From what a user says to an order: words read, numbers made exact, steps snapped."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar, get_type_hints

import msgspec
from msgspec.structs import fields, replace

from bus.messages import (
    Cause,
    Code,
    ContingencyType,
    Instrument,
    ModifyOrder,
    NewOrder,
    OrderState,
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


T = TypeVar("T", NewOrder, ModifyOrder)


class Terms:
    """Builds orders and changes from a user's words."""

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
        read = self._read(terms)
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

    def _read(self, terms: dict[str, Any]) -> dict[str, Any]:
        for name in terms:
            if name not in _KNOWN:
                raise TypeError(f"order term {name!r} does not exist; there are {', '.join(_KNOWN)}")
        offset = _offset(terms.get("trailing_offset"))
        if offset is not None:
            terms = {**terms, "trailing_offset": offset, "trailing_offset_type": TrailingOffsetType.BASIS_POINTS}
        return {name: _read(name, value) for name, value in terms.items() if value is not None}

    def change(
        self,
        state: OrderState,
        new_client_order_id: str,
        price: object = None,
        size: object = None,
        trigger_price: object = None,
        params: object = None,
    ) -> ModifyOrder:
        """Return the change of an order; None leaves a term as it is. Raises ValueError for what cannot be read."""
        if price is size is trigger_price is params is None:
            raise ValueError("a change of nothing: give a price, size, trigger_price or params")
        order = state.order
        return ModifyOrder(
            order.order_id,
            order.client_order_id,
            state.venue_order_id,
            order.instance,
            order.instrument,
            order.strategy,
            None if size is None else _decimal(size, "size"),
            None if price is None else _decimal(price, "price"),
            None if trigger_price is None else _decimal(trigger_price, "trigger_price"),
            account=order.account,
            new_client_order_id=new_client_order_id,
            side=order.side,
            type=order.type,
            params={} if params is None else _read("params", params),
        )

    def replacing(
        self, old: NewOrder, order_id: str, price: object, size: object, terms: dict[str, Any], **names: Any
    ) -> NewOrder:
        """Return an order like an old one, which it is to replace, but for what is told; it stands alone."""
        read = self._read(terms)
        if price is not None:
            read["price"] = _decimal(price, "price")
        if size is not None:
            read["size"] = _decimal(size, "size")
        alone = {"contingency": ContingencyType.NONE, "list_id": "", "linked_ids": (), "parent_id": ""}
        ours = {"order_id": order_id, "client_order_id": order_id, "replaces": old.order_id, **names}
        return replace(old, ts_gated=0, ts_written=0, **{**alone, **ours, **read})

    def snapped(self, order: T, rules: Instrument) -> T:
        """Return an order or a change with what is within 1e-9 of a step on that step."""
        near: dict[str, Decimal] = {}
        for name, snap in _steps(rules):
            value = getattr(order, name, None)
            on_step = snap(value) if value is not None else None
            if isinstance(on_step, Decimal):
                near[name] = on_step
        return replace(order, **near)

    def off_step(self, order: NewOrder | ModifyOrder, rules: Instrument | None) -> tuple[Code, str] | None:
        """Return why the numbers of an order or a change are between the instrument's steps, with the two nearest."""
        if rules is None:
            return None
        for name, snap in _steps(rules):
            value = getattr(order, name, None)
            near = snap(value) if value is not None else None
            if value is not None and isinstance(near, tuple):
                code = Code.SIZE_INCREMENT if name.endswith("size") else Code.PRICE_INCREMENT
                return code, _nearest(name, value, near)
        return None


Snap: TypeAlias = Callable[[Decimal], Decimal | tuple[Decimal, Decimal]]


def _steps(rules: Instrument) -> tuple[tuple[str, Snap], ...]:
    """What has to be on which of the instrument's steps."""
    price, size = rules.snap_price, rules.snap_size
    return (
        ("price", price), ("trigger_price", price), ("activation_price", price), ("size", size), ("display_size", size)
    )  # fmt: skip


_BASIS_POINTS = {"bps": Decimal(1), "bp": Decimal(1), "%": Decimal(100)}


def _offset(text: object) -> Decimal | None:
    """Return an offset in basis points that is written as "50bps" or "0.5%"; None for one that is a plain number."""
    if isinstance(text, str):
        for unit, factor in _BASIS_POINTS.items():
            if text.endswith(unit):
                return _decimal(text.removesuffix(unit).strip(), "trailing_offset") * factor
    return None


def _read(name: str, value: Any) -> Any:
    if _KINDS[name] is str and type(value) is str:
        return value
    if name in _DECIMALS:
        return _decimal(value, name)
    if name in _WORDS:
        return parse_word(_WORDS[name], value, name)
    try:
        found = msgspec.convert(value, _KINDS[name])
    except msgspec.ValidationError as error:
        raise ValueError(f"{name} is {value!r}; {str(error)[0].lower()}{str(error)[1:]}") from None
    if isinstance(found, int) and not -(2**63) <= found < 2**63:
        raise ValueError(f"{name} is {value!r}; expected a whole number of 64 bits")
    return found


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
