"""The contract between a venue and the floor.

A venue is one folder: `client` (the venue's API as it is), `mapping` (pure: venue <-> messages), two actors
(`MarketDataVenue`, `ExecutionVenue`) and a twin. Its package exposes ``ADAPTER: AdapterInfo`` without importing its
client, so that a configuration can be checked where the client's packages are not installed.
"""

from __future__ import annotations

from venues.capabilities import (
    AdapterInfo,
    Cancel,
    Capabilities,
    Cell,
    History,
    Instruction,
    MarketData,
    Modify,
    Query,
)
from venues.execution import ExecutionVenue
from venues.market_data import MarketDataVenue
from venues.outbox import Outbox

__all__ = [
    "AdapterInfo",
    "Cancel",
    "Capabilities",
    "Cell",
    "ExecutionVenue",
    "History",
    "Instruction",
    "MarketData",
    "MarketDataVenue",
    "Modify",
    "Outbox",
    "Query",
]
