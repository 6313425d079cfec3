"""Events are told in order, one batch in flight, again until taken, and to each new reconciler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from fake_socket import until

from bus.codec import ReplyStatus
from bus.messages import Acknowledged, Code, Empty, Message, PrivateStream, VenueBatch
from bus.requests import Reply
from venues import outbox as module
from venues.outbox import Outbox

TAKEN = ReplyStatus.OK


class Scene:
    """An outbox, and the batches that it sent with the futures of their answers."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[int], asyncio.Future[Reply]]] = []
        self.poisoned: list[object] = []
        self.outbox = Outbox(asyncio.get_running_loop(), "BINANCE", self.send, self.drop)
        self.outbox.epoch = 7

    def send(self, message: Message, timeout_s: float) -> asyncio.Future[Reply]:
        assert isinstance(message, VenueBatch)
        assert (message.instance, message.epoch) == ("BINANCE", 7)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.batches.append(([event.number for event in message.events], future))
        self.told = [event.event for event in message.events]
        return future

    def drop(self, event: object) -> PrivateStream:
        self.poisoned.append(event)
        return PrivateStream("BINANCE", False, "dropped", 0)

    def put(self, count: int) -> None:
        for _ in range(count):
            self.outbox.put(PrivateStream("BINANCE", True, "", 0))

    async def answer(self, upto: int | None, status: ReplyStatus = TAKEN, code: Code = Code.NONE) -> None:
        body: Message = Empty() if upto is None else Acknowledged(upto)
        self.batches[-1][1].set_result(Reply(status, code, body))
        await turns()

    @property
    def numbers(self) -> list[list[int]]:
        return [numbers for numbers, _ in self.batches]

    async def batch(self, count: int) -> None:
        await until(lambda: len(self.batches) >= count)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def play(scene: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def body() -> None:
        await asyncio.wait_for(scene(Scene()), 10)

    asyncio.run(body())


def test_what_happens_in_one_turn_is_one_batch_and_the_next_waits_for_its_answer() -> None:
    async def scene(one: Scene) -> None:
        one.put(3)
        await turns()
        one.put(2)
        await turns()
        assert one.numbers == [[1, 2, 3]]
        await one.answer(3)
        assert one.numbers == [[1, 2, 3], [4, 5]]
        await one.answer(5)
        assert len(one.outbox) == 0

    play(scene)


def test_what_is_not_urgent_goes_with_the_next_event_or_after_its_lag() -> None:
    async def scene(one: Scene) -> None:
        one.outbox.put(PrivateStream("BINANCE", True, "", 0), soon=False)
        await turns()
        assert one.numbers == []
        one.put(1)
        await turns()
        assert one.numbers == [[1, 2]]
        await one.answer(2)
        one.outbox.put(PrivateStream("BINANCE", True, "", 0), soon=False)
        await one.batch(2)
        assert one.numbers == [[1, 2], [3]]

    play(scene)


def test_a_batch_without_an_answer_is_told_again_with_all_that_came_since() -> None:
    async def scene(one: Scene) -> None:
        one.put(2)
        await turns()
        one.put(1)
        await one.answer(None, ReplyStatus.NO_ANSWER)
        await one.batch(2)
        assert one.numbers == [[1, 2], [1, 2, 3]]
        assert one.outbox.counters["batches_repeated"] == 1

    play(scene)


def test_an_absent_reconciler_is_tried_again_at_least_every_fifth_of_a_second() -> None:
    async def scene(one: Scene) -> None:
        one.put(1)
        began = asyncio.get_running_loop().time()
        for count in range(1, 4):
            await one.batch(count)
            await one.answer(None, ReplyStatus.NOT_SENT)
        assert asyncio.get_running_loop().time() - began < 0.4

    play(scene)


def test_a_part_that_was_taken_is_not_told_again() -> None:
    async def scene(one: Scene) -> None:
        one.put(3)
        await turns()
        await one.answer(2)
        assert one.numbers == [[1, 2, 3], [3]]

    play(scene)


def test_a_new_reconciler_is_told_everything_unacknowledged_and_the_old_ones_answer_counts_no_more() -> None:
    async def scene(one: Scene) -> None:
        one.put(2)
        await turns()
        one.outbox.tell_again()
        await turns()
        assert one.numbers == [[1, 2], [1, 2]]
        one.batches[0][1].set_result(Reply(TAKEN, Code.NONE, Acknowledged(2)))
        await turns()
        assert len(one.outbox) == 2
        await one.answer(2)
        assert len(one.outbox) == 0

    play(scene)


def test_a_batch_that_ended_the_reconciler_is_told_once_more_as_it_was_and_then_event_by_event() -> None:
    async def scene(one: Scene) -> None:
        one.put(3)
        await turns()
        await one.answer(None, ReplyStatus.NO_ANSWER, Code.LOST)
        one.put(1)
        await one.batch(2)
        await one.answer(None, ReplyStatus.FAILED, Code.HANDLER_FAILED)
        await one.batch(3)
        for number in (1, 2, 3):
            await one.answer(number)
        await one.answer(4)
        assert one.numbers == [[1, 2, 3], [1, 2, 3], [1], [2], [3], [4]]

    play(scene)


def test_a_poisoned_event_is_dropped_alone_and_a_word_of_the_lost_stream_takes_its_place_and_number() -> None:
    async def scene(one: Scene) -> None:
        one.put(2)
        await turns()
        await one.answer(None, ReplyStatus.FAILED, Code.POISON)
        await one.batch(2)
        await one.answer(1)
        await one.answer(None, ReplyStatus.FAILED, Code.POISON)
        await one.batch(4)
        assert one.numbers == [[1, 2], [1], [2], [2]]
        assert one.poisoned == [PrivateStream("BINANCE", True, "", 0)]
        assert one.told == [PrivateStream("BINANCE", False, "dropped", 0)]
        await one.answer(2)
        assert len(one.outbox) == 0
        assert one.outbox.counters["events_poisoned"] == 1

    play(scene)


def test_a_flush_ends_when_all_is_taken_or_its_time_is_over() -> None:
    async def scene(one: Scene) -> None:
        assert await one.outbox.flush(0.0)
        one.put(1)
        assert not await one.outbox.flush(0.01)
        flush = asyncio.ensure_future(one.outbox.flush(5.0))
        await one.batch(1)
        await one.answer(1)
        assert await flush

    play(scene)


def test_a_long_queue_goes_in_batches_of_bounded_size() -> None:
    async def scene(one: Scene) -> None:
        one.put(module.BATCH_LIMIT + 1)
        await turns()
        assert len(one.numbers[0]) == module.BATCH_LIMIT
        await one.answer(module.BATCH_LIMIT)
        assert one.numbers[1] == [module.BATCH_LIMIT + 1]

    play(scene)
