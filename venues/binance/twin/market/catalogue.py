"""The symbols that a twin can have: as diverse in price, tick, step and quote as the venue's own.

Ticks and steps are like the venue's, except that a tick times a step has at most eight decimals here; prices are
only of the right order of magnitude, and crosses do not follow each other.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from venues.binance.twin.market.rules import Bounds, PercentPrice
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import ATOM

QUOTES = {
    "USDT": ("5", "4000"),
    "USDC": ("5", "4000"),
    "FDUSD": ("5", "4000"),
    "EUR": ("5", "3600"),
    "TRY": ("10", "160000"),
    "BTC": ("0.0001", "0.06"),
    "ETH": ("0.001", "1.3"),
    "BNB": ("0.01", "6"),
}
"""Smallest notional and a participant's typical notional of each quote asset, in its units."""
MAX_PRICE = 1_000_000
"""Quote units; dearer symbols may cost ten times their first price."""
MAX_ORDERS = 120_000
"""The largest order is of about so many typical ones (9,000 BTC), and no larger than `MAX_SIZE` units."""
MAX_SIZE = 90_000_000_000
STABLE = 0.0004
"""Volatility of a day between two currencies that follow each other."""
CURRENCY = 0.004
"""Volatility of a day between two states' currencies."""
MARGIN = {"permissions": ("SPOT", "MARGIN")}
NARROW = Bounds(market_max=100 * ATOM, max_position=1_000 * ATOM, max_orders=10, max_iceberg_orders=2)
"""Filters that the large symbols lack, and counts that few orders reach, so that a client can be shown each refusal."""
OLDER = Bounds(percent_price=PercentPrice(by_side=False), has_max_notional=False)
"""The two filters that PERCENT_PRICE_BY_SIDE and NOTIONAL replaced; the venue still has them on old symbols."""


def atoms(text: str) -> int:
    """A decimal number in atoms. Raises ValueError with more than eight decimals."""
    found = Decimal(text) * ATOM
    if found != int(found):
        raise ValueError(f"{text}: more than eight decimals")
    return int(found)


def make(base: str, quote: str, price: str, tick: str, step: str, **more: Any) -> Symbol:
    """A symbol from its first price, tick and step. Raises ValueError when they do not fit together."""
    tick_atoms, step_atoms, price_atoms = atoms(tick), atoms(step), atoms(price)
    if price_atoms % tick_atoms or tick_atoms * step_atoms % ATOM:
        raise ValueError(f"{base}{quote}: price {price}, tick {tick} and step {step} do not fit together")
    smallest, typical = QUOTES.get(quote, QUOTES["USDT"])
    largest = MAX_ORDERS * atoms(typical) // price_atoms
    return Symbol(
        name=f"{base}{quote}",
        base=base,
        quote=quote,
        tick=tick_atoms,
        step=step_atoms,
        start=price_atoms // tick_atoms,
        max_price=max(MAX_PRICE * ATOM, 10 * price_atoms),
        max_size=min(9 * 10 ** (len(str(largest)) - 1), MAX_SIZE) * ATOM,
        min_notional=atoms(smallest),
        typical_notional=atoms(typical),
        **more,
    )


KNOWN = {
    symbol.name: symbol
    for symbol in (
        make("BTC", "USDT", "60000", "0.01", "0.00001", **MARGIN),
        make("ETH", "USDT", "3000", "0.01", "0.0001", **MARGIN),
        make("BNB", "USDT", "600", "0.01", "0.001", **MARGIN),
        make("SOL", "USDT", "150", "0.01", "0.001", **MARGIN),
        make("XRP", "USDT", "2.5", "0.0001", "0.1", **MARGIN),
        make("ETH", "BTC", "0.05", "0.00001", "0.001", **MARGIN),
        make("BTC", "FDUSD", "60000", "0.01", "0.00001"),
        make("BTC", "EUR", "55000", "0.01", "0.00001"),
        make("DOGE", "USDT", "0.2", "0.00001", "1", **MARGIN),
        make("PEPE", "USDT", "0.00001", "0.00000001", "1"),
        make("ADA", "USDT", "0.8", "0.0001", "0.1", **MARGIN),
        make("USDC", "USDT", "1", "0.0001", "1", volatility=STABLE, reference="ARITHMETIC_MEAN", **MARGIN),
        make("LTC", "USDT", "100", "0.01", "0.001", bounds=NARROW, **MARGIN),
        make("BTC", "USDC", "60000", "0.01", "0.00001"),
        make("TRX", "USDT", "0.3", "0.0001", "0.1", **MARGIN),
        make("AVAX", "USDT", "25", "0.01", "0.01", **MARGIN),
        make("LINK", "USDT", "15", "0.01", "0.01", **MARGIN),
        make("BCH", "USDT", "450", "0.1", "0.001", **MARGIN),
        make("DOT", "USDT", "4", "0.001", "0.01", **MARGIN),
        make("SHIB", "USDT", "0.000012", "0.00000001", "1"),
        make("UNI", "USDT", "8", "0.001", "0.01"),
        make("ATOM", "USDT", "5", "0.001", "0.01"),
        make("NEAR", "USDT", "3", "0.001", "0.1"),
        make("APT", "USDT", "5", "0.001", "0.01"),
        make("ARB", "USDT", "0.5", "0.0001", "0.1"),
        make("OP", "USDT", "0.7", "0.001", "0.01"),
        make("SUI", "USDT", "3.2", "0.0001", "0.1"),
        make("FLOKI", "USDT", "0.00008", "0.00000001", "1"),
        make("BONK", "USDT", "0.00002", "0.00000001", "1"),
        make("WIF", "USDT", "0.8", "0.001", "0.01"),
        make("TON", "USDT", "3", "0.001", "0.01"),
        make("ICP", "USDT", "5", "0.001", "0.01"),
        make("FIL", "USDT", "3", "0.001", "0.01"),
        make("ETC", "USDT", "20", "0.01", "0.01", bounds=OLDER),
        make("XLM", "USDT", "0.3", "0.0001", "1"),
        make("HBAR", "USDT", "0.2", "0.00001", "1"),
        make("AAVE", "USDT", "250", "0.01", "0.001"),
        make("INJ", "USDT", "12", "0.01", "0.01"),
        make("RENDER", "USDT", "4", "0.001", "0.01"),
        make("FET", "USDT", "0.7", "0.0001", "0.1"),
        make("PAXG", "USDT", "3000", "0.01", "0.0001", volatility=CURRENCY),
        make("FDUSD", "USDT", "0.999", "0.0001", "1", volatility=STABLE, reference="EXTERNAL"),
        make("EUR", "USDT", "1.1", "0.0001", "0.1", volatility=CURRENCY),
        make("BNB", "BTC", "0.01", "0.000001", "0.01"),
        make("SOL", "BTC", "0.0025", "0.0000001", "0.1"),
        make("XRP", "BTC", "0.00004", "0.00000001", "1"),
        make("LTC", "BTC", "0.0017", "0.000001", "0.01"),
        make("ADA", "BTC", "0.000013", "0.00000001", "1"),
        make("LINK", "BTC", "0.00025", "0.00000001", "1"),
        make("ETH", "FDUSD", "3000", "0.01", "0.0001"),
        make("SOL", "FDUSD", "150", "0.01", "0.001"),
        make("XRP", "FDUSD", "2.5", "0.0001", "0.1"),
        make("ETH", "USDC", "3000", "0.01", "0.0001"),
        make("SOL", "USDC", "150", "0.01", "0.001"),
        make("ETH", "EUR", "2750", "0.01", "0.0001"),
        make("XRP", "EUR", "2.3", "0.0001", "0.1"),
        make("BNB", "ETH", "0.2", "0.0001", "0.001"),
        make("SOL", "BNB", "0.25", "0.0001", "0.01"),
        make("BTC", "TRY", "2400000", "1", "0.00001"),
        make("USDT", "TRY", "40", "0.01", "1", volatility=CURRENCY),
        make("WAVES", "USDT", "1.2", "0.0001", "0.1", status="HALT"),
        make("XMR", "USDT", "160", "0.1", "0.001", status="BREAK"),
    )
}
"""By name, the usual ones first. The last two do not trade, for clients that ask by status."""


MOST_SYMBOLS = 999
"""Symbols that a twin can have: those known, and then invented ones."""
_INVENTED = re.compile(r"T(\d{3})USDT")


def first_symbols(count: int) -> tuple[str, ...]:
    """Return so many names: those known, then T063USDT, T064USDT, ..."""
    invented = (f"T{number:03}USDT" for number in range(len(KNOWN) + 1, count + 1))
    return (*tuple(KNOWN)[:count], *invented)


def symbol_of(name: str) -> Symbol | None:
    """Return a symbol by its name, None where there is none such. An invented one costs as much as its number."""
    found = _INVENTED.fullmatch(name)
    if found and int(found[1]):
        return make(f"T{found[1]}", "USDT", str(int(found[1])), "0.01", "0.001")
    return KNOWN.get(name)
