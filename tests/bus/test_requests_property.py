"""Whatever is lost, doubled or overtaken on the way: an answer is whole or an error, and nothing is done twice.

The real socket loses and reorders nothing within one connection; the caller and the server hold without that too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from part_teller import QUESTION, Teller

from bus.codec import ReplyStatus
from bus.memory import MemoryHub, MemoryTransport
from bus.messages import Acknowledged, Code, Message, Refused
from bus.requests import Client, RequestFailed, Server
from bus.requests.server import ACKNOWLEDGE_S
from bus.transport import Asked, Frames, Link
from bus.virtual_time import VirtualClock, run_virtual

FATES = st.lists(st.sampled_from(["pass", "pass", "pass", "lose", "double", "delay", "delay long"]), max_size=60)
DELAY_S = {"pass": 0.0, "delay": 0.003, "delay long": 1.5}
TIMEOUT_S = 1.0


class Road(MemoryTransport):
    """A transport on which each message to a server or a caller meets the next fate of a list; then all pass."""

    def __init__(self, hub: MemoryHub, fates: Iterator[str]) -> None:
        super().__init__(hub)
        self._hub_loop, self._fates = hub.loop, fates

    def server(self, endpoint: str, on_message: Asked, remote: str = "") -> Link:
        return super().server(endpoint, self._fated(on_message))

    def caller(self, endpoint: str, on_message: Callable[[Frames], None], server_key: str = "") -> Link:
        return super().caller(endpoint, self._fated(on_message))

    def _fated(self, on_message: Callable[..., None]) -> Callable[..., None]:
        def arrive(frames: Frames, *key: str) -> None:
            fate = next(self._fates, "pass")
            for _ in range({"lose": 0, "double": 2}.get(fate, 1)):
                if delay_s := DELAY_S.get(fate, 0.0):
                    self._hub_loop.call_later(delay_s, on_message, frames, *key)
                else:
                    on_message(frames, *key)

        return arrive


class World:
    """A server and a caller with that road between them."""

    def __init__(self, fates: list[str], handle: Any) -> None:
        self.loop = asyncio.get_running_loop()
        hub, clock, each = MemoryHub(self.loop), VirtualClock(self.loop), iter(fates)
        self.failures: list[BaseException] = []
        self.server = Server(Road(hub, each), clock, "ipc://s", handle, asyncio.ensure_future, self.failures.append)
        self.client = Client(Road(hub, each), self.loop, clock, "ipc://s", "caller")

    async def settle(self) -> None:
        """Let all that is under way end, and see that nothing is left of it."""
        await asyncio.sleep(3 * ACKNOWLEDGE_S)
        assert self.server._running == {}
        assert self.client._waiting == {}


@settings(max_examples=400)
@given(
    FATES,
    st.integers(0, 3) | st.integers(0, 30),
    st.sampled_from([None, Refused(Code.NOT_READY), ArithmeticError("a bug of ours")]),
    st.none() | st.integers(1, 30),
    st.sampled_from([0.0, 0.01]),
    st.sampled_from([0.0, 0.01, 2.0]),
)
def test_an_answer_in_parts_is_whole_and_in_order_or_an_error(
    fates: list[str], count: int, last: Any, leave_at: int | None, server_s: float, caller_s: float
) -> None:
    async def whole() -> None:
        teller = Teller(count, last)
        teller.pause_s = server_s
        world = World(fates, teller)
        got: list[Message] = []
        end: Any = "complete"

        async def ask() -> None:
            async for part in world.client.chunks(QUESTION, TIMEOUT_S):
                got.append(part)
                if len(got) == leave_at:
                    return
                if caller_s and len(got) < 5:
                    await asyncio.sleep(caller_s)

        try:
            await ask()
        except RequestFailed as error:
            end = error.reply
        assert got == [Acknowledged(number) for number in range(1, len(got) + 1)]
        if end == "complete":
            assert len(got) == leave_at or (len(got) == count and last is None)
        else:
            assert not end.ok
            assert end.definite is (end.status is ReplyStatus.DENIED)
        if not fates and end != "complete":
            assert last is not None
        await world.settle()
        assert teller.begun == teller.closed
        assert teller.given <= count

    run_virtual(whole())


@settings(max_examples=400)
@given(FATES, st.lists(st.sampled_from([0.0, 0.002, 1.2]), min_size=1, max_size=12))
def test_no_command_is_done_twice_and_every_definite_word_is_true(fates: list[str], takes_s: list[float]) -> None:
    async def whole() -> None:
        done: list[int] = []

        def handle(message: Message, header: Any) -> Any:
            assert isinstance(message, Acknowledged)
            done.append(message.upto)
            return later(message) if takes_s[message.upto] else message

        async def later(message: Acknowledged) -> Message:
            await asyncio.sleep(takes_s[message.upto])
            return message

        world = World(fates, handle)
        futures = [world.client.send(Acknowledged(number), TIMEOUT_S) for number in range(len(takes_s))]
        replies = [await future for future in futures]
        await world.settle()
        for number, reply in enumerate(replies):
            assert done.count(number) <= 1
            if reply.ok:
                assert (done.count(number), reply.body) == (1, Acknowledged(number))
            elif reply.definite:
                assert done.count(number) == 0

    run_virtual(whole())
