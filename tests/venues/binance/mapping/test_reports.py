"""What happens to an order at the venue, in every variant of ``executionReport``, and what else its account tells."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from bus.messages import (
    BalanceChange,
    BalanceReason,
    Code,
    Fill,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PrivateStream,
    Source,
)
from venues.binance.client.payloads import (
    BalanceUpdate,
    EventStreamTerminated,
    ExecutionReport,
    ExternalLockUpdate,
    OrderBody,
    OutboundAccountPosition,
    ServerShutdown,
    user_event,
)
from venues.binance.mapping.account import balance_change_of, messages_of, stream_end_of
from venues.binance.mapping.orders import answer_fills, order_report

REPORT: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHBTC", "c": "C1", "S": "BUY", "o": "LIMIT", "f": "GTC",
    "q": "1.00000000", "p": "0.10264410", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW",
    "X": "NEW", "r": "NONE", "i": 4293153, "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0",
    "N": None, "T": 1499405658657, "t": -1, "I": 8641984, "w": True, "m": False, "M": False, "O": 1499405658657,
    "Z": "0.00000000", "Y": "0.00000000", "Q": "0.00000000", "W": 1499405658657, "V": "NONE",
}  # fmt: skip
STOP = {"o": "STOP_LOSS_LIMIT", "P": "0.10000000"}
WAITS = {"w": False, "W": None}
Kind, Status, Type = OrderEventKind, OrderStatus, OrderType


def report(**changes: Any) -> ExecutionReport:
    fields = {name: value for name, value in {**REPORT, **changes}.items() if name != "W" or value is not None}
    event = user_event(msgspec.json.encode(fields))
    assert isinstance(event, ExecutionReport)
    return event


def order_of(**changes: Any) -> OrderEvent:
    (*_, order) = messages_of(report(**changes), "BINANCE", "ETHBTC.BINANCE", 7)
    assert isinstance(order, OrderEvent)
    return order


@pytest.mark.parametrize(
    ("changes", "kind", "status", "kind_of_order", "trigger"),
    [
        ({}, Kind.ACCEPTED, Status.ACCEPTED, Type.LIMIT, None),
        ({**STOP, **WAITS}, Kind.ACCEPTED, Status.ACCEPTED, Type.STOP_LIMIT, D("0.1")),
        (STOP, Kind.TRIGGERED, Status.TRIGGERED, Type.STOP_LIMIT, D("0.1")),
        ({**STOP, "X": "PENDING_NEW"}, Kind.ACCEPTED, Status.ACCEPTED, Type.STOP_LIMIT, D("0.1")),
        ({**STOP, "x": "REPLACED"}, Kind.UPDATED, Status.ACCEPTED, Type.STOP_LIMIT, D("0.1")),
        ({**STOP, "o": "TAKE_PROFIT", **WAITS}, Kind.ACCEPTED, Status.ACCEPTED, Type.MARKET_IF_TOUCHED, D("0.1")),
        ({**STOP, "o": "TAKE_PROFIT_LIMIT"}, Kind.TRIGGERED, Status.TRIGGERED, Type.LIMIT_IF_TOUCHED, D("0.1")),
        ({**STOP, **WAITS, "o": "STOP_LOSS", "d": 25, "D": 5}, Kind.ACCEPTED, Status.ACCEPTED,
         Type.TRAILING_STOP_MARKET, None),
        ({**STOP, **WAITS, "d": 25, "D": -1}, Kind.ACCEPTED, Status.ACCEPTED, Type.TRAILING_STOP_LIMIT, None),
        ({**STOP, **WAITS, "o": "TAKE_PROFIT", "d": 25}, Kind.ACCEPTED, Status.ACCEPTED, Type.MARKET_IF_TOUCHED, None),
        ({"F": "0.10000000"}, Kind.ACCEPTED, Status.ACCEPTED, Type.LIMIT, None),
        ({"g": 5, "X": "PENDING_NEW", **WAITS}, Kind.ACCEPTED, Status.ACCEPTED, Type.LIMIT, None),
        ({"x": "CANCELED", "X": "PENDING_CANCEL"}, Kind.CANCELED, Status.ACCEPTED, Type.LIMIT, None),
    ],
)  # fmt: skip
def test_an_order_that_waits_works_or_trails_is_told_as_what_it_is(
    changes: dict[str, Any], kind: Kind, status: Status, kind_of_order: Type, trigger: D | None
) -> None:
    order = order_of(**changes)
    assert (order.kind, order.status, order.type, order.trigger_price) == (kind, status, kind_of_order, trigger)
    assert order.code is Code.NONE


def test_a_canceled_order_is_named_by_its_own_id_and_an_amended_one_by_the_id_that_it_had() -> None:
    canceled = order_of(x="CANCELED", X="CANCELED", c="request", C="C1", z="0.4", Z="0.04")
    assert (canceled.client_order_id, canceled.kind, canceled.filled) == ("C1", Kind.CANCELED, D("0.4"))
    assert canceled.average_price == D("0.1")
    amended = order_of(x="REPLACED", c="C2", C="C1", q="0.5")
    assert (amended.client_order_id, amended.kind, amended.size) == ("C1", Kind.UPDATED, D("0.5"))


def test_a_size_that_self_trade_prevention_took_from_an_open_order_no_longer_works() -> None:
    taken = {"x": "TRADE_PREVENTION", "v": 3, "A": "0.25", "B": "0.25", "u": 1, "U": 37, "pl": "0.25", "pL": "0.1"}
    order = order_of(**taken, X="PARTIALLY_FILLED", z="0.5")
    assert (order.kind, order.status, order.filled, order.leaves) == (
        Kind.REPORT, Status.PARTIALLY_FILLED, D("0.5"), D("0.25"),
    )  # fmt: skip
    assert order.code is Code.NONE
    ended = order_of(**taken, X="EXPIRED_IN_MATCH")
    assert (ended.status, ended.code, ended.leaves) == (Status.EXPIRED, Code.SELF_TRADE, None)
    later = order_of(x="TRADE", X="PARTIALLY_FILLED", t=8, l="0.1", L="0.1", z="0.6", A="0.25")
    assert later.leaves == D("0.15")


@pytest.mark.parametrize(
    ("changes", "code", "reason"),
    [
        ({"eR": "UNFILLED_FOK_ORDER_EXPIRED"}, Code.UNFILLED, "UNFILLED_FOK_ORDER_EXPIRED"),
        ({"eR": "UNFILLED_IOC_QUANTITY_EXPIRED"}, Code.UNFILLED, "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ({"eR": "INSUFFICIENT_LIQUIDITY"}, Code.UNFILLED, "INSUFFICIENT_LIQUIDITY"),
        ({"eR": "OCO_TRIGGER", "g": 2}, Code.LINKED_ORDER, "OCO_TRIGGER"),
        ({"eR": "OTO_PHASE_ONE_EXPIRED", "g": 2}, Code.LINKED_ORDER, "OTO_PHASE_ONE_EXPIRED"),
        ({"eR": "EXCHANGE_CANCELED"}, Code.CANCELED_BY_VENUE, "EXCHANGE_CANCELED"),
        ({"eR": "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"}, Code.CANCELED_BY_VENUE, "EXECUTION_RULE_PRICE_RANGE_EXCEEDED"),
        ({"eR": "REJECTED"}, Code.VENUE_REJECTED, "REJECTED"),
        ({"eR": "OF_TOMORROW"}, Code.NONE, "OF_TOMORROW"),
        ({}, Code.NONE, ""),
        ({"x": "TRADE", "eR": "INSUFFICIENT_LIQUIDITY"}, Code.UNFILLED, "INSUFFICIENT_LIQUIDITY"),
        ({"x": "REJECTED", "X": "REJECTED", "r": "OCO_BAD_PRICES"}, Code.VENUE_REJECTED, "OCO_BAD_PRICES"),
        ({"x": "REJECTED", "X": "OF_TOMORROW", "r": "NONE"}, Code.VENUE_REJECTED, ""),
    ],
)
def test_why_the_venue_ended_an_order_is_told(changes: dict[str, Any], code: Code, reason: str) -> None:
    order = order_of(**{"x": "EXPIRED", "X": "EXPIRED", **changes})
    assert (order.code, order.reason) == (code, reason)


def test_an_answer_of_kind_full_tells_its_fills_and_the_order_after_them() -> None:
    body = msgspec.json.decode(
        b'{"symbol":"BTCUSDT","orderId":28,"orderListId":-1,"clientOrderId":"C1","transactTime":1507725176595,'
        b'"price":"0.00000000","origQty":"6.00000000","executedQty":"6.00000000","origQuoteOrderQty":"0.000000",'
        b'"cummulativeQuoteQty":"23995.00000000","status":"FILLED","timeInForce":"GTC","type":"MARKET","side":"SELL",'
        b'"workingTime":1507725176595,"selfTradePreventionMode":"NONE","fills":['
        b'{"price":"4000.00000000","qty":"1.00000000","commission":"4.00000000","commissionAsset":"USDT","tradeId":56},'
        b'{"price":"3999.00000000","qty":"5.00000000","commission":"19.995","commissionAsset":"USDT","tradeId":57}]}',
        type=OrderBody,
    )
    first, second = answer_fills(body, "BINANCE", "BTCUSDT.BINANCE", 9, "T1", "s1")
    assert isinstance(first, Fill)
    assert (first.trade_id, first.price, first.size, first.fee) == ("56", D(4000), D(1), D(4))
    assert (second.trade_id, second.price, second.size, second.fee_currency) == ("57", D(3999), D(5), "USDT")
    assert (second.client_order_id, second.venue_order_id, second.order_id) == ("C1", "28", "T1")
    assert second.ts_event == 1507725176595 * 10**6
    event = order_report(body, Kind.ACCEPTED, Source.ANSWER, "BINANCE", "BTCUSDT.BINANCE", 9)
    assert (event.status, event.filled, event.average_price) == (Status.FILLED, D(6), D(23995) / 6)


def test_an_allocation_of_the_order_router_is_no_trade_of_the_book() -> None:
    body = msgspec.json.decode(
        b'{"symbol":"BTCUSDT","orderId":2,"clientOrderId":"C1","side":"BUY","fills":[{"matchType":'
        b'"ONE_PARTY_TRADE_REPORT","price":"28000","qty":"0.5","commission":"0","commissionAsset":"BTC",'
        b'"tradeId":-1,"allocId":0}]}',
        type=OrderBody,
    )
    assert answer_fills(body, "BINANCE", "BTCUSDT.BINANCE", 9) == ()


def test_an_order_that_is_asked_for_is_told_as_triggered_once_it_works() -> None:
    queried = {"symbol": "X", "orderId": 1, "clientOrderId": "C1", "status": "NEW", "type": "STOP_LOSS_LIMIT",
               "side": "SELL", "timeInForce": "GTC", "origQty": "2", "executedQty": "0.5", "price": "9",
               "stopPrice": "10", "preventedQuantity": "0.25"}  # fmt: skip

    def told(**changes: Any) -> OrderEvent:
        body = msgspec.json.decode(msgspec.json.encode({**queried, **changes}), type=OrderBody)
        return order_report(body, Kind.REPORT, Source.QUERY, "BINANCE", "X.BINANCE", 9)

    assert told(workingTime=-1).status is Status.ACCEPTED
    triggered = told(workingTime=1499827319559)
    assert (triggered.status, triggered.trigger_price, triggered.leaves) == (Status.TRIGGERED, D(10), D("1.25"))
    assert told(workingTime=5, status="CANCELED").status is Status.CANCELED
    trailing = told(workingTime=-1, trailingDelta=10)
    assert (trailing.type, trailing.trigger_price) == (Type.TRAILING_STOP_LIMIT, None)


def test_money_that_comes_and_goes_is_a_balance_change() -> None:
    event = user_event(b'{"e":"balanceUpdate","E":1573200697110,"a":"BTC","d":"-100.5","T":1573200697068}')
    assert isinstance(event, BalanceUpdate)
    assert balance_change_of(event, "BINANCE", 9) == BalanceChange(
        "BINANCE", "BTC", D("-100.5"), BalanceReason.TRANSFER, Source.STREAM, 1573200697068 * 10**6, 9
    )


def test_the_end_of_the_accounts_events_is_told_as_the_private_streams() -> None:
    event = user_event(b'{"e":"eventStreamTerminated","E":1728973001334}')
    assert isinstance(event, EventStreamTerminated)
    assert stream_end_of(event, "BINANCE", 9) == PrivateStream(
        "BINANCE", False, "the venue ended the private stream", 9
    )


def test_every_event_is_read_as_its_own_kind() -> None:
    position = user_event(b'{"e":"outboundAccountPosition","E":2,"u":1,"B":[{"a":"ETH","f":"10.5","l":"0.5"}]}')
    assert isinstance(position, OutboundAccountPosition)
    assert [(one.asset, one.free, one.locked) for one in position.balances] == [("ETH", D("10.5"), D("0.5"))]
    lock = user_event(b'{"e":"externalLockUpdate","E":1581557507324,"a":"NEO","d":"10.00000000","T":1581557507268}')
    assert lock == ExternalLockUpdate(1581557507324, "NEO", D(10), 1581557507268)
    assert user_event(b'{"e":"serverShutdown","E":5}') == ServerShutdown(5)


def test_an_event_of_tomorrow_is_none_and_one_that_lacks_what_it_must_have_is_an_error() -> None:
    assert user_event(b'{"e":"of_tomorrow","E":5}') is None
    with pytest.raises(msgspec.ValidationError, match="missing required field `d`"):
        user_event(b'{"e":"balanceUpdate","E":1,"a":"BTC","T":1}')
    for raw in (b"{}", b"[]", b"{", b'{"e":5}'):
        with pytest.raises(msgspec.DecodeError):
            user_event(raw)
