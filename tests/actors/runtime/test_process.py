"""Actors in real processes under a real supervisor: one thread, exit codes, hangs, orphans, fences."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from freezing import freeze

from actors.runtime import ActorSpec, Context, ExitCode
from actors.supervisor import Restart
from bus.clock import SystemClock
from bus.codec import ReplyStatus
from bus.directory import DIRECTORY, endpoints
from bus.messages import Acknowledged, Code, Deregister, GetIntents, GetStatus, RestartActor, StopFloor
from bus.requests import Client
from bus.security import KeyStore
from bus.transport import ZmqTransport

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def floor(module_run_dir: Path, run_floor: Any, make_child: Any) -> Iterator[Any]:
    """One floor for all tests that hurt a child of their own."""

    def child(name: str, actor: str = "Plain", **more: Any) -> Any:
        return make_child(module_run_dir, name, actor, **more)

    children = (
        child("plain"),
        child("blocked", heartbeat_timeout_s=2.0),
        child("frozen", heartbeat_timeout_s=2.0),
        child("leaver", "Leaver", restart=Restart.TEMPORARY),
        child("raiser"),
        child("burst"),
        child("misconfigured"),
        child("looping", "Exits", settings={"code": -1}, intensity=3, backoff_min_s=0.05, backoff_max_s=0.1),
        child("refused", "Exits", settings={"code": 10}),
        child("fenced"),
        child("nameless", "NoSuchActor"),
        child("logless", intensity=2, backoff_min_s=0.05, backoff_max_s=0.1),
    )
    (module_run_dir / "state" / "logs" / "logless.log").mkdir(parents=True)
    with run_floor(module_run_dir, children) as floor:
        floor.is_in("plain", "READY")
        floor.is_in("blocked", "READY")
        floor.is_in("frozen", "READY")
        floor.ask("blocked", RestartActor("block"))  # both are found out while the other tests run
        freeze(floor.actor("frozen").pid)
        floor.hung = {name: floor.actor(name) for name in ("blocked", "frozen")}
        yield floor


def test_an_actors_process_has_one_python_thread(floor: Any) -> None:
    plain = floor.is_in("plain", "READY", lambda actor: "threads" in actor.counters)
    assert plain.counters["threads"] == 1
    with open(f"/proc/{plain.pid}/cmdline") as file:
        assert "actors.runtime" in file.read()


@pytest.fixture(scope="module")
def quiet(run_floor: Any, make_child: Any) -> Iterator[Any]:
    """A floor to which nobody new connects, unless a test does."""
    with tempfile.TemporaryDirectory(prefix="tf") as folder, contextlib.ExitStack() as stack:
        floor = stack.enter_context(run_floor(Path(folder), (make_child(Path(folder), "plain", "Plain"),)))
        floor.is_in("plain", "READY")
        yield floor


def test_a_list_of_keys_that_cannot_be_read_for_a_while_fences_nobody(quiet: Any) -> None:
    before = quiet.actor("plain")
    file = quiet.keys.folder / "allowed.json"
    good = file.read_bytes()
    file.write_bytes(b"{ a slip of the pen")
    quiet.until(lambda: "ALERT KEYS_UNREADABLE" in quiet.log.read_text(), "the supervisor has seen it and says so")
    file.write_bytes(good)
    assert quiet.ask("plain", GetIntents(7)).body == Acknowledged(7)
    after = quiet.is_in("plain", "READY", lambda actor: actor.counters.get("handled") == 1)
    assert (after.pid, after.epoch) == (before.pid, before.epoch)


def test_a_revoked_key_asks_the_supervisor_nothing_more_though_its_connection_stands(quiet: Any) -> None:
    floor = quiet
    role = "strategy:guest"
    floor.keys.ensure(role)

    async def session() -> Code:
        loop = asyncio.get_running_loop()
        transport = ZmqTransport(loop, floor.keys.identity(role, serves=False))
        server_key = floor.keys.load("actor:supervisor").public
        at = endpoints(floor.run_dir, DIRECTORY).server
        client = Client(transport, loop, SystemClock(), at, "guest", server_key)
        try:
            assert (await client.request(GetStatus(), 20.0)).ok
            floor.keys.revoke(role)
            deadline = loop.time() + 5.0
            while loop.time() < deadline and (reply := await client.request(GetStatus(), 5.0)).ok:
                pass  # each answer is a turn of the supervisor's
            return reply.code
        finally:
            transport.close()

    assert asyncio.run(session()) is Code.NOT_ALLOWED


def test_a_child_that_cannot_be_started_is_given_up_and_the_floor_lives(floor: Any) -> None:
    failed = floor.is_in("logless", "FAILED")
    assert "gave up after 3 exits" in failed.reason
    assert "ACTOR_FAILED" in floor.alerts("logless")


def test_an_actor_answers_and_its_counters_reach_the_supervisor(floor: Any) -> None:
    assert floor.ask("plain", GetIntents(7)).body == Acknowledged(7)
    floor.is_in("plain", "READY", lambda actor: actor.counters.get("handled") == 1)


def test_a_request_that_an_actor_has_no_method_for_is_denied(floor: Any) -> None:
    reply = floor.ask("plain", StopFloor())
    assert (reply.status, reply.code) == (ReplyStatus.DENIED, Code.UNSUPPORTED)
    assert reply.reason == "plain does not answer StopFloor"


def test_sigterm_ends_an_actor_with_0_even_twice(floor: Any) -> None:
    leaver = floor.is_in("leaver", "READY")
    os.kill(leaver.pid, signal.SIGTERM)
    ended = floor.is_in("leaver", "STOPPED")
    assert ended.reason == "done; done"
    assert ended.restarts == 0
    assert floor.alerts("leaver") == []


def test_an_exception_in_a_handler_is_answered_and_the_actor_starts_anew(floor: Any) -> None:
    before = floor.is_in("raiser", "READY")
    reply = floor.ask("raiser", RestartActor("raise"))
    assert (reply.status, reply.code) == (ReplyStatus.FAILED, Code.HANDLER_FAILED)
    after = floor.is_in("raiser", "READY", lambda actor: actor.restarts == 1)
    assert after.epoch > before.epoch
    assert after.pid != before.pid
    assert "a bug of ours" in floor.said("raiser")


def test_what_failed_executes_nothing_more(floor: Any) -> None:
    floor.is_in("burst", "READY")
    orders = (RestartActor("raise"), *map(GetIntents, range(20)))
    first, *others = floor.ask_all("burst", orders, timeout_s=2.0)
    assert first.status is ReplyStatus.FAILED
    assert {reply.status for reply in others} <= {ReplyStatus.DENIED, ReplyStatus.NO_ANSWER, ReplyStatus.NOT_SENT}
    assert others[0].code is Code.SHUTTING_DOWN


def test_an_actor_that_ends_with_10_is_never_restarted_and_a_person_is_called(floor: Any) -> None:
    floor.is_in("misconfigured", "READY")
    floor.ask("misconfigured", RestartActor("end 10"))
    ended = floor.is_in("misconfigured", "FAILED")
    assert ended.restarts == 0
    assert "configuration or credentials are wrong" in ended.reason
    assert floor.alerts("misconfigured") == ["ACTOR_FAILED"]


@pytest.mark.parametrize("name", ["refused", "nameless"])
def test_an_actor_that_cannot_be_made_as_configured_is_not_restarted(floor: Any, name: str) -> None:
    ended = floor.is_in(name, "FAILED")
    assert ended.restarts == 0
    assert floor.alerts(name) == ["ACTOR_FAILED"]


def test_a_crash_loop_backs_off_and_is_given_up_with_an_alert(floor: Any) -> None:
    ended = floor.is_in("looping", "FAILED")
    assert ended.restarts == 3
    assert "gave up after 4 exits" in ended.reason
    assert floor.alerts("looping") == ["ACTOR_FAILED"]
    waits = [line for line in floor.log.read_text().splitlines() if "actor=looping" in line and "restart_in_s" in line]
    assert len(waits) == 3
    assert waits[0].endswith("restart_in_s=0")


def test_a_heartbeat_of_a_life_that_is_over_ends_the_process_with_12(floor: Any) -> None:
    fenced = floor.is_in("fenced", "READY")
    assert floor.ask("supervisor", Deregister("fenced", fenced.epoch, "a test"), role="actor:fenced").ok
    ended = floor.is_in("fenced", "FAILED")
    assert "another copy has taken over" in ended.reason
    assert ended.restarts == 0
    assert "code=12" in floor.said("fenced")


@pytest.mark.parametrize("name", ["blocked", "frozen"])
def test_a_loop_that_hangs_or_is_stopped_is_killed_and_started_anew(floor: Any, name: str) -> None:
    before = floor.hung[name]
    after = floor.is_in(name, "READY", lambda actor: actor.epoch > before.epoch)
    assert after.restarts >= 1
    assert after.pid != before.pid
    assert f"killing a hung actor actor={name} what='sent no heartbeat'" in floor.log.read_text()
    assert f"actor={name} how='killed by SIGKILL'" in floor.log.read_text()


# one process alone


def run_alone(folder: Path, actor: str, **context: Any) -> tuple[int, str]:
    spec = ActorSpec(actor, Context("alone", "twin", str(folder), str(folder), "test", **context), str(folder / "log"))
    KeyStore.of_floor(folder).ensure("actor:alone")
    file = folder / "alone.spec"
    file.write_bytes(msgspec.json.encode(spec))
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    environment.pop("TRADEFLOOR_SUPERVISOR_PID", None)
    command = [sys.executable, "-m", "actors.runtime", str(file)]
    code = subprocess.run(command, env=environment, cwd=HERE.parents[2], timeout=30, check=False).returncode
    return code, (folder / "log").read_text()


@pytest.mark.parametrize("code", [ExitCode.CONFIGURATION, ExitCode.TOO_SLOW])
def test_the_code_of_an_actors_exit_is_its_processs(run_dir: Path, code: ExitCode) -> None:
    ended, said = run_alone(run_dir, "floor_actors:Exits", settings={"code": int(code)})
    assert ended == code
    assert "as configured" in said


def test_a_bug_ends_the_process_with_1_and_its_traceback_is_in_the_log(run_dir: Path) -> None:
    ended, said = run_alone(run_dir, "floor_actors:Exits", settings={"code": -1})
    assert ended == ExitCode.FAILED
    assert "ArithmeticError: a bug of ours" in said


def test_a_run_directory_that_is_too_long_is_one_clear_error(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    ended, said = run_alone(folder, "floor_actors:Plain")
    assert ended == ExitCode.CONFIGURATION
    assert "choose a shorter --run-dir" in said


def test_a_child_whose_supervisor_is_gone_already_does_not_start(run_dir: Path) -> None:
    spec = ActorSpec("floor_actors:Plain", Context("alone", "twin", str(run_dir), str(run_dir), "test"))
    file = run_dir / "alone.spec"
    file.write_bytes(msgspec.json.encode(spec))
    environment = {**os.environ, "PYTHONPATH": str(HERE), "TRADEFLOOR_SUPERVISOR_PID": "1"}
    command = [sys.executable, "-m", "actors.runtime", str(file)]
    done = subprocess.run(command, env=environment, cwd=HERE.parents[2], capture_output=True, timeout=30, check=False)
    assert done.returncode == ExitCode.FAILED
    assert b"the supervisor is gone" in done.stderr


# the supervisor's end


def is_gone(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] == "Z"  # an orphan whose reaper is slow
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_children_of_a_killed_supervisor_end_even_one_that_is_deaf_to_signals(
    run_dir: Path, run_floor: Any, make_child: Any, until: Any
) -> None:
    children = (make_child(run_dir, "plain"), make_child(run_dir, "deaf", "Deaf"))
    with run_floor(run_dir, children) as floor:
        pids = {name: floor.is_in(name, "READY").pid for name in ("plain", "deaf")}
        floor.process.kill()
        floor.process.wait()
        until(lambda: is_gone(pids["plain"]), "the end of plain", 5.0)
        until(lambda: is_gone(pids["deaf"]), "the end of deaf", 8.0)
        assert "not listening number=15" in floor.said("deaf")
        assert "the supervisor does not answer" in floor.said("deaf")
        assert "the supervisor does not answer" not in floor.said("plain")
        for name in pids:
            assert "ended code=0" in floor.said(name)


def test_a_floor_that_is_told_to_stop_ends_all_children_and_then_itself_with_0(
    run_dir: Path, run_floor: Any, make_child: Any
) -> None:
    with run_floor(run_dir, (make_child(run_dir, "plain"),)) as floor:
        pid = floor.is_in("plain", "READY").pid
        floor.process.send_signal(signal.SIGTERM)
        assert floor.process.wait(20.0) == 0
        assert is_gone(pid)
        assert "ended code=0" in floor.said("plain")
        assert json.dumps(floor.log.read_text()).count("ALERT") == 0
