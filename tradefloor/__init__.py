"""Tradefloor: live trading for Python quants, as actors.

The names that a user needs, and the command ``tradefloor``::

    from tradefloor import Strategy, connect
"""

from typing import TYPE_CHECKING, Any

from actors.strategy import ComputeFailed, FillView, KeptError, Order, OrderList, Orders, PositionView
from actors.strategy.past import HistoryRefused, HistoryTooLong
from bus.messages import Balance, Bar, BookSnapshot, Instrument, InstrumentStatus, Quote, Ticker, Trade
from tradefloor.strategy import Strategy

if TYPE_CHECKING:
    from tradefloor.connecting import connect
    from tradefloor.connection import Connection, NotConnected
    from tradefloor.trading import TradingConnection

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


_OF_NOTEBOOKS = {
    "Connection": "connection",
    "NotConnected": "connection",
    "TradingConnection": "trading",
    "connect": "connecting",
}
"""Each name's module."""


def __getattr__(name: str) -> Any:
    """Look up what not every strategy's process should pay for: the version (20 ms), and connecting (40 ms)."""
    if name in _OF_NOTEBOOKS:
        from importlib import import_module

        return getattr(import_module(f"tradefloor.{_OF_NOTEBOOKS[name]}"), name)
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("tradefloor")
    except PackageNotFoundError:  # run from a folder that was never installed
        return "0"
