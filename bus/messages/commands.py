"""Requests and what answers them. Who is asked stands in each docstring."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

from bus.messages.accounts import Balance, BalanceChange, Position, VenuePosition
from bus.messages.base import JournalNumber, Message, Query, check_decimals
from bus.messages.identifiers import InstrumentId
from bus.messages.orders import (
    ExecutionUpdate,
    FeeBooked,
    Fill,
    FillCorrected,
    FillVoided,
    NewOrder,
    OrderEvent,
    OrderState,
)
from bus.messages.words import MarginMode, OrderType, PositionSide, Side, TradingState

__all__ = [
    "Acknowledged",
    "CancelAll",
    "CancelOrder",
    "Empty",
    "EndStrategy",
    "ExecutionRange",
    "ExecutionState",
    "GetExecution",
    "GetIntents",
    "GetOrders",
    "GetPositions",
    "Intent",
    "IntentsAnswer",
    "ModifyOrder",
    "OrderList",
    "PositionsAnswer",
    "PrivateStream",
    "SetLeverage",
    "SetMarginMode",
    "SetPositionMode",
    "SetTradingState",
    "SubmitOrder",
    "SubmitOrderList",
    "TradingStates",
    "VenueBatch",
    "VenueEvent",
]


class Empty(Message, frozen=True):
    """Nothing: the body of an answer that is its status alone, and the state of a topic without one."""


class Acknowledged(Message, frozen=True):
    """Everything up to number `upto` is safe with the answerer."""

    upto: int


class SubmitOrder(Message, frozen=True):
    """To the gate, and from the gate to an execution actor: a new order."""

    order: NewOrder


class SubmitOrderList(Message, frozen=True):
    """As `SubmitOrder`, for orders that the venue must take together or not at all (OCO, OTO, bracket).

    Their `list_id`, `contingency`, `linked_ids` and `parent_id` say how they hang together; the first one works first.
    """

    orders: tuple[NewOrder, ...]


class ModifyOrder(Message, frozen=True):
    """To the gate, and from it to an execution actor: change a working order. None leaves a field as it is.

    `client_order_id` is that of the present attempt, `new_client_order_id` what a venue that can only cancel and
    replace is to give the new one. `side` and `type` are the order's own: Binance's futures want the side again, and
    venues keep conditional orders apart. `params` go to the venue as they are (Betfair's new persistence). `size` is
    the order's new total, whatever of it is filled. For the actor the gate adds the order as it stands before the
    change (`order`), what is known to be `filled` of it, and what of that was `carried` over from earlier attempts: a
    venue's figures of the present attempt are without it.

    Raises ValueError for an amount that is no finite number of a sane size.
    """

    order_id: str
    client_order_id: str
    venue_order_id: str
    instance: str
    instrument: InstrumentId
    strategy: str
    size: Decimal | None = None
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    account: str = ""
    new_client_order_id: str = ""
    side: Side = Side.UNKNOWN
    type: OrderType = OrderType.UNKNOWN
    params: dict[str, str] = {}
    order: NewOrder | None = None
    filled: Decimal = Decimal(0)
    carried: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        check_decimals(size=self.size, price=self.price, trigger_price=self.trigger_price)


class CancelOrder(Message, frozen=True):
    """To an execution actor: end an order. Needs no gate.

    `type` tells where a venue looks that keeps conditional orders apart (Binance's futures, Bybit Spot); UNKNOWN: look
    in both. An order that others placed has a `venue_order_id` alone.
    """

    client_order_id: str
    instance: str
    instrument: InstrumentId
    strategy: str
    order_id: str = ""
    venue_order_id: str = ""
    account: str = ""
    type: OrderType = OrderType.UNKNOWN


class CancelAll(Message, frozen=True):
    """To an execution actor: end all orders of `strategy` (empty: of everybody) on `instrument` (empty: on all).

    Carries what the caller knows to be open; where it names nothing, the actor asks the venue what is. `until_epoch`
    other than 0 spares the orders of a strategy's later lives. `account` empty: of all accounts.
    """

    instance: str
    strategy: str = ""
    instrument: InstrumentId = ""
    client_order_ids: tuple[tuple[InstrumentId, str], ...] = ()
    until_epoch: int = 0
    account: str = ""


class SetLeverage(Message, frozen=True):
    """provisional: to an execution actor. `position_side` where the two sides of hedge mode have their own (Bybit)."""

    instance: str
    instrument: InstrumentId
    leverage: Decimal
    position_side: PositionSide = PositionSide.NET
    account: str = ""


class SetMarginMode(Message, frozen=True):
    """provisional: to an execution actor: of one instrument, or where that is empty of the account (Bybit)."""

    instance: str
    mode: MarginMode
    instrument: InstrumentId = ""
    account: str = ""


class SetPositionMode(Message, frozen=True):
    """provisional: to an execution actor: two sides an instrument (`hedge`) or one, for all or for one of them."""

    instance: str
    hedge: bool
    instrument: InstrumentId = ""
    account: str = ""


class PrivateStream(Message, frozen=True):
    """From an execution actor, in order with its events: the venue's private stream came up or went down."""

    instance: str
    up: bool
    reason: str
    ts_init: int


VenueWord: TypeAlias = (
    OrderEvent | Fill | Balance | PrivateStream | FeeBooked | FillCorrected | FillVoided | BalanceChange | VenuePosition
)
"""What a venue tells. The last five do not flow yet; they stand here so that today's reader knows tomorrow's sender."""


class VenueEvent(Message, frozen=True):
    """One numbered event of an execution actor. Numbers start at 1 in each epoch and have no holes."""

    number: int
    event: (
        OrderEvent
        | Fill
        | Balance
        | PrivateStream
        | FeeBooked
        | FillCorrected
        | FillVoided
        | BalanceChange
        | VenuePosition
    )


class VenueBatch(Message, frozen=True):
    """From an execution actor to the reconciler: events in order; kept by the sender until acknowledged."""

    instance: str
    epoch: int
    events: tuple[VenueEvent, ...]


class Intent(Message, frozen=True):
    """An order that the gate passed (`denied` false) or refused, numbered by its journal.

    With a `change`, `order` is an earlier one as it is to be after that.
    """

    number: int
    order: NewOrder
    denied: bool
    event: OrderEvent | None
    ts_init: int
    change: ModifyOrder | None = None


class GetIntents(Query, frozen=True):
    """To the gate: the intents with numbers above `after`, at most a page of them, and of those `strategy`'s alone.

    Empty: everybody's.
    """

    after: JournalNumber
    strategy: str = ""


class IntentsAnswer(Message, frozen=True):
    """Intents in order. `last` is the newest number there is."""

    intents: tuple[Intent, ...]
    last: int
    oldest_ns: int = 0


class EndStrategy(Message, frozen=True):
    """From the supervisor to the gate: nothing of a strategy's lives up to `until_epoch` passes any more.

    Answered by `IntentsAnswer` without intents: what the gate has passed so far has numbers up to `last`.
    """

    strategy: str
    until_epoch: int


class SetTradingState(Message, frozen=True):
    """To the gate: `scope` is ``floor``, ``instance/NAME`` or ``strategy/NAME``."""

    scope: str
    state: TradingState
    reason: str = ""


class TradingStates(Message, frozen=True):
    """All scopes that are not ACTIVE, and why."""

    states: dict[str, TradingState] = {}
    reasons: dict[str, str] = {}


class GetExecution(Query, frozen=True):
    """To the reconciler: a strategy's updates after `after`, from the journal."""

    strategy: str
    after: JournalNumber


class ExecutionState(Message, frozen=True):
    """A strategy's whole state at join: open orders, positions, and its stream's number `seq`."""

    strategy: str
    seq: int
    orders: tuple[OrderState, ...] = ()
    positions: tuple[Position, ...] = ()


class ExecutionRange(Message, frozen=True):
    """Updates in order; the first has number `first`."""

    strategy: str
    first: int
    updates: tuple[ExecutionUpdate, ...] = ()


class GetOrders(Query, frozen=True):
    """To the reconciler: orders; empty fields match all."""

    strategy: str = ""
    instance: str = ""
    open_only: bool = True


class OrderList(Message, frozen=True):
    """Orders as the reconciler knows them, when it had taken the gate's intents up to number `last_intent`."""

    orders: tuple[OrderState, ...] = ()
    last_intent: int = 0


class GetPositions(Query, frozen=True):
    """To the reconciler: positions and balances; empty fields match all."""

    strategy: str = ""
    instance: str = ""


class PositionsAnswer(Message, frozen=True):
    """Positions by strategy and balances by instance."""

    positions: tuple[Position, ...] = ()
    balances: tuple[Balance, ...] = ()
