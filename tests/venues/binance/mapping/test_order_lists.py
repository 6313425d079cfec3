"""Lists of orders become OCO, OTO and OTOCO, and what the venue says of a list becomes events of its orders."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from bus.messages import (
    Code,
    ContingencyType,
    NewOrder,
    OrderEventKind,
    OrderStatus,
    OrderType,
    Refused,
    Side,
    Source,
    SubmitOrderList,
    TimeInForce,
    TrailingOffsetType,
)
from venues.binance.client.payloads import ListStatus, OrderList, user_event
from venues.binance.mapping.order_lists import cancel_list_params, list_names, list_reports, list_request


def order(number: int, contingency: ContingencyType, **changes: Any) -> NewOrder:
    fields: dict[str, Any] = {
        "order_id": f"T{number}", "client_order_id": f"C{number}", "instance": "BINANCE", "strategy": "s1",
        "instrument": "LTCBTC.BINANCE", "side": Side.SELL, "type": OrderType.LIMIT, "size": D(5), "price": D(3),
        "contingency": contingency, "list_id": "L1",
    }  # fmt: skip
    return NewOrder(**{**fields, **changes})


def profit(number: int, contingency: ContingencyType, **changes: Any) -> NewOrder:
    return order(number, contingency, **{"post_only": True, **changes})


def stop(number: int, contingency: ContingencyType, **changes: Any) -> NewOrder:
    return order(
        number, contingency, **{"type": OrderType.STOP_LIMIT, "price": D("0.9"), "trigger_price": D(1), **changes}
    )


OCO, OTO, BRACKET = ContingencyType.OCO, ContingencyType.OTO, ContingencyType.BRACKET
LIST = {"symbol": "LTCBTC", "listClientOrderId": "L1", "newOrderRespType": "ACK"}


def test_a_pair_that_sells_has_its_profit_above_and_its_stop_below() -> None:
    request = list_request(SubmitOrderList((profit(1, OCO), stop(2, OCO))), "LTCBTC")
    assert not isinstance(request, Refused)
    assert request.method == "orderList.place.oco"
    assert request.params == {
        **LIST, "side": "SELL", "quantity": "5",
        "aboveType": "LIMIT_MAKER", "abovePrice": "3", "aboveClientOrderId": "C1",
        "belowType": "STOP_LOSS_LIMIT", "belowPrice": "0.9", "belowStopPrice": "1", "belowTimeInForce": "GTC",
        "belowClientOrderId": "C2",
    }  # fmt: skip


def test_a_pair_that_buys_has_its_stop_above_and_its_profit_below() -> None:
    trailing = {"trailing_offset": D(30), "trailing_offset_type": TrailingOffsetType.BASIS_POINTS, "price": None}
    touched = profit(
        2, OCO, side=Side.BUY, type=OrderType.MARKET_IF_TOUCHED, post_only=False, price=None, trigger_price=D(2)
    )
    stopped = order(1, OCO, side=Side.BUY, type=OrderType.TRAILING_STOP_MARKET, **trailing)
    request = list_request(SubmitOrderList((stopped, touched)), "LTCBTC")
    assert not isinstance(request, Refused)
    assert request.params == {
        **LIST, "side": "BUY", "quantity": "5",
        "aboveType": "STOP_LOSS", "aboveTrailingDelta": 30, "aboveClientOrderId": "C1",
        "belowType": "TAKE_PROFIT", "belowStopPrice": "2", "belowClientOrderId": "C2",
    }  # fmt: skip


def test_an_order_that_waits_for_another_goes_with_it() -> None:
    params = {"selfTradePreventionMode": "EXPIRE_TAKER"}
    working = order(1, OTO, time_in_force=TimeInForce.FOK, display_size=None, params={**params, "strategyId": "9"})
    pending = order(2, OTO, side=Side.BUY, size=D(4), type=OrderType.MARKET, price=None, parent_id="T1", params=params)
    request = list_request(SubmitOrderList((working, pending)), "LTCBTC")
    assert not isinstance(request, Refused)
    assert request.method == "orderList.place.oto"
    assert request.params == {
        **LIST, "selfTradePreventionMode": "EXPIRE_TAKER",
        "workingType": "LIMIT", "workingPrice": "3", "workingTimeInForce": "FOK", "workingClientOrderId": "C1",
        "workingSide": "SELL", "workingQuantity": "5", "workingStrategyId": "9",
        "pendingType": "MARKET", "pendingSide": "BUY", "pendingQuantity": "4", "pendingClientOrderId": "C2",
    }  # fmt: skip


def test_a_bracket_is_an_order_and_a_pair_that_waits_for_it() -> None:
    working = order(1, BRACKET, side=Side.BUY, post_only=True, display_size=D(1))
    above = profit(2, BRACKET, parent_id="T1", price=D(4))
    below = stop(3, BRACKET, parent_id="T1", time_in_force=TimeInForce.IOC)
    request = list_request(SubmitOrderList((working, above, below)), "LTCBTC")
    assert not isinstance(request, Refused)
    assert request.method == "orderList.place.otoco"
    assert request.params == {
        **LIST,
        "workingType": "LIMIT_MAKER", "workingPrice": "3", "workingIcebergQty": "1", "workingClientOrderId": "C1",
        "workingSide": "BUY", "workingQuantity": "5",
        "pendingSide": "SELL", "pendingQuantity": "5",
        "pendingAboveType": "LIMIT_MAKER", "pendingAbovePrice": "4", "pendingAboveClientOrderId": "C2",
        "pendingBelowType": "STOP_LOSS_LIMIT", "pendingBelowPrice": "0.9", "pendingBelowStopPrice": "1",
        "pendingBelowTimeInForce": "IOC", "pendingBelowClientOrderId": "C3",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("orders", "word"),
    [
        ((), "no orders"),
        ((profit(1, OCO),), "OCO of 1"),
        ((profit(1, OCO), stop(2, OCO), stop(3, OCO)), "OCO of 3"),
        ((order(1, ContingencyType.NONE), order(2, ContingencyType.NONE)), "NONE of 2"),
        ((profit(1, OCO), stop(2, OTO)), "differ"),
        ((profit(1, OCO), stop(2, OCO, list_id="L2")), "differ"),
        ((profit(1, OCO, list_id=""), stop(2, OCO, list_id="")), "list_id"),
        ((profit(1, OCO), stop(2, OCO, instrument="BTCUSDT.BINANCE")), "instrument"),
        ((profit(1, OCO), stop(2, OCO, size=D(4))), "one size"),
        ((profit(1, OCO), stop(2, OCO, side=Side.BUY)), "one side"),
        ((profit(1, OCO), profit(2, OCO)), "a stop and"),
        ((stop(1, OCO), stop(2, OCO)), "a stop and"),
        ((order(1, OCO), stop(2, OCO)), "post_only"),
        ((profit(1, OCO), stop(2, OCO, parent_id="T1")), "works first"),
        ((order(1, OTO), order(2, OTO)), "works first"),
        ((order(1, OTO, parent_id="T9"), order(2, OTO, parent_id="T1")), "works first"),
        ((stop(1, OTO), order(2, OTO, parent_id="T1")), "cannot work first"),
        ((profit(1, OCO, params={"recvWindow": "1"}), stop(2, OCO)), "recvWindow"),
        ((profit(1, OCO, params={"selfTradePreventionMode": "NONE"}), stop(2, OCO)), "selfTradePreventionMode"),
        ((profit(1, OCO), stop(2, OCO, trigger_price=None)), "trigger_price"),
    ],
)
def test_what_is_no_list_of_the_venues_is_denied_and_said(orders: tuple[NewOrder, ...], word: str) -> None:
    denial = list_request(SubmitOrderList(orders), "LTCBTC")
    assert isinstance(denial, Refused)
    assert word in denial.reason


def test_an_order_of_a_list_needs_a_size() -> None:
    bought = order(2, OTO, type=OrderType.MARKET, price=None, size=None, quote_size=D(9), parent_id="T1")
    denial = list_request(SubmitOrderList((order(1, OTO), bought)), "LTCBTC")
    assert isinstance(denial, Refused)
    assert denial.code is Code.SIZE_MISSING


def test_a_list_is_canceled_by_its_name() -> None:
    assert cancel_list_params("L1", "LTCBTC") == {"symbol": "LTCBTC", "listClientOrderId": "L1"}


CANCELED = b"""{"orderListId":0,"contingencyType":"OCO","listStatusType":"ALL_DONE","listOrderStatus":"ALL_DONE",
"listClientOrderId":"L1","transactionTime":1574040868128,"symbol":"LTCBTC",
"orders":[{"symbol":"LTCBTC","orderId":2,"clientOrderId":"C1"},{"symbol":"LTCBTC","orderId":3,"clientOrderId":"C2"}],
"orderReports":[
{"symbol":"LTCBTC","origClientOrderId":"C1","orderId":2,"orderListId":0,"clientOrderId":"request","price":"1.00000000",
"transactTime":1688005070874,"origQty":"10.00000000","executedQty":"0.00000000","cummulativeQuoteQty":"0.00000000",
"status":"CANCELED","timeInForce":"GTC","type":"STOP_LOSS_LIMIT","side":"SELL","stopPrice":"1.10000000"},
{"symbol":"LTCBTC","origClientOrderId":"C2","orderId":3,"orderListId":0,"clientOrderId":"request","price":"3.00000000",
"transactTime":1688005070874,"origQty":"10.00000000","executedQty":"0.00000000","cummulativeQuoteQty":"0.00000000",
"status":"CANCELED","timeInForce":"GTC","type":"LIMIT_MAKER","side":"SELL"}]}"""


def test_a_canceled_list_is_the_end_of_each_of_its_orders_under_its_own_name() -> None:
    answer = msgspec.json.decode(CANCELED, type=OrderList)
    events = list_reports(
        answer, OrderEventKind.CANCELED, Source.ANSWER, "BINANCE", "LTCBTC.BINANCE", 9, {"C1": ("T1", "s1")}
    )
    told = [(one.client_order_id, one.venue_order_id, one.order_id, one.strategy, one.status) for one in events]
    assert told == [("C1", "2", "T1", "s1", OrderStatus.CANCELED), ("C2", "3", "", "", OrderStatus.CANCELED)]
    assert [one.type for one in events] == [OrderType.STOP_LIMIT, OrderType.LIMIT]
    assert [one.trigger_price for one in events] == [D("1.1"), None]
    assert [one.post_only for one in events] == [False, True]
    assert list_names(answer) == {"C1": "2", "C2": "3"}


def test_a_list_status_names_its_orders() -> None:
    event = user_event(
        b'{"e":"listStatus","E":1564035303637,"s":"ETHBTC","g":2,"c":"OCO","l":"EXEC_STARTED","L":"EXECUTING",'
        b'"r":"NONE","C":"L1","T":1564035303625,"O":[{"s":"ETHBTC","i":17,"c":"C1"},{"s":"ETHBTC","i":18,"c":"C2"}]}'
    )
    assert isinstance(event, ListStatus)
    assert list_names(event) == {"C1": "17", "C2": "18"}
