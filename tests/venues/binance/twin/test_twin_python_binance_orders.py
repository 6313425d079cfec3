"""python-binance, unmodified, trades on the twin, and was told what the twin's log says that it did."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from witness import Witness, is_refused

pytestmark = pytest.mark.third_party

PLACED = [
    ("limit_buy", "LIMIT", "CANCELED"),
    ("limit_sell", "LIMIT", "CANCELED"),
    ("limit_taking", "LIMIT", "FILLED"),
    ("immediate_or_cancel", "LIMIT", "EXPIRED"),
    ("fill_or_kill", "LIMIT", "EXPIRED"),
    ("market_buy", "MARKET", "FILLED"),
    ("market_sell", "MARKET", "FILLED"),
    ("market_by_value", "MARKET", "FILLED"),
    ("limit_maker", "LIMIT_MAKER", "CANCELED"),
    ("stop_loss_limit", "STOP_LOSS_LIMIT", "CANCELED"),
    ("take_profit_limit", "TAKE_PROFIT_LIMIT", "CANCELED"),
    ("stop_loss", "STOP_LOSS", "CANCELED"),
    ("take_profit", "TAKE_PROFIT", "CANCELED"),
    ("trailing_stop", "STOP_LOSS", "CANCELED"),
    ("iceberg", "LIMIT", "CANCELED"),
    ("stop_to_trigger", "STOP_LOSS", "FILLED"),
    ("sale_through_stop", "MARKET", "FILLED"),
    ("ws_market_buy", "MARKET", "FILLED"),
    ("ws_market_sell", "MARKET", "FILLED"),
    ("ws_limit_buy", "LIMIT", "CANCELED"),
    ("ws_limit_sell", "LIMIT", "CANCELED"),
]
"""Each call that places one order, the order's type, and how it ended."""
LISTS = {
    "oco": ("OCO", ["LIMIT_MAKER", "STOP_LOSS_LIMIT"]),
    "oto": ("OTO", ["LIMIT", "LIMIT_MAKER"]),
    "otoco": ("OTO", ["LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT"]),
    "ws_oco": ("OCO", ["LIMIT_MAKER", "STOP_LOSS"]),
    "ws_oto": ("OTO", ["LIMIT", "LIMIT_MAKER"]),
    "ws_otoco": ("OTO", ["LIMIT", "LIMIT_MAKER", "STOP_LOSS"]),
}
"""Each call that places an order list: its contingency and its orders' types."""
QUESTIONS = [
    "get_order", "open_orders", "open_orders_everywhere", "test_order", "cancel_all", "stop_triggered", "open_lists",
    "get_list", "cancel_list", "all_lists", "cancel_all_lists", "ws_test_order", "ws_get_order", "ws_cancel_order",
    "ws_open_lists", "ws_get_list", "ws_cancel_list", "ws_open_orders", "ws_cancel_all", "account", "asset_balance",
    "my_trades", "all_orders", "order_count", "prevented_matches", "allocations", "commission", "trade_fee",
    "ws_account", "ws_my_trades", "ws_all_orders", "ws_order_count", "ws_prevented_matches", "ws_allocations",
    "ws_commission", "cancel_order", "cancel_replace", "ws_cancel_replace", "last_canceled",
]  # fmt: skip


@pytest.fixture(scope="module")
def trading(witness: Callable[..., Witness]) -> Witness:
    """A quiet market, in which nothing else reaches a stop price."""
    return witness("python_binance_orders.py", "--rate", "10")


def calls(trading: Witness) -> dict[str, Any]:
    found: dict[str, Any] = trading.seen["calls"]
    return found


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_call_is_answered(trading: Witness, name: str) -> None:
    assert not is_refused(calls(trading)[name])


@pytest.mark.parametrize(("name", "kind", "status"), PLACED)
def test_an_order_of_each_kind_is_taken_and_ends_as_the_log_says(
    trading: Witness, name: str, kind: str, status: str
) -> None:
    answer = calls(trading)[name]
    order = trading.orders[answer["orderId"]]
    assert (order["type"], order["status"], order["client_order_id"]) == (kind, status, answer["clientOrderId"])
    assert answer["clientOrderId"].startswith("x-HNA2TXFJ")


@pytest.mark.parametrize("name", LISTS)
def test_an_order_list_is_taken_and_its_orders_are_in_the_log(trading: Witness, name: str) -> None:
    answer, (contingency, kinds) = calls(trading)[name], LISTS[name]
    assert (answer["contingencyType"], answer["listOrderStatus"]) == (contingency, "EXECUTING")
    assert sorted(report["type"] for report in answer["orderReports"]) == sorted(kinds)
    orders = [trading.orders[report["orderId"]] for report in answer["orderReports"]]
    assert {order["status"] for order in orders} <= {"CANCELED", "EXPIRED"}
    states = [
        (event["l"], event["L"])
        for event in trading.seen["events"]
        if event["e"] == "listStatus" and event["g"] == answer["orderListId"]
    ]
    assert states == [("EXEC_STARTED", "EXECUTING"), ("ALL_DONE", "ALL_DONE")]


def test_the_events_of_the_account_are_all_that_were_sent_in_their_order(trading: Witness) -> None:
    seen = trading.seen["events"]
    assert seen == trading.events[: len(seen)]
    assert {event["e"] for event in seen} == {"executionReport", "outboundAccountPosition", "listStatus"}
    rest = trading.events[len(seen) :]
    assert [event["e"] for event in rest] == ["outboundAccountPosition", "eventStreamTerminated"]


def test_each_order_of_the_log_was_told_in_events_up_to_its_end(trading: Witness) -> None:
    told: dict[int, str] = {}
    for event in trading.seen["events"]:
        if event["e"] == "executionReport":
            told[event["i"]] = event["X"]
    assert told == {number: order["status"] for number, order in trading.orders.items()}


def test_a_resting_order_is_new_found_open_and_canceled(trading: Witness) -> None:
    seen = calls(trading)
    number = seen["limit_buy"]["orderId"]
    reports = [event for event in trading.seen["events"] if event["e"] == "executionReport" and event["i"] == number]
    assert [report["x"] for report in reports] == ["NEW", "CANCELED"]
    assert seen["get_order"]["status"] == "NEW"
    assert [order["orderId"] for order in seen["open_orders"]] == [number]
    assert seen["open_orders_everywhere"] == seen["open_orders"]
    assert seen["cancel_order"]["status"] == "CANCELED"


def test_an_order_that_takes_is_filled_in_its_own_answer(trading: Witness) -> None:
    answer = calls(trading)["limit_taking"]
    assert answer["status"] == "FILLED"
    fills = [(f["tradeId"], f["price"], f["qty"], f["commission"]) for f in answer["fills"]]
    assert fills
    assert set(fills) <= set(trading.fills)
    reports = [event["x"] for event in trading.seen["events"] if event.get("i") == answer["orderId"]]
    assert reports == ["NEW", *["TRADE"] * len(fills)]


def test_a_sale_that_reaches_a_stop_price_triggers_the_stop(trading: Witness) -> None:
    seen = calls(trading)
    stop, sale = seen["stop_to_trigger"], seen["sale_through_stop"]
    assert stop["status"] == "NEW"
    assert seen["stop_triggered"]["status"] == "FILLED"
    order = [
        event["i"] for event in trading.seen["events"] if event["e"] == "executionReport" and event["x"] == "TRADE"
    ]
    assert order.index(sale["orderId"]) < order.index(stop["orderId"])


@pytest.mark.parametrize("name", ["cancel_replace", "ws_cancel_replace"])
def test_a_cancel_replace_cancels_one_order_and_places_another(trading: Witness, name: str) -> None:
    answer = calls(trading)[name]
    assert (answer["cancelResult"], answer["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    old, new = answer["cancelResponse"], answer["newOrderResponse"]
    assert old["status"] == "CANCELED"
    assert trading.orders[new["orderId"]]["price"] == new["price"]


def test_fills_balances_and_orders_are_the_logs(trading: Witness) -> None:
    seen = calls(trading)
    assert [(t["id"], t["price"], t["qty"], t["commission"]) for t in seen["my_trades"]] == trading.fills
    held = {b["asset"]: (b["free"], b["locked"]) for b in seen["account"]["balances"]}
    assert {asset: held[asset] for asset in trading.balances} == trading.balances
    assert all(Decimal(locked) == 0 for _, locked in held.values())
    assert seen["asset_balance"] in seen["account"]["balances"]
    known = {order["orderId"]: order["status"] for order in seen["all_orders"]}
    last = seen["last_canceled"]["orderId"]
    assert known | {last: "CANCELED"} == {number: order["status"] for number, order in trading.orders.items()}


@pytest.mark.parametrize(
    "name", ["account", "my_trades", "all_orders", "allocations", "prevented_matches", "commission"]
)
def test_the_websocket_api_tells_the_same_as_rest(trading: Witness, name: str) -> None:
    assert calls(trading)[f"ws_{name}"] == calls(trading)[name]


def test_what_an_order_costs_is_told_three_times_alike(trading: Witness) -> None:
    seen = calls(trading)
    (fee,) = seen["trade_fee"]
    rates = seen["account"]["commissionRates"]
    standard = seen["commission"]["standardCommission"]
    assert Decimal(fee["makerCommission"]) == Decimal(rates["maker"]) == Decimal(standard["maker"])
    assert Decimal(fee["takerCommission"]) == Decimal(rates["taker"]) == Decimal(standard["taker"])
