"""A book as its reader holds it: always current, and of no use while it is not to be believed. Sans-I/O."""

from __future__ import annotations

from actors.book.kept import BookState
from actors.book.own import OwnOrders
from bus.messages import BookSnapshot, Levels, Side

__all__ = ["LiveBook", "StaleBookError"]


class StaleBookError(Exception):
    """Somebody wanted a price of a book that is SYNCING or STALE; the message says which, and why."""


class LiveBook:
    """**It gives no price that is not to be believed**: while it is not LIVE, every look at its levels raises.

    `state` and `reason` may be read at any time, and so may `last`, the newest book that came, however old it is.
    """

    def __init__(self, instance: str, instrument: str) -> None:
        self.instrument = instrument
        self.state = BookState.SYNCING
        self.reason = "no book yet"
        self.last: BookSnapshot | None = None
        self.own_orders = OwnOrders(instance, instrument)

    @property
    def is_stale(self) -> bool:
        """True while it must not be used: SYNCING or STALE."""
        return self.state is not BookState.LIVE

    @property
    def snapshot(self) -> BookSnapshot:
        """The book. Raises StaleBookError."""
        if self.last is None or self.state is not BookState.LIVE:
            raise StaleBookError(f"the book of {self.instrument} is {self.state}: {self.reason}")
        return self.last

    @property
    def bids(self) -> Levels:
        """(price, size) pairs, best first. Raises StaleBookError."""
        return self.snapshot.bids

    @property
    def asks(self) -> Levels:
        """(price, size) pairs, best first. Raises StaleBookError."""
        return self.snapshot.asks

    @property
    def best_bid(self) -> float:
        """The highest bid. Raises StaleBookError, and IndexError where there is none."""
        return self.snapshot.best_bid

    @property
    def best_ask(self) -> float:
        """The lowest ask. Raises StaleBookError, and IndexError where there is none."""
        return self.snapshot.best_ask

    def imbalance(self, levels: int = 1) -> float:
        """See `BookSnapshot.imbalance`. Raises StaleBookError."""
        return self.snapshot.imbalance(levels)

    @property
    def mid(self) -> float:
        """The middle of the best prices. Raises StaleBookError, and IndexError where a side is empty."""
        return self.snapshot.mid

    def age_s(self, now_ns: int) -> float:
        """Return how long ago the book actor made it, in seconds. Raises StaleBookError."""
        return (now_ns - self.snapshot.ts_init) / 1e9

    def own(self, side: Side, price: float) -> float:
        """Return how much of the size at a price is our own; 0 where nothing is."""
        return self.own_orders.size(side, price)

    def without_own(self) -> BookSnapshot:
        """Return the book as it would be without our own orders. Raises StaleBookError."""
        return self.own_orders.net(self.snapshot)

    def take(self, book: BookSnapshot) -> None:
        """A book came as fresh."""
        self.last, self.state, self.reason = book, BookState.LIVE, ""

    def lose(self, reason: str) -> None:
        """It is not to be believed until the next one comes."""
        if self.last is not None:
            self.state = BookState.STALE
        self.reason = reason
