"""The children's lives: started in order, restarted when they end, given up when they will not live."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable
from functools import partial

from actors.runtime.exit_codes import ExitCode, how_it_ended
from actors.supervisor.board import child_state
from actors.supervisor.child import Child
from actors.supervisor.host import Host
from actors.supervisor.restarts import Decision
from actors.supervisor.shutdown import wait_for
from actors.supervisor.spec import START_ORDER, ChildSpec
from bus.messages import Message, SetTradingState, TradingState

__all__ = ["Children"]

DEPENDENCY_S = 15.0
"""How long the start waits for an actor on which others depend, once; then they start all the same and wait by
themselves. One that was given up is not waited for."""
GATE_S = 0.5
"""Between tries of what the gate must be told."""


class Children:
    """All children of a floor, by name."""

    def __init__(self, host: Host, specs: Iterable[ChildSpec]) -> None:
        self._host = host
        self.by_name = {spec.name: Child(spec, self._on_exit) for spec in specs}

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __len__(self) -> int:
        return len(self.by_name)

    def get(self, name: str) -> Child | None:
        """Return the child of a name."""
        return self.by_name.get(name)

    def all(self) -> list[Child]:
        """Return every child, alive or not."""
        return list(self.by_name.values())

    def publish(self, child: Child) -> None:
        """Publish how a child is."""
        self._host.publish_actor(child_state(child))

    # the start

    async def start_all(self) -> None:
        """Start every child, what it depends on first."""
        waited_for: set[str] = set()
        for kind in START_ORDER:
            for child in [child for child in self.all() if child.spec.kind == kind]:
                fresh = set(child.spec.depends_on) - waited_for
                if not await wait_for(partial(self._are_up, fresh), DEPENDENCY_S):
                    waited_for |= {name for name in fresh if not self._is_up(name)}
                if self._host.stopping:
                    return
                self._start(child)

    def _are_up(self, names: set[str]) -> bool:
        return self._host.stopping or all(self._is_up(name) for name in names)

    def _is_up(self, name: str) -> bool:
        child = self.by_name.get(name)
        if child is None or not child.wanted:
            return True
        if child.spec.command:
            return child.alive and child.announced()
        return self._host.member.is_live(name) or self._host.registry.is_current(name, child.epoch)

    def _start(self, child: Child) -> None:
        host = self._host
        child.timer = None
        if host.stopping or child.alive or not child.wanted:
            return
        try:
            child.start(host.loop, host.log_file(child.spec.name))
        except OSError as error:  # no descriptors, no room on the disk: its trouble, and not the floor's
            host.log.error("cannot be started", actor=child.spec.name, why=error)
            child.note_file.unlink(missing_ok=True)  # what it says is of an earlier life, and has been heard
            self._on_exit(child, ExitCode.FAILED)
            return
        child.started_ns = host.clock.time_ns()
        host.log.info("started", actor=child.spec.name, pid=child.pid)
        self.publish(child)

    # an end

    def revoke(self, child: Child, epoch: int = 0) -> bool:
        """Take a child's epoch away, and have a strategy's exit policy carried out; False where it was gone before."""
        host, name = self._host, child.spec.name
        gone = host.registry.revoke(name, epoch)
        if gone is None:
            return False
        host.push_directory()
        if child.spec.is_strategy:
            host.leavers.end(name, child.spec.context.exit_policy, gone.epoch)
        return True

    def _on_exit(self, child: Child, code: int) -> None:
        host, name = self._host, child.spec.name
        if host.abdicated:
            child.state, child.reason = "STOPPED", ""
            return
        self.revoke(child)
        if host.stopping:
            child.state, child.reason = "STOPPED", ""
            self.publish(child)
            return
        asked = child.state == "RESTARTING" and not child.outgrown
        if child.state == "KILLED":  # one that thawed in time to find itself fenced was hung all the same
            code = -signal.SIGKILL
        now_s = host.loop.time()
        decision = Decision(0.0, "restarted by request") if asked else host.inquest.decide(child, code, now_s)
        words = how_it_ended(code)
        if decision.delay_s is None:
            child.state, child.reason = "FAILED" if decision.alert else "STOPPED", f"{words}; {decision.reason}"
            child.wanted = False
            host.log.error("ended, not restarted", actor=name, code=code, reason=child.reason)
            self._give_up(child)
        else:
            if decision.alert:
                host.alert("ACTOR_WAITS", f"{name}: {decision.reason}", child.spec.context.instance)
            child.restarts += 1
            child.state, child.reason = "BACKING_OFF", f"{words}; {decision.reason}"
            host.log.warning("ended", actor=name, how=words, restart_in_s=round(decision.delay_s, 2))
            child.timer = host.loop.call_later(decision.delay_s, self._restart, child)
        self.publish(child)

    def _restart(self, child: Child) -> None:
        # first its orders, then its next life
        self._host.leavers.when_done(child.spec.name, lambda: self._start(child))

    def _give_up(self, child: Child) -> None:
        if child.state != "FAILED":
            return
        host, instance = self._host, child.spec.context.instance
        host.alert("ACTOR_FAILED", f"{child.spec.name}: {child.reason}", instance)
        if child.spec.kind in ("market_data", "execution", "book"):
            halt = SetTradingState(f"instance/{instance}", TradingState.HALTED, f"{child.spec.name} failed for good")
            host.spawn(self._tell_gate(halt))

    async def _tell_gate(self, message: Message) -> None:
        """Tell the gate until it has it: it may be restarting."""
        while not self._host.stopping:
            if (await self._host.member.request("gate", message, GATE_S)).ok:
                return
            await asyncio.sleep(GATE_S)

    # by request

    def restart(self, child: Child) -> None:
        """Give a child a new life, whatever it has been through."""
        child.policy.forget()
        child.poison.forget()
        child.wanted = True
        if child.alive:
            self.end_to_restart(child, "restarted by request")
        else:
            if child.timer is not None:
                child.timer.cancel()
            self._restart(child)

    def end_to_restart(self, child: Child, reason: str) -> None:
        """End a child in order, and start it anew."""
        child.state, child.reason = "RESTARTING", reason
        child.signal(signal.SIGTERM)
        self._host.loop.call_later(child.spec.stop_timeout_s, _kill_if_same, child, child.pid)

    def forget_restarts(self) -> None:
        """Start nobody again: the floor ends."""
        for child in self.all():
            if child.timer is not None:
                child.timer.cancel()


def _kill_if_same(child: Child, pid: int) -> None:
    if child.pid == pid:
        child.kill()
