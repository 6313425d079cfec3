"""Why a child ended, and which one has to end: its note, its ban and its memory are looked at here.

A child whose resident memory comes near its limit is ended in order and started anew, before its own limit ends it in
the midst of something.
"""

from __future__ import annotations

from actors.runtime import ExitCode
from actors.runtime.exit_codes import how_it_ended
from actors.supervisor.child import Child, rss_bytes
from actors.supervisor.host import Host
from actors.supervisor.quarantine import quarantine
from actors.supervisor.restarts import Decision

__all__ = ["SOFT_FRACTION", "Inquest"]

SOFT_FRACTION = 0.8
"""Of its limit that a process may keep resident: what is left lets it end in order and hand over what it holds."""


class Inquest:
    """Looks at children's ends and at their memory."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def decide(self, child: Child, code: int, now_s: float) -> Decision:
        """Hear of an end that nobody asked for. Poison is quarantined, a ban waited out as long as the note says."""
        host, noted = self._host, child.note()
        if child.poison.on_exit(code, noted, now_s):
            folder = host.state_path("quarantine")
            page = quarantine(folder, child.spec.name, noted, how_it_ended(code), host.clock.time_ns())
            text = f"{child.spec.name}: one message ended it twice in a row and is refused from now on: {page}"
            host.alert("POISON", text, child.spec.context.instance)
        ban_s = (noted.until_ns - host.clock.time_ns()) / 1e9 if noted.until_ns else None
        return child.policy.on_exit(ExitCode.FAILED if child.outgrown else code, now_s, ban_s)

    def outgrown(self, child: Child) -> str:
        """Return why a child is to be ended for its memory, empty where it is not; a person is told."""
        limit_mb = child.spec.memory_limit_mb
        if limit_mb <= 0 or child.spec.command or child.state in ("RESTARTING", "KILLED"):
            return ""
        resident = rss_bytes(child.pid)
        if resident <= SOFT_FRACTION * (limit_mb << 20):
            return ""
        reason = f"it holds {resident >> 20} MB of the {limit_mb} MB that it may, and is started anew"
        child.outgrown = True
        self._host.alert("MEMORY", f"{child.spec.name}: {reason}", child.spec.context.instance)
        return reason
