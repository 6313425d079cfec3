"""What the cases need of a venue: how its floor is configured, how its market is moved, and its own truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from floors import Floor

from venues.capabilities import Capabilities

__all__ = ["DataFault", "Depth", "Resting", "VenueUnderTest"]


class DataFault(StrEnum):
    """What a venue's book stream may suffer, once."""

    LOST = "a delta is lost"
    REPEATED = "a delta comes twice"
    SWAPPED = "two deltas change places"
    OLD_SNAPSHOT = "a snapshot is older than the deltas"


class Depth(NamedTuple):
    """The venue's own book: its number, and levels as (price, size), best first."""

    seq: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]


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
    other: str
    """An instrument that nobody but a case reads."""
    base: str
    quote: str
    size: Decimal
    """What a case orders: well above the least notional, well below what is owned."""
    tick: Decimal
    """Between prices."""
    capabilities: Capabilities
    own_param: tuple[str, str]
    """Of a new order: a parameter that only this venue has, and a value of it."""
    bar_interval: str
    """The shortest, which closes while a case waits."""
    depth_levels: int
    past: tuple[str, str, str, int]
    """A range of the venue's past, of several pages: start, end, interval, rows."""
    before_all: tuple[str, str]
    """A range from before the instrument was there."""
    quiet_s: float
    """Longer than the venue's actor waits before it looks after a silent feed."""
    settings: str
    """The instance's table of the floor's configuration, with its twin, whose table comes last."""
    no_limit: str
    """Of the twin's table: lets an address spend more than all cases together do."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor

    @abstractmethod
    def forgive(self) -> None:
        """Forget how many orders were sent: cases send more in a while than the venue lets an account."""

    @abstractmethod
    def stand_still(self) -> None:
        """Let nobody act in the market but the case."""

    @abstractmethod
    def go_on(self) -> None:
        """Let others act in the market again."""

    @abstractmethod
    def depth(self, levels: int) -> Depth:
        """Return the venue's own book."""

    @abstractmethod
    def depth_until(self, price: Decimal) -> Decimal:
        """Return what stands between the touch and a price, that included: who takes it moves the market there."""

    @abstractmethod
    def received(self, client_order_id: str) -> dict[str, object]:
        """Return the parameters with which the venue received a new order."""

    @abstractmethod
    def hurt_book(self, fault: DataFault) -> None:
        """Let the book's stream suffer, once."""

    @abstractmethod
    def mute_streams(self) -> AbstractContextManager[None]:
        """Market data's sockets stay open and say nothing."""

    @abstractmethod
    def maintenance(self) -> AbstractContextManager[None]:
        """The venue is closed for everybody, and says so."""

    @abstractmethod
    def clock_off(self, seconds: float) -> AbstractContextManager[None]:
        """The venue's clock is ahead of the host's."""

    @abstractmethod
    def closed_market(self) -> AbstractContextManager[None]:
        """The instrument does not trade."""

    @abstractmethod
    def bad_key(self) -> AbstractContextManager[None]:
        """New orders meet the answer that a deleted key gets."""

    @abstractmethod
    def no_permission(self) -> AbstractContextManager[None]:
        """The account may not trade."""

    @abstractmethod
    def end_session(self) -> None:
        """The venue ends the account's private stream."""

    @abstractmethod
    def raise_least_notional(self, value: Decimal) -> None:
        """The venue changes a rule of the instrument."""

    @abstractmethod
    def subscriptions_of_other_trades(self) -> list[str]:
        """Return what the venue was told of the trades of `other`: "open" or "close", in order."""

    @abstractmethod
    def requests(self) -> int:
        """Return how many requests and connections the venue has seen."""

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
        """Return how often the venue was asked under the ban after everybody could know of it."""
