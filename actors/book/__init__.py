"""Order books, their integrity and their actor."""

from actors.book.actor import BookActor
from actors.book.kept import BookState, KeptBook, Outcome
from actors.book.ladder import Ladder
from actors.book.live import LiveBook, StaleBookError
from actors.book.order_book import OrderBook
from actors.book.own import OwnOrders

__all__ = [
    "BookActor",
    "BookState",
    "KeptBook",
    "Ladder",
    "LiveBook",
    "OrderBook",
    "Outcome",
    "OwnOrders",
    "StaleBookError",
]
