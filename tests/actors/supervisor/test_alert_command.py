"""The alert command: run by itself, bounded in every way, and no harm to the floor however it fails."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from json_lines import whole_lines

from actors.runtime import Log
from actors.supervisor import alert_command
from actors.supervisor.alert_command import AT_ONCE, FIELD_CHARACTERS, AlertCommand
from bus.messages import Alert

WRITER = """
import json, os, sys
told = {"stdin": json.loads(sys.stdin.read()), "words": sys.argv[2:]}
told["environment"] = {name: text for name, text in os.environ.items() if name.startswith("TRADEFLOOR_ALERT_")}
with open(sys.argv[1], "a") as file:
    print(json.dumps(told), file=file)
"""
WAITER = """
import os, sys, time
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
while not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
"""


class Desk:
    """Runs commands, and keeps the log's errors."""

    def __init__(self, *words: str) -> None:
        self.said: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()
        log = Log("supervisor")
        log.error = lambda text, **fields: self.said.append(f"{text} {fields}")  # type: ignore[method-assign]
        self.command = AlertCommand(words, "demo", log, self._spawn)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(lambda done: (self.tasks.discard(done), done.result()))


def alert(text: str = "execution.A: gave up", code: str = "ACTOR_FAILED") -> Alert:
    return Alert("supervisor", code, text, 1_700_000_000_000_000_000, "A")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "told"


async def test_the_command_gets_the_alert_on_its_input_and_in_its_environment(file: Path, eventually: Any) -> None:
    desk = Desk(sys.executable, "-c", WRITER, str(file), "$HOME; rm -rf *")
    desk.command.tell(alert('a "quoted" word\nand $HOME'))
    await eventually(lambda: desk.command.idle)
    (one,) = whole_lines(file)
    assert one["stdin"] == {
        "component": "supervisor",
        "code": "ACTOR_FAILED",
        "text": 'a "quoted" word\nand $HOME',
        "instance": "A",
        "floor": "demo",
        "ts_init": 1_700_000_000_000_000_000,
    }
    names = ("component", "code", "text", "instance", "floor")
    assert one["environment"] == {f"TRADEFLOOR_ALERT_{name.upper()}": one["stdin"][name] for name in names}
    assert one["words"] == ["$HOME; rm -rf *"]  # no shell is between
    assert desk.said == []
    assert desk.command.counters["alert_commands"] == 1


async def test_a_text_that_no_environment_could_hold_is_told_all_the_same(file: Path, eventually: Any) -> None:
    desk = Desk(sys.executable, "-c", WRITER, str(file))
    desk.command.tell(alert("a\0b\udcff" + "x" * 1_000_000))
    await eventually(lambda: desk.command.idle)
    (one,) = whole_lines(file)
    assert one["stdin"]["text"].startswith("a b?xxx")
    assert len(one["stdin"]["text"]) == 1_000_004
    assert len(one["environment"]["TRADEFLOOR_ALERT_TEXT"]) == FIELD_CHARACTERS
    assert desk.said == []


async def test_the_same_alert_is_told_once_and_again_after_a_while(
    file: Path, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(sys.executable, "-c", WRITER, str(file))
    for _ in range(5):
        desk.command.tell(alert("first"))
    desk.command.tell(alert("second"))
    await eventually(lambda: desk.command.idle)
    assert sorted(one["stdin"]["text"] for one in whole_lines(file)) == ["first", "second"]
    assert desk.command.counters["alerts_repeated"] == 4
    monkeypatch.setattr(alert_command, "REPEAT_S", 0.0)
    desk.command.tell(alert("first"))
    await eventually(lambda: desk.command.idle)
    assert len(whole_lines(file)) == 3


async def test_only_so_many_run_at_once_and_the_rest_is_counted(file: Path, tmp_path: Path, eventually: Any) -> None:
    go = tmp_path / "go"
    desk = Desk(sys.executable, "-c", WAITER, str(file), str(go))
    for number in range(AT_ONCE + 3):
        desk.command.tell(alert(f"alert {number}"))
    await eventually(lambda: file.exists() and len(file.read_text().splitlines()) == AT_ONCE)
    assert desk.command.counters["alerts_not_told"] == 3
    assert len(desk.said) == 3
    go.touch()
    await eventually(lambda: desk.command.idle)
    desk.command.tell(alert("later"))
    await eventually(lambda: desk.command.idle)
    assert desk.command.counters["alert_commands"] == AT_ONCE + 1
    desk.command.tell(alert(f"alert {AT_ONCE}"))
    await eventually(lambda: desk.command.idle)
    assert desk.command.counters["alert_commands"] == AT_ONCE + 2, "what nobody was told of is no repetition"


async def test_one_that_does_not_end_is_killed_with_everything_it_started(
    file: Path, tmp_path: Path, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_command, "RUN_S", 0.5)
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAITER!r}, *sys.argv[1:]])"
    desk = Desk(sys.executable, "-c", child, str(file), str(tmp_path / "never"))
    desk.command.tell(alert())
    await eventually(lambda: desk.command.idle)
    assert "it ran for over 0.5 s and was killed" in desk.said[0]
    await eventually(lambda: not file.exists() or not is_alive(int(file.read_text())))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((sys.executable, "-c", "raise SystemExit(7)"), "it ended with 7"),
        ((sys.executable, "-c", "import os; os.close(0); os._exit(0)"), ""),
        (("/nowhere/to/be/found",), "it cannot be started: No such file or directory"),
        (("/etc/passwd",), "it cannot be started: Permission denied"),
    ],
    ids=["fails", "does not listen", "is not there", "is no program"],
)
async def test_a_failure_is_logged_and_that_is_all(words: tuple[str, ...], problem: str, eventually: Any) -> None:
    desk = Desk(*words)
    desk.command.tell(alert("x" * 100_000))
    await eventually(lambda: desk.command.idle)
    assert [problem in line for line in desk.said] == [True] * bool(problem)
    assert desk.command.counters["alert_commands_failed"] == bool(problem)


async def test_without_a_command_nothing_is_run() -> None:
    desk = Desk()
    desk.command.tell(alert())
    assert desk.command.idle
    assert desk.command.counters["alert_commands"] == 0
