"""What a venue does not do is denied by its capabilities alone, with a code and both names."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from order_samples import an_instrument, an_order

from bus.messages import Code, ContingencyType, Instrument, ModifyOrder, OrderType, PositionSide, Refused, TimeInForce
from venues.capabilities import Capabilities, Cell, Instruction, Modify
from venues.denials import Judged, denial_of, denial_of_change, is_per_symbol

N, S, E, P = Cell.NATIVE, Cell.PER_SYMBOL, Cell.EMULATED, Cell.PARAMS
SOME = Capabilities(
    order_types={OrderType.LIMIT: N, OrderType.STOP_MARKET: S, OrderType.MARKET_IF_TOUCHED: E},
    time_in_force={TimeInForce.GTC: N, TimeInForce.GTD: E},
    instructions={Instruction.DISPLAY_SIZE: S, Instruction.QUOTE_SIZE: P},
    modify={Modify.SIZE: N},
    contingencies={ContingencyType.OCO: N},
)


@pytest.mark.parametrize(
    ("terms", "code", "word"),
    [
        ({"type": OrderType.MARKET}, Code.UNSUPPORTED_ORDER_TYPE, "MARKET"),
        ({"type": OrderType.MARKET_IF_TOUCHED}, Code.UNSUPPORTED_ORDER_TYPE, "emulate"),
        ({"time_in_force": TimeInForce.FOK}, Code.UNSUPPORTED_TIME_IN_FORCE, "FOK"),
        ({"time_in_force": TimeInForce.GTD}, Code.UNSUPPORTED_TIME_IN_FORCE, "emulate"),
        ({"post_only": True}, Code.UNSUPPORTED_INSTRUCTION, "post_only"),
        ({"reduce_only": True}, Code.UNSUPPORTED_INSTRUCTION, "reduce_only"),
        ({"quote_size": Decimal(1), "size": None}, Code.UNSUPPORTED_INSTRUCTION, "params"),
        ({"position_side": PositionSide.LONG}, Code.UNSUPPORTED_INSTRUCTION, "hedge mode"),
        ({"contingency": ContingencyType.OTO}, Code.UNSUPPORTED_INSTRUCTION, "OTO"),
    ],
)
def test_each_cell_that_is_not_done_denies_and_names_itself_and_the_instance(
    terms: dict[str, Any], code: Code, word: str
) -> None:
    denial = denial_of(an_order(**terms), SOME)
    assert isinstance(denial, Refused)
    assert denial.code is code
    assert word in denial.reason
    assert "BINANCE" in denial.reason


def test_what_is_done_is_not_denied() -> None:
    assert denial_of(an_order(), SOME) is None
    assert denial_of(an_order(contingency=ContingencyType.OCO), SOME) is None


@pytest.mark.parametrize("terms", [{"type": OrderType.STOP_MARKET}, {"display_size": Decimal(1)}])
def test_a_cell_per_symbol_is_judged_by_the_instruments_record_and_by_the_venue_where_there_is_none(
    terms: dict[str, Any],
) -> None:
    order, instrument = an_order(**terms), an_instrument()

    def nothing(known: Instrument, word: StrEnum) -> bool:
        return False

    denial = denial_of(order, SOME, instrument, nothing)
    assert denial is not None
    assert instrument.id in denial.reason
    assert denial_of(order, SOME, instrument, lambda known, word: True) is None
    assert denial_of(order, SOME, None, nothing) is None
    assert is_per_symbol(order, SOME)
    assert not is_per_symbol(an_order(), SOME)


def test_a_plain_order_like_one_that_was_judged_needs_no_second_look() -> None:
    judged = Judged(SOME)
    for _ in range(2):
        assert judged.is_done(an_order())
    for terms in (
        {"type": OrderType.STOP_MARKET},
        {"type": OrderType.MARKET},
        {"post_only": True},
        {"display_size": Decimal(1)},
        {"reduce_only": True},
        {"time_in_force": TimeInForce.FOK},
        {"contingency": ContingencyType.OCO},
        {"position_side": PositionSide.LONG},
    ):
        for _ in range(2):
            assert not judged.is_done(an_order(**terms)), terms


def test_a_change_is_denied_by_what_it_changes() -> None:
    def change(**terms: Any) -> ModifyOrder:
        return ModifyOrder("o", "c", "", "X", "BTCUSDT.X", "s", **terms)

    assert denial_of_change(change(size=Decimal(1)), SOME) is None
    for terms in ({"price": Decimal(1)}, {"trigger_price": Decimal(1)}):
        denial = denial_of_change(change(**terms), SOME)
        assert denial is not None
        assert denial.code is Code.UNSUPPORTED_INSTRUCTION
        assert "price" in denial.reason
