"""How a local book is made one with the venue's, and kept so. Sans-I/O.

The venue's rule (Binance Spot API, web-socket-streams, "How to manage a local order book correctly", 2026-07): buffer
deltas; take a snapshot; one that is older than the first buffered delta is useless; drop deltas that the snapshot
has; the first one applied must reach over the snapshot's end (``U <= lastUpdateId + 1 <= u``); from then on each must
begin where the last ended (``U == u + 1``), for ever.

A delta that reaches over a snapshot's end begins before it, so its ``prev_seq`` is not the snapshot's. Readers hold
every delta against the one before, strictly; so a book is told as whole only after such a first delta, or after
`settle`: when none came for longer than the venue gathers deltas, the next one begins right at the snapshot's end.
"""

from __future__ import annotations

from enum import Enum

from bus.messages import BookDelta

__all__ = ["BUFFER_LIMIT", "BookSync", "Step"]

BUFFER_LIMIT = 1200
"""Deltas that wait for a snapshot: two minutes at ten a second. A longer wait begins anew with the newest."""


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


class BookSync:
    """Judges deltas and snapshots by their numbers; the book itself is its owner's.

    `start` when the stream is open (or was lost and is open again), then ask for a snapshot.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._waits = True
        self._straddles = False
        self._buffer: list[BookDelta] = []

    @property
    def is_whole(self) -> bool:
        """True while the book may be told as whole."""
        return not self._waits and not self._straddles

    def start(self) -> None:
        """Begin anew: nothing is known."""
        self._waits, self._straddles = True, False
        self._buffer.clear()

    def on_delta(self, delta: BookDelta) -> Step:
        """Judge the next delta of the stream."""
        if self._waits:
            return self._hold(delta)
        if delta.seq <= self.seq:
            return Step.IGNORE
        reaches_over = self._straddles and delta.prev_seq < self.seq
        if delta.prev_seq == self.seq or reaches_over:
            self.seq, self._straddles = delta.seq, False
            return Step.APPLY
        self.start()
        self._buffer.append(delta)
        return Step.GAP

    def on_snapshot(self, seq: int) -> list[BookDelta] | None:
        """Judge a snapshot by its number: return the kept deltas that apply to it, or None: ask for a newer one."""
        rest = [delta for delta in self._buffer if delta.seq > seq]
        if rest and rest[0].prev_seq > seq:
            self._buffer = rest
            return None
        self._buffer = []
        self._waits = False
        self._straddles = not rest
        self.seq = rest[-1].seq if rest else seq
        return rest

    def settle(self) -> bool:
        """No delta came for a while after the snapshot: True when the book is whole by that."""
        self._straddles = False
        return not self._waits

    def _hold(self, delta: BookDelta) -> Step:
        if self._buffer:
            last = self._buffer[-1].seq
            if delta.seq <= last:
                return Step.IGNORE
            if delta.prev_seq != last or len(self._buffer) >= BUFFER_LIMIT:
                self._buffer.clear()  # what came before cannot be joined to what comes now
        self._buffer.append(delta)
        return Step.HOLD
