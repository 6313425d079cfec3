"""Every endpoint once: REST and the WebSocket API serve this table, with the same body for the same parameters."""

from __future__ import annotations

from venues.binance.twin.market.table import MARKET_TABLE
from venues.binance.twin.trading.list_table import LIST_TABLE
from venues.binance.twin.trading.table import TRADING_TABLE

TABLE = (*MARKET_TABLE, *TRADING_TABLE, *LIST_TABLE)
BY_PATH = {(endpoint.method, endpoint.path): endpoint for endpoint in TABLE}
BY_METHOD = {endpoint.ws: endpoint for endpoint in TABLE if endpoint.ws}
