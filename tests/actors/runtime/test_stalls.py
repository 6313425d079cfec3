"""A supervisor that stalls: for less than its lease nobody notices; for longer it is replaced, or ready to be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from freezing import freeze
from msgspec.structs import replace

from actors.runtime import ExitCode
from actors.runtime.actor import ORPHAN_S
from actors.supervisor.lease import LEASE_S, age_s
from bus.clock import SystemClock
from bus.messages import RestartActor

HERE = Path(__file__).parent
STALL_S = 3.0
"""Over what a child may be silent for, and under the supervisor's lease."""


@pytest.fixture
def children(run_dir: Path, make_child: Any) -> tuple[Any, ...]:
    specs = (make_child(run_dir, name, heartbeat_timeout_s=2.0) for name in ("one", "two"))
    return tuple(replace(spec, actor="patient_actors:Plain") for spec in specs)


def seen(floor: Any) -> list[tuple[Any, ...]]:
    return [(one.name, one.pid, one.epoch, one.restarts, one.state) for one in floor.status.actors[1:]]


def passes(seconds: float) -> Any:
    """A condition that holds once so much time has passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_stall_shorter_than_the_lease_disturbs_nobody(
    run_dir: Path, run_floor: Any, children: Any, until: Any
) -> None:
    with run_floor(run_dir, children) as floor:
        for name in ("one", "two"):
            floor.is_in(name, "READY")
        before = seen(floor)
        for _ in range(2):
            freeze(floor.process.pid)
            until(passes(STALL_S), "the stall is over")
            floor.process.send_signal(signal.SIGCONT)
            until(passes(1.0), "some looks later")
            assert seen(floor) == before
        said = floor.log.read_text()
        assert "killing" not in said
        assert "ALERT" not in said
        assert "does not answer" not in floor.said("one")


def test_a_child_that_hangs_while_the_supervisor_stalls_is_still_found(
    run_dir: Path, run_floor: Any, children: Any, until: Any
) -> None:
    with run_floor(run_dir, children) as floor:
        before = floor.is_in("one", "READY")
        floor.is_in("two", "READY")
        freeze(before.pid)
        freeze(floor.process.pid)
        until(passes(1.0), "the stall is over")
        floor.process.send_signal(signal.SIGCONT)
        after = floor.is_in("one", "READY", lambda actor: actor.epoch > before.epoch)
        assert after.restarts == 1
        assert floor.actor("two").restarts == 0


@pytest.mark.parametrize(
    ("actor", "word"),
    [
        ("tireless_actors:Plain", "the supervisor was silent for longer than its lease"),
        ("patient_actors:Plain", "the supervisor does not answer"),
    ],
    ids=["it tells them", "they know"],
)
def test_a_supervisor_that_thaws_after_its_lease_ends_its_children_and_itself_with_12(
    run_dir: Path, run_floor: Any, children: Any, until: Any, actor: str, word: str
) -> None:
    with run_floor(run_dir, tuple(replace(child, actor=actor) for child in children)) as floor:
        pids = {name: floor.is_in(name, "READY").pid for name in ("one", "two")}
        epoch = (run_dir / "state" / "epoch").read_text()
        if actor.startswith("patient"):
            freeze(pids["two"])  # one that can find nothing out is ended all the same
        freeze(floor.process.pid)
        until(passes(ORPHAN_S + 1.0), "the lease has lapsed")
        floor.process.send_signal(signal.SIGCONT)
        assert floor.process.wait(20.0) == ExitCode.FENCED
        assert all(gone(pid) for pid in pids.values())
        said = floor.log.read_text()
        assert "silent for longer than the lease" in said
        assert "restart_in_s" not in said
        assert word in floor.said("one")
        assert (run_dir / "state" / "epoch").read_text() == epoch


def start_again(run_dir: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[2]}"}
    words = [sys.executable, str(HERE / "run_floor.py"), str(run_dir / "floor.json"), str(run_dir / "second.log")]
    return subprocess.Popen(words, cwd=HERE.parents[2], env=environment)


def test_the_next_start_takes_over_from_a_supervisor_that_hangs_and_from_no_other(
    run_dir: Path, run_floor: Any, children: Any, until: Any
) -> None:
    with run_floor(run_dir, children) as floor:
        pids = {name: floor.is_in(name, "READY").pid for name in ("one", "two")}
        refused = start_again(run_dir)
        assert refused.wait(20.0) == ExitCode.CONFIGURATION
        said = (run_dir / "second.log").read_text()
        assert f"a floor is running in {run_dir} already (pid {floor.process.pid})" in said
        freeze(floor.process.pid)
        refused = start_again(run_dir)  # it may only be slow: its lease has not lapsed
        assert refused.wait(20.0) == ExitCode.CONFIGURATION
        until(lambda: (age_s(run_dir / "lease", SystemClock()) or 0) > LEASE_S, "its lease has lapsed")
        second = start_again(run_dir)
        try:
            assert floor.process.wait(20.0) == -signal.SIGKILL
            for name, pid in pids.items():
                floor.is_in(name, "READY", lambda actor, pid=pid: actor.pid not in (0, pid))
                assert gone(pid)
            said = (run_dir / "second.log").read_text()
            assert f"the supervisor that was here hangs; taking over pid={floor.process.pid}" in said
            assert "ALERT" not in said
        finally:
            second.send_signal(signal.SIGTERM)
            assert second.wait(20.0) == 0


def test_a_start_right_after_a_kill_finds_no_actor_that_was_in_its_way(
    run_dir: Path, run_floor: Any, children: Any
) -> None:
    with run_floor(run_dir, children) as floor:
        pids = {name: floor.is_in(name, "READY").pid for name in ("one", "two")}
        floor.process.kill()
        floor.process.wait()
        second = start_again(run_dir)
        try:
            for name, pid in pids.items():
                floor.is_in(name, "READY", lambda actor, pid=pid: actor.pid not in (0, pid))
                assert gone(pid)
            said = (run_dir / "second.log").read_text()
            assert "another copy" not in said
            assert "killing" not in said
        finally:
            second.send_signal(signal.SIGTERM)
            assert second.wait(20.0) == 0


def test_a_second_copy_started_by_hand_is_fenced_and_takes_nothing_from_the_first(
    run_dir: Path, run_floor: Any, children: Any
) -> None:
    with run_floor(run_dir, children) as floor:
        first = floor.is_in("one", "READY")
        environment = {**os.environ, "PYTHONPATH": str(HERE)}
        words = [sys.executable, "-m", "actors.runtime", str(run_dir / "one.spec")]
        done = subprocess.run(words, env=environment, cwd=HERE.parents[2], timeout=30, check=False)
        assert done.returncode == ExitCode.FENCED
        assert f"another copy of 'one' is there (pid {first.pid}); this one has touched nothing" in floor.said("one")
        assert floor.ask("one", RestartActor("block 0")).ok  # its sockets are where they were
        assert (floor.actor("one").pid, floor.actor("one").restarts) == (first.pid, 0)


def test_an_actor_that_was_busy_for_longer_than_its_patience_does_not_take_that_for_the_supervisors_silence(
    run_dir: Path, run_floor: Any, children: Any
) -> None:
    patient = tuple(replace(child, heartbeat_timeout_s=20.0) for child in children)
    with run_floor(run_dir, patient) as floor:
        before = floor.is_in("one", "READY")
        floor.ask("one", RestartActor("block 6.5"))
        assert floor.ask("one", RestartActor("block 0")).ok  # answered when it is back
        assert floor.is_in("one", "READY").pid == before.pid
        assert "the supervisor does not answer" not in floor.said("one")
