"""A real floor whose actors die by kill -9 at one point of a change's way, a number of times.

``fatal_actors.py CONFIG RUN_DIR STATE_DIR POINT TIMES``: `POINT` is a key of `POINTS`. Each death adds a byte to the
file ``deaths`` in the state directory.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from actors.gate import Gate
from actors.gate.journal import IntentJournal
from actors.reconciler import Reconciler
from actors.reconciler.journal import EventJournal
from actors.runtime import Actor, ActorSpec, Context, run_actor
from actors.runtime.log import configure
from actors.runtime.process import make_actor
from actors.supervisor import Supervisor
from bus.messages import Intent, ModifyOrder, OrderEvent, OrderEventKind, VenueBatch
from tradefloor import configuration
from venues.binance.execution import Execution

ACTORS = {
    "reconciler": "actors.reconciler:Reconciler",
    "gate": "actors.gate:Gate",
    "market_data": "venues.binance.market_data:MarketData",
    "execution": "venues.binance.execution:Execution",
    "book": "actors.book:BookActor",
    "quota": "actors.quota:QuotaActor",
}
K = OrderEventKind


def _is(*kinds: OrderEventKind) -> Callable[..., bool]:
    """True for a batch of the venue's that has an event of these kinds."""
    return lambda batch, *_: (
        isinstance(batch, VenueBatch)
        and any(isinstance(each.event, OrderEvent) and each.event.kind in kinds for each in batch.events)
    )


def _tells(*kinds: OrderEventKind) -> Callable[..., bool]:
    return lambda event, *_: isinstance(event, OrderEvent) and event.kind in kinds


def _passes(*arguments: Any) -> bool:
    """True for an intent that passes a change."""
    return arguments[-1] is not None and isinstance(arguments[-1], ModifyOrder) and not arguments[1]


POINTS: dict[str, tuple[type, str, Callable[..., bool], bool]] = {
    # where, what it does there, whether it is about a change, and whether it is killed after that or before
    "the gate has not journalled it": (IntentJournal, "append", _passes, False),
    "the gate has journalled it": (IntentJournal, "append", _passes, True),
    "the gate has sent it": (Gate, "_pass_change", lambda *_: True, True),
    "the execution actor has it": (Execution, "write_change", lambda *_: True, False),
    "the execution actor has written it": (Execution, "write_change", lambda *_: True, True),
    "the execution actor has told that": (Execution, "emit", _tells(K.MODIFY_PENDING), True),
    "the execution actor knows its fate": (Execution, "emit", _tells(K.UPDATED, K.MODIFY_REJECTED), False),
    "the reconciler hears that it was written": (Reconciler, "on_venue_batch", _is(K.MODIFY_PENDING), False),
    "the reconciler hears its fate": (Reconciler, "on_venue_batch", _is(K.UPDATED, K.MODIFY_REJECTED), False),
    "the reconciler has journalled its fate": (Reconciler, "on_venue_batch", _is(K.UPDATED), True),
    "the reconciler hears of it": (EventJournal, "append", lambda _, message, *__: _is_change(message), True),
}


def _is_change(message: Any) -> bool:
    return isinstance(message, Intent) and message.change is not None


def arm(point: str, times: int, deaths: Path) -> None:
    """Make this process die at a point, as long as not so many have died of it."""
    kind, name, is_meant, after = POINTS[point]
    original = getattr(kind, name)

    def fatal(self: Any, *arguments: Any, **more: Any) -> Any:
        meant = is_meant(*arguments, *more.values())
        meant = meant and (not deaths.exists() or deaths.stat().st_size < times)
        result = original(self, *arguments, **more) if after or not meant else None
        if meant:
            with open(deaths, "ab") as file:
                file.write(b"x")
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(kind, name, fatal)


def make(context: Context) -> Actor:
    """Make the actor of this kind, with the point armed."""
    arm(os.environ["TEST_POINT"], int(os.environ["TEST_TIMES"]), Path(context.state_dir, "deaths"))
    return make_actor(ActorSpec(ACTORS[context.kind], context))


def main(config: str, run_dir: str, state_dir: str) -> int:
    """Run the floor until it is stopped."""
    judged = configuration.read(Path(config), Path(run_dir), Path(state_dir))
    configuration.prepare(judged)
    configure(Path(state_dir, "logs", "supervisor.log"), "INFO")
    children = tuple(replace(spec, actor="fatal_actors:make") if spec.actor else spec for spec in judged.floor.children)
    return run_actor(Supervisor(replace(judged.floor, children=children)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
