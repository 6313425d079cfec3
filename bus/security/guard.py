"""Judges what comes in by the key that it came under, counts what it refuses and says so."""

from __future__ import annotations

from collections.abc import Callable

from bus.codec import RequestHeader
from bus.messages import Message, Refused
from bus.security.keys import KeyRing
from bus.security.roles import may_read, refusal_of

__all__ = ["Guard"]


class Guard:
    """One process's doorkeeper.

    `refused` is told of each refusal: who, by role, and what was not allowed. All strangers are one: a new key costs
    nothing.
    """

    def __init__(self, ring: KeyRing, refused: Callable[[str, str], None]) -> None:
        self.ring = ring
        self.counters = {"strangers": 0, "refused_commands": 0, "refused_reads": 0}
        self._refused = refused

    def refusal(self, key: str, header: RequestHeader, message: Message) -> Refused | None:
        """Return why this request is not allowed, None where it is."""
        role = self.ring.role_of(key)
        refusal = refusal_of(role, header.caller, message)
        if refusal is not None:
            self.counters["refused_commands"] += 1
            self._refused(role or "a stranger", refusal.reason)
        return refusal

    def may_read(self, key: str, topic: str) -> bool:
        """True where this subscription to a private topic or prefix is granted."""
        role = self.ring.role_of(key)
        granted = may_read(role, topic)
        if not granted:
            self.counters["refused_reads"] += 1
            self._refused(role or "a stranger", f"may not read {topic!r}")
        return granted

    def on_stranger(self, key: str, address: str) -> None:
        """A connection was not let in."""
        self.counters["strangers"] += 1
        self._refused("a stranger", f"{key or 'a peer without a key'} is not on the floor's list, from {address}")
