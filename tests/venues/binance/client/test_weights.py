"""What we count a call as is what the venue counts it as: held against the twin's table, which knows none of ours."""

from __future__ import annotations

from typing import Any

import pytest

from venues.binance.client.endpoints import ENDPOINTS
from venues.binance.client.weights import weight_of
from venues.binance.twin.requests.endpoints import TABLE
from venues.binance.twin.requests.params import Params

THEIRS = {endpoint.ws: endpoint for endpoint in TABLE if endpoint.ws}
OURS = {endpoint.ws: endpoint for endpoint in ENDPOINTS}
MANY = '["' + '","'.join(f"S{number}USDT" for number in range(30)) + '"]'
GIVEN: list[dict[str, Any]] = [
    {},
    {"symbol": "BTCUSDT"},
    {"symbols": '["BTCUSDT","ETHUSDT"]'},
    {"symbols": MANY},
    {"symbol": "BTCUSDT", "limit": "100"},
    {"symbol": "BTCUSDT", "limit": "101"},
    {"symbol": "BTCUSDT", "limit": "1000"},
    {"symbol": "BTCUSDT", "limit": "5000"},
    {"symbol": "BTCUSDT", "orderId": "7"},
]

NEEDS_SYMBOLS = ("ticker", "ticker.tradingDay")


@pytest.mark.parametrize("method", sorted(OURS.keys() & THEIRS.keys()))
def test_each_call_weighs_what_the_venue_says(method: str) -> None:
    names = set(OURS[method].params.values())
    for given in GIVEN:
        if set(given) <= names and (given or method not in NEEDS_SYMBOLS):
            assert weight_of(OURS[method], given) == THEIRS[method].cost(Params(given)), given
