"""The venue's payloads become messages, and orders become parameters."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from bus.messages import (
    AggressorSide,
    Code,
    ContingencyType,
    CurrencyPair,
    Fill,
    InstrumentStatusWord,
    Liquidity,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    Refused,
    Side,
    Source,
    TimeInForce,
)
from venues.binance.client.payloads import ExchangeInfo, OrderBody, OutboundAccountPosition
from venues.binance.mapping.account import execution_report, messages_of, own_client_id, position_of
from venues.binance.mapping.instruments import instrument_of, instruments_of
from venues.binance.mapping.market_data import delta_of, quote_of, trade_of
from venues.binance.mapping.orders import order_report
from venues.binance.mapping.placing import order_params

REPORT: dict[str, Any] = {
    "e": "executionReport", "E": 1499405658658, "s": "ETHBTC", "c": "mine", "S": "BUY", "o": "LIMIT", "f": "GTC",
    "q": "1.00000000", "p": "0.10264410", "P": "0.00000000", "F": "0.00000000", "g": -1, "C": "", "x": "NEW",
    "X": "NEW", "r": "NONE", "i": 4293153, "l": "0.00000000", "z": "0.00000000", "L": "0.00000000", "n": "0",
    "N": None, "T": 1499405658657, "t": -1, "I": 8641984, "w": True, "m": False, "M": False, "O": 1499405658657,
    "Z": "0.00000000", "Y": "0.00000000", "Q": "0.00000000", "W": 1499405658657, "V": "NONE",
}  # fmt: skip
"""The example of user-data-stream, 2026-07."""
SYMBOL: dict[str, Any] = {
    "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT", "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "MARKET"],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00", "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000", "stepSize": "0.00001000"},
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0.00000000", "maxQty": "100.00000000", "stepSize": "0.00000000"},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "maxNotional": "9000000.00000000"},
    ],
}  # fmt: skip


def told(**changes: Any) -> tuple[Fill | OrderEvent, ...]:
    report = execution_report(msgspec.json.encode({**REPORT, **changes}))
    return messages_of(report, "BINANCE", "ETHBTC.BINANCE", 7, "ours", "s1", b"raw")


def an_order(**changes: Any) -> NewOrder:
    fields: dict[str, Any] = {
        "order_id": "T1", "client_order_id": "T1", "instance": "BINANCE", "instrument": "BTCUSDT.BINANCE",
        "strategy": "s1", "side": Side.BUY, "type": OrderType.LIMIT, "size": Decimal("0.010"), "price": Decimal("6E4"),
    }  # fmt: skip
    return NewOrder(**{**fields, **changes})


def test_a_symbol_becomes_an_instrument_with_its_limits_and_its_own_record() -> None:
    raw = msgspec.json.encode(SYMBOL)
    instrument = instrument_of(raw, "BINANCE", 1, 2)
    assert instrument.id == "BTCUSDT.BINANCE"
    assert instrument.details == CurrencyPair("BTC", "USDT")
    assert instrument.status is InstrumentStatusWord.TRADING
    assert (instrument.price_increment, instrument.size_increment) == (Decimal("0.01"), Decimal("0.00001"))
    assert (instrument.min_size, instrument.max_size) == (Decimal("0.00001"), Decimal(9000))
    assert (instrument.market_min_size, instrument.market_max_size) == (None, Decimal(100))
    assert (instrument.min_notional, instrument.max_notional) == (Decimal(5), Decimal(9_000_000))
    assert instrument.quote_increment == Decimal("1e-8")
    assert instrument.raw == raw


def test_a_symbol_that_cannot_be_read_costs_itself_alone() -> None:
    symbols = [msgspec.Raw(msgspec.json.encode(SYMBOL)), msgspec.Raw(b'{"symbol":7}')]
    found, unreadable = instruments_of(ExchangeInfo(1, symbols), "BINANCE", 2)
    assert list(found) == ["BTCUSDT.BINANCE"]
    assert len(unreadable) == 1


def test_a_status_of_tomorrow_is_unknown_and_no_error() -> None:
    raw = msgspec.json.encode({**SYMBOL, "status": "SLEEPING"})
    assert instrument_of(raw, "BINANCE", 1, 2).status is InstrumentStatusWord.UNKNOWN


def test_a_book_ticker_becomes_a_quote_without_a_time_of_the_venue() -> None:
    quote = quote_of(b'{"u":400900217,"s":"BNBUSDT","b":"25.35","B":"31.21","a":"25.3652","A":"40.66"}', "X.B", 9)
    assert (quote.bid, quote.bid_size, quote.ask, quote.ask_size) == (25.35, 31.21, 25.3652, 40.66)
    assert (quote.seq, quote.ts_event, quote.ts_init) == (400900217, 0, 9)


def test_an_empty_side_of_a_quote_has_no_price() -> None:
    quote = quote_of(b'{"u":1,"s":"X","b":"0.00000000","B":"0.00000000","a":"2.0","A":"1.0"}', "X.B", 9)
    assert quote.bid != quote.bid
    assert quote.bid_size == 0


def test_a_trade_whose_maker_bought_was_made_by_a_seller() -> None:
    raw = b'{"e":"trade","E":2,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782136,"m":true,"M":true}'
    trade = trade_of(raw, "X.B", 9)
    assert (trade.trade_id, trade.price, trade.size) == ("12345", 0.001, 100.0)
    assert trade.aggressor is AggressorSide.SELLER
    assert trade.ts_event == 1672515782136 * 10**6


def test_a_depth_update_applies_to_the_book_before_its_first_id() -> None:
    raw = b'{"e":"depthUpdate","E":5,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","0"]]}'
    delta = delta_of(raw, "X.B", 9)
    assert (delta.prev_seq, delta.seq, delta.ts_event) == (156, 160, 5 * 10**6)
    assert (delta.bids, delta.asks) == ([(0.0024, 10.0)], [(0.0026, 0.0)])


def test_a_new_order_of_the_stream_is_accepted() -> None:
    (event,) = told()
    assert isinstance(event, OrderEvent)
    assert (event.kind, event.status) == (OrderEventKind.ACCEPTED, OrderStatus.ACCEPTED)
    assert (event.client_order_id, event.venue_order_id, event.order_id) == ("mine", "4293153", "ours")
    assert (event.size, event.price, event.filled) == (Decimal(1), Decimal("0.10264410"), Decimal(0))
    assert (event.ts_event, event.ts_init, event.raw) == (1499405658657 * 10**6, 7, b"raw")


def test_a_trade_of_the_stream_is_a_fill_and_then_the_order_after_it() -> None:
    fill, event = told(x="TRADE", X="PARTIALLY_FILLED", t=77, l="0.25", z="0.5", L="0.1", n="0.00025", N="ETH", m=True)
    assert isinstance(fill, Fill)
    assert (fill.trade_id, fill.size, fill.price) == ("77", Decimal("0.25"), Decimal("0.1"))
    assert (fill.fee, fill.fee_currency, fill.liquidity) == (Decimal("0.00025"), "ETH", Liquidity.MAKER)
    assert fill.source is Source.STREAM
    assert isinstance(event, OrderEvent)
    assert (event.kind, event.status) == (OrderEventKind.REPORT, OrderStatus.PARTIALLY_FILLED)
    assert event.filled == Decimal("0.5")


@pytest.mark.parametrize("lacking", [{"t": -1}, {"l": "0.00000000"}, {"L": "0.00000000"}])
def test_a_trade_without_id_size_or_price_is_no_fill(lacking: dict[str, Any]) -> None:
    trade = {"x": "TRADE", "X": "FILLED", "t": 5, "l": "1", "z": "1", "L": "2"}
    (event,) = told(**{**trade, **lacking})
    assert isinstance(event, OrderEvent)
    assert event.filled == Decimal(1)


def test_on_a_cancel_the_orders_own_id_is_the_original_one() -> None:
    report = execution_report(
        msgspec.json.encode({**REPORT, "x": "CANCELED", "X": "CANCELED", "c": "req", "C": "mine"})
    )
    assert own_client_id(report) == "mine"
    (event,) = told(x="CANCELED", X="CANCELED", c="request", C="mine")
    assert isinstance(event, OrderEvent)
    assert (event.kind, event.client_order_id) == (OrderEventKind.CANCELED, "mine")


@pytest.mark.parametrize(
    ("changes", "kind", "status", "code"),
    [
        ({"x": "EXPIRED", "X": "EXPIRED", "eR": "UNFILLED_IOC_QUANTITY_EXPIRED"},
         OrderEventKind.EXPIRED, OrderStatus.EXPIRED, Code.UNFILLED),
        ({"x": "TRADE_PREVENTION", "X": "EXPIRED_IN_MATCH"},
         OrderEventKind.REPORT, OrderStatus.EXPIRED, Code.SELF_TRADE),
        ({"x": "REJECTED", "X": "REJECTED", "r": "INSUFFICIENT_BALANCES"},
         OrderEventKind.REJECTED, OrderStatus.REJECTED, Code.INSUFFICIENT_FUNDS),
        ({"x": "REPLACED", "X": "NEW"}, OrderEventKind.UPDATED, OrderStatus.ACCEPTED, Code.NONE),
        ({"x": "CALCULATED", "X": "FILLED"}, OrderEventKind.REPORT, OrderStatus.FILLED, Code.NONE),
        ({"x": "OF_TOMORROW", "X": "ALSO_NEW"}, OrderEventKind.REPORT, OrderStatus.UNKNOWN, Code.NONE),
    ],
)  # fmt: skip
def test_every_way_an_order_goes_has_its_word(
    changes: dict[str, Any], kind: OrderEventKind, status: OrderStatus, code: Code
) -> None:
    (event,) = told(**changes)
    assert isinstance(event, OrderEvent)
    assert (event.kind, event.status, event.code) == (kind, status, code)


def test_a_post_only_order_is_found_again_as_a_limit_order_that_is_post_only() -> None:
    (event,) = told(o="LIMIT_MAKER")
    assert isinstance(event, OrderEvent)
    assert (event.type, event.post_only) == (OrderType.LIMIT, True)


def test_an_account_position_becomes_a_balance_for_each_asset() -> None:
    raw = b'{"e":"outboundAccountPosition","E":2,"u":1564034571073,"B":[{"a":"ETH","f":"10.5","l":"0.5"}]}'
    (balance,) = position_of(msgspec.json.decode(raw, type=OutboundAccountPosition), "BINANCE", 9)
    assert (balance.asset, balance.free, balance.locked) == ("ETH", Decimal("10.5"), Decimal("0.5"))
    assert balance.ts_event == 1564034571073 * 10**6


def test_a_bare_acknowledgement_says_that_the_venue_has_the_order() -> None:
    body = OrderBody("BTCUSDT", order_id=28, client_order_id="mine", transact_time=5)
    event = order_report(body, OrderEventKind.ACCEPTED, Source.ANSWER, "BINANCE", "BTCUSDT.BINANCE", 9)
    assert (event.status, event.venue_order_id, event.filled) == (OrderStatus.ACCEPTED, "28", None)


def test_an_average_that_the_venue_does_not_have_is_none() -> None:
    body = OrderBody("X", 1, "mine", status="FILLED", executed_qty=Decimal(1), cummulative_quote_qty=Decimal(-1))
    assert order_report(body, OrderEventKind.REPORT, Source.QUERY, "B", "X.B", 9).average_price is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "60000"}),
        ({"time_in_force": TimeInForce.IOC}, {"type": "LIMIT", "timeInForce": "IOC"}),
        ({"time_in_force": TimeInForce.FOK}, {"type": "LIMIT", "timeInForce": "FOK"}),
        ({"post_only": True}, {"type": "LIMIT_MAKER", "price": "60000", "timeInForce": None}),
        ({"type": OrderType.MARKET, "price": None}, {"type": "MARKET", "quantity": "0.01", "timeInForce": None}),
        ({"type": OrderType.MARKET, "price": None, "size": None, "quote_size": Decimal("100.50")},
         {"type": "MARKET", "quoteOrderQty": "100.5", "quantity": None}),
        ({"params": {"selfTradePreventionMode": "NONE"}}, {"selfTradePreventionMode": "NONE"}),
    ],
)  # fmt: skip
def test_orders_become_the_venues_parameters(changes: dict[str, Any], expected: dict[str, str | None]) -> None:
    params = order_params(an_order(**changes), "BTCUSDT")
    assert isinstance(params, dict)
    assert {name: params.get(name) for name in expected} == expected
    assert (params["symbol"], params["side"], params["newClientOrderId"]) == ("BTCUSDT", "BUY", "T1")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": OrderType.MARKET_TO_LIMIT}, Code.UNSUPPORTED_ORDER_TYPE),
        ({"type": OrderType.UNKNOWN}, Code.UNSUPPORTED_ORDER_TYPE),
        ({"time_in_force": TimeInForce.GTD}, Code.UNSUPPORTED_TIME_IN_FORCE),
        ({"time_in_force": TimeInForce.DAY}, Code.UNSUPPORTED_TIME_IN_FORCE),
        ({"reduce_only": True}, Code.UNSUPPORTED_INSTRUCTION),
        ({"display_size": Decimal(1), "time_in_force": TimeInForce.IOC}, Code.UNSUPPORTED_INSTRUCTION),
        ({"trigger_price": Decimal(1)}, Code.UNSUPPORTED_INSTRUCTION),
        ({"contingency": ContingencyType.OCO}, Code.UNSUPPORTED_INSTRUCTION),
        ({"post_only": True, "time_in_force": TimeInForce.IOC}, Code.UNSUPPORTED_INSTRUCTION),
        ({"params": {"timestamp": "1"}}, Code.UNSUPPORTED_INSTRUCTION),
        ({"size": None, "quote_size": Decimal(1)}, Code.UNSUPPORTED_INSTRUCTION),
        ({"side": Side.UNKNOWN}, Code.UNSUPPORTED_INSTRUCTION),
        ({"size": None}, Code.SIZE_MISSING),
        ({"price": None}, Code.PRICE_MISSING),
        ({"type": OrderType.MARKET}, Code.PRICE_NOT_ALLOWED),
    ],
)
def test_what_is_not_done_is_denied_with_a_code_before_anything_is_sent(changes: dict[str, Any], code: Code) -> None:
    denial = order_params(an_order(**changes), "BTCUSDT")
    assert isinstance(denial, Refused)
    assert denial.code is code
    assert "Binance Spot" in denial.reason
