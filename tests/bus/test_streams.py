"""Sequenced streams over real sockets: joins, gaps, marks, demand."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from typing import Any

import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st

from bus.codec import WIRE_VERSION, Header, Kind, encode
from bus.messages import Acknowledged, Empty, Message
from bus.streams import Subscription
from bus.streams import publisher as publisher_module
from bus.streams import subscription as subscription_module
from bus.transport import zeromq

TOPIC = "state/actor/a/"
OTHER = "state/actor/b/"

FOREIGN_READER = """
import sys, zmq
socket = zmq.Context().socket(zmq.SUB)
socket.connect(sys.argv[1])
socket.subscribe(sys.argv[2])
socket.recv()
sys.stdin.read()
"""


async def test_a_late_reader_starts_whole(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    for number in range(1, 6):
        publisher.publish(TOPIC, Acknowledged(number))
    wire.owner.values[TOPIC] = Acknowledged(5)
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
    publisher.publish(TOPIC, Acknowledged(6))
    await eventually(lambda: len(listener.messages) == 2)
    assert listener.values == [5, 6]
    assert listener.seqs == [5, 6]
    assert [header.kind for header in listener.headers] == [Kind.STATE, Kind.CHANGE]
    assert listener.stale == []


async def test_a_topic_without_a_change_yet_starts_at_number_zero(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
    publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: len(listener.messages) == 2)
    assert listener.seqs == [0, 1]


async def test_fifty_joins_cost_at_most_two_states(wire: Any, eventually: Any, counting_transport: Any) -> None:
    transport = wire.transport(counting_transport)
    publisher = wire.publisher(transport=transport)
    shared = wire.transport()
    readers = [wire.reader(shared) for _ in range(50)]
    connected = [wire.listen(reader, OTHER) for reader in readers]
    await eventually(lambda: transport.joins == 50 and all(listener.messages for listener in connected))
    transport.joins = wire.owner.states = 0
    listeners = [wire.listen(reader) for reader in readers]
    deadline = time.monotonic() + 20.0
    while transport.joins < 50 and time.monotonic() < deadline:  # all of them within one turn of the publisher's loop
        transport.drain()
    await eventually(lambda: all(listener.messages for listener in listeners))
    assert wire.owner.states == 1
    publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: all(len(listener.messages) == 2 for listener in listeners))
    assert {tuple(listener.seqs) for listener in listeners} == {(0, 1)}
    assert wire.owner.states <= 2


async def test_changes_before_the_state_are_ignored(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    wire.owner.values[TOPIC] = None  # not known yet
    reader = wire.reader()
    listener = wire.listen(reader)
    await eventually(lambda: TOPIC in publisher.demand)
    for number in range(1, 4):
        publisher.publish(TOPIC, Acknowledged(number))
    await eventually(lambda: reader.counters["received"] == 3)
    assert listener.messages == []
    wire.owner.values[TOPIC] = Acknowledged(3)
    publisher.publish_state(TOPIC)
    publisher.publish(TOPIC, Acknowledged(4))
    await eventually(lambda: len(listener.messages) == 2)
    assert listener.values == [3, 4]
    assert listener.stale == []


async def test_nobody_is_given_a_state_before_the_publisher_has_its_epoch(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher(epoch=0)
    listener = wire.listen(wire.reader())
    await eventually(lambda: TOPIC in publisher.demand)
    assert wire.owner.states == 0
    publisher.epoch = 9
    await eventually(lambda: listener.messages)
    assert listener.headers[0].epoch == 9


async def test_a_state_that_a_reader_has_already_is_dropped(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    first = wire.listen(reader)
    await eventually(lambda: first.messages)
    seen = reader.counters["received"]
    second = wire.listen(wire.reader())
    await eventually(lambda: second.messages and reader.counters["received"] > seen)
    publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: first.seqs[-1] == second.seqs[-1] == 1)
    assert first.seqs == second.seqs == [0, 1]
    assert first.stale == second.stale == []


async def test_a_second_handler_on_the_same_reader_is_given_the_state_too(wire: Any, eventually: Any) -> None:
    wire.publisher()
    reader = wire.reader()
    first = wire.listen(reader)
    await eventually(lambda: first.messages)
    second = wire.listen(reader)
    await eventually(lambda: second.messages)
    assert first.seqs == second.seqs == [0]


async def test_a_gap_is_told_once_and_healed_by_a_new_join(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    listener = wire.listen(reader)
    await eventually(lambda: listener.messages)
    publisher.set_seq(TOPIC, 5)
    for number in range(6, 9):
        publisher.publish(TOPIC, Acknowledged(number))
    wire.owner.values[TOPIC] = Acknowledged(8)
    await eventually(lambda: len(listener.messages) == 2)
    publisher.publish(TOPIC, Acknowledged(9))
    await eventually(lambda: len(listener.messages) == 3)
    assert listener.values == [0, 8, 9]
    assert listener.seqs == [0, 8, 9]
    assert listener.stale == ["gap"]
    assert reader.counters["gaps"] == 1


async def test_a_state_that_shows_a_loss_says_so_before_it_heals(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
    publisher.set_seq(TOPIC, 5)
    publisher.publish_state(TOPIC)
    await eventually(lambda: len(listener.messages) == 2)
    assert listener.stale == ["gap"]
    assert listener.seqs == [0, 5]


async def test_a_new_epoch_is_a_gap_until_its_state(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher(epoch=1)
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
    publisher.publish(TOPIC, Acknowledged(1))
    publisher.epoch = 2
    publisher.publish(TOPIC, Acknowledged(2))  # the next number, of another life
    await eventually(lambda: len(listener.messages) == 3)
    assert [(header.epoch, header.seq) for header in listener.headers] == [(1, 0), (1, 1), (2, 2)]
    assert listener.headers[-1].kind == Kind.STATE
    assert listener.stale == ["gap"]


async def test_a_publisher_that_restarts_on_its_endpoint_makes_its_readers_whole_again(
    wire: Any, eventually: Any
) -> None:
    first = wire.transport()
    wire.publisher(epoch=1, transport=first)
    reader = wire.reader()
    listeners = [wire.listen(reader, f"state/actor/{number}/") for number in range(20)]
    await eventually(lambda: all(listener.messages for listener in listeners))
    wire.stop(first)
    publisher = wire.publisher(epoch=2)
    publisher.set_seq("state/actor/7/", 41)
    await eventually(lambda: all(len(listener.messages) == 2 for listener in listeners))
    publisher.publish("state/actor/7/", Acknowledged(1))
    await eventually(lambda: len(listeners[7].messages) == 3)
    assert listeners[7].seqs == [0, 41, 42]
    assert all(listener.stale == ["gap"] for listener in listeners)
    assert all(listener.headers[-1].epoch == 2 for listener in listeners)


async def test_a_mark_makes_readers_stale_until_the_state_that_follows(
    wire: Any, eventually: Any, counting_transport: Any
) -> None:
    transport = wire.transport(counting_transport)
    publisher = wire.publisher(transport=transport)
    reader = wire.reader()
    listener = wire.listen(reader)
    await eventually(lambda: listener.messages)
    publisher.mark_stale(TOPIC, "the venue is gone")
    publisher.mark_stale(TOPIC, "it still is")
    publisher.publish(TOPIC, Acknowledged(7))
    late = wire.listen(wire.reader())
    other = wire.listen(reader, OTHER)
    await eventually(lambda: other.messages and transport.joins == 3)
    assert publisher.is_stale(TOPIC)
    assert listener.stale == ["the venue is gone"]
    assert listener.values == [0]
    assert late.messages == []
    wire.owner.values[TOPIC] = Acknowledged(8)
    publisher.publish_state(TOPIC)
    publisher.publish(TOPIC, Acknowledged(9))
    await eventually(lambda: len(listener.messages) == 3 and len(late.messages) == 2)
    assert not publisher.is_stale(TOPIC)
    assert listener.values == [0, 8, 9]
    assert late.values == [8, 9]
    assert listener.stale == ["the venue is gone"]
    assert reader.counters["marked"] == 1
    assert reader.counters["gaps"] == 0


@pytest.mark.parametrize("prefix", ["", "state/", "state/actor/", "state/actor/a"])
async def test_a_broader_prefix_hears_everything_and_is_no_demand(wire: Any, eventually: Any, prefix: str) -> None:
    publisher = wire.publisher()
    listener = wire.listen(wire.reader(), prefix)
    sent = 0

    def heard() -> bool:
        nonlocal sent
        sent += 1
        publisher.publish(TOPIC, Acknowledged(sent))
        return bool(listener.messages)

    await eventually(heard)
    publisher.publish(TOPIC, Acknowledged(-1))
    await eventually(lambda: listener.values[-1] == -1)
    assert publisher.demand == set()
    assert wire.owner.opened == []
    assert wire.owner.states == 0
    assert listener.seqs == list(range(listener.seqs[0], listener.seqs[0] + len(listener.seqs)))
    assert listener.stale == []


async def test_a_gap_costs_a_listener_under_a_prefix_a_mark_and_nothing_else(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    listener = wire.listen(reader, "state/")
    exact = wire.listen(reader)
    await eventually(lambda: exact.messages)
    publisher.publish(TOPIC, Acknowledged(1))
    publisher.set_seq(TOPIC, 4)
    publisher.publish(TOPIC, Acknowledged(5))
    await eventually(lambda: 5 in listener.values)
    assert listener.stale == ["gap"]


async def test_a_topic_of_somebody_else_is_no_demand(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher(prefix="state/actor/")
    reader = wire.reader()
    wire.listen(reader, "state/trading/floor/")
    wire.listen(reader, TOPIC)
    await eventually(lambda: publisher.demand)
    assert publisher.demand == {TOPIC}
    assert wire.owner.opened == [TOPIC]


async def test_demand_ends_a_while_after_the_last_reader(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch, counting_transport: Any
) -> None:
    monkeypatch.setattr(publisher_module, "LINGER_S", 0.05)
    transport = wire.transport(counting_transport)
    publisher = wire.publisher(transport=transport)
    readers = [wire.reader(), wire.reader()]
    places = [Subscription(TOPIC, lambda *_: None, None) for _ in readers]
    for reader, place in zip(readers, places, strict=True):
        reader.subscribe(place)
    await eventually(lambda: transport.joins == 2)
    readers[0].unsubscribe(places[0])
    stays = wire.listen(readers[0], OTHER)
    await eventually(lambda: stays.messages)  # so its leave was seen before
    assert wire.owner.closed == []
    readers[1].unsubscribe(places[1])
    await eventually(lambda: wire.owner.closed)
    assert wire.owner.opened == [TOPIC, OTHER]
    assert wire.owner.closed == [TOPIC]
    assert publisher.demand == {OTHER}


async def test_a_reader_that_comes_back_in_time_costs_the_owner_nothing(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "LINGER_S", 60.0)
    publisher = wire.publisher()
    reader = wire.reader()
    place = Subscription(TOPIC, lambda *_: None, None)
    reader.subscribe(place)
    await eventually(lambda: TOPIC in publisher.demand)
    reader.unsubscribe(place)
    await eventually(lambda: TOPIC in publisher._lingering)
    timer = publisher._lingering[TOPIC]
    again = wire.listen(reader)
    await eventually(lambda: again.messages)
    assert timer.cancelled()
    assert publisher._lingering == {}
    assert wire.owner.opened == [TOPIC]
    assert wire.owner.closed == []


async def test_a_killed_reader_process_frees_its_demand(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "LINGER_S", 0.01)
    publisher = wire.publisher()
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FOREIGN_READER, wire.endpoint(), TOPIC, stdin=asyncio.subprocess.PIPE
    )
    await eventually(lambda: TOPIC in publisher.demand)
    began = time.monotonic()
    reader.kill()
    await eventually(lambda: wire.owner.closed == [TOPIC])
    print(f"demand was free {1000 * (time.monotonic() - began):.1f} ms after kill -9, of which 10 ms were its linger")
    assert await reader.wait() == -signal.SIGKILL
    assert publisher.demand == set()


async def test_ten_thousand_topics_of_one_reader_all_arrive(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    listener = wire.listen(reader)
    names = [f"state/actor/{number}/" for number in range(10_000)]
    for name in names:
        reader.subscribe(Subscription(name, listener, listener.on_stale))
    await eventually(lambda: len(publisher.demand) == 10_001)
    await eventually(lambda: len(listener.messages) == 10_001)


async def test_demand_over_the_limit_is_refused_and_counted(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher_module, "TOPIC_LIMIT", 5)
    publisher = wire.publisher()
    reader = wire.reader()
    for number in range(8):
        wire.listen(reader, f"state/actor/{number}/")
    await eventually(lambda: publisher.counters["refused_subscriptions"] == 3)
    assert len(publisher.demand) == len(wire.owner.opened) == 5


@pytest.mark.parametrize(
    "frames",
    [[b"junk"], [b""], [b"\2" + TOPIC.encode()], [b"\1\xff\xfe"]],
    ids=["words", "empty", "byte 2", "no UTF-8"],
)
async def test_a_foreign_frame_costs_a_publisher_one_count(wire: Any, eventually: Any, frames: list[bytes]) -> None:
    publisher = wire.publisher()
    peer = wire.socket(zmq.XSUB)
    peer.connect(wire.endpoint())
    peer.send_multipart(frames)
    await eventually(lambda: publisher.counters["refused_subscriptions"])
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
    assert publisher.counters["refused_subscriptions"] == 1
    assert publisher.demand == {TOPIC}


async def test_foreign_frames_cost_a_reader_one_count_each(wire: Any, eventually: Any) -> None:
    publisher = wire.socket(zmq.XPUB)
    publisher.setsockopt(zmq.XPUB_VERBOSE, 1)
    publisher.bind(wire.endpoint())
    reader = wire.reader()
    listener = wire.listen(reader)

    def header(seq: int, kind: int = Kind.CHANGE, version: int = WIRE_VERSION) -> bytes:
        return encode(Header(version, kind, "owner", 1, seq, 0))

    def subscribed() -> bool:
        try:
            return publisher.recv(zmq.NOBLOCK) == b"\1" + TOPIC.encode()
        except zmq.Again:
            return False

    await eventually(subscribed)
    topic, body = TOPIC.encode(), encode(Acknowledged(1))
    foreign = [
        [topic],
        [topic, b"junk"],
        [topic, b"junk", body],
        [topic, header(1), body, b"more"],
        [topic, header(1, version=2), body],
    ]
    publisher.send_multipart([topic, header(0, Kind.STATE), encode(Acknowledged(0))])
    for frames in foreign:
        publisher.send_multipart(frames)
    publisher.send_multipart([topic, header(1), body])
    await eventually(lambda: len(listener.messages) == 2)
    assert reader.counters["unreadable"] == len(foreign)
    assert listener.values == [0, 1]
    assert listener.stale == []
    publisher.send_multipart([topic, header(2), b"\xc1"])  # a number is used up by what nobody can read
    await eventually(lambda: listener.stale)
    publisher.send_multipart([topic, header(3), body])
    await eventually(subscribed)
    publisher.send_multipart([topic, header(3, Kind.STATE), encode(Acknowledged(3))])
    await eventually(lambda: len(listener.messages) == 3)
    assert listener.values == [0, 1, 3]
    assert listener.stale == ["gap"]
    assert reader.counters["unreadable"] == len(foreign) + 1


async def test_a_kind_of_frame_that_nobody_knows_is_ignored(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    listener = wire.listen(wire.reader())
    await eventually(lambda: listener.messages)
    publisher._open[0].send(TOPIC.encode(), encode(Header(WIRE_VERSION, 9, "owner", 1, 1, 0)), encode(Acknowledged(9)))
    publisher.publish(TOPIC, Acknowledged(1))
    await eventually(lambda: len(listener.messages) == 2)
    assert listener.values == [0, 1]


async def test_a_reader_that_missed_messages_of_a_stateless_topic_is_told(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zeromq, "PUBLISH_HWM", 10)
    publisher = wire.publisher()
    wire.owner.values[TOPIC] = Empty()
    reader = wire.reader()
    listener = wire.listen(reader)
    await eventually(lambda: reader.counters["received"] == 1)
    sent = 0

    def burst() -> None:
        nonlocal sent
        for _ in range(5_000):  # in one turn: the reader reads nothing meanwhile
            sent += 1
            publisher.publish(TOPIC, Acknowledged(sent))

    burst()

    def told() -> list[str]:
        nonlocal sent
        sent += 1
        publisher.publish(TOPIC, Acknowledged(sent))
        return listener.stale

    await eventually(told)
    await eventually(lambda: told() and listener.values[-1] > 5_000)
    assert len(listener.messages) < sent
    assert reader.counters["gaps"] == len(listener.stale) >= 1
    assert set(listener.stale) == {"gap"}
    jumps = sum(later != earlier + 1 for earlier, later in zip(listener.seqs, listener.seqs[1:], strict=False))
    assert 1 <= jumps <= len(listener.stale)  # no hole in what was delivered without a mark


async def test_unsubscribing_while_a_join_is_due_asks_for_nothing_more(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    listener = wire.listen(reader, OTHER)
    gone: list[Message] = []
    place = Subscription(TOPIC, lambda message, header, topic: gone.append(message), None)
    reader.subscribe(place)
    await eventually(lambda: gone and listener.messages)
    publisher.set_seq(TOPIC, 5)
    publisher.publish(TOPIC, Acknowledged(6))
    await eventually(lambda: reader.counters["gaps"])
    reader.unsubscribe(place)
    await eventually(lambda: TOPIC in publisher._lingering)
    publisher.publish(OTHER, Acknowledged(1))
    await eventually(lambda: len(listener.messages) == 2)
    assert len(gone) == 1


def wait_of(place: Subscription, times: list[float]) -> list[float]:
    return [place.next_backoff_s(now) for now in times]


def test_a_reader_that_falls_behind_again_and_again_joins_ever_more_rarely() -> None:
    place = Subscription(TOPIC, lambda *_: None, None)
    waits = wait_of(place, [number * 0.1 for number in range(12)])
    assert waits == sorted(waits)
    assert waits[0] == subscription_module.REJOIN_MIN_S
    assert waits[-1] == subscription_module.REJOIN_MAX_S


@given(st.floats(0, 1e6))
def test_a_reader_that_was_whole_for_long_joins_at_once_again(start: float) -> None:
    place = Subscription(TOPIC, lambda *_: None, None)
    wait_of(place, [start + number * 0.1 for number in range(12)])
    assert place.next_backoff_s(start + 10.0) == subscription_module.REJOIN_MIN_S


async def test_a_flood_on_one_reader_leaves_turns_to_timers(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    listener = wire.listen(reader)
    await eventually(lambda: listener.messages)
    for number in range(1, 20_001):
        publisher.publish(TOPIC, Acknowledged(number))
    most = before = 0
    while before < 20_001:
        await asyncio.sleep(0)
        most, before = max(most, len(listener.messages) - before), len(listener.messages)
    assert most <= 4 * 64
    assert listener.seqs == list(range(20_001))


async def test_a_join_that_is_due_when_the_reader_closes_is_left_out(wire: Any, eventually: Any) -> None:
    publisher = wire.publisher()
    reader = wire.reader()
    listener = wire.listen(reader)
    await eventually(lambda: listener.messages)
    publisher.set_seq(TOPIC, 5)
    publisher.publish(TOPIC, Acknowledged(6))
    await eventually(lambda: listener.stale)
    reader.close()
    due = asyncio.Event()
    wire.loop.call_later(subscription_module.REJOIN_MIN_S * 2, due.set)
    await due.wait()
    assert len(listener.messages) == 1
