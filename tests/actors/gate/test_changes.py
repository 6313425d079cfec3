"""A change is judged as the order will be, journalled, sent at most once, and answered again by what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from gate_scene import GateScene, a_change, minted
from msgspec.structs import replace
from order_samples import INSTANCE, a_state, an_order

from actors.gate.changes import change_denial
from bus.codec import ReplyStatus
from bus.messages import (
    Code,
    ContingencyType,
    ModifyOrder,
    OrderEventKind,
    OrderState,
    OrderStatus,
    OrderType,
    Pending,
    Refused,
    Source,
    TradingState,
    TradingStates,
)
from tradefloor.testing import run_virtual

S = OrderStatus
D = Decimal


def in_scene(folder: Path, story: Callable[[GateScene], Awaitable[None]]) -> None:
    async def play() -> None:
        scene = GateScene(folder)
        await story(scene)
        scene.journal.close()

    run_virtual(play())


# passing


def test_a_change_that_passes_is_journalled_and_sent_with_the_order_as_it_stands(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        state = scene.knows(
            venue_order_id="77", filled=D(3), venue_filled=D(4), carried=D(2), status=S.PARTIALLY_FILLED
        )
        assert await scene.ask(a_change(state, price="99", size="8")) is None
        ((name, sent),) = scene.sent
        assert name == f"execution.{INSTANCE}"
        assert isinstance(sent, ModifyOrder)
        assert (sent.order, sent.filled, sent.carried, sent.venue_order_id) == (state.order, D(4), D(2), "77")
        assert (sent.side, sent.type, sent.new_client_order_id) == (state.order.side, state.order.type, minted(50))
        (intent,) = scene.intents()
        assert (intent.denied, intent.change) == (False, sent)
        assert (intent.order.size, intent.order.price, intent.order.order_id) == (D(8), D(99), state.order.order_id)
        assert scene.published == [intent], "at once, for its fate is told by another way"

    in_scene(tmp_path, story)


@pytest.mark.parametrize("lives", [1, 2])
def test_p1_a_repeated_change_is_answered_and_never_sent_twice(tmp_path: Path, lives: int) -> None:
    async def story(scene: GateScene) -> None:
        state = scene.knows()
        change = a_change(state, price="99")
        assert await scene.ask(change) is None
        if lives == 2:
            scene.restart()
            scene.knows()
        for _ in range(3):
            assert await scene.ask(change) is None
        other = await scene.ask(a_change(state, price="98"))
        assert isinstance(other, Refused)
        assert other.code is Code.DUPLICATE_ORDER_ID
        assert (len(scene.sent), len(scene.intents())) == (1, 1)

    in_scene(tmp_path, story)


def test_a_repeated_change_that_was_denied_or_not_sent_is_refused_again(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        state = scene.knows()
        denied = a_change(state, 51, price="99.005")
        first, again = await scene.ask(denied), await scene.ask(denied)
        assert isinstance(first, Refused)
        assert (first.code, first) == (Code.PRICE_INCREMENT, again)
        not_sent = a_change(state, 52, price="99")
        assert await scene.ask(not_sent) is None
        await scene.answer(ReplyStatus.DENIED, Code.VENUE_NOT_CONNECTED, "the socket is down")
        kinds = [(intent.denied, intent.event and intent.event.kind) for intent in scene.intents()]
        assert kinds == [(True, OrderEventKind.MODIFY_REJECTED), (False, None), (True, OrderEventKind.MODIFY_REJECTED)]
        last = scene.intents()[-1].event
        assert last is not None
        assert (last.code, last.source, last.change_id) == (Code.VENUE_NOT_CONNECTED, Source.GATE, minted(52))
        assert await scene.ask(a_change(state, 53, price="98")) is None, "it is under way no more"

    in_scene(tmp_path, story)


def test_a_change_without_an_answer_is_nobody_s_refusal(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        assert await scene.ask(a_change(scene.knows(), price="99")) is None
        await scene.answer(ReplyStatus.NO_ANSWER, Code.TIMED_OUT)
        assert [intent.denied for intent in scene.intents()] == [False]

    in_scene(tmp_path, story)


# one at a time, and of an order that is known


def test_one_change_of_an_order_is_under_way_at_a_time(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        state = scene.knows()
        change = a_change(state, 51, price="99")
        assert await scene.ask(change) is None
        early = await scene.ask(a_change(state, 52, price="98"))
        pending = scene.knows(pending=Pending.MODIFY, change=change, pending_client_order_id=minted(51), revision=1)
        later = await scene.ask(a_change(pending, 53, price="98"))
        assert [each.code for each in (early, later)] == [Code.CHANGE_IN_FLIGHT] * 2
        done = scene.knows(order=replace(state.order, client_order_id=minted(51), price=D(99)), revision=2)
        assert await scene.ask(a_change(done, 54, price="98")) is None
        assert len(scene.sent) == 2

    in_scene(tmp_path, story)


def test_a_change_may_be_ahead_of_the_reconciler_s_word_of_the_order(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        accepted = replace(a_state(S.ACCEPTED), order=an_order(minted(1), client_order_id=minted(1)))
        asking = asyncio.ensure_future(scene.ask(a_change(accepted, price="99")))
        await asyncio.sleep(0.02)
        scene.knows(status=S.SUBMITTED)
        await asyncio.sleep(0.02)
        assert not asking.done()
        scene.knows()
        assert await asking is None
        gone = await scene.ask(a_change(replace(accepted, order=an_order(minted(9))), 51, price="99"))
        assert (gone.code, minted(9) in gone.reason) == (Code.NO_SUCH_ORDER, True)

    in_scene(tmp_path, story)


def test_a_gate_that_has_just_begun_waits_for_the_rules_and_the_book_of_a_changed_order(
    tmp_path: Path,
) -> None:
    async def story(scene: GateScene) -> None:
        state = scene.knows()
        scene.view._references.clear()
        scene.view._instruments.clear()
        asking = asyncio.ensure_future(scene.ask(a_change(state, price="99")))
        await asyncio.sleep(0.05)
        assert not asking.done()
        scene.tell_rules()
        assert await asking is None

    in_scene(tmp_path, story)


@pytest.mark.parametrize(
    ("strategy", "tried"),
    [("beta", minted(5, "beta")), ("alpha", minted(5, "beta")), ("alpha", "by hand"), ("alpha", "")],
)
def test_p12_a_strategy_changes_its_own_orders_by_names_of_its_own(tmp_path: Path, strategy: str, tried: str) -> None:
    async def story(scene: GateScene) -> None:
        change = replace(a_change(scene.knows(), price="99"), strategy=strategy, new_client_order_id=tried)
        refused = await scene.ask(change)
        assert isinstance(refused, Refused)
        assert refused.code is Code.NOT_ALLOWED
        assert (scene.sent, scene.intents()) == ([], ())

    in_scene(tmp_path, story)


# judged


def a_working(**facts: Any) -> OrderState:
    return replace(a_state(facts.pop("status", S.ACCEPTED)), order=an_order(minted(1)), **facts)


@pytest.mark.parametrize(
    ("state", "wanted", "code", "named"),
    [
        (a_working(status=S.FILLED), {"price": "99"}, Code.TOO_LATE, "FILLED"),
        (a_working(status=S.CANCELED), {"price": "99"}, Code.TOO_LATE, "CANCELED"),
        (a_working(status=S.SUBMITTED), {"price": "99"}, Code.CHANGE_IN_FLIGHT, "SUBMITTED"),
        (a_working(pending=Pending.CANCEL), {"price": "99"}, Code.CHANGE_IN_FLIGHT, "PENDING_CANCEL"),
        (a_working(filled=D(4)), {"size": "4"}, Code.SIZE_LIMIT, "above 4"),
        (a_working(filled=D(3), venue_filled=D(5)), {"size": "5"}, Code.SIZE_LIMIT, "above 5"),
        (a_working(), {"price": "100"}, Code.NO_CHANGE, "these terms"),
        (a_working(), {"price": "100", "size": "10"}, Code.NO_CHANGE, "these terms"),
    ],
)
def test_e30_a_change_that_makes_no_sense_is_denied_by_code_and_numbers(
    state: OrderState, wanted: dict[str, str], code: Code, named: str
) -> None:
    change = a_change(state, **wanted)
    denial = change_denial(state, change, is_changing=False)
    assert denial is not None
    assert (denial.code, named in denial.reason) == (code, True)


def test_a_change_by_a_name_that_the_order_has_no_more_is_too_late() -> None:
    state = a_working()
    stale = replace(a_change(state, price="99"), client_order_id=minted(7))
    denial = change_denial(state, stale, is_changing=False)
    assert denial is not None
    assert (denial.code, minted(1) in denial.reason) == (Code.TOO_LATE, True)


JUDGED = [
    # what of a working order, what is wanted, the code (NONE: it passes), and what the reason names
    ({}, {"price": "99.005"}, Code.PRICE_INCREMENT, "99.005"),
    ({}, {"price": "0.5"}, Code.PRICE_LIMIT, "minimum 1"),
    ({}, {"size": "1.0005"}, Code.SIZE_INCREMENT, "1.0005"),
    ({}, {"size": "100.001"}, Code.SIZE_LIMIT, "maximum 100"),
    ({}, {"size": "0.05"}, Code.NOTIONAL_LIMIT, "minimum 10"),
    ({"filled": D("9.95")}, {"price": "99"}, Code.NOTIONAL_LIMIT, "4.95"),  # a new attempt has what is left
    ({"filled": D("9.9")}, {"price": "101"}, Code.NONE, ""),
    ({"filled": D("9.5")}, {"size": "9.55"}, Code.NONE, ""),  # one that is made smaller keeps its attempt
    ({"filled": D("9.5"), "carried": D("9.48")}, {"size": "9.55"}, Code.NOTIONAL_LIMIT, "7"),
    ({}, {"trigger_price": "99"}, Code.UNSUPPORTED_INSTRUCTION, "trigger_price with LIMIT"),
    ({"order": {"type": OrderType.STOP_MARKET, "price": None, "trigger_price": D(90)}}, {"price": "99"},
     Code.PRICE_NOT_ALLOWED, "takes no price"),
    ({"order": {"type": OrderType.STOP_LIMIT, "trigger_price": D(90)}}, {"trigger_price": "90.005"},
     Code.PRICE_INCREMENT, "trigger_price 90.005"),
    ({"order": {"display_size": D(5)}}, {"size": "4"}, Code.SIZE_LIMIT, "display_size 5"),
    ({"order": {"contingency": ContingencyType.OCO, "list_id": "L"}}, {"size": "9"}, Code.NONE, ""),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "wanted", "code", "named"), JUDGED)
def test_e71_a_change_is_judged_as_the_order_will_be(
    tmp_path: Path, facts: dict[str, Any], wanted: dict[str, str], code: Code, named: str
) -> None:
    async def story(scene: GateScene) -> None:
        terms = dict(facts)
        order = an_order(minted(1), client_order_id=minted(1), **terms.pop("order", {}))
        answer = await scene.ask(a_change(scene.knows(order=order, **terms), **wanted))
        if code is Code.NONE:
            assert answer is None
        else:
            assert (answer.code, named in answer.reason) == (code, True), answer
            assert scene.sent == []

    in_scene(tmp_path, story)


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
def test_p6_nothing_is_changed_while_trading_is_halted(tmp_path: Path, state: TradingState) -> None:
    async def story(scene: GateScene) -> None:
        known = scene.knows()
        scene.view.trading = TradingStates({"strategy/alpha": state}, {})
        refused = await scene.ask(a_change(known, price="99"))
        assert (refused.code, scene.sent) == (Code[state.name], [])

    in_scene(tmp_path, story)


def test_p6_the_answer_to_a_halt_waits_for_a_change_that_was_passed_before(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        assert await scene.ask(a_change(scene.knows(), price="99")) is None
        barrier = asyncio.ensure_future(scene.gate._wait_for_barrier("strategy/alpha", []))
        others = asyncio.ensure_future(scene.gate._wait_for_barrier("strategy/beta", []))
        await asyncio.sleep(0.1)
        assert (barrier.done(), others.done()) == (False, True)
        await scene.answer(ReplyStatus.OK)
        await asyncio.sleep(0.1)
        assert barrier.done()

    in_scene(tmp_path, story)


def test_an_unknown_order_is_not_changed(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        refused = await scene.ask(a_change(scene.knows(uncertain_since_ns=5), price="99"))
        assert refused.code is Code.UNKNOWN_ORDER_OPEN

    in_scene(tmp_path, story)
