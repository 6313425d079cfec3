"""Orders whose size was reduced in place. Source: Binance Spot API, rest-api (order amend keep priority), 2026-07."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from venues.binance.client.payloads.numbers import Ms, Number
from venues.binance.client.payloads.order_lists import OrderList

__all__ = ["AmendedOrder", "Amendment", "OrderAmended"]


class AmendedOrder(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An order as it stands after its size was reduced; an answer to that names its fields apart from all others'."""

    symbol: str
    order_id: Number
    client_order_id: str
    price: Decimal
    qty: Decimal
    executed_qty: Decimal
    status: str
    time_in_force: str
    type: str
    side: str
    order_list_id: Number = -1
    orig_client_order_id: str = ""
    prevented_qty: Decimal | None = None
    quote_order_qty: Decimal | None = None
    cumulative_quote_qty: Decimal | None = None
    stop_price: Decimal | None = None
    iceberg_qty: Decimal | None = None
    trailing_delta: Number | None = None
    trailing_time: Ms = -1
    working_time: Ms = -1
    strategy_id: Number | None = None
    strategy_type: Number | None = None
    self_trade_prevention_mode: str = ""
    prevented_match_id: Number = -1
    used_sor: bool = False
    working_floor: str = ""
    peg_price_type: str = ""
    peg_offset_type: str = ""
    peg_offset_value: Number | None = None
    pegged_price: Decimal | None = None
    expiry_reason: str = ""


class OrderAmended(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """PUT /api/v3/order/amend/keepPriority; `list_status` where the order is one of a list."""

    transact_time: Ms
    execution_id: Number
    amended_order: AmendedOrder
    list_status: OrderList | None = None


class Amendment(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of GET /api/v3/order/amendments."""

    symbol: str
    order_id: Number
    execution_id: Number
    orig_client_order_id: str
    new_client_order_id: str
    orig_qty: Decimal
    new_qty: Decimal
    time: Ms
