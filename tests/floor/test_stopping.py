"""Ctrl-C, SIGTERM, either of them twice, and the supervisor's own death."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from floors import Floor, configuration, is_alive, kill, trading, until

STATED_S = 20.0
"""The time that the supervisor states for a stop."""


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    running = Floor(configuration(tmp_path, ("ONE",), name="stopping"), tmp_path, command="up")
    yield running
    running.close()


def twin_orders(floor: Floor) -> dict[str, str]:
    """Return the twin's last word about each of our orders."""
    lines = (floor.state_dir / "twins" / "ONE.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return {each["client_order_id"]: each["status"] for each in records if each["kind"] == "order"}


@pytest.mark.parametrize("signals", [[signal.SIGINT], [signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
def test_a_signal_stops_the_floor_in_order(floor: Floor, signals: list[signal.Signals]) -> None:
    pids = trading(floor, "ONE", 20)
    began = time.monotonic()
    for number in signals:
        floor.process.send_signal(number)
    code = floor.process.wait(timeout=STATED_S)
    print(f"stopped after {time.monotonic() - began:.2f} s")
    assert code == 0, floor.said()
    assert [name for name, pid in pids.items() if is_alive(pid)] == []
    statuses = twin_orders(floor)
    assert statuses
    assert {status for status in statuses.values() if status in ("NEW", "PARTIALLY_FILLED")} == set()
    for name in ("events.db", "intents.db"):
        database = sqlite3.connect(floor.state_dir / name)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()
    for log in (floor.state_dir / "logs").glob("*.log"):
        assert "Traceback" not in log.read_text(), log


def test_when_the_supervisor_is_killed_its_children_cancel_and_go(floor: Floor) -> None:
    pids = trading(floor, "ONE", 20)
    twin = pids.pop("twin.ONE")
    kill(pids["supervisor"])

    async def gone() -> bool:
        return not any(is_alive(pid) for pid in pids.values())

    asyncio.run(until(gone, 15, "every child is gone"))
    assert not is_alive(twin) or kill(twin)


def test_a_second_floor_in_the_same_place_is_refused(floor: Floor, tmp_path: Path) -> None:
    trading(floor, "ONE", 20)
    config = tmp_path / "floor.toml"
    state = str(tmp_path / "second")
    words = [sys.executable, "-m", "tradefloor", "up", str(config), "--run-dir", floor.run_dir, "--state-dir", state]
    done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 10
    assert "a floor is running in" in done.stderr.splitlines()[-1]
