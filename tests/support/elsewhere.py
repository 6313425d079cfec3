"""A host elsewhere, for tests: commands and strategies that reach a floor over tcp, with a key file and no more."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from floors import ROOT, Floor, configuration, open_orders, until

from actors.monitor.visitor import Visitor

MAKER = ROOT / "scripts" / "strategies" / "market_maker.py"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Elsewhere:
    """A host elsewhere: its own directories, an address and key files, and no more."""

    def __init__(self, floor: Floor, address: str, home: Path, before: tuple[str, ...] = ()) -> None:
        self.floor, self.address, self.home, self._before = floor, address, home, before
        self._started: list[subprocess.Popen[str]] = []
        for name in ("run", "state"):
            (home / name).mkdir()
        self._environment = {**os.environ, "HOME": str(home)}
        self._environment |= {"XDG_RUNTIME_DIR": str(home / "run"), "XDG_STATE_HOME": str(home / "state")}

    def key(self, role: str) -> Path:
        """Have the floor make a key, and carry it here."""
        file = self.home / (role.replace(":", ".") + ".key")
        if not file.exists():
            self.floor.command("keys", "new", role, "--out", str(file))
        return file

    def start(self, *words: str, key: Path | None) -> subprocess.Popen[str]:
        command = [*self._before, sys.executable, "-m", "tradefloor", *words, "--floor", self.address]
        command += ["--key", str(key)] if key is not None else []
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=self.home, env=self._environment, stdout=pipe, stderr=pipe, text=True)
        self._started.append(process)
        return process

    def command(self, *words: str, key: Path | None, code: int = 0) -> str:
        """Run a command to its end; return what it wrote: the output, or of one that fails its one error."""
        process = self.start(*words, key=key)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == code, (words, process.returncode, errors)
        assert code == 0 or len(errors.splitlines()) == 1, errors
        return errors if code else output

    def attach(self, name: str, *words: str) -> subprocess.Popen[str]:
        return self.start("attach", *words, key=self.key(f"strategy:{name}"))

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.communicate()


def listening(folder: Path, address: str) -> Path:
    file = configuration(folder, ("BINANCE",), makers=False, name="far")
    file.write_text(file.read_text().replace('name = "far"\n', f'name = "far"\nlisten = "{address}"\n'))
    return file


async def resting(visitor: Visitor, strategy: str) -> str:
    async def look() -> Any:
        return [state for state in await open_orders(visitor, strategy=strategy) if state.label == "ACCEPTED"]

    return str((await until(look, 30, "an order rests"))[0].order.order_id)


async def none_open(visitor: Visitor, strategy: str, limit_s: float = 30.0) -> None:
    async def look() -> bool:
        return not await open_orders(visitor, strategy=strategy)

    await until(look, limit_s, f"no order of {strategy} is open")


async def gone(visitor: Visitor, strategy: str, limit_s: float = 30.0) -> None:
    async def look() -> bool:
        entry = visitor.member.directory.entries.get(strategy)
        return entry is not None and not entry.live

    await until(look, limit_s, f"{strategy} is gone")


def agrees_but_for_makers_record(summary: dict[str, Any]) -> None:
    """The checker of the floor's host cannot see the record of a strategy elsewhere, and says so; all else agrees."""
    assert [each for each in summary["problems"] if not each.endswith("and it has no record")] == []
    assert summary["gaps_unmarked"] == 0
