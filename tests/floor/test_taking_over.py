"""A supervisor that is silent for longer than its lease: its orders are ended, it exits 12 or is replaced; and R11, two
floors where there may be one."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from floors import Floor, configuration, is_alive, kill, trading, until
from freezing import freeze

from actors.runtime.locks import FileLock
from tradefloor import places


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    running = Floor(configuration(tmp_path, ("ONE",), name="taking"), tmp_path, command="up")
    yield running
    running.process.send_signal(signal.SIGCONT)
    running.close()


def open_at_the_twin(floor: Floor) -> list[str]:
    """Return our orders that rest by the twin's last word."""
    lines = (floor.state_dir / "twins" / "ONE.jsonl").read_text().splitlines()
    last = {one["client_order_id"]: one["status"] for one in map(json.loads, lines) if one["kind"] == "order"}
    assert last
    return [name for name, status in last.items() if status in ("NEW", "PARTIALLY_FILLED")]


def wait_until_gone(pids: list[int]) -> None:
    async def gone() -> bool:
        return not any(is_alive(pid) for pid in pids)

    asyncio.run(until(gone, 20, "they are gone"))


def test_while_a_supervisor_is_frozen_its_floor_ends_in_order_and_thawed_it_exits_12(floor: Floor) -> None:
    pids = trading(floor, "ONE", 30)
    supervisor, twin = pids.pop("supervisor"), pids.pop("twin.ONE")
    freeze(supervisor)
    wait_until_gone(list(pids.values()))  # nobody told them: they found their supervisor silent
    assert open_at_the_twin(floor) == []
    kill(supervisor, signal.SIGCONT)
    assert floor.process.wait(20) == 12
    assert "silent for longer than its lease" in floor.said().splitlines()[-1]
    assert not is_alive(twin)
    said = (floor.state_dir / "logs" / "supervisor.log").read_text()
    assert said.count(" started actor=") == len(pids) + 1  # it started nobody again


def test_the_next_up_takes_the_place_of_a_supervisor_that_hangs(floor: Floor, tmp_path: Path) -> None:
    pids = trading(floor, "ONE", 30)
    freeze(pids["supervisor"])
    folder = tmp_path / "second"
    folder.mkdir()
    words = [sys.executable, "-m", "tradefloor", "up", str(tmp_path / "floor.toml"), "--run-dir", floor.run_dir]
    early = subprocess.run(
        [*words, "--state-dir", str(folder / "state")], capture_output=True, text=True, timeout=30, check=False
    )
    assert early.returncode == 10  # it may only be slow
    assert f"a floor is running in {floor.run_dir} already (pid {pids['supervisor']})" in early.stderr
    end = time.monotonic() + 4.5
    asyncio.run(until(lambda: asyncio.sleep(0, time.monotonic() > end), 10, "its lease lapses"))
    second = Floor.__new__(Floor)
    second.run_dir, second.state_dir = floor.run_dir, folder / "state"
    second.errors = open(folder / "stderr.txt", "w+b")  # noqa: SIM115 - closed in `close`
    second.process = subprocess.Popen([*words, "--state-dir", str(second.state_dir)], stderr=second.errors, stdout=-1)
    try:
        assert floor.process.wait(20) == -signal.SIGKILL
        wait_until_gone(list(pids.values()))
        assert open_at_the_twin(floor) == []
        fresh = trading(second, "ONE", 30)
        assert not set(fresh.values()) & set(pids.values())
        said = second.said()
        assert f"the supervisor that was here hangs; taking over pid={pids['supervisor']}" in said
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(20) == 0
    finally:
        second.close()


def test_r11_a_second_floor_on_one_state_directory_is_refused_and_the_first_trades_on(
    floor: Floor, tmp_path: Path
) -> None:
    """A twin's key is in its floor's state directory, so that is the account of a floor on twins."""
    pids = trading(floor, "ONE", 30)
    with tempfile.TemporaryDirectory(prefix="tf", dir="/tmp") as run_dir:
        words = [sys.executable, "-m", "tradefloor", "up", str(tmp_path / "floor.toml"), "--run-dir", run_dir]
        done = subprocess.run(
            [*words, "--state-dir", str(floor.state_dir)], capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == 10
    last = done.stderr.splitlines()[-1]
    assert (
        f"the state directory {floor.state_dir} belongs to floor 'taking', which runs (pid {pids['supervisor']})"
        in last
    )
    assert trading(floor, "ONE", 30) == pids


def test_r11_a_floor_on_an_account_that_another_trades_is_refused(
    tmp_path: Path, run_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(run_dir))
    monkeypatch.setenv("TEST_KEY", "s3cret")
    venue = '[venues.BINANCE]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "testnet"\n'
    venue += 'api_key = "env:TEST_KEY"\napi_secret = "env:TEST_KEY"\n'
    config = tmp_path / "floor.toml"
    config.write_text(f'[floor]\nname = "second"\n{venue}')
    path = places.account_lock("binance", "testnet", "spot", "s3cret")
    path.parent.mkdir(parents=True)
    assert "s3cret" not in str(path)
    held = FileLock.take(path)
    held.sign("1234 first")
    words = [sys.executable, "-m", "tradefloor", "up", str(config), "--state-dir", str(tmp_path / "state")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    held.release()
    assert done.returncode == 10
    assert "the account of BINANCE belongs to floor 'first', which runs (pid " in done.stderr.splitlines()[-1]
    assert not (tmp_path / "state" / "logs" / "execution.BINANCE.log").exists()
