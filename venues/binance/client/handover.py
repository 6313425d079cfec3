"""One subscription on two connections, told once: the rule of every hand-over without a hole. Sans-I/O.

A fresh connection is subscribed while the old one lives, and tells everything from its acknowledgement on. The old one
is told to the reader as before; what the fresh one says is held. Where a message comes on both, the two are joined:
nothing is missing between them, whichever is ahead. Then the fresh one can take over: what is held and was not told by
the old one comes first. Servers may be apart by more than a round trip, so no answer to a request can prove as much.

A subscription that says nothing proves nothing, and nothing is missing from it: after `overlap_s` it may take over.
One whose fresh connection said what the old one never did in that time is doubtful: something may be missing, and the
reader must be told so. Messages are compared byte by byte.
"""

from __future__ import annotations

import random
from enum import Enum

__all__ = ["HELD_LIMIT", "LIFETIME_S", "LOOK_S", "OVERLAP_S", "Joined", "Overlap", "spread"]

LIFETIME_S = 23.5 * 3600
"""After which a connection is replaced; the venue ends it after 24 hours."""
LIFETIME_SPREAD = 0.02
"""Of the lifetime, up or down (half an hour): connections that were made together are not replaced together."""
OVERLAP_S = 5.0
"""How far apart two of the venue's servers may be. It does not say; its own slowest streams come every 2 s."""
LOOK_S = 0.05
"""Between looks whether a fresh connection may take over."""
HELD_LIMIT = 20_000
"""Messages kept of one subscription: many seconds of the busiest one. With more it is doubtful."""


class Joined(Enum):
    """How the two connections of a subscription stand."""

    NOT_YET = 1
    WHOLE = 2
    """The fresh one may take over."""
    DOUBTFUL = 3
    """Something may be missing between them."""


class Overlap:
    """Both connections' messages, from the moment that the fresh one is asked for. Times are seconds of one clock."""

    def __init__(self, overlap_s: float = OVERLAP_S) -> None:
        self._overlap_s = overlap_s
        self._told: dict[bytes, None] = {}
        """By the old one, and not yet said by the fresh one."""
        self._held: dict[bytes, None] = {}
        """By the fresh one, and not yet told by the old one."""
        self._is_joined = False
        self._acknowledged_s: float | None = None
        self._apart_since_s = 0.0

    def acknowledge(self, now_s: float) -> None:
        """The fresh connection's subscription stands."""
        self._acknowledged_s = self._apart_since_s = now_s

    def on_old(self, raw: bytes) -> None:
        """The old connection said it, and it was told."""
        if raw in self._held:
            self._is_joined = True
            self._told.clear()
            _drop_through(self._held, raw)
        else:
            self._told[raw] = None

    def on_fresh(self, raw: bytes, now_s: float) -> None:
        """The fresh connection said it: it is held."""
        if raw in self._told:
            self._is_joined = True
            self._held.clear()
            _drop_through(self._told, raw)
        else:
            if not self._held:
                self._apart_since_s = now_s
            self._held[raw] = None

    def verdict(self, now_s: float) -> Joined:
        """Say whether the fresh connection may take over."""
        if self._acknowledged_s is None:
            return Joined.NOT_YET
        if self._is_joined:
            return Joined.WHOLE
        if now_s - self._apart_since_s < self._overlap_s and len(self._held) < HELD_LIMIT:
            return Joined.NOT_YET
        return Joined.DOUBTFUL if self._held else Joined.WHOLE

    def take_over(self) -> list[bytes]:
        """Return what is to be told first; from now on `is_new` judges what the fresh connection says."""
        held, self._held = list(self._held), {}
        return held

    def is_new(self, raw: bytes) -> bool:
        """False for what the old connection, which was ahead, has told already."""
        if raw in self._told:
            _drop_through(self._told, raw)
            return False
        self._told.clear()  # what comes after it comes after all that the old one told
        return True

    @property
    def is_over(self) -> bool:
        """True once nothing that the fresh connection says can have been told."""
        return not self._told


def spread(lifetime_s: float) -> float:
    """Return one connection's lifetime."""
    return lifetime_s * random.uniform(1 - LIFETIME_SPREAD, 1 + LIFETIME_SPREAD)


def _drop_through(messages: dict[bytes, None], last: bytes) -> None:
    """Drop from the oldest on, `last` included."""
    while True:
        raw = next(iter(messages))
        del messages[raw]
        if raw == last:
            return
