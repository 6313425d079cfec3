"""Where a floor's things are, and which floor is meant."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.runtime import ActorExit, ExitCode
from tradefloor import places


@pytest.fixture(autouse=True)
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def running(name: str, pid: int | None = None) -> Path:
    """What a floor leaves in its run directory while it runs."""
    folder = places.run_dir(name)
    folder.mkdir(parents=True)
    (folder / "lock").write_text(str(pid or os.getpid()))
    (folder / "supervisor.s").touch()
    return folder


def refusal(name: str | None) -> str:
    with pytest.raises(ActorExit) as caught:
        places.find_floor(name)
    assert caught.value.code == ExitCode.CONFIGURATION
    return caught.value.reason


def test_a_floor_s_places_are_below_the_user_s_own(tmp_path: Path) -> None:
    assert places.run_dir("demo") == tmp_path / "run" / "tradefloor" / "demo"
    assert places.state_dir("demo") == tmp_path / "state" / "tradefloor" / "demo"


def test_without_a_runtime_directory_sockets_are_in_a_temporary_one_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "not there"))
    assert places.run_dir("demo").parent.name == f"tradefloor-{os.getuid()}"
    monkeypatch.delenv("XDG_STATE_HOME")
    assert places.state_dir("demo") == Path.home() / ".local" / "state" / "tradefloor" / "demo"


def test_a_fresh_state_directory_is_named_and_not_made() -> None:
    fresh = places.fresh_state_dir("demo")
    assert fresh.parent == places.state_dir("demo") / "runs"
    assert not fresh.parent.exists()


def test_of_old_runs_the_newest_are_kept() -> None:
    runs = places.state_dir("demo") / "runs"
    for day in range(10, 19):
        (runs / f"202601{day}-120000-1").mkdir(parents=True)
    places.remove_old_runs("demo")
    assert sorted(path.name[:8] for path in runs.iterdir()) == [f"202601{day}" for day in range(14, 19)]


def test_the_one_floor_that_runs_is_found_without_a_name() -> None:
    folder = running("demo")
    assert places.find_floor(None) == places.find_floor("demo") == places.find_floor(str(folder)) == folder
    assert places.running_floors() == [folder]


def test_a_floor_whose_process_is_gone_does_not_run() -> None:
    running("dead", pid=2**22 + 1)
    assert places.running_floors() == []
    assert refusal(None) == "no floor runs; start one with: tradefloor up CONFIG"


def test_of_several_floors_one_has_to_be_named() -> None:
    running("one")
    running("two")
    assert refusal(None) == "more than one floor runs; name it with --floor; running: one, two"
    assert places.find_floor("two").name == "two"


def test_a_floor_that_does_not_run_is_refused_with_those_that_do() -> None:
    running("one")
    reason = refusal("three")
    assert reason.startswith("--floor three: no floor runs in ")
    assert reason.endswith("; running: one")


def test_an_address_has_no_directories_here() -> None:
    assert refusal("tcp://host:1") == "--floor tcp://host:1: this is done on the floor's own host only"


@pytest.mark.parametrize("lock", ["", "no number", "12 34"])
def test_a_lock_that_cannot_be_read_is_no_floor(lock: str) -> None:
    folder = running("demo")
    (folder / "lock").write_text(lock)
    assert places.running_floors() == []
