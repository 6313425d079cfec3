"""The intervals of the venue's bars, by its names and by ours. Source: Binance Spot API, enums, 2026-07."""

from __future__ import annotations

import re

__all__ = ["INTERVALS", "interval_of", "venue_interval"]

_UNITS = {"s": "SECOND", "m": "MINUTE", "h": "HOUR", "d": "DAY", "w": "WEEK", "M": "MONTH"}
_LETTERS = {unit: letter for letter, unit in _UNITS.items()}
_VENUE_INTERVALS = ("1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M")
_INTERVALS = {venue: f"{venue[:-1]}-{_UNITS[venue[-1]]}-LAST" for venue in _VENUE_INTERVALS}
INTERVALS = tuple(_INTERVALS.values())
"""Our names of the venue's intervals, the shortest first."""
_OURS = re.compile(r"(\d+)-([A-Z]+)-LAST")


def interval_of(venue: str) -> str:
    """Return our name of one of the venue's intervals: 15m is 15-MINUTE-LAST. Raises ValueError for none of them."""
    if venue not in _INTERVALS:
        raise ValueError(f"the venue has no interval {venue!r}")
    return _INTERVALS[venue]


def venue_interval(interval: str) -> str:
    """Return the venue's name of an interval. Raises ValueError for one that it does not have."""
    found = _OURS.fullmatch(interval)
    venue = f"{found[1]}{_LETTERS.get(found[2], '')}" if found else ""
    if venue not in _VENUE_INTERVALS:
        raise ValueError(f"interval {interval!r}: the venue has {', '.join(sorted(_INTERVALS.values()))}")
    return venue
