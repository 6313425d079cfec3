"""Whatever happens between them, no reader believes a state that its publisher did not have.

The same programs run on the bus in memory, on virtual time, and on real sockets.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from stream_world import BOOK, QUOTE, Step, World, programs

from actors.runtime.loop_actor import new_event_loop
from bus.clock import SystemClock
from bus.streams import publisher, pulse, reader, subscription
from bus.transport import Frames, Link, ZmqTransport, ports, zeromq
from tradefloor.testing import MemoryHub, MemoryTransport, VirtualClock, run_virtual

REST_S = 60.0
"""Virtual: longer than any delay, back-off and look together."""


def play_in_memory(program: list[Step]) -> None:
    async def play() -> None:
        loop = asyncio.get_running_loop()
        hub = MemoryHub(loop)
        world = World(loop, VirtualClock(loop), "memory://owner", lambda: MemoryTransport(hub))
        hub.lose = lambda endpoint, frames: world.lose(frames)
        hub.delay_s = lambda endpoint, frames: world.delay_s
        errors: list[Any] = []
        loop.set_exception_handler(lambda loop, context: errors.append(context.get("exception") or context["message"]))
        await world.play(program)
        await world.come_to_rest()
        await asyncio.sleep(REST_S)
        assert not errors, errors[0]
        assert world.is_whole, [(each.topic, each.at, each.belief, each.told) for each in world.readers]
        world.close()

    run_virtual(play())


@settings(max_examples=600, deadline=None)
@given(programs([0.0, 0.01, 0.3, 1.1, 2.7, 3.5, 12.0], [0.0, 0.05, 0.9, 5.0], 50))
@example([("join", (BOOK, False)), ("pause", 1.1), ("lose", 1), ("publish", BOOK)])
@example([("join", (QUOTE, True)), ("pause", 1.1), ("lose_kind", 2), ("publish", QUOTE), ("pause", 3.5)])
@example(
    [("join", (BOOK, False)), ("pause", 0.3), ("hostile", BOOK), ("lose_kind", 1), ("pause", 3.5), ("publish", BOOK)]
)
@example([("join", (BOOK, False)), ("pause", 0.3), ("lose", 1), ("restart", None), ("pause", 0.01)])
@example([("join", (BOOK, False)), ("pause", 1.1), ("lose", 1), ("publish", BOOK), ("publish", BOOK)])
def test_no_reader_believes_what_its_publisher_did_not_have_and_at_rest_all_are_whole(program: list[Step]) -> None:
    play_in_memory(program)


class LossyTransport(ZmqTransport):
    """Real sockets whose publisher loses a message on its way to everybody when the world says so."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.lose: Callable[[Frames], bool] = lambda frames: False

    def publisher(self, endpoint: str, on_message: Callable[[Frames], None]) -> Link:
        link = super().publisher(endpoint, on_message)
        send = link.send
        link.send = lambda *frames: self.lose(list(frames)) or send(*frames)  # type: ignore[method-assign]
        return link


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every wait of the streams a fiftieth as long, so that real time shows what virtual time does."""
    for module, name in [
        (pulse, "LOOK_S"), (pulse, "MUTE_S"), (reader, "LOOK_S"), (reader, "STALE_LOOK_S"), (publisher, "HEARTBEAT_S"),
        (publisher, "LINGER_S"), (publisher, "NAMELESS_LOOK_S"), (subscription, "REJOIN_MIN_S"),
        (subscription, "REJOIN_MAX_S"), (zeromq, "PUBLISHER_RECHECK_S"),
    ]:  # fmt: skip
        monkeypatch.setattr(module, name, getattr(module, name) / 50)
    monkeypatch.setattr(zeromq, "RECONNECT_MS", 1)
    monkeypatch.setattr(zeromq, "RECONNECT_MAX_MS", 5)
    monkeypatch.setattr(ports, "LINGER_MS", 5)
    monkeypatch.setattr(zeromq, "LINGER_MS", 5)


IPC_EXAMPLES = 200
IPC_LIMIT_S = 60.0
"""For all examples; each one may take `REST_LIMIT_S` to come to rest, and then fails."""
REST_LIMIT_S = 10.0


def test_the_same_holds_on_real_sockets(hurried: None, run_dir: Path, eventually: Any) -> None:
    names = itertools.count()
    began = time.monotonic()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:

        async def play(program: list[Step]) -> None:
            loop = asyncio.get_running_loop()
            errors: list[Any] = []
            loop.set_exception_handler(lambda _, context: errors.append(context.get("exception") or context["message"]))

            def make() -> LossyTransport:
                transport = LossyTransport(loop)
                transport.lose = lambda frames: world.lose(frames)
                return transport

            world = World(loop, SystemClock(), f"ipc://{run_dir}/{next(names)}", make)
            try:
                await world.play(program)
                await world.come_to_rest()
                await eventually(lambda: errors or world.is_whole, "every reader whole", REST_LIMIT_S)
                assert not errors, errors[0]
            finally:
                world.close()

        @settings(max_examples=IPC_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
        @given(programs([0.0, 0.002, 0.005, 0.02, 0.06], [], 24))
        def check(program: list[Step]) -> None:
            runner.run(play(program))

        check()
    took_s = time.monotonic() - began
    print(f"{IPC_EXAMPLES} programs on ipc sockets in {took_s:.1f} s")
    assert took_s < IPC_LIMIT_S
