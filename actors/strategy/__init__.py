"""What a user subclasses."""

from actors.strategy.compute import ComputeFailed
from actors.strategy.holdings import FillView, PositionView
from actors.strategy.keeping import KeptError
from actors.strategy.lists import OrderList
from actors.strategy.order import Order, Orders
from actors.strategy.strategy import Strategy

__all__ = ["ComputeFailed", "FillView", "KeptError", "Order", "OrderList", "Orders", "PositionView", "Strategy"]
