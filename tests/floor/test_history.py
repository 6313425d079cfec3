"""History by a whole floor: the same as without one, while its actor is killed, and while the floor trades on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from binance_floor import wait_for
from floors import Floor, actor, configuration, kill, synced
from twin_admin import Admin

from actors.monitor.visitor import Visitor
from actors.strategy.past import PastRows, history

ID = "BTCUSDT.BINANCE"
BARS = ("history", ID, "bars", "1-SECOND", "--start", "2024-06-10", "--end", "2024-06-10T06:00:00Z")
ROWS = 6 * 3600


@pytest.fixture
def trading(tmp_path: Path) -> Iterator[Floor]:
    """A floor of its own with a market maker, for it is hurt."""
    running = Floor(configuration(tmp_path, ("BINANCE",), name="floor"), tmp_path)
    running.visit(lambda visitor: synced(visitor, "BINANCE"))
    yield running
    running.close()


def admin(floor: Floor) -> Admin:
    return Admin(json.loads(Path(floor.run_dir, "twin.BINANCE.json").read_bytes())["admin"])


def test_a_floor_gives_the_file_that_a_client_alone_gives(floor: Floor, tmp_path: Path) -> None:
    done = floor.command(*BARS, "--out", str(tmp_path / "x.csv"))
    assert f"{ROWS:,} rows of {ID} bar 1-SECOND-LAST" in done.stdout
    alone = ["--adapter", "binance", "--environment", "twin"]
    alone += ["--announcement", str(Path(floor.run_dir, "twin.BINANCE.json")), "--out", str(tmp_path / "y.csv")]
    subprocess.run([sys.executable, "-m", "tradefloor", *BARS, *alone], check=True, capture_output=True)
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()


def test_what_the_floor_does_not_offer_costs_one_error(floor: Floor, tmp_path: Path) -> None:
    out = ("--start", "2024-06-10", "--out", str(tmp_path / "x.csv"))
    for words, code, problem in (
        ((ID, "quotes"), 1, "UNSUPPORTED: BINANCE has no history of kind 'quote'"),
        (("BTCUSDT.MOON", "trades"), 2, "no instance of the floor has venue id 'MOON'; give --instance, of: BINANCE"),
        ((ID, "trades", "--instance", "MOON"), 2, "the floor has no such instance; it has: BINANCE (BINANCE)"),
    ):
        done = floor.command("history", *words, *out, check=False)
        assert (done.returncode, done.stdout) == (code, "")
        assert problem in done.stderr
        assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_strategy_gets_a_list_with_all_rows(floor: Floor) -> None:
    async def work(visitor: Visitor) -> PastRows:
        return await history(visitor.member, "BINANCE", ID, "bars", "2024-06-10", "2024-06-12", "1-MINUTE")

    found = floor.visit(work)
    assert len(found) == 2 * 24 * 60
    assert found.missing == ""


@pytest.mark.chaos
def test_the_actor_is_killed_during_a_download_and_the_file_is_as_an_undisturbed_one(
    trading: Floor, tmp_path: Path
) -> None:
    trading.command(*BARS, "--out", str(tmp_path / "whole.csv"))
    admin(trading).fault("late_ack", method="/api/v3/klines", delay_ms=50, count=1000)
    words = [sys.executable, "-m", "tradefloor", *BARS, "--out", str(tmp_path / "x.csv"), "--floor", trading.run_dir]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    part = tmp_path / "x.csv.part"

    def pages() -> int:
        return part.read_bytes().count(b"\n#page ") if part.exists() else 0

    async def pid(visitor: Visitor) -> int:
        status = await visitor.status()
        assert status is not None
        return actor(status, "market_data.BINANCE").pid

    killed = []
    for reached in (2, 8):
        wait_for(lambda reached=reached: pages() >= reached or process.poll() is not None, f"{reached} pages", 40.0)
        assert process.poll() is None, process.communicate()
        killed.append(trading.visit(pid))
        kill(killed[-1])
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert f"{ROWS:,} rows" in output
    assert len(set(killed)) == 2
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


@pytest.mark.chaos
def test_a_floor_that_stops_during_a_download_leaves_a_file_that_another_goes_on_with(
    trading: Floor, tmp_path: Path
) -> None:
    admin(trading).fault("late_ack", method="/api/v3/klines", delay_ms=100, count=1000)
    words = [sys.executable, "-m", "tradefloor", *BARS, "--out", str(tmp_path / "x.csv"), "--floor", trading.run_dir]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    part = tmp_path / "x.csv.part"
    wait_for(lambda: part.exists() and part.read_bytes().count(b"\n#page ") >= 2, "two pages", 40.0)
    summary = trading.stop()
    assert summary["agrees"], summary["problems"]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "--resume goes on after them" in errors
    second = _second(tmp_path)
    try:
        done = second.command(*BARS, "--out", str(tmp_path / "x.csv"), "--resume")
        assert f"{ROWS:,} rows" in done.stdout
        second.command(*BARS, "--out", str(tmp_path / "whole.csv"))
        assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    finally:
        second.close()


def _second(folder: Path) -> Floor:
    (folder / "second").mkdir()
    running = Floor(configuration(folder / "second", ("BINANCE",), makers=False, name="second"), folder / "second")
    running.visit(lambda visitor: synced(visitor, "BINANCE"))
    return running
