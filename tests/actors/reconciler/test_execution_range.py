"""A strategy that missed a lot gets all of it by one request, and nobody waits for it meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from order_samples import BTC, INSTANCE, a_fill, a_state

from actors.reconciler import Reconciler
from actors.reconciler.journal import PAGE, EventJournal
from actors.runtime import Context
from bus.clock import SystemClock
from bus.codec import encode
from bus.messages import ExecutionRange, ExecutionUpdate, GetExecution, GetPositions, OrderStatus, Position
from bus.requests import Client, Server
from bus.transport import ZmqTransport

MISSED = 20 * PAGE + 7


def an_update(number: int) -> ExecutionUpdate:
    state = a_state(OrderStatus.PARTIALLY_FILLED, revision=number)
    return ExecutionUpdate(state, a_fill(str(number)), Position("alpha", INSTANCE, BTC, fills=number))


class Place:
    """A reconciler without a floor, its journal long, and a caller on real sockets; closed with the test's loop."""

    def __init__(self, folder: Path, run_dir: Path) -> None:
        context = Context(
            "reconciler", "reconciler", str(folder), str(folder), "demo", settings={"instances": [INSTANCE]}
        )
        self.reconciler: Any = Reconciler(context)
        self.journal = self.reconciler.journal = EventJournal(folder / "events.db")
        for number in range(1, MISSED + 1):
            raw = encode(an_update(number))
            self.journal.append("fill", a_fill(str(number)), 1, 1, INSTANCE, "alpha", "o1", number, raw)
        self.journal.commit()
        self.endpoint = f"ipc://{run_dir}/s"
        self.transports: list[ZmqTransport] = []

    def open(self) -> tuple[Server, Client]:
        loop = asyncio.get_running_loop()
        self.transports = [ZmqTransport(loop), ZmqTransport(loop)]
        serve, clock = self.reconciler._dispatch, SystemClock()
        server = Server(self.transports[0], clock, self.endpoint, serve, asyncio.ensure_future, lambda error: None)
        return server, Client(self.transports[1], loop, clock, self.endpoint, "alpha")

    def close_in_loop(self) -> None:
        for transport in self.transports:
            transport.close()


@pytest.fixture
def place(tmp_path: Path, run_dir: Path) -> Iterator[Place]:
    made = Place(tmp_path, run_dir)
    yield made
    made.journal.close()


async def test_all_that_was_missed_comes_by_one_request_while_others_are_answered(place: Place) -> None:
    server, client = place.open()
    got: list[int] = []
    longest = 0
    async for part in client.chunks(GetExecution("alpha", 3)):
        assert isinstance(part, ExecutionRange)
        assert part.updates[0] == an_update(part.first)
        got += range(part.first, part.first + len(part.updates))
        longest = max(longest, len(part.updates))
        if len(got) <= 5 * PAGE:
            assert (await client.request(GetPositions("alpha"))).ok
    assert got == list(range(4, MISSED + 1))
    assert longest == PAGE
    questions_and_acknowledgements = 1 + 5 + len(range(0, MISSED - 3, PAGE))
    assert server.counters["requests"] <= questions_and_acknowledgements


async def test_of_a_strategy_that_nothing_is_known_of_there_is_nothing(place: Place) -> None:
    _, client = place.open()
    assert [part async for part in client.chunks(GetExecution("beta", 0))] == []
    assert [part async for part in client.chunks(GetExecution("alpha", MISSED))] == []
