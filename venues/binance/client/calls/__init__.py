"""Every call as a typed method, shared by REST and the WebSocket API."""

from venues.binance.client.calls.account import AccountCalls
from venues.binance.client.calls.market import MarketCalls
from venues.binance.client.calls.order_lists import OrderListCalls
from venues.binance.client.calls.orders import OrderCalls

__all__ = ["AccountCalls", "Calls", "MarketCalls", "OrderCalls", "OrderListCalls"]


class Calls(MarketCalls, AccountCalls, OrderCalls, OrderListCalls):
    """All calls of Binance Spot."""
