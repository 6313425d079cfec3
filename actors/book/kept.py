"""A book as its keeper believes it: what is told of it, judged by epoch and number. Sans-I/O."""

from __future__ import annotations

from enum import Enum, StrEnum

from actors.book.order_book import OrderBook
from bus.messages import BookDelta, BookSnapshot

__all__ = ["BookState", "KeptBook", "Outcome"]


class BookState(StrEnum):
    """What a reader may believe of a book."""

    SYNCING = "SYNCING"
    """It was asked for, and has not been whole yet."""
    LIVE = "LIVE"
    """It is whole, as of its `seq`."""
    STALE = "STALE"
    """It was whole; something was lost since, and it is not to be used."""


class Outcome(Enum):
    """What a message did. TOO_OLD: a snapshot that lacks what is known to have happened."""

    WHOLE = 1
    CHANGED = 2
    IGNORED = 3
    BROKE = 4
    TOO_OLD = 5


class KeptBook:
    """The one law: it is LIVE only while it is exactly the owner's book at `book.seq`, of the newest epoch heard of.

    The stream below keeps order and finds its own losses; this holds each message against the venue's numbers once
    more, so that it stays true whatever is lost, repeated, reordered or left over from an earlier life. A number that
    runs backwards is a gap: it is not known what else is wrong. After a gap that it found by itself it knows how far
    the venue is, and believes no snapshot from before that. `lose` ends that knowledge, for what was lost elsewhere
    may be a venue that numbers anew.
    """

    def __init__(self, instrument: str) -> None:
        self.book = OrderBook(instrument)
        self.epoch = 0
        self._heard = 0
        """The highest number heard of in this epoch since the last loss elsewhere."""
        self._was_whole = False

    @property
    def reason(self) -> str:
        """Why it is not to be believed; empty while it is LIVE."""
        return self.book.stale

    @property
    def is_live(self) -> bool:
        """True while it may be used."""
        return not self.book.stale

    @property
    def state(self) -> BookState:
        """What a reader may believe."""
        if self.is_live:
            return BookState.LIVE
        return BookState.STALE if self._was_whole else BookState.SYNCING

    def take(self, message: BookSnapshot | BookDelta, epoch: int) -> Outcome:
        """Judge the next message of a life of the owner's, and apply it where it holds."""
        if epoch < self.epoch:
            return Outcome.IGNORED
        was_live = self.is_live
        if epoch > self.epoch:
            self._heard = 0
            if self.epoch:
                self.book.mark_stale(f"its publisher restarted: epoch {epoch} after {self.epoch}")
            self.epoch = epoch
        if isinstance(message, BookSnapshot):
            return self._replace(message, was_live)
        self._heard = max(self._heard, message.seq)
        if self.book.apply(message):
            return Outcome.CHANGED
        return Outcome.BROKE if was_live else Outcome.IGNORED

    def lose(self, reason: str) -> bool:
        """Something was lost elsewhere. Return True where it was LIVE until now."""
        was_live = self.is_live
        self.book.mark_stale(reason)
        self._heard = 0
        return was_live

    def _replace(self, snapshot: BookSnapshot, was_live: bool) -> Outcome:
        if snapshot.seq < self._heard:
            return Outcome.IGNORED if self.is_live else Outcome.TOO_OLD
        self._heard = snapshot.seq
        self.book.replace(snapshot)
        if self.book.stale:
            return Outcome.BROKE
        self._was_whole = True
        return Outcome.CHANGED if was_live else Outcome.WHOLE
