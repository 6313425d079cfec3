"""Changes of an order that works: amend, cancel-replace, cancel -> parameters, and what cancel-replace says.

Source: Binance Spot API, rest-api (cancel order, cancelReplace, order amend keep priority), 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from bus.messages import (
    CancelOrder,
    Code,
    ContingencyType,
    ModifyOrder,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    Refused,
    Source,
    exact,
)
from venues.binance.client.errors import api_error
from venues.binance.client.payloads import Canceled, CancelReplace, ErrorBody, OrderBody, OrderList, replace_part
from venues.binance.mapping.errors import code_of, reason_of
from venues.binance.mapping.orders import order_report
from venues.binance.mapping.placing import Params, Request, denied, order_params
from venues.execution.changes import order_after

__all__ = [
    "AMEND",
    "REPLACE",
    "ChangeRequest",
    "amend_params",
    "cancel_params",
    "change_request",
    "is_replacements_cancel",
    "replace_params",
    "replace_reports",
]

AMEND, REPLACE = "order.amend.keepPriority", "order.cancelReplace"
CANCEL_MARK = "_rpl"
"""What a replacement's own cancel is called after: the new attempt's client id (32 characters) and this (36 in all)."""


class ChangeRequest(msgspec.Struct, frozen=True):
    """How a change is made: by an amendment (`order` None), or by the new attempt `order`."""

    request: Request
    order: NewOrder | None = None


def change_request(change: ModifyOrder, symbol: str) -> ChangeRequest | Refused:
    """Return the request that makes this change, or why there is none.

    A smaller size and nothing else keeps the order, its name and its place in the queue; all else replaces it.
    """
    order = change.order
    if order is None:
        return denied(Code.NO_SUCH_ORDER, "a change needs the order's terms as they are, and they are not known")
    if _is_smaller(change, order):
        params = amend_params(change, symbol, change.carried)
        return params if isinstance(params, Refused) else ChangeRequest(Request(AMEND, params))
    if order.contingency is not ContingencyType.NONE:
        reason = "an order of a list can only be made smaller: to replace it would cancel the whole list"
        return denied(Code.UNSUPPORTED_INSTRUCTION, reason)
    params = replace_params(change, order, symbol, change.filled, change.carried)
    if isinstance(params, Refused):
        return params
    return ChangeRequest(Request(REPLACE, params), _attempt(change, order, change.filled))


def _is_smaller(change: ModifyOrder, order: NewOrder) -> bool:
    return (
        change.size is not None
        and order.size is not None
        and change.size < order.size
        and change.price in (None, order.price)
        and change.trigger_price in (None, order.trigger_price)
        and not change.params
    )


def is_replacements_cancel(request_id: str) -> bool:
    """True for the name of a cancel by which an attempt makes room for the next one."""
    return request_id.endswith(CANCEL_MARK)


def cancel_params(cancel: CancelOrder, symbol: str) -> Params | Refused:
    """Return the parameters of ``order.cancel``: by the client's id, or the venue's where there is none."""
    name = _name_of(cancel.client_order_id, cancel.venue_order_id)
    if isinstance(name, Refused):
        return name
    return {"symbol": symbol, **name}


def amend_params(change: ModifyOrder, symbol: str, carried: Decimal = Decimal(0)) -> Params | Refused:
    """Return the parameters of ``order.amend.keepPriority``: a smaller size, and the place in the queue is kept.

    The order keeps its client id: the venue gives a new one where none is said. What is not smaller it refuses itself.
    `carried` was filled under earlier attempts, and is no part of this one's size.
    """
    price, trigger = (change.order.price, change.order.trigger_price) if change.order is not None else (None, None)
    if change.price not in (None, price) or change.trigger_price not in (None, trigger):
        return denied(Code.UNSUPPORTED_INSTRUCTION, "an amendment changes the size alone")
    if change.size is None:
        return denied(Code.SIZE_MISSING, "an amendment needs the new size")
    name = _name_of(change.client_order_id, change.venue_order_id)
    if isinstance(name, Refused):
        return name
    params: Params = {"symbol": symbol, **name, "newQty": exact(change.size - carried)}
    if change.client_order_id:
        params["newClientOrderId"] = change.client_order_id
    return params


def replace_params(
    change: ModifyOrder, order: NewOrder, symbol: str, filled: Decimal = Decimal(0), carried: Decimal = Decimal(0)
) -> Params | Refused:
    """Return the parameters of ``order.cancelReplace``: `order` ends, and the same with the change is placed anew.

    The new one is placed only where the old one was canceled, at the end of its queue, under the change's new client
    id, and with the size that is left after `filled`, of which `carried` was filled under earlier attempts. The cancel
    holds only where nothing more is known to be filled: of an attempt without a fill, the venue is told so. Where there
    are fills already the venue has no such condition: a fill on the way is then bought or sold in excess, which its
    answer shows, and who calls this must see to it.
    """
    if not change.new_client_order_id or change.new_client_order_id == order.client_order_id:
        return denied(Code.UNSUPPORTED_INSTRUCTION, "the new order needs a client order id of its own")
    fresh = _attempt(change, order, filled)
    if fresh.size is not None and fresh.size <= 0:
        reason = f"a size of {fresh.size + filled} with {filled} filled leaves nothing to place"
        return denied(Code.SIZE_LIMIT, reason)
    params = order_params(fresh, symbol, "RESULT")
    if isinstance(params, Refused):
        return params
    name = _name_of(change.client_order_id, change.venue_order_id)
    if isinstance(name, Refused):
        return name
    params["cancelReplaceMode"] = "STOP_ON_FAILURE"
    for key, value in name.items():
        params[f"cancel{key[0].upper()}{key[1:]}"] = value
    params["cancelNewClientOrderId"] = change.new_client_order_id + CANCEL_MARK
    params["cancelRestrictions"] = "ONLY_PARTIALLY_FILLED" if filled > carried else "ONLY_NEW"
    return params


def _attempt(change: ModifyOrder, order: NewOrder, filled: Decimal) -> NewOrder:
    """Return the attempt that takes the order's place."""
    after = order_after(order, change)
    size = None if after.size is None else after.size - filled
    return replace(after, client_order_id=change.new_client_order_id, size=size)


def replace_reports(
    body: CancelReplace, change: ModifyOrder, ts_init: int, order_ids: tuple[str, str]
) -> tuple[OrderEvent, OrderEvent]:
    """Return what became of the old order and of the new one; `order_ids` are ours of the two.

    `body` is the answer, or the data of the error by which it failed in part or whole. Raises msgspec.DecodeError.
    """
    old, new = replace_part(body.cancel_response), replace_part(body.new_order_response)
    ids = (change.client_order_id, change.new_client_order_id)
    ended = (OrderEventKind.CANCELED, OrderEventKind.CANCEL_REJECTED)
    begun = (OrderEventKind.ACCEPTED, OrderEventKind.REJECTED)
    return (
        _part(old, ended, body.cancel_result, change, ids[0], order_ids[0], ts_init),
        _part(new, begun, body.new_order_result, change, ids[1], order_ids[1], ts_init),
    )


def _part(
    part: Canceled | ErrorBody | None,
    kinds: tuple[OrderEventKind, OrderEventKind],
    result: str,
    change: ModifyOrder,
    client_order_id: str,
    order_id: str,
    ts_init: int,
) -> OrderEvent:
    if isinstance(part, OrderBody):
        done = kinds[0]
        return order_report(
            part, done, Source.ANSWER, change.instance, change.instrument, ts_init, order_id, change.strategy
        )
    kind, code, reason, venue_code = OrderEventKind.OUTCOME_UNKNOWN, Code.TIMED_OUT, f"cancel-replace: {result}", ""
    if isinstance(part, OrderList):  # the old order was one of a list, and all of that ended
        kind, code, reason = kinds[0], Code.NONE, ""
    elif part is not None:
        error = api_error(part.code, part.msg, 400)
        if error.definite:
            kind, code = kinds[1], code_of(error)
        reason, venue_code = reason_of(error), error.venue_code
    elif result == "NOT_ATTEMPTED":
        kind, code = OrderEventKind.NOT_SENT, Code.VENUE_REJECTED
        reason = "the old order was not canceled, so the venue did not take the new one"
    return OrderEvent(
        kind=kind,
        instance=change.instance,
        instrument=change.instrument,
        client_order_id=client_order_id,
        source=Source.ANSWER,
        ts_event=ts_init,
        ts_init=ts_init,
        order_id=order_id,
        strategy=change.strategy,
        code=code,
        reason=reason,
        venue_code=venue_code,
    )


def _name_of(client_order_id: str, venue_order_id: str) -> Params | Refused:
    if client_order_id:
        return {"origClientOrderId": client_order_id}
    if venue_order_id:
        return {"orderId": venue_order_id}
    return denied(Code.NO_SUCH_ORDER, "an order is named by a client order id or the venue's")
