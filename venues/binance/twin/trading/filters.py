"""A symbol's filters, checked in the venue's order before an order may reach the matching engine.

Source: Binance Spot API, filters, 2026-07.
"""

from __future__ import annotations

from venues.binance.twin.errors import filter_failure
from venues.binance.twin.market.symbols import Symbol

PERCENT_UP, PERCENT_DOWN = 5, 5
"""PERCENT_PRICE_BY_SIDE: at most five times the average price, at least a fifth of it."""


def check_price(symbol: Symbol, atoms: int) -> int:
    """The price in ticks. Raises VenueError -1013 PRICE_FILTER."""
    if not symbol.tick <= atoms <= symbol.max_price or atoms % symbol.tick:
        raise filter_failure("PRICE_FILTER")
    return atoms // symbol.tick


def check_percent(ticks: int, average: int) -> None:
    """Raises VenueError -1013 PERCENT_PRICE_BY_SIDE when the price is far from the average price (ticks)."""
    if average and not average <= ticks * PERCENT_DOWN <= average * PERCENT_UP * PERCENT_DOWN:
        raise filter_failure("PERCENT_PRICE_BY_SIDE")


def check_size(symbol: Symbol, atoms: int, is_market: bool) -> int:
    """The size in steps. Raises VenueError -1013 LOT_SIZE or MARKET_LOT_SIZE."""
    if not symbol.step <= atoms <= symbol.max_size or atoms % symbol.step:
        raise filter_failure("LOT_SIZE")
    if is_market and atoms > symbol.max_size:
        raise filter_failure("MARKET_LOT_SIZE")
    return atoms // symbol.step


def check_notional(symbol: Symbol, atoms: int, is_market: bool) -> None:
    """Raises VenueError -1013 NOTIONAL; a market order's value is taken at the average price."""
    if atoms < symbol.min_notional or (not is_market and atoms > symbol.max_notional):
        raise filter_failure("NOTIONAL")
