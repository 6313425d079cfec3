"""PUT /api/v3/order/amend/keepPriority: make an open order smaller without losing its place in the queue.

Source: Binance Spot API, rest-api and faqs/order_amend_keep_priority, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import VenueError
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.params import CLIENT_ID
from venues.binance.twin.trading import filters, orders, reports
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.admission import NO_TRADING
from venues.binance.twin.trading.queries import find

NOT_OFFERED = "Order amend is not supported for this symbol."
NOT_LARGER = "Order amend (quantity increase) is not supported."
NO_CHANGE = "The requested action would change no state; rejecting"
NOTHING_LEFT = "Price * QTY is zero or less."
PENDING_OPO = "Order amend (pending OPO order) is not supported."


def amend(call: Call) -> dict[str, Any]:
    """The amended order. Raises VenueError -2038, and -1013 for the new size's filters; then nothing has changed."""
    owner, exchange, params = call.owner, call.exchange, call.params
    symbol, order = params.symbol(call.symbols), find(call)
    params.required("newQty")
    size = filters.check_size(symbol, params.atoms("newQty") or 0)
    name = params.text("newClientOrderId", CLIENT_ID) or orders.new_client_id()
    if not symbol.offer.has_amends:
        raise _rejected(NOT_OFFERED)
    if not owner.can_trade:
        raise _rejected(NO_TRADING)
    if not exchange.markets[symbol.name].is_open:
        raise _rejected("Market is closed.")
    if order is None or not order.is_open:
        raise _rejected("Unknown order sent.")
    _check_size(order, size)
    known = owner.by_client_id.get((symbol.name, name))
    if known is not None and known is not order and known.is_open:
        raise _rejected("Duplicate order sent.")
    with exchange.together():
        change = exchange.amend(owner, order, size, name)
        list_status = exchange.lists.amended(owner, order) if order.order_list_id != -1 else None
        return reports.amended(order, change, list_status)


def _check_size(order: AccountOrder, size: int) -> None:
    filters.check_amends(order.symbol, len(order.amendments))
    if not order.order.size:
        raise _rejected(PENDING_OPO)
    if size == order.order.size:
        raise _rejected(NO_CHANGE)
    if size > order.order.size:
        raise _rejected(NOT_LARGER)
    if size <= order.filled + order.prevented:
        raise _rejected(NOTHING_LEFT)
    if order.order.price:
        filters.check_notional(order.symbol, order.order.price * size * order.symbol.quote_unit, is_market=False)


def _rejected(text: str) -> VenueError:
    return VenueError(-2038, text)
