"""Queries of an account's orders and trades. Each takes a `Call` and gives the body.

Nothing is ever old enough here to be archived, so -2026 never comes. Source: Binance Spot API, rest-api, 2026-07.
"""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import VenueError, bad_combination, no_such_order, one_of
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.params import CLIENT_ID
from venues.binance.twin.trading import reports
from venues.binance.twin.trading.account_orders import AccountOrder

LIST_DEFAULT, LIST_MAX = 500, 1_000
LOOKUP_MS = 86_400_000
"""Lists look at no more than 24 hours at once."""


def _combinations(*texts: str) -> set[frozenset[str]]:
    return {frozenset(text.split()) for text in texts}


TRADE_QUERIES = _combinations("", "orderId", "startTime", "endTime", "fromId", "startTime endTime", "orderId fromId")
"""The combinations of optional parameters that myTrades allows beside `symbol` and `limit`."""
ALLOCATION_QUERIES = _combinations(
    "", "startTime", "endTime", "startTime endTime", "fromAllocationId", "orderId", "orderId fromAllocationId"
)
PREVENTED_QUERIES = _combinations("preventedMatchId", "orderId", "orderId fromPreventedMatchId")


def query(call: Call) -> dict[str, Any]:
    """GET /api/v3/order."""
    order = find(call)
    if order is None:
        raise no_such_order()
    return reports.queried(order)


def open_orders(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/openOrders."""
    if "symbol" in call.params:
        return [reports.queried(order) for order in call.owner.open_on(call.params.symbol(call.symbols))]
    return [reports.queried(order) for order in call.owner.open_orders.values()]


def all_orders(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/allOrders."""
    symbol, limit = call.params.symbol(call.symbols), call.params.limit(LIST_DEFAULT, LIST_MAX)
    start, end = times(call)
    first = call.params.integer("orderId")
    found = [
        order
        for (name, order_id), order in call.owner.orders.items()
        if name == symbol.name
        and (first is None or order_id >= first)
        and (start is None or order.time_ms >= start)
        and (end is None or order.time_ms <= end)
    ]
    found = found[-limit:] if first is None and start is None else found[:limit]
    return [reports.queried(order) for order in found]


def my_trades(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/myTrades."""
    symbol, limit = call.params.symbol(call.symbols), call.params.limit(LIST_DEFAULT, LIST_MAX)
    _check_combination(call, TRADE_QUERIES)
    start, end = times(call)
    order_id, first = call.params.integer("orderId"), call.params.integer("fromId")
    found = [
        trade
        for trade in call.owner.trades
        if trade.symbol is symbol
        and (order_id is None or trade.order_id == order_id)
        and (first is None or trade.trade_id >= first)
        and (start is None or trade.time_ms >= start)
        and (end is None or trade.time_ms <= end)
    ]
    found = found[-limit:] if first is None and start is None else found[:limit]
    return [reports.traded(trade) for trade in found]


def my_prevented_matches(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/myPreventedMatches."""
    symbol, limit = call.params.symbol(call.symbols), call.params.limit(LIST_DEFAULT, LIST_MAX)
    match_id, order_id = call.params.integer("preventedMatchId"), call.params.integer("orderId")
    if match_id is None and order_id is None:
        raise one_of("preventedMatchId", "orderId")
    _check_combination(call, PREVENTED_QUERIES)
    first = call.params.integer("fromPreventedMatchId") or 0
    found = [
        match
        for match in call.owner.prevented
        if match.symbol is symbol
        and match.match_id >= first
        and (match_id is None or match.match_id == match_id)
        and (order_id is None or order_id in (match.taker_order_id, match.maker_order_id))
    ]
    return [reports.prevented_match(match) for match in found[:limit]]


def my_allocations(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/myAllocations: none, for no symbol has smart order routing."""
    call.params.symbol(call.symbols)
    call.params.limit(LIST_DEFAULT, LIST_MAX)
    _check_combination(call, ALLOCATION_QUERIES)
    times(call)
    return []


def amendments(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/order/amendments."""
    symbol, limit = call.params.symbol(call.symbols), call.params.limit(LIST_DEFAULT, LIST_MAX)
    call.params.required("orderId")
    order = call.owner.orders.get((symbol.name, call.params.integer("orderId") or 0))
    if order is None:
        raise no_such_order()
    first = call.params.integer("fromExecutionId") or 0
    found = [change for change in order.amendments if change.execution_id >= first]
    return [reports.amendment(order, change) for change in found[:limit]]


def find(call: Call, by_id: str = "orderId", by_name: str = "origClientOrderId") -> AccountOrder | None:
    """The order that a request names, None for none. Raises VenueError -1102, -2039 when the names disagree."""
    symbol = call.params.symbol(call.symbols)
    order_id, client_id = call.params.integer(by_id), call.params.text(by_name, CLIENT_ID)
    if order_id is None and client_id is None:
        raise one_of(by_name, by_id)
    if order_id is None:
        return call.owner.by_client_id.get((symbol.name, str(client_id)))
    order = call.owner.orders.get((symbol.name, order_id))
    if order is not None and client_id is not None and client_id != order.client_order_id:
        raise VenueError(-2039, "Client order ID is not correct for this order ID.")
    return order


def _check_combination(call: Call, allowed: set[frozenset[str]]) -> None:
    names = frozenset().union(*allowed)
    if frozenset(name for name in names if name in call.params) not in allowed:
        raise bad_combination()


def times(call: Call) -> tuple[int | None, int | None]:
    """The request's (startTime, endTime). Raises VenueError -1127 when they are too far apart."""
    start, end = call.params.time("startTime"), call.params.time("endTime")
    if start is not None and end is not None and end - start > LOOKUP_MS:
        raise VenueError(-1127, "More than 24 hours between startTime and endTime.")
    return start, end
