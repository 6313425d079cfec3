"""How a process of ours ends, and what its supervisor makes of it."""

from __future__ import annotations

import signal
from enum import IntEnum

__all__ = ["ActorExit", "ExitCode", "how_it_ended"]


class ExitCode(IntEnum):
    """The exit codes of actors and commands."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    CONFIGURATION = 10
    BANNED = 11
    FENCED = 12
    TOO_SLOW = 13

    @property
    def meaning(self) -> str:
        """What happened, and what the supervisor does."""
        return _MEANINGS[self]


_MEANINGS = {
    ExitCode.DONE: "done: ended as asked; restarted only where it is permanent",
    ExitCode.FAILED: "failed: restarted at once, from the second time with back-off",
    ExitCode.USAGE: "the command line was wrong; nothing was started",
    ExitCode.CONFIGURATION: "configuration or credentials are wrong: never restarted, alerted",
    ExitCode.BANNED: "the venue has banned this address: alerted, restarted when the ban is over, as often as it takes",
    ExitCode.FENCED: "another copy has taken over, or the lease has lapsed: nothing more was sent; not restarted",
    ExitCode.TOO_SLOW: "could not keep up with its input: restarted with back-off, the first time too",
}


class ActorExit(Exception):
    """Raised in an actor to end its process with a code that tells its supervisor what to do.

    `until_ns`: when a ban ends, UNIX nanoseconds; 0 where the venue did not say.
    """

    def __init__(self, code: ExitCode, reason: str, until_ns: int = 0) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.until_ns = until_ns


def how_it_ended(code: int) -> str:
    """Say how a process ended that left this return code (negative: by that signal)."""
    if code < 0:
        try:
            return f"killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"killed by signal {-code}"
    if code in ExitCode._value2member_map_:
        return ExitCode(code).meaning.partition(":")[0]
    return f"ended with {code}"
