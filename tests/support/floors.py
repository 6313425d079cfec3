"""Whole floors in real processes, for tests: started, looked at, hurt, and judged."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from actors.monitor.visitor import FloorUnreachable, Visitor
from bus.messages import ActorState, GetOrders, OrderList, OrderState, Status

ROOT = Path(__file__).parents[2]
START_S = 30.0
LOOK_S = 0.02

MAKER = """
[strategies.{name}]
path = "{root}/scripts/strategies/market_maker.py:MarketMaker"
[strategies.{name}.parameters]
instance = "{instance}"
move = {move}
"""


def configuration(
    folder: Path, instances: tuple[str, ...], makers: bool = True, move: int = 2, name: str = "test"
) -> Path:
    """Write a floor's configuration: one twin an instance, and a market maker on each."""
    text = f'[floor]\nname = "{name}"\n'
    for seed, instance in enumerate(instances, 1):
        text += f'[venues.{instance}]\nadapter = "binance"\naccount_type = "spot"\nenvironment = "twin"\n'
        text += f"[venues.{instance}.twin]\nseed = {seed}\n"
        if makers:
            text += MAKER.format(name=f"maker_{instance.lower()}", root=ROOT, instance=instance, move=move)
    file = folder / "floor.toml"
    file.write_text(text)
    return file


class Floor:
    """A floor run by ``tradefloor start --json``, judged by the checker at its end."""

    def __init__(self, config: Path, folder: Path, command: str = "start", seconds: float | None = None) -> None:
        self.run_dir = tempfile.mkdtemp(prefix="tf", dir="/tmp")
        self.state_dir = folder / "state"
        words = [sys.executable, "-m", "tradefloor", command, str(config)]
        words += ["--run-dir", self.run_dir, "--state-dir", str(self.state_dir)]
        if command == "start":
            words.append("--json")
        if seconds is not None:
            words += ["--for", str(seconds)]
        self.errors = open(folder / "stderr.txt", "w+b")  # noqa: SIM115 - closed in `close`
        self.process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=self.errors)

    @classmethod
    def of_script(cls, script: str, config: Path, folder: Path, *words: str, **environment: str) -> Floor:
        """A floor run by a script of this folder, as ``SCRIPT CONFIG RUN_DIR STATE_DIR WORDS``."""
        floor = cls.__new__(cls)
        floor.run_dir, floor.state_dir = tempfile.mkdtemp(prefix="tf", dir="/tmp"), folder / "state"
        here = ROOT / "tests" / "support"
        command = [sys.executable, str(here / script), str(config), floor.run_dir, str(floor.state_dir), *words]
        floor.errors = open(folder / "stderr.txt", "w+b")  # noqa: SIM115 - closed in `close`
        environment = {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{ROOT}", **environment}
        floor.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=floor.errors, env=environment)
        return floor

    def visit(self, work: Callable[[Visitor], Any]) -> Any:
        """Run ``await work(visitor)``."""

        async def session() -> Any:
            deadline = time.monotonic() + START_S
            while True:
                try:
                    async with Visitor(self.run_dir, "test") as visitor:
                        return await work(visitor)
                except FloorUnreachable:
                    assert time.monotonic() < deadline, f"the floor does not answer: {self.said()}"
                    assert self.process.poll() is None, f"the floor ended: {self.said()}"

        return asyncio.run(session())

    def said(self) -> str:
        """Return what the floor wrote to standard error."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")[-4000:]

    def stop(self, limit_s: float = 40.0) -> dict[str, Any]:
        """Stop it by SIGINT and return the summary that it prints."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.summary(limit_s)

    def summary(self, limit_s: float = 90.0) -> dict[str, Any]:
        """Wait for its end and return its summary."""
        output, _ = self.process.communicate(timeout=limit_s)
        lines = output.decode().strip().splitlines()
        assert lines, f"no summary: {self.said()}"
        return json.loads(lines[-1])

    def command(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``tradefloor WORDS --floor THIS``."""
        full = [sys.executable, "-m", "tradefloor", *words, "--floor", self.run_dir]
        done = subprocess.run(full, capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, f"{words}: {done.returncode}: {done.stderr}"
        return done

    def close(self) -> None:
        """Kill what is left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.errors.close()


def actor(status: Status, name: str) -> ActorState:
    """Return one actor of a status."""
    return next(each for each in status.actors if each.name == name)


async def until(condition: Callable[[], Any], limit_s: float, what: str) -> Any:
    """Wait until the (async) condition gives something true, and return it."""
    deadline = time.monotonic() + limit_s
    while True:
        found = await condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {limit_s:g} s: {what}"
        await asyncio.sleep(LOOK_S)


async def synced(visitor: Visitor, instance: str, limit_s: float = START_S) -> None:
    """Wait until an instance is SYNCED."""

    async def look() -> bool:
        status = await visitor.status()
        return status is not None and any(each.instance == instance and each.synced for each in status.instances)

    await until(look, limit_s, f"{instance} SYNCED")


async def restarted(visitor: Visitor, name: str, restarts: int) -> None:
    """Wait until an actor has been started anew and is READY: what is SYNCED before may be of its last life."""

    async def look() -> bool:
        status = await visitor.status()
        if status is None:
            return False
        fresh = actor(status, name)
        return fresh.restarts > restarts and fresh.state == "READY"

    await until(look, START_S, f"{name} is back")


async def open_orders(visitor: Visitor, instance: str = "", strategy: str = "") -> tuple[OrderState, ...]:
    """Return the open orders by the reconciler's word."""
    reply = await visitor.request("reconciler", GetOrders(strategy, instance))
    return reply.body.orders if isinstance(reply.body, OrderList) else ()


def trading(floor: Floor, instance: str, limit_s: float) -> dict[str, int]:
    """Wait until an order rests; return the process ids by actor."""

    async def work(visitor: Visitor) -> dict[str, int]:
        await synced(visitor, instance)

        async def rests() -> Any:
            return [state for state in await open_orders(visitor) if state.label == "ACCEPTED"]

        await until(rests, limit_s, "an order rests")
        status = await visitor.status()
        assert status is not None
        return {actor.name: actor.pid for actor in status.actors}

    pids: dict[str, int] = floor.visit(work)
    return pids


def is_alive(pid: int) -> bool:
    """True while a process is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int, number: int = signal.SIGKILL) -> int:
    """Send a signal; return when, in UNIX nanoseconds."""
    os.kill(pid, number)
    return time.time_ns()
