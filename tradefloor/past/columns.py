"""What stands in a file of history: the message's own fields, but for those that say nothing of what was.

`ts_init` is when we read a row, so two downloads of one range would differ by it; `closed` is true of every bar.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from bus.messages import Bar, FundingRate, Quote, Trade

__all__ = ["COLUMNS", "FLOATS", "INTEGERS", "cells", "lines"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "bar": (
        "instrument", "interval", "ts_open", "ts_close", "ts_event", "open", "high", "low", "close", "volume",
        "quote_volume", "taker_buy_volume", "vwap", "trades",
    ),
    "trade": ("instrument", "trade_id", "ts_event", "price", "size", "aggressor", "conditions"),
    "aggregate_trade": ("instrument", "trade_id", "ts_event", "price", "size", "aggressor", "conditions"),
    "quote": ("instrument", "ts_event", "bid", "ask", "bid_size", "ask_size", "seq"),
    "funding": ("instrument", "ts_event", "rate", "interval_ns"),
}  # fmt: skip
"""By the kind that was asked for. Times are UNIX nanoseconds."""
INTEGERS = frozenset(("ts_open", "ts_close", "ts_event", "trades", "seq", "interval_ns"))
TEXTS = frozenset(("instrument", "interval", "trade_id", "aggressor", "conditions"))
FLOATS = frozenset(name for names in COLUMNS.values() for name in names) - INTEGERS - TEXTS


def cells(row: Bar | Trade | Quote | FundingRate, columns: tuple[str, ...]) -> list[str]:
    """Return a row's values as text; a float's is the shortest that reads back as the same."""
    return [str(getattr(row, name)) for name in columns]


def lines(rows: Iterable[Bar | Trade | Quote | FundingRate], columns: tuple[str, ...]) -> bytes:
    """Return rows as lines of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(cells(row, columns) for row in rows)
    return text.getvalue().encode()
