"""POST /api/v3/order/cancelReplace: cancel one order and place another, with an answer for each.

What is wrong with the new order before the matching engine hears of it refuses the whole request, and nothing is
canceled. After that the two are answered on their own, and the status says how many of them worked:

    both                            200
    one                             409 -2021, 429 when the order count stopped the new one (STOP_ON_FAILURE)
    none, or the new not attempted  400 -2022, 429 as above

Source: Binance Spot API, rest-api, cancel an existing order and send a new order, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import VenueError, invalid_data, not_accepted
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.params import CLIENT_ID
from venues.binance.twin.trading import orders, reports
from venues.binance.twin.trading.endpoints import cancel_found, parse, restrictions
from venues.binance.twin.trading.queries import find

NAMES = orders.NAMES | {
    "cancelReplaceMode",
    "cancelNewClientOrderId",
    "cancelOrigClientOrderId",
    "cancelOrderId",
    "cancelRestrictions",
    "orderRateLimitExceededMode",
}
MODES = ("STOP_ON_FAILURE", "ALLOW_FAILURE")
EXCEEDED_MODES = ("DO_NOTHING", "CANCEL_ONLY")
NOT_OFFERED = "Order cancel-replace is not supported for this symbol."


def cancel_replace(call: Call) -> dict[str, Any]:
    """The body when both worked. Raises VenueError -2021 or -2022 with both answers, or what refused the whole."""
    params, owner, exchange = call.params, call.owner, call.exchange
    params.required("cancelReplaceMode")
    mode = params.choice("cancelReplaceMode", MODES, invalid_data("cancelReplaceMode"))
    when_exceeded = params.choice(
        "orderRateLimitExceededMode", EXCEEDED_MODES, invalid_data("orderRateLimitExceededMode")
    )
    restriction = restrictions(call)
    cancel_id = params.text("cancelNewClientOrderId", CLIENT_ID) or orders.new_client_id()
    if not params.symbol(call.symbols).offer.has_cancel_replace:
        raise not_accepted(NOT_OFFERED)
    old, new = find(call, "cancelOrderId", "cancelOrigClientOrderId"), parse(call)
    exchange.check(owner, new)
    exceeded = _exceeded(call)
    if exceeded is not None and when_exceeded != "CANCEL_ONLY":
        raise exceeded
    with exchange.together():
        cancel_failure, placing_failure = None, exceeded
        cancel_body: dict[str, Any] | None = None
        new_body: dict[str, Any] | None = None
        if exceeded is None:
            owner.limit.placed(exchange.now_ms)
        try:
            cancel_body = cancel_found(call, old, restriction, cancel_id)
        except VenueError as refused:
            cancel_failure, cancel_body = refused, refused.body
        is_attempted = cancel_failure is None or mode == "ALLOW_FAILURE"
        if is_attempted and exceeded is None:
            try:
                mine = exchange.prepare(owner, new, is_checked=True)
                exchange.submit(owner, mine)
                new_body = reports.placed(mine, new.response)
            except VenueError as refused:
                placing_failure = refused
        if is_attempted and placing_failure is not None:
            new_body = placing_failure.body
    is_placed = is_attempted and placing_failure is None
    body = {
        "cancelResult": "SUCCESS" if cancel_failure is None else "FAILURE",
        "newOrderResult": "SUCCESS" if is_placed else ("FAILURE" if is_attempted else "NOT_ATTEMPTED"),
        "cancelResponse": cancel_body,
        "newOrderResponse": new_body,
    }
    if cancel_failure is None and is_placed:
        return body
    is_limited = exceeded is not None and mode == "STOP_ON_FAILURE"
    if cancel_failure is None or is_placed:
        text = "Order cancel-replace partially failed."
        raise VenueError(-2021, text, status=429 if is_limited else 409, data=body)
    raise VenueError(-2022, "Order cancel-replace failed.", status=429 if is_limited else 400, data=body)


def _exceeded(call: Call) -> VenueError | None:
    """The refusal when the account has too many unfilled orders."""
    try:
        call.owner.limit.check(call.exchange.now_ms)
    except VenueError as refused:
        return refused
    return None
