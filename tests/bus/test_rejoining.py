"""A state that is lost on its way leaves no reader STALE for ever. In memory, on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bus.codec import Header, Kind, decode_header
from bus.messages import Acknowledged, Message
from bus.streams import Publisher, Reader, Subscription
from bus.streams import reader as reader_module
from bus.streams import subscription as subscription_module
from bus.transport import Frames
from tradefloor.testing import MemoryHub, MemoryTransport, VirtualClock, run_virtual

TOPIC = "state/actor/a/"
ENDPOINT = "memory://publisher"


class Story:
    """One publisher and one reader; the next `losing` states are dropped on their way."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.hub = MemoryHub(loop)
        self.hub.lose = self._lose
        self.losing = self.states = 0
        self.demand: list[str] = []
        self.values: list[int] = []
        self.stale: list[str] = []
        self.last = 0
        self.publisher = Publisher(
            MemoryTransport(self.hub), loop, VirtualClock(loop), ENDPOINT, "owner", ("state/",), self._state,
            lambda topic: self.demand.append("opened"), lambda topic: self.demand.append("closed"),
        )  # fmt: skip
        self.publisher.epoch = 1
        self.reader = Reader(MemoryTransport(self.hub), loop, ENDPOINT, "owner")
        self.place = Subscription(TOPIC, self._take, lambda topic, reason: self.stale.append(reason))

    def _state(self, topic: str) -> Message:
        self.states += 1
        return Acknowledged(self.last)

    def _lose(self, endpoint: str, frames: Frames) -> bool:
        header = decode_header(frames[1])
        if not isinstance(header, Header) or header.kind != Kind.STATE or not self.losing:
            return False
        self.losing -= 1
        return True

    def _take(self, message: Message, header: Header, topic: str) -> None:
        assert isinstance(message, Acknowledged)
        self.values.append(message.upto)

    def publish(self) -> None:
        self.last += 1
        self.publisher.publish(TOPIC, Acknowledged(self.last))

    async def joined(self) -> None:
        self.reader.subscribe(self.place)
        await asyncio.sleep(0.01)


def played(play: Callable[[Story], Any]) -> Story:
    async def whole() -> Story:
        story = Story()
        await play(story)
        return story

    return run_virtual(whole())


def test_a_reader_joins_again_while_the_state_that_answers_its_gap_is_lost() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publisher.set_seq(TOPIC, 5)
        story.losing = 3
        story.publish()
        await asyncio.sleep(0.5)  # 20 + 40 + 80 + 160 ms
        story.publish()
        await asyncio.sleep(0.01)

    story = played(play)
    assert story.values == [0, 1, 2]
    assert story.stale == ["gap"]
    assert story.demand == ["opened"]


def test_joins_without_an_answer_become_rare_and_end_with_the_reader() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publisher.set_seq(TOPIC, 5)
        story.losing = 10**6
        story.publish()
        await asyncio.sleep(100)
        asked = story.states
        assert 40 < asked < 100
        story.reader.close()
        await asyncio.sleep(20)
        assert story.states == asked

    assert played(play).demand == ["opened", "closed"]


def test_a_gap_that_is_healed_at_once_costs_one_state() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publisher.set_seq(TOPIC, 5)
        story.publish()
        await asyncio.sleep(100)

    story = played(play)
    assert story.states == 2
    assert story.place.backoff_s == 2 * subscription_module.REJOIN_MIN_S


def test_a_first_state_that_is_lost_comes_a_while_later() -> None:
    async def play(story: Story) -> None:
        story.losing = 1
        await story.joined()
        assert story.values == []
        await asyncio.sleep(reader_module.STALE_LOOK_S + 0.01)

    assert played(play).values == [0]


def test_the_loss_of_the_state_that_ends_a_mark_is_made_good_and_demand_stays() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publisher.mark_stale(TOPIC, "the venue is gone")
        await asyncio.sleep(60)
        assert story.states == 1  # while the mark stands a join is answered with nothing
        story.losing = 1
        story.publisher.publish_state(TOPIC)
        await asyncio.sleep(0.01)
        assert story.values == [0]
        await asyncio.sleep(reader_module.STALE_LOOK_S + 0.01)
        story.publish()
        await asyncio.sleep(0.01)

    story = played(play)
    assert story.values == [0, 0, 1]
    assert story.stale == ["the venue is gone"]
    assert story.demand == ["opened"]


def test_a_whole_reader_asks_for_nothing() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        await asyncio.sleep(3600)

    assert played(play).states == 1
