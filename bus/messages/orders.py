"""Orders: what you owe, and so exact Decimals (strings on the wire).

An order has several names: `order_id` is ours and stable for life, `client_order_id` what one attempt at a venue
carries, `venue_order_id` the venue's. Its state is three fields: `status`, the venue's last definite word; `pending`,
what we asked and have no definite word about; and `uncertain_since_ns`, set while an outcome is unknown.
"""

from __future__ import annotations

from decimal import Decimal

from bus.messages.accounts import Position
from bus.messages.base import Message, check_decimals
from bus.messages.identifiers import InstrumentId
from bus.messages.terms import ModifyOrder, NewOrder
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
)

__all__ = [
    "ExecutionUpdate",
    "FeeBooked",
    "Fill",
    "FillCorrected",
    "FillVoided",
    "OrderEvent",
    "OrderState",
]


class OrderEvent(Message, frozen=True):
    """Something that happened to an order: the state machine's input, as the venue, the gate or we ourselves say it.

    Fields of the order (side to time_in_force, and position_side to post_only) are filled where the source tells them,
    so that an order nobody here remembers can be rebuilt. `filled` is the venue's cumulative size, a hint that fills
    may be missing and never a fill itself; `average_price` is theirs as the venue states it. `leaves` is the size still
    working: what is missing of `size` was neither filled nor left (canceled in part, lapsed, voided, prevented as a
    self-trade) and never will be. `expires_ns` is when the venue stops accepting the attempt. `venue_code` is the
    venue's own code for `code`: -2010, 110007, 201, INVALID_ODDS.

    `client_order_id` names the attempt that this is about, and the amounts are that attempt's own, as the venue tells
    them. `new_client_order_id` is the id of the attempt that takes its place: the one that is tried (MODIFY_PENDING),
    or that now works (UPDATED); empty where the order keeps its name. `change_id` names the change that this is about
    by the `new_client_order_id` that it was asked for with, whether or not the venue uses that. `list_id` is the name
    of the list that the order belongs to.

    Raises ValueError for an amount that is no finite number of a sane size.
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
    venue_code: str = ""
    leaves: Decimal | None = None
    average_price: Decimal | None = None
    position_side: PositionSide = PositionSide.NET
    trigger_price: Decimal | None = None
    quote_size: Decimal | None = None
    reduce_only: bool = False
    post_only: bool = False
    display_size: Decimal | None = None
    trailing_offset: Decimal | None = None
    trailing_offset_type: TrailingOffsetType = TrailingOffsetType.PRICE
    activation_price: Decimal | None = None
    list_id: str = ""
    contingency: ContingencyType = ContingencyType.NONE
    new_client_order_id: str = ""
    change_id: str = ""

    def __post_init__(self) -> None:
        check_decimals(
            size=self.size,
            price=self.price,
            filled=self.filled,
            leaves=self.leaves,
            average_price=self.average_price,
            trigger_price=self.trigger_price,
            quote_size=self.quote_size,
        )
        if self.display_size is None and self.trailing_offset is None and self.activation_price is None:
            return
        check_decimals(
            display_size=self.display_size,
            trailing_offset=self.trailing_offset,
            activation_price=self.activation_price,
        )


class Fill(Message, frozen=True):
    """One execution, counted once by (instance, account, instrument, trade_id, side).

    `trade_id` is the execution's first name for life: without IB's revision (the last segment of an execId), and made
    from bet id and cumulative size where the venue has none (Betfair). `fee` is None until known (IB sends commissions
    later); negative is a rebate. `kind` is a word of `FillKind`, TRADE for a plain one. `client_order_id` may be empty
    (Bybit's fast executions): then `venue_order_id` names the order. The fill of a spread's leg carries the leg's
    instrument.

    Raises ValueError for an amount that is no finite number of a sane size.
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

    def __post_init__(self) -> None:
        check_decimals(price=self.price, size=self.size, fee=self.fee)


class FeeBooked(Message, frozen=True):
    """provisional: the fee of an earlier fill became known. It replaces the fill's; negative is a rebate."""

    trade_id: str
    instance: str
    account: str
    instrument: InstrumentId
    fee: Decimal
    fee_currency: str
    ts_event: int
    ts_init: int
    side: Side = Side.UNKNOWN


class FillCorrected(Message, frozen=True):
    """provisional: the venue changed an earlier fill; `price` and `size` are the new ones, size 0 a bust.

    `revision` is the venue's count of versions (IB: 2 for an execId ending in ``.02``): a lower or equal one is old.
    """

    trade_id: str
    instance: str
    account: str
    instrument: InstrumentId
    price: Decimal
    size: Decimal
    ts_event: int
    ts_init: int
    side: Side = Side.UNKNOWN
    revision: int = 0


class FillVoided(Message, frozen=True):
    """provisional: the venue took fills back (Betfair, when a runner is withdrawn or a market voided).

    `size` is what this message takes back, `total` all that was ever taken back of the order, so that a repeated
    message is known by it. An empty `trade_id` means that the venue names no fill: the order's newest fills go first.
    """

    trade_id: str
    instance: str
    account: str
    instrument: InstrumentId
    size: Decimal
    reason: str
    ts_event: int
    ts_init: int
    side: Side = Side.UNKNOWN
    client_order_id: str = ""
    venue_order_id: str = ""
    total: Decimal | None = None


class OrderState(Message, frozen=True):
    """All that is known of an order, after `revision` changes.

    `filled` and `filled_value` (price times size, summed) count the fills that we have; `venue_filled` is the venue's
    own figure. `removed` is the size that the venue took out of the order without filling it. `external`: placed by
    others. `change` is what was asked for and has no definite answer yet. Where a change makes the venue cancel one
    attempt and begin another, `pending_client_order_id` is the name of the other until it is known which of the two
    works, and `carried` is the size that was filled under earlier attempts: the venue's figures of the present one are
    without it, ours with it. `change_id` names the newest change that was told of, under way or over: the client order
    id that it would give the order.
    """

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
    removed: Decimal = Decimal(0)
    venue_code: str = ""
    pending_client_order_id: str = ""
    carried: Decimal = Decimal(0)
    change: ModifyOrder | None = None
    change_id: str = ""

    @property
    def is_open(self) -> bool:
        """True while the venue may still do something with the order, as far as we know."""
        return not self.status.is_closed

    @property
    def is_unknown(self) -> bool:
        """True while an outcome that we asked for is unknown."""
        return self.uncertain_since_ns != 0

    @property
    def is_changing(self) -> bool:
        """True while a change of it is under way."""
        return self.change is not None or self.pending_client_order_id != "" or self.pending is Pending.MODIFY

    @property
    def names_at_work(self) -> tuple[str, ...]:
        """The client order ids under which the venue may be working on it: two while a change is under way."""
        present, tried = self.order.client_order_id, self.pending_client_order_id
        return (present,) if tried in ("", present) else (present, tried)

    @property
    def leaves(self) -> Decimal | None:
        """The size that the venue may still fill, as far as we know; None for an open order by quote size."""
        if self.status.is_closed:
            return Decimal(0)
        if self.order.size is None:
            return None
        return max(Decimal(0), self.order.size - max(self.filled, self.venue_filled) - self.removed)

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


class ExecutionUpdate(Message, frozen=True):
    """What changed in one step for a strategy: an order, perhaps by a fill, and then a position."""

    order: OrderState
    fill: Fill | None = None
    position: Position | None = None
