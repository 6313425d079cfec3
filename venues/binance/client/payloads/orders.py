"""Answers about orders. Exact decimals; fields that the venue leaves out of a kind of answer have defaults.

Source: Binance Spot API, rest-api (trading endpoints), 2026-07.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from venues.binance.client.payloads.numbers import Ms, Number

__all__ = ["OrderBody", "OrderFill"]


class OrderFill(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A fill in an answer of kind FULL; `trade_id` is -1 for an allocation of the order router."""

    price: Decimal
    qty: Decimal
    commission: Decimal
    commission_asset: str
    trade_id: Number = -1
    match_type: str = ""
    alloc_id: Number = -1


class OrderBody(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An order in an answer: to a placement (ACK has only its ids), a cancel, or a query.

    An answer to a cancel names the order in `orig_client_order_id` and the cancel in `client_order_id`.
    """

    symbol: str
    order_id: Number
    client_order_id: str = ""
    orig_client_order_id: str = ""
    transact_time: Ms = 0
    time: Ms = 0
    update_time: Ms = 0
    price: Decimal | None = None
    orig_qty: Decimal | None = None
    executed_qty: Decimal | None = None
    orig_quote_order_qty: Decimal | None = None
    cummulative_quote_qty: Decimal | None = None
    stop_price: Decimal | None = None
    status: str = ""
    time_in_force: str = ""
    type: str = ""
    side: str = ""
    expiry_reason: str = ""
    order_list_id: Number = -1
    iceberg_qty: Decimal | None = None
    working_time: Ms = -1
    is_working: bool | None = None
    self_trade_prevention_mode: str = ""
    trailing_delta: Number | None = None
    trailing_time: Ms = -1
    prevented_match_id: Number = -1
    prevented_quantity: Decimal | None = None
    strategy_id: Number | None = None
    strategy_type: Number | None = None
    used_sor: bool = False
    working_floor: str = ""
    peg_price_type: str = ""
    peg_offset_type: str = ""
    peg_offset_value: Number | None = None
    pegged_price: Decimal | None = None
    fills: tuple[OrderFill, ...] = ()
