"""How a local book is made one with the venue's, and kept so. Sans-I/O.

The venue's rule (Binance Spot API, web-socket-streams, "How to manage a local order book correctly", 2026-07): buffer
deltas; take a snapshot; one that is older than the first buffered delta is useless; drop deltas that the snapshot
has; the first one applied must reach over the snapshot's end (``U <= lastUpdateId + 1 <= u``); from then on each must
begin where the last ended (``U == u + 1``), for ever.

A delta that reaches over a snapshot's end begins before it, so its ``prev_seq`` is not the snapshot's. Readers hold
every delta against the one before, strictly; so a book is told as whole only after such a first delta, or after
`settle`: when none came for longer than the venue gathers deltas, the next one begins right at the snapshot's end.

Numbers that run backwards are a gap too. A snapshot may be ahead of the stream, and what the stream then tells is
known already; but that ends soon, and each such delta is newer than the one before. Where it is not so the venue has
begun to number anew (after a restart of its own): to ignore what seems old would leave the book as it was, for ever.
"""

from __future__ import annotations

from bus.messages import BookDelta
from venues.market_data.rule import Step

__all__ = ["BUFFER_LIMIT", "CATCH_UP_LIMIT", "BookSync", "Step"]

BUFFER_LIMIT = 1200
"""Deltas that wait for a snapshot: two minutes at ten a second. A longer wait begins anew with the newest."""
CATCH_UP_LIMIT = 100
"""Deltas in a row that a snapshot has already: ten seconds at ten a second. A stream so far behind is not trusted."""


class BookSync:
    """Judges deltas and snapshots by their numbers; the book itself is its owner's.

    `start` when the stream is open (or was lost and is open again), then ask for a snapshot.
    """

    def __init__(self) -> None:
        self.seq = 0
        self._waits = True
        self._straddles = False
        self._buffer: list[BookDelta] = []
        self._heard = 0
        """Where the stream's newest delta ended, whatever became of it; 0 before the first one."""
        self._ignored = 0

    @property
    def is_whole(self) -> bool:
        """True while the book may be told as whole."""
        return not self._waits and not self._straddles

    def start(self) -> None:
        """Begin anew: nothing is known."""
        self._waits, self._straddles = True, False
        self._heard = self._ignored = 0
        self._buffer.clear()

    def on_delta(self, delta: BookDelta) -> Step:
        """Judge the next delta of the stream."""
        if self._waits:
            return self._hold(delta)
        if delta.seq <= self.seq:
            return self._judge_old(delta)
        reaches_over = self._straddles and delta.prev_seq < self.seq
        if delta.prev_seq == self.seq or reaches_over:
            self.seq = self._heard = delta.seq
            self._straddles, self._ignored = False, 0
            return Step.APPLY
        return self._gap(delta)

    def on_snapshot(self, seq: int) -> list[BookDelta] | None:
        """Judge a snapshot by its number: return the kept deltas that apply to it, or None: it is of no use.

        Then ask for a newer one; where none was waited for, it came too late to matter.
        """
        if not self._waits:
            return None
        rest = [delta for delta in self._buffer if delta.seq > seq]
        if rest and rest[0].prev_seq > seq:
            self._buffer = rest
            return None
        self._buffer = []
        self._waits = False
        self._straddles = not rest
        self._ignored = 0
        self.seq = rest[-1].seq if rest else seq
        return rest

    def settle(self) -> bool:
        """No delta came for a while after the snapshot: True when the book is whole by that."""
        self._straddles = False
        return not self._waits

    def _judge_old(self, delta: BookDelta) -> Step:
        """The book has these numbers already: a repetition, or the stream catches up with the snapshot."""
        self._ignored += 1
        if delta.seq < self._heard or self._ignored > CATCH_UP_LIMIT:
            return self._gap(delta)
        self._heard = delta.seq
        return Step.IGNORE

    def _gap(self, delta: BookDelta) -> Step:
        self.start()
        self._hold(delta)
        return Step.GAP

    def _hold(self, delta: BookDelta) -> Step:
        """Keep a delta for the snapshot. What cannot be joined to it, backwards too, is given up for it."""
        if self._buffer:
            if delta.seq == self._heard:
                return Step.IGNORE
            if delta.prev_seq != self._heard or len(self._buffer) >= BUFFER_LIMIT:
                self._buffer.clear()
        self._buffer.append(delta)
        self._heard = delta.seq
        return Step.HOLD
