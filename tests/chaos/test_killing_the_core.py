"""kill -9 of the gate and of the reconciler while a strategy trades: nothing is lost, nothing is sent twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, actor, configuration, kill, open_orders, restarted, synced, until

from actors.monitor.visitor import Visitor

ROUNDS = 2


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    running = Floor(configuration(tmp_path, ("ONE",), name="core"), tmp_path)
    yield running
    running.close()


@pytest.mark.chaos
@pytest.mark.parametrize("victim", ["gate", "reconciler"])
def test_a_killed_core_actor_comes_back_and_every_fill_still_counts_once(floor: Floor, victim: str) -> None:
    async def fills(visitor: Visitor) -> int:
        status = await visitor.status()
        return actor(status, "reconciler").counters.get("fills", 0) if status is not None else 0

    async def work(visitor: Visitor) -> None:
        await synced(visitor, "ONE")
        for _ in range(ROUNDS):

            async def rests() -> Any:
                return await open_orders(visitor, "ONE")

            await until(rests, 20, "an order rests")
            status = await visitor.status()
            assert status is not None
            restarts = actor(status, victim).restarts
            kill(actor(status, victim).pid)
            await restarted(visitor, victim, restarts)
            await synced(visitor, "ONE")
            seen = await fills(visitor)

            async def more(seen: int = seen) -> bool:
                return await fills(visitor) > seen

            await until(more, 30, "it trades on")

    floor.visit(work)
    summary = floor.stop()
    print(summary)
    assert summary["synced"]
    assert summary["agrees"], summary["problems"]
    assert summary["adjustments"] == 0
    assert summary["restarts"] == ROUNDS
