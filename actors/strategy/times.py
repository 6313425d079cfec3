"""How often and when, in a user's words, and calls that can be taken back."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

__all__ = ["Timer", "seconds_of"]

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
LOOK_AGAIN_S = 30.0
"""A moment is waited for in steps of at most this, for the host's clock may be set meanwhile."""


def seconds_of(text: float | str) -> float:
    """Return seconds of a number of them, or of text such as "500ms", "10s", "5m", "1h". Raises ValueError."""
    seconds = 0.0
    if isinstance(text, (int, float)):
        seconds = float(text)
    else:
        for unit, factor in _UNITS.items():
            number = text.removesuffix(unit)
            if number != text and number.replace(".", "", 1).isdecimal():
                seconds = float(number) * factor
                break
    if 0 < seconds < math.inf:
        return seconds
    raise ValueError(f"{text!r}: expected seconds above 0, or text such as '500ms', '10s', '5m', '1h'")


class Timer:
    """One call, due when `left_s` says that nothing is left. `cancel` takes it back; twice, and too late, are once."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, left_s: Callable[[], float], callback: Callable[[Timer], None]
    ) -> None:
        self.is_over = False
        """True once it was called or taken back."""
        self._loop, self._left_s, self._callback = loop, left_s, callback
        self._handle = self._wait()

    def cancel(self) -> None:
        """Take the call back."""
        self.is_over = True
        self._handle.cancel()

    def _wait(self) -> asyncio.TimerHandle:
        return self._loop.call_later(min(max(0.0, self._left_s()), LOOK_AGAIN_S), self._look)

    def _look(self) -> None:
        if self._left_s() > 0:
            self._handle = self._wait()
        else:
            self.is_over = True
            self._callback(self)
