"""The venue's clock: the host's, moved by as much as a test says.

Everything that the venue dates or counts by time asks it: timestamps, windows of limits, bans. How long a socket
lives and how often it is pinged does not hang on it.
"""

from __future__ import annotations

import time


class Clock:
    """UNIX microseconds of the venue."""

    def __init__(self) -> None:
        self.shift_us = 0

    def now_us(self) -> int:
        """UNIX microseconds."""
        return time.time_ns() // 1000 + self.shift_us

    @property
    def now_ms(self) -> int:
        """UNIX milliseconds."""
        return self.now_us() // 1000

    def move(self, ms: float) -> None:
        """Jump by so many milliseconds, back when negative."""
        self.shift_us += round(ms * 1000)

    def set(self, ms: float) -> None:
        """Jump to a UNIX time in milliseconds, and go on from there."""
        self.move(ms - self.now_us() / 1000)

    def reset(self) -> None:
        """Show the host's time again."""
        self.shift_us = 0
