"""What each venue offers by its own documents, written down by hand: what an adapter's table is held against."""

from __future__ import annotations

from venues.capabilities import Cell

__all__ = ["EXPECTED", "OWED", "RANKS"]

RANKS = (Cell.NONE, Cell.PARAMS, Cell.EMULATED, Cell.MAPPED, Cell.PER_SYMBOL, Cell.NATIVE)
"""From worst to best; a cell may be better than expected and never worse."""

_BINANCE_SPOT = {
    "order_types": {
        "MARKET": "N", "LIMIT": "N", "STOP_MARKET": "S", "STOP_LIMIT": "N", "MARKET_IF_TOUCHED": "S",
        "LIMIT_IF_TOUCHED": "N", "TRAILING_STOP_MARKET": "S", "TRAILING_STOP_LIMIT": "S",
    },
    "time_in_force": {"GTC": "N", "IOC": "N", "FOK": "N", "GTD": "E"},
    "instructions": {
        "post_only": "N", "reduce_only": "E", "quote_size": "N", "display_size": "S", "self-trade prevention mode": "N",
    },
    "modify": {"price": "M", "size": "N"},
    "cancel": {"one": "N", "all own": "N", "batch": "M", "batch submit": "M"},
    "contingencies": {"OCO": "N", "OTO": "N", "BRACKET": "N"},
    "market_data": {
        "quote": "N", "trade": "N", "bar": "N", "book": "N", "ticker": "N", "status": "N",
        "book snapshot by request": "N",
    },
    "history": {"trade": "N", "bar": "N"},
    "queries": {"open orders": "N", "order history": "N", "fills": "N", "positions": "M", "balances": "N"},
}  # fmt: skip
EXPECTED = {"binance-spot": _BINANCE_SPOT}
OWED = {
    "binance-spot": {
        ("time_in_force", "GTD"),
        ("instructions", "reduce_only"),
    }
}
"""What a venue has, or what could be emulated, and the adapter denies so far. A cell that is done leaves this list."""
