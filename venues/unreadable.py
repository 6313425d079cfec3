"""What bytes cost that are not the message they should be: one error, which every reader of foreign bytes catches."""

from __future__ import annotations

import msgspec

__all__ = ["NOT_READABLE"]

NOT_READABLE = (msgspec.DecodeError, ValueError, RecursionError, ArithmeticError)
"""What reading foreign JSON raises: no JSON, or not of this shape (`DecodeError`); no UTF-8, or an amount that nobody
can compute with (`ValueError`); nested deeper than the decoder goes (`RecursionError`, which is no `DecodeError`); a
number that no message holds or nobody can compute with (`ArithmeticError`)."""
