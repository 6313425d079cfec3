"""A change that a strategy asks for is made, or the order is as it was and says why; whatever becomes of the gate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from order_samples import BTC, INSTANCE, a_state, an_event, an_order

from actors.runtime import Log
from actors.strategy import Order
from actors.strategy.change_errands import ChangeErrands
from actors.strategy.gate_word import COMMAND_S, GateWord
from bus.codec import ReplyStatus
from bus.messages import (
    Code,
    Empty,
    GetIntents,
    Intent,
    IntentsAnswer,
    Message,
    ModifyOrder,
    OrderEventKind,
    OrderState,
    OrderStatus,
    Pending,
    Refused,
    Source,
)
from bus.requests import Reply
from tradefloor.testing import VirtualClock, run_virtual

S = OrderStatus
DONE = Reply(ReplyStatus.OK, Code.NONE, Empty())
LOST = Reply(ReplyStatus.NO_ANSWER, Code.LOST, Empty())
ABSENT = Reply(ReplyStatus.NOT_SENT, Code.NOT_CONNECTED, Empty())
HALTED = Reply(ReplyStatus.DENIED, Code.HALTED, Refused(Code.HALTED, "by hand"))


class Story:
    """A strategy with one order, and a gate that answers as the test says."""

    def __init__(self, status: OrderStatus = S.ACCEPTED) -> None:
        self.loop = asyncio.get_running_loop()
        self.name, self.log, self.member = "alpha", Log("alpha"), self
        self.clock = VirtualClock(self.loop)
        self.changes = ChangeErrands(self, GateWord(self))  # type: ignore[arg-type]
        self.gate: Callable[[], Reply] = lambda: DONE
        self.gate_is_there = True
        self.journal: list[Intent] = []
        self.asked: list[tuple[float, ModifyOrder]] = []
        self.told: list[str] = []
        self.tasks: list[asyncio.Task[Any]] = []
        state = replace(a_state(status), order=an_order("o1"))
        self.order = Order(state, self.loop, self)  # type: ignore[arg-type]

    async def request(self, name: str, message: Message, timeout_s: float) -> Reply:
        if isinstance(message, GetIntents):
            page = tuple(intent for intent in self.journal if intent.number > message.after)
            last = len(self.journal)
            answer = IntentsAnswer(page, last, min((each.ts_init for each in page), default=0))
            return Reply(ReplyStatus.OK, Code.NONE, answer) if self.gate_is_there else ABSENT
        assert isinstance(message, ModifyOrder)
        self.asked.append((self.loop.time(), message))
        return self.gate()

    def send(self, name: str, message: Message, timeout_s: float) -> asyncio.Future[Reply]:
        return asyncio.ensure_future(self.request(name, message, timeout_s))

    def spawn(self, coroutine: Coroutine[Any, Any, Any], reply_to: Any = None) -> asyncio.Task[Any]:
        self.tasks.append(asyncio.ensure_future(coroutine))
        return self.tasks[-1]

    def take_order(self, state: OrderState) -> None:
        self.order._update(state)
        self.changes.on_changed(self.order)
        self.told.append(f"{self.order.label} {self.order.code}")

    def modify(self, **wanted: Any) -> ModifyOrder:
        change = ModifyOrder("o1", "o1", "", INSTANCE, BTC, "alpha", new_client_order_id="o2", **wanted)
        self.changes.modify(self.order, change)
        return change

    def becomes(self, **facts: Any) -> None:
        """The execution stream tells a new state."""
        state = self.order.exact
        self.take_order(replace(state, revision=state.revision + 1, **facts))

    def begins(self, change: ModifyOrder) -> None:
        self.becomes(pending=Pending.MODIFY, change=change, pending_client_order_id="o2")

    def ends(self, price: str = "100", attempt: str = "o1", **facts: Any) -> None:
        order = replace(self.order.exact.order, price=Decimal(price), client_order_id=attempt)
        self.becomes(order=order, pending=Pending.NONE, change=None, pending_client_order_id="", **facts)


def played(play: Callable[[Story], Coroutine[Any, Any, None]], status: OrderStatus = S.ACCEPTED) -> Story:
    async def whole() -> Story:
        story = Story(status)
        await play(story)
        await asyncio.sleep(60)
        for task in story.tasks:
            assert task.done()
            task.result()
        return story

    return run_virtual(whole())


def test_who_waits_for_a_change_waits_until_the_venue_s_word() -> None:
    async def play(story: Story) -> None:
        change = story.modify(price=Decimal(99))
        waits = asyncio.ensure_future(story.order.modified())
        await asyncio.sleep(0.1)
        story.becomes(filled=Decimal(1), status=S.PARTIALLY_FILLED)  # tells nothing of the change
        await asyncio.sleep(0.1)
        assert (waits.done(), story.order.is_changing) == (False, True)
        story.begins(change)
        await asyncio.sleep(0.1)
        assert not waits.done()
        story.ends("99", "o2")
        assert (await waits).price == 99.0
        assert not story.order.is_changing

    story = played(play)
    assert len(story.asked) == 1


@pytest.mark.parametrize("code", [Code.PRICE_LIMIT, Code.TOO_LATE])
def test_a_rejected_change_leaves_the_order_and_its_code_says_why(code: Code) -> None:
    async def play(story: Story) -> None:
        story.begins(story.modify(price=Decimal(99)))
        story.ends(code=code, reason="no")
        order = await story.order.modified()
        assert (order.price, order.code, order.status) == (100.0, code, S.ACCEPTED)

    played(play)


def test_a_denied_change_is_told_to_the_strategy_and_the_next_may_be_asked_for() -> None:
    async def play(story: Story) -> None:
        story.gate = lambda: HALTED
        story.modify(price=Decimal(99))
        order = await story.order.modified()
        assert (order.code, order.reason, order.price) == (Code.HALTED, "by hand", 100.0)
        assert story.told == ["ACCEPTED HALTED"]
        story.gate = lambda: DONE
        story.begins(story.modify(price=Decimal(98)))
        story.ends("98", "o2", code=Code.NONE, reason="")

    assert len(played(play).asked) == 2


def test_a_change_waits_for_the_venue_to_have_the_order() -> None:
    async def play(story: Story) -> None:
        story.modify(price=Decimal(99))
        await asyncio.sleep(1)
        assert (story.asked, story.order.is_changing) == ([], True)
        story.becomes(status=S.ACCEPTED, pending=Pending.NONE, venue_order_id="77")
        await asyncio.sleep(0.1)
        ((_, sent),) = story.asked
        assert (sent.venue_order_id, sent.price) == ("77", Decimal(99))
        story.begins(sent)
        story.ends("99", "o2")

    played(play, S.SUBMITTED)


@pytest.mark.parametrize("status", [S.SUBMITTED, S.ACCEPTED])
def test_the_order_s_end_ends_the_wait(status: OrderStatus) -> None:
    async def play(story: Story) -> None:
        story.modify(price=Decimal(99))
        story.becomes(status=S.CANCELED, pending=Pending.NONE)
        assert (await story.order.modified()).status is S.CANCELED

    played(play, status)


def test_a_gate_that_dies_is_asked_with_the_same_change_while_there_is_time() -> None:
    async def play(story: Story) -> None:
        answers = [LOST, ABSENT, DONE]
        story.gate = lambda: answers.pop(0)
        change = story.modify(price=Decimal(99))
        await asyncio.sleep(2)
        assert [each for _, each in story.asked] == [change] * 3
        story.begins(change)
        story.ends("99", "o2")

    assert played(play).asked[-1][0] < COMMAND_S


@pytest.mark.parametrize("is_in_journal", [True, False])
def test_beyond_a_change_s_time_the_gate_s_journal_decides(is_in_journal: bool) -> None:
    async def play(story: Story) -> None:
        story.gate = lambda: ABSENT if story.asked[1:] else LOST
        story.gate_is_there = False
        change = story.modify(price=Decimal(99))
        await asyncio.sleep(COMMAND_S + 2)
        assert story.order.is_changing, "nobody can say"
        order = story.order.exact.order
        story.journal.append(Intent(1, order, False, None, 1))  # the order itself is not its change
        if is_in_journal:
            story.journal.append(Intent(2, order, False, None, 2, change))
        story.gate_is_there = True
        await asyncio.sleep(2)
        assert story.order.is_changing == is_in_journal
        if is_in_journal:
            story.begins(change)
            story.ends("99", "o2")
        else:
            assert (story.order.code, "never sent" in story.order.reason) == (Code.DEADLINE_PASSED, True)

    played(play)


def test_a_change_that_the_gate_had_denied_before_it_fell_silent_is_over_once_its_journal_says_so() -> None:
    async def play(story: Story) -> None:
        story.gate = lambda: ABSENT if story.asked[1:] else LOST
        change = story.modify(price=Decimal(99))
        event = an_event(OrderEventKind.MODIFY_REJECTED, code=Code.HALTED, reason="by hand", source=Source.GATE)
        story.journal.append(Intent(1, story.order.exact.order, True, event, 1, change))
        await asyncio.sleep(COMMAND_S + 2)
        assert (story.order.is_changing, story.order.code, story.order.reason) == (False, Code.HALTED, "by hand")

    played(play)


def test_the_stream_ends_the_asking() -> None:
    async def play(story: Story) -> None:
        story.gate, story.gate_is_there = lambda: LOST, False
        change = story.modify(price=Decimal(99))
        await asyncio.sleep(1)
        story.begins(change)
        asked = len(story.asked)
        await asyncio.sleep(10)
        assert len(story.asked) <= asked + 1
        story.ends("99", "o2")

    played(play)
