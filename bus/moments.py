"""Moments as people write them, and UNIX nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime

__all__ = ["EXPECTED", "moment_ns", "moment_text"]

EXPECTED = "ISO 8601 (2026-01-31, 2026-01-31T09:30:00Z) or UNIX nanoseconds"
LEAST_NS = 10**17
"""1973: a smaller number is seconds, milliseconds or microseconds, and would quietly mean the first days of 1970."""
END_NS = 2**63
"""2262: the end of what 64 bits hold."""
_LONGEST = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?\d+")
_DATE_DIGITS = 8
"""20260131 is a date in ISO's basic form."""
_TOO_FINE = re.compile(r"[.,]\d{7,}")


def moment_ns(moment: int | str | datetime) -> int:
    """Return UNIX nanoseconds. What names no offset is UTC; 0 is the beginning of time.

    Raises ValueError that says what was expected.
    """
    if isinstance(moment, int):
        if moment == 0 or LEAST_NS <= moment < END_NS:
            return moment
        raise ValueError(f"{_short(moment)} is no UNIX nanosecond of these years (19 digits); expected {EXPECTED}")
    if isinstance(moment, datetime):
        return _of_datetime(moment)
    text = moment.strip()
    if _NUMBER.fullmatch(text) and len(text) != _DATE_DIGITS:
        return moment_ns(int(text) if len(text) <= _LONGEST else END_NS)
    if _TOO_FINE.search(text):
        raise ValueError(f"{_short(moment)!r} is finer than a microsecond; expected UNIX nanoseconds for that")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        told = "" if "isoformat" in str(error) else f" ({error})"
        raise ValueError(f"{_short(moment)!r} is no moment{told}; expected {EXPECTED}") from None
    return _of_datetime(found)


def _of_datetime(moment: datetime) -> int:
    since = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - _EPOCH
    at_ns = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1_000
    if not 0 <= at_ns < END_NS:
        raise ValueError(f"{moment.isoformat()} is before 1970 or after 2262; expected {EXPECTED}")
    return at_ns


def _short(moment: int | str) -> str:
    text = str(moment)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def moment_text(at_ns: int) -> str:
    """Return a moment in ISO 8601, UTC, as fine as it needs to be: 2026-01-31T09:30:00Z, 2026-01-31T09:30:00.25Z."""
    seconds, rest = divmod(at_ns, 1_000_000_000)
    try:
        text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{at_ns} ns"
    return text + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"
