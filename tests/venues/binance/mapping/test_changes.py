"""An order is amended, replaced and canceled; what the venue says of a replacement tells both orders' fate."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from bus.messages import (
    CancelOrder,
    Code,
    ModifyOrder,
    NewOrder,
    OrderEventKind,
    OrderStatus,
    OrderType,
    Refused,
    Side,
)
from venues.binance.client.payloads import CancelReplace, ErrorBody, OrderAmended
from venues.binance.mapping.changes import amend_params, cancel_params, replace_params, replace_reports
from venues.binance.mapping.orders import amend_report

ORDER = NewOrder("T1", "C1", "BINANCE", "BTCUSDT.BINANCE", "s1", Side.BUY, OrderType.LIMIT, D(1), D(100))


def change(**changes: Any) -> ModifyOrder:
    fields: dict[str, Any] = {
        "order_id": "T1", "client_order_id": "C1", "venue_order_id": "28", "instance": "BINANCE",
        "instrument": "BTCUSDT.BINANCE", "strategy": "s1",
    }  # fmt: skip
    return ModifyOrder(**{**fields, **changes})


def test_a_cancel_names_the_order_by_our_id_or_by_the_venues() -> None:
    cancel = CancelOrder("C1", "BINANCE", "BTCUSDT.BINANCE", "s1", venue_order_id="28")
    assert cancel_params(cancel, "BTCUSDT") == {"symbol": "BTCUSDT", "origClientOrderId": "C1"}
    foreign = CancelOrder("", "BINANCE", "BTCUSDT.BINANCE", "s1", venue_order_id="28")
    assert cancel_params(foreign, "BTCUSDT") == {"symbol": "BTCUSDT", "orderId": "28"}
    nameless = cancel_params(CancelOrder("", "BINANCE", "BTCUSDT.BINANCE", "s1"), "BTCUSDT")
    assert isinstance(nameless, Refused)
    assert nameless.code is Code.NO_SUCH_ORDER


def test_an_amendment_makes_the_order_smaller_and_keeps_its_name() -> None:
    params = amend_params(change(size=D("0.50"), new_client_order_id="C2"), "BTCUSDT")
    assert params == {"symbol": "BTCUSDT", "origClientOrderId": "C1", "newQty": "0.5", "newClientOrderId": "C1"}


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"size": D(1), "price": D(2)}, Code.UNSUPPORTED_INSTRUCTION),
        ({"size": D(1), "trigger_price": D(2)}, Code.UNSUPPORTED_INSTRUCTION),
        ({}, Code.SIZE_MISSING),
        ({"size": D(1), "client_order_id": "", "venue_order_id": ""}, Code.NO_SUCH_ORDER),
    ],
)
def test_an_amendment_is_of_the_size_alone(terms: dict[str, Any], code: Code) -> None:
    denial = amend_params(change(**terms), "BTCUSDT")
    assert isinstance(denial, Refused)
    assert denial.code is code


def test_an_amended_order_is_told_under_the_name_that_it_had() -> None:
    answer = msgspec.json.decode(
        b'{"transactTime":1741926410255,"executionId":75,"amendedOrder":{"symbol":"BTCUSDT","orderId":33,'
        b'"orderListId":-1,"origClientOrderId":"C1","clientOrderId":"C9","price":"6.00000000","qty":"5.00000000",'
        b'"executedQty":"1.00000000","preventedQty":"0.50000000","quoteOrderQty":"0.00000000","cumulativeQuoteQty":'
        b'"6.00000000","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT","side":"SELL",'
        b'"workingTime":1741926410242,"selfTradePreventionMode":"NONE"}}',
        type=OrderAmended,
    )
    event = amend_report(answer, "BINANCE", "BTCUSDT.BINANCE", 9, "T1", "s1")
    assert (event.kind, event.status) == (OrderEventKind.UPDATED, OrderStatus.PARTIALLY_FILLED)
    assert (event.client_order_id, event.venue_order_id, event.order_id) == ("C1", "33", "T1")
    assert (event.size, event.filled, event.leaves) == (D(5), D(1), D("3.5"))
    assert (event.price, event.average_price) == (D(6), D(6))
    assert event.ts_event == 1741926410255 * 10**6


def test_a_replacement_cancels_an_order_without_fills_and_places_the_same_with_the_change() -> None:
    params = replace_params(change(price=D(99), new_client_order_id="C2"), ORDER, "BTCUSDT")
    assert params == {
        "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "1", "price": "99",
        "newClientOrderId": "C2", "newOrderRespType": "RESULT", "cancelReplaceMode": "STOP_ON_FAILURE",
        "cancelOrigClientOrderId": "C1", "cancelNewClientOrderId": "C2_rpl", "cancelRestrictions": "ONLY_NEW",
    }  # fmt: skip


def test_a_replacement_of_a_filled_part_is_of_what_is_left() -> None:
    params = replace_params(change(size=D(3), new_client_order_id="C2", client_order_id=""), ORDER, "BTCUSDT", D("0.4"))
    assert isinstance(params, dict)
    assert (params["quantity"], params["cancelRestrictions"]) == ("2.6", "ONLY_PARTIALLY_FILLED")
    assert params["cancelOrderId"] == "28"


@pytest.mark.parametrize(
    ("terms", "filled", "code"),
    [
        ({"price": D(99)}, D(0), Code.UNSUPPORTED_INSTRUCTION),
        ({"price": D(99), "new_client_order_id": "C1"}, D(0), Code.UNSUPPORTED_INSTRUCTION),
        ({"size": D("0.4"), "new_client_order_id": "C2"}, D("0.4"), Code.SIZE_LIMIT),
        ({"trigger_price": D(9), "new_client_order_id": "C2"}, D(0), Code.UNSUPPORTED_INSTRUCTION),
        ({"new_client_order_id": "C2", "client_order_id": "", "venue_order_id": ""}, D(0), Code.NO_SUCH_ORDER),
    ],
)
def test_a_replacement_that_cannot_be_is_denied(terms: dict[str, Any], filled: D, code: Code) -> None:
    denial = replace_params(change(**terms), ORDER, "BTCUSDT", filled)
    assert isinstance(denial, Refused)
    assert denial.code is code


OLD = '{"symbol":"BTCUSDT","origClientOrderId":"C1","orderId":9,"clientOrderId":"request","transactTime":7,"status":"CANCELED","side":"BUY","type":"LIMIT","timeInForce":"GTC","origQty":"1","executedQty":"0","price":"100"}'  # noqa: E501
NEW = '{"symbol":"BTCUSDT","orderId":11,"orderListId":-1,"clientOrderId":"C2","transactTime":8}'
GONE = '{"code":-2011,"msg":"Unknown order sent."}'
TAKES = '{"code":-2010,"msg":"Order would immediately match and take."}'
DUPLICATE = '{"code":-2010,"msg":"Duplicate order sent."}'
KINDS = OrderEventKind
REFUSED = ("C1", KINDS.CANCEL_REJECTED, "-2011")


@pytest.mark.parametrize(
    ("cancel", "old", "placed", "new", "expected"),
    [
        ("SUCCESS", OLD, "SUCCESS", NEW, [("C1", KINDS.CANCELED, ""), ("C2", KINDS.ACCEPTED, "")]),
        (
            "FAILURE",
            GONE,
            "NOT_ATTEMPTED",
            "null",
            [REFUSED, ("C2", KINDS.NOT_SENT, "")],
        ),
        ("SUCCESS", OLD, "FAILURE", TAKES, [("C1", KINDS.CANCELED, ""), ("C2", KINDS.REJECTED, "-2010")]),
        ("FAILURE", GONE, "SUCCESS", NEW, [REFUSED, ("C2", KINDS.ACCEPTED, "")]),
        ("FAILURE", GONE, "FAILURE", TAKES, [REFUSED, ("C2", KINDS.REJECTED, "-2010")]),
        ("SUCCESS", OLD, "FAILURE", DUPLICATE, [("C1", KINDS.CANCELED, ""), ("C2", KINDS.OUTCOME_UNKNOWN, "-2010")]),
        ("SUCCESS", OLD, "FAILURE", "null", [("C1", KINDS.CANCELED, ""), ("C2", KINDS.OUTCOME_UNKNOWN, "")]),
    ],
)
def test_both_parts_of_a_replacement_have_their_outcome(
    cancel: str, old: str, placed: str, new: str, expected: list[tuple[str, OrderEventKind, str]]
) -> None:
    data = f'{{"cancelResult":"{cancel}","newOrderResult":"{placed}","cancelResponse":{old},"newOrderResponse":{new}}}'
    error = msgspec.json.decode(f'{{"code":-2021,"msg":"partially failed","data":{data}}}', type=ErrorBody)
    body = msgspec.json.decode(error.data, type=CancelReplace)
    events = replace_reports(body, change(new_client_order_id="C2"), 9, ("T1", "T2"))
    assert [(one.client_order_id, one.kind, one.venue_code) for one in events] == expected
    assert [one.order_id for one in events] == ["T1", "T2"]
    assert all(one.strategy == "s1" for one in events)


def test_the_replaced_order_of_a_list_ended_with_its_whole_list() -> None:
    listed = '{"orderListId":1,"contingencyType":"OCO","listOrderStatus":"ALL_DONE","listClientOrderId":"L1"}'
    data = f'{{"cancelResult":"SUCCESS","newOrderResult":"SUCCESS","cancelResponse":{listed},"newOrderResponse":{NEW}}}'
    body = msgspec.json.decode(data, type=CancelReplace)
    old, _ = replace_reports(body, change(new_client_order_id="C2"), 9, ("T1", "T2"))
    assert (old.kind, old.client_order_id, old.code) == (OrderEventKind.CANCELED, "C1", Code.NONE)
