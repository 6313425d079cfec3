"""What every message of the vocabulary is made from."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

import msgspec

__all__ = ["DECIMAL_DIGITS", "JournalNumber", "Message", "Query", "Unknown", "Unreadable", "check_decimals", "exact"]

DECIMAL_DIGITS = 24
"""Digits before or after the point that an amount may have (a token's 18 and room): more is an error or an attack."""


JournalNumber = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""A number that a journal is asked about: MessagePack has larger ones, SQLite has not and would raise in a handler."""


class Message(msgspec.Struct, frozen=True, array_like=True, tag=True, tag_field="message"):
    """A frozen struct that is ``[tag, field, ...]`` on the wire.

    A message evolves by appending fields with defaults; a field is never removed, renamed in meaning or moved.
    """

    is_query: ClassVar[bool] = False
    """True for a question: it changes nothing, so it may be asked again, given up halfway, and answered in parts."""


class Query(Message, frozen=True):
    """Base of the questions. A request that is none of them is a command: once begun, it is never cut in half."""

    is_query: ClassVar[bool] = True


class Unknown(msgspec.Struct, frozen=True):
    """A well-formed message whose tag this version does not know. Never sent, only received."""

    tag: str
    fields: tuple[object, ...]


class Unreadable(msgspec.Struct, frozen=True):
    """Bytes that are not a message, and why. Kept, counted and published; never raised past a boundary."""

    raw: bytes
    reason: str


def check_decimals(**values: Decimal | None) -> None:
    """Raise ValueError, naming it, for an amount that is NaN, infinite, or of over `DECIMAL_DIGITS` digits.

    Structs that hold amounts of others call it when they are made. A decoder makes of the error an `Unreadable`, so
    that nobody behind it can meet a Decimal whose comparison or multiplication raises.
    """
    for name, value in values.items():
        if value and not (value.is_finite() and -DECIMAL_DIGITS <= value.adjusted() <= DECIMAL_DIGITS):
            raise ValueError(f"{name} is {value}: expected a finite number of at most {DECIMAL_DIGITS} digits")


def exact(value: Decimal | None) -> str:
    """Return a Decimal as people write it: no exponent, no trailing zeros, no ``-0``, ``-`` for None."""
    if value is None:
        return "-"
    text = format(value, "f") if value else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text
