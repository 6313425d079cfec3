"""Looking after children: who has not registered, who is silent, what a command has announced.

A look that comes late forgives as much silence as it was itself late: the heartbeats of that time wait unread in our
socket.
"""

from __future__ import annotations

from enum import Enum

from actors.supervisor.child import Child
from actors.supervisor.children import Children
from actors.supervisor.host import Host
from actors.supervisor.shutdown import wait_for

__all__ = ["BUSY_S", "HEALTH_S", "Health", "Pulse", "pulse"]

HEALTH_S = 0.25
"""Between looks at everybody's health."""
BUSY_S = 3.0
"""A strategy that is silent for so long is shown BUSY: what would be hung for any other actor, and half its own limit
where that is shorter."""
POLICY_FIRST_S = 5.0
"""How long the exit policy of a hung strategy may run before the strategy is killed all the same. The kill is in no
hurry, for its epoch is revoked; its orders are."""


class Pulse(Enum):
    """What silence means."""

    WELL = "well"
    BUSY = "busy"
    HUNG = "hung"


def pulse(silent_s: float, limit_s: float, may_be_busy: bool) -> Pulse:
    """Judge somebody's silence; only strategies run code that may take its time."""
    if silent_s > limit_s:
        return Pulse.HUNG
    return Pulse.BUSY if may_be_busy and silent_s > min(BUSY_S, limit_s / 2) else Pulse.WELL


class Health:
    """Looks at every child, again and again."""

    def __init__(self, host: Host, children: Children) -> None:
        self._host, self._children = host, children
        self._last_s = 0.0

    def late_s(self, now_s: float) -> float:
        """Return how late this look is, which nobody else is to blame for; the next one counts from now."""
        last_s, self._last_s = self._last_s, now_s
        return max(0.0, now_s - last_s - HEALTH_S) if last_s else 0.0

    def look(self, now_s: float, late_s: float) -> None:
        """Find what is ready, what is busy and what hangs."""
        for child in self._children.all():
            if not child.alive:
                continue
            child.last_beat_s = min(now_s, child.last_beat_s + late_s)
            if child.spec.command:
                self._look_at_command(child)
            elif child.state != "KILLED":
                if reason := self._host.inquest.outgrown(child):
                    self._children.end_to_restart(child, reason)
                self._look_at_actor(child, now_s - child.last_beat_s)

    def _look_at_command(self, child: Child) -> None:
        if child.state == "STARTING" and child.announced():
            child.state = "READY"
            self._children.publish(child)

    def _look_at_actor(self, child: Child, silent_s: float) -> None:
        if child.epoch == 0:
            limit_s = child.spec.start_timeout_s
            if pulse(silent_s, limit_s, False) is Pulse.HUNG:
                self._give_up(child, "did not register", limit_s)
            return
        limit_s = child.spec.heartbeat_timeout_s
        found = pulse(silent_s, limit_s, child.spec.is_strategy)
        if found is Pulse.HUNG:
            self._give_up(child, "sent no heartbeat", limit_s)
        elif found is Pulse.BUSY and child.state not in ("BUSY", "RESTARTING"):
            child.state, child.reason = "BUSY", f"silent for {silent_s:.0f} s, given up after {limit_s:g}"
            self._host.log.warning("a strategy is busy", actor=child.spec.name, limit_s=limit_s)
            self._children.publish(child)

    def _give_up(self, child: Child, what: str, limit_s: float) -> None:
        self._host.log.error("killing a hung actor", actor=child.spec.name, what=what, limit_s=limit_s)
        child.state, child.reason = "KILLED", f"{what} for {limit_s:g} s"
        self._children.publish(child)
        if child.spec.is_strategy and child.epoch and self._children.revoke(child):
            self._host.spawn(self._kill_after_policy(child, child.pid))
        else:
            child.kill()

    async def _kill_after_policy(self, child: Child, pid: int) -> None:
        leavers, name = self._host.leavers, child.spec.name
        await wait_for(lambda: leavers.is_done(name) or child.pid != pid, POLICY_FIRST_S)
        if child.pid == pid:
            child.kill()
