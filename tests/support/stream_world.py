"""A publisher and its readers under everything that can happen to them, with a record of what was ever true.

A program is a list of steps. Whatever it is, no reader ever holds for true what its publisher did not have at that
number of that life; and once nothing more is lost, every reader comes to hold what its publisher has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import strategies as st

from bus.clock import Clock
from bus.codec import Header, Kind, decode_header
from bus.messages import Acknowledged, Message
from bus.streams import Publisher, Reader, Subscription
from bus.streams.pulse import LOOK_S, MUTE_S
from bus.transport import Frames, Transport

BOOK = "market/A/book/X.A/"
"""Its changes are deltas: one that is missed, repeated or taken too early spoils every value after it."""
QUOTE = "market/A/quote/X.A/"
"""Its changes are whole values, so it can be conflated."""
STATE = "state/actor/x/"
"""Published whether somebody reads it or not, and by deltas here; the others are only while there is demand."""
TOPICS = (BOOK, QUOTE, STATE)
LONGEST_DELAY_S = 5.0
_PRIME = 2**31 - 1

Step = tuple[str, Any]


def after(topic: str, value: int, payload: int) -> int:
    """Return a topic's value after a change."""
    return payload if topic == QUOTE else (value * 31 + payload) % _PRIME


def programs(pauses: list[float], delays: list[float], size: int) -> st.SearchStrategy[list[Step]]:
    """Return a strategy for programs."""
    topic = st.sampled_from(TOPICS)
    steps = st.one_of(
        st.tuples(st.just("publish"), topic),
        st.tuples(st.just("publish"), topic),
        st.tuples(st.just("join"), st.tuples(topic, st.booleans())),
        st.tuples(st.just("pause"), st.sampled_from(pauses)),
        st.tuples(st.just("pause"), st.sampled_from(pauses)),
        st.tuples(st.just("lose"), st.integers(1, 4)),
        st.tuples(st.just("lose_kind"), st.sampled_from([None, *Kind])),
        st.tuples(st.just("leave"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["mark", "heal", "hostile"]), topic),
        st.tuples(st.sampled_from(["restart", "die", "directory"]), st.none()),
        *([st.tuples(st.just("delay"), st.sampled_from(delays))] if delays else []),
    )
    return st.lists(steps, min_size=size // 2, max_size=size)  # without a least size most are too short to go wrong


class Life:
    """One life of the publisher, and every value that each number of it stood for."""

    def __init__(self, epoch: int, truth: dict[tuple[str, int, int], int], make: Callable[[Life], Publisher]) -> None:
        self.values = dict.fromkeys(TOPICS, epoch * 1000)
        self.count = epoch * 1000
        self.truth = truth
        self.publisher = make(self)
        self.publisher.epoch = epoch

    def state(self, topic: str) -> Message:
        """The publisher sends a state: its number stands for what is so now."""
        numbers = self.publisher._numbers
        seq = numbers._last.get(topic, numbers._floor)
        self.truth[topic, self.publisher.epoch, seq] = self.values[topic]
        return Acknowledged(self.values[topic])

    def publish(self, topic: str) -> None:
        """The value changes: unseen while the stream is marked, and while a feed is closed because nobody wants it."""
        self.count += 1
        self.values[topic] = after(topic, self.values[topic], self.count)
        if not self.publisher.is_stale(topic) and self.is_open(topic):
            seq = self.publisher.publish(topic, Acknowledged(self.count))
            self.truth[topic, self.publisher.epoch, seq] = self.values[topic]

    def is_open(self, topic: str) -> bool:
        """True while the topic is published: a feed that nobody wants is closed at the venue."""
        return topic == STATE or topic in self.publisher.demand


class Believer:
    """A reader of one topic: what it holds for true, None while it is STALE."""

    def __init__(self, topic: str, conflate: bool, truth: dict[tuple[str, int, int], int]) -> None:
        self.topic, self.truth = topic, truth
        self.belief: int | None = None
        self.at = (0, -1)
        self.told: list[str] = []
        self.since_s = 0.0
        """When the present life first spoke."""
        self.place = Subscription(topic, self.on_message, self.on_stale, conflate and topic == QUOTE)
        self.reader: Reader

    def on_message(self, message: Message, header: Header, topic: str) -> None:
        assert isinstance(message, Acknowledged)
        assert (header.epoch, header.seq) >= self.at, f"{header} after {self.at}"
        if header.epoch != self.at[0]:
            self.since_s = asyncio.get_running_loop().time()
        self.at = (header.epoch, header.seq)
        if header.kind == Kind.STATE or self.place.conflate:
            self.belief = message.upto
        else:
            assert self.belief is not None, f"a change for a reader that is stale: {header}"
            self.belief = after(topic, self.belief, message.upto)
        self.check()

    def on_stale(self, topic: str, reason: str) -> None:
        self.belief = None
        self.told.append(reason)

    def check(self) -> None:
        """What is believed was so, under that very number of that life."""
        if self.belief is not None:
            assert self.truth.get((self.topic, *self.at)) == self.belief, f"{self.topic} {self.at} {self.told}"
        if self.place.is_stale:
            assert self.belief is None, f"stale, and its handler was not told: {self.at} {self.told}"


class World:
    """A publisher, its readers, and what goes wrong between them."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        endpoint: str,
        make_transport: Callable[[], Transport],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.truth: dict[tuple[str, int, int], int] = {}
        self.readers: list[Believer] = []
        self.delay_s = 0.0
        self.heard_s = loop.time()
        self.epoch = 0
        self.life: Life | None = None
        self._losing, self._losing_kind = 0, None
        self._loop, self._clock, self._endpoint = loop, clock, endpoint
        self._make_transport, self._sleep = make_transport, pause
        self._open: list[tuple[Any, Transport]] = []
        self._start()

    def lose(self, frames: Frames) -> bool:
        """True for a frame that never arrives."""
        header = decode_header(frames[1])
        if self._losing_kind is not None and isinstance(header, Header) and header.kind == self._losing_kind:
            return True
        self._losing -= 1
        return self._losing >= 0

    async def play(self, program: list[Step]) -> None:
        """Do each step, and look after each at what every reader believes."""
        for name, argument in program:
            self._note_beats()
            await getattr(self, f"_{name}")(argument)
            if name == "pause":
                self._note_beats()
            for reader in self.readers:
                reader.check()
                if self._loop.time() - max(self.heard_s, reader.since_s) > LONGEST_DELAY_S + MUTE_S + LOOK_S:
                    assert reader.belief is None, f"a mute publisher is believed: {reader.at} {reader.told}"

    def _note_beats(self) -> None:
        if self.life is not None and self._losing_kind != Kind.HEARTBEAT:
            self.heard_s = self._loop.time()

    async def come_to_rest(self) -> None:
        """Lose nothing more, and end every mark."""
        self._losing, self._losing_kind, self.delay_s = 0, None, 0.0
        if self.life is None:
            self._start()
        assert self.life is not None
        for topic in TOPICS:
            await self._heal(topic)

    @property
    def is_whole(self) -> bool:
        """True when every reader holds what the publisher has."""
        assert self.life is not None
        for reader in self.readers:
            reader.check()
        return all(reader.belief == self.life.values[reader.topic] for reader in self.readers)

    def close(self) -> None:
        """Close what is open."""
        for each, transport in reversed(self._open):
            each.close()
            transport.close()

    # steps

    async def _publish(self, topic: str) -> None:
        if self.life is not None:
            self.life.publish(topic)

    async def _join(self, argument: tuple[str, bool]) -> None:
        reader = Believer(*argument, self.truth)
        transport = self._make_transport()
        reader.reader = Reader(transport, self._loop, self._endpoint, "owner")
        self._open.append((reader.reader, transport))
        reader.reader.subscribe(reader.place)
        self.readers.append(reader)

    async def _leave(self, index: int) -> None:
        if index < len(self.readers):
            reader = self.readers.pop(index)
            reader.reader.unsubscribe(reader.place)

    async def _pause(self, seconds: float) -> None:
        await self._sleep(seconds)

    async def _lose(self, count: int) -> None:
        self._losing = count

    async def _lose_kind(self, kind: Kind | None) -> None:
        self._losing_kind = kind

    async def _delay(self, seconds: float) -> None:
        self.delay_s = seconds

    async def _mark(self, topic: str) -> None:
        if self.life is not None and self.life.is_open(topic) and not self.life.publisher.is_stale(topic):
            self.life.publisher.mark_stale(topic, "the venue's socket is down")

    async def _heal(self, topic: str) -> None:
        if self.life is not None and self.life.publisher.is_stale(topic):
            self.life.publisher.publish_state(topic)

    async def _hostile(self, topic: str) -> None:
        """A peer takes back what others asked for."""
        if self.life is not None:
            self.life.publisher._on_subscription(1, [b"\0" + topic.encode()])

    async def _directory(self, _: None) -> None:
        for reader in self.readers:
            reader.reader.lose("its publisher is another", self.epoch + (self.life is None))

    async def _die(self, _: None) -> None:
        if self.life is not None:
            publisher, self.life = self.life.publisher, None
            place = next(place for place, (each, _) in enumerate(self._open) if each is publisher)
            _, transport = self._open.pop(place)
            publisher.close()
            transport.close()

    async def _restart(self, _: None) -> None:
        await self._die(None)
        self._start()

    def _start(self) -> None:
        self.epoch += 1
        self.heard_s = self._loop.time()
        self.life = Life(self.epoch, self.truth, self._make_publisher)

    def _make_publisher(self, life: Life) -> Publisher:
        transport = self._make_transport()
        publisher = Publisher(
            transport, self._loop, self._clock, self._endpoint, "owner", ("market/A/", "state/"), life.state,
            lambda topic: None, lambda topic: None,
        )  # fmt: skip
        self._open.append((publisher, transport))
        return publisher
