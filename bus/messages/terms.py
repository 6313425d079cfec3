"""What is asked of a venue: an order, and a change of one that works. Exact Decimals (strings on the wire)."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from bus.messages.base import Message, check_decimals
from bus.messages.identifiers import InstrumentId
from bus.messages.words import (
    ContingencyType,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    TrailingOffsetType,
    TriggerType,
)

__all__ = ["Cause", "ModifyOrder", "NewOrder"]


class Cause(Message, frozen=True):
    """The message that made a strategy act."""

    topic: str
    epoch: int
    seq: int


_NO_AMOUNTS = (None,) * 5


class NewOrder(Message, frozen=True):
    """An order as its strategy asked for it.

    Exactly one of `size` (in the instrument's unit) and `quote_size` (an amount of the quote currency) is given.
    `expire_ns` belongs to GTD. `trailing_offset` and `limit_offset` are in `trailing_offset_type`, `limit_offset` from
    the trigger to the limit. `list_id` groups the orders of a `contingency`, `linked_ids` are their order ids,
    `parent_id` the order that must fill first. `params` go to the venue as they are (self-trade prevention, Betfair's
    persistence, IB's conditions). `cause`, `ts_tick`, `ts_decided`, `ts_gated` and `ts_written` let its way be drawn.

    Raises ValueError for an amount that is no finite number of a sane size.
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

    def __post_init__(self) -> None:
        check_decimals(size=self.size, price=self.price)
        rare = (self.quote_size, self.display_size, self.trigger_price, self.trailing_offset, self.limit_offset)
        if self.activation_price is None and rare == _NO_AMOUNTS:
            return  # as for nearly every order; and each is made several times on its way
        check_decimals(
            quote_size=self.quote_size,
            display_size=self.display_size,
            trigger_price=self.trigger_price,
            trailing_offset=self.trailing_offset,
            limit_offset=self.limit_offset,
            activation_price=self.activation_price,
        )


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
    ts_gated: int = 0

    def __post_init__(self) -> None:
        check_decimals(size=self.size, price=self.price, trigger_price=self.trigger_price)

    def applied_to(self, order: NewOrder) -> NewOrder:
        """Return the order's terms as they are to be; its names stay as they are."""
        return replace(
            order,
            size=order.size if self.size is None else self.size,
            price=order.price if self.price is None else self.price,
            trigger_price=order.trigger_price if self.trigger_price is None else self.trigger_price,
            params={**order.params, **self.params},
        )
