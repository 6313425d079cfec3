"""Filters, checked before an order may reach the matching engine. Each refusal is VenueError -1013 with its name.

Source: Binance Spot API, filters, 2026-07.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from venues.binance.twin.errors import VenueError, filter_failure, not_accepted
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import amount
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.triggers import direction
from venues.twins.matching import Side


@dataclass(frozen=True, slots=True)
class ExchangeBounds:
    """How many orders of all symbols together an account may have open."""

    max_orders: int = 1_000
    max_algo_orders: int = 200
    max_iceberg_orders: int = 10_000
    max_order_lists: int = 20

    def filters(self) -> list[dict[str, Any]]:
        """As myFilters lists them."""
        return [
            {"filterType": "EXCHANGE_MAX_NUM_ORDERS", "maxNumOrders": self.max_orders},
            {"filterType": "EXCHANGE_MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": self.max_algo_orders},
            {"filterType": "EXCHANGE_MAX_NUM_ICEBERG_ORDERS", "maxNumIcebergOrders": self.max_iceberg_orders},
            {"filterType": "EXCHANGE_MAX_NUM_ORDER_LISTS", "maxNumOrderLists": self.max_order_lists},
        ]


DEFAULT_BOUNDS = ExchangeBounds()


def check_price(symbol: Symbol, atoms: int) -> int:
    """A price or stop price in ticks: PRICE_FILTER."""
    if not symbol.tick <= atoms <= symbol.max_price or atoms % symbol.tick:
        raise filter_failure("PRICE_FILTER")
    return atoms // symbol.tick


def check_percent(symbol: Symbol, side: Side, ticks: int, average: int) -> None:
    """PERCENT_PRICE or PERCENT_PRICE_BY_SIDE: the price is far from the average price (ticks, 0 for none)."""
    rule = symbol.bounds.percent_price
    if rule is None or not average:
        return
    is_buyer = side == "BUY" or not rule.by_side
    up, down = (rule.bid_up, rule.bid_down) if is_buyer else (rule.ask_up, rule.ask_down)
    if not average * down <= ticks <= average * up:
        raise filter_failure(rule.name)


def check_size(symbol: Symbol, atoms: int) -> int:
    """A quantity or iceberg quantity in steps: LOT_SIZE."""
    if not symbol.step <= atoms <= symbol.max_size or atoms % symbol.step:
        raise filter_failure("LOT_SIZE")
    return atoms // symbol.step


def check_market_size(symbol: Symbol, atoms: int) -> None:
    """MARKET_LOT_SIZE, for the types that execute as market orders."""
    bounds = symbol.bounds
    most = symbol.max_size if bounds.market_max is None else bounds.market_max
    if not bounds.market_min <= atoms <= most or (bounds.market_step and atoms % bounds.market_step):
        raise filter_failure("MARKET_LOT_SIZE")


def check_notional(symbol: Symbol, atoms: int, is_market: bool) -> None:
    """NOTIONAL or MIN_NOTIONAL; a market order's value is taken at the average price and has no maximum."""
    has_maximum = symbol.bounds.has_max_notional
    if atoms < symbol.min_notional or (has_maximum and not is_market and atoms > symbol.max_notional):
        raise filter_failure("NOTIONAL" if has_maximum else "MIN_NOTIONAL")


def check_iceberg(symbol: Symbol, size: int, shown: int) -> None:
    """Pieces of `shown` steps, larger than the whole or, for ICEBERG_PARTS, too many of them."""
    if shown > size:
        raise not_accepted("IcebergQty exceeds QTY.")
    limit = symbol.bounds.iceberg_parts
    if limit is not None and -(-size // shown) > limit:
        raise filter_failure("ICEBERG_PARTS")


def check_trailing(symbol: Symbol, order_type: str, side: Side, delta: int) -> None:
    """TRAILING_DELTA."""
    rule = symbol.bounds.trailing_delta
    if rule is None:
        return
    is_above = direction(order_type, side) == "ABOVE"
    least, most = (rule.min_above, rule.max_above) if is_above else (rule.min_below, rule.max_below)
    if not least <= delta <= most:
        raise filter_failure("TRAILING_DELTA")


def check_counts(account: Account, symbol: Symbol, bounds: ExchangeBounds, is_algo: bool, is_iceberg: bool) -> None:
    """MAX_NUM_ORDERS, MAX_NUM_ALGO_ORDERS, MAX_NUM_ICEBERG_ORDERS, and the same of the whole exchange."""
    here, everywhere = account.open_on(symbol), account.open_orders.values()
    own = symbol.bounds
    counts: list[tuple[str, int, int | None]] = [
        ("MAX_NUM_ORDERS", len(here), own.max_orders),
        ("EXCHANGE_MAX_NUM_ORDERS", len(everywhere), bounds.max_orders),
    ]
    if is_algo:
        counts.append(("MAX_NUM_ALGO_ORDERS", _algos(here), own.max_algo_orders))
        counts.append(("EXCHANGE_MAX_NUM_ALGO_ORDERS", _algos(everywhere), bounds.max_algo_orders))
    if is_iceberg:
        counts.append(("MAX_NUM_ICEBERG_ORDERS", _icebergs(here), own.max_iceberg_orders))
        counts.append(("EXCHANGE_MAX_NUM_ICEBERG_ORDERS", _icebergs(everywhere), bounds.max_iceberg_orders))
    for name, count, limit in counts:
        if limit is not None and count >= limit:
            raise filter_failure(name)


def check_position(account: Account, symbol: Symbol, steps: int) -> None:
    """MAX_POSITION of a buy order: what is owned, what is being bought, and this."""
    limit = symbol.bounds.max_position
    if limit is None:
        return
    balance = account.balance(symbol.base)
    buying = sum(order.order.remaining for order in account.open_on(symbol) if order.order.side == "BUY")
    if balance.free + balance.locked + (buying + steps) * symbol.step > limit:
        raise filter_failure("MAX_POSITION")


def check_assets(account: Account, symbol: Symbol, size: int, value: int) -> None:
    """MAX_ASSET: what one order may transact of an asset, for an account that has such a limit; both in atoms."""
    for asset, atoms in ((symbol.base, size), (symbol.quote, value)):
        limit = account.max_assets.get(asset)
        if limit is not None and atoms > limit:
            raise filter_failure("MAX_ASSET")


def check_amends(symbol: Symbol, count: int) -> None:
    """MAX_NUM_ORDER_AMENDS, the one filter with a code of its own. Raises VenueError -2038."""
    limit = symbol.bounds.max_amends
    if limit is not None and count >= limit:
        raise VenueError(-2038, "Filter failure: MAX_NUM_ORDER_AMENDS")


def asset_filters(account: Account, symbol: Symbol) -> list[dict[str, Any]]:
    """The MAX_ASSET filters of an account that touch a symbol, as myFilters lists them."""
    return [
        {"filterType": "MAX_ASSET", "asset": asset, "limit": amount(limit)}
        for asset, limit in account.max_assets.items()
        if asset in (symbol.base, symbol.quote)
    ]


def _algos(orders: Iterable[AccountOrder]) -> int:
    return sum(1 for order in orders if order.is_algo)


def _icebergs(orders: Iterable[AccountOrder]) -> int:
    return sum(1 for order in orders if order.iceberg)
