"""Actors of a real floor that break on purpose, while the file ``broken`` is in their state directory.

``broken_actors.py CONFIG RUN_DIR STATE_DIR ACTOR`` runs a floor in which one actor is such a one.
"""

from __future__ import annotations

import sys
from pathlib import Path

from msgspec.structs import replace

from actors.runtime import run_actor
from actors.runtime.log import configure
from actors.supervisor import Supervisor
from tradefloor import configuration
from venues.binance.execution import Execution


class BrokenExecution(Execution):
    """Crashes at every start."""

    async def setup(self) -> None:
        if self.state_path("broken").exists():
            raise ArithmeticError("broken on purpose")
        await super().setup()


def main(config: str, run_dir: str, state_dir: str, broken: str) -> int:
    """Run the floor until it is stopped."""
    judged = configuration.read(Path(config), Path(run_dir), Path(state_dir))
    configuration.prepare(judged)
    Path(state_dir, "broken").touch()
    configure(Path(state_dir, "logs", "supervisor.log"), "INFO")
    children = tuple(
        replace(spec, actor="broken_actors:BrokenExecution") if spec.name == broken else spec
        for spec in judged.floor.children
    )
    return run_actor(Supervisor(replace(judged.floor, children=children)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
