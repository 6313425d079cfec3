"""Every call of Binance Spot, once: what REST and the WebSocket API share."""

from __future__ import annotations

from typing import Any

from venues.binance.client.endpoint import Endpoint
from venues.binance.client.endpoints.account import ACCOUNT_CALLS
from venues.binance.client.endpoints.market import MARKET
from venues.binance.client.endpoints.order_lists import ORDER_LISTS
from venues.binance.client.endpoints.orders import ORDERS

__all__ = ["ENDPOINTS"]

ENDPOINTS: tuple[Endpoint[Any], ...] = (*MARKET, *ACCOUNT_CALLS, *ORDERS, *ORDER_LISTS)
