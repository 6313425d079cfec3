"""B09: an execution message that ends the reconciler twice is quarantined, and what it told is asked of the venue."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from floors import ROOT, Floor, actor, configuration, synced, until
from poisoned import ARMED, FATAL

from actors.monitor.visitor import Visitor
from bus.codec import decode
from bus.messages import Fill, PrivateStream, Status

SUPPORT = ROOT / "tests" / "support"


class PoisonedFloor(Floor):
    """A floor whose reconciler is fragile, and a checker that watches it from outside."""

    def __init__(self, config: Path, folder: Path) -> None:
        self.run_dir = tempfile.mkdtemp(prefix="tf", dir="/tmp")
        self.state_dir = folder / "state"
        changes = json.dumps({"reconciler": "poisoned:Fragile"})
        words = [sys.executable, str(SUPPORT / "run_changed_floor.py"), str(config)]
        words += [self.run_dir, str(self.state_dir), changes]
        environment = {**os.environ, "PYTHONPATH": f"{SUPPORT}{os.pathsep}{ROOT}"}
        self.errors = open(folder / "stderr.txt", "w+b")  # noqa: SIM115 - closed in `close`
        self.process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=self.errors)
        self.checker: subprocess.Popen[bytes] | None = None

    def start_checker(self) -> None:
        """Begin to watch."""
        state = self.state_dir
        words = [sys.executable, "-m", "actors.monitor.checker", "--run-dir", self.run_dir, "--json"]
        words += ["--events", str(state / "events.db"), "--views", str(state / "views")]
        words += ["--twin", f"ONE={state / 'twins' / 'ONE.jsonl'}", "--instrument", "ONE:BTCUSDT.BINANCE"]
        self.checker = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def verdict(self) -> dict[str, Any]:
        """Stop the floor and return what the checker thinks of it."""
        assert self.checker is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) == 0
        output, _ = self.checker.communicate(b"judge\n", timeout=60)
        return dict(json.loads(output.splitlines()[-1]))

    def close(self) -> None:
        super().close()
        if self.checker is not None and self.checker.poll() is None:
            self.checker.kill()
            self.checker.communicate()


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[PoisonedFloor]:
    running = PoisonedFloor(configuration(tmp_path, ("ONE",), name="poison"), tmp_path)
    yield running
    running.close()


def journal(state: Path, kind: str) -> list[Any]:
    """Return the journal's messages of one kind, in order."""
    database = sqlite3.connect(f"file:{state / 'events.db'}?mode=ro", uri=True)
    rows = database.execute("SELECT body FROM journal WHERE kind=? ORDER BY seq", (kind,)).fetchall()
    database.close()
    return [decode(body) for (body,) in rows]


@pytest.mark.chaos
def test_b09_an_execution_message_that_ends_the_reconciler_twice_is_quarantined_and_its_fill_found_by_query(
    floor: PoisonedFloor,
) -> None:
    async def work(visitor: Visitor) -> Status:
        await synced(visitor, "ONE")
        floor.start_checker()
        (floor.state_dir / ARMED).touch()

        async def is_dropped() -> bool:
            status = await visitor.status()
            return status is not None and actor(status, "execution.ONE").counters.get("events_poisoned", 0) == 1

        await until(is_dropped, 30, "the execution actor drops the event")
        await synced(visitor, "ONE")
        fills = len(journal(floor.state_dir, "fill"))

        async def trades_on() -> Status | None:
            more = len(journal(floor.state_dir, "fill")) > fills
            return await visitor.status() if more else None

        status: Status = await until(trades_on, 30, "it trades on")
        return status

    status = floor.visit(work)
    restarts = actor(status, "reconciler").restarts
    verdict = floor.verdict()
    print(f"\n{restarts} restarts of the reconciler; {verdict}")

    assert 2 <= restarts <= 4  # alone in its batch it takes two ends, else two more to find it
    assert "POISON" in [alert.code for alert in status.alerts if alert.text.startswith("reconciler:")]
    pages = [json.loads(path.read_text()) for path in (floor.state_dir / "quarantine").glob("reconciler.*.json")]
    fatal = (floor.state_dir / FATAL).read_text()
    told = [
        event["event"] for page in pages for event in page["message"]["events"] if len(page["message"]["events"]) == 1
    ]
    assert [event["trade_id"] for event in told] == [fatal]
    assert pages[0]["header"]["caller"] == "execution.ONE"

    streams = [(each.up, each.reason) for each in journal(floor.state_dir, "stream") if isinstance(each, PrivateStream)]
    dropped = streams.index((False, "an event that ended the reconciler twice is quarantined"))
    assert any(up for up, _ in streams[dropped:]), "the venue was not asked again"

    fills = [each.trade_id for each in journal(floor.state_dir, "fill") if isinstance(each, Fill)]
    assert fills.count(fatal) == 1
    assert verdict["agrees"], verdict["problems"]
    assert verdict["adjustments"] == 0
    assert verdict["gaps_unmarked"] == 0
