"""Stopping a floor in order, within a stated time.

Strategies end first, so that nothing new is sent; then what they left is dealt with by their exit policies, while the
venues, the gate and the reconciler still work; then the rest in the reverse order of its start.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable

from actors.runtime import Log
from actors.supervisor.child import Child
from actors.supervisor.spec import START_ORDER

__all__ = ["LOOK_S", "STOP_LIMIT_S", "end_orphans", "stop_child", "stop_in_order", "wait_for"]

STOP_LIMIT_S = 20.0
"""The stated time within which a stopping floor is gone: exit policies, journals closed, processes ended."""
REST_S = 5.0
"""Of that, what is kept for the actors after the strategies."""
ORPHANS_S = 5.0
"""How long actors that have lost their supervisor may take by themselves: what they were given to stop in anyway."""
LOOK_S = 0.01
"""Between looks at a condition."""


async def wait_for(condition: Callable[[], bool], limit_s: float) -> bool:
    """Wait until the condition holds; False when it does not within the limit."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    while not condition():
        if loop.time() > deadline:
            return False
        await asyncio.sleep(LOOK_S)
    return True


async def stop_child(child: Child, log: Log) -> None:
    """Ask a child to end, and kill it where it does not in its time."""
    if not child.alive:
        return
    child.signal(signal.SIGTERM)
    if not await wait_for(lambda: not child.alive, child.spec.stop_timeout_s):
        log.warning("did not stop in time, killing", actor=child.spec.name)
        child.kill()
        await wait_for(lambda: not child.alive, 1.0)


async def stop_in_order(
    children: Iterable[Child], strategies_ended: Callable[[], None], policies_done: Callable[[], bool], log: Log
) -> None:
    """Stop all children. `strategies_ended` is called once they are, then exit policies are waited for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + STOP_LIMIT_S
    everybody = list(children)
    for kind in reversed(START_ORDER):
        await asyncio.gather(*(stop_child(child, log) for child in everybody if child.spec.kind == kind))
        if kind == "strategy":
            strategies_ended()
            if not await wait_for(policies_done, max(1.0, deadline - loop.time() - REST_S)):
                log.error("exit policies were not done in time; orders may rest at the venues")


async def end_orphans(children: Iterable[Child], log: Log) -> None:
    """End children that hold themselves for orphans: they end by themselves, then by SIGTERM, then by SIGKILL.

    What is no actor of ours knows nothing of all that and is stopped last, for the actors may still speak to it.
    """
    everybody = list(children)
    actors = [child for child in everybody if not child.spec.command]
    await wait_for(lambda: not any(child.alive for child in actors), ORPHANS_S)
    await asyncio.gather(*(stop_child(child, log) for child in actors))
    await asyncio.gather(*(stop_child(child, log) for child in everybody))
