"""The checker as a process, reading a real floor."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from checker_feed import INSTANCE, INSTRUMENT, LIE_AT
from checker_world import World

HERE = Path(__file__).parents[2] / "support"
ROOT = Path(__file__).parents[3]
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)])}
ENOUGH = 6 * LIE_AT
"""Quotes of a life after which its lie has long been read."""
END_S = 30.0


class Play:
    """A floor, its checker, and the log between them."""

    def __init__(self, folder: Path, run_dir: Path, lie: str) -> None:
        self.run_dir = run_dir
        self.world = World(folder)
        self.world.trade_a_little()
        self.world.write()
        self.log = self.world.log
        command = [
            sys.executable,
            str(HERE / "checker_feed.py"),
            str(run_dir),
            str(folder / "state"),
            str(self.log),
            lie,
        ]
        self.floor = subprocess.Popen(command, env=ENVIRONMENT)
        self.checker = self.start_checker("--json")
        assert self.checker.stdout is not None
        self.first_line = self.checker.stdout.readline()

    def start_checker(self, *more: str) -> subprocess.Popen[str]:
        places = self.world.places()
        command = [sys.executable, "-m", "actors.monitor.checker", "--run-dir", str(self.run_dir), *more]
        command += ["--twin", f"{INSTANCE}={self.log}", "--events", str(places.events), "--views", str(places.views)]
        command += ["--instrument", f"{INSTANCE}:{INSTRUMENT}"]
        return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def quotes(self) -> int:
        """Quotes that the feed was sent in its latest life."""
        return self.log.read_bytes().rpartition(b'"life"')[2].count(b"@bookTicker")

    def lives(self) -> list[int]:
        """Process ids of the feed's lives."""
        lines = self.log.read_bytes().split(b"\n")[:-1]
        return [json.loads(line)["pid"] for line in lines if b'"life"' in line]

    def judge(self) -> tuple[int, dict[str, Any]]:
        """Ask for the verdict."""
        output, _ = self.checker.communicate("judge\n", timeout=END_S)
        return self.checker.returncode, json.loads(output)

    def stop_floor(self) -> None:
        """Stop the floor in order."""
        if self.floor.poll() is None:
            self.floor.send_signal(signal.SIGTERM)
        self.floor.wait(timeout=END_S)

    def close(self) -> None:
        """End what is left."""
        if self.checker.poll() is None:
            self.checker.kill()
            self.checker.communicate()
        self.stop_floor()


Start = Callable[[str], Play]
Until = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path, run_dir: Path) -> Iterator[Start]:
    """Start a floor whose feed lies as told, and a checker that is ready."""
    plays: list[Play] = []

    def make(lie: str) -> Play:
        plays.append(Play(tmp_path, run_dir, lie))
        return plays[-1]

    yield make
    for play in plays:
        play.close()


def test_an_honest_floor_is_called_honest(start: Start, until: Until) -> None:
    play = start("none")
    assert json.loads(play.first_line) == {"ready": True}
    until(lambda: play.quotes() > ENOUGH)
    code, verdict = play.judge()
    assert (code, verdict["problems"]) == (0, [])
    assert (verdict["gaps_marked"], verdict["gaps_unmarked"], verdict["agrees"]) == (0, 0, True)
    assert verdict["trades"] > LIE_AT
    assert verdict["ticks"] > 2 * verdict["trades"]
    assert 0 < verdict["max_tick_gap_ms"][INSTANCE] < 10_000
    assert verdict["fills"] == 3


@pytest.mark.parametrize(
    ("lie", "topic", "text"),
    [
        ("quote dropped", "quote", "1 sent and not given"),
        ("quote altered", "quote", "was given as"),
        ("trades swapped", "trade", "came again, or after what was sent later"),
        ("delta dropped", "book", "1 sent and not given"),
    ],
)
def test_a_lie_about_the_market_is_found(start: Start, until: Until, lie: str, topic: str, text: str) -> None:
    play = start(lie)
    until(lambda: play.quotes() > ENOUGH)
    code, verdict = play.judge()
    assert code == 1
    assert verdict["agrees"]
    assert verdict["gaps_marked"] == 0
    assert verdict["gaps_unmarked"] >= 1
    assert any(f"/{topic}/" in problem and text in problem for problem in verdict["problems"])
    assert all(f"/{topic}/" in problem for problem in verdict["problems"])


def test_a_loss_that_is_marked_is_counted_and_no_lie(start: Start, until: Until) -> None:
    play = start("marked")
    until(lambda: play.quotes() > ENOUGH)
    code, verdict = play.judge()
    assert (code, verdict["problems"]) == (0, [])
    assert (verdict["gaps_marked"], verdict["gaps_unmarked"]) == (3, 0)


def test_a_publisher_killed_and_started_again_is_a_marked_gap_in_each_topic(start: Start, until: Until) -> None:
    play = start("none")
    until(lambda: play.quotes() > LIE_AT)
    os.kill(play.lives()[0], signal.SIGKILL)
    until(lambda: len(play.lives()) == 2 and play.quotes() > ENOUGH)
    code, verdict = play.judge()
    assert (code, verdict["problems"]) == (0, [])
    assert (verdict["gaps_marked"], verdict["gaps_unmarked"]) == (3, 0)


def test_a_floor_that_stopped_before_it_is_judged_has_no_gap_at_its_end(start: Start, until: Until) -> None:
    play = start("none")
    until(lambda: play.quotes() > LIE_AT)
    play.stop_floor()
    play.checker.send_signal(signal.SIGTERM)
    output, _ = play.checker.communicate(timeout=END_S)
    verdict = json.loads(output)
    assert (play.checker.returncode, verdict["problems"], verdict["gaps_marked"]) == (0, [], 0)


def test_without_json_the_verdict_is_the_same_document_for_people(start: Start) -> None:
    play = start("none")
    other = play.start_checker()
    assert other.stdout is not None
    other.stdout.readline()
    output, _ = other.communicate("judge\n", timeout=END_S)
    assert output.count("\n") > 10
    assert json.loads(output).keys() == play.judge()[1].keys()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--twin", "BINANCE"], "expected INSTANCE=LOGFILE"),
        (["--twin", "A=x", "--instrument", "BTCUSDT"], "expected INSTANCE:SYMBOL.VENUE"),
        (["--twin", "A=x", "--instrument", "B:BTCUSDT.B"], "no --twin B=LOGFILE"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_ten(arguments: list[str], text: str) -> None:
    command = [sys.executable, "-m", "actors.monitor.checker", "--run-dir", "/tmp", "--events", "e", "--views", "v"]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=END_S, check=False)
    assert done.returncode == 10
    assert text in done.stderr
    assert done.stderr.count("\n") == 1


def test_it_imports_no_adapter_and_no_reconciler() -> None:
    code = "import sys, actors.monitor.checker.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = [name for name in done.stdout.split() if name.startswith(("venues", "actors.", "tradefloor"))]
    assert ours
    assert all(name.startswith("actors.monitor") for name in ours), ours
