"""Strategies from processes that are nobody's children."""

from __future__ import annotations

from actors.supervisor.board import attached_state
from actors.supervisor.health import Pulse, pulse
from actors.supervisor.host import Host
from bus.messages import ActorState, DirectoryEntry, Register
from bus.security import KeyRing

__all__ = ["Attached", "AttachedStrategies"]

ATTACHED_LIMIT_S = 10.0
"""How long an attached strategy may be silent before its epoch is revoked (its `busy_limit_s`)."""


class Attached:
    """One life of one of them."""

    def __init__(self, registration: Register, entry: DirectoryEntry, since_ns: int, now_s: float) -> None:
        self.registration, self.entry = registration, entry
        self.since_ns, self.last_beat_s = since_ns, now_s
        self.state, self.reason = "READY", "attached"


class AttachedStrategies:
    """All that are on the floor, by name."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._by_name: dict[str, Attached] = {}

    def add(self, registration: Register, entry: DirectoryEntry) -> None:
        """Take one in, and remember what it wants done with its orders: the floor may not outlive it."""
        host = self._host
        host.registry.remember_policy(registration.name, registration.exit_policy)
        self._by_name[entry.name] = Attached(registration, entry, host.clock.time_ns(), host.loop.time())
        self._publish(self._by_name[entry.name])
        host.log.info("attached", actor=entry.name, pid=registration.pid, epoch=entry.epoch)

    def leave(self, name: str, epoch: int, reason: str) -> bool:
        """Let this life go, as it asked; False where there is none."""
        attached = self._by_name.get(name)
        if attached is None or attached.entry.epoch != epoch:
            return False
        self._drop(attached, reason)
        return True

    def beat(self, name: str) -> None:
        """It has been heard."""
        attached = self._by_name.get(name)
        if attached is not None:
            attached.last_beat_s = self._host.loop.time()
            self._show(attached, "READY", "attached")

    def look(self, now_s: float, late_s: float) -> None:
        """Show who is busy, and revoke the epoch of whoever has been silent for too long."""
        for attached in list(self._by_name.values()):
            attached.last_beat_s = min(now_s, attached.last_beat_s + late_s)
            silent_s = now_s - attached.last_beat_s
            found = pulse(silent_s, ATTACHED_LIMIT_S, True)
            if found is Pulse.HUNG:
                self._drop(attached, "fell silent")
            elif found is Pulse.BUSY and attached.state != "BUSY":
                self._show(attached, "BUSY", f"silent for {silent_s:.0f} s, given up after {ATTACHED_LIMIT_S:g}")

    def drop_strangers(self, ring: KeyRing) -> None:
        """Whose key is not let in any more speaks for nobody: its epoch is revoked at once."""
        for attached in list(self._by_name.values()):
            if not ring.role_of(attached.registration.key):
                self._drop(attached, "its key is not let in any more")

    def drop_all(self) -> None:
        """The floor stops."""
        for attached in list(self._by_name.values()):
            self._drop(attached, "the floor stops")

    def states(self) -> list[ActorState]:
        """Return them as they are shown."""
        return [_shown(attached) for attached in self._by_name.values()]

    def state_of(self, name: str) -> ActorState | None:
        """Return one of them as it is shown."""
        attached = self._by_name.get(name)
        return _shown(attached) if attached is not None else None

    def _show(self, attached: Attached, state: str, reason: str) -> None:
        if (attached.state, attached.reason) != (state, reason):
            attached.state, attached.reason = state, reason
            self._publish(attached)

    def _publish(self, attached: Attached) -> None:
        self._host.publish_actor(_shown(attached))

    def _drop(self, attached: Attached, reason: str) -> None:
        host, entry = self._host, attached.entry
        self._by_name.pop(entry.name, None)
        host.registry.revoke(entry.name, entry.epoch)
        host.push_directory()
        self._show(attached, "STOPPED", reason)
        host.log.info("detached", actor=entry.name, reason=reason)
        if entry.kind == "strategy":
            host.leavers.end(entry.name, attached.registration.exit_policy, entry.epoch)


def _shown(attached: Attached) -> ActorState:
    each = attached
    return attached_state(each.registration, each.entry, each.since_ns, each.state, each.reason)
