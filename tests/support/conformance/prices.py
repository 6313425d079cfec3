"""Prices that cases order at, by the touch and the venue's tick."""

from __future__ import annotations

from decimal import Decimal

from conformance.venue import VenueUnderTest

__all__ = ["FAR", "between", "far"]

FAR = Decimal("0.97")
"""A buyer's price of this part of the bid rests, within what venues take."""


def far(price: Decimal, part: Decimal = FAR) -> Decimal:
    return (price * part).quantize(Decimal(1))


def between(venue: VenueUnderTest) -> Decimal:
    """Return a price where nothing stands, above the best bid and below the best ask."""
    bid, ask = venue.touch()
    return (bid + ask) / 2 // venue.tick * venue.tick
