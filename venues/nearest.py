"""What somebody may have meant who named an instrument that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from bus.messages import InstrumentId

__all__ = ["or_nearest"]

_SAME_START = 3
"""Characters that a near name begins with as well: so few are compared that a typo costs an actor's loop no time."""
_COMPARED = 50
_LONGEST = 64
"""Characters of a name that may have been meant as one."""
_NAMED = 3


def or_nearest(wanted: InstrumentId, known: Iterable[InstrumentId]) -> str:
    """Return "; did you mean A or B?" with the nearest of the known ids, empty where none is near.

    Case, and what stands between the currencies (BTC-USDT, btc/usdt), does not count.
    """
    if len(wanted) > _LONGEST:
        return ""
    plain = _plain(wanted)
    start = plain[:_SAME_START]
    near: dict[str, InstrumentId] = {}
    for each in known:
        if each.startswith(start):
            near[_plain(each)] = each
            if len(near) == _COMPARED:
                break
    found = [near[each] for each in get_close_matches(plain, near, _NAMED)]
    if found and _plain(found[0]) == plain:
        found = found[:1]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _plain(name: InstrumentId) -> str:
    symbol, dot, venue = name.rpartition(".")
    return "".join(filter(str.isalnum, symbol.upper())) + dot + venue
