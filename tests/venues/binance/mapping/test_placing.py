"""Every order that the venue has becomes its parameters; every other is denied before anything is sent."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from bus.messages import (
    Code,
    ContingencyType,
    NewOrder,
    OrderType,
    PositionSide,
    Refused,
    Side,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
)
from venues.binance.mapping.placing import order_params


def an_order(**changes: Any) -> NewOrder:
    fields: dict[str, Any] = {
        "order_id": "T1", "client_order_id": "C1", "instance": "BINANCE", "instrument": "BTCUSDT.BINANCE",
        "strategy": "s1", "side": Side.SELL, "type": OrderType.LIMIT, "size": D("0.010"), "price": D("6E4"),
    }  # fmt: skip
    return NewOrder(**{**fields, **changes})


NAMES = {"symbol": "BTCUSDT", "side": "SELL", "newClientOrderId": "C1", "newOrderRespType": "ACK"}
BASIS = {"trailing_offset": D(25), "trailing_offset_type": TrailingOffsetType.BASIS_POINTS}
SIZED = {"quantity": "0.01"}
LIMITED = {**SIZED, "price": "60000", "timeInForce": "GTC"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {"type": "LIMIT", **LIMITED}),
        ({"post_only": True}, {"type": "LIMIT_MAKER", "price": "60000", **SIZED}),
        ({"type": OrderType.MARKET, "price": None}, {"type": "MARKET", **SIZED}),
        ({"type": OrderType.MARKET, "price": None, "size": None, "quote_size": D("100.50")},
         {"type": "MARKET", "quoteOrderQty": "100.5"}),
        ({"type": OrderType.STOP_MARKET, "price": None, "trigger_price": D("59000.10")},
         {"type": "STOP_LOSS", "stopPrice": "59000.1", **SIZED}),
        ({"type": OrderType.STOP_LIMIT, "trigger_price": D(59000), "time_in_force": TimeInForce.IOC},
         {"type": "STOP_LOSS_LIMIT", "stopPrice": "59000", "price": "60000", "timeInForce": "IOC", **SIZED}),
        ({"type": OrderType.MARKET_IF_TOUCHED, "price": None, "trigger_price": D(61000)},
         {"type": "TAKE_PROFIT", "stopPrice": "61000", **SIZED}),
        ({"type": OrderType.LIMIT_IF_TOUCHED, "trigger_price": D(61000), "trigger_type": TriggerType.LAST},
         {"type": "TAKE_PROFIT_LIMIT", "stopPrice": "61000", **LIMITED}),
        ({"type": OrderType.TRAILING_STOP_MARKET, "price": None, **BASIS},
         {"type": "STOP_LOSS", "trailingDelta": 25, **SIZED}),
        ({"type": OrderType.TRAILING_STOP_LIMIT, "activation_price": D("60100.5"), **BASIS},
         {"type": "STOP_LOSS_LIMIT", "trailingDelta": 25, "stopPrice": "60100.5", **LIMITED}),
        ({"type": OrderType.MARKET_IF_TOUCHED, "price": None, **BASIS},
         {"type": "TAKE_PROFIT", "trailingDelta": 25, **SIZED}),
        ({"display_size": D("0.0020")}, {"type": "LIMIT", "icebergQty": "0.002", **LIMITED}),
        ({"display_size": D("0.002"), "post_only": True},
         {"type": "LIMIT_MAKER", "icebergQty": "0.002", "price": "60000", **SIZED}),
        ({"type": OrderType.STOP_LIMIT, "trigger_price": D(59000), "display_size": D("0.002")},
         {"type": "STOP_LOSS_LIMIT", "stopPrice": "59000", "icebergQty": "0.002", **LIMITED}),
        ({"params": {"selfTradePreventionMode": "DECREMENT", "strategyId": "7"}},
         {"type": "LIMIT", "selfTradePreventionMode": "DECREMENT", "strategyId": "7", **LIMITED}),
        ({"price": None, "params": {"pegPriceType": "PRIMARY_PEG"}},
         {"type": "LIMIT", "pegPriceType": "PRIMARY_PEG", "timeInForce": "GTC", **SIZED}),
    ],
)  # fmt: skip
def test_each_kind_of_order_becomes_these_parameters_and_no_others(
    changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert order_params(an_order(**changes), "BTCUSDT") == {**NAMES, **expected}


def test_the_kind_of_answer_is_asked_for() -> None:
    params = order_params(an_order(), "BTCUSDT", answer="FULL")
    assert isinstance(params, dict)
    assert params["newOrderRespType"] == "FULL"


STOP = {"type": OrderType.STOP_MARKET, "price": None}
TOUCH = {"type": OrderType.LIMIT_IF_TOUCHED}
TRAIL = {"type": OrderType.TRAILING_STOP_MARKET, "price": None}


@pytest.mark.parametrize(
    ("changes", "code", "word"),
    [
        ({"type": OrderType.MARKET_TO_LIMIT}, Code.UNSUPPORTED_ORDER_TYPE, "MARKET_TO_LIMIT"),
        ({"type": OrderType.UNKNOWN}, Code.UNSUPPORTED_ORDER_TYPE, "UNKNOWN"),
        ({"side": Side.UNKNOWN}, Code.UNSUPPORTED_INSTRUCTION, "side"),
        ({"time_in_force": TimeInForce.DAY}, Code.UNSUPPORTED_TIME_IN_FORCE, "DAY"),
        ({**STOP, "trigger_price": D(1), "time_in_force": TimeInForce.IOC}, Code.UNSUPPORTED_TIME_IN_FORCE, "IOC"),
        (STOP, Code.PRICE_MISSING, "trigger_price"),
        ({"type": OrderType.STOP_MARKET, "trigger_price": D(1)}, Code.PRICE_NOT_ALLOWED, "price"),
        ({**TOUCH, "price": None, "trigger_price": D(1)}, Code.PRICE_MISSING, "price"),
        ({"price": None}, Code.PRICE_MISSING, "price"),
        ({"size": None}, Code.SIZE_MISSING, "size"),
        ({**STOP, "trigger_price": D(1), "size": None, "quote_size": D(1)}, Code.UNSUPPORTED_INSTRUCTION, "quote_size"),
        ({**TOUCH, "trigger_price": D(1), "post_only": True}, Code.UNSUPPORTED_INSTRUCTION, "post_only"),
        ({"post_only": True, "time_in_force": TimeInForce.FOK}, Code.UNSUPPORTED_INSTRUCTION, "post_only"),
        ({"reduce_only": True}, Code.UNSUPPORTED_INSTRUCTION, "reduce_only"),
        ({"expire_ns": 5}, Code.UNSUPPORTED_INSTRUCTION, "expire_ns"),
        ({"position_side": PositionSide.LONG}, Code.UNSUPPORTED_INSTRUCTION, "position_side"),
        ({"limit_offset": D(1)}, Code.UNSUPPORTED_INSTRUCTION, "limit_offset"),
        ({"trigger_price": D(1)}, Code.UNSUPPORTED_INSTRUCTION, "trigger_price"),
        ({"trailing_offset": D(1)}, Code.UNSUPPORTED_INSTRUCTION, "trailing_offset"),
        ({"activation_price": D(1)}, Code.UNSUPPORTED_INSTRUCTION, "activation_price"),
        ({**STOP, "trigger_price": D(1), "trigger_type": TriggerType.MARK}, Code.UNSUPPORTED_INSTRUCTION,
         "trigger_type"),
        ({"display_size": D(1), "time_in_force": TimeInForce.IOC}, Code.UNSUPPORTED_INSTRUCTION, "display_size"),
        ({"display_size": D(0)}, Code.UNSUPPORTED_INSTRUCTION, "display_size"),
        ({"type": OrderType.MARKET, "price": None, "display_size": D(1)}, Code.UNSUPPORTED_INSTRUCTION, "display_size"),
        (TRAIL, Code.UNSUPPORTED_INSTRUCTION, "trailing_offset"),
        ({**TRAIL, "trailing_offset": D(5)}, Code.UNSUPPORTED_INSTRUCTION, "PRICE"),
        ({**TRAIL, **BASIS, "trailing_offset": D("2.5")}, Code.UNSUPPORTED_INSTRUCTION, "whole"),
        ({**TRAIL, **BASIS, "trailing_offset": D(0)}, Code.UNSUPPORTED_INSTRUCTION, "whole"),
        ({**TRAIL, **BASIS, "trigger_price": D(1)}, Code.UNSUPPORTED_INSTRUCTION, "activation_price"),
        ({**STOP, **BASIS}, Code.UNSUPPORTED_INSTRUCTION, "TRAILING_STOP"),
        ({"contingency": ContingencyType.OCO}, Code.UNSUPPORTED_INSTRUCTION, "list"),
        ({"params": {"icebergQty": "1"}}, Code.UNSUPPORTED_INSTRUCTION, "icebergQty"),
    ],
)  # fmt: skip
def test_what_the_venue_has_not_is_denied_and_named(changes: dict[str, Any], code: Code, word: str) -> None:
    denial = order_params(an_order(**changes), "BTCUSDT")
    assert isinstance(denial, Refused)
    assert denial.code is code
    assert word in denial.reason
