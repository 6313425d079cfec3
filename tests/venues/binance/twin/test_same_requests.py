"""For the same calls our client and python-binance send the same requests, as the twin received them."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from twin_client import CLIENT_SCRIPTS, ForeignEnvironment, Twin
from witness import Witness

from venues.binance.client import AiohttpTransport, BinanceSpot, ClientError, Rest, ServerClock
from venues.binance.client.calls import Calls

pytestmark = pytest.mark.third_party

WINDOW_MS = 5000
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
        """The parameters as the other library takes them for REST: it leaves lists and words to whoever calls it."""
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
    Same("test_order", "create_test_order", {**LIMIT, "computeCommissionRates": True, "newClientOrderId": "test"}),
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
OVER_WS = {
    "get_exchange_info": "ws_get_exchange_info",
    "get_order_book": "ws_get_order_book",
    "get_recent_trades": "ws_get_recent_trades",
    "get_historical_trades": "ws_get_historical_trades",
    "get_aggregate_trades": "ws_get_aggregate_trades",
    "get_klines": "ws_get_klines",
    "get_ui_klines": "ws_get_uiKlines",
    "get_avg_price": "ws_get_avg_price",
    "get_ticker": "ws_get_ticker",
    "v3_get_ticker_trading_day": "ws_get_trading_day_ticker",
    "get_symbol_ticker": "ws_get_symbol_ticker",
    "get_symbol_ticker_window": "ws_get_symbol_ticker_window",
    "get_orderbook_ticker": "ws_get_orderbook_ticker",
    "get_account": "ws_get_account",
    "create_order": "ws_create_order",
    "create_test_order": "ws_create_test_order",
    "get_order": "ws_get_order",
    "get_open_orders": "ws_get_open_orders",
    "cancel_order": "ws_cancel_order",
    "cancel_replace_order": "ws_cancel_and_replace_order",
    "cancel_all_open_orders": "ws_cancel_all_open_orders",
    "create_oco_order": "ws_create_oco_order",
    "v3_post_order_list_oto": "ws_create_oto_order",
    "v3_post_order_list_otoco": "ws_create_otoco_order",
    "v3_get_order_list": "ws_get_oco_order",
    "get_open_oco_orders": "ws_get_oco_open_orders",
    "v3_delete_order_list": "ws_cancel_oco_order",
    "get_all_orders": "ws_get_all_orders",
    "get_my_trades": "ws_get_my_trades",
    "get_current_order_count": "ws_get_account_rate_limits_orders",
    "get_prevented_matches": "ws_get_prevented_matches",
    "get_allocations": "ws_get_allocations",
    "v3_get_account_commission": "ws_get_commission_rates",
    "v3_post_sor_order": "ws_create_sor_order",
    "v3_post_sor_order_test": "ws_create_test_sor_order",
}
"""The other library's call over the WebSocket API, by its call over REST."""
WS_CALLS = [call for call in CALLS if call.theirs in OVER_WS and call.params.keys() != {"limit"}]
OUR_CONNECTION = {"time", "userDataStream.subscribe.signature"}
"""What our connection asks for by itself: it measures the clock and hears the account's events."""


@dataclass(frozen=True)
class Requests:
    """What the twins received through one door: from our client and from the other."""

    ours: list[dict[str, Any]]
    theirs: list[dict[str, Any]]


async def call_each(door: Calls, calls: list[Same]) -> None:
    """Make calls with our client, whatever the twin says to them."""
    for call in calls:
        with suppress(ClientError):
            await getattr(door, call.ours)(**call.named)


async def call_ours(greeting: dict[str, Any]) -> None:
    """All calls over REST, then those over the WebSocket API."""
    spot = BinanceSpot(greeting)
    async with AiohttpTransport() as transport:
        rest = Rest(transport, lambda: spot.access, ServerClock(time.monotonic_ns))
        await rest.measure_clock()
        await call_each(rest, ALL)
    async with spot:
        await call_each(spot.ws, WS_CALLS)


@pytest.fixture(scope="module")
def witnesses(start_twin: Callable[..., Twin], clients_env: ForeignEnvironment) -> tuple[Witness, Witness]:
    """The twin that our client asked, and the one that the other asked the same."""
    one, other = start_twin(), start_twin()
    asyncio.run(call_ours(one.greeting))
    calls = [(call.theirs, call.written) for call in ALL]
    calls += [(OVER_WS[call.theirs], call.params) for call in WS_CALLS]
    clients_env.run(CLIENT_SCRIPTS / "python_binance_requests.py", other.greeting | {"calls": calls}, 60)
    return Witness({}, one.log()), Witness({}, other.log())


@pytest.fixture(scope="module")
def rest(witnesses: tuple[Witness, Witness]) -> Requests:
    """Ours asks for the server's time first, and when it is entered as a whole; theirs whether anybody is there."""
    ours, theirs = (witness.received("rest") for witness in witnesses)
    begin, end = ours[:1], ours[1 + len(ALL) :]
    assert {line["method"] for line in (*begin, *end)} == {"GET /api/v3/time"}
    assert theirs[0]["method"] == "GET /api/v3/ping"
    return Requests(ours[1 : 1 + len(ALL)], theirs[1:])


@pytest.fixture(scope="module")
def ws_api(witnesses: tuple[Witness, Witness]) -> Requests:
    """Ours measures the clock by the connection and hears the account's events on it."""
    ours, theirs = (witness.received("ws_api") for witness in witnesses)
    assert {line["method"] for line in ours} >= OUR_CONNECTION
    return Requests([line for line in ours if line["method"] not in OUR_CONNECTION], theirs)


def own(line: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """A request without what each client adds by itself."""
    return line["method"], {name: value for name, value in line["params"].items() if name not in EACH_ITS_OWN}


def test_each_call_is_one_request(rest: Requests, ws_api: Requests) -> None:
    assert (len(rest.ours), len(rest.theirs)) == (len(ALL), len(ALL))
    assert (len(ws_api.ours), len(ws_api.theirs)) == (len(WS_CALLS), len(WS_CALLS))


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[f"{call.ours}-{n}" for n, call in enumerate(CALLS)])
def test_a_call_is_the_same_request_by_both(rest: Requests, number: int) -> None:
    assert own(rest.ours[number]) == own(rest.theirs[number])


@pytest.mark.parametrize("number", range(len(WS_CALLS)), ids=[f"{call.ours}-{n}" for n, call in enumerate(WS_CALLS)])
def test_a_call_is_the_same_over_the_websocket_api(ws_api: Requests, number: int) -> None:
    assert own(ws_api.ours[number]) == own(ws_api.theirs[number])


@pytest.mark.parametrize("number", range(len(OWN_IDS)), ids=[name for _, name in OWN_IDS])
def test_where_no_id_is_given_theirs_alone_makes_one(rest: Requests, number: int) -> None:
    name = OWN_IDS[number][1]
    method, ours = own(rest.ours[len(CALLS) + number])
    other, theirs = own(rest.theirs[len(CALLS) + number])
    made = theirs.pop(name)
    assert made.startswith("x-HNA2TXFJ")
    assert (method, ours) == (other, theirs)


def test_a_plus_is_a_plus_in_our_requests_alone(rest: Requests) -> None:
    ours, theirs = own(rest.ours[-1])[1], own(rest.theirs[-1])[1]
    assert (ours.pop("timeZone"), theirs.pop("timeZone")) == ("+08:00", " 08:00")
    assert ours == theirs


def added(line: dict[str, Any]) -> dict[str, Any]:
    """What a client adds by itself, but for the time and the key, which must be those of the moment and of the twin."""
    found = {name: value for name, value in line["params"].items() if name in EACH_ITS_OWN}
    if found:
        assert abs(int(found.pop("timestamp")) - line["ts_ns"] // 10**6) < WINDOW_MS
    return found


def test_what_each_adds_to_a_signed_request_is_its_time_and_its_window(rest: Requests, ws_api: Requests) -> None:
    for ours, theirs in zip(rest.ours, rest.theirs, strict=True):
        assert (added(ours), added(theirs)) in (({}, {}), ({"recvWindow": "5000"}, {"recvWindow": "10000"}))
    for ours, theirs in zip(ws_api.ours, ws_api.theirs, strict=True):
        one, other = added(ours), added(theirs)
        assert (one.pop("apiKey", "") == "") == (other.pop("apiKey", "") == "")
        # Over the WebSocket API the other library leaves the window to the venue, whose own is ours too.
        assert (one, other) in (({}, {}), ({"recvWindow": WINDOW_MS}, {}))
