"""Placing and canceling orders. Each takes a `Call` and gives the body. Source: Binance Spot API, rest-api, 2026-07."""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import VenueError, cancel_rejected
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.params import CLIENT_ID
from venues.binance.twin.trading import orders, reports
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.queries import find

RESTRICTIONS = ("ONLY_NEW", "ONLY_PARTIALLY_FILLED")
RESTRICTED = "Order was not canceled due to cancel restrictions."
NO_SOR = "This operation is not supported."


def place(call: Call) -> dict[str, Any]:
    """POST /api/v3/order."""
    new = parse(call)
    with call.exchange.together():
        return reports.placed(call.exchange.place(call.owner, new), new.response)


def test(call: Call) -> dict[str, Any]:
    """POST /api/v3/order/test: everything but the matching engine."""
    new = parse(call)
    call.exchange.check(call.owner, new)
    if not call.params.flag("computeCommissionRates", False):
        return {}
    commission, is_buyer = call.owner.commission, new.side == "BUY"
    return {
        "standardCommissionForOrder": commission.standard.for_order(is_buyer),
        "specialCommissionForOrder": commission.special.for_order(is_buyer),
        "taxCommissionForOrder": commission.tax.for_order(is_buyer),
        "discount": commission.discount_body(),
    }


def place_by_sor(call: Call) -> dict[str, Any]:
    """POST /api/v3/sor/order and /test: no symbol of the twin has smart order routing, as exchangeInfo says."""
    parse(call)
    raise VenueError(-1020, NO_SOR)


def cancel(call: Call) -> dict[str, Any]:
    """DELETE /api/v3/order."""
    restriction = restrictions(call)
    cancel_id = call.params.text("newClientOrderId", CLIENT_ID) or orders.new_client_id()
    return cancel_found(call, find(call), restriction, cancel_id)


def cancel_all(call: Call) -> list[dict[str, Any]]:
    """DELETE /api/v3/openOrders: single orders and order lists alike, in the order in which they were placed."""
    symbol, exchange, cancel_id = call.params.symbol(call.symbols), call.exchange, orders.new_client_id()
    exchange.check_cancel(call.owner, symbol)
    found = call.owner.open_on(symbol)
    if not found:
        raise cancel_rejected()
    bodies = []
    with exchange.together():
        for order in found:
            if order.is_open:
                bodies.append(_cancel(call, order, cancel_id))
    return bodies


def parse(call: Call) -> orders.NewOrder:
    """The new order of a request, its parameters and filters checked."""
    exchange = call.exchange
    return orders.parse(call.params, call.symbols, lambda name: exchange.average(exchange.symbols[name]))


def restrictions(call: Call) -> str | None:
    """The request's `cancelRestrictions`."""
    return call.params.choice("cancelRestrictions", RESTRICTIONS, VenueError(-1145, "Invalid cancelRestrictions"))


def cancel_found(call: Call, order: AccountOrder | None, restriction: str | None, cancel_id: str) -> dict[str, Any]:
    """Cancel what a request named. Raises VenueError -2011 when that is not open, or not in the state it has to be."""
    call.exchange.check_cancel(call.owner, call.params.symbol(call.symbols))
    if order is None or not order.is_open:
        raise cancel_rejected()
    if restriction is not None and restriction != f"ONLY_{order.status}":
        raise cancel_rejected(RESTRICTED)
    return _cancel(call, order, cancel_id)


def _cancel(call: Call, order: AccountOrder, cancel_id: str) -> dict[str, Any]:
    """Cancel an open order; with an order of a list goes the whole list."""
    if order.order_list_id != -1:
        return call.exchange.lists.cancel(call.owner, order.order_list_id, cancel_id)
    call.exchange.cancel(call.owner, order, cancel_id)
    return reports.canceled(order, cancel_id)
