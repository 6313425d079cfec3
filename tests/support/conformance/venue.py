"""What the cases need of a venue: how its floor is configured, how its market is moved, and its own truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import NamedTuple

from floors import Floor

from venues.capabilities import Capabilities

__all__ = ["Resting", "VenueUnderTest"]


class Resting(NamedTuple):
    """An open order as the venue has it, sizes in the instrument's units; no price: it has none."""

    side: str
    price: Decimal | None
    size: Decimal
    filled: Decimal


class VenueUnderTest(ABC):
    """One account type of one adapter at its twin. Prices are the quote currency's, sizes the base's."""

    name: str
    instance: str
    instrument: str
    base: str
    quote: str
    size: Decimal
    """What a case orders: well above the least notional, well below what is owned."""
    capabilities: Capabilities
    settings: str
    """The instance's table of the floor's configuration, with its twin."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    @abstractmethod
    def stand_still(self) -> None:
        """Let nobody act in the market but the case."""

    @abstractmethod
    def touch(self) -> tuple[Decimal, Decimal]:
        """Return the best bid and ask."""

    @abstractmethod
    def offer(self, side: str, size: Decimal, price: Decimal) -> None:
        """Place an order of a stranger, which takes what it crosses and rests with what is left."""

    @abstractmethod
    def open_orders(self) -> dict[str, Resting]:
        """Return the account's open orders by client order id."""

    @abstractmethod
    def balances(self) -> dict[str, tuple[Decimal, Decimal]]:
        """Return what the account has of each asset that is not zero: free, locked."""

    @abstractmethod
    def orders_received(self) -> list[str]:
        """Return the client order id of each order that was ever sent to the venue, in order."""

    # limits

    @abstractmethod
    def lower_limit(self, room: int) -> int:
        """Lower what an address may spend in a window, so that `room` is left for downloads; return it."""

    @abstractmethod
    def refuse_once(self, retry_after_s: float) -> None:
        """Answer the next request for the past as one too many, and tell how long to wait."""

    @abstractmethod
    def ban(self, for_s: float) -> None:
        """Ban the address."""

    @abstractmethod
    def restore_limits(self) -> None:
        """Undo all that, and forget what was spent."""

    @abstractmethod
    def refusals(self) -> int:
        """Return how many requests were answered as too many, or under a ban."""

    @abstractmethod
    def asked_while_banned(self) -> int:
        """Return how many requests came under the last ban."""
