"""What the gate knows of the world: what is missing, stale or strange is a reason to deny."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from order_samples import BTC, INSTANCE, a_state, an_instrument, an_order

from actors.gate.rules import Limits
from actors.gate.view import FloorView
from bus import topics
from bus.codec import Header
from bus.messages import (
    Code,
    ExecutionState,
    ExecutionUpdate,
    InstanceState,
    Message,
    OrderStatus,
    ReferencePrice,
    TradingState,
    TradingStates,
)

HEADER = Header(1, 1, "reconciler", 1, 1, 1)


class Floor:
    """The part of a member that a view uses; the test is everybody else on the floor."""

    def __init__(self) -> None:
        self.live = {"reconciler"}
        self._subscriptions: dict[str, tuple[Callable[..., None], Callable[..., None] | None]] = {}

    def subscribe(self, topic: str, handler: Callable[..., None], on_stale: Callable[..., None] | None = None) -> None:
        self._subscriptions[topic] = (handler, on_stale)

    def is_live(self, name: str) -> bool:
        return name in self.live

    def tell(self, topic: str, message: Message) -> None:
        self._subscriptions[topic][0](message, HEADER, topic)

    def lose(self, topic: str, reason: str) -> None:
        stale = self._subscriptions[topic][1]
        assert stale is not None
        stale(topic, reason)


INSTANCE_TOPIC = topics.topic("state", "instance", INSTANCE)
REFERENCE = topics.book_reference(INSTANCE, BTC)
EXECUTION = topics.topic("execution", "alpha")


@pytest.fixture
def floor() -> Floor:
    return Floor()


def a_view(floor: Floor, states: dict[str, TradingState] | None = None) -> FloorView:
    return FloorView(floor, Limits(), (INSTANCE,), TradingStates(states or {}))  # type: ignore[arg-type]


def synced(floor: Floor, is_so: bool = True, reason: str = "") -> None:
    floor.tell(INSTANCE_TOPIC, InstanceState(INSTANCE, is_so, reason, 1))


def reference(price: float = 100.5, is_synced: bool = True) -> ReferencePrice:
    return ReferencePrice(BTC, price, is_synced, 1, 1)


def test_an_instance_that_is_not_configured_is_denied_with_those_that_are(floor: Floor) -> None:
    problem = a_view(floor).instance_problem("BYBIT")
    assert problem == (Code.NO_SUCH_INSTANCE, "no instance is named 'BYBIT'; there are: BINANCE")


def test_an_instance_is_fine_while_the_reconciler_says_that_it_is_synced(floor: Floor) -> None:
    view = a_view(floor)
    assert view.instance_problem(INSTANCE) == (Code.NOT_SYNCED, "BINANCE: the reconciler has not spoken yet")
    synced(floor, False, "reconciling")
    assert view.instance_problem(INSTANCE) == (Code.NOT_SYNCED, "BINANCE: reconciling")
    synced(floor)
    assert view.instance_problem(INSTANCE) is None


def test_a_stale_word_about_an_instance_is_no_word(floor: Floor) -> None:
    view = a_view(floor)
    synced(floor)
    floor.lose(INSTANCE_TOPIC, "gap")
    assert view.instance_problem(INSTANCE) == (Code.NOT_SYNCED, "BINANCE: the reconciler's word is stale: gap")
    synced(floor)
    assert view.instance_problem(INSTANCE) is None


def test_without_a_reconciler_every_instance_is_denied_whatever_it_said_before(floor: Floor) -> None:
    view = a_view(floor)
    synced(floor)
    floor.live.clear()
    assert view.instance_problem(INSTANCE) == (Code.NO_RECONCILER, "the reconciler is down")


def test_a_reference_price_is_exact_and_only_there_while_its_book_is_whole(floor: Floor) -> None:
    view = a_view(floor)
    view.follow_instrument(INSTANCE, BTC)
    assert view.reference_price(INSTANCE, BTC) is None
    floor.tell(REFERENCE, reference(0.1))
    assert view.reference_price(INSTANCE, BTC) == Decimal("0.1")
    floor.tell(REFERENCE, reference(is_synced=False))
    assert view.reference_price(INSTANCE, BTC) is None
    assert view.book_problem(INSTANCE, BTC) == "it is being resynced"


@pytest.mark.parametrize("price", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_price_by_which_nothing_can_be_valued_is_none(floor: Floor, price: float) -> None:
    view = a_view(floor)
    view.follow_instrument(INSTANCE, BTC)
    floor.tell(REFERENCE, reference(price))
    assert view.reference_price(INSTANCE, BTC) is None


def test_a_stale_reference_price_is_a_problem_until_the_next(floor: Floor) -> None:
    view = a_view(floor)
    view.follow_instrument(INSTANCE, BTC)
    floor.tell(REFERENCE, reference())
    floor.lose(REFERENCE, "its publisher is gone")
    assert view.book_problem(INSTANCE, BTC) == "its publisher is gone"
    floor.tell(REFERENCE, reference())
    assert view.book_problem(INSTANCE, BTC) == ""


def test_rules_are_those_that_the_venue_told_last(floor: Floor) -> None:
    view = a_view(floor)
    view.follow_instrument(INSTANCE, BTC)
    assert view.instrument(INSTANCE, BTC) is None
    topic = topics.market(INSTANCE, "instrument", BTC)
    for rules in (an_instrument(), an_instrument(min_notional=Decimal(20))):
        floor.tell(topic, rules)
        assert view.instrument(INSTANCE, BTC) is rules


FLOOR, VENUE, ALPHA = "floor", "instance/BINANCE", "strategy/alpha"
ACTIVE, REDUCING, HALTED = TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED


@pytest.mark.parametrize(
    ("states", "strictest"),
    [
        ({}, (ACTIVE, "")),
        ({FLOOR: REDUCING}, (REDUCING, FLOOR)),
        ({FLOOR: REDUCING, ALPHA: HALTED}, (HALTED, ALPHA)),
        ({VENUE: HALTED, FLOOR: REDUCING}, (HALTED, VENUE)),
        ({"strategy/beta": HALTED, "instance/BYBIT": HALTED}, (ACTIVE, "")),
        ({FLOOR: TradingState.UNKNOWN, ALPHA: REDUCING}, (TradingState.UNKNOWN, FLOOR)),
    ],
)
def test_the_strictest_state_of_an_order_s_scopes_wins(
    floor: Floor, states: dict[str, TradingState], strictest: tuple[TradingState, str]
) -> None:
    assert a_view(floor, states).trading_state(an_order()) == strictest


def test_unknown_orders_are_those_that_are_open_and_unknown_now(floor: Floor) -> None:
    view = a_view(floor)
    view.follow_strategy("alpha")
    unknown = a_state(OrderStatus.SUBMITTED, uncertain_since_ns=5)
    floor.tell(EXECUTION, ExecutionState("alpha", 1, (unknown,)))
    assert view.unknown_order("alpha", BTC) == "o1"
    assert view.unknown_order("alpha", "ETHUSDT.BINANCE") == ""
    assert view.unknown_order("beta", BTC) == ""
    floor.tell(EXECUTION, ExecutionUpdate(a_state(OrderStatus.ACCEPTED)))
    assert view.unknown_order("alpha", BTC) == ""
    floor.tell(EXECUTION, ExecutionUpdate(unknown))
    assert view.unknown_order("alpha", BTC) == "o1"
    floor.tell(EXECUTION, ExecutionState("alpha", 3))
    assert view.unknown_order("alpha", BTC) == ""


def test_a_strategy_s_orders_are_not_known_before_its_stream_is_joined_nor_behind_a_gap(floor: Floor) -> None:
    view = a_view(floor)
    assert view.strategy_problem("alpha") == "the reconciler has not told them yet"
    view.follow_strategy("alpha")
    assert view.strategy_problem("alpha") == "the reconciler has not told them yet"
    floor.tell(EXECUTION, ExecutionState("alpha", 1))
    assert view.strategy_problem("alpha") == ""
    floor.lose(EXECUTION, "gap")
    assert view.strategy_problem("alpha") == "gap"
    floor.tell(EXECUTION, ExecutionState("alpha", 4))
    assert view.strategy_problem("alpha") == ""


def test_an_order_is_settled_once_rules_book_and_its_strategy_s_orders_are_known(floor: Floor) -> None:
    view = a_view(floor)
    view.follow_instrument(INSTANCE, BTC)
    view.follow_strategy("alpha")
    steps: list[tuple[str, Any]] = [
        (topics.market(INSTANCE, "instrument", BTC), an_instrument()),
        (REFERENCE, reference()),
        (EXECUTION, ExecutionState("alpha", 1)),
    ]
    for topic, message in steps:
        assert not view.is_settled(an_order())
        floor.tell(topic, message)
    assert view.is_settled(an_order())


def test_where_no_books_are_kept_none_is_asked_for_and_an_order_needs_a_price_of_its_own(floor: Floor) -> None:
    view = FloorView(floor, Limits(), (INSTANCE,), TradingStates({}), bookless=(INSTANCE,))  # type: ignore[arg-type]
    view.follow_instrument(INSTANCE, BTC)
    view.follow_strategy("alpha")
    floor.tell(EXECUTION, ExecutionState("alpha", 0, (), ()))
    assert not view.is_settled(an_order())
    floor.tell(topics.market(INSTANCE, "instrument", BTC), an_instrument())
    assert view.is_settled(an_order())
    assert view.book_problem(INSTANCE, BTC) == ""
    assert view.reference_price(INSTANCE, BTC) is None
    with pytest.raises(KeyError):
        floor.tell(REFERENCE, reference())


@pytest.mark.parametrize("whole", [True, False])
def test_a_change_is_under_way_until_the_orders_state_shows_it_or_its_time_is_over(floor: Floor, whole: bool) -> None:
    view, before = a_view(floor), a_state(OrderStatus.ACCEPTED)
    view.follow_strategy("alpha")
    floor.tell(EXECUTION, ExecutionState("alpha", 1, (before,)))
    view.note_change("o1", "o1-2", until_ns=100)
    assert (view.is_changing(before, 99), view.is_changing(before, 100)) == (True, False)
    floor.tell(EXECUTION, ExecutionState("alpha", 1, (before,)))
    assert view.is_changing(before, 99)
    over = a_state(OrderStatus.ACCEPTED, change_id="o1-2")
    floor.tell(EXECUTION, ExecutionState("alpha", 2, (over,)) if whole else ExecutionUpdate(over))
    assert not view.is_changing(over, 99)
