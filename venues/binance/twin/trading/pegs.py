"""Pegged orders: limit orders whose price is taken from the book when they enter it.

Source: Binance Spot API, faqs/pegged_orders, 2026-07.
"""

from __future__ import annotations

from dataclasses import dataclass

from venues.binance.twin.errors import VenueError, bad_combination, not_accepted, too_great
from venues.binance.twin.requests.params import Params
from venues.twins.matching import MatchingEngine, Side

NAMES = ("pegPriceType", "pegOffsetValue", "pegOffsetType")
MAX_OFFSET = 100
PEGGABLE = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


@dataclass(frozen=True, slots=True)
class Peg:
    """Which price: `price_type` PRIMARY_PEG is the order's own side, MARKET_PEG the other; `offset` levels deeper."""

    price_type: str
    offset: int | None = None

    def price(self, engine: MatchingEngine, side: Side) -> int | None:
        """The price in ticks as the book is now, None when it has no such level."""
        is_own_side = self.price_type == "PRIMARY_PEG"
        book_side: Side = side if is_own_side else ("SELL" if side == "BUY" else "BUY")
        level = self.offset or 0
        levels = engine.depth(book_side, level + 1)
        return levels[level][0] if len(levels) > level else None


def parse(params: Params, order_type: str, time_in_force: str) -> Peg | None:
    """The peg of a new order. Raises VenueError -1013, -1102, -1128, -1210 or -1211."""
    price_type = params.choice(
        "pegPriceType", ("PRIMARY_PEG", "MARKET_PEG"), VenueError(-1210, "Invalid pegPriceType.")
    )
    offset_type = params.choice("pegOffsetType", ("PRICE_LEVEL",), VenueError(-1211, "Invalid pegOffsetType."))
    offset = params.integer("pegOffsetValue")
    if (offset_type is None) != (offset is None):
        raise VenueError(-1128, "Fields [pegOffsetType, pegOffsetValue] must be sent together or omitted entirely.")
    if price_type is None:
        if offset is not None:
            raise bad_combination()
        return None
    if order_type not in PEGGABLE:
        raise not_accepted("This order type may not use pegged price.")
    if offset is not None and offset > MAX_OFFSET:
        raise too_great("pegOffsetValue", MAX_OFFSET)
    is_primary = price_type == "PRIMARY_PEG"
    if (order_type == "LIMIT" and is_primary and time_in_force != "GTC") or (
        order_type == "LIMIT_MAKER" and not is_primary
    ):
        raise not_accepted("This price peg cannot be used with this order type.")
    return Peg(price_type, offset)
