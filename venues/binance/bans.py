"""How an actor ends that the venue has banned: with the time until which it must not knock again."""

from __future__ import annotations

import re

from actors.runtime import ActorExit, ExitCode
from venues.binance.client.errors import Banned

__all__ = ["ban_ends_ns", "banned_exit"]

_UNTIL_MS = re.compile(r"banned until (\d{13})\b")
"""The venue's text of -1003: "IP banned until 1700000000000", UNIX milliseconds of its own clock."""


def ban_ends_ns(error: Banned, now_ns: int) -> int:
    """Return when a ban ends, UNIX nanoseconds; 0 where the venue did not say.

    What ``Retry-After`` says is a duration, so no difference of clocks is in it: it goes before the time in the text.
    """
    if error.retry_after_s > 0:
        return now_ns + int(error.retry_after_s * 1e9)
    found = _UNTIL_MS.search(error.text)
    return int(found[1]) * 1_000_000 if found else 0


def banned_exit(instance: str, error: Banned, now_ns: int) -> ActorExit:
    """Return the end of an actor whose address is banned."""
    return ActorExit(ExitCode.BANNED, f"{instance}: {error}", ban_ends_ns(error, now_ns))
