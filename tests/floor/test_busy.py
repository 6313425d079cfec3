"""A strategy that takes its time is shown BUSY, and that is all; one that takes too much loses its orders, then its
life."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import Floor, actor, configuration, kill, open_orders, synced, until
from freezing import freeze

from actors.monitor.visitor import Visitor
from bus import topics
from bus.codec import Header
from bus.messages import ActorState, Message

SLEEPER = '''
import os
import time

from tradefloor import Strategy


class Sleeper(Strategy):
    """Rests one order far away, and sleeps for as long as the file beside it says."""

    def on_start(self):
        self.subscribe_quotes("BTCUSDT.BINANCE")
        self.every("50ms", self.look)

    def look(self):
        quote = self.quote("BTCUSDT.BINANCE")
        if quote is not None and not self.orders.open:
            self.buy("BTCUSDT.BINANCE", 0.001, price=round(quote.bid * 0.9, 2))
        file = os.path.join(os.path.dirname(__file__), "seconds")
        if os.path.exists(file):
            with open(file) as text:
                seconds = float(text.read())
            os.unlink(file)
            time.sleep(seconds)
'''
BUSY_LIMIT_S = 7.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("busy")
    (found / "sleeper.py").write_text(SLEEPER)
    return found


@pytest.fixture(scope="module")
def floor(folder: Path) -> Iterator[Floor]:
    config = configuration(folder, ("ONE",), makers=False, name="busy")
    text = f'[strategies.sleeper]\npath = "sleeper.py:Sleeper"\nbusy_limit_s = {BUSY_LIMIT_S}\n'
    config.write_text(config.read_text() + text)
    running = Floor(config, folder)
    running.visit(lambda visitor: synced(visitor, "ONE"))
    yield running
    summary = running.stop()
    running.close()
    assert summary["agrees"], summary["problems"]


async def rests(visitor: Visitor, strategy: str) -> str:
    async def look() -> Any:
        return [state for state in await open_orders(visitor, strategy=strategy) if state.label == "ACCEPTED"]

    found = await until(look, 30, "an order rests")
    return str(found[0].order.order_id)


async def is_in(visitor: Visitor, name: str, state: str) -> ActorState:
    async def look() -> ActorState | None:
        status = await visitor.status()
        found = [each for each in status.actors if each.name == name] if status is not None else []
        return found[0] if found and found[0].state == state else None

    shown: ActorState = await until(look, 30, f"{name} is {state}")
    return shown


def sleep(folder: Path, seconds: float) -> None:
    draft = folder / "seconds.new"
    draft.write_text(str(seconds))
    draft.rename(folder / "seconds")


def test_a_strategy_that_takes_its_time_is_shown_busy_and_ready_again_when_it_is_back(
    floor: Floor, folder: Path
) -> None:
    told: list[str] = []

    def keep(message: Message, header: Header, topic: str) -> None:
        if isinstance(message, ActorState) and (not told or told[-1] != message.state):
            told.append(message.state)

    async def work(visitor: Visitor) -> None:
        order = await rests(visitor, "sleeper")
        before = await is_in(visitor, "sleeper", "READY")
        visitor.member.subscribe(topics.topic("state", "actor", "sleeper"), keep)

        async def joined() -> bool:
            return told == ["READY"]

        await until(joined, 10, "its state is read")
        sleep(folder, BUSY_LIMIT_S - 1.5)  # longer than an actor waits for its supervisor, too
        busy = await is_in(visitor, "sleeper", "BUSY")
        assert busy.reason == f"silent for 3 s, given up after {BUSY_LIMIT_S:g}"
        after = await is_in(visitor, "sleeper", "READY")
        assert (after.pid, after.epoch, after.restarts) == (before.pid, before.epoch, 0)
        assert [state.order.order_id for state in await open_orders(visitor, strategy="sleeper")] == [order]
        assert told == ["READY", "BUSY", "READY"]

    floor.visit(work)


def test_a_strategy_that_hangs_loses_its_epoch_and_its_orders_before_it_is_killed_and_restarted(
    floor: Floor, folder: Path
) -> None:
    log = floor.state_dir / "logs" / "supervisor.log"

    async def work(visitor: Visitor) -> None:
        order = await rests(visitor, "sleeper")
        before = await is_in(visitor, "sleeper", "READY")
        sleep(folder, 3600)
        await is_in(visitor, "sleeper", "BUSY")
        assert [state.order.order_id for state in await open_orders(visitor, strategy="sleeper")] == [order]

        async def replaced() -> bool:
            status = await visitor.status()
            return status is not None and actor(status, "sleeper").epoch > before.epoch

        await until(replaced, 40, "its next life")
        after = await is_in(visitor, "sleeper", "READY")
        assert (after.restarts, after.pid != before.pid) == (before.restarts + 1, True)
        assert await rests(visitor, "sleeper") != order

    floor.visit(work)
    said = log.read_text()
    words = (
        "killing a hung actor actor=sleeper",
        "exit policy cancel: done strategy=sleeper",
        "how='killed by SIGKILL'",
    )
    places = [re.search(re.escape(text), said) for text in words]
    assert all(places), said
    assert [place.start() for place in places if place] == sorted(place.start() for place in places if place)


def test_an_attached_strategy_is_shown_busy_too(floor: Floor, folder: Path) -> None:
    words = [sys.executable, "-m", "tradefloor", "attach", "sleeper.py:Sleeper", "--name", "guest"]
    process = subprocess.Popen([*words, "--floor", floor.run_dir], cwd=folder, stderr=subprocess.DEVNULL)

    async def work(visitor: Visitor) -> None:
        before = await is_in(visitor, "guest", "READY")
        freeze(process.pid)
        busy = await is_in(visitor, "guest", "BUSY")
        assert busy.reason == "silent for 3 s, given up after 10"
        kill(process.pid, signal.SIGCONT)
        after = await is_in(visitor, "guest", "READY")
        assert (after.pid, after.epoch) == (before.pid, before.epoch)

    try:
        floor.visit(work)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
