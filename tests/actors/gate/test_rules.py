"""Each rule just inside, just outside and with its input missing; codes, and the numbers in the reasons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_samples import BTC, INSTANCE, an_instrument, an_order

from actors.gate.rules import RULES, Denial, Limits, judge
from bus.messages import (
    Code,
    ContingencyType,
    Instrument,
    InstrumentStatusWord,
    NewOrder,
    OrderType,
    Side,
    TimeInForce,
    TradingState,
)


class KnownWorld:
    """A view in which all is well, but for what a test says."""

    def __init__(self, **facts: Any) -> None:
        self.limits = facts.pop("limits", Limits())
        self.rules: Instrument | None = facts.pop("instrument", an_instrument())
        self.price: Decimal | None = facts.pop("price", Decimal(100))
        self.book: str = facts.pop("book", "")
        self.problem: tuple[Code, str] | None = facts.pop("problem", None)
        self.state: tuple[TradingState, str] = facts.pop("state", (TradingState.ACTIVE, ""))
        self.unknown: str = facts.pop("unknown", "")
        self.blind: str = facts.pop("blind", "")
        assert not facts

    def instrument(self, instance: str, instrument: str) -> Instrument | None:
        return self.rules

    def reference_price(self, instance: str, instrument: str) -> Decimal | None:
        return self.price

    def book_problem(self, instance: str, instrument: str) -> str:
        return self.book

    def instance_problem(self, instance: str) -> tuple[Code, str] | None:
        return self.problem

    def trading_state(self, order: NewOrder) -> tuple[TradingState, str]:
        return self.state

    def strategy_problem(self, strategy: str) -> str:
        return self.blind

    def unknown_order(self, strategy: str, instrument: str) -> str:
        return self.unknown


def limit(price: str = "100", size: str = "1", **terms: Any) -> NewOrder:
    return an_order(price=Decimal(price), size=Decimal(size), **terms)


def market(size: str | None = "1", quote_size: str | None = None, **terms: Any) -> NewOrder:
    amounts = {"size": size, "quote_size": quote_size}
    exact = {name: None if text is None else Decimal(text) for name, text in amounts.items()}
    return an_order(type=OrderType.MARKET, price=None, **exact, **terms)


def waits(kind: OrderType, **terms: Any) -> NewOrder:
    known: dict[str, Any] = {"price": Decimal(100), "size": Decimal(1), "trigger_price": Decimal(99)}
    return an_order(type=kind, **{**known, **terms})


@pytest.mark.parametrize(
    "order",
    [
        waits(OrderType.STOP_LIMIT),
        waits(OrderType.LIMIT_IF_TOUCHED),
        waits(OrderType.STOP_MARKET, price=None),
        waits(OrderType.MARKET_IF_TOUCHED, price=None),
        waits(OrderType.TRAILING_STOP_MARKET, price=None, trigger_price=None, trailing_offset=Decimal(50)),
        waits(OrderType.TRAILING_STOP_LIMIT, trigger_price=None, trailing_offset=Decimal(50)),
        limit(display_size=Decimal("0.5")),
    ],
)
def test_an_order_that_waits_or_hides_passes_with_all_that_it_needs(order: NewOrder) -> None:
    assert judge(order, KnownWorld()) is None


def test_an_order_about_which_all_is_known_and_right_passes() -> None:
    assert judge(limit(), KnownWorld()) is None
    assert judge(market(), KnownWorld()) is None
    assert judge(market(None, "100"), KnownWorld()) is None


_D, _STOP = Decimal, OrderType.STOP_LIMIT
_MARKET = OrderType.STOP_MARKET
INSIDE_AND_OUTSIDE = [
    # what, just inside, just outside, the code, and what the reason must name
    ("price step", limit("100.01"), limit("100.015"), Code.PRICE_INCREMENT, ["100.015", "100.01", "100.02", "0.01"]),
    ("least price", limit("1", "10"), limit("0.99", "20"), Code.PRICE_LIMIT, ["0.99", "minimum 1"]),
    ("highest price", limit("100000"), limit("100000.01"), Code.PRICE_LIMIT, ["100000.01", "maximum 100000"]),
    ("price above 0", limit("1", "10"), limit("0"), Code.PRICE_LIMIT, ["price 0", "above 0"]),
    ("price not negative", limit("1", "10"), limit("-5"), Code.PRICE_LIMIT, ["-5", "above 0"]),
    ("size step", limit(size="1.001"), limit(size="1.0015"), Code.SIZE_INCREMENT, ["1.0015", "1.001", "1.002"]),
    ("least size", limit("1000", "0.01"), limit("2000", "0.009"), Code.SIZE_LIMIT, ["0.009", "minimum 0.01"]),
    ("largest size", limit(size="100"), limit(size="100.001"), Code.SIZE_LIMIT, ["100.001", "maximum 100"]),
    ("size above 0", limit(size="0.1"), limit(size="0"), Code.SIZE_LIMIT, ["size 0", "above 0"]),
    ("size not negative", limit(size="0.1"), limit(size="-1"), Code.SIZE_LIMIT, ["-1", "above 0"]),
    ("least notional", limit("100", "0.1"), limit("99.99", "0.1"), Code.NOTIONAL_LIMIT, ["9.999", "minimum 10"]),
    ("most notional", limit("5000", "100"), limit("5000.01", "100"), Code.NOTIONAL_LIMIT, ["500001", "500000"]),
    (
        "trigger step",
        waits(_STOP),
        waits(_STOP, trigger_price=_D("99.005")),
        Code.PRICE_INCREMENT,
        ["trigger_price 99"],
    ),
    ("trigger above 0", waits(_STOP), waits(_STOP, trigger_price=_D(0)), Code.PRICE_LIMIT, ["trigger_price 0"]),
    (
        "trigger's value",
        waits(_MARKET, price=None, trigger_price=_D(10)),
        waits(_MARKET, price=None, trigger_price=_D("9.99")),
        Code.NOTIONAL_LIMIT,
        ["9.99", "minimum 10"],
    ),
    ("shown step", limit(display_size=_D("0.5")), limit(display_size=_D("0.5005")), Code.SIZE_INCREMENT, ["0.5005"]),
    ("shown at most", limit(display_size=_D(1)), limit(display_size=_D("1.001")), Code.SIZE_LIMIT, ["1.001"]),
    ("quote size", market(None, "10"), market(None, "9.9"), Code.NOTIONAL_LIMIT, ["9.9", "minimum 10"]),
    ("quote step", market(None, "10.1"), market(None, "10.15"), Code.SIZE_INCREMENT, ["10.15", "10.1", "10.2"]),
    ("quote above 0", market(None, "10"), market(None, "0"), Code.SIZE_LIMIT, ["quote_size 0", "above 0"]),
    ("quote not negative", market(None, "10"), market(None, "-1"), Code.SIZE_LIMIT, ["-1", "above 0"]),
]


@pytest.mark.parametrize(
    ("inside", "outside", "code", "named"),
    [row[1:] for row in INSIDE_AND_OUTSIDE],
    ids=[r[0] for r in INSIDE_AND_OUTSIDE],
)
def test_the_venue_s_limits_hold_to_the_last_step(
    inside: NewOrder, outside: NewOrder, code: Code, named: list[str]
) -> None:
    assert judge(inside, KnownWorld()) is None
    denial = judge(outside, KnownWorld())
    assert denial is not None
    assert denial.code is code
    assert all(number in denial.reason for number in named), denial.reason


@pytest.mark.parametrize("size", ["0.02", "50"])
def test_a_market_order_within_its_own_limits_passes(size: str) -> None:
    assert judge(market(size), KnownWorld(price=Decimal(5000))) is None


@pytest.mark.parametrize(("size", "bound"), [("0.019", "minimum 0.02"), ("50.001", "maximum 50")])
def test_a_market_order_has_size_limits_of_its_own(size: str, bound: str) -> None:
    denial = judge(market(size), KnownWorld(price=Decimal(5000)))
    assert denial is not None
    assert denial.code is Code.SIZE_LIMIT
    assert size in denial.reason
    assert bound in denial.reason
    assert judge(limit("5000", size), KnownWorld()) is None


def test_steps_are_counted_from_the_instrument_s_own_base() -> None:
    rules = an_instrument(price_increment=Decimal("0.10"), price_base=Decimal("0.05"))
    assert judge(limit("100.05"), KnownWorld(instrument=rules)) is None
    denial = judge(limit("100.10"), KnownWorld(instrument=rules))
    assert denial is not None
    assert denial.code is Code.PRICE_INCREMENT
    assert "between 100.05 and 100.15" in denial.reason


def test_a_step_of_0_takes_every_number() -> None:
    free = an_instrument(price_increment=Decimal(0), size_increment=Decimal(0), quote_increment=None)
    assert judge(limit("100.123456789", "1.987654321"), KnownWorld(instrument=free)) is None


def test_a_limit_that_the_venue_does_not_state_is_none() -> None:
    names = ("min_price", "max_price", "min_size", "max_size", "min_notional", "max_notional")
    free = an_instrument(**dict.fromkeys(names))
    assert judge(limit("0.01", "0.001"), KnownWorld(instrument=free, price=None)) is None
    assert judge(limit("9999999", "9999999"), KnownWorld(instrument=free, price=None)) is None


def test_an_instrument_whose_rules_are_missing_denies() -> None:
    denial = judge(limit(), KnownWorld(instrument=None))
    assert denial == Denial(Code.NO_SUCH_INSTRUMENT, f"{BTC} is not known on {INSTANCE}")


@pytest.mark.parametrize("status", [word for word in InstrumentStatusWord if word != "TRADING"])
def test_an_instrument_that_does_not_trade_denies(status: InstrumentStatusWord) -> None:
    denial = judge(limit(), KnownWorld(instrument=an_instrument(status=status)))
    assert denial == Denial(Code.INSTRUMENT_NOT_TRADING, f"{BTC} is {status}")


def test_a_market_order_that_nobody_can_value_is_denied() -> None:
    denial = judge(market(), KnownWorld(price=None))
    assert denial is not None
    assert denial.code is Code.NO_PRICE
    assert judge(limit(), KnownWorld(price=None)) is None


# the floor's own limits


@pytest.mark.parametrize(
    ("limits", "inside", "outside", "code", "named"),
    [
        ({"max_order_size": "2"}, limit(size="2"), limit(size="2.001"), Code.MAX_ORDER_SIZE, ["2.001", "2"]),
        ({"max_order_notional": "200"}, limit(size="2"), limit("100.01", "2"), Code.MAX_ORDER_NOTIONAL, ["200.02"]),
        ({"max_order_notional": "200"}, market("2"), market("2.001"), Code.MAX_ORDER_NOTIONAL, ["200.1", "200"]),
        ({"max_order_notional": "200"}, market(None, "200"), market(None, "200.1"), Code.MAX_ORDER_NOTIONAL, ["200.1"]),
    ],
)  # fmt: skip
def test_the_floor_s_own_limits_hold_to_the_last_step(
    limits: dict[str, str], inside: NewOrder, outside: NewOrder, code: Code, named: list[str]
) -> None:
    view = KnownWorld(limits=Limits(**{name: Decimal(value) for name, value in limits.items()}))
    assert judge(inside, view) is None
    denial = judge(outside, view)
    assert denial is not None
    assert denial.code is code
    assert all(number in denial.reason for number in named), denial.reason


def test_a_limit_that_an_order_cannot_be_held_against_denies_it() -> None:
    sized = KnownWorld(limits=Limits(max_order_size=Decimal(2)))
    denial = judge(market(None, "100"), sized)
    assert denial is not None
    assert denial.code is Code.MAX_ORDER_SIZE
    no_limits = an_instrument(min_notional=None, max_notional=None)
    valued = KnownWorld(limits=Limits(max_order_notional=Decimal(200)), price=None, instrument=no_limits)
    denial = judge(market(), valued)
    assert denial is not None
    assert denial.code is Code.NO_PRICE


def test_the_multiplier_counts_in_the_notional() -> None:
    view = KnownWorld(limits=Limits(max_order_notional=Decimal(999)), instrument=an_instrument(multiplier=Decimal(10)))
    assert judge(limit("99.9", "1"), view) is None
    denial = judge(limit("100", "1"), view)
    assert denial is not None
    assert denial.code is Code.MAX_ORDER_NOTIONAL


# states of the floor


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (TradingState.REDUCING, Code.REDUCING),
        (TradingState.HALTED, Code.HALTED),
        (TradingState.UNKNOWN, Code.HALTED),
    ],
)
def test_a_scope_that_is_not_active_denies_and_is_named(state: TradingState, code: Code) -> None:
    denial = judge(limit(), KnownWorld(state=(state, "instance/BINANCE")))
    assert denial == Denial(code, f"instance/BINANCE is {state}; only cancels pass")


@pytest.mark.parametrize("code", [Code.NO_SUCH_INSTANCE, Code.NO_RECONCILER, Code.NOT_SYNCED])
def test_an_instance_with_a_problem_denies_with_its_code(code: Code) -> None:
    assert judge(limit(), KnownWorld(problem=(code, "because"))) == Denial(code, "because")


def test_a_book_that_is_not_whole_denies() -> None:
    denial = judge(limit(), KnownWorld(book="gap: at 5, next begins after 7"))
    assert denial is not None
    assert denial.code is Code.BOOK_NOT_SYNCED
    assert denial.reason == f"book of {BTC} on {INSTANCE}: gap: at 5, next begins after 7"


def test_an_order_whose_outcome_is_unknown_denies_the_next() -> None:
    denial = judge(limit(), KnownWorld(unknown="o7"))
    assert denial is not None
    assert denial.code is Code.UNKNOWN_ORDER_OPEN
    assert "o7" in denial.reason


def test_a_strategy_whose_orders_nobody_tells_is_denied() -> None:
    denial = judge(limit(), KnownWorld(blind="gap"))
    assert denial == Denial(Code.NO_RECONCILER, "orders of alpha are not known: gap")


# the terms


@pytest.mark.parametrize(
    ("order", "code", "named"),
    [
        (limit(side=Side.UNKNOWN), Code.UNSUPPORTED_INSTRUCTION, "BUY or SELL"),
        (limit(type=OrderType.MARKET_TO_LIMIT), Code.UNSUPPORTED_ORDER_TYPE, "MARKET_TO_LIMIT"),
        (limit(type=OrderType.STOP_LIMIT), Code.PRICE_MISSING, "trigger_price"),
        (limit(type=OrderType.STOP_MARKET), Code.PRICE_NOT_ALLOWED, "STOP_MARKET"),
        (waits(OrderType.LIMIT_IF_TOUCHED, price=None), Code.PRICE_MISSING, "needs a price"),
        (limit(type=OrderType.TRAILING_STOP_LIMIT, trigger_price=Decimal(1)), Code.UNSUPPORTED_INSTRUCTION, "trailing"),
        (waits(OrderType.STOP_LIMIT, post_only=True), Code.UNSUPPORTED_INSTRUCTION, "post_only with STOP_LIMIT"),
        (limit(type=OrderType.UNKNOWN), Code.UNSUPPORTED_ORDER_TYPE, "UNKNOWN"),
        (limit(time_in_force=TimeInForce.GTD), Code.UNSUPPORTED_TIME_IN_FORCE, "GTC, IOC, FOK"),
        (market(None), Code.SIZE_MISSING, "exactly one"),
        (market("1", "100"), Code.SIZE_MISSING, "exactly one"),
        (an_order(price=None), Code.PRICE_MISSING, "LIMIT"),
        (limit(type=OrderType.MARKET), Code.PRICE_NOT_ALLOWED, "100"),
        (an_order(size=None, quote_size=Decimal(100)), Code.UNSUPPORTED_INSTRUCTION, "only MARKET"),
        (limit(reduce_only=True), Code.UNSUPPORTED_INSTRUCTION, "reduce_only"),
        (limit(trigger_price=Decimal(1)), Code.UNSUPPORTED_INSTRUCTION, "trigger_price"),
        (limit(trailing_offset=Decimal(1)), Code.UNSUPPORTED_INSTRUCTION, "trailing_offset"),
        (limit(contingency=ContingencyType.OCO), Code.UNSUPPORTED_INSTRUCTION, "contingency"),
        (limit(expire_ns=1), Code.UNSUPPORTED_INSTRUCTION, "expire_ns"),
        (market(post_only=True), Code.UNSUPPORTED_INSTRUCTION, "post_only with MARKET"),
        (limit(post_only=True, time_in_force=TimeInForce.IOC), Code.UNSUPPORTED_INSTRUCTION, "post_only with IOC"),
    ],
)
def test_what_this_version_lacks_or_an_order_leaves_out_is_denied_by_name(
    order: NewOrder, code: Code, named: str
) -> None:
    denial = judge(order, KnownWorld())
    assert denial is not None
    assert denial.code is code
    assert named in denial.reason


@pytest.mark.parametrize("time_in_force", [TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK])
def test_what_this_version_has_passes(time_in_force: TimeInForce) -> None:
    assert judge(limit(time_in_force=time_in_force), KnownWorld()) is None
    assert judge(limit(post_only=True), KnownWorld()) is None


# the judge


def test_rules_are_asked_in_their_order_and_the_first_objection_stands() -> None:
    """The wall comes down brick by brick: each fault that is taken away shows the next."""
    faults: list[tuple[str, Any, Code]] = [
        ("state", (TradingState.HALTED, "floor"), Code.HALTED),
        ("problem", (Code.NOT_SYNCED, "reconciling"), Code.NOT_SYNCED),
        ("book", "gap", Code.BOOK_NOT_SYNCED),
        ("instrument", None, Code.NO_SUCH_INSTRUMENT),
        ("limits", Limits(max_order_size=Decimal("0.5")), Code.MAX_ORDER_SIZE),
        ("unknown", "o7", Code.UNKNOWN_ORDER_OPEN),
    ]
    while faults:
        denial = judge(limit(), KnownWorld(**{name: value for name, value, _ in faults}))
        assert denial is not None
        assert denial.code is faults.pop(0)[2]
    assert judge(limit(), KnownWorld()) is None


def test_every_rule_has_a_name_of_its_own() -> None:
    names = [rule.name for rule in RULES]
    assert names == ["trading_state", "synced", "terms", "instrument", "order_limits", "unknown_orders"]


wide = st.builds(
    lambda digits, exponent, sign: Decimal(digits).scaleb(exponent) * sign,
    st.integers(0, 10**20),
    st.integers(-24, 4),
    st.sampled_from([1, 1, 1, -1]),
)
steps = st.sampled_from([Decimal(0), Decimal("1e-8"), Decimal("1e-18"), Decimal("0.01"), Decimal("0.5"), Decimal(5)])


@settings(max_examples=500, deadline=None)
@given(wide, wide, st.none() | wide, steps, steps)
def test_no_amount_that_a_message_can_hold_makes_a_rule_raise(
    price: Decimal, size: Decimal, quote: Decimal | None, price_step: Decimal, size_step: Decimal
) -> None:
    names = ("min_price", "max_price", "min_size", "max_size", "min_notional", "max_notional")
    rules = an_instrument(price_increment=price_step, size_increment=size_step, **dict.fromkeys(names))
    for order in (
        an_order(price=price, size=size),
        an_order(type=OrderType.MARKET, price=None, size=None if quote is not None else size, quote_size=quote),
    ):
        denial = judge(order, KnownWorld(instrument=rules, limits=Limits(max_order_notional=Decimal(1000))))
        assert denial is None or denial.reason
        if denial is None and order.price is not None and order.size is not None:
            assert order.price > 0
            assert order.size > 0
