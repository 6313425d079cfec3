"""R05 and R11: SIGSTOP of each kind of actor for shorter and for longer than its limit, and of the supervisor for
shorter than its lease; and a second copy of each, started by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import ROOT, Floor, configuration, kill, open_orders, synced, until
from freezing import freeze

from actors.monitor.visitor import Visitor
from bus import topics
from bus.codec import Header
from bus.messages import ActorState, InstanceState, Message

KINDS = ("market_data.ONE", "execution.ONE", "book.ONE", "gate", "reconciler", "maker_one")
SHORT_S, STALL_S = 1.5, 3.0
"""Under an actor's limit of 3 s; under the supervisor's lease of 4 s, and over what it allows an actor."""
BUSY_LIMIT_S = 5.0


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    folder = tmp_path_factory.mktemp("freezing")
    config = configuration(folder, ("ONE",), name="freezing")
    parameters = "[strategies.maker_one.parameters]"
    config.write_text(config.read_text().replace(parameters, f"busy_limit_s = {BUSY_LIMIT_S}\n{parameters}"))
    running = Floor(config, folder)
    running.visit(up)
    yield running
    summary = running.stop()
    running.close()
    print(summary)
    assert summary["agrees"], summary["problems"]
    assert summary["adjustments"] == 0


async def states(visitor: Visitor) -> dict[str, ActorState]:
    status = await visitor.status()
    assert status is not None
    return {each.name: each for each in status.actors}


async def up(visitor: Visitor) -> None:
    """Wait until everybody is READY and trades."""
    await synced(visitor, "ONE")

    async def ready() -> bool:
        return all(state.state == "READY" for state in (await states(visitor)).values())

    await until(ready, 30, "everybody is READY")
    await trades(visitor)


def life(state: ActorState) -> tuple[int, int, int]:
    return (state.pid, state.epoch, state.restarts)


async def frozen(pid: int, seconds: float) -> None:
    """Freeze a process for a time."""
    freeze(pid)
    end = time.monotonic() + seconds

    async def over() -> bool:
        return time.monotonic() >= end

    try:
        await until(over, seconds + 5, "the time is over")
    finally:
        kill(pid, signal.SIGCONT)


async def trades(visitor: Visitor) -> None:
    """Wait until a new order is accepted."""
    before = {state.order.order_id for state in await open_orders(visitor, "ONE")}

    async def more() -> Any:
        now = await open_orders(visitor, "ONE")
        return [one for one in now if one.label == "ACCEPTED" and one.order.order_id not in before]

    await until(more, 30, "a new order rests")


@pytest.mark.chaos
@pytest.mark.parametrize("name", KINDS)
def test_r05_a_short_freeze_is_survived(floor: Floor, name: str) -> None:
    async def work(visitor: Visitor) -> None:
        before = await states(visitor)
        await frozen(before[name].pid, SHORT_S)
        await trades(visitor)
        after = await states(visitor)
        assert {each: life(after[each]) for each in KINDS} == {each: life(before[each]) for each in KINDS}
        assert after[name].state == "READY"

    floor.visit(work)


@pytest.mark.chaos
def test_a_stall_of_the_supervisor_disturbs_nobody(floor: Floor) -> None:
    stale: list[str] = []
    unsynced: list[str] = []
    told: list[ActorState] = []

    def on_state(message: Message, header: Header, topic: str) -> None:
        if isinstance(message, InstanceState) and not message.synced:
            unsynced.append(message.reason)

    def on_actor(message: Message, header: Header, topic: str) -> None:
        if isinstance(message, ActorState) and (message.state, message.name) != ("READY", "supervisor"):
            told.append(message)

    async def work(visitor: Visitor) -> None:
        seen: list[Message] = []
        quotes = topics.market("ONE", "quote", "BTCUSDT.BINANCE")
        visitor.member.subscribe(quotes, lambda message, *_: seen.append(message), lambda *why: stale.append(str(why)))
        visitor.member.subscribe(topics.topic("state", "instance", "ONE"), on_state)

        async def some() -> bool:
            return len(seen) > 20

        await until(some, 20, "quotes")
        before = await states(visitor)
        for name in KINDS:
            visitor.member.subscribe(topics.topic("state", "actor", name), on_actor)
        stale.clear()
        count = len(seen)
        await frozen(before["supervisor"].pid, STALL_S)
        assert len(seen) > count  # the floor did not wait
        await trades(visitor)
        after = await states(visitor)
        assert {name: life(state) for name, state in after.items()} == {
            name: life(state) for name, state in before.items()
        }

    floor.visit(work)
    assert (stale, unsynced) == ([], [])
    assert [state for state in told if state.state != "READY"] == []


@pytest.mark.chaos
@pytest.mark.parametrize("name", KINDS)
def test_r05_r11_a_second_copy_is_fenced(floor: Floor, name: str) -> None:
    async def work(visitor: Visitor) -> None:
        before = await states(visitor)
        words = [sys.executable, "-m", "actors.runtime", str(Path(floor.run_dir, f"{name}.spec"))]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment.pop("TRADEFLOOR_SUPERVISOR_PID", None)
        done = subprocess.run(words, env=environment, stderr=subprocess.PIPE, timeout=30, check=False)  # noqa: ASYNC221
        assert done.returncode == 12
        await trades(visitor)
        after = await states(visitor)
        assert {each: life(after[each]) for each in KINDS} == {each: life(before[each]) for each in KINDS}

    floor.visit(work)
    said = (floor.state_dir / "logs" / f"{name}.log").read_text()
    assert f"another copy of '{name}' is there (pid " in said


@pytest.mark.chaos
@pytest.mark.parametrize("name", KINDS)
def test_r05_a_long_freeze_is_found_and_the_frozen_one_is_killed_and_replaced(floor: Floor, name: str) -> None:
    async def work(visitor: Visitor) -> None:
        before = (await states(visitor))[name]
        freeze(before.pid)

        async def replaced() -> bool:
            now = (await states(visitor))[name]
            return now.epoch > before.epoch and now.state == "READY" and now.restarts == before.restarts + 1

        await until(replaced, 30, f"{name} is replaced")
        await synced(visitor, "ONE")
        await trades(visitor)

    floor.visit(work)
    said = (floor.state_dir / "logs" / "supervisor.log").read_text()
    assert f"actor={name} how='killed by SIGKILL'" in said
