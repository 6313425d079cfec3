"""What every message of the vocabulary is made from."""

from __future__ import annotations

from decimal import Decimal

import msgspec

__all__ = ["Message", "Unknown", "Unreadable", "exact"]


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True, tag_field="message"):
    """A frozen struct that is ``[tag, field, ...]`` on the wire.

    A message evolves by appending fields with defaults; a field is never removed, renamed in meaning or moved.
    """


class Unknown(msgspec.Struct, frozen=True):
    """A well-formed message whose tag this version does not know. Never sent, only received."""

    tag: str
    fields: tuple[object, ...]


class Unreadable(msgspec.Struct, frozen=True):
    """Bytes that are not a message, and why. Kept, counted and published; never raised past a boundary."""

    raw: bytes
    reason: str


def exact(value: Decimal | None) -> str:
    """Return a Decimal as people write it: no exponent, no trailing zeros, ``-`` for None."""
    if value is None:
        return "-"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
