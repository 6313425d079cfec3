"""Exponential back-off with full jitter, so that many clients of a venue that returns do not come at once."""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["HEALTHY_S", "Backoff"]

MIN_S, MAX_S = 0.1, 10.0
"""The first wait's ceiling and the longest one's: 30 attempts in 5 minutes, where the venue allows 300."""
HEALTHY_S = 5.0
"""A connection that lived this long ends the back-off; one that fails sooner is waited for longer each time."""


class Backoff:
    """The waits between attempts. `choose(a, b)` gives a number between them."""

    def __init__(self, choose: Callable[[float, float], float] = random.uniform) -> None:
        self._choose = choose
        self._failures = 0

    def next_s(self) -> float:
        """Return the seconds to wait after one more failure."""
        ceiling = min(MAX_S, MIN_S * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return self._choose(0.0, ceiling)

    def reset(self) -> None:
        """The attempt succeeded."""
        self._failures = 0
