"""Heartbeats: a lost last message is seen, and a mute publisher is not taken for a quiet one."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import stream_process
from freezing import freeze

from bus.codec import Header, Kind, decode, decode_header
from bus.messages import Acknowledged, Message, StreamHeartbeat
from bus.streams import Publisher, Reader, Subscription
from bus.streams.numbers import FULL_BEATS
from bus.streams.pulse import HEARTBEAT_S, HEARTBEAT_TOPICS, LOOK_S, MUTE_S
from bus.transport import Frames
from tradefloor.testing import MemoryHub, MemoryTransport, VirtualClock, run_virtual

TOPIC = "state/actor/a/"
ENDPOINT = "memory://publisher"
SLACK_S = 0.01


class Story:
    """A publisher that counts a topic up, and readers of it, on virtual time. `losing` says what is dropped."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.hub = MemoryHub(self.loop)
        self.hub.lose = self._lose
        self.losing: Callable[[Header], bool] = lambda header: False
        self.beats: list[dict[str, int]] = []
        self.said: list[Any] = []
        self.count = 0
        self.publisher = self.new_publisher(1)
        self.place = Subscription(TOPIC, self._take, lambda topic, reason: self.said.append(reason))
        self.reader = Reader(MemoryTransport(self.hub), self.loop, ENDPOINT, "owner")

    def new_publisher(self, epoch: int) -> Publisher:
        self.count = epoch * 100
        publisher = Publisher(
            MemoryTransport(self.hub), self.loop, VirtualClock(self.loop), ENDPOINT, "owner", ("state/",),
            lambda topic: Acknowledged(self.count), lambda topic: None, lambda topic: None,
        )  # fmt: skip
        publisher.epoch = epoch
        return publisher

    def publish(self) -> None:
        self.count += 1
        self.publisher.publish(TOPIC, Acknowledged(self.count))

    async def joined(self) -> None:
        self.reader.subscribe(self.place)
        await asyncio.sleep(SLACK_S)
        assert self.said == [self.count]
        self.said.clear()

    def _lose(self, endpoint: str, frames: Frames) -> bool:
        header, body = decode_header(frames[1]), decode(frames[2])
        assert isinstance(header, Header)
        if isinstance(body, StreamHeartbeat):
            self.beats.append(body.last)
        return self.losing(header)

    def _take(self, message: Message, header: Header, topic: str) -> None:
        assert isinstance(message, Acknowledged)
        self.said.append(message.upto)


def played(play: Callable[[Story], Any]) -> Story:
    async def whole() -> Story:
        story = Story()
        await play(story)
        return story

    return run_virtual(whole())


def test_a_lost_last_message_is_seen_at_the_next_beat() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.losing = lambda header: header.kind == Kind.CHANGE
        story.publish()
        story.publish()
        assert story.said == []
        await asyncio.sleep(HEARTBEAT_S + 0.1)

    story = played(play)
    assert story.said == ["gap", 102]
    assert story.reader.counters["missed"] == 2
    assert story.reader.counters["gaps"] == 1


def test_where_the_beat_that_named_it_was_lost_too_a_full_one_tells() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        await asyncio.sleep(HEARTBEAT_S)
        story.losing = lambda header: True
        story.publish()
        await asyncio.sleep(HEARTBEAT_S)
        story.losing = lambda header: False
        await asyncio.sleep(FULL_BEATS * HEARTBEAT_S)

    assert played(play).said == ["gap", 101]


def test_a_listener_under_a_prefix_counts_and_is_told() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.reader.subscribe(
            Subscription("state/", lambda *_: None, lambda topic, why: story.said.append((topic, why)))
        )
        await asyncio.sleep(HEARTBEAT_S)
        story.losing = lambda header: header.kind == Kind.CHANGE
        story.publish()
        await asyncio.sleep(HEARTBEAT_S + 0.1)

    story = played(play)
    assert sorted(map(str, story.said)) == sorted(map(str, ["gap", 101, (TOPIC, "gap")]))
    assert story.reader.counters["missed"] == 2


def test_a_mute_publisher_is_believed_no_more_which_is_said_once_and_heals_by_itself() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.losing = lambda header: header.kind == Kind.HEARTBEAT
        await asyncio.sleep(MUTE_S - HEARTBEAT_S)
        assert story.said == []
        await asyncio.sleep(HEARTBEAT_S + 2 * LOOK_S)
        assert story.said == ["mute"]
        story.publish()
        await asyncio.sleep(60)
        assert story.said == ["mute"]
        assert story.place.is_stale
        story.losing = lambda header: False
        await asyncio.sleep(HEARTBEAT_S + 0.1)
        assert story.said == ["mute", 101]
        story.publish()
        await asyncio.sleep(60)

    story = played(play)
    assert story.said == ["mute", 101, 102]
    assert story.reader.counters["mute"] == 1


def test_a_reader_of_nothing_is_not_disturbed_and_a_quiet_publisher_not_accused() -> None:
    async def play(story: Story) -> None:
        await asyncio.sleep(60)
        assert story.reader.counters["mute"] == 0
        await story.joined()
        await asyncio.sleep(3600)

    story = played(play)
    assert story.said == []
    assert story.reader.counters["received"] == 1


def test_a_beat_of_a_newer_life_ends_the_belief_in_the_old_one() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publisher.close()
        story.losing = lambda header: header.kind == Kind.STATE
        story.publisher = story.new_publisher(2)
        await asyncio.sleep(HEARTBEAT_S + 0.1)
        assert story.said == ["its publisher restarted"]
        story.losing = lambda header: False
        await asyncio.sleep(6.0)

    assert played(play).said == ["its publisher restarted", 200]


def test_a_beat_of_an_older_life_is_ignored() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        story.publisher.epoch = 2
        story.publisher.publish_state(TOPIC)
        await asyncio.sleep(SLACK_S)
        story.publisher.epoch = 1
        story.publisher.set_seq(TOPIC, 50)
        await asyncio.sleep(HEARTBEAT_S + 0.1)

    assert played(play).said == ["gap", 100]


def test_no_beat_goes_out_before_the_directory_has_named_this_life_or_after_its_end() -> None:
    async def play(story: Story) -> None:
        story.publisher.epoch = 0
        story.reader.subscribe(story.place)
        await asyncio.sleep(10.0)
        assert story.beats == []
        story.publisher.epoch = 1
        await asyncio.sleep(10.0)
        assert 9 <= len(story.beats) <= 11
        story.publisher.close()
        await asyncio.sleep(10.0)
        assert len(story.beats) <= 11

    assert played(play).said[0] == 100


def test_a_beat_of_ten_thousand_topics_comes_in_parts_of_bounded_size() -> None:
    async def play(story: Story) -> None:
        await story.joined()
        for number in range(5 * HEARTBEAT_TOPICS):
            story.publisher.publish(f"state/actor/{number}/", Acknowledged(1))
        await asyncio.sleep(HEARTBEAT_S + 0.1)

    beats = played(play).beats
    assert [len(beat) for beat in beats] == 5 * [HEARTBEAT_TOPICS] + [1]


async def start(mode: str, endpoint: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, stream_process.__file__, mode, endpoint, stdout=asyncio.subprocess.PIPE
    )


async def line_of(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def test_a_frozen_publisher_is_mute_and_a_thawed_one_makes_whole(
    run_dir: Path, wire: Any, eventually: Any
) -> None:
    publisher = await start("publish", wire.endpoint())
    assert await line_of(publisher) == "ready"
    listener = wire.listen(wire.reader())
    await eventually(lambda: len(listener.messages) > 10)
    freeze(publisher.pid)
    began = wire.loop.time()
    await eventually(lambda: listener.stale)
    print(f"a frozen publisher was mute after {wire.loop.time() - began:.2f} s")
    assert listener.stale == ["mute"]
    heard = len(listener.messages)
    publisher.send_signal(signal.SIGCONT)
    await eventually(lambda: len(listener.messages) > heard + 10)
    assert listener.headers[heard].kind == Kind.STATE
    assert listener.stale == ["mute"]
    publisher.kill()
    await publisher.wait()


async def test_a_reader_that_was_frozen_itself_does_not_accuse_its_publisher(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = await start("read", wire.endpoint())
    await eventually(lambda: TOPIC in publisher.demand)
    assert await line_of(reader) == "0"
    freeze(reader.pid)
    await asyncio.sleep(2 * MUTE_S)
    reader.send_signal(signal.SIGCONT)
    await asyncio.sleep(MUTE_S + LOOK_S)  # a judgement that was wrong would come within this
    publisher.publish(TOPIC, Acknowledged(1))
    assert await line_of(reader) == "1"
    reader.kill()
    await reader.wait()
