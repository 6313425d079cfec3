"""A hung strategy is killed, and started anew, even where it comes to itself just before the kill; and nobody who is no
strategy can pass for one."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from freezing import freeze
from msgspec.structs import replace

from bus.messages import ActorHeartbeat, Code, GetStatus


@pytest.fixture
def strategy(run_dir: Path, make_child: Any) -> Any:
    spec = make_child(run_dir, "one", heartbeat_timeout_s=2.0)
    return replace(spec, actor="patient_actors:Strategist", context=replace(spec.context, kind="strategy"))


def test_one_that_thaws_while_its_exit_policy_runs_finds_itself_fenced_and_is_started_anew(
    run_dir: Path, run_floor: Any, strategy: Any
) -> None:
    with run_floor(run_dir, (strategy,)) as floor:
        pid = floor.is_in("one", "READY").pid
        freeze(pid)
        floor.is_in("one", "BUSY")
        floor.is_in("one", "KILLED")  # its exit policy waits for a gate that is not there
        os.kill(pid, signal.SIGCONT)
        ended = floor.is_in("one", "BACKING_OFF")
        assert ended.restarts == 1
        assert floor.alerts("one") == []
        assert "code=12" in floor.said("one")
        floor.process.kill()  # it would wait for the gate to the last


def test_one_that_stays_frozen_is_killed_though_its_exit_policy_is_not_done(
    run_dir: Path, run_floor: Any, strategy: Any
) -> None:
    with run_floor(run_dir, (strategy,)) as floor:
        freeze(floor.is_in("one", "READY").pid)
        assert floor.is_in("one", "BACKING_OFF").restarts == 1
        assert "actor=one how='killed by SIGKILL'" in floor.log.read_text()
        assert "exit policy cancel: done" not in floor.log.read_text()
        floor.process.kill()


def test_a_heartbeat_in_the_supervisors_own_name_changes_nothing(run_dir: Path, run_floor: Any) -> None:
    with run_floor(run_dir, ()) as floor:
        epoch = floor.status.epoch
        floor.ask("supervisor", ActorHeartbeat("supervisor", epoch, "READY"))
        assert floor.ask("supervisor", ActorHeartbeat("nobody", epoch, "READY")).code is Code.NOT_ALLOWED
        assert floor.ask("supervisor", GetStatus()).ok
