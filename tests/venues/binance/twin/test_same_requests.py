"""For the same calls our client and python-binance send the same requests, as the twin received them."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from twin_client import CLIENT_SCRIPTS, ForeignEnvironment, Twin
from witness import Witness

from actors.runtime import Secret
from venues.binance.client.access import Access, Credentials, Endpoints
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import ClientError
from venues.binance.client.rest import Rest

pytestmark = pytest.mark.third_party

EACH_ITS_OWN = {"timestamp", "recvWindow", "apiKey"}
"""What a client puts into a signed request by itself; the log has no signatures."""
AMOUNT = re.compile("(quantity|price|qty)$", re.IGNORECASE)
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
ONE = {"symbol": "BTCUSDT"}
LIMIT = {**ONE, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001", "price": "50000.00"}
ABOVE = {"aboveType": "LIMIT_MAKER", "abovePrice": "90000.00", "aboveClientOrderId": "above"}
BELOW = {"belowType": "STOP_LOSS_LIMIT", "belowPrice": "40000.00", "belowStopPrice": "41000.00"}
BELOW |= {"belowTimeInForce": "GTC"}
WORKING = {"workingType": "LIMIT", "workingSide": "BUY", "workingPrice": "50000.00", "workingQuantity": "0.001"}
WORKING |= {"workingTimeInForce": "GTC", "pendingSide": "SELL", "pendingQuantity": "0.001"}
PENDING = {f"pending{name[0].upper()}{name[1:]}": value for name, value in (ABOVE | BELOW).items()}


@dataclass(frozen=True)
class Same:
    """One call by both: our method's name, theirs, and the parameters by the venue's names."""

    ours: str
    theirs: str
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Any]:
        """The parameters as our client takes them: amounts as numbers."""
        return {
            HUMP.sub("_", name).lower(): Decimal(value) if AMOUNT.search(name) else value
            for name, value in self.params.items()
        }

    @property
    def written(self) -> dict[str, Any]:
        """The parameters as the other library takes them: it leaves lists and words to whoever calls it."""
        return {
            name: json.dumps(value, separators=(",", ":")) if isinstance(value, list | bool) else value
            for name, value in self.params.items()
        }


CALLS = [
    Same("ping", "ping"),
    Same("time", "get_server_time"),
    Same("exchange_info", "get_exchange_info"),
    Same("depth", "get_order_book", {**ONE, "limit": 5}),
    Same("trades", "get_recent_trades", {**ONE, "limit": 5}),
    Same("historical_trades", "get_historical_trades", {**ONE, "limit": 5, "fromId": 1}),
    Same("agg_trades", "get_aggregate_trades", {**ONE, "limit": 5, "startTime": 1, "endTime": 2}),
    Same("klines", "get_klines", {**ONE, "interval": "1m", "startTime": 60_000, "endTime": 120_000, "limit": 2}),
    Same("klines", "get_klines", {**ONE, "interval": "1d", "timeZone": "8"}),
    Same("ui_klines", "get_ui_klines", {**ONE, "interval": "1m", "limit": 2}),
    Same("avg_price", "get_avg_price", ONE),
    Same("ticker_24hr", "get_ticker", {**ONE, "type": "MINI"}),
    Same("ticker_24hr", "get_ticker", {"symbols": ["BTCUSDT", "ETHUSDT"]}),
    Same("ticker_trading_day", "v3_get_ticker_trading_day", ONE),
    Same("ticker_price", "get_symbol_ticker", ONE),
    Same("ticker_price", "get_all_tickers"),
    Same("ticker_book_ticker", "get_orderbook_ticker", ONE),
    Same("ticker_book_ticker", "get_orderbook_tickers"),
    Same("ticker", "get_symbol_ticker_window", {**ONE, "windowSize": "4h"}),
    Same("account", "get_account", {"omitZeroBalances": True}),
    Same("place_order", "create_order", {**LIMIT, "newClientOrderId": "limit"}),
    Same("order", "get_order", {**ONE, "origClientOrderId": "limit"}),
    Same("open_orders", "get_open_orders", ONE),
    Same("open_orders", "get_open_orders"),
    Same("cancel_order", "cancel_order", {**ONE, "origClientOrderId": "limit", "newClientOrderId": "cancel"}),
    Same("place_order", "create_order", {**LIMIT, "timeInForce": "IOC", "newClientOrderId": "ioc"}),
    Same("place_order", "create_order", {**LIMIT, "quantity": "0.0000001", "newClientOrderId": "dust"}),
    Same("place_order", "create_order", {**LIMIT, "newClientOrderId": "ice", "icebergQty": "0.0005"}),
    Same(
        "place_order",
        "create_order",
        {**ONE, "side": "SELL", "type": "MARKET", "quantity": "0.001", "newClientOrderId": "market"},
    ),
    Same(
        "place_order",
        "create_order",
        {**ONE, "side": "BUY", "type": "MARKET", "quoteOrderQty": "100.5", "newClientOrderId": "value"},
    ),
    Same(
        "place_order",
        "create_order",
        {
            **ONE, "side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.001", "price": "50000.00",
            "newClientOrderId": "maker", "newOrderRespType": "RESULT", "strategyId": 7, "strategyType": 1_000_000,
            "selfTradePreventionMode": "EXPIRE_MAKER",
        },
    ),
    Same(
        "place_order",
        "create_order",
        {**LIMIT, "side": "SELL", "type": "STOP_LOSS_LIMIT", "stopPrice": "50100.00", "newClientOrderId": "stop"},
    ),
    Same(
        "place_order",
        "create_order",
        {
            **ONE, "side": "SELL", "type": "STOP_LOSS", "quantity": "0.001", "trailingDelta": 100,
            "newClientOrderId": "trail",
        },
    ),
    Same("test_order", "create_test_order", {**LIMIT, "computeCommissionRates": True}),
    Same(
        "cancel_replace_order",
        "cancel_replace_order",
        {
            **LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "maker",
            "cancelNewClientOrderId": "gone", "newClientOrderId": "replaced",
        },
    ),
    Same("cancel_open_orders", "cancel_all_open_orders", ONE),
    Same(
        "place_order_list_oco",
        "create_oco_order",
        {**ONE, "side": "SELL", "quantity": "0.001", **ABOVE, **BELOW, "listClientOrderId": "oco"},
    ),
    Same("order_list", "v3_get_order_list", {"origClientOrderId": "oco"}),
    Same("open_order_list", "get_open_oco_orders"),
    Same("cancel_order_list", "v3_delete_order_list", {**ONE, "listClientOrderId": "oco"}),
    Same(
        "place_order_list_oto",
        "v3_post_order_list_oto",
        {**ONE, **WORKING, "pendingType": "LIMIT_MAKER", "pendingPrice": "90000.00", "listClientOrderId": "oto"},
    ),
    Same("place_order_list_otoco", "v3_post_order_list_otoco", {**ONE, **WORKING, **PENDING}),
    Same("all_order_list", "v3_get_all_order_list", {"limit": 10}),
    Same("all_orders", "get_all_orders", {**ONE, "limit": 10}),
    Same("my_trades", "get_my_trades", {**ONE, "limit": 10}),
    Same("rate_limit_order", "get_current_order_count"),
    Same("my_prevented_matches", "get_prevented_matches", {**ONE, "preventedMatchId": 1}),
    Same("my_allocations", "get_allocations", ONE),
    Same("account_commission", "v3_get_account_commission", ONE),
    Same("place_sor_order", "v3_post_sor_order", {**LIMIT, "newClientOrderId": "sor"}),
    Same("test_sor_order", "v3_post_sor_order_test", LIMIT),
]  # fmt: skip
OWN_IDS = [
    (Same("place_order", "create_order", LIMIT), "newClientOrderId"),
    (
        Same(
            "cancel_replace_order",
            "cancel_replace_order",
            {**LIMIT, "cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrigClientOrderId": "none"},
        ),
        "newClientOrderId",
    ),
    (
        Same(
            "place_order_list_oco", "create_oco_order", {**ONE, "side": "SELL", "quantity": "0.001", **ABOVE, **BELOW}
        ),
        "listClientOrderId",
    ),
]
"""Where the other library makes an id when none was given, ours leaves that to the venue: lawful both ways."""
ENCODED = Same("klines", "get_klines", {**ONE, "interval": "1d", "timeZone": "+08:00"})
"""The other library writes a query as it is given: its plus arrives as a space, where ours is percent-encoded."""
ALL = [*CALLS, *(call for call, _ in OWN_IDS), ENCODED]


@dataclass(frozen=True)
class Requests:
    """What the twins received for all calls: from our client and from the other."""

    ours: list[dict[str, Any]]
    theirs: list[dict[str, Any]]


async def call_ours(greeting: dict[str, Any]) -> None:
    """Make all calls with our client, whatever the twin says to them."""
    access = Access(
        Endpoints(greeting["rest"], greeting["stream"], greeting["ws_api"]),
        Credentials(Secret(greeting["api_key"]), Secret(greeting["api_secret"])),
    )
    async with AiohttpTransport() as transport:
        rest = Rest(transport, lambda: access, ServerClock(time.monotonic_ns))
        await rest.measure_clock()
        for call in ALL:
            try:
                await getattr(rest, call.ours)(**call.named)
            except ClientError:
                continue


@pytest.fixture(scope="module")
def requests(start_twin: Callable[..., Twin], clients_env: ForeignEnvironment) -> Requests:
    one, other = start_twin(), start_twin()
    asyncio.run(call_ours(one.greeting))
    calls = [(call.theirs, call.written) for call in ALL]
    clients_env.run(CLIENT_SCRIPTS / "python_binance_requests.py", other.greeting | {"calls": calls}, 60)
    ours = Witness({}, one.log(), one.greeting).received("rest")
    theirs = Witness({}, other.log(), other.greeting).received("rest")
    # Ours asks for the server's time first, theirs whether anybody is there.
    assert [line["method"] for line in (ours[0], theirs[0])] == ["GET /api/v3/time", "GET /api/v3/ping"]
    return Requests(ours[1:], theirs[1:])


def own(line: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """A request without what each client adds by itself."""
    return line["method"], {name: value for name, value in line["params"].items() if name not in EACH_ITS_OWN}


def test_each_call_is_one_request(requests: Requests) -> None:
    assert (len(requests.ours), len(requests.theirs)) == (len(ALL), len(ALL))


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[f"{call.ours}-{n}" for n, call in enumerate(CALLS)])
def test_a_call_is_the_same_request_by_both(requests: Requests, number: int) -> None:
    assert own(requests.ours[number]) == own(requests.theirs[number])


@pytest.mark.parametrize("number", range(len(OWN_IDS)), ids=[name for _, name in OWN_IDS])
def test_where_no_id_is_given_theirs_alone_makes_one(requests: Requests, number: int) -> None:
    name = OWN_IDS[number][1]
    method, ours = own(requests.ours[len(CALLS) + number])
    other, theirs = own(requests.theirs[len(CALLS) + number])
    made = theirs.pop(name)
    assert made.startswith("x-HNA2TXFJ")
    assert (method, ours) == (other, theirs)


def test_a_plus_is_a_plus_in_our_requests_alone(requests: Requests) -> None:
    ours, theirs = own(requests.ours[-1])[1], own(requests.theirs[-1])[1]
    assert (ours.pop("timeZone"), theirs.pop("timeZone")) == ("+08:00", " 08:00")
    assert ours == theirs


def test_what_each_adds_to_a_signed_request_is_its_time_and_its_window(requests: Requests) -> None:
    for ours, theirs in zip(requests.ours, requests.theirs, strict=True):
        added = [
            {name: line["params"][name] for name in line["params"] if name in EACH_ITS_OWN} for line in (ours, theirs)
        ]
        assert added[0].keys() == added[1].keys()
        if added[0]:
            assert (added[0].pop("recvWindow"), added[1].pop("recvWindow")) == ("5000", "10000")
            assert all(
                abs(int(one.pop("timestamp")) - line["ts_ns"] // 10**6) < 1000
                for one, line in zip(added, (ours, theirs), strict=True)
            )
            assert added == [{}, {}]
