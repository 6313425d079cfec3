"""Requests about order lists. Each takes a `Call` and gives the body. Source: Binance Spot API, rest-api, 2026-07."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from venues.binance.twin.errors import VenueError, bad_combination, cancel_rejected, one_of
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.params import CLIENT_ID
from venues.binance.twin.trading import list_reports, orders
from venues.binance.twin.trading.list_book import ListBook
from venues.binance.twin.trading.list_orders import ListReader, NewList, recommended
from venues.binance.twin.trading.lists import OrderLists
from venues.binance.twin.trading.queries import LIST_DEFAULT, LIST_MAX, times


def placing(read: Callable[[ListReader], NewList]) -> Callable[[Call], dict[str, Any]]:
    """The answer of an endpoint that places the lists which `read` reads."""

    def answer(call: Call) -> dict[str, Any]:
        exchange = call.exchange
        new = read(ListReader(call.params, call.symbols, _average(call), _last(call)))
        with exchange.together():
            return list_reports.placed(_keeper(call).place(call.owner, new), new.response)

    return answer


def cancel(call: Call) -> dict[str, Any]:
    """DELETE /api/v3/orderList."""
    symbol, book = call.params.symbol(call.symbols), _book(call)
    list_id, client_id = call.params.integer("orderListId"), call.params.text("listClientOrderId", CLIENT_ID)
    cancel_id = call.params.text("newClientOrderId", CLIENT_ID) or orders.new_client_id()
    if list_id is None and client_id is None:
        raise one_of("orderListId", "listClientOrderId")
    call.exchange.check_cancel(call.owner, symbol)
    kept = book.by_client_id.get(str(client_id)) if list_id is None else book.lists.get(list_id)
    if kept is None or kept.symbol is not symbol:
        raise cancel_rejected()
    if client_id is not None and client_id != kept.client_order_id:
        raise VenueError(-2039, "Client order ID is not correct for this order ID.")
    return _keeper(call).cancel(call.owner, kept.list_id, cancel_id)


def query(call: Call) -> dict[str, Any]:
    """GET /api/v3/orderList; the list's name alone counts when both are sent."""
    book = _book(call)
    list_id, client_id = call.params.integer("orderListId"), call.params.text("origClientOrderId", CLIENT_ID)
    if list_id is None and client_id is None:
        raise recommended("orderListId")
    kept = book.by_client_id.get(client_id) if client_id is not None else book.lists.get(list_id or 0)
    if kept is None:
        raise VenueError(-2013, "Order list does not exist.")
    return list_reports.queried(kept)


def open_lists(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/openOrderList."""
    return [list_reports.queried(kept) for kept in _book(call).open_lists.values()]


def all_lists(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/allOrderList."""
    first, limit = call.params.integer("fromId"), call.params.limit(LIST_DEFAULT, LIST_MAX)
    start, end = times(call)
    if first is not None and (start is not None or end is not None):
        raise bad_combination()
    found = [
        kept
        for kept in _book(call).lists.values()
        if (first is None or kept.list_id >= first)
        and (start is None or kept.time_ms >= start)
        and (end is None or kept.time_ms <= end)
    ]
    found = found[-limit:] if first is None and start is None else found[:limit]
    return [list_reports.queried(kept) for kept in found]


def _average(call: Call) -> Callable[[str], int]:
    return lambda name: call.exchange.average(call.symbols[name])


def _last(call: Call) -> Callable[[str], int]:
    """Gives the price of a symbol's last trade."""

    def last(name: str) -> int:
        trade = call.exchange.markets[name].tape.last
        return trade.price if trade is not None else 0

    return last


def _keeper(call: Call) -> OrderLists:
    keeper = call.exchange.lists
    if not isinstance(keeper, OrderLists):
        raise AssertionError("order lists were asked for at an exchange that keeps none")
    return keeper


def _book(call: Call) -> ListBook:
    return _keeper(call).book(call.owner)
