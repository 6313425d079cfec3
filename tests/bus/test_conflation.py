"""Conflation belongs to the reader: the newest whole message, and everything that was skipped is counted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bus import topics
from bus.codec import Header, Kind, encode
from bus.messages import Message, Quote, StreamStale
from bus.streams import Publisher, Reader, Subscription, newest
from tradefloor.testing import MemoryHub, MemoryTransport, VirtualClock, run_virtual

TOPIC = "market/A/quote/X.A/"
ENDPOINT = "memory://publisher"


def quote(number: int, instrument: str = "X.A") -> Quote:
    return Quote(instrument, float(number), number + 1.0, 1.0, 1.0, number, 0, 0)


class Story:
    """A publisher of quotes, and a reader that conflates them, on virtual time."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        hub = MemoryHub(self.loop)
        self.hub = hub
        self.said: list[Any] = []
        self.number = 0
        self.instrument = "X.A"
        self.leave: Callable[[], object] = lambda: None
        self.publisher = Publisher(
            MemoryTransport(hub), self.loop, VirtualClock(self.loop), ENDPOINT, "owner", ("market/A/",),
            lambda topic: quote(self.number, self.instrument), lambda topic: None, lambda topic: None,
        )  # fmt: skip
        self.publisher.epoch = 1
        self.reader = Reader(MemoryTransport(hub), self.loop, ENDPOINT, "owner")
        self.place = Subscription(TOPIC, self.take, lambda topic, reason: self.said.append(reason), conflate=True)

    def take(self, message: Message, header: Header, topic: str) -> None:
        assert isinstance(message, Quote)
        self.said.append(message.seq)
        self.leave()

    def publish(self, count: int = 1) -> None:
        for _ in range(count):
            self.number += 1
            self.publisher.publish(TOPIC, quote(self.number, self.instrument))

    async def joined(self) -> None:
        self.reader.subscribe(self.place)
        await asyncio.sleep(0.01)
        assert self.said == [0]
        self.said.clear()


def played(play: Callable[[Story], Any]) -> Story:
    async def whole() -> Story:
        story = Story()
        await play(story)
        return story

    return run_virtual(whole())


def test_of_what_waits_only_the_newest_is_handed_on_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[bytes] = []
    monkeypatch.setattr(
        "bus.streams.reader.decode", lambda body, whole=newest.decode: decoded.append(body) or whole(body)
    )

    async def play(story: Story) -> None:
        await story.joined()
        decoded.clear()
        story.publish(100)
        await asyncio.sleep(0.01)
        story.publish()
        await asyncio.sleep(0.01)

    story = played(play)
    assert story.said == [100, 101]
    assert story.reader.counters["conflated"] == 99
    assert story.reader.counters["gaps"] == 0
    assert len(decoded) == 2  # and nothing that nobody was given


def test_a_mark_drops_what_waits_and_is_told_and_nothing_waiting_outlives_it() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publish(3)
        story.publisher.mark_stale(TOPIC, "the venue is gone")
        await asyncio.sleep(0.01)
        assert story.said == ["the venue is gone"]
        story.publisher.publish_state(TOPIC)
        story.publish(2)
        await asyncio.sleep(0.01)

    story = played(play)
    assert story.said == ["the venue is gone", 5]
    assert story.reader.counters["conflated"] == 3 + 2


def test_a_mark_and_the_state_after_it_keep_their_order_within_one_drain() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publish()
        story.publisher.mark_stale(TOPIC, "the venue is gone")
        story.publisher.publish_state(TOPIC)
        await asyncio.sleep(0.01)

    assert played(play).said == ["the venue is gone", 1]


def test_a_gap_is_told_before_the_value_that_heals_it() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.hub.lose = lambda endpoint, frames: story.number == 2
        story.publish(3)
        await asyncio.sleep(0.1)

    story = played(play)
    assert story.said == ["gap", 3]
    assert story.reader.counters["missed"] == 1


def test_a_flood_that_never_ends_does_not_starve_the_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newest, "CONFLATE_LIMIT", 10)

    async def play(story: Story) -> None:
        await story.joined()
        story.publish(100)
        await asyncio.sleep(0.01)

    said = played(play).said
    assert said[-1] == 100
    assert 9 <= len(said) <= 11


def test_an_instrument_named_like_a_mark_is_a_quote_all_the_same() -> None:
    async def play(story: Story) -> None:
        story.instrument = StreamStale.__name__
        await story.joined()
        story.publish(5)
        await asyncio.sleep(0.01)

    assert played(play).said == [5]


def test_one_that_leaves_is_not_given_what_waited_for_it() -> None:
    async def play(story: Story) -> None:
        second = Subscription(TOPIC, lambda message, *_: late.append(message.seq), None, conflate=True)
        await story.joined()
        story.reader.subscribe(second)
        await asyncio.sleep(0.01)
        assert late == [0]
        story.leave = lambda: story.reader.unsubscribe(second)
        story.publish(5)
        await asyncio.sleep(0.01)

    late: list[int] = []
    assert played(play).said == [5]
    assert late == [0]


def test_of_two_readers_of_a_topic_only_the_one_that_asked_for_it_is_conflated() -> None:
    every: list[int] = []

    async def play(story: Story) -> None:
        await story.joined()
        story.reader.subscribe(Subscription(TOPIC, lambda message, *_: every.append(message.seq), None))
        await asyncio.sleep(0.01)
        story.publish(5)
        await asyncio.sleep(0.01)

    assert played(play).said == [5]
    assert every == [0, 1, 2, 3, 4, 5]


def test_what_its_reader_stopped_believing_is_dropped_and_counted() -> None:
    place = Subscription(TOPIC, lambda *_: None, None, conflate=True)
    place.position(TOPIC).judge(Kind.STATE, 1, 4)
    kept = newest.Newest()
    kept.keep(place, encode(quote(4)), Header(1, Kind.STATE, "owner", 1, 4, 0), 1)
    place.position(TOPIC).doubt()
    assert kept.pop() is None
    assert kept.conflated == 1
    assert not kept


WHOLE = [
    topics.market("A", "quote", "X.A"),
    topics.market("A", "instrument", "X.A"),
    topics.book_depth("A", "X.A", 10),
    topics.book_reference("A", "X.A"),
]
NOT_WHOLE = [
    topics.market("A", "book", "X.A"),
    topics.market("A", "trade", "X.A"),
    topics.market("A", "bar", "X.A", "1-MINUTE-LAST"),
    "execution/a/",
    "intent/gate/",
    "account/A/",
    "directory/floor/",
    "state/actor/a/",
    "alert/gate/",
    "status/market/A/quote/X.A/",
    "market/A/quote/",
    "",
]


@pytest.mark.parametrize("topic", WHOLE)
def test_what_is_told_whole_each_time_can_be_conflated(topic: str) -> None:
    assert Subscription(topic, lambda *_: None, None, conflate=True).conflate


@pytest.mark.parametrize("topic", NOT_WHOLE)
def test_where_each_message_counts_conflation_is_refused_with_what_could_be(topic: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be conflated.*quote.*instrument.*depth.*reference") as error:
        Subscription(topic, lambda *_: None, None, conflate=True)
    assert topic in str(error.value)


@given(st.text(max_size=30))
def test_nothing_foreign_can_be_conflated(topic: str) -> None:
    assert not topics.is_whole(topic) or topics.is_exact(topic)


async def test_a_slow_handler_on_real_sockets_is_given_the_newest(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher(prefix="market/A/")
    wire.owner.values[TOPIC] = quote(0)
    reader = wire.reader()
    seen: list[int] = []
    sent = 1  # the state

    def slow(message: Message, header: Header, topic: str) -> None:
        nonlocal sent
        assert isinstance(message, Quote)
        seen.append(message.seq)
        for number in range(message.seq + 1, min(message.seq + 2_001, 20_001)):  # what comes while it works
            publisher.publish(TOPIC, quote(number))
            sent += 1

    reader.subscribe(Subscription(TOPIC, slow, None, conflate=True))
    await eventually(lambda: seen and seen[-1] == 20_000)
    assert len(seen) < 100
    await eventually(lambda: reader.counters["conflated"] == sent - len(seen), "all that was sent is accounted for")


async def test_a_message_that_comes_alone_is_handed_on_at_once_over_a_real_socket(wire: Any, eventually: Any) -> None:
    wire.owner.values[TOPIC] = quote(0, "X.A")
    publisher, said = wire.publisher(prefix="market/"), []
    reader = wire.reader()
    reader.subscribe(Subscription(TOPIC, lambda message, header, topic: said.append(message.seq), None, conflate=True))
    await eventually(lambda: said == [0], limit_s=2)
    for number in (1, 2, 3):
        publisher.publish(TOPIC, quote(number, "X.A"))
        await eventually(lambda number=number: said[-1] == number, limit_s=2)
    assert said == [0, 1, 2, 3]
