"""Accounts: what strategies hold by their fills, and what accounts hold by the venue's word. Exact Decimals."""

from __future__ import annotations

from decimal import Decimal

from bus.messages.base import Message
from bus.messages.identifiers import InstrumentId
from bus.messages.words import BalanceReason, MarginMode, PositionSide, Source

__all__ = [
    "AccountMargin",
    "Balance",
    "BalanceChange",
    "Position",
    "VenuePosition",
]


class Position(Message, frozen=True):
    """What a strategy holds of an instrument: the sum of its fills less fees taken in that asset.

    `size` is signed; `average_price` that of the open part; `realized` profit in the quote currency (the settlement
    currency of a future), before `fees`, which are by currency.
    """

    strategy: str
    instance: str
    instrument: InstrumentId
    size: Decimal = Decimal(0)
    average_price: Decimal = Decimal(0)
    realized: Decimal = Decimal(0)
    fees: dict[str, Decimal] = {}
    bought: Decimal = Decimal(0)
    sold: Decimal = Decimal(0)
    account: str = ""
    position_side: PositionSide = PositionSide.NET
    fills: int = 0
    ts_event: int = 0


class Balance(Message, frozen=True):
    """What an account holds of one asset, by the venue's word. `total` is `free` plus `locked`.

    `locked` backs orders and positions (Betfair: the exposure). `borrowed` is owed to the venue and counted in `total`.
    """

    instance: str
    asset: str
    free: Decimal
    locked: Decimal
    source: Source
    ts_event: int
    ts_init: int
    account: str = ""
    borrowed: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        """Free plus locked."""
        return self.free + self.locked


class BalanceChange(Message, frozen=True):
    """provisional: a balance changed by something else than a fill: funding, interest, a transfer.

    `amount` is signed. `change_id` is the venue's number, by which it counts once; `instrument` what it was paid for.
    """

    instance: str
    asset: str
    amount: Decimal
    kind: BalanceReason
    source: Source
    ts_event: int
    ts_init: int
    account: str = ""
    change_id: str = ""
    instrument: InstrumentId = ""


class AccountMargin(Message, frozen=True):
    """provisional: an account's means as its venue values them, in `currency`; None where it does not tell.

    `equity` is balances and unrealized profit; `initial` the margin that positions and orders bind, `maintenance` the
    equity below which the venue liquidates; `available` what is left for new risk.
    """

    instance: str
    currency: str
    equity: Decimal | None
    initial: Decimal | None
    maintenance: Decimal | None
    available: Decimal | None
    source: Source
    ts_event: int
    ts_init: int
    account: str = ""


class VenuePosition(Message, frozen=True):
    """provisional: what the venue says an account holds of an instrument: the truth that strategies add up to.

    `size` is signed, whatever the venue's sign is. None where the venue does not tell. `seq` orders the venue's
    messages.
    """

    instance: str
    instrument: InstrumentId
    size: Decimal
    source: Source
    ts_event: int
    ts_init: int
    account: str = ""
    position_side: PositionSide = PositionSide.NET
    average_price: Decimal | None = None
    unrealized: Decimal | None = None
    liquidation_price: Decimal | None = None
    leverage: Decimal | None = None
    margin_mode: MarginMode = MarginMode.UNKNOWN
    seq: int = 0
