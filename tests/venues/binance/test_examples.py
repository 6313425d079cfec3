"""Every example payload of others is read, to values that were checked by hand; what is not read is named here.

``rust_test_data/spot`` of NautilusTrader is its ``spot`` folder again, byte by byte, and SBE frames.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import msgspec
import pytest
from binance_examples import (
    Example,
    connector_rest,
    connector_streams,
    connector_ws_api,
    merged,
    nautilus_answers,
    read,
    unread,
)
from binance_examples import nautilus_events as events

from bus.messages import Code, Fill, Liquidity, OrderEvent, OrderEventKind, OrderStatus, OrderType
from venues.binance.client.payloads import ExecutionReport, RateLimit, user_event
from venues.binance.mapping.account import messages_of

Find = Callable[[str], Path]
CONNECTOR = "binance_connector_examples/binance_spot"
NAUTILUS = "nautilus/binance"

NO_BODY = {
    "ping": "its result is an empty object",
    "userDataStream.unsubscribe": "its result is an empty object",
    "spot/http_json/ping_response.json": "it is an empty object",
    "py_resources/http_responses/http_spot_market_ping.json": "it is an empty object",
    "py_resources/http_responses/http_wallet_trading_fee.json": "of /sapi, which is not this API",
    "py_resources/http_responses/http_wallet_trading_fees.json": "of /sapi, which is not this API",
}
"""Examples that are not read, and why. Those of futures are of another API: their files' names say so."""
NOT_SPOT = ("http_futures_", "ws_futures_")
NOT_READ = {
    "e", "M", "B", "st",  # the event's type, two fields "to be ignored", and a stray of futures
    "isBestMatch", "makerCommission", "takerCommission", "buyerCommission", "sellerCommission", "brokered",
    "priceExponent", "qtyExponent", "E", "T", "a", "b",  # times of a best price, and the two orders of a trade
    "code", "msg",  # the connector gives a refusal's fields to the answer beside it
}  # fmt: skip
"""Names in the examples that no struct has, because nobody needs them, or because they are none of Spot's."""


MERGED = {"openOrders.cancelAll", "order.cancel"}
"""The connector gives these the fields of an order and of a list, of which an answer has either."""
AMENDED = {"PUT /api/v3/order/amend/keepPriority", "order.amend.keepPriority"}
"""It gives these an order's ``preventedQuantity``, which an amended one has as ``preventedQty``."""


def check(example: Example, given: Any, key: str) -> None:
    """Read what was given and compare it with what it must be read as."""
    whole = merged(given, example.completed)
    found = read(example.kind, msgspec.json.encode(whole))
    assert found == example.expected
    if key not in MERGED:
        assert unread(whole, found) <= NOT_READ | ({"preventedQuantity"} if key in AMENDED else set())


def examples(captures: Find, name: str) -> dict[str, Any]:
    content = json.loads(captures(f"{CONNECTOR}/{name}.json").read_text())
    return {key: value["example"] for key, value in content.items()}


@pytest.mark.parametrize("endpoint", connector_rest.EXAMPLES)
def test_an_answer_of_the_connector_is_read(captures: Find, endpoint: str) -> None:
    check(connector_rest.EXAMPLES[endpoint], examples(captures, "rest")[endpoint], endpoint)


@pytest.mark.parametrize("method", connector_ws_api.EXAMPLES)
def test_a_result_of_the_connector_is_read(captures: Find, method: str) -> None:
    answer = examples(captures, "wsapi")[method]
    check(connector_ws_api.EXAMPLES[method], answer["result"], method)
    if "rateLimits" in answer:
        count = 10 if method == "blockTrades.historical" else 321
        limits = msgspec.convert(answer["rateLimits"], list[RateLimit])
        assert limits == [RateLimit("REQUEST_WEIGHT", "MINUTE", 1, 6000, count)]


@pytest.mark.parametrize("stream", connector_streams.EXAMPLES)
def test_a_stream_of_the_connector_is_read(captures: Find, stream: str) -> None:
    check(connector_streams.EXAMPLES[stream], examples(captures, "ws")[stream], stream)


@pytest.mark.parametrize("file", nautilus_answers.EXAMPLES)
def test_an_answer_of_nautilus_is_read(captures: Find, file: str) -> None:
    check(nautilus_answers.EXAMPLES[file], json.loads(captures(f"{NAUTILUS}/{file}").read_text()), file)


@pytest.mark.parametrize("file", events.EXAMPLES)
def test_an_event_of_nautilus_is_read(captures: Find, file: str) -> None:
    content = json.loads(captures(f"{NAUTILUS}/{file}").read_text())
    check(events.EXAMPLES[file], content.get("event", content.get("data", content)), file)


def test_no_example_of_the_connector_is_left_out(captures: Find) -> None:
    for name, table in (("rest", connector_rest), ("wsapi", connector_ws_api), ("ws", connector_streams)):
        assert examples(captures, name).keys() - table.EXAMPLES.keys() <= NO_BODY.keys(), name
        assert not table.EXAMPLES.keys() - examples(captures, name).keys(), name


def test_no_spot_example_of_nautilus_is_left_out(captures: Find) -> None:
    root = captures(NAUTILUS)
    files = {
        file.relative_to(root).as_posix()
        for folder in ("spot", "py_resources")
        for file in (root / folder).rglob("*.json")
        if not file.name.startswith(NOT_SPOT)
    }
    assert len(files) > 60
    assert files - nautilus_answers.EXAMPLES.keys() - events.EXAMPLES.keys() == files & NO_BODY.keys()


def test_the_second_copy_of_nautilus_spot_examples_is_the_same(captures: Find) -> None:
    root = captures(f"{NAUTILUS}/rust_test_data/spot")
    for file in root.rglob("*.json"):
        if "sbe" not in file.as_posix():
            same = captures(f"{NAUTILUS}/spot/{file.relative_to(root).as_posix()}")
            assert file.read_bytes() == same.read_bytes(), file.name


NEW, DONE, PART = OrderStatus.ACCEPTED, OrderStatus.FILLED, OrderStatus.PARTIALLY_FILLED
Kind, Status, Type = OrderEventKind, OrderStatus, OrderType
BOUGHT = ("98765432", D("2499.5"), D("0.5"), D("0.0005"), "ETH", Liquidity.MAKER)
REPORTS: dict[str, tuple[Any, ...]] = {
    "spot/user_data_json/execution_report_canceled": (None, Kind.CANCELED, Status.CANCELED, D(0), None),
    "spot/user_data_json/execution_report_expired": (None, Kind.EXPIRED, Status.EXPIRED, D(0), None),
    "spot/user_data_json/execution_report_new": (None, Kind.ACCEPTED, NEW, D(0), None),
    "spot/user_data_json/execution_report_stop_loss": (None, Kind.ACCEPTED, NEW, D(0), None),
    "spot/user_data_json/execution_report_trade": (
        ("98765432", D(2500), D(1), D("0.001"), "ETH", Liquidity.MAKER), Kind.REPORT, DONE, D(1), D(2500)),
    "spot/user_data_json/execution_report_wrapped": (None, Kind.ACCEPTED, NEW, D(0), None),
    "binance_us": (("88685053", D("117290.77"), D("0.00042"), D("0.00492621"), "USD", Liquidity.TAKER),
                   Kind.REPORT, DONE, D("0.00042"), D("49.2621234") / D("0.00042")),
    "calculated": (None, Kind.REPORT, DONE, D("0.01"), D(49500)),
    "canceled": (None, Kind.CANCELED, Status.CANCELED, D("0.1"), D(2500)),
    "custom_client_id": (BOUGHT, Kind.REPORT, PART, D("0.5"), D("2499.5")),
    "empty_client_id": (BOUGHT, Kind.REPORT, PART, D("0.5"), D("2499.5")),
    "expired": (None, Kind.EXPIRED, Status.EXPIRED, D(0), None),
    "new": (None, Kind.ACCEPTED, NEW, D(0), None),
    "new_limit_if_touched_price_match": (None, Kind.ACCEPTED, NEW, D(0), None),
    "new_price_match": (None, Kind.ACCEPTED, NEW, D(0), None),
    "new_stop_limit_price_match": (None, Kind.ACCEPTED, NEW, D(0), None),
    "pending_cancel": (None, Kind.CANCELED, NEW, D("0.1"), D(2500)),
    "rejected": (None, Kind.REJECTED, Status.REJECTED, D(0), None),
    "trade": (BOUGHT, Kind.REPORT, PART, D("0.5"), D("2499.5")),
    "trade_l_zero": (None, Kind.REPORT, DONE, D("0.001"), None),
    "trade_l_zero_canceled": (None, Kind.REPORT, Status.CANCELED, D(0), None),
    "trade_l_zero_expired": (None, Kind.REPORT, Status.EXPIRED, D(0), None),
    "trade_l_zero_new": (None, Kind.REPORT, NEW, D(0), None),
    "trade_l_zero_partial": (None, Kind.REPORT, PART, D("0.5"), None),
    "trade_prevention": (None, Kind.REPORT, Status.EXPIRED, D(0), None),
}  # fmt: skip
"""Of each report: its fill, the event's kind, the order's status, what is filled, and at which average."""
TERMS: dict[str, tuple[Any, ...]] = {
    "spot/user_data_json/execution_report_stop_loss": (Type.STOP_LIMIT, D(1), D(2400), D(2450)),
    "new_limit_if_touched_price_match": (Type.LIMIT_IF_TOUCHED, D(1), D("2505.25"), D(2500)),
    "new_stop_limit_price_match": (Type.STOP_LIMIT, D(1), D("2405.75"), D(2400)),
    "new_price_match": (Type.LIMIT, D(1), D("2495.5"), None),
    "binance_us": (Type.LIMIT, D("0.00042"), D("117290.77"), None),
}
"""Of some: the order's type, size, price and trigger."""
CODES: dict[str, tuple[Code, str]] = {
    "spot/user_data_json/execution_report_expired": (Code.UNFILLED, "INSUFFICIENT_LIQUIDITY"),
    "rejected": (Code.VENUE_REJECTED, "GTX_ORDER_REJECT"),
    "trade_prevention": (Code.SELF_TRADE, "SELF_TRADE_PREVENTION"),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_nautilus_becomes_these_messages(captures: Find, name: str) -> None:
    file = name if "/" in name else f"py_resources/ws_messages/ws_spot_execution_report_{name}"
    content = json.loads(captures(f"{NAUTILUS}/{file}.json").read_text())
    report = user_event(msgspec.json.encode(content.get("event", content.get("data", content))))
    assert isinstance(report, ExecutionReport)
    *fills, order = messages_of(report, "BINANCE", "X.BINANCE", 1)
    assert isinstance(order, OrderEvent)
    told = [
        (fill.trade_id, fill.price, fill.size, fill.fee, fill.fee_currency, fill.liquidity)
        for fill in fills
        if isinstance(fill, Fill)
    ]
    expected, *state = REPORTS[name]
    assert told == ([] if expected is None else [expected])
    assert [order.kind, order.status, order.filled, order.average_price] == state
    assert (order.code, order.reason) == CODES.get(name, (Code.NONE, ""))
    if name in TERMS:
        assert (order.type, order.size, order.price, order.trigger_price) == TERMS[name]


def test_every_report_of_nautilus_is_among_them() -> None:
    reports = {file for file in events.EXAMPLES if "execution_report" in file}
    prefix = "py_resources/ws_messages/ws_spot_execution_report_"
    assert {f"{name if '/' in name else prefix + name}.json" for name in REPORTS} == reports
