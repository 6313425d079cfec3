"""What goes into the engine and what comes out of it: orders, and events. Prices in ticks, sizes in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = [
    "Accepted",
    "Amended",
    "Canceled",
    "Event",
    "Expired",
    "Kind",
    "LevelChanged",
    "Order",
    "Prevented",
    "Prevention",
    "Reason",
    "Rejected",
    "Rested",
    "Side",
    "TimeInForce",
    "Traded",
]

Side = Literal["BUY", "SELL"]
Kind = Literal["LIMIT", "LIMIT_MAKER", "MARKET"]
TimeInForce = Literal["GTC", "IOC", "FOK"]
Prevention = Literal["NONE", "EXPIRE_MAKER", "EXPIRE_TAKER", "EXPIRE_BOTH", "DECREMENT"]
"""What happens where an order would trade with one of its own owner; the taker's word counts."""
Reason = Literal["IOC", "FOK", "LIQUIDITY", "STP"]


@dataclass(slots=True, eq=False)
class Order:
    """One order as the engine sees it; `owner` is opaque, `order_id` is given by `submit` where it is 0.

    `display` is how many steps an iceberg shows at a time, 0 for all; `shown` how many it shows now.
    """

    owner: str
    side: Side
    kind: Kind
    price: int = 0
    size: int = 0
    quote: int = 0
    time_in_force: TimeInForce = "GTC"
    order_id: int = 0
    filled: int = 0
    filled_quote: int = 0
    is_resting: bool = False
    display: int = 0
    prevention: Prevention = "NONE"
    prevented: int = 0
    prevented_quote: int = 0
    shown: int = 0

    @property
    def remaining(self) -> int:
        """Steps still to fill; 0 or less for an order by quote amount, whose budget is what remains."""
        return self.size - self.filled - self.prevented

    def takes(self, price: int) -> bool:
        """Whether its limit allows a price; a market order, which has none, is never asked."""
        return price <= self.price if self.side == "BUY" else price >= self.price

    def wanted(self, price: int) -> int:
        """Steps that it would take at a price: what remains, or what its budget covers."""
        if self.quote:
            return (self.quote - self.filled_quote - self.prevented_quote) // price
        return self.size - self.filled - self.prevented


class Accepted(NamedTuple):
    """The order got its place in time."""

    order: Order


class Rejected(NamedTuple):
    """A post-only order would have taken; nothing of it exists."""

    order: Order


class Rested(NamedTuple):
    """What is left of the order stands in the book."""

    order: Order


class Traded(NamedTuple):
    """One trade at the maker's price; the four totals are those right after it."""

    trade_id: int
    price: int
    size: int
    taker: Order
    maker: Order
    taker_filled: int
    taker_quote: int
    maker_filled: int
    maker_quote: int


class Prevented(NamedTuple):
    """Two orders of one owner did not trade: how many steps each side lost by that, at the maker's price."""

    prevented_id: int
    price: int
    taker: Order
    maker: Order
    taker_prevented: int
    maker_prevented: int


class Expired(NamedTuple):
    """The rest of an order is gone without a request: an immediate one's, or by self-trade prevention."""

    order: Order
    reason: Reason


class Canceled(NamedTuple):
    """The order left the book on request."""

    order: Order


class Amended(NamedTuple):
    """The order is smaller and kept its place; `old_size` is what it was."""

    order: Order
    old_size: int


class LevelChanged(NamedTuple):
    """A level's shown total after change `update_id`; 0 means that the level is gone."""

    side: Side
    price: int
    total: int
    update_id: int


Event = Accepted | Rejected | Rested | Traded | Prevented | Expired | Canceled | Amended | LevelChanged
