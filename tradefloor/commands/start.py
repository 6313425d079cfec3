"""Run a whole floor with no credentials: twin, venue, books, gate, reconciler and a market maker, under a live table.

With --for it ends by itself, with a summary that an independent checker has judged. Without CONFIG it runs the demo.
Exit code 0 when all is well, 1 when the checker disagrees or the floor failed."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Group
from rich.live import Live
from rich.text import Text

from actors.monitor.visitor import FloorUnreachable, Visitor
from actors.runtime import ActorExit, ExitCode
from actors.runtime.process import SUPERVISOR_PID
from bus.directory import DIRECTORY
from bus.messages import Status, StopFloor
from bus.security import OPERATOR
from tradefloor import configuration
from tradefloor.commands.check import check_strategies
from tradefloor.commands.common import add_json, console, print_json
from tradefloor.commands.status import actor_table, instance_table
from tradefloor.configuration import Configuration

__all__ = ["add_arguments", "run"]

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo.toml"
REFRESH_S = 0.5
PLAIN_REFRESH_S = 5.0
"""Between lines where the output is no terminal."""
UP_S = 20.0
"""How long the supervisor may take to answer for the first time."""
DOWN_S = 30.0
"""How long a stopping floor is waited for; its own limit is 20 s."""
JUDGE_S = 60.0
DEMO_SYMBOL = "BTCUSDT"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's options."""
    parser.add_argument("config", type=Path, metavar="CONFIG", nargs="?", help="the floor's TOML file; the demo's")
    parser.add_argument("--for", type=float, dest="seconds", metavar="SECONDS", help="end by itself after so long")
    parser.add_argument("--run-dir", type=Path, help="where its sockets are")
    parser.add_argument("--state-dir", type=Path, help="where its journals and logs are; a new one by default")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Run the floor until its time is up or Ctrl-C."""
    config = options.config or DEMO
    if options.config is None and not DEMO.is_file():
        raise ActorExit(ExitCode.CONFIGURATION, "the demo's configuration is not installed; give a CONFIG")
    run_dir = options.run_dir.resolve() if options.run_dir else None
    state_dir = options.state_dir.resolve() if options.state_dir else None
    judged = configuration.read(config, run_dir, state_dir)
    check_strategies(judged)
    configuration.prepare(judged)
    return asyncio.run(_Show(config, judged, options).run())


class _Show:
    """One run of a floor, from its start to its summary."""

    def __init__(self, config: Path, judged: Configuration, options: argparse.Namespace) -> None:
        self.config, self.judged, self.options = config, judged, options
        self.console = console(stderr=options.json)
        self.started = float(os.environ.get("TRADEFLOOR_STARTED_AT") or time.time())
        self.first_fill_s: float | None = None
        self.status: Status | None = None
        self.ending = asyncio.Event()
        self.checker: asyncio.subprocess.Process | None = None

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.ending.set)
        floor = self.judged.floor
        words = Path(floor.state_dir, "logs", "start.err")
        words.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        command = [sys.executable, "-m", "tradefloor", "up", str(self.config)]
        command += ["--run-dir", floor.run_dir, "--state-dir", floor.state_dir]
        with open(words, "wb") as errors:
            environment = {**os.environ, SUPERVISOR_PID: str(os.getpid())}  # should this process die, the floor stops
            supervisor = subprocess.Popen(  # noqa: ASYNC220 - to start it takes a millisecond, and its parent must be this thread
                command, stdin=subprocess.DEVNULL, stderr=errors, env=environment, start_new_session=True
            )
        try:
            await self._wait_until_up(supervisor, words)
            async with Visitor(floor.run_dir, "start", OPERATOR) as visitor:
                await self._watch(visitor, supervisor)
        finally:
            await self._end(supervisor)
        return await self._summarise(supervisor.returncode)

    async def _wait_until_up(self, supervisor: subprocess.Popen[bytes], words: Path) -> None:
        deadline = time.monotonic() + UP_S
        while time.monotonic() < deadline and supervisor.poll() is None and not self.ending.is_set():
            try:
                async with Visitor(self.judged.floor.run_dir, "start"):
                    return
            except FloorUnreachable:
                continue
        text = words.read_text(errors="replace").strip().splitlines()
        reason = text[-1].removeprefix("tradefloor up: ") if text else "it says nothing"
        code = supervisor.returncode if supervisor.returncode is not None else ExitCode.FAILED
        raise ActorExit(
            ExitCode(code) if code in set(ExitCode) else ExitCode.FAILED, f"the floor did not start: {reason}"
        )

    # while it runs

    async def _watch(self, visitor: Visitor, supervisor: subprocess.Popen[bytes]) -> None:
        await self._start_checker()
        fancy = self.console.is_terminal and not self.options.json
        deadline = time.monotonic() + self.options.seconds if self.options.seconds else None
        with Live(console=self.console, auto_refresh=False, transient=False) if fancy else _Plain() as live:
            while not self.ending.is_set() and supervisor.poll() is None:
                if deadline is not None and time.monotonic() >= deadline:
                    break
                status = await visitor.status()
                if status is not None:
                    self.status = status
                    self._note_first_fill(status)
                    live.update(self._screen(status) if fancy else self._line(status), refresh=True)
                left = deadline - time.monotonic() if deadline is not None else REFRESH_S
                try:
                    await asyncio.wait_for(self.ending.wait(), max(0.0, min(REFRESH_S, left)))
                except TimeoutError:
                    continue
        self.status = await visitor.status() or self.status  # as it is now, not half a second ago
        await visitor.request(DIRECTORY, StopFloor("its time is up" if deadline else "asked to"))

    def _screen(self, status: Status) -> Group:
        head = Text.assemble(
            ("tradefloor ", "bold"), status.floor, f"   {self._elapsed():.0f} s", ("   Ctrl-C ends", "dim")
        )
        alerts = [Text(f"ALERT {alert.code}: {alert.text}", style="red") for alert in status.alerts[-3:]]
        return Group(head, Text(), actor_table(status), Text(), instance_table(status), *alerts)

    def _line(self, status: Status) -> str:
        figures = _figures(status)
        synced = ", ".join(f"{each.instance} {'SYNCED' if each.synced else each.reason}" for each in status.instances)
        return f"{self._elapsed():5.0f} s  {synced}  " + "  ".join(f"{name} {value}" for name, value in figures.items())

    def _elapsed(self) -> float:
        return time.time() - self.started

    def _note_first_fill(self, status: Status) -> None:
        if self.first_fill_s is None and _figures(status)["fills"]:
            self.first_fill_s = round(self._elapsed(), 2)

    # the checker

    async def _start_checker(self) -> None:
        if not self.judged.twins:
            return
        floor = self.judged.floor
        state = Path(floor.state_dir)
        command = ["-m", "actors.monitor.checker", "--run-dir", floor.run_dir, "--json"]
        command += ["--events", str(state / "events.db"), "--views", str(state / "views")]
        venue_ids = {spec.name: spec.venue_id for spec in floor.instances}
        for instance, log in self.judged.twins.items():
            command += ["--twin", f"{instance}={log}"]
            command += ["--instrument", f"{instance}:{DEMO_SYMBOL}.{venue_ids[instance]}"]
        with open(state / "logs" / "checker.log", "wb") as errors:
            self.checker = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )

    async def _tell_checker(self, word: str) -> None:
        if self.checker is not None and self.checker.stdin is not None and self.checker.returncode is None:
            self.checker.stdin.write(f"{word}\n".encode())
            try:
                await self.checker.stdin.drain()
            except ConnectionError:
                pass

    async def _verdict(self) -> dict[str, Any] | None:
        if self.checker is None or self.checker.stdout is None:
            return None
        await self._tell_checker("judge")
        try:
            output = await asyncio.wait_for(self.checker.stdout.read(), JUDGE_S)
        except TimeoutError:
            self.checker.kill()
            return {"agrees": False, "problems": [f"the checker did not answer within {JUDGE_S:g} s"]}
        await self.checker.wait()
        lines = output.strip().splitlines()
        try:
            found: dict[str, Any] = msgspec.json.decode(lines[-1])
        except (IndexError, msgspec.DecodeError):
            return {"agrees": False, "problems": ["the checker ended without a verdict; see logs/checker.log"]}
        return found

    # the end

    async def _end(self, supervisor: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + DOWN_S
        if supervisor.poll() is None:
            supervisor.send_signal(signal.SIGTERM)
        while supervisor.poll() is None:
            if time.monotonic() > deadline:
                supervisor.kill()
                supervisor.wait()
            await asyncio.sleep(REFRESH_S / 10)

    async def _summarise(self, code: int | None) -> int:
        verdict = await self._verdict()
        status = self.status
        figures = _figures(status) if status is not None else {}
        restarts = sum(actor.restarts for actor in status.actors) if status is not None else 0
        summary: dict[str, Any] = {
            "ticks": figures.get("ticks", 0),
            "orders": figures.get("orders", 0),
            "fills": figures.get("fills", 0),
            "fills_while_down": 0,
            "restarts": restarts,
            "gaps_marked": None,
            "gaps_unmarked": None,
            "adjustments": figures.get("adjustments", 0),
            "synced": status is not None and all(each.synced for each in status.instances),
            "agrees": None,
            "first_fill_s": self.first_fill_s,
            "state_dir": self.judged.floor.state_dir,
            "problems": [],
        }
        if verdict is not None:
            summary.update({key: value for key, value in verdict.items() if key in summary})
        good = code == 0 and summary["synced"] and (verdict is None or bool(verdict.get("agrees")))
        good = good and not summary["gaps_unmarked"]
        if self.options.json:
            print_json(summary)
        else:
            self._print(summary, good)
        return ExitCode.DONE if good else ExitCode.FAILED

    def _print(self, summary: dict[str, Any], good: bool) -> None:
        self.console.print()
        for name, value in summary.items():
            if name != "problems":
                self.console.print(f"  {name:<18} {value}")
        for problem in summary["problems"]:
            self.console.print(f"  [red]problem[/] {problem}")
        self.console.print(
            "[green]all is well[/]" if good else "[red]something is wrong; see the problems and the logs[/]"
        )


class _Plain:
    """Lines for an output that is no terminal."""

    def __init__(self) -> None:
        self._due = 0.0

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def update(self, line: object, refresh: bool = True) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + PLAIN_REFRESH_S
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def _figures(status: Status) -> dict[str, int]:
    total = {"ticks": 0, "orders": 0, "fills": 0, "adjustments": 0}
    for actor in status.actors:
        if actor.kind == "market_data":
            total["ticks"] += sum(actor.counters.get(name, 0) for name in ("ticks", "trades", "deltas"))
        elif actor.kind == "reconciler":
            for name in ("orders", "fills", "adjustments"):
                total[name] = actor.counters.get(name, 0)
    return total
