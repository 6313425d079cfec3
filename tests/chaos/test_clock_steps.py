"""R13: the wall clock of a trading floor is set an hour forward and two back: deadlines, leases and signatures hold."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, configuration, open_orders, synced, until

from actors.monitor.visitor import Visitor
from bus.messages import ActorState, GetOrders, OrderList

HOUR_NS = 3_600 * 10**9
ORDERS = 12
"""New orders that the venue must have taken after each step."""


@pytest.fixture
def offset(tmp_path: Path) -> Path:
    """The file that sets the floor's wall clock."""
    file = tmp_path / "offset"
    file.write_bytes(bytes(8))
    return file


@pytest.fixture
def floor(tmp_path: Path, offset: Path) -> Iterator[Floor]:
    config = configuration(tmp_path, ("ONE",), name="steps")
    running = Floor.of_script("stepped_actors.py", config, tmp_path, TEST_OFFSET_FILE=str(offset))
    yield running
    running.close()


def step(offset: Path, hours: int) -> None:
    with open(offset, "r+b") as file:
        file.write((hours * HOUR_NS).to_bytes(8, "little", signed=True))


@pytest.mark.chaos
def test_r13_a_step_of_the_wall_clock_moves_no_deadline_no_lease_and_no_signature(floor: Floor, offset: Path) -> None:
    async def states(visitor: Visitor) -> dict[str, ActorState]:
        status = await visitor.status()
        assert status is not None
        assert status.alerts == ()
        assert [one.reason for one in status.instances if not one.synced] == []
        return {each.name: each for each in status.actors}

    async def accepted(visitor: Visitor) -> dict[str, int]:
        reply = await visitor.request("reconciler", GetOrders(instance="ONE", open_only=False))
        assert isinstance(reply.body, OrderList)
        return {state.order.order_id: state.order.ts_gated for state in reply.body.orders if state.ts_accepted}

    async def trades(visitor: Visitor, hours: int) -> None:
        before = await accepted(visitor)

        async def more() -> list[int]:
            now = await accepted(visitor)
            fresh = [gated_ns for name, gated_ns in now.items() if name not in before]
            return fresh if len(fresh) >= ORDERS else []

        gated = await until(more, 40, f"{ORDERS} more orders are taken")
        assert abs(max(gated) - time.time_ns() - hours * HOUR_NS) < HOUR_NS / 2  # by the floor's own clock

    async def work(visitor: Visitor) -> None:
        await synced(visitor, "ONE")

        async def rests() -> Any:
            return await open_orders(visitor, "ONE")

        await until(rests, 30, "it trades")
        before = await states(visitor)
        for hours in (1, -1, 0):
            step(offset, hours)
            await trades(visitor, hours)
            after = await states(visitor)
            lives = {name: (state.pid, state.epoch, state.restarts) for name, state in before.items()}
            assert {name: (state.pid, state.epoch, state.restarts) for name, state in after.items()} == lives
            assert {state.state for state in after.values()} == {"READY"}

    floor.visit(work)
    log = (floor.state_dir / "twins" / "ONE.jsonl").read_text()
    assert '"code":-1021' not in log  # a timestamp outside of the venue's window
    assert '"code":-1022' not in log  # a signature that is not one
    for name in ("gate", "execution.ONE", "supervisor"):
        said = (floor.state_dir / "logs" / f"{name}.log").read_text()
        for word in ("LEASE_LAPSED", "DEADLINE_PASSED", "no word on an order", "does not answer", "hung"):
            assert word not in said, (name, word)
