"""What a strategy asked for comes to a definite word: orders that the gate may have had, cancels that came too soon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from order_samples import a_state, an_order

from actors.runtime import Log
from actors.strategy import Order
from actors.strategy.errands import REPLACE_S, Errands
from actors.strategy.gate_word import LOOK_BACK
from bus.codec import ReplyStatus
from bus.messages import (
    CancelOrder,
    Code,
    Empty,
    GetIntents,
    Intent,
    IntentsAnswer,
    Message,
    NewOrder,
    OrderState,
    OrderStatus,
    Pending,
    Refused,
    SubmitOrder,
    SubmitOrderList,
)
from bus.requests import Reply
from tradefloor.testing import VirtualClock, run_virtual

S = OrderStatus
EXECUTOR = "execution.BINANCE"


def ended(status: ReplyStatus, code: Code = Code.NONE, body: Message | None = None) -> Reply:
    return Reply(status, code, body or Empty())


ABSENT = ended(ReplyStatus.NOT_SENT, Code.NOT_CONNECTED)
SILENT = ended(ReplyStatus.NO_ANSWER, Code.TIMED_OUT)
LOST = ended(ReplyStatus.NO_ANSWER, Code.LOST)
DONE = ended(ReplyStatus.OK)


class Story:
    """A strategy with one order, and a gate and an execution actor that answer as the test says."""

    def __init__(self, status: OrderStatus = S.INITIALIZED) -> None:
        self.loop = asyncio.get_running_loop()
        self.name, self.log, self.member = "alpha", Log("alpha"), self
        self.clock = VirtualClock(self.loop)
        self.errands = Errands(self)  # type: ignore[arg-type]
        self.journal: list[Intent] = []
        self.gate: Callable[[NewOrder], Reply] = lambda order: DONE
        self.gate_list: Callable[[], Reply] = lambda: DONE
        self.gate_is_there = True
        self.executor: list[Reply] = []
        self.submits: list[float] = []
        self.cancels: list[CancelOrder] = []
        self.changes: list[str] = []
        self.tasks: list[asyncio.Task[Any]] = []
        order = an_order("o1", ts_gated=0, ts_decided=self.clock.time_ns())
        self.order = Order(replace(a_state(status), order=order), self.loop, self)  # type: ignore[arg-type]

    def cancel(self, orders: Order) -> None:
        self.errands.cancel(orders)

    def answer(self, name: str, message: Message) -> Reply:
        if isinstance(message, SubmitOrder):
            self.submits.append(self.loop.time())
            return self.gate(message.order)
        if isinstance(message, SubmitOrderList):
            return self.gate_list()
        if isinstance(message, GetIntents):
            page = [intent for intent in self.journal if intent.number > message.after][:1000]
            last = self.journal[-1].number if self.journal else 0
            return (
                ended(
                    ReplyStatus.OK,
                    body=IntentsAnswer(tuple(page), last, min((each.ts_init for each in page), default=0)),
                )
                if self.gate_is_there
                else ABSENT
            )
        assert isinstance(message, CancelOrder)
        assert name == EXECUTOR
        self.cancels.append(message)
        return self.executor.pop(0) if self.executor else DONE

    async def request(self, name: str, message: Message, timeout_s: float) -> Reply:
        reply = self.answer(name, message)
        if reply is SILENT:
            await asyncio.sleep(timeout_s)
        return reply

    def send(self, name: str, message: Message, timeout_s: float) -> asyncio.Future[Reply]:
        return asyncio.ensure_future(self.request(name, message, timeout_s))

    def spawn(self, coroutine: Coroutine[Any, Any, Any], reply_to: Any = None) -> asyncio.Task[Any]:
        self.tasks.append(asyncio.ensure_future(coroutine))
        return self.tasks[-1]

    def take_order(self, state: OrderState) -> None:
        self.order._update(state)
        self.changes.append(f"{self.order.label} {self.order.code}")
        self.errands.on_changed(self.order)

    def becomes(self, status: OrderStatus, pending: Pending = Pending.NONE) -> None:
        """The execution stream tells a new state."""
        state = self.order.exact
        self.take_order(replace(state, status=status, pending=pending, revision=state.revision + 1))

    def gated(self, denied: bool = False) -> None:
        """The gate journals the order."""
        self.others(1, self.order.exact.order)

    def others(self, count: int, order: NewOrder | None = None, ts_ns: int | None = None) -> None:
        """The gate journals so many orders of others."""
        now = self.clock.time_ns() if ts_ns is None else ts_ns
        for _ in range(count):
            number = len(self.journal) + 1
            self.journal.append(Intent(number, order or an_order(f"x{number}"), False, None, now))

    async def quiet(self, limit_s: float = 60.0) -> None:
        await asyncio.sleep(limit_s)
        for task in self.tasks:
            assert task.done()
            task.result()


def played(play: Callable[[Story], Coroutine[Any, Any, None]], status: OrderStatus = S.INITIALIZED) -> Story:
    async def whole() -> Story:
        story = Story(status)
        await play(story)
        return story

    return run_virtual(whole())


def test_an_order_that_no_gate_was_handed_is_denied_at_once() -> None:
    async def play(story: Story) -> None:
        story.gate = lambda order: ABSENT
        story.errands.submit(story.order)
        await asyncio.sleep(0.01)

    story = played(play)
    assert story.changes == ["DENIED NOT_CONNECTED"]
    assert len(story.submits) == 1


def test_a_gate_that_comes_back_in_time_is_asked_with_the_same_id() -> None:
    async def play(story: Story) -> None:
        answers = [LOST, ABSENT, ABSENT, DONE]
        story.gate = lambda order: answers.pop(0)
        story.errands.submit(story.order)
        await story.quiet()

    story = played(play)
    assert len(story.submits) == 4
    assert story.changes == []
    assert story.submits[-1] < 5.0


def test_a_gate_that_is_down_beyond_the_orders_time_is_not_sent_it_late_and_its_journal_decides() -> None:
    async def play(story: Story) -> None:
        story.gate_is_there = False
        story.gate = lambda order: ABSENT if story.loop.time() else LOST
        story.others(3 * LOOK_BACK, ts_ns=1)
        story.errands.submit(story.order)
        await asyncio.sleep(7.0)
        assert (story.order.label, story.order.is_open) == ("UNKNOWN", True)
        story.others(2)
        story.gate_is_there = True
        await story.quiet()

    story = played(play)
    assert max(story.submits) <= 5.0
    assert story.changes == ["UNKNOWN NONE", "DENIED DEADLINE_PASSED"]
    assert "never sent" in story.order.reason


def test_an_order_that_the_gate_had_journalled_is_left_to_the_stream() -> None:
    async def play(story: Story) -> None:
        story.gate = lambda order: ABSENT if story.submits[1:] else LOST
        story.gated()
        story.others(3 * LOOK_BACK)
        story.errands.submit(story.order)
        await story.quiet()
        assert story.order.is_open
        story.becomes(S.ACCEPTED)

    assert played(play).changes == ["ACCEPTED NONE"]


def test_a_gate_that_hangs_for_the_whole_of_the_orders_time_is_settled_too() -> None:
    async def play(story: Story) -> None:
        story.gate = lambda order: SILENT
        story.errands.submit(story.order)
        await story.quiet()

    story = played(play)
    assert story.changes == ["DENIED DEADLINE_PASSED"]
    assert len(story.submits) == 1


def test_neither_a_late_try_nor_a_failing_gate_says_what_became_of_the_first() -> None:
    async def play(story: Story) -> None:
        failing = ended(ReplyStatus.FAILED, Code.HANDLER_FAILED, Refused(Code.HANDLER_FAILED))
        ending = ended(ReplyStatus.DENIED, Code.SHUTTING_DOWN, Refused(Code.SHUTTING_DOWN))
        answers = [failing, ending, ended(ReplyStatus.EXPIRED, Code.EXPIRED), DONE]
        story.gate = lambda order: answers.pop(0)
        story.errands.submit(story.order)
        await story.quiet()

    story = played(play)
    assert (len(story.submits), story.changes) == (4, [])


def test_a_new_gate_that_has_not_heard_of_the_strategy_yet_says_nothing_of_what_the_one_before_passed() -> None:
    async def play(story: Story) -> None:
        unknown = ended(ReplyStatus.DENIED, Code.NOT_ALLOWED, Refused(Code.NOT_ALLOWED, "epoch 7 is not on the floor"))
        answers = [LOST, unknown, DONE]
        story.gate = lambda order: answers.pop(0)
        story.errands.submit(story.order)
        await story.quiet()

    story = played(play)
    assert (len(story.submits), story.changes) == (3, [])


def test_a_judgement_at_a_later_try_is_the_orders() -> None:
    async def play(story: Story) -> None:
        answers = [LOST, ended(ReplyStatus.DENIED, Code.HALTED, Refused(Code.HALTED, "by hand"))]
        story.gate = lambda order: answers.pop(0)
        story.errands.submit(story.order)
        await story.quiet()

    story = played(play)
    assert story.changes == ["DENIED HALTED"]
    assert story.order.reason == "by hand"


def test_the_stream_ends_the_asking() -> None:
    async def play(story: Story) -> None:
        story.gate_is_there = False
        story.gate = lambda order: ABSENT if story.submits[1:] else LOST
        story.errands.submit(story.order)
        await asyncio.sleep(2.0)
        gated = replace(story.order.exact.order, ts_gated=5)
        story.take_order(replace(story.order.exact, order=gated))  # the reconciler has the intent
        asked = len(story.submits)
        await story.quiet()
        assert len(story.submits) == asked

    assert played(play).changes == ["INITIALIZED NONE"]


# cancels


def test_a_cancel_that_cannot_be_sent_is_tried_again() -> None:
    async def play(story: Story) -> None:
        story.executor = [ABSENT, ABSENT, SILENT, DONE]
        story.order.cancel()
        await story.quiet()

    assert len(played(play, S.ACCEPTED).cancels) == 4


def test_a_cancel_that_the_venue_refused_before_it_had_the_order_is_sent_again_once() -> None:
    async def play(story: Story) -> None:
        story.order.cancel()
        await asyncio.sleep(0.01)
        story.becomes(S.INITIALIZED, Pending.CANCEL)
        story.becomes(S.INITIALIZED, Pending.SUBMIT)  # CANCEL_REJECTED: the venue does not know it
        assert len(story.cancels) == 1
        story.becomes(S.ACCEPTED)
        await asyncio.sleep(0.01)
        assert len(story.cancels) == 2
        story.becomes(S.ACCEPTED, Pending.CANCEL)
        story.becomes(S.ACCEPTED)  # refused again, now of an order that the venue has: its definite word
        story.becomes(S.PARTIALLY_FILLED)
        await story.quiet()

    assert len(played(play).cancels) == 2


def test_a_cancel_that_is_still_pending_at_the_acceptance_is_repeated_only_when_it_is_refused() -> None:
    async def play(story: Story) -> None:
        story.order.cancel()
        await asyncio.sleep(0.01)
        story.becomes(S.SUBMITTED, Pending.CANCEL)
        story.becomes(S.ACCEPTED, Pending.CANCEL)
        await asyncio.sleep(0.01)
        assert len(story.cancels) == 1
        story.becomes(S.PARTIALLY_FILLED)
        await story.quiet()

    assert len(played(play, S.SUBMITTED).cancels) == 2


def test_a_cancel_on_its_way_is_not_doubled_by_the_acceptance() -> None:
    async def play(story: Story) -> None:
        story.executor = [ABSENT, ABSENT, DONE]
        story.order.cancel()
        await asyncio.sleep(0.1)
        story.becomes(S.ACCEPTED)
        await asyncio.sleep(0.15)
        assert len(story.cancels) == 2
        story.becomes(S.ACCEPTED, Pending.CANCEL)
        await asyncio.sleep(1.0)
        story.becomes(S.CANCELED)
        await story.quiet()

    story = played(play)
    assert len(story.cancels) == 3
    assert story.errands._wished == set()


def test_while_it_is_unknown_which_attempt_works_both_are_canceled() -> None:
    async def play(story: Story) -> None:
        state = replace(story.order.exact, pending=Pending.MODIFY, pending_client_order_id="o2", venue_order_id="77")
        story.take_order(state)
        story.order.cancel()
        await asyncio.sleep(0.1)
        assert [each.client_order_id for each in story.cancels] == ["o1"], "the venue's actor knows the rest"
        story.take_order(replace(state, uncertain_since_ns=5))
        story.order.cancel()
        await asyncio.sleep(0.1)
        names = [(each.client_order_id, each.venue_order_id) for each in story.cancels[1:]]
        assert names == [("o1", "77"), ("o2", "")]

    played(play, S.ACCEPTED)


def test_a_closed_order_is_left_alone() -> None:
    async def play(story: Story) -> None:
        story.order.cancel()
        await story.quiet()

    assert played(play, S.FILLED).cancels == []


# replacements


class Pair:
    """An order and what is to replace it, in a story whose order is the first."""

    def __init__(self, story: Story, size: str = "10") -> None:
        self.story = story
        order = an_order("o2", ts_gated=0, ts_decided=story.clock.time_ns(), replaces="o1", size=Decimal(size))
        self.new = Order(replace(a_state(S.INITIALIZED), order=order), story.loop, story)  # type: ignore[arg-type]
        self.sent: list[NewOrder] = []
        story.gate = self.take
        first = story.take_order

        def take_order(state: OrderState) -> None:
            if state.order.order_id == "o2":
                self.new._update(state)
            else:
                first(state)

        story.take_order = take_order  # type: ignore[method-assign]

    def take(self, order: NewOrder) -> Reply:
        self.sent.append(order)
        return DONE


def test_e31_what_replaces_an_order_is_sent_once_that_is_over_and_for_what_it_leaves() -> None:
    async def play(story: Story) -> None:
        pair = Pair(story)
        story.errands.replace(story.order, pair.new, takes_rest=True)
        await asyncio.sleep(1)
        assert ([each.client_order_id for each in story.cancels], pair.sent) == (["o1"], [])
        story.take_order(replace(story.order.exact, filled=Decimal(3), revision=1))
        story.becomes(S.CANCELED)
        await asyncio.sleep(0.1)
        (sent,) = pair.sent
        assert (sent.order_id, sent.size, sent.replaces) == ("o2", Decimal(7), "o1")
        assert pair.new.exact.order.size == Decimal(7)

    played(play, S.ACCEPTED)


def test_what_the_venue_counts_as_filled_is_not_ordered_again_though_its_fills_are_told_later() -> None:
    async def play(story: Story) -> None:
        pair = Pair(story)
        story.errands.replace(story.order, pair.new, takes_rest=True)
        story.take_order(replace(story.order.exact, filled=Decimal(3), venue_filled=Decimal(8), revision=1))
        story.becomes(S.CANCELED)
        await asyncio.sleep(0.1)
        assert [each.size for each in pair.sent] == [Decimal(2)]

    played(play, S.ACCEPTED)


def test_a_size_of_its_own_is_not_touched() -> None:
    async def play(story: Story) -> None:
        pair = Pair(story, "5")
        story.errands.replace(story.order, pair.new, takes_rest=False)
        story.take_order(replace(story.order.exact, filled=Decimal(3), revision=1))
        story.becomes(S.CANCELED)
        await asyncio.sleep(0.1)
        assert [each.size for each in pair.sent] == [Decimal(5)]

    played(play, S.ACCEPTED)


@pytest.mark.parametrize("takes_rest", [True, False])
def test_an_order_that_was_filled_first_is_replaced_by_nothing(takes_rest: bool) -> None:
    async def play(story: Story) -> None:
        pair = Pair(story)
        story.errands.replace(story.order, pair.new, takes_rest)
        story.take_order(replace(story.order.exact, filled=Decimal(10), revision=1))
        story.becomes(S.FILLED)
        await asyncio.sleep(0.1)
        assert (pair.sent, pair.new.status, pair.new.code) == ([], S.DENIED, Code.TOO_LATE)

    played(play, S.ACCEPTED)


def test_an_order_that_does_not_end_is_replaced_by_nothing() -> None:
    async def play(story: Story) -> None:
        pair = Pair(story)
        story.errands.replace(story.order, pair.new, True)
        await asyncio.sleep(REPLACE_S + 1)
        assert (pair.new.status, pair.new.code) == (S.DENIED, Code.DEADLINE_PASSED)
        story.becomes(S.CANCELED)
        await asyncio.sleep(1)
        assert pair.sent == []

    played(play, S.ACCEPTED)


def test_a_replacement_that_is_canceled_while_it_waits_never_leaves() -> None:
    async def play(story: Story) -> None:
        pair = Pair(story)
        story.errands.replace(story.order, pair.new, True)
        story.errands.cancel(pair.new)
        assert (pair.new.status, pair.new.code) == (S.DENIED, Code.WITHDRAWN)
        story.becomes(S.CANCELED)
        await asyncio.sleep(1)
        assert (pair.sent, len(story.cancels)) == ([], 1)

    played(play, S.ACCEPTED)


def test_the_orders_of_a_list_share_the_gate_s_word() -> None:
    async def play(story: Story) -> None:
        pair = Pair(story)
        answers = [LOST, ended(ReplyStatus.DENIED, Code.HALTED, Refused(Code.HALTED, "by hand"))]
        story.gate_list = lambda: answers.pop(0)
        story.errands.submit_list((story.order, pair.new))
        await asyncio.sleep(2)
        assert [(order.status, order.code) for order in (story.order, pair.new)] == [(S.DENIED, Code.HALTED)] * 2

    played(play)
