"""Lists of orders: SubmitOrderList -> OCO, OTO and OTOCO, and the venue's answers -> OrderEvents.

What our fields say, and what it becomes:

    contingency   orders                                                        the venue's
    OCO           two of one side and size: a post-only LIMIT or an             orderList.place.oco
                  IF_TOUCHED, and a stop
    OTO           a LIMIT that works, and one whose parent it is                orderList.place.oto
    BRACKET       a LIMIT that works, and an OCO of two whose parent it is      orderList.place.otoco

The venue names the orders of a pair by where they are triggered, above or below the market: a stop that buys and a
profit that sells are above. Source: Binance Spot API, rest-api (order lists), 2026-07.
"""

from __future__ import annotations

from bus.messages import (
    Code,
    ContingencyType,
    InstrumentId,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderType,
    Refused,
    Side,
    Source,
    SubmitOrderList,
    exact,
)
from venues.binance.client.payloads import ListStatus, OrderList
from venues.binance.mapping.orders import order_report
from venues.binance.mapping.placing import Params, Request, denied, leg_params

__all__ = ["cancel_list_params", "contingency_of", "list_names", "list_reports", "list_request"]

LEG_PARAMS = frozenset(("strategyId", "strategyType", "pegPriceType", "pegOffsetType", "pegOffsetValue"))
"""What `NewOrder.params` may say of one order of a list."""
LIST_PARAMS = frozenset(("selfTradePreventionMode",))
"""What they may say of the whole list: all of its orders must say the same."""

_STOPS = (
    OrderType.STOP_MARKET,
    OrderType.STOP_LIMIT,
    OrderType.TRAILING_STOP_MARKET,
    OrderType.TRAILING_STOP_LIMIT,
)


def list_request(message: SubmitOrderList, symbol: str) -> Request | Refused:
    """Return the request that places the whole list or nothing, or why the venue has no such list.

    The list's name at the venue is its `list_id`. The answer asked for is ACK.
    """
    orders = message.orders
    denial = _incoherent(orders)
    if denial is not None:
        return denial
    first, rest = orders[0], orders[1:]
    params: Params = {name: first.params[name] for name in LIST_PARAMS if name in first.params}
    params.update(symbol=symbol, listClientOrderId=first.list_id, newOrderRespType="ACK")
    if first.contingency is ContingencyType.OCO:
        kind, prefix, pair = "oco", "", orders
    else:
        working = _working(first)
        if isinstance(working, Refused):
            return working
        params.update(working)
        kind, prefix, pair = ("otoco", "pending", rest) if len(rest) > 1 else ("oto", "pending", ())
    legs = _pair(pair, prefix) if pair else _leg(rest[0], "pending", alone=True)
    if isinstance(legs, Refused):
        return legs
    params.update(legs)
    return Request(f"orderList.place.{kind}", params)


def _incoherent(orders: tuple[NewOrder, ...]) -> Refused | None:
    """Return why these orders are no list of the venue's."""
    if not orders:
        return _no_list("it has no orders")
    first, rest = orders[0], orders[1:]
    sizes = {ContingencyType.OCO: 2, ContingencyType.OTO: 2, ContingencyType.BRACKET: 3}
    if sizes.get(first.contingency) != len(orders):
        return _no_list(f"{first.contingency} of {len(orders)}: the venue has OCO and OTO of 2, BRACKET of 3")
    for one in orders:
        if (one.list_id, one.contingency, one.instrument) != (first.list_id, first.contingency, first.instrument):
            return _no_list("its orders differ in list_id, contingency or instrument")
        if one.size is None:
            return denied(Code.SIZE_MISSING, "an order of a list needs a size")
        unknown = one.params.keys() - LEG_PARAMS - LIST_PARAMS
        if unknown:
            return _no_list(f"params {', '.join(sorted(unknown))}: not of an order of a list")
        if any(one.params.get(name) != first.params.get(name) for name in LIST_PARAMS):
            return _no_list(f"its orders differ in {', '.join(sorted(LIST_PARAMS))}")
    if not first.list_id:
        return _no_list("it has no list_id")
    parent = "" if first.contingency is ContingencyType.OCO else first.order_id
    if first.parent_id or any(one.parent_id != parent for one in rest):
        return _no_list("the first order works first, and is the parent of those that wait for it")
    return None


def _working(order: NewOrder) -> Params | Refused:
    if order.type is not OrderType.LIMIT:
        return _no_list(f"a {order.type} order cannot work first: the venue takes a LIMIT there")
    return _leg(order, "working", alone=True)


def _pair(orders: tuple[NewOrder, ...], prefix: str) -> Params | Refused:
    """Return the two orders of which one ends the other."""
    one, other = orders
    if (one.side, one.size) != (other.side, other.size):
        return _no_list("the two orders of an OCO must have one side and one size")
    if (one.type in _STOPS) == (other.type in _STOPS):
        return _no_list("an OCO is a stop and an order that takes profit")
    params: Params = {_named(prefix, "side"): one.side.value, _named(prefix, "quantity"): exact(one.size)}
    for order in orders:
        if order.type is OrderType.LIMIT and not order.post_only:
            return _no_list("the LIMIT order of an OCO must be post_only")
        is_above = (order.type in _STOPS) == (order.side is Side.BUY)
        leg = _leg(order, _named(prefix, "above" if is_above else "below"), alone=False)
        if isinstance(leg, Refused):
            return leg
        params.update(leg)
    return params


def _leg(order: NewOrder, prefix: str, alone: bool) -> Params | Refused:
    """Return an order's parameters under its prefix; `alone` where side and size are its own."""
    leg = leg_params(order)
    if isinstance(leg, Refused):
        return leg
    leg["clientOrderId"] = order.client_order_id
    for name in LEG_PARAMS.intersection(order.params):
        leg[name] = order.params[name]
    if alone:
        leg.update(side=order.side.value, quantity=exact(order.size))
    return {_named(prefix, name): value for name, value in leg.items()}


def _named(prefix: str, name: str) -> str:
    return f"{prefix}{name[0].upper()}{name[1:]}" if prefix else name


def _no_list(reason: str) -> Refused:
    return denied(Code.UNSUPPORTED_INSTRUCTION, f"no such list of orders: {reason}")


def cancel_list_params(list_id: str, symbol: str) -> Params:
    """Return the parameters of ``orderList.cancel``."""
    return {"symbol": symbol, "listClientOrderId": list_id}


def list_reports(
    answer: OrderList,
    kind: OrderEventKind,
    source: Source,
    instance: str,
    instrument: InstrumentId,
    ts_init: int,
    names: dict[str, tuple[str, str]],
) -> tuple[OrderEvent, ...]:
    """Return the list's orders as an answer tells them; none where it has no reports, as that to a query.

    `names` has (order id, strategy) by client order id.
    """
    contingency = contingency_of(answer)
    return tuple(
        order_report(
            body, kind, source, instance, instrument, ts_init,
            *names.get(body.orig_client_order_id or body.client_order_id, ("", "")),
            answer.list_client_order_id, contingency,
        )
        for body in answer.order_reports
    )  # fmt: skip


def contingency_of(told: ListStatus | OrderList) -> ContingencyType:
    """Return our word for a list: the venue calls a BRACKET an OTO, which has three orders then."""
    word = told.contingency if isinstance(told, ListStatus) else told.contingency_type
    if word == "OTO" and len(told.orders) == 3:
        return ContingencyType.BRACKET
    return ContingencyType(word)


def list_names(told: ListStatus | OrderList) -> dict[str, str]:
    """Return the venue's order ids of a list's orders by client order id.

    A ``listStatus`` says no more of an order than that: what happens to it comes as its own ``executionReport``.
    """
    if isinstance(told, ListStatus):
        return {one.client_id: str(one.order_id) for one in told.orders}
    return {one.client_order_id: str(one.order_id) for one in told.orders}
