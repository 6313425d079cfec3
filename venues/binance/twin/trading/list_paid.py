"""What the pending legs of an OPO sell: what its working leg bought, as it comes in.

Each purchase is locked for them at once. The commission is taken from what is free instead, when the asset is not BNB
and enough of it is free; else from the purchase. When the working leg is filled whole, what is locked becomes the
pending legs' quantity, cut to the symbol's lots, and what is left over is free again.
Source: Binance Spot API, faqs/opo, 2026-07.
"""

from __future__ import annotations

from venues.binance.twin.trading import filters
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.list_book import OrderList
from venues.binance.twin.trading.rates import DISCOUNT_ASSET


def lock(kept: OrderList) -> None:
    """Lock what the working leg has bought since the last time. Call it after each trade, before anything spends it."""
    working, pending = kept.orders[0], kept.orders[1:]
    asset, free = working.symbol.base, kept.account.balance(working.symbol.base).free
    bought, fees = working.filled * working.symbol.step, _fees(kept.account, working, asset)
    more, fee = bought - kept.bought, fees - kept.fees
    if not more:
        return
    kept.bought, kept.fees = bought, fees
    wanted = more if asset != DISCOUNT_ASSET and free >= more else more - fee
    locked = pending[0].hold.atoms + min(wanted, free)
    for order in pending:
        kept.account.reserve(order, locked)


def size(order: AccountOrder, average: int) -> int:
    """Steps that a pending leg sells, from what is locked for it; `average` is the average price in ticks.

    Raises VenueError -1013 when that is too little for the symbol's filters.
    """
    symbol, bounds = order.symbol, order.symbol.bounds
    atoms, lot = min(order.hold.atoms, symbol.max_size), symbol.step
    if order.order.kind == "MARKET":
        atoms = min(atoms, symbol.max_size if bounds.market_max is None else bounds.market_max)
        lot = max(lot, bounds.market_step)
    atoms -= atoms % lot
    steps = filters.check_size(symbol, atoms)
    if order.order.kind == "MARKET":
        filters.check_market_size(symbol, atoms)
    if order.iceberg:
        filters.check_iceberg(symbol, steps, order.iceberg)
    at = order.price or average
    if at:
        filters.check_notional(symbol, at * steps * symbol.quote_unit, is_market=not order.price)
    return steps


def _fees(account: Account, working: AccountOrder, asset: str) -> int:
    """Atoms of what it bought that the order's trades have cost."""
    left, fees = working.filled, 0
    for trade in reversed(account.trades):
        if left <= 0:
            break
        if trade.order_id == working.order_id and trade.symbol is working.symbol:
            left -= trade.size
            fees += trade.fee if trade.fee_asset == asset else 0
    return fees
