"""When to start an ended child again. Pure: exits and times in, decisions out.

At once the first time (one that was too slow waits even then); from the second time on with exponential back-off and
full jitter; forgiven once the child has been healthy for a period. The exit code has the first word (see `ExitCode`).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

import msgspec

from actors.runtime import ExitCode
from actors.supervisor.spec import ChildSpec, Restart

__all__ = ["BAN_S", "Decision", "RestartPolicy"]

BAN_S = 120.0
"""After a ban whose end is not known: Binance's shortest; knocking earlier makes it longer. It counts as no failure of
the actor."""
BAN_MIN_S, BAN_MAX_S = 1.0, 72 * 3600.0
"""Between these a ban is waited out as the venue told: Binance's longest takes three days; a longer one is a mistake
that must not keep an actor away for ever."""

DOUBLINGS = 30
"""Delays double at most so often: every limit is reached long before."""


class Decision(msgspec.Struct, frozen=True):
    """What to do: restart after `delay_s`, or leave it (`delay_s` None) because of `reason`; `alert` a person."""

    delay_s: float | None
    reason: str
    alert: bool = False


class RestartPolicy:
    """One child's history of exits."""

    def __init__(self, spec: ChildSpec, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._spec = spec
        self._uniform = uniform
        self._exits: deque[float] = deque()

    def on_exit(self, code: int, now_s: float, ban_s: float | None = None) -> Decision:
        """Decide about a child that ended with `code` (negative: by that signal).

        `ban_s` is how long the venue's ban lasts from now on, None where nobody knows.
        """
        spec = self._spec
        if code == ExitCode.CONFIGURATION:
            return Decision(None, "configuration or credentials are wrong", alert=True)
        if code == ExitCode.FENCED:
            return Decision(None, "another copy has taken over", alert=True)
        if code == ExitCode.BANNED:
            wait_s = BAN_S if ban_s is None else min(max(ban_s, BAN_MIN_S), BAN_MAX_S)
            return Decision(wait_s, f"the venue has banned this address; trying again in {wait_s:.0f} s", alert=True)
        if spec.restart is Restart.TEMPORARY or (spec.restart is Restart.TRANSIENT and code == ExitCode.DONE):
            return Decision(
                None, "done" if code == ExitCode.DONE else f"ended with {code}", alert=code != ExitCode.DONE
            )
        while self._exits and now_s - self._exits[0] > spec.period_s:
            self._exits.popleft()
        self._exits.append(now_s)
        count = len(self._exits)
        if count > spec.intensity:
            return Decision(None, f"gave up after {count} exits in {spec.period_s:g} s", alert=True)
        if count == 1 and code != ExitCode.TOO_SLOW:
            return Decision(0.0, f"restarting after exit {code}")
        limit = min(spec.backoff_max_s, spec.backoff_min_s * 2 ** min(max(count - 2, 0), DOUBLINGS))
        return Decision(self._uniform(0.0, limit), f"restarting after exit {code}, {count} in {spec.period_s:g} s")

    def forget(self) -> None:
        """An operator asked for a fresh start."""
        self._exits.clear()
