"""Whether an order may be placed, and what it locks: the venue's checks beyond its parameters and filters of size.

`check_account` is what the API asks before the matching engine hears of the order; `check_waiting` and
`check_entering` are the engine's own questions, to which the answer is -2010.
"""

from __future__ import annotations

from collections.abc import Callable

from venues.binance.twin.errors import insufficient_balance, market_closed, order_rejected
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.trading import filters
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.filters import ExchangeBounds
from venues.binance.twin.trading.orders import NewOrder

WOULD_TAKE = "Order would immediately match and take."
WOULD_TRIGGER = "Order would trigger immediately."
NO_TRADING = "This account may not place or cancel orders."
NOT_PERMITTED = "This symbol is not permitted for this account."
TOO_THIN_FOR_PEG = "Order book liquidity is too low for this pegged order."
NO_LIQUIDITY = "Order book liquidity is less than symbol minimum quantity."
THIN_MARKET = "Order book liquidity is less than `MARKET_LOT_SIZE` filter minimum quantity."


def check_access(account: Account, symbol: Symbol) -> None:
    """Raises VenueError -2010 when the account may not trade, or not this symbol."""
    if not account.can_trade:
        raise order_rejected(NO_TRADING)
    if not any(permission in account.permissions for permission in symbol.permissions):
        raise order_rejected(NOT_PERMITTED)


def check_account(
    account: Account, new: NewOrder, is_open: bool, bounds: ExchangeBounds, average: Callable[[], int]
) -> None:
    """Raises VenueError -2010 or -1013 before the engine is asked; `average` gives a price in ticks."""
    symbol = new.symbol
    check_access(account, symbol)
    if not is_open:
        raise market_closed()
    filters.check_counts(account, symbol, bounds, new.is_algo, bool(new.iceberg))
    if new.side == "BUY":
        filters.check_position(account, symbol, new.size)
    if account.max_assets:
        at = new.price or average()
        value = new.quote_order_qty or at * new.size * symbol.quote_unit
        filters.check_assets(account, symbol, new.size * symbol.step, value)


def check_waiting(account: Account, market: Market, mine: AccountOrder) -> int:
    """Atoms that an order locks while it waits for its price. Raises VenueError -2010."""
    trigger, last = mine.trigger, market.tape.last
    if trigger is not None and trigger.stop_price and last is not None and trigger.is_reached(last.price):
        raise order_rejected(WOULD_TRIGGER)
    order, unit = mine.order, mine.symbol.quote_unit
    if order.side == "SELL":
        needed = order.size * mine.symbol.step
    else:
        at = order.price or (trigger.stop_price if trigger is not None else 0) or (last.price if last else 0)
        needed = at * order.size * unit
    return _funded(account, mine, needed)


def check_entering(account: Account, market: Market, mine: AccountOrder, average: Callable[[], int]) -> int:
    """Atoms that an order locks as it enters the book. Raises VenueError -2010 and -1013; fixes a pegged price."""
    order, symbol = mine.order, mine.symbol
    if mine.peg is not None:
        price = mine.peg.price(market.engine, order.side)
        if price is None:
            raise order_rejected(TOO_THIN_FOR_PEG)
        filters.check_percent(symbol, order.side, price, average())
        filters.check_notional(symbol, price * order.size * symbol.quote_unit, is_market=False)
        order.price, mine.is_pegged = price, True
    if order.quote:
        _check_liquidity(market, mine)
    needed = _funded(account, mine, _needed(market, mine))
    if order.kind == "LIMIT_MAKER" and market.engine.would_match(order.side, order.price):
        raise order_rejected(WOULD_TAKE)
    return needed


def _funded(account: Account, mine: AccountOrder, needed: int) -> int:
    if needed - mine.hold.atoms > account.balance(mine.pays_with).free:
        raise insufficient_balance()
    return needed


def _check_liquidity(market: Market, mine: AccountOrder) -> None:
    """A market order by quote amount needs a book to find its quantity in."""
    least = max(1, -(-mine.symbol.bounds.market_min // mine.symbol.step))
    steps, _ = market.engine.sweep(mine.order.side, size=least)
    if not steps:
        raise order_rejected(NO_LIQUIDITY)
    if steps < least:
        raise order_rejected(THIN_MARKET)


def _needed(market: Market, mine: AccountOrder) -> int:
    order, symbol = mine.order, mine.symbol
    if order.kind != "MARKET":
        return order.price * order.size * symbol.quote_unit if order.side == "BUY" else order.size * symbol.step
    steps, quote = market.engine.rehearse(order)
    if order.side == "BUY":
        return quote * symbol.quote_unit
    return (steps if order.quote else order.size) * symbol.step
