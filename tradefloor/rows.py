"""Messages as tables: a pandas DataFrame where pandas is installed, else a list of dicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, TypeAlias

import msgspec

__all__ = ["Table", "table_of"]

Table: TypeAlias = Any
"""A `pandas.DataFrame`, or ``list[dict[str, Any]]``; the columns are the fields, exact numbers stay Decimals."""


def table_of(messages: Iterable[msgspec.Struct]) -> Table:
    """Return the table. A message within a message gives its fields to the same row; raw records are left out."""
    rows = [_row(message) for message in messages]
    try:
        import pandas  # type: ignore[import-untyped]
    except ImportError:
        return rows
    return pandas.DataFrame(rows)


def _row(message: msgspec.Struct) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in message.__struct_fields__:
        value = getattr(message, name)
        if isinstance(value, msgspec.Struct):
            row = {**_row(value), **row}
        elif not isinstance(value, bytes):
            row[name] = _plain(value)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return value
