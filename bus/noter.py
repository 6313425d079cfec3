"""The hook by which somebody hears of each message before and after its handler."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol

__all__ = ["REQUEST", "STREAM", "NoteKind", "Noter"]


class NoteKind(IntEnum):
    """What a message is to the one that handles it."""

    NOTHING = 0
    REQUEST = 1
    STREAM = 2


REQUEST, STREAM = int(NoteKind.REQUEST), int(NoteKind.STREAM)
"""The same as plain numbers: to look a member up costs a tenth of the whole note."""


class Noter(Protocol):
    """Told of each message as it came, on the hot path: it copies and leaves decoding and hashing to others."""

    def begin(self, kind: int, name: bytes, header: bytes, body: bytes) -> bool:
        """Hear what is about to be handled (`name`: the topic, empty for a request); False forbids to handle it."""

    def done(self) -> None:
        """Hear that the handler has returned. One that raised is never done."""
