"""Which refusals a person is told of: the counters have them all."""

from __future__ import annotations

__all__ = ["REFUSALS_EACH", "REFUSALS_KEPT", "REFUSAL_TOLD_S", "Refusals"]

REFUSAL_TOLD_S = 60.0
"""The same refusal is told once in so long."""
REFUSALS_EACH = 3
"""Different ones that are told of the same peer within that: a peer chooses what it asks for, and so what is told."""
REFUSALS_KEPT = 20
"""Of all peers: a floor shows its newest 100 alerts, and refusals must not push the others out."""


class Refusals:
    """What was told lately. Pure."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, str], float] = {}

    def is_news(self, who: str, what: str, now_s: float) -> bool:
        """True where this refusal is to be told, which counts as done."""
        self._told = {pair: at for pair, at in self._told.items() if now_s - at < REFUSAL_TOLD_S}
        if (who, what) in self._told or len(self._told) >= REFUSALS_KEPT:
            return False
        if sum(one == who for one, _ in self._told) >= REFUSALS_EACH:
            return False
        self._told[(who, what)] = now_s
        return True
