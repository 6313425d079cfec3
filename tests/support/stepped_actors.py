"""A real floor whose wall clock is set by a test, and whose venue's is not.

``stepped_actors.py CONFIG RUN_DIR STATE_DIR`` runs a floor whose supervisor and actors add to the wall clock what the
file of ``TEST_OFFSET_FILE`` holds: eight bytes, nanoseconds.
"""

from __future__ import annotations

import mmap
import os
import sys
import time
from pathlib import Path

from msgspec.structs import replace

from actors.runtime import Actor, ActorSpec, Context, run_actor
from actors.runtime import actor as actor_module
from actors.runtime.log import configure
from actors.runtime.process import make_actor
from actors.supervisor import Supervisor
from bus.clock import SystemClock
from tradefloor import configuration

ACTORS = {
    "reconciler": "actors.reconciler:Reconciler",
    "gate": "actors.gate:Gate",
    "market_data": "venues.binance.market_data:MarketData",
    "execution": "venues.binance.execution:Execution",
    "book": "actors.book:BookActor",
    "quota": "actors.quota:QuotaActor",
    "strategy": "tradefloor.strategies:load",
}


class SteppedClock(SystemClock):
    """The host's clocks, the wall's set by the file."""

    def __init__(self) -> None:
        with open(os.environ["TEST_OFFSET_FILE"], "rb") as file:
            self._offset = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def time_ns(self) -> int:  # type: ignore[override]
        return time.time_ns() + int.from_bytes(self._offset[:8], "little", signed=True)


actor_module.SystemClock = SteppedClock  # type: ignore[misc]


def make(context: Context) -> Actor:
    """Make the actor of this kind, on that clock."""
    return make_actor(ActorSpec(ACTORS[context.kind], context))


def main(config: str, run_dir: str, state_dir: str) -> int:
    """Run the floor until it is stopped."""
    judged = configuration.read(Path(config), Path(run_dir), Path(state_dir))
    configuration.prepare(judged)
    configure(Path(state_dir, "logs", "supervisor.log"), "INFO")
    children = tuple(
        replace(spec, actor="stepped_actors:make") if spec.actor else spec for spec in judged.floor.children
    )
    return run_actor(Supervisor(replace(judged.floor, children=children)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
