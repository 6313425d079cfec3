"""The acceptance cases' parts: the venues under test, the puppet that orders, and the expected table."""

from conformance.binance_spot import BinanceSpot
from conformance.venue import DataFault, VenueUnderTest

__all__ = ["VENUES", "DataFault", "VenueUnderTest"]

VENUES: tuple[type[VenueUnderTest], ...] = (BinanceSpot,)
"""A later venue adds its file beside `binance_spot`, and a word here."""
