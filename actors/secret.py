"""A string that no log, no repr and no message can show."""

from __future__ import annotations

__all__ = ["Secret"]


class Secret(str):
    """A string that never shows itself: its repr and its format are ``***``. Use `reveal` to sign with it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def reveal(self) -> str:
        """Return the plain string."""
        return str.__str__(self)
