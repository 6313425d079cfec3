"""Events of the account's stream. Exact decimals. The envelope is `session.AccountEvent`.

Source: Binance Spot API, user-data-stream, 2026-07.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TypeAlias

import msgspec
from msgspec import Raw, field

from venues.binance.client.payloads.numbers import Ms, Number
from venues.unreadable import NOT_READABLE

__all__ = [
    "BalanceUpdate",
    "EventStreamTerminated",
    "ExecutionReport",
    "ExternalLockUpdate",
    "ListStatus",
    "ListStatusOrder",
    "OutboundAccountPosition",
    "PositionBalance",
    "ServerShutdown",
    "UserEvent",
    "user_event",
]


class ExecutionReport(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="executionReport"):
    """``executionReport``: something happened to an order.

    On CANCELED `client_id` is the cancel request's and `original_id` the order's own; on REPLACED `original_id` is the
    name that the order had before. The fields from `trailing_delta` on appear only where they mean something.
    """

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    client_id: str = field(name="c")
    side: str = field(name="S")
    type: str = field(name="o")
    time_in_force: str = field(name="f")
    size: Decimal = field(name="q")
    price: Decimal = field(name="p")
    execution: str = field(name="x")
    status: str = field(name="X")
    order_id: Number = field(name="i")
    last_size: Decimal = field(name="l")
    filled: Decimal = field(name="z")
    last_price: Decimal = field(name="L")
    time_ms: Ms = field(name="T")
    trade_id: Number = field(name="t", default=-1)
    stop_price: Decimal | None = field(name="P", default=None)
    original_id: str = field(name="C", default="")
    reject_reason: str = field(name="r", default="NONE")
    fee: Decimal | None = field(name="n", default=None)
    fee_asset: str | None = field(name="N", default=None)
    is_maker: bool = field(name="m", default=False)
    filled_quote: Decimal | None = field(name="Z", default=None)
    quote_size: Decimal | None = field(name="Q", default=None)
    iceberg_size: Decimal | None = field(name="F", default=None)
    order_list_id: Number = field(name="g", default=-1)
    execution_id: Number = field(name="I", default=-1)
    is_on_book: bool = field(name="w", default=False)
    created_ms: Ms = field(name="O", default=0)
    last_quote: Decimal | None = field(name="Y", default=None)
    working_ms: Ms = field(name="W", default=-1)
    prevention: str = field(name="V", default="")
    expiry_reason: str = field(name="eR", default="")
    trailing_delta: Number | None = field(name="d", default=None)
    trailing_ms: Ms = field(name="D", default=-1)
    strategy_id: Number | None = field(name="j", default=None)
    strategy_type: Number | None = field(name="J", default=None)
    prevented_match_id: Number = field(name="v", default=-1)
    prevented_size: Decimal | None = field(name="A", default=None)
    last_prevented_size: Decimal | None = field(name="B", default=None)
    trade_group_id: Number = field(name="u", default=-1)
    counter_order_id: Number = field(name="U", default=-1)
    counter_symbol: str = field(name="Cs", default="")
    prevented_execution_size: Decimal | None = field(name="pl", default=None)
    prevented_execution_price: Decimal | None = field(name="pL", default=None)
    prevented_execution_quote: Decimal | None = field(name="pY", default=None)
    match_type: str = field(name="b", default="")
    allocation_id: Number = field(name="a", default=-1)
    working_floor: str = field(name="k", default="")
    used_sor: bool = field(name="uS", default=False)
    peg_price_type: str = field(name="gP", default="")
    peg_offset_type: str = field(name="gOT", default="")
    peg_offset_value: Number | None = field(name="gOV", default=None)
    pegged_price: Decimal | None = field(name="gp", default=None)


class PositionBalance(msgspec.Struct, frozen=True, gc=False):
    """A balance of `OutboundAccountPosition`."""

    asset: str = field(name="a")
    free: Decimal = field(name="f")
    locked: Decimal = field(name="l")


class OutboundAccountPosition(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="outboundAccountPosition"):
    """``outboundAccountPosition``: the balances that an event may have changed."""

    event_ms: Ms = field(name="E")
    update_ms: Ms = field(name="u")
    balances: tuple[PositionBalance, ...] = field(name="B")


class BalanceUpdate(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="balanceUpdate"):
    """``balanceUpdate``: a deposit, a withdrawal, or a transfer between accounts; `delta` is signed."""

    event_ms: Ms = field(name="E")
    asset: str = field(name="a")
    delta: Decimal = field(name="d")
    time_ms: Ms = field(name="T")


class ExternalLockUpdate(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="externalLockUpdate"):
    """``externalLockUpdate``: another system (margin collateral) locked more of a balance, or less."""

    event_ms: Ms = field(name="E")
    asset: str = field(name="a")
    delta: Decimal = field(name="d")
    time_ms: Ms = field(name="T")


class ListStatusOrder(msgspec.Struct, frozen=True, gc=False):
    """An order of a `ListStatus`."""

    symbol: str = field(name="s")
    order_id: Number = field(name="i")
    client_id: str = field(name="c")


class ListStatus(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="listStatus"):
    """``listStatus``: something happened to a list of orders."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    list_id: Number = field(name="g")
    contingency: str = field(name="c")
    status_type: str = field(name="l")
    order_status: str = field(name="L")
    reject_reason: str = field(name="r")
    list_client_id: str = field(name="C")
    time_ms: Ms = field(name="T")
    orders: tuple[ListStatusOrder, ...] = field(name="O")


class EventStreamTerminated(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="eventStreamTerminated"):
    """``eventStreamTerminated``: no event of this subscription comes after it."""

    event_ms: Ms = field(name="E")


class ServerShutdown(msgspec.Struct, frozen=True, gc=False, tag_field="e", tag="serverShutdown"):
    """``serverShutdown``, on market streams too: the venue will close this connection soon."""

    event_ms: Ms = field(name="E")


UserEvent: TypeAlias = (
    ExecutionReport
    | OutboundAccountPosition
    | BalanceUpdate
    | ListStatus
    | ExternalLockUpdate
    | EventStreamTerminated
    | ServerShutdown
)


class _Kind(msgspec.Struct, frozen=True, gc=False):
    type: str = field(name="e")


_events: msgspec.json.Decoder[UserEvent] = msgspec.json.Decoder(UserEvent)
_kind = msgspec.json.Decoder(_Kind)
_KNOWN = frozenset(kind.__struct_config__.tag for kind in UserEvent.__args__)


def user_event(raw: bytes | Raw) -> UserEvent | None:
    """Read an event of the account, without its envelope; None for a kind that this version does not know.

    Raises msgspec.DecodeError for what is no event, and for one of a known kind that lacks what it must have.
    """
    try:
        return _events.decode(raw)
    except NOT_READABLE:
        if _kind.decode(raw).type in _KNOWN:
            raise
        return None
