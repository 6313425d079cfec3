"""What a user subclasses."""

from actors.strategy.holdings import FillView, PositionView
from actors.strategy.lists import OrderList
from actors.strategy.order import Order, Orders
from actors.strategy.strategy import Strategy

__all__ = ["FillView", "Order", "OrderList", "Orders", "PositionView", "Strategy"]
