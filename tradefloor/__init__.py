"""Tradefloor: live trading for Python quants, as actors.

The names that a user needs, and the command ``tradefloor``::

    from tradefloor import Strategy
"""

from actors.strategy import ComputeFailed, FillView, KeptError, Order, OrderList, Orders, PositionView
from actors.strategy.past import HistoryRefused, HistoryTooLong
from bus.messages import Balance, Bar, BookSnapshot, Instrument, InstrumentStatus, Quote, Ticker, Trade
from tradefloor.connection import Connection, NotConnected, TradingConnection, connect
from tradefloor.strategy import Strategy

__all__ = [
    "Balance",
    "Bar",
    "BookSnapshot",
    "ComputeFailed",
    "Connection",
    "FillView",
    "HistoryRefused",
    "HistoryTooLong",
    "Instrument",
    "InstrumentStatus",
    "KeptError",
    "NotConnected",
    "Order",
    "OrderList",
    "Orders",
    "PositionView",
    "Quote",
    "Strategy",
    "Ticker",
    "Trade",
    "TradingConnection",
    "__version__",
    "connect",
]


def __getattr__(name: str) -> str:
    """Look ``__version__`` up when it is asked for: every strategy's process would pay 20 ms for it."""
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tradefloor")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0"
