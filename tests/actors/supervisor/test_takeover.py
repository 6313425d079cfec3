"""Whose run directory it is: a holder that renews its lease is left alone, and nobody is ended on a mere word."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.runtime import ActorExit, ExitCode, Log
from actors.runtime.locks import holder, lock_path
from actors.supervisor import takeover
from actors.supervisor.lease import LEASE_S, age_s
from actors.supervisor.takeover import take_run_dir
from bus.clock import SystemClock

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys, pathlib
from actors.runtime.locks import FileLock
lock = FileLock.take(pathlib.Path(sys.argv[1]))
lock.sign(sys.argv[2] if len(sys.argv) > 2 else str(__import__("os").getpid()))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def hold() -> Iterator[Any]:
    """Starts a process that holds a lock, signed with its own process id or with what is given."""
    started: list[subprocess.Popen[str]] = []

    def start(path: Path, *signature: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        words = [sys.executable, "-c", HOLDER, str(path), *signature]
        process = subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        with process:
            pass  # closes its pipes and waits


def lease(run_dir: Path, silent_s: float) -> None:
    then = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - int(silent_s * 1e9)
    (run_dir / "lease").write_text(f"{then:020d}\n")


async def take(run_dir: Path) -> None:
    lock, own = await take_run_dir(run_dir, SystemClock(), Log("supervisor"))
    try:
        assert (age_s(run_dir / "lease", SystemClock()) or 9) < 1
        assert (run_dir / "lock").read_text() == str(os.getpid())
        assert holder(run_dir / "lock") == os.getpid()
        assert not own.lapsed
    finally:
        own.close()
        lock.release()


async def refused(run_dir: Path) -> str:
    with pytest.raises(ActorExit) as caught:
        await take_run_dir(run_dir, SystemClock(), Log("supervisor"))
    assert caught.value.code is ExitCode.CONFIGURATION
    return caught.value.reason


async def test_a_directory_of_nobody_is_taken_whatever_its_last_owner_left(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("1")
    lease(tmp_path, 3600)
    lock_path(tmp_path, "gate").touch()
    await take(tmp_path)
    await take(tmp_path)


@pytest.mark.parametrize("silent_s", [0.1, LEASE_S - 0.5])
async def test_a_holder_whose_lease_holds_is_left_alone(tmp_path: Path, hold: Any, silent_s: float) -> None:
    process = hold(tmp_path / "lock")
    lease(tmp_path, silent_s)
    assert f"a floor is running in {tmp_path} already (pid {process.pid})" in await refused(tmp_path)
    assert process.poll() is None


async def test_a_holder_that_has_no_lease_is_left_alone(tmp_path: Path, hold: Any) -> None:
    process = hold(tmp_path / "lock")
    assert "a floor is running in" in await refused(tmp_path)
    assert process.poll() is None


async def test_a_holder_whose_lease_has_lapsed_is_ended(tmp_path: Path, hold: Any) -> None:
    process = hold(tmp_path / "lock")
    lease(tmp_path, LEASE_S + 0.5)
    await take(tmp_path)
    assert process.wait(5) == -9


async def test_nobody_is_ended_whom_the_kernel_does_not_name_as_the_holder(tmp_path: Path, hold: Any) -> None:
    bystander = hold(tmp_path / "another")
    process = hold(tmp_path / "lock", str(bystander.pid))
    lease(tmp_path, LEASE_S + 0.5)
    assert "it is not certain that this is its process id" in await refused(tmp_path)
    assert bystander.poll() is None
    assert process.poll() is None


async def test_actors_of_the_last_floor_are_waited_for_and_at_last_ended(
    tmp_path: Path, hold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(takeover, "ACTORS_S", 0.3)
    ending, hanging = hold(lock_path(tmp_path, "gate")), hold(lock_path(tmp_path, "execution.A"))
    ending.stdin.close()
    await take(tmp_path)
    assert ending.wait(5) == 0
    assert hanging.wait(5) == -9


async def test_an_actor_is_ended_only_where_it_and_the_kernel_name_the_same_process(
    tmp_path: Path, hold: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel names locks by inode, and another file system may have a lock of the same number."""
    monkeypatch.setattr(takeover, "ACTORS_S", 0.1)
    monkeypatch.setattr(takeover, "KILLED_S", 0.1)
    process = hold(lock_path(tmp_path, "gate"), "12345678")
    assert "gate" in await refused(tmp_path)
    assert process.poll() is None
