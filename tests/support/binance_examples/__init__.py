"""Example payloads of others, and what each must be read as: written out by hand, value by value.

The official connector's examples leave quoted decimals out where its documents have them; `Example.completed` puts
such values in. ``RARE`` is what the connector gives nearly every order, though no order has all of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from venues.binance.client import payloads
from venues.binance.client.payloads import CancelReplace, ExchangeInfo, Symbol, replace_part

__all__ = ["OBSERVED", "RARE", "Example", "merged", "read", "read_exchange_info", "read_replacement", "unread"]

RARE: dict[str, Any] = {
    "prevented_match_id": 0, "prevented_quantity": Decimal("1.200000"), "strategy_id": 1, "strategy_type": 1000000,
    "trailing_delta": 10, "trailing_time": -1, "used_sor": True, "working_floor": "SOR",
    "peg_price_type": "PRIMARY_PEG", "peg_offset_type": "PRICE_LEVEL", "peg_offset_value": 5,
    "pegged_price": Decimal("87523.83710000"), "expiry_reason": "INSUFFICIENT_LIQUIDITY",
}  # fmt: skip
OBSERVED = frozenset(payloads.market.__all__) | frozenset(payloads.streams.__all__)
"""Kinds with floats, which are decoded with ``strict=False``."""


@dataclass(frozen=True)
class Example:
    """An example: its kind (or what reads it), what it must be read as, and what was left out of it."""

    kind: Any
    expected: Any
    completed: Any = None


def merged(example: Any, completed: Any) -> Any:
    """Return the example with what was left out put in."""
    if isinstance(example, dict) and isinstance(completed, dict):
        both = {name: merged(example[name], value) if name in example else value for name, value in completed.items()}
        return {**example, **both}
    if isinstance(example, list) and isinstance(completed, list):
        pairs = zip(example, completed, strict=False)
        return [merged(one, other) for one, other in pairs] + completed[len(example) :]
    return example if completed is None else completed


def read(kind: Any, raw: bytes) -> Any:
    """Read a payload as the client does."""
    if isinstance(kind, type) or hasattr(kind, "__args__"):
        name = getattr(kind, "__args__", (kind,))[0].__name__
        return msgspec.json.decode(raw, type=kind, strict=name not in OBSERVED)
    reader: Callable[[bytes], Any] = kind
    return reader(raw)


def read_exchange_info(raw: bytes) -> tuple[ExchangeInfo, list[Symbol]]:
    """Return exchangeInfo without its raw symbols, and these."""
    info = msgspec.json.decode(raw, type=ExchangeInfo)
    symbols = [msgspec.json.decode(symbol, type=Symbol) for symbol in info.symbols]
    return msgspec.structs.replace(info, symbols=[]), symbols


def read_replacement(raw: bytes) -> tuple[Any, ...]:
    """Return a cancel-replace's two results and its two responses."""
    body = msgspec.json.decode(raw, type=CancelReplace)
    parts = (replace_part(body.cancel_response), replace_part(body.new_order_response))
    return (body.cancel_result, body.new_order_result, *parts)


def unread(given: Any, decoded: Any) -> set[str]:
    """Return the names in a payload that no struct has."""
    return _lacking(given, json.loads(msgspec.json.encode(decoded)))


def _lacking(given: Any, known: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(given, dict) and isinstance(known, dict):
        for name, value in given.items():
            found |= _lacking(value, known[name]) if name in known else {name}
    elif isinstance(given, list) and isinstance(known, list):
        for one, other in zip(given, known, strict=False):
            found |= _lacking(one, other)
    return found
