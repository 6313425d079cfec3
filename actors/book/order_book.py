"""An L2 book that is right or says that it is not. Sans-I/O."""

from __future__ import annotations

from actors.book.ladder import Ladder
from bus.messages import BookDelta, BookSnapshot

__all__ = ["OrderBook"]


class OrderBook:
    """Kept from a snapshot and deltas in the venue's own numbering; continuity is checked for ever.

    `stale` says why it is not to be trusted, and is empty while it is whole.
    """

    def __init__(self, instrument: str) -> None:
        self.instrument = instrument
        self.bids = Ladder(descending=True)
        self.asks = Ladder(descending=False)
        self.seq = 0
        self.ts_event = 0
        self.stale = "no snapshot yet"

    def replace(self, snapshot: BookSnapshot) -> None:
        """Take a whole book; it ends staleness."""
        self.bids.replace(snapshot.bids)
        self.asks.replace(snapshot.asks)
        self.seq, self.ts_event = snapshot.seq, snapshot.ts_event
        self.stale = ""
        self._check_crossed()

    def apply(self, delta: BookDelta) -> bool:
        """Apply a change; False when the book is not to be trusted after it."""
        if self.stale:
            return False
        if delta.prev_seq != self.seq:
            self.stale = f"gap: at {self.seq}, next begins after {delta.prev_seq}"
            return False
        self.bids.apply(delta.bids)
        self.asks.apply(delta.asks)
        self.seq, self.ts_event = delta.seq, delta.ts_event
        self._check_crossed()
        return not self.stale

    def mark_stale(self, reason: str) -> None:
        """What was lost elsewhere makes this book stale too."""
        self.stale = self.stale or reason

    @property
    def mid(self) -> float | None:
        """The middle of the best prices, None where a side is empty."""
        bid, ask = self.bids.best_price, self.asks.best_price
        return None if bid is None or ask is None else (bid + ask) / 2

    def top(self, depth: int, ts_init: int) -> BookSnapshot:
        """Return the best `depth` levels (0: all) as a message."""
        bids, asks = self.bids.best(depth), self.asks.best(depth)
        return BookSnapshot(self.instrument, bids, asks, self.seq, self.ts_event, ts_init, depth)

    def _check_crossed(self) -> None:
        bid, ask = self.bids.best_price, self.asks.best_price
        if bid is not None and ask is not None and bid >= ask:
            self.stale = f"crossed: bid {bid} at or over ask {ask}"
