"""Locks: held by one, named after their holder, freed when it dies however that comes, and not kept by its forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.runtime.locks import FileLock, LockHeld, holder, lock_path, signature

ROOT = Path(__file__).parents[3]
HOLDER = """
import os, sys, pathlib
from actors.runtime.locks import FileLock
lock = FileLock.take(pathlib.Path(sys.argv[1]))
lock.sign(f"{os.getpid()} a word")
print("held", flush=True)
if len(sys.argv) > 2 and os.fork() == 0:
    print("forked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return lock_path(tmp_path, "gate")


@pytest.fixture
def hold(path: Path) -> Iterator[Any]:
    """Starts a process that holds the lock."""
    started: list[subprocess.Popen[str]] = []

    def start(*more: str) -> subprocess.Popen[str]:
        words = [sys.executable, "-c", HOLDER, str(path), *more]
        pipe = subprocess.PIPE
        process = subprocess.Popen(words, cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        started.append(process)
        assert process.stdout is not None
        assert {process.stdout.readline().strip() for _ in range(1 + len(more))} <= {"held", "forked"}
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_lock_that_is_held_is_refused_with_its_holder_and_what_it_signed(path: Path, hold: Any) -> None:
    process = hold()
    with pytest.raises(LockHeld) as caught:
        FileLock.take(path)
    assert (caught.value.pid, caught.value.signed) == (process.pid, f"{process.pid} a word")
    assert str(caught.value) == f"pid {process.pid}"
    assert holder(path) == process.pid
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_lock_is_free_the_moment_its_holder_has_been_killed(path: Path, hold: Any) -> None:
    process = hold()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert signature(path).startswith(str(process.pid))  # what the dead one signed is no claim
    assert holder(path) == 0
    FileLock.take(path).release()


def test_a_fork_of_the_holder_does_not_keep_its_lock(path: Path, hold: Any) -> None:
    process = hold("fork")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    FileLock.take(path).release()  # though the fork lives, and still has our pipe


def test_a_lock_is_released_once_and_can_be_taken_again(path: Path) -> None:
    lock = FileLock.take(path)
    lock.sign("1234567")
    lock.sign("1")
    assert signature(path) == "1"
    with pytest.raises(LockHeld):
        FileLock.take(path)
    lock.release()
    lock.release()
    FileLock.take(path).release()


def test_what_nobody_has_locked_has_no_holder(path: Path) -> None:
    assert holder(path) == 0
    assert signature(path) == ""
