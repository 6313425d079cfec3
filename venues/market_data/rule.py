"""How a venue's snapshots and deltas are made one: the part of a book feed that each venue brings."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from bus.messages import BookDelta

__all__ = ["BookRule", "Step"]


class Step(Enum):
    """What to do with a delta."""

    HOLD = 1
    """Kept for the snapshot that was asked for."""
    APPLY = 2
    """It continues the book."""
    IGNORE = 3
    """The book has it already."""
    GAP = 4
    """Something is missing: the book is not to be trusted. The delta is kept; ask for a snapshot."""


class BookRule(Protocol):
    """Judges deltas and snapshots by their numbers. Sans-I/O; the book itself is its owner's."""

    @property
    def seq(self) -> int:
        """Where the book stands."""

    @property
    def is_whole(self) -> bool:
        """True while the book may be told as whole."""

    def start(self) -> None:
        """Begin anew: nothing is known."""

    def on_delta(self, delta: BookDelta) -> Step:
        """Judge the next delta of the stream."""

    def on_snapshot(self, seq: int) -> list[BookDelta] | None:
        """Return the kept deltas that apply to a snapshot, or None: it is of no use, ask for a newer one."""

    def settle(self) -> bool:
        """No delta came for a while after the snapshot: True when the book is whole by that."""
