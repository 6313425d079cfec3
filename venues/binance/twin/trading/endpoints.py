"""Signed endpoints. Each takes a `Call` and gives the body. Source: Binance Spot API, rest-api, 2026-07."""

from __future__ import annotations

from typing import Any

from venues.binance.twin.errors import VenueError, bad_combination, cancel_rejected, no_such_order, one_of
from venues.binance.twin.market.endpoints import average_ticks
from venues.binance.twin.render import ATOM, amount
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.params import CLIENT_ID
from venues.binance.twin.trading import orders, reports
from venues.binance.twin.trading.accounts import FEE_DIVISOR, AccountOrder

LIST_DEFAULT, LIST_MAX = 500, 1_000
LOOKUP_MS = 86_400_000
"""allOrders and myTrades look at no more than 24 hours at once."""
FEE = amount(ATOM // FEE_DIVISOR)
ZERO_RATES = {"maker": "0.00000000", "taker": "0.00000000", "buyer": "0.00000000", "seller": "0.00000000"}
DISCOUNT = {
    "enabledForAccount": False,
    "enabledForSymbol": False,
    "discountAsset": "BNB",
    "discount": "0.75000000",
}
TRADE_QUERIES = {
    frozenset(names.split())
    for names in ("", "orderId", "startTime", "endTime", "fromId", "startTime endTime", "orderId fromId")
}
"""The combinations of optional parameters that myTrades allows beside `symbol` and `limit`."""


def account(call: Call) -> dict[str, Any]:
    """GET /api/v3/account."""
    owner, omit = call.owner, call.params.flag("omitZeroBalances", False)
    balances = [
        {"asset": asset, "free": amount(balance.free), "locked": amount(balance.locked)}
        for asset, balance in sorted(owner.balances.items())
        if not omit or balance.free or balance.locked
    ]
    return {
        "makerCommission": 10,
        "takerCommission": 10,
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": {"maker": FEE, "taker": FEE, "buyer": "0.00000000", "seller": "0.00000000"},
        "canTrade": owner.can_trade,
        "canWithdraw": False,
        "canDeposit": False,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": owner.update_ms,
        "accountType": "SPOT",
        "balances": balances,
        "permissions": ["SPOT"],
        "uid": owner.uid,
    }


def place(call: Call) -> dict[str, Any]:
    """POST /api/v3/order."""
    new = _parse(call)
    with call.exchange.together():
        return reports.placed(call.exchange.place(call.owner, new), new.response)


def test(call: Call) -> dict[str, Any]:
    """POST /api/v3/order/test: everything but the matching engine."""
    _parse(call)
    if not call.params.flag("computeCommissionRates", False):
        return {}
    none = {"maker": "0.00000000", "taker": "0.00000000"}
    return {
        "standardCommissionForOrder": {"maker": FEE, "taker": FEE},
        "specialCommissionForOrder": none,
        "taxCommissionForOrder": none,
        "discount": DISCOUNT,
    }


def query(call: Call) -> dict[str, Any]:
    """GET /api/v3/order."""
    order = _find(call)
    if order is None:
        raise no_such_order()
    return reports.queried(order)


def cancel(call: Call) -> dict[str, Any]:
    """DELETE /api/v3/order."""
    wanted = ("ONLY_NEW", "ONLY_PARTIALLY_FILLED")
    error = VenueError(-1145, "Invalid cancelRestrictions")
    restriction = call.params.choice("cancelRestrictions", wanted, error)
    cancel_id = call.params.text("newClientOrderId", CLIENT_ID) or orders.new_client_id()
    order = _find(call)
    if order is None or not order.is_open:
        raise cancel_rejected()
    if restriction is not None and restriction != f"ONLY_{order.status}":
        raise cancel_rejected("Order was not canceled due to cancel restrictions.")
    call.exchange.cancel(call.owner, order, cancel_id)
    return reports.canceled(order, cancel_id)


def cancel_all(call: Call) -> list[dict[str, Any]]:
    """DELETE /api/v3/openOrders."""
    found = call.owner.open_on(call.params.symbol(call.symbols))
    if not found:
        raise cancel_rejected()
    cancel_id = orders.new_client_id()
    for order in found:
        call.exchange.cancel(call.owner, order, cancel_id)
    return [reports.canceled(order, cancel_id) for order in found]


def open_orders(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/openOrders."""
    if "symbol" in call.params:
        return [reports.queried(order) for order in call.owner.open_on(call.params.symbol(call.symbols))]
    return [reports.queried(order) for order in call.owner.open_orders.values()]


def all_orders(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/allOrders."""
    symbol, limit = call.params.symbol(call.symbols), call.params.limit(LIST_DEFAULT, LIST_MAX)
    start, end = _times(call)
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
    sent = frozenset(name for name in ("orderId", "startTime", "endTime", "fromId") if name in call.params)
    if sent not in TRADE_QUERIES:
        raise bad_combination()
    start, end = _times(call)
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


def order_limits(call: Call) -> list[dict[str, Any]]:
    """GET /api/v3/rateLimit/order."""
    return call.owner.limit.report(call.exchange.now_ms)


def commission(call: Call) -> dict[str, Any]:
    """GET /api/v3/account/commission."""
    return {
        "symbol": call.params.symbol(call.symbols).name,
        "standardCommission": ZERO_RATES | {"maker": FEE, "taker": FEE},
        "specialCommission": ZERO_RATES,
        "taxCommission": ZERO_RATES,
        "discount": DISCOUNT,
    }


def _parse(call: Call) -> orders.NewOrder:
    now_ms = call.exchange.now_ms
    markets = call.exchange.markets
    return orders.parse(call.params, call.symbols, lambda name: average_ticks(markets[name], now_ms))


def _find(call: Call) -> AccountOrder | None:
    symbol = call.params.symbol(call.symbols)
    order_id, client_id = call.params.integer("orderId"), call.params.text("origClientOrderId", CLIENT_ID)
    if order_id is None and client_id is None:
        raise one_of("origClientOrderId", "orderId")
    if order_id is None:
        return call.owner.by_client_id.get((symbol.name, str(client_id)))
    order = call.owner.orders.get((symbol.name, order_id))
    if order is not None and client_id is not None and client_id != order.client_order_id:
        raise VenueError(-2039, "Client order ID is not correct for this order ID.")
    return order


def _times(call: Call) -> tuple[int | None, int | None]:
    start, end = call.params.time("startTime"), call.params.time("endTime")
    if start is not None and end is not None and end - start > LOOKUP_MS:
        raise VenueError(-1127, "More than 24 hours between startTime and endTime.")
    return start, end
