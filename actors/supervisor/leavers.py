"""What strategies that have left leave behind: whose exit policy runs, up to which life, and what waits for its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from actors.supervisor.exit_policies import LIMIT_S, ExitPolicyRun
from actors.supervisor.host import Host
from actors.supervisor.registry import Registry
from actors.supervisor.shutdown import STOP_LIMIT_S, wait_for
from bus.messages import ExitPolicy, GetOrders, OrderList

__all__ = ["Leavers"]

OWNERS_S = 60.0
"""How long after its start a floor waits for its venues before it looks for orders that nobody owns any more."""


class Leavers:
    """One run of an exit policy for each strategy; a life that ends while it runs is taken on by it."""

    def __init__(self, host: Host, registry: Registry) -> None:
        self._host, self._registry = host, registry
        self._runs: dict[str, asyncio.Task[None]] = {}
        self._ended: dict[str, int] = {}

    def end(self, strategy: str, policy: ExitPolicy, epoch: int) -> None:
        """Deal with the orders of the strategy's lives up to `epoch`."""
        self._ended[strategy] = max(epoch, self._ended.get(strategy, 0))
        running = self._runs.get(strategy)
        if running is None or running.done():
            self._runs[strategy] = self._host.spawn(self._carry_out(strategy, policy))

    def when_done(self, strategy: str, then: Callable[[], None]) -> None:
        """Call `then` once no run is under way for the strategy: now, or at its end."""
        running = self._runs.get(strategy)
        if running is None or running.done():
            then()
        else:
            running.add_done_callback(lambda done: then())

    def all_done(self) -> bool:
        """True while no run is under way."""
        return all(run.done() for run in self._runs.values())

    def drop_all(self) -> None:
        """Leave every run where it is: it is not ours any more."""
        for run in self._runs.values():
            run.cancel()

    def is_done(self, strategy: str) -> bool:
        """True while no run is under way for the strategy."""
        running = self._runs.get(strategy)
        return running is None or running.done()

    async def look_for_owners_gone(self, all_synced: Callable[[], bool]) -> None:
        """At the floor's start: orders of strategies that were attached in its last life and have not come back."""
        host = self._host
        if not await wait_for(lambda: host.stopping or all_synced(), OWNERS_S) or host.stopping:
            host.log.warning("not every instance is synced; orders of strategies that are gone are left alone")
            return
        reply = await host.member.request("reconciler", GetOrders(), OWNERS_S)
        orders = reply.body.orders if isinstance(reply.body, OrderList) else ()
        policies = self._registry.remembered_policies()
        for strategy in {state.order.strategy for state in orders if not state.external}:
            entry = self._registry.entries.get(strategy)
            if strategy not in host.children and (entry is None or not entry.live):
                self.end(strategy, policies.get(strategy, ExitPolicy.CANCEL), host.epoch)

    async def _carry_out(self, strategy: str, policy: ExitPolicy) -> None:
        host = self._host
        run = ExitPolicyRun(host.member.request, self._executors, host.log)
        limit_s = STOP_LIMIT_S / 2 if host.stopping else LIMIT_S
        outcome = await run.carry_out(strategy, policy, lambda: self._ended[strategy], limit_s)
        if not outcome.done:
            left = ", ".join(outcome.left) or "not known"
            host.alert("EXIT_POLICY_INCOMPLETE", f"exit policy of {strategy} not confirmed; still open: {left}")

    def _executors(self) -> dict[str, str]:
        entries = self._registry.entries.values()
        return {entry.instance: entry.name for entry in entries if entry.kind == "execution"}
