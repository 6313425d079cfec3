"""A floor that may lose anything but its venues: two twins outlive it, and a checker watches and judges it all.

The twins are no children of the floor, so that a supervisor can be killed, and the next one finds the same venues with
what was left there. A guest, a strategy that was attached, trades beside the market makers.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

from floors import ROOT, is_alive, open_orders, synced, until

from actors.monitor.visitor import FloorUnreachable, Visitor
from bus.messages import ActorState, Status

__all__ = ["GUEST", "INSTANCES", "Arena"]

INSTANCES = ("ONE", "TWO")
GUEST = "guest"
BACK_S = 40.0
"""How long anything may take to be back: processes start slowly on a busy machine, and a back-off grows."""
GONE_S = 20.0
"""Within this time everything has ended that a lost supervisor leaves: it is the time that a stop is given."""
BUSY_S = 3
"""The makers' `busy_limit_s`: as short as the other actors' limit, so that a round need not wait for ten seconds."""

_VENUE = """
[venues.{name}]
adapter = "binance"
account_type = "spot"
environment = "testnet"
rest_url = "{rest}"
stream_url = "{stream}"
ws_api_url = "{ws_api}"
api_key = "file:{folder}/{name}.api_key"
api_secret = "file:{folder}/{name}.api_secret"
"""
_MAKER = """
[strategies.{name}]
path = "{root}/scripts/strategies/market_maker.py:MarketMaker"
busy_limit_s = {busy_s}
[strategies.{name}.parameters]
instance = "{instance}"
move = 2
"""


class Arena:
    """Twins, a floor, a guest and a checker, below `folder`. Close it in any case."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.run_dir = tempfile.mkdtemp(prefix="tf", dir="/tmp")
        self.state_dir = folder / "state"
        self._errors: IO[bytes] = open(folder / "stderr.txt", "wb")  # noqa: SIM115 - closed in `close`
        self._twins = [self._start_twin(name, seed + number) for number, name in enumerate(INSTANCES)]
        self.config = self._configure()
        self.floor: subprocess.Popen[bytes] | None = None
        self.guest: subprocess.Popen[bytes] | None = None
        self._checker: subprocess.Popen[bytes] | None = None

    # its parts

    def _start_twin(self, name: str, seed: int) -> subprocess.Popen[bytes]:
        words = ["-m", "venues.binance.twin", "--seed", str(seed), "--log", str(self.folder / f"{name}.jsonl")]
        words += ["--key-file", str(self.folder / f"{name}.keys"), "--weight-per-minute", "100000"]
        words += ["--orders-per-10s", "10000"]  # what a round does in a minute a floor does in a month
        return subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, stderr=self._errors)

    def _configure(self) -> Path:
        text = '[floor]\nname = "arena"\n'
        for name, twin in zip(INSTANCES, self._twins, strict=True):
            assert twin.stdout is not None
            greeting = json.loads(twin.stdout.readline())
            for key in ("api_key", "api_secret"):
                file = self.folder / f"{name}.{key}"
                file.touch(mode=0o600)
                file.write_text(greeting[key])
            places = {key: greeting[key] for key in ("rest", "stream", "ws_api")}
            text += _VENUE.format(name=name, folder=self.folder, **places)
            text += _MAKER.format(name=f"maker_{name.lower()}", root=ROOT, instance=name, busy_s=BUSY_S)
        file = self.folder / "floor.toml"
        file.write_text(text)
        return file

    def start_floor(self) -> None:
        """Start the floor: ``tradefloor up``, in the same places as before."""
        words = [sys.executable, "-m", "tradefloor", "up", str(self.config)]
        words += ["--run-dir", self.run_dir, "--state-dir", str(self.state_dir)]
        self.floor = subprocess.Popen(words, cwd=ROOT, stdout=self._errors, stderr=self._errors)

    def start_guest(self) -> None:
        """Attach the guest; where one lives already nothing is done."""
        if self.guest is None or self.guest.poll() is not None:
            words = [sys.executable, "-m", "tradefloor", "attach", f"{ROOT}/scripts/strategies/market_maker.py"]
            words += ["--name", GUEST, "--floor", self.run_dir, "--set", "instance=ONE", "--set", "move=2"]
            self.guest = subprocess.Popen(words, cwd=ROOT, stdout=self._errors, stderr=self._errors)

    def start_checker(self) -> None:
        """Have everything watched from now on."""
        words = [sys.executable, "-m", "actors.monitor.checker", "--run-dir", self.run_dir, "--json"]
        words += ["--events", str(self.state_dir / "events.db"), "--views", str(self.state_dir / "views")]
        for name in INSTANCES:
            words += ["--twin", f"{name}={self.folder / name}.jsonl", "--instrument", f"{name}:BTCUSDT.BINANCE"]
        self._checker = subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )

    # looking

    async def visitor(self) -> Visitor:
        """Return a visitor of the floor as it is now; wait for a floor that starts."""
        deadline = time.monotonic() + BACK_S
        while True:
            try:
                return await Visitor(self.run_dir, "arena").__aenter__()
            except FloorUnreachable:
                assert time.monotonic() < deadline, "the floor does not answer"

    async def trading(self) -> dict[str, ActorState]:
        """Wait until all is well: everybody is READY, every instance SYNCED, and orders rest; return the actors."""
        visitor = await self.visitor()
        found: dict[str, ActorState] = {}

        async def well() -> bool:
            status = await visitor.status()
            found.clear()
            is_guest_due = self.guest is not None and self.guest.poll() is None
            if status is not None and _is_well(status) and (not is_guest_due or _has_guest(status)):
                found.update({each.name: each for each in status.actors})
            return bool(found)

        async def rests() -> bool:
            waiting = [each.label for name in INSTANCES for each in await open_orders(visitor, name)]
            return "ACCEPTED" in waiting

        try:
            for name in INSTANCES:
                await synced(visitor, name, BACK_S)
            await until(well, BACK_S, "everybody is READY")
            await until(rests, BACK_S, "an order rests")
            await until(well, BACK_S, "everybody is READY")
        finally:
            await visitor.__aexit__(None, None, None)
        return found

    async def replaced(self, name: str, before: ActorState) -> None:
        """Wait until another life of an actor is on the floor."""
        visitor = await self.visitor()

        async def another() -> bool:
            status = await visitor.status()
            return status is not None and any(
                each.name == name and each.epoch > before.epoch and each.state == "READY" for each in status.actors
            )

        try:
            await until(another, BACK_S, f"another life of {name}")
        finally:
            await visitor.__aexit__(None, None, None)

    async def left(self, name: str) -> None:
        """Wait until a strategy is off the floor and no order of it is open."""
        visitor = await self.visitor()

        async def gone() -> bool:
            return not visitor.member.is_live(name) and not await open_orders(visitor, strategy=name)

        try:
            await until(gone, BACK_S, f"{name} has left and its orders are cancelled")
        finally:
            await visitor.__aexit__(None, None, None)

    async def ended(self, pids: list[int]) -> None:
        """Wait until these processes are gone."""

        async def gone() -> bool:
            return not any(is_alive(pid) for pid in pids)

        await until(gone, GONE_S, "what a lost supervisor leaves has ended")

    # the end

    def judge(self) -> dict[str, Any]:
        """Stop the floor, then the venues, and return the checker's verdict."""
        assert self.floor is not None
        assert self._checker is not None
        self.floor.send_signal(signal.SIGTERM)
        code = self.floor.wait(timeout=GONE_S + 5)
        assert code == 0, f"the floor's stop ended with {code}"
        for twin in self._twins:
            twin.send_signal(signal.SIGTERM)
            twin.wait(timeout=10)
        output, _ = self._checker.communicate(b"judge\n", timeout=90)
        verdict: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
        return verdict

    def close(self) -> None:
        """End whatever is left."""
        processes = [self.guest, self.floor, self._checker, *self._twins]
        for process in processes:
            if process is not None:
                if process.poll() is None:
                    process.send_signal(signal.SIGCONT)
                    process.kill()
                    process.wait()
                for stream in (process.stdin, process.stdout):
                    if stream is not None:
                        stream.close()
        self._errors.close()


def _has_guest(status: Status) -> bool:
    """True once the guest is on the floor; a process that was just started is not at once."""
    return any(each.name == GUEST for each in status.actors)


def _is_well(status: Status) -> bool:
    return all(each.state == "READY" for each in status.actors) and all(each.synced for each in status.instances)
