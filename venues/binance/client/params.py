"""How a parameter's value is written: exactly, or not at all.

Decimals are written digit by digit, and a float is refused, for what it prints is not always what was meant. None is
left out. Source: Binance Spot API, request-security and rest-api (general information), 2026-07.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import TypeAlias
from urllib.parse import quote

__all__ = ["Param", "Params", "form", "json_values", "text_of"]

Param: TypeAlias = str | int | bool | Decimal | Enum | Sequence[str] | None
Params: TypeAlias = Mapping[str, Param]
"""By the venue's own names."""


def text_of(name: str, value: Param) -> str:
    """Return a value as REST writes it, before percent-encoding.

    Raises TypeError for what has no exact form, a float above all, and ValueError for a decimal that is no number.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{name} is {value}; expected a number")
        return format(value, "f")
    if isinstance(value, (list, tuple)) and all(isinstance(each, str) for each in value):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    expected = "a Decimal or a str, which say exactly what is sent" if isinstance(value, float) else "text or a number"
    raise TypeError(f"{name} is a {type(value).__name__} ({value!r}); expected {expected}")


def form(params: Params) -> str:
    """Return ``name=value&...``, percent-encoded, in the order given: what REST signs and sends."""
    return "&".join(
        [f"{name}={quote(text_of(name, value), safe='')}" for name, value in params.items() if value is not None]
    )


def json_values(params: Params) -> dict[str, str | int | bool | list[str]]:
    """Return the parameters of a WebSocket API request: decimals as text, all else as JSON has it.

    Raises as `text_of`.
    """
    found: dict[str, str | int | bool | list[str]] = {}
    for name, value in params.items():
        if isinstance(value, (str, int)) and not isinstance(value, Enum):
            found[name] = value
        elif isinstance(value, (list, tuple)):
            text_of(name, value)
            found[name] = list(value)
        elif value is not None:
            found[name] = text_of(name, value)
    return found
