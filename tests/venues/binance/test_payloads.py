"""The venue's payloads by its documents: envelopes, refusals, conditional fields, and what must not be missing."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from venues.binance.client import payloads
from venues.binance.client.payloads import (
    Account,
    AccountEvent,
    AccountTrade,
    BalanceUpdate,
    BookTicker,
    CancelReplace,
    Depth,
    DepthUpdate,
    ErrorBody,
    ExecutionReport,
    Kline,
    ListStatus,
    OrderBody,
    OrderList,
    RateLimit,
    Session,
    StreamControl,
    StreamMessage,
    StreamTrade,
    SymbolFilter,
    canceled_order,
    replace_part,
    user_event,
)


def owed(raw: bytes, kind: Any) -> Any:
    return msgspec.json.decode(raw, type=kind)


def observed(raw: bytes, kind: Any) -> Any:
    return msgspec.json.decode(raw, type=kind, strict=False)


REPORT = b"""{"e":"executionReport","E":1499405658658,"s":"ETHBTC","c":"C1","S":"BUY","o":"LIMIT","f":"GTC",
"q":"1.00000000","p":"0.10264410","P":"0.00000000","F":"0.10000000","g":7,"C":"C0","x":"NEW","X":"NEW","r":"NONE",
"i":4293153,"l":"0.25000000","z":"0.50000000","L":"0.10000000","n":"0.001","N":"BNB","T":1499405658657,"t":77,"v":3,
"I":8641984,"w":true,"m":true,"M":false,"O":1499405658650,"Z":"0.05000000","Y":"0.02500000","Q":"2.00000000",
"W":1499405658651,"V":"DECREMENT","d":4,"D":1668680518494,"j":1,"J":1000000,"A":"3.000000","B":"1.000000","u":1,"U":37,
"Cs":"BTCUSDT","pl":"2.123456","pL":"0.10000001","pY":"0.21234562","b":"ONE_PARTY_TRADE_REPORT","a":1234,"k":"SOR",
"uS":true,"gP":"PRIMARY_PEG","gOT":"PRICE_LEVEL","gOV":5,"gp":"1.00000000","eR":"INSUFFICIENT_LIQUIDITY"}"""


def test_an_execution_report_with_all_that_it_can_say_is_read_letter_by_letter() -> None:
    assert user_event(REPORT) == ExecutionReport(
        event_ms=1499405658658, symbol="ETHBTC", client_id="C1", side="BUY", type="LIMIT", time_in_force="GTC",
        size=D(1), price=D("0.1026441"), execution="NEW", status="NEW", order_id=4293153, last_size=D("0.25"),
        filled=D("0.5"), last_price=D("0.1"), time_ms=1499405658657, trade_id=77, stop_price=D(0), original_id="C0",
        reject_reason="NONE", fee=D("0.001"), fee_asset="BNB", is_maker=True, filled_quote=D("0.05"), quote_size=D(2),
        iceberg_size=D("0.1"), order_list_id=7, execution_id=8641984, is_on_book=True, created_ms=1499405658650,
        last_quote=D("0.025"), working_ms=1499405658651, prevention="DECREMENT",
        expiry_reason="INSUFFICIENT_LIQUIDITY", trailing_delta=4, trailing_ms=1668680518494, strategy_id=1,
        strategy_type=1000000, prevented_match_id=3, prevented_size=D(3), last_prevented_size=D(1), trade_group_id=1,
        counter_order_id=37, counter_symbol="BTCUSDT", prevented_execution_size=D("2.123456"),
        prevented_execution_price=D("0.10000001"), prevented_execution_quote=D("0.21234562"),
        match_type="ONE_PARTY_TRADE_REPORT", allocation_id=1234, working_floor="SOR", used_sor=True,
        peg_price_type="PRIMARY_PEG", peg_offset_type="PRICE_LEVEL", peg_offset_value=5, pegged_price=D(1),
    )  # fmt: skip


def test_envelopes_keep_what_is_in_them_as_it_came() -> None:
    frame = owed(b'{"stream":"btcusdt@bookTicker","data":{"u":1}}', StreamMessage)
    assert (frame.stream, bytes(frame.data)) == ("btcusdt@bookTicker", b'{"u":1}')
    event = owed(b'{"subscriptionId":0,"event":{"e":"eventStreamTerminated","E":5}}', AccountEvent)
    assert event.subscription_id == 0
    assert user_event(event.event) == payloads.EventStreamTerminated(5)
    shutdown = owed(b'{"event":{"e":"serverShutdown","E":5}}', AccountEvent)
    assert (shutdown.subscription_id, user_event(shutdown.event)) == (None, payloads.ServerShutdown(5))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"result":null,"id":1}', StreamControl(1)),
        (b'{"result":["btcusdt@aggTrade"],"id":"a"}', StreamControl("a", ["btcusdt@aggTrade"])),
        (b'{"result":true,"id":2}', StreamControl(2, True)),
        (b'{"code":2,"msg":"Invalid request","id":3}', StreamControl(3, None, 2, "Invalid request")),
        (b'{"code":3,"msg":"Invalid JSON"}', StreamControl(None, None, 3, "Invalid JSON")),
    ],
)
def test_an_answer_to_a_control_message_is_read(raw: bytes, expected: StreamControl) -> None:
    assert owed(raw, StreamControl) == expected


def test_a_session_without_a_key_has_none() -> None:
    raw = (
        b'{"apiKey":null,"authorizedSince":null,"connectedSince":1649729873021,"returnRateLimits":false,'
        b'"serverTime":1649730611671,"userDataStream":null}'
    )
    assert owed(raw, Session) == Session(1649729873021, False, 1649730611671)


def test_a_refusal_brings_what_stands_beside_it() -> None:
    limited = owed(b'{"code":-1003,"msg":"banned","data":{"serverTime":1,"retryAfter":5001}}', ErrorBody)
    assert msgspec.json.decode(limited.data) == {"serverTime": 1, "retryAfter": 5001}
    plain = owed(b'{"code":-1121,"msg":"Invalid symbol."}', ErrorBody)
    assert (plain.code, plain.msg, bytes(plain.data)) == (-1121, "Invalid symbol.", b"")


def test_a_cancel_replace_that_failed_in_part_says_of_each_half_what_became_of_it() -> None:
    error = owed(
        b'{"code":-2021,"msg":"Order cancel-replace partially failed.","data":{"cancelResult":"SUCCESS",'
        b'"newOrderResult":"FAILURE","cancelResponse":{"symbol":"LTCBNB","origClientOrderId":"C1","orderId":64,'
        b'"orderListId":-1,"clientOrderId":"request","transactTime":1715779007228,"price":"1.00","status":"CANCELED"},'
        b'"newOrderResponse":{"code":-1015,"msg":"Too many new orders; current limit is 1 orders per 10 SECOND."}}}',
        ErrorBody,
    )
    body = owed(error.data, CancelReplace)
    assert (body.cancel_result, body.new_order_result) == ("SUCCESS", "FAILURE")
    assert replace_part(body.cancel_response) == OrderBody(
        "LTCBNB", 64, "request", "C1", 1715779007228, price=D(1), status="CANCELED"
    )
    assert replace_part(body.new_order_response) == ErrorBody(
        -1015, "Too many new orders; current limit is 1 orders per 10 SECOND."
    )
    assert replace_part(b"null") is None
    assert replace_part(msgspec.Raw()) is None


def test_what_was_canceled_is_an_order_or_the_list_that_it_belonged_to() -> None:
    assert canceled_order(b'{"symbol":"X","orderId":4,"origClientOrderId":"C1"}') == OrderBody(
        "X", 4, orig_client_order_id="C1"
    )
    listed = canceled_order(
        b'{"orderListId":1929,"contingencyType":"OCO","listStatusType":"ALL_DONE","listOrderStatus":"ALL_DONE",'
        b'"listClientOrderId":"L1","transactionTime":1585230948299,"symbol":"X","orders":[],"orderReports":[]}'
    )
    assert listed == OrderList(1929, "OCO", "ALL_DONE", "L1", "X", "ALL_DONE", 1585230948299)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"filterType":"PERCENT_PRICE_BY_SIDE","bidMultiplierUp":"1.2","bidMultiplierDown":"0.2",'
         b'"askMultiplierUp":"5","askMultiplierDown":"0.8","avgPriceMins":1}',
         SymbolFilter("PERCENT_PRICE_BY_SIDE", bid_multiplier_up=D("1.2"), bid_multiplier_down=D("0.2"),
                      ask_multiplier_up=D(5), ask_multiplier_down=D("0.8"), avg_price_mins=1)),
        (b'{"filterType":"NOTIONAL","minNotional":"5","applyMinToMarket":true,"maxNotional":"9000000",'
         b'"applyMaxToMarket":false,"avgPriceMins":5}',
         SymbolFilter("NOTIONAL", min_notional=D(5), apply_min_to_market=True, max_notional=D(9000000),
                      apply_max_to_market=False, avg_price_mins=5)),
        (b'{"filterType":"TRAILING_DELTA","minTrailingAboveDelta":10,"maxTrailingAboveDelta":2000,'
         b'"minTrailingBelowDelta":11,"maxTrailingBelowDelta":2001}',
         SymbolFilter("TRAILING_DELTA", min_trailing_above_delta=10, max_trailing_above_delta=2000,
                      min_trailing_below_delta=11, max_trailing_below_delta=2001)),
        (b'{"filterType":"MAX_POSITION","maxPosition":"10.5"}', SymbolFilter("MAX_POSITION", max_position=D("10.5"))),
        (b'{"filterType":"MAX_NUM_ICEBERG_ORDERS","maxNumIcebergOrders":5}',
         SymbolFilter("MAX_NUM_ICEBERG_ORDERS", max_num_iceberg_orders=5)),
        (b'{"filterType":"MAX_NUM_ORDER_AMENDS","maxNumOrderAmends":10}',
         SymbolFilter("MAX_NUM_ORDER_AMENDS", max_num_order_amends=10)),
        (b'{"filterType":"MAX_NUM_ORDER_LISTS","maxNumOrderLists":20}',
         SymbolFilter("MAX_NUM_ORDER_LISTS", max_num_order_lists=20)),
        (b'{"filterType":"OF_TOMORROW","new":[1]}', SymbolFilter("OF_TOMORROW")),
    ],
)  # fmt: skip
def test_a_filter_is_read_whatever_its_kind(raw: bytes, expected: SymbolFilter) -> None:
    assert owed(raw, SymbolFilter) == expected


def test_what_the_venue_may_add_tomorrow_is_not_read() -> None:
    raw = b'{"u":1,"s":"X","b":"1","B":"2","a":"3","A":"4","T":5,"E":6,"st":1,"new":{"deep":[1,{}]}}'
    assert observed(raw, BookTicker) == BookTicker(1, "X", 1.0, 2.0, 3.0, 4.0)
    longer = b'[1,"1","2","0.5","1.5","10",2,"15",3,"5","7","0","new",{}]'
    assert observed(longer, Kline) == Kline(1, 1.0, 2.0, 0.5, 1.5, 10.0, 2, 15.0, 3, 5.0, 7.0)


WHOLE: list[tuple[Any, bytes]] = [
    (Account, b'{"balances":[]}'),
    (AccountTrade, b'{"symbol":"X","id":1,"orderId":2,"price":"1","qty":"1","commission":"1","commissionAsset":"B",'
                   b'"time":5,"isBuyer":true,"isMaker":false}'),
    (BalanceUpdate, b'{"E":1,"a":"B","d":"1","T":2}'),
    (BookTicker, b'{"u":1,"s":"X","b":"1","B":"2","a":"3","A":"4"}'),
    (Depth, b'{"lastUpdateId":1,"bids":[],"asks":[]}'),
    (DepthUpdate, b'{"E":1,"s":"X","U":1,"u":2,"b":[],"a":[]}'),
    (ExecutionReport, b'{"E":1,"s":"X","c":"C1","S":"BUY","o":"LIMIT","f":"GTC","q":"1","p":"1","x":"NEW","X":"NEW",'
                      b'"i":1,"l":"0","z":"0","L":"0","T":1}'),
    (ListStatus, b'{"E":1,"s":"X","g":2,"c":"OCO","l":"EXEC_STARTED","L":"EXECUTING","r":"NONE","C":"L","T":1,"O":[]}'),
    (OrderBody, b'{"symbol":"X","orderId":1}'),
    (OrderList, b'{"orderListId":1,"contingencyType":"OCO","listOrderStatus":"EXECUTING","listClientOrderId":"L"}'),
    (RateLimit, b'{"rateLimitType":"ORDERS","interval":"DAY","intervalNum":1,"limit":5}'),
    (StreamTrade, b'{"E":1,"s":"X","t":1,"p":"1","q":"1","T":1,"m":true}'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "raw"), WHOLE, ids=[kind.__name__ for kind, _ in WHOLE])
def test_a_payload_that_lacks_what_it_must_have_is_none(kind: Any, raw: bytes) -> None:
    content = msgspec.json.decode(raw)
    assert observed(raw, kind) is not None
    for name in content:
        lacking = {key: value for key, value in content.items() if key != name}
        with pytest.raises(msgspec.ValidationError, match=f"missing required field `{name}`"):
            observed(msgspec.json.encode(lacking), kind)


@pytest.mark.parametrize("raw", [b'{"u":1,"s":"X","b":"","B":"2","a":"3","A":"4"}', b"[]", b"7", b"{", b"\xff"])
def test_what_is_no_payload_is_an_error_that_can_be_caught(raw: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        observed(raw, BookTicker)


def test_every_payload_is_named_once_and_all_are_to_be_had_from_the_package() -> None:
    assert len(payloads.__all__) == len(set(payloads.__all__)) > 60
    assert all(hasattr(payloads, name) for name in payloads.__all__)
