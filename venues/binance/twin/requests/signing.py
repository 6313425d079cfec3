"""Signed requests: what is signed, and when a timestamp is accepted.

Source: Binance Spot API, request-security, 2026-07. Since 2026-01-15 REST payloads are percent-encoded before they are
signed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from venues.binance.twin.errors import (
    ahead_of_time,
    illegal_characters,
    invalid_signature,
    mandatory,
    outside_window,
    too_great,
)

DEFAULT_WINDOW_MS = 5_000
MAX_WINDOW_MS = 60_000
AHEAD_US = 1_000_000
"""A timestamp may be up to one second ahead of the venue's clock."""
MICROSECONDS_FROM = 10**14
"""A timestamp at least this large is in microseconds; in milliseconds it would lie after the year 5000."""
_ENCODED = re.compile(rb"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*")
"""A query as RFC 3986 allows it: everything else is percent-encoded."""


def rest_payload(query: bytes, body: bytes) -> bytes:
    """What a REST request signs: raw query and raw body, joined by nothing, without the signature itself.

    Raises VenueError -1022 where something was not percent-encoded.
    """
    payload = _without_signature(query) + _without_signature(body)
    if _ENCODED.fullmatch(payload) is None:
        raise invalid_signature()
    return payload


def ws_payload(params: Mapping[str, Any]) -> bytes:
    """What a WebSocket API request signs: all parameters but the signature, sorted by name."""
    return "&".join(f"{key}={text(params[key])}" for key in sorted(params) if key != "signature").encode()


def text(value: Any) -> str:
    """A JSON value as it stands in a query string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def check_time(timestamp: str, window: str | None, now_us: int) -> None:
    """Raises VenueError -1021, -1100 or -1102 unless the request is of now.

    `timestamp` is in ms or us, `window` in ms with up to three decimals, `now_us` UNIX microseconds.
    """
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 20):
        raise (illegal_characters("timestamp", "^[0-9]{1,20}$") if timestamp else mandatory("timestamp"))
    sent_us = int(timestamp)
    if sent_us < MICROSECONDS_FROM:
        sent_us *= 1000
    window_us = DEFAULT_WINDOW_MS * 1000
    if window is not None:
        whole, _, decimals = window.partition(".")
        if not (whole.isascii() and whole.isdigit() and len(decimals) <= 3 and (not decimals or decimals.isdigit())):
            raise illegal_characters("recvWindow", r"^[0-9]{1,20}(\.[0-9]{1,3})?$")
        window_us = int(whole) * 1000 + int(decimals.ljust(3, "0") or 0)
        if window_us > MAX_WINDOW_MS * 1000:
            raise too_great("recvWindow", MAX_WINDOW_MS)
    if sent_us >= now_us + AHEAD_US:
        raise ahead_of_time()
    if now_us - sent_us > window_us:
        raise outside_window()


def _without_signature(part: bytes) -> bytes:
    return b"&".join(piece for piece in part.split(b"&") if not piece.startswith(b"signature="))
