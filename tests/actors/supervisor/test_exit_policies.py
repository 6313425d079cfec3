"""What becomes of a strategy's orders, over a scripted floor and a clock that runs as fast as it is asked."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from order_samples import BTC, a_state, an_order

from actors.runtime import Log
from actors.supervisor.exit_policies import ExitPolicyRun, Outcome
from bus.codec import ReplyStatus
from bus.messages import (
    CancelAll,
    Code,
    Empty,
    EndStrategy,
    ExitPolicy,
    GetOrders,
    IntentsAnswer,
    Message,
    OrderList,
    OrderState,
    OrderStatus,
    mint_order_id,
)
from bus.requests import Reply

EPOCH = 1_760_000_000


class _Impatient(selectors.DefaultSelector):
    """Does not wait, but says how long it would have."""

    waited_s = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.waited_s += timeout or 0.0
        return super().select(0)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is what was waited for."""

    def __init__(self) -> None:
        self.selector = _Impatient()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.waited_s


def an_open_order(count: int, epoch: int = EPOCH, instance: str = "BINANCE") -> OrderState:
    order_id = mint_order_id("demo", "alpha", epoch, count)
    return replace(a_state(OrderStatus.ACCEPTED), order=an_order(order_id, instance=instance))


class Floor:
    """A reconciler and execution actors by script: `orders` are open until `on_cancel` ends them."""

    def __init__(self, *orders: OrderState) -> None:
        self.orders = {state.order.order_id: state for state in orders}
        self.cancels: list[tuple[str, CancelAll]] = []
        self.looks = 0
        self.deaf = self.gate_is_deaf = False
        self.ends: list[int] = []
        self.passed = self.pulled = 7
        self.epoch = EPOCH
        self.executors = {"BINANCE": "execution.BINANCE", "BYBIT": "execution.BYBIT"}
        self.on_cancel: Callable[[CancelAll], None] = self.end_all

    def end_all(self, command: CancelAll) -> None:
        for _, name in command.client_order_ids:
            self.orders.pop(name)

    async def request(self, name: str, message: Message, timeout_s: float) -> Reply:
        if isinstance(message, GetOrders):
            assert (name, message) == ("reconciler", GetOrders(strategy="alpha"))
            self.looks += 1
            if self.deaf:
                return Reply(ReplyStatus.NO_ANSWER, Code.TIMED_OUT, Empty())
            return Reply(ReplyStatus.OK, Code.NONE, OrderList(tuple(self.orders.values()), self.pulled))
        if isinstance(message, EndStrategy):
            assert (name, message.strategy) == ("gate", "alpha")
            self.ends.append(message.until_epoch)
            if self.gate_is_deaf:
                return Reply(ReplyStatus.NO_ANSWER, Code.TIMED_OUT, Empty())
            return Reply(ReplyStatus.OK, Code.NONE, IntentsAnswer((), self.passed))
        assert isinstance(message, CancelAll)
        self.cancels.append((name, message))
        self.on_cancel(message)
        return Reply(ReplyStatus.OK, Code.NONE, Empty())

    def carry_out(self, policy: ExitPolicy = ExitPolicy.CANCEL, limit_s: float = 30.0) -> tuple[Outcome, float]:
        """Return the outcome and how long it took, in the loop's own seconds."""
        run = ExitPolicyRun(self.request, lambda: self.executors, Log("supervisor"))
        with asyncio.Runner(loop_factory=FastLoop) as runner:
            outcome = runner.run(run.carry_out("alpha", policy, lambda: self.epoch, limit_s))
            return outcome, runner.get_loop().time()


def test_every_open_order_is_cancelled_at_its_own_instance_and_confirmed_gone() -> None:
    here, there = an_open_order(1), an_open_order(2, instance="BYBIT")
    floor = Floor(here, there)
    outcome, _ = floor.carry_out()
    assert outcome == Outcome(True, 2)
    assert floor.cancels == [
        (
            f"execution.{state.order.instance}",
            CancelAll(
                state.order.instance,
                "alpha",
                client_order_ids=((BTC, state.order.client_order_id),),
                until_epoch=EPOCH,
            ),
        )
        for state in (here, there)
    ]
    assert floor.looks == 2
    assert floor.ends == [EPOCH], "the gate is told once"


def test_while_a_change_is_under_way_both_attempts_are_cancelled() -> None:
    changing = replace(an_open_order(1), pending_client_order_id="tried")
    floor = Floor(changing)
    floor.on_cancel = lambda command: floor.orders.clear()
    outcome, _ = floor.carry_out()
    assert outcome == Outcome(True, 1)
    ((_, command),) = floor.cancels
    assert command.client_order_ids == ((BTC, changing.order.client_order_id), (BTC, "tried"))


def test_an_order_that_the_gate_passed_and_the_reconciler_has_not_heard_of_is_waited_for_and_cancelled() -> None:
    floor = Floor()
    floor.pulled = 6
    late = an_open_order(1)

    async def request(name: str, message: Message, timeout_s: float) -> Reply:
        if floor.looks == 2 and floor.pulled < floor.passed:
            floor.pulled = floor.passed
            floor.orders[late.order.order_id] = late
        return await Floor.request(floor, name, message, timeout_s)

    floor.request = request  # type: ignore[method-assign]
    outcome, _ = floor.carry_out()
    assert outcome == Outcome(True, 1)
    assert len(floor.cancels) == 1


def test_while_the_gate_does_not_answer_orders_are_cancelled_and_nothing_is_called_done() -> None:
    floor = Floor(an_open_order(1))
    floor.gate_is_deaf = True
    outcome, took_s = floor.carry_out(limit_s=5.0)
    assert outcome == Outcome(False, 1)
    assert 5.0 <= took_s < 6.0
    assert len(floor.cancels) == 1


def test_a_life_that_ends_while_the_policy_runs_is_taken_on() -> None:
    first, second = an_open_order(1), an_open_order(1, EPOCH + 5)
    floor = Floor(first)

    def another_ends(command: CancelAll) -> None:
        floor.end_all(command)
        if floor.epoch == EPOCH:
            floor.epoch = EPOCH + 5
            floor.orders[second.order.order_id] = second

    floor.on_cancel = another_ends
    outcome, _ = floor.carry_out()
    assert outcome == Outcome(True, 2)
    assert floor.ends == [EPOCH, EPOCH + 5]
    assert floor.orders == {}


def test_a_cancel_that_was_lost_is_sent_again() -> None:
    floor = Floor(an_open_order(1))
    tries = iter([False, False, True])
    floor.on_cancel = lambda command: floor.end_all(command) if next(tries) else None
    outcome, _ = floor.carry_out()
    assert outcome == Outcome(True, 1)
    assert len(floor.cancels) == 3


def test_orders_of_a_later_life_are_spared() -> None:
    ours, later = an_open_order(1), an_open_order(1, EPOCH + 1)
    floor = Floor(ours, later)
    outcome, _ = floor.carry_out()
    assert outcome == Outcome(True, 1)
    assert list(floor.orders) == [later.order.order_id]


def test_what_is_left_at_the_limit_is_named_and_not_counted_as_done() -> None:
    stubborn, willing = an_open_order(1), an_open_order(2)
    floor = Floor(stubborn, willing)
    floor.on_cancel = lambda command: (floor.orders.pop(willing.order.order_id, None), None)[1]
    outcome, took_s = floor.carry_out(limit_s=5.0)
    assert outcome == Outcome(False, 1, (stubborn.order.order_id,))
    assert 5.0 <= took_s < 6.0


def test_without_the_reconciler_s_word_nothing_is_called_done() -> None:
    floor = Floor(an_open_order(1))
    floor.deaf = True
    outcome, took_s = floor.carry_out(limit_s=5.0)
    assert outcome == Outcome(False, 0)
    assert 5.0 <= took_s < 6.0
    assert floor.cancels == []


def test_a_reconciler_that_falls_silent_leaves_what_it_last_said() -> None:
    floor = Floor(an_open_order(1))

    def fall_silent(command: CancelAll) -> None:
        floor.deaf = True

    floor.on_cancel = fall_silent
    outcome, _ = floor.carry_out(limit_s=5.0)
    assert outcome == Outcome(False, 0, tuple(floor.orders))


def test_an_instance_without_an_execution_actor_is_waited_for() -> None:
    floor = Floor(an_open_order(1))
    executors = floor.executors
    floor.executors = {}

    async def request(name: str, message: Message, timeout_s: float) -> Reply:
        if floor.looks == 4:
            floor.executors = executors
        return await Floor.request(floor, name, message, timeout_s)

    floor.request = request  # type: ignore[method-assign]
    outcome, _ = floor.carry_out()
    assert outcome == Outcome(True, 1)


def test_leave_cancels_nothing_and_says_what_stays() -> None:
    floor = Floor(an_open_order(1), an_open_order(1, EPOCH + 1))
    outcome, _ = floor.carry_out(ExitPolicy.LEAVE)
    assert outcome == Outcome(True, 0, (an_open_order(1).order.order_id,))
    assert floor.cancels == []


def test_leave_without_the_reconciler_s_word_does_not_say_that_nothing_stays() -> None:
    floor = Floor(an_open_order(1))
    floor.deaf = True
    assert floor.carry_out(ExitPolicy.LEAVE)[0] == Outcome(False, 0)


@pytest.mark.parametrize("orders", [0, 1, 40])
def test_the_outcome_counts_every_order_once(orders: int) -> None:
    floor = Floor(*(an_open_order(count) for count in range(orders)))
    assert floor.carry_out()[0] == Outcome(True, orders)
