"""From a user's words to an order; an error names what would do."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from order_samples import BTC, INSTANCE, an_instrument

from actors.strategy.terms import Terms
from bus.messages import Code, NewOrder, OrderType, Side, TimeInForce, TriggerType


def order(side: str = "BUY", size: object = "1", price: object = None, **terms: Any) -> NewOrder:
    return Terms().new_order("id1", "alpha", INSTANCE, BTC, side, size, price, terms)


def test_a_size_alone_is_a_market_order_and_a_price_makes_it_a_limit_order() -> None:
    assert (order().type, order().price) == (OrderType.MARKET, None)
    assert (order(price=100).type, order(price=100).price) == (OrderType.LIMIT, Decimal(100))
    assert order(price=100).time_in_force is TimeInForce.GTC


def test_an_order_bears_its_names() -> None:
    made = order()
    assert (made.order_id, made.client_order_id, made.strategy) == ("id1", "id1", "alpha")
    assert (made.instance, made.instrument) == (INSTANCE, BTC)


@pytest.mark.parametrize("number", [0.1, "0.1", Decimal("0.1"), "1e-1"])
def test_numbers_of_any_kind_become_exact(number: object) -> None:
    assert order(size=number, price=number).size == Decimal("0.1")
    assert order(size=None, quote_size=number).quote_size == Decimal("0.1")


@pytest.mark.parametrize("word", ["buy", "BUY", "Buy", Side.BUY])
def test_words_are_read_in_any_case(word: str) -> None:
    assert order(word).side is Side.BUY
    assert order(time_in_force="ioc").time_in_force is TimeInForce.IOC
    assert order(trigger_type="mark").trigger_type is TriggerType.MARK


def test_a_term_that_is_none_is_as_if_it_were_left_out() -> None:
    assert order(time_in_force=None, type=None, quote_size=None, tag=None) == order()


@pytest.mark.parametrize(
    ("said", "error", "named"),
    [
        ({"side": "LONG"}, ValueError, ["side", "'LONG'", "BUY, SELL"]),
        ({"side": "UNKNOWN"}, ValueError, ["side", "BUY, SELL"]),
        ({"time_in_force": "FOREVER"}, ValueError, ["time_in_force", "GTC, IOC, FOK"]),
        ({"type": "ICEBERG"}, ValueError, ["type", "MARKET, LIMIT"]),
        ({"trigger_type": "ASK"}, ValueError, ["trigger_type", "MARK, INDEX"]),
        ({"contingency": "OTTO"}, ValueError, ["contingency", "OCO, OTO, BRACKET"]),
        ({"position_side": "UP"}, ValueError, ["position_side", "NET, LONG, SHORT"]),
        ({"size": "a lot"}, ValueError, ["size", "'a lot'", "a number"]),
        ({"price": "nan"}, ValueError, ["price", "'nan'", "a finite number"]),
        ({"price": float("inf")}, ValueError, ["price", "inf", "a finite number"]),
        ({"size": "1e99"}, ValueError, ["size", "at most 24 digits"]),
        ({"quote_size": "much"}, ValueError, ["quote_size", "'much'", "a number"]),
        ({"post_only": "yes"}, ValueError, ["post_only", "'yes'", "expected `bool`"]),
        ({"expire_ns": "tomorrow"}, ValueError, ["expire_ns", "'tomorrow'", "expected `int`"]),
        ({"expire_ns": 2**63}, ValueError, ["expire_ns", str(2**63), "64 bits"]),
        ({"tag": 5}, ValueError, ["tag", "5", "expected `str`"]),
        ({"params": {"a": 1}}, ValueError, ["params", "expected `str`"]),
        ({"postonly": True}, TypeError, ["'postonly'", "post_only", "time_in_force"]),
        ({"strategy": "beta"}, TypeError, ["'strategy'", "does not exist"]),
        ({"client_order_id": "x"}, TypeError, ["'client_order_id'", "does not exist"]),
        ({"ts_gated": 1}, TypeError, ["'ts_gated'", "does not exist"]),
    ],
)
def test_a_term_that_cannot_be_read_is_named_with_what_would_do(
    said: dict[str, Any], error: type[Exception], named: list[str]
) -> None:
    side, size, price = said.pop("side", "BUY"), said.pop("size", "1"), said.pop("price", None)
    with pytest.raises(error) as caught:
        Terms().new_order("id1", "alpha", INSTANCE, BTC, side, size, price, said)
    assert all(word in str(caught.value) for word in named), str(caught.value)


def test_noise_of_floats_snaps_to_the_step() -> None:
    rules = an_instrument()
    snapped = Terms().snapped(order(size=0.1 + 0.2, price=100.03 * 3 / 3), rules)
    assert (snapped.size, snapped.price) == (Decimal("0.300"), Decimal("100.03"))
    assert Terms().off_step(snapped, rules) is None


@pytest.mark.parametrize(
    ("made", "code", "named"),
    [
        (order(price="100.015"), Code.PRICE_INCREMENT, ["price 100.015", "100.01 and 100.02"]),
        (order(size="0.0015", price=100), Code.SIZE_INCREMENT, ["size 0.0015", "0.001 and 0.002"]),
    ],
)
def test_what_is_between_steps_stays_and_is_named_with_the_two_nearest(
    made: NewOrder, code: Code, named: list[str]
) -> None:
    rules = an_instrument()
    snapped = Terms().snapped(made, rules)
    assert (snapped.size, snapped.price) == (made.size, made.price)
    problem = Terms().off_step(snapped, rules)
    assert problem is not None
    assert problem[0] is code
    assert all(word in problem[1] for word in named), problem[1]


def test_without_rules_nothing_is_off_step() -> None:
    assert Terms().off_step(order(size="0.00001"), None) is None
