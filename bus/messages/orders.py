"""Orders: what you owe, and so exact Decimals (strings on the wire).

An order has several names: `order_id` is ours and stable for life, `client_order_id` what one attempt at a venue
carries, `venue_order_id` the venue's. Its state is three fields: `status`, the venue's last definite word; `pending`,
what we asked and have no definite word about; and `uncertain_since_ns`, set while an outcome is unknown.
"""

from __future__ import annotations

from decimal import Decimal

from bus.messages.base import Message
from bus.messages.identifiers import InstrumentId
from bus.messages.words import (
    Code,
    ContingencyType,
    Liquidity,
    OrderEventKind,
    OrderStatus,
    OrderType,
    Pending,
    PositionSide,
    Side,
    Source,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
)

__all__ = [
    "Balance",
    "Cause",
    "ExecutionUpdate",
    "FeeBooked",
    "Fill",
    "FillCorrected",
    "FillVoided",
    "NewOrder",
    "OrderEvent",
    "OrderState",
    "Position",
]


class Cause(Message, frozen=True):
    """The message that made a strategy act."""

    topic: str
    epoch: int
    seq: int


class NewOrder(Message, frozen=True):
    """An order as its strategy asked for it.

    Exactly one of `size` (in the instrument's unit) and `quote_size` (an amount of the quote currency) is given.
    `cause`, `ts_tick`, `ts_decided`, `ts_gated` and `ts_written` let its way be drawn. `params` go to the venue as they are.
    """

    order_id: str
    client_order_id: str
    instance: str
    instrument: InstrumentId
    strategy: str
    side: Side
    type: OrderType
    size: Decimal | None = None
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    account: str = ""
    quote_size: Decimal | None = None
    post_only: bool = False
    reduce_only: bool = False
    display_size: Decimal | None = None
    expire_ns: int = 0
    trigger_price: Decimal | None = None
    trigger_type: TriggerType = TriggerType.DEFAULT
    trailing_offset: Decimal | None = None
    trailing_offset_type: TrailingOffsetType = TrailingOffsetType.PRICE
    limit_offset: Decimal | None = None
    activation_price: Decimal | None = None
    position_side: PositionSide = PositionSide.NET
    contingency: ContingencyType = ContingencyType.NONE
    list_id: str = ""
    linked_ids: tuple[str, ...] = ()
    parent_id: str = ""
    replaces: str = ""
    tag: str = ""
    params: dict[str, str] = {}
    cause: Cause | None = None
    ts_tick: int = 0
    ts_decided: int = 0
    ts_gated: int = 0
    ts_written: int = 0


class OrderEvent(Message, frozen=True):
    """Something that happened to an order: the state machine's input, as the venue, the gate or we ourselves say it.

    Fields of the order (side to time_in_force) are filled where the source tells them, so that an order nobody here
    remembers can be rebuilt. `filled` is the venue's cumulative size, a hint that fills may be missing and never a
    fill itself. `expires_ns` is when the venue stops accepting the attempt.
    """

    kind: OrderEventKind
    instance: str
    instrument: InstrumentId
    client_order_id: str
    source: Source
    ts_event: int
    ts_init: int
    order_id: str = ""
    venue_order_id: str = ""
    account: str = ""
    strategy: str = ""
    status: OrderStatus = OrderStatus.UNKNOWN
    side: Side = Side.UNKNOWN
    type: OrderType = OrderType.UNKNOWN
    size: Decimal | None = None
    price: Decimal | None = None
    time_in_force: TimeInForce = TimeInForce.UNKNOWN
    filled: Decimal | None = None
    code: Code = Code.NONE
    reason: str = ""
    expires_ns: int = 0
    ts_written: int = 0
    raw: bytes = b""


class Fill(Message, frozen=True):
    """One execution, counted once by (instance, account, instrument, trade_id, side).

    `fee` is None until known (IB sends commissions later); negative is a rebate. `kind` is TRADE for a plain one.
    """

    trade_id: str
    instance: str
    instrument: InstrumentId
    client_order_id: str
    venue_order_id: str
    side: Side
    price: Decimal
    size: Decimal
    fee: Decimal | None
    fee_currency: str
    liquidity: Liquidity
    source: Source
    ts_event: int
    ts_init: int
    order_id: str = ""
    strategy: str = ""
    account: str = ""
    position_side: PositionSide = PositionSide.NET
    kind: str = "TRADE"
    raw: bytes = b""


class FeeBooked(Message, frozen=True):
    """provisional: the fee of an earlier fill became known."""

    trade_id: str
    instance: str
    account: str
    instrument: InstrumentId
    fee: Decimal
    fee_currency: str
    ts_event: int
    ts_init: int


class FillCorrected(Message, frozen=True):
    """provisional: the venue changed an earlier fill."""

    trade_id: str
    instance: str
    account: str
    instrument: InstrumentId
    price: Decimal
    size: Decimal
    ts_event: int
    ts_init: int


class FillVoided(Message, frozen=True):
    """provisional: the venue took an earlier fill back (Betfair)."""

    trade_id: str
    instance: str
    account: str
    instrument: InstrumentId
    size: Decimal
    reason: str
    ts_event: int
    ts_init: int


class OrderState(Message, frozen=True):
    """All that is known of an order, after `revision` changes."""

    order: NewOrder
    status: OrderStatus = OrderStatus.INITIALIZED
    pending: Pending = Pending.SUBMIT
    uncertain_since_ns: int = 0
    venue_order_id: str = ""
    filled: Decimal = Decimal(0)
    filled_value: Decimal = Decimal(0)
    venue_filled: Decimal = Decimal(0)
    code: Code = Code.NONE
    reason: str = ""
    expires_ns: int = 0
    external: bool = False
    ts_accepted: int = 0
    ts_closed: int = 0
    ts_event: int = 0
    ts_init: int = 0
    revision: int = 0

    @property
    def is_open(self) -> bool:
        """True while the venue may still do something with the order, as far as we know."""
        return not self.status.is_closed

    @property
    def is_unknown(self) -> bool:
        """True while an outcome that we asked for is unknown."""
        return self.uncertain_since_ns != 0

    @property
    def average_price(self) -> Decimal | None:
        """The mean price of its fills."""
        return self.filled_value / self.filled if self.filled else None

    @property
    def label(self) -> str:
        """One word for people: UNKNOWN, PENDING_CANCEL, PENDING_MODIFY, or the status."""
        if self.is_unknown:
            return "UNKNOWN"
        if self.pending in (Pending.CANCEL, Pending.MODIFY):
            return f"PENDING_{self.pending}"
        return str(self.status)


class Position(Message, frozen=True):
    """What a strategy holds of an instrument: the sum of its fills less fees taken in that asset.

    `size` is signed; `average_price` that of the open part; `realized` profit in the quote currency, before `fees`.
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
    """What an account holds of one asset, by the venue's word. `total` is `free` plus `locked`."""

    instance: str
    asset: str
    free: Decimal
    locked: Decimal
    source: Source
    ts_event: int
    ts_init: int
    account: str = ""

    @property
    def total(self) -> Decimal:
        """Free plus locked."""
        return self.free + self.locked


class ExecutionUpdate(Message, frozen=True):
    """What changed in one step for a strategy: an order, perhaps by a fill, and then a position."""

    order: OrderState
    fill: Fill | None = None
    position: Position | None = None
