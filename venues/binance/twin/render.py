"""How the venue writes things: eight-decimal strings, JSON bytes, milliseconds."""

from __future__ import annotations

from typing import Any

import msgspec

ATOM = 10**8
"""Atoms in one unit: the venue counts every asset with eight decimals."""
TIME_KEYS = frozenset(
    ("serverTime", "transactTime", "time", "timestamp", "updateTime", "workingTime", "closeTime", "openTime", "T")
)
"""Keys whose values are times, for answers in microseconds."""
KLINE_COLUMNS = 12
"""The one list that begins with a time: a candle, whose seventh value is the last moment before the next."""

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


def amount(atoms: int) -> str:
    """Atoms as a decimal string with eight places."""
    if atoms < 0:
        return "-" + amount(-atoms)
    whole, rest = divmod(atoms, ATOM)
    return f"{whole}.{rest:08d}"


def in_microseconds(body: Any) -> Any:
    """A REST or WebSocket API body with its millisecond times as microseconds.

    Source: Binance Spot API, rest-api, general information (X-MBX-TIME-UNIT), 2026-07.
    """
    if isinstance(body, dict):
        return {
            key: value * 1000 if key in TIME_KEYS and isinstance(value, int) else in_microseconds(value)
            for key, value in body.items()
        }
    if isinstance(body, list):
        if len(body) == KLINE_COLUMNS and isinstance(body[0], int):
            opens, *values = body
            return [opens * 1000, *values[:5], values[5] * 1000 + 999, *values[6:]]
        return [in_microseconds(item) for item in body]
    return body
