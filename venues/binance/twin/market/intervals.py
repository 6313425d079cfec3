"""Candle intervals, ticker windows and time zones. Times are UNIX milliseconds, zones milliseconds east of UTC.

Source: Binance Spot API, rest-api, klines and ticker, 2026-07.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS = 1_000, 60_000, 3_600_000, 86_400_000
WEEK_MS = 7 * DAY_MS
MONTH = "1M"
INTERVALS_MS = {
    "1s": SECOND_MS,
    "1m": MINUTE_MS,
    "3m": 3 * MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "30m": 30 * MINUTE_MS,
    "1h": HOUR_MS,
    "2h": 2 * HOUR_MS,
    "4h": 4 * HOUR_MS,
    "6h": 6 * HOUR_MS,
    "8h": 8 * HOUR_MS,
    "12h": 12 * HOUR_MS,
    "1d": DAY_MS,
    "3d": 3 * DAY_MS,
    "1w": WEEK_MS,
    MONTH: 31 * DAY_MS,
}
"""The venue's intervals and the longest that a candle of each lasts: a month follows the calendar."""
MONDAY_MS = 4 * DAY_MS
"""The first Monday after the epoch, with which weeks begin."""
MIN_ZONE_MS, MAX_ZONE_MS = -12 * HOUR_MS, 14 * HOUR_MS
STREAM_ZONE = "+08:00"
"""The only zone that kline streams have beside UTC."""
WINDOWS_MS = (
    {f"{n}m": n * MINUTE_MS for n in range(1, 60)}
    | {f"{n}h": n * HOUR_MS for n in range(1, 24)}
    | {f"{n}d": n * DAY_MS for n in range(1, 8)}
)
"""The windows of GET /api/v3/ticker."""
STREAM_WINDOWS = ("1h", "4h", "1d")
_ZONE = re.compile(r"([+-]?)([0-9]{1,2})(?::([0-9]{2}))?")


def zone_ms(text: str) -> int | None:
    """A `timeZone` such as `-1:00`, `05:45` or `8`; None for what is none or lies outside of -12:00 to +14:00."""
    match = _ZONE.fullmatch(text)
    if match is None or int(match[3] or 0) > 59:
        return None
    found = int(match[2]) * HOUR_MS + int(match[3] or 0) * MINUTE_MS
    found = -found if match[1] == "-" else found
    return found if MIN_ZONE_MS <= found <= MAX_ZONE_MS else None


def start_of(interval: str, time_ms: int, zone: int = 0) -> int:
    """When the candle began that a time lies in."""
    local = time_ms + zone
    if interval == MONTH:
        return _month(local, 0) - zone
    length = INTERVALS_MS[interval]
    phase = MONDAY_MS if length == WEEK_MS else 0
    return local - (local - phase) % length - zone


def end_of(interval: str, start_ms: int, zone: int = 0) -> int:
    """When the next candle begins."""
    if interval == MONTH:
        return _month(start_ms + zone, 1) - zone
    return start_ms + INTERVALS_MS[interval]


def back(interval: str, start_ms: int, count: int, zone: int = 0) -> int:
    """When the candle began that lies `count` candles before one."""
    if interval == MONTH:
        return _month(start_ms + zone, -count) - zone
    return start_ms - count * INTERVALS_MS[interval]


def _month(local_ms: int, months: int) -> int:
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=local_ms)
    number = max(moment.year * 12 + moment.month - 1 + months, 1970 * 12)
    first = datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return int(first.timestamp()) * SECOND_MS
