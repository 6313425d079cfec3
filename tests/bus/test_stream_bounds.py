"""What the streams cost, and that slow, dead and late readers harm nobody else."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import Any

import pytest
import stream_process
from freezing import freeze

from bus.codec import Kind, encode
from bus.messages import Acknowledged, BookDelta, BookSnapshot, StreamHeartbeat
from bus.streams import Subscription
from bus.streams.numbers import FULL_BEATS, Numbers
from bus.transport import zeromq

TOPIC = "state/actor/a/"
BOOK = "market/A/book/X.A/"
BURST = 100_000
"""Ten times what a floor's busiest publisher says in a second."""
QUEUE = 2_000
MESSAGE_BYTES = 1_024
"""More than a queued message of ours takes, libzmq's own share included."""


def memory_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_b01_p10_a_burst_past_a_frozen_a_dead_and_a_late_reader_leaves_the_publisher_and_a_good_one_unharmed(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zeromq, "PUBLISH_HWM", QUEUE)
    publisher = wire.publisher()
    readers = [
        await asyncio.create_subprocess_exec(
            sys.executable, stream_process.__file__, "read", wire.endpoint(), stdout=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    for reader in readers:
        assert reader.stdout is not None
        assert await reader.stdout.readline() == b"0\n"
    frozen, dead = readers
    last, marks = [-1], []
    good = Subscription(TOPIC, lambda message, *_: last.__setitem__(0, message.upto), lambda *mark: marks.append(mark))
    wire.reader().subscribe(good)
    await eventually(lambda: last == [0])
    freeze(frozen.pid)
    dead.kill()
    await dead.wait()

    async def burst(first: int) -> None:
        for start in range(first, first + BURST, 500):
            for number in range(start, start + 500):
                publisher.publish(TOPIC, Acknowledged(number))
            wire.owner.values[TOPIC] = Acknowledged(start + 499)
            await eventually(lambda upto=start + 499: last == [upto])

    await burst(1)
    before = memory_bytes()
    began = time.monotonic()
    await burst(BURST + 1)
    took_s = time.monotonic() - began
    grown = memory_bytes() - before
    print(f"{BURST} messages past a frozen reader in {took_s:.1f} s; the publisher's process grew by {grown} B")
    assert grown < QUEUE * MESSAGE_BYTES
    assert marks == []
    assert publisher.counters["dropped"] == 0  # not by us: the frozen reader's queue is full, and it is told by numbers
    late = wire.listen(wire.reader())
    await eventually(lambda: late.messages)
    assert late.values == [2 * BURST]
    frozen.send_signal(signal.SIGCONT)
    assert frozen.stdout is not None
    while (line := (await frozen.stdout.readline()).decode().strip()).isdigit():
        pass
    assert line == "gap"
    while (line := (await frozen.stdout.readline()).decode().strip()) != str(2 * BURST):
        assert line == "gap" or line.isdigit()
    frozen.kill()
    await frozen.wait()


async def test_b02_a_publisher_that_restarts_costs_its_readers_a_mark_and_nothing_else(
    make_floor: Any, eventually: Any
) -> None:
    floor = make_floor()
    owner = await floor.join("owner", ("state/",))
    reader = await floor.join("reader")
    told: list[tuple[str, int, int]] = []
    marks: list[str] = []
    reader.subscribe(
        TOPIC,
        lambda message, header, topic: told.append((Kind(header.kind).name, header.epoch, message.upto)),
        lambda topic, reason: marks.append(reason),
    )
    await eventually(lambda: told)
    for life in range(3):
        epoch = owner.epoch
        owner.publisher.publish(TOPIC, Acknowledged(life))
        await eventually(lambda epoch=epoch, life=life: told[-1] == ("CHANGE", epoch, life))
        floor.kill(owner)
        floor.gone("owner")
        owner = await floor.join("owner", ("state/",))
        await eventually(lambda owner=owner: told[-1] == ("STATE", owner.epoch, 0))
        assert owner.epoch > epoch
    assert marks == ["its publisher is gone"] * 3
    assert reader.counters()["unreadable"] == 0


async def test_p4_a_book_that_misses_a_delta_or_is_of_an_older_life_is_given_to_nobody_as_fresh(
    wire: Any, eventually: Any
) -> None:
    def delta(seq: int) -> BookDelta:
        return BookDelta("X.A", [(100.0, float(seq))], [], seq - 1, seq, 0, 0)

    def snapshot(seq: int) -> BookSnapshot:
        return BookSnapshot("X.A", [(100.0, float(seq))], [(101.0, 1.0)], seq, 0, 0)

    first = wire.transport()
    publisher = wire.publisher(transport=first, prefix="market/A/")
    wire.owner.values[BOOK] = snapshot(0)
    listener = wire.listen(wire.reader(), BOOK)
    await eventually(lambda: listener.messages)
    publisher.publish(BOOK, delta(1))
    publisher._numbers.next(BOOK)  # the second is lost on its way, and nothing follows it
    wire.owner.values[BOOK] = snapshot(2)
    await eventually(lambda: listener.stale)  # by the heartbeat
    await eventually(lambda: listener.messages[-1] == snapshot(2))
    wire.stop(first)
    publisher.close()
    publisher = wire.publisher(epoch=2, prefix="market/A/")
    wire.owner.values[BOOK] = snapshot(7)
    await eventually(lambda: listener.messages[-1] == snapshot(7))
    publisher.publish(BOOK, delta(8))
    await eventually(lambda: listener.messages[-1] == delta(8))
    assert listener.messages == [snapshot(0), delta(1), snapshot(2), snapshot(7), delta(8)]
    assert [header.epoch for header in listener.headers] == [1, 1, 1, 2, 2]
    assert listener.stale == ["gap", "gap"]


BEAT_LIMIT_S = 0.1
"""Far above what was measured: this is a bound for a busy machine, the figure is printed."""


def test_what_a_heartbeat_of_ten_thousand_topics_costs() -> None:
    numbers = Numbers()
    names = [f"market/BINANCE/quote/SYMBOL{number}USDT.BINANCE/" for number in range(10_000)]
    for name in names:
        numbers.next(name)

    def timed(changed: int) -> tuple[int, float, int]:
        for name in names[:changed]:
            numbers.next(name)
        began = time.perf_counter()
        last = numbers.beat()
        body = encode(StreamHeartbeat(last))
        return len(last), time.perf_counter() - began, len(body)

    whole = timed(0)
    part = timed(500)
    for _ in range(FULL_BEATS):
        assert timed(0)[0] in (0, 10_000)
    for count, seconds, size in (whole, part):
        print(f"a heartbeat of {count} topics: {1e6 * seconds:.0f} us, {size} B")
    assert (whole[0], part[0]) == (10_000, 500)
    assert whole[1] < BEAT_LIMIT_S
