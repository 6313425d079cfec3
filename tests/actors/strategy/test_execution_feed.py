"""A strategy's execution stream has no hole: whatever comes, each update is handed on once and in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from order_samples import BTC, a_fill, a_state

from actors.runtime import Log
from actors.strategy.execution_feed import ExecutionFeed
from actors.strategy.fill_log import FillLog
from bus.codec import WIRE_VERSION, Header, Kind, ReplyStatus
from bus.messages import (
    Code,
    Empty,
    ExecutionRange,
    ExecutionState,
    ExecutionUpdate,
    Fill,
    GetExecution,
    OrderState,
    OrderStatus,
    Position,
)
from bus.requests import Reply, RequestFailed
from tradefloor.testing import run_virtual

LOST = Reply(ReplyStatus.NO_ANSWER, Code.LOST, Empty())


def an_update(number: int) -> ExecutionUpdate:
    state = a_state(OrderStatus.PARTIALLY_FILLED, revision=number)
    return ExecutionUpdate(state, a_fill(str(number)), Position("alpha", "BINANCE", BTC, fills=number))


class Story:
    """A strategy with a feed, and the reconciler's journal, which it asks; answers may be held back."""

    def __init__(self, path: Path) -> None:
        self.name, self.log, self.member = "alpha", Log("alpha"), self
        self.fills: list[int] = []
        self.orders: list[int] = []
        self.journal = 0
        self.page = 500
        self.asked: list[int] = []
        self.refusing = 0
        self.breaking: set[int] = set()
        self.answering = asyncio.Event()
        self.answering.set()
        self.record = FillLog(path / "alpha.jsonl")
        self.feed = ExecutionFeed(self, self.record)  # type: ignore[arg-type]
        self.tasks: list[asyncio.Task[None]] = []

    async def chunks(self, name: str, message: GetExecution, timeout_s: float) -> AsyncIterator[ExecutionRange]:
        self.asked.append(message.after)
        after = message.after
        if self.refusing:
            await self.answering.wait()
            self.refusing -= 1
            raise RequestFailed(LOST)
        while numbers := range(after + 1, self.journal + 1)[: self.page]:  # read now, taken later
            await self.answering.wait()
            yield ExecutionRange(self.name, after + 1, tuple(an_update(number) for number in numbers))
            after = numbers[-1]
            if after in self.breaking:
                self.breaking.discard(after)
                raise RequestFailed(LOST)

    def take_order(self, state: OrderState) -> None:
        self.orders.append(state.revision)

    def take_fill(self, fill: Fill) -> None:
        self.fills.append(int(fill.trade_id))

    def told(self, message: Any, number: int) -> None:
        task = self.feed.on_message(message, Header(WIRE_VERSION, Kind.CHANGE, "reconciler", 1, number, 0))
        if task is not None:
            self.tasks.append(asyncio.ensure_future(task))

    def state(self, number: int, *orders: OrderState, **facts: Any) -> None:
        self.told(ExecutionState("alpha", number, orders, facts.get("positions", ())), number)

    def update(self, number: int) -> None:
        self.journal = max(self.journal, number)
        self.told(an_update(number), number)

    async def quiet(self) -> None:
        await asyncio.gather(*self.tasks)


def played(path: Path, play: Callable[[Story], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        story = Story(path)
        try:
            await play(story)
        finally:
            story.record.close()

    run_virtual(whole())


def test_updates_in_line_need_no_task(tmp_path: Path) -> None:
    async def play(story: Story) -> None:
        story.state(0)
        for number in range(1, 5):
            story.update(number)
        story.update(3)
        assert (story.fills, story.tasks, story.asked) == ([1, 2, 3, 4], [], [])
        assert story.feed.joined.is_set()

    played(tmp_path, play)


def test_a_second_state_while_catching_up_loses_nothing(tmp_path: Path) -> None:
    async def play(story: Story) -> None:
        story.state(0)
        story.journal = 5
        story.answering.clear()
        story.state(5)
        await asyncio.sleep(0.01)
        story.journal = 8  # the reconciler restarts, and books three by query
        story.state(8)
        story.update(9)
        story.answering.set()
        await story.quiet()
        story.update(10)
        assert story.fills == list(range(1, 11))
        assert len(story.tasks) == 1

    played(tmp_path, play)


def test_an_update_that_jumps_is_not_taken_before_what_it_jumped_over(tmp_path: Path) -> None:
    async def play(story: Story) -> None:
        story.state(0)
        story.update(1)
        story.update(4)
        assert story.fills == [1]
        story.update(5)
        await story.quiet()
        assert story.fills == [1, 2, 3, 4, 5]

    played(tmp_path, play)


def test_a_reconciler_that_does_not_answer_is_asked_again(tmp_path: Path) -> None:
    async def play(story: Story) -> None:
        story.page = 2
        story.state(0)
        story.journal, story.refusing = 5, 3
        story.state(5)
        await story.quiet()
        assert story.fills == [1, 2, 3, 4, 5]
        assert story.asked == [0, 0, 0, 0]

    played(tmp_path, play)


def test_a_range_that_breaks_off_is_gone_on_with_from_there(tmp_path: Path) -> None:
    async def play(story: Story) -> None:
        story.page = 2
        story.state(0)
        story.journal = 7
        story.breaking = {4, 7}
        story.state(7)
        await story.quiet()
        assert story.fills == [1, 2, 3, 4, 5, 6, 7]
        assert story.asked == [0, 4]

    played(tmp_path, play)


def test_what_was_missed_while_away_comes_first_and_then_the_state(tmp_path: Path) -> None:
    async def first_life(story: Story) -> None:
        story.state(2)
        story.update(3)

    async def play(story: Story) -> None:
        story.journal = 6
        story.state(6, a_state(OrderStatus.ACCEPTED, revision=99))
        assert not story.feed.joined.is_set()
        await story.quiet()
        assert (story.fills, story.orders) == ([4, 5, 6], [4, 5, 6, 99])
        assert story.feed.joined.is_set()

    played(tmp_path, first_life)
    played(tmp_path, play)


def test_a_state_that_the_journal_s_answer_overtook_is_no_loss(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(story: Story) -> None:
        story.state(0)
        story.journal = 7
        story.state(5)
        await story.quiet()
        assert story.fills == list(range(1, 8))
        story.state(6)
        story.told(an_update(7), 7)
        await story.quiet()
        assert story.fills == list(range(1, 8))

    played(tmp_path, play)
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []


def test_a_journal_that_was_lost_is_an_error_and_what_it_tells_from_then_on_is_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def play(story: Story) -> None:
        story.state(0)
        for number in range(1, 10):
            story.update(number)
        story.journal = 3
        held = replace(Position("alpha", "BINANCE", BTC), fills=2)
        story.state(3, positions=(held,))
        story.update(4)
        await story.quiet()
        story.update(5)
        assert story.fills == [*range(1, 10), 4, 5]
        assert story.feed.positions[("BINANCE", BTC)].fills == 5

    async def next_life(story: Story) -> None:
        assert story.record.last_seq == 5

    played(tmp_path, play)
    played(tmp_path, next_life)
    errors = [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR]
    assert len(errors) == 1
    assert "read=9 journal=3" in errors[0]


STEPS = st.lists(
    st.sampled_from(["update", "update", "missed", "state", "turn", "hold", "answer", "refuse", "break"]), max_size=40
)


@settings(max_examples=200, deadline=None)
@given(STEPS, st.integers(1, 5))
def test_every_fill_is_handed_on_once_and_in_order_whatever_comes(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], page: int
) -> None:
    async def play(story: Story) -> None:
        story.page = page
        story.state(0)
        for step in steps:
            if step == "update":
                story.update(story.journal + 1)
            elif step == "missed":
                story.journal += 1
            elif step == "state":
                story.state(story.journal)
            elif step == "hold":
                story.answering.clear()
            elif step == "answer":
                story.answering.set()
            elif step == "refuse":
                story.refusing += 1
            elif step == "break":
                story.breaking.add(story.journal)
            else:
                await asyncio.sleep(0.05)
        story.answering.set()
        story.state(story.journal)
        await story.quiet()
        assert story.fills == list(range(1, story.journal + 1))

    played(tmp_path_factory.mktemp("feed"), play)
