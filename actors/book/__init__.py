"""Order books, their integrity and their actor."""

from actors.book.actor import BookActor
from actors.book.ladder import Ladder
from actors.book.order_book import OrderBook

__all__ = ["BookActor", "Ladder", "OrderBook"]
