"""What the legs of an order list must be to each other. Source: Binance Spot API, rest-api and errors, 2026-07."""

from __future__ import annotations

from itertools import pairwise

from venues.binance.twin.errors import VenueError, not_accepted, order_rejected
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.trading.list_state import Kind
from venues.binance.twin.trading.orders import NewOrder
from venues.twins.matching import Side

WRONG_PRICES = "The relationship of the prices for the orders is not correct."
NOT_IN_OCO = ("LIMIT", "MARKET")
MISPLACED: dict[Side, tuple[tuple[str, str, int, str], ...]] = {
    "BUY": (
        ("above", "LIMIT_MAKER", -1165, "A limit order in a buy OCO must be below."),
        ("below", "STOP_LOSS", -1196, "A stop loss order in a buy OCO must be above."),
        ("above", "TAKE_PROFIT", -1198, "A take profit order in a buy OCO must be below."),
    ),
    "SELL": (
        ("below", "LIMIT_MAKER", -1166, "A limit order in a sell OCO must be above."),
        ("above", "STOP_LOSS", -1197, "A stop loss order in a sell OCO must be below."),
        ("below", "TAKE_PROFIT", -1199, "A take profit order in a sell OCO must be above."),
    ),
}
"""Where a leg may not be, by the beginning of its type: one takes profit then, and the other stops loss."""


def check_offered(symbol: Symbol, kind: Kind) -> None:
    """Raises VenueError -1013 for a list that the symbol does not offer; an OPO needs OTO too."""
    offer = symbol.offer
    if kind.endswith("OCO") and not offer.has_oco:
        raise not_accepted("OCO orders are not supported for this symbol")
    if kind != "OCO" and not offer.has_oto:
        raise not_accepted("OTO orders are not supported for this symbol.")
    if kind.startswith("OPO") and not offer.has_opo:
        raise not_accepted("OPO orders are not supported for this symbol.")


def check_types(side: Side, above: str, below: str) -> None:
    """The types of an OCO's legs. Raises VenueError -1158 to -1199."""
    if above in NOT_IN_OCO or below in NOT_IN_OCO:
        raise VenueError(-1158, "Order type not supported in OCO.")
    if above == below == "LIMIT_MAKER":
        raise VenueError(-1168, "At least one OCO order must be contingent.")
    for place, beginning, code, text in MISPLACED[side]:
        if (above if place == "above" else below).startswith(beginning):
            raise VenueError(code, text)


def check_prices(above: NewOrder, below: NewOrder, last: int | None) -> None:
    """The prices of an OCO's legs lie on both sides of the last trade (ticks, None for legs that are not placed yet).

    A leg without a price of its own yet (trailing, pegged) is not looked at. Raises VenueError -2010.
    """
    high, low = level(above), level(below)
    bounds = (high, last, low)
    known = [price for price in bounds if price]
    if any(upper <= lower for upper, lower in pairwise(known)):
        raise order_rejected(WRONG_PRICES)


def check_paid(working: Side, pending: Side) -> None:
    """The sides of an OPO: it sells what it bought. Raises VenueError -1222 or -1223."""
    if working != "BUY":
        raise VenueError(-1222, "Working order in an OPO list must be a bid.")
    if pending != "SELL":
        raise VenueError(-1223, "Pending orders in an OPO list must be asks.")


def level(leg: NewOrder) -> int:
    """The price at which a leg of an OCO stands, in ticks; 0 when it has none yet."""
    return leg.price if leg.type in ("LIMIT_MAKER", "TAKE_PROFIT_LIMIT") else leg.stop_price
