"""kill -9 around changes: whoever is killed, no change is sent twice, no order is lost, and every fill counts once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fatal_actors import POINTS
from floors import Floor, actor, configuration, kill, open_orders, restarted, synced, until

from actors.monitor.checker.accounts import compare
from actors.monitor.checker.journal import read as read_journal
from actors.monitor.checker.twin_log import read as read_twin
from actors.monitor.visitor import Visitor

MOVER = '''
from tradefloor import Strategy


class Mover(Strategy):
    """Keeps an order at each side and moves it all the time; some are filled on the way."""

    instrument = "BTCUSDT.BINANCE"

    def on_start(self):
        self.steps = 0
        self.subscribe_quotes(self.instrument, conflate=True)
        self.every("20ms", self.move)

    def move(self):
        quote = self.quote(self.instrument)
        if quote is None:
            return
        self.steps += 1
        away = (self.steps % 4) * 2.0
        for side, price in (("BUY", quote.ask - away), ("SELL", quote.bid + away)):
            mine = [order for order in self.orders.open if order.side == side]
            if not mine:
                self.submit(side, self.instrument, 0.02, round(price, 2))
            for order in mine:
                if order.status in ("ACCEPTED", "PARTIALLY_FILLED") and not order.is_changing:
                    order.modify(price=round(price, 2), size=0.02 if self.steps % 3 else 0.015)
'''
ROUNDS = 3
DEATHS = 2


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    running = Floor(configuration(tmp_path, ("ONE",), makers=False, name="change"), tmp_path)
    yield running
    running.close()


@contextmanager
def moving(floor: Floor, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A mover on the floor."""
    floor.visit(lambda visitor: synced(visitor, "ONE"))
    (folder / "mover.py").write_text(MOVER)
    words = [sys.executable, "-m", "tradefloor", "attach", "mover.py:Mover", "--floor", floor.run_dir]
    with open(folder / "mover.txt", "w") as said:
        process = subprocess.Popen(words, cwd=folder, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def mover(floor: Floor, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with moving(floor, tmp_path) as process:
        yield process


def changes(floor: Floor) -> list[str]:
    """The attempts that the venue received as replacements, as far as its log is written."""
    lines = twin(floor).read_text().splitlines() if twin(floor).exists() else []
    told = [json.loads(line) for line in lines if '"order.cancelReplace"' in line and '"received"' in line]
    return [line["params"]["newClientOrderId"] for line in told]


def twin(floor: Floor) -> Path:
    """Where the venue writes what it does."""
    return floor.state_dir / "twins" / "ONE.jsonl"


@pytest.mark.chaos
@pytest.mark.parametrize("victim", ["gate", "reconciler", "execution.ONE"])
def test_r04_a_kill_around_changes_loses_nothing_and_sends_nothing_twice(
    floor: Floor, mover: subprocess.Popen[bytes], victim: str
) -> None:
    async def work(visitor: Visitor) -> None:
        for _ in range(ROUNDS):
            before = len(changes(floor))

            async def more(before: int = before) -> bool:
                assert mover.poll() is None, "the strategy ended"
                return len(changes(floor)) > before + 20

            await until(more, 40, "orders are changed")
            status = await visitor.status()
            assert status is not None
            restarts = actor(status, victim).restarts
            kill(actor(status, victim).pid)
            await restarted(visitor, victim, restarts)
            await synced(visitor, "ONE")

    floor.visit(work)
    mover.terminate()
    mover.wait(timeout=20)
    summary = floor.stop()
    assert summary["agrees"], summary["problems"]
    assert summary["synced"]
    assert summary["adjustments"] == 0
    assert summary["restarts"] == ROUNDS
    sent: dict[str, Any] = Counter(changes(floor))
    assert len(sent) > ROUNDS * 20
    assert {name: count for name, count in sent.items() if count > 1} == {}


@pytest.fixture(params=POINTS)
def fatal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Floor]:
    config = configuration(tmp_path, ("ONE",), makers=False, name="change")
    running = Floor.of_script("fatal_actors.py", config, tmp_path, TEST_POINT=request.param, TEST_TIMES=str(DEATHS))
    yield running
    running.close()


@pytest.mark.chaos
def test_p1_a_death_at_any_point_of_a_change_s_way_loses_nothing_and_sends_nothing_twice(
    fatal: Floor, tmp_path: Path
) -> None:
    deaths = fatal.state_dir / "deaths"
    with moving(fatal, tmp_path) as mover:

        async def work(visitor: Visitor) -> None:
            async def all_died() -> bool:
                assert mover.poll() is None, "the strategy ended"
                return deaths.exists() and deaths.stat().st_size == DEATHS

            await until(all_died, 60, f"{DEATHS} deaths")
            await synced(visitor, "ONE")
            before = len(changes(fatal))

            async def more() -> bool:
                return len(changes(fatal)) > before + 5

            await until(more, 40, "it goes on")
            mover.terminate()
            mover.wait(timeout=20)

            async def quiet() -> bool:
                return not await open_orders(visitor)

            await until(quiet, 40, "every order is over")
            await synced(visitor, "ONE")

        fatal.visit(work)
    fatal.close()
    truth, journal = read_twin(twin(fatal), ()), read_journal(fatal.state_dir / "events.db")
    assert compare("ONE", truth, journal) == []
    assert (journal.problems, journal.adjustments) == ([], 0)
    assert len(truth.received) > DEATHS + 5
