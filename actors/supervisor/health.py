"""Looking after children: who has not registered, who is silent, what a command has announced."""

from __future__ import annotations

from actors.supervisor.child import Child
from actors.supervisor.children import Children
from actors.supervisor.host import Host

__all__ = ["HEALTH_S", "Health"]

HEALTH_S = 0.25
"""Between looks at everybody's health."""


class Health:
    """Looks at every child, again and again."""

    def __init__(self, host: Host, children: Children) -> None:
        self._host, self._children = host, children

    def look(self, now_s: float) -> None:
        """Find what is ready and what hangs."""
        for child in self._children.all():
            if not child.alive:
                continue
            if child.spec.command:
                self._look_at_command(child)
            else:
                self._look_at_actor(child, now_s)

    def _look_at_command(self, child: Child) -> None:
        if child.state == "STARTING" and child.announced():
            child.state = "READY"
            self._children.publish(child)

    def _look_at_actor(self, child: Child, now_s: float) -> None:
        starting = child.epoch == 0
        limit = child.spec.start_timeout_s if starting else child.spec.heartbeat_timeout_s
        if now_s - child.last_beat_s > limit and child.state != "KILLED":
            what = "did not register" if starting else "sent no heartbeat"
            self._host.log.error("killing a hung actor", actor=child.spec.name, what=what, limit_s=limit)
            child.state, child.reason = "KILLED", f"{what} for {limit:g} s"
            child.kill()
