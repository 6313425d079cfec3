"""Order books, their integrity and their actor."""

from actors.book.actor import BookActor
from actors.book.kept import BookState, KeptBook, Outcome
from actors.book.ladder import Ladder
from actors.book.order_book import OrderBook

__all__ = ["BookActor", "BookState", "KeptBook", "Ladder", "OrderBook", "Outcome"]
