"""What a page of history lacks, in words: bars that are not there, numbers that were left out, time that is to come.

Pure. A venue closes for maintenance, lists an instrument late and delists it, and forgets what is old. None of that is
an error of the page, and all of it is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

from bus.messages import Bar, Trade
from bus.moments import moment_text

__all__ = ["joined", "missing_bars", "missing_numbers", "not_yet"]

GAPS_TOLD = 3
"""Of one page, so that an answer stays short; the others are counted."""
_S = 1_000_000_000
_UNITS = {"SECOND": _S, "MINUTE": 60 * _S, "HOUR": 3600 * _S, "DAY": 86_400 * _S, "WEEK": 7 * 86_400 * _S}
_MONDAY = 4 * 86_400 * _S
"""The first Monday after the epoch, with which weeks begin."""


def missing_bars(bars: Sequence[Bar], interval: str, start_ns: int, end_ns: int, now_ns: int, is_last: bool) -> str:
    """Say which bars a page lacks that open from `start_ns` on and before `end_ns`, and are closed by `now_ns`.

    Only the last page is held against `end_ns`; a `start_ns` of 0 asks for what there is.
    """
    spans: list[tuple[int, int]] = []
    if bars:
        first = bars[0].ts_open
        earliest = _earliest(first, interval, start_ns) if start_ns else first
        if earliest < first:
            spans.append((earliest, first))
        spans += [(one.ts_close, two.ts_open) for one, two in pairwise(bars) if one.ts_close < two.ts_open]
        at = bars[-1].ts_close
    else:
        at = _first_from(start_ns, interval)
    if is_last and at < end_ns and _closes(at, interval) <= now_ns:
        spans.append((at, min(end_ns, now_ns)))
    return _told([f"no bars from {moment_text(one)} to {moment_text(two)}" for one, two in spans])


def missing_numbers(rows: Sequence[Trade], expected: int | None) -> str:
    """Say which numbers a page leaves out; `expected` is its first, None where that is not known."""
    spans: list[tuple[int, int]] = []
    for row in rows:
        number = int(row.trade_id)
        if expected is not None and number > expected:
            spans.append((expected, number - 1))
        expected = number + 1
    return _told([f"the venue leaves out {_numbers(one, two)}" for one, two in spans])


def not_yet(start_ns: int, end_ns: int, now_ns: int) -> str:
    """Say that the end of the range is to come, where it is."""
    if end_ns <= now_ns:
        return ""
    return f"from {moment_text(max(start_ns, now_ns))} to {moment_text(end_ns)}: that is to come"


def joined(*texts: str) -> str:
    """Put together what is missing."""
    return "; ".join(text for text in texts if text)


def _numbers(one: int, two: int) -> str:
    return f"number {one}" if one == two else f"numbers {one} to {two}"


def _told(gaps: list[str]) -> str:
    more = len(gaps) - GAPS_TOLD
    return joined(*gaps[:GAPS_TOLD], f"and {more} gaps more" if more > 0 else "")


def _length(interval: str) -> tuple[int, int]:
    """(nanoseconds, 0), or (0, months)."""
    number, unit, _ = interval.split("-")
    return (0, int(number)) if unit == "MONTH" else (int(number) * _UNITS[unit], 0)


def _closes(opened: int, interval: str) -> int:
    length, months = _length(interval)
    return opened + length if length else _month(opened, months)


def _earliest(opened: int, interval: str, start_ns: int) -> int:
    """When the first bar would have opened from a time on, counted back from one that did."""
    length, months = _length(interval)
    if length:
        return opened - max(0, opened - start_ns) // length * length
    while (before := _month(opened, -months)) >= start_ns:
        opened = before
    return opened


def _first_from(start_ns: int, interval: str) -> int:
    """When the first bar opens from a time on, counted from the epoch; weeks begin on Mondays."""
    length, months = _length(interval)
    if months:
        this = _month(start_ns, 0)
        return this if this == start_ns else _month(start_ns, 1)
    phase = _MONDAY if interval.startswith("1-WEEK") else 0
    return start_ns + -(start_ns - phase) % length


def _month(at_ns: int, months: int) -> int:
    moment = datetime.fromtimestamp(at_ns // _S, UTC)
    number = moment.year * 12 + moment.month - 1 + months
    return int(datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp()) * _S
