"""What a floor must have to itself, an account or its state directory: a second floor is refused with 10."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.runtime import ExitCode
from actors.supervisor import FloorSpec
from actors.supervisor.lease import age_s
from bus.clock import SystemClock

HERE = Path(__file__).parent
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start(run_dir: Path, make_child: Any) -> Iterator[Start]:
    """Starts a real floor with one child, and ends all that were started."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(name: str, **alone: Path) -> subprocess.Popen[bytes]:
        place = run_dir / name
        place.mkdir(exist_ok=True)
        child = msgspec.structs.replace(make_child(place, "plain"), actor="patient_actors:Plain")
        locks = {what: str(path) for what, path in alone.items()}
        spec = FloorSpec(name, "USDT", str(place), str(place / "state"), (), (child,), alone=locks)
        (place / "floor.json").write_bytes(msgspec.json.encode(spec))
        environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[2]}"}
        words = [sys.executable, str(HERE / "run_floor.py"), str(place / "floor.json"), str(place / "log")]
        started.append(subprocess.Popen(words, cwd=HERE.parents[2], env=environment))
        return started[-1]

    yield begin
    for process in started:
        process.terminate()
        process.wait(20)


def runs(place: Path) -> bool:
    """True once the floor has its locks and renews its lease, and its child has joined."""
    log = place / "state" / "logs" / "plain.log"
    return (age_s(place / "lease", SystemClock()) or 9) < 1 and log.exists() and "joined the floor" in log.read_text()


def test_r11_a_second_floor_on_one_account_is_refused_with_the_firsts_name_and_starts_nothing(
    run_dir: Path, start: Start, until: Any
) -> None:
    account, other = run_dir / "accounts" / "one.lock", run_dir / "accounts" / "two.lock"
    first = start("first", account=account)
    until(lambda: runs(run_dir / "first"))
    second = start("second", state=run_dir / "state.lock", account=account)
    assert second.wait(20) == ExitCode.CONFIGURATION
    said = (run_dir / "second" / "log").read_text()
    assert f"the account belongs to floor 'first', which runs (pid {first.pid}); stop that floor" in said
    assert not (run_dir / "second" / "state").exists()
    assert account.stat().st_mode & 0o777 == 0o600
    third = start("third", state=run_dir / "state.lock", account=other)  # what the second had taken is free again
    until(lambda: runs(run_dir / "third"))
    assert first.poll() is None
    assert third.poll() is None


def test_the_account_of_a_floor_that_was_killed_is_free(run_dir: Path, start: Start, until: Any) -> None:
    account = run_dir / "one.lock"
    first = start("first", account=account)
    until(lambda: runs(run_dir / "first"))
    first.kill()
    first.wait()
    start("second", account=account)
    until(lambda: runs(run_dir / "second"))
