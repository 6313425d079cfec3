"""What a user subclasses."""

from actors.strategy.order import FillView, Order, Orders, PositionView
from actors.strategy.strategy import Strategy

__all__ = ["FillView", "Order", "Orders", "PositionView", "Strategy"]
