"""Tradefloor: live trading for Python quants, as actors.

The names that a user needs, and the command ``tradefloor``::

    from tradefloor import Strategy
"""

from importlib.metadata import PackageNotFoundError, version

from actors.strategy import FillView, Order, Orders, PositionView
from bus.messages import BookSnapshot, Instrument, Quote, Trade
from tradefloor.strategy import Strategy

try:
    __version__ = version("tradefloor")
except PackageNotFoundError:  # run from a folder that was never installed
    __version__ = "0"

__all__ = [
    "BookSnapshot",
    "FillView",
    "Instrument",
    "Order",
    "Orders",
    "PositionView",
    "Quote",
    "Strategy",
    "Trade",
    "__version__",
]
