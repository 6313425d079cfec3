"""What may be said of an order beyond what must be: the venue's parameters, in snake_case.

Source: Binance Spot API, rest-api (trading endpoints) and enums, 2026-07.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias, TypedDict

__all__ = [
    "CancelReplaceOptions",
    "CancelRestrictions",
    "Number",
    "OcoOptions",
    "OldOcoOptions",
    "OpoOptions",
    "OpocoOptions",
    "OrderOptions",
    "OrderType",
    "OtoOptions",
    "OtocoOptions",
    "ResponseType",
    "Side",
    "SorOptions",
    "TimeInForce",
]

Number: TypeAlias = Decimal | str | int
"""An exact number; a float is refused."""
Side: TypeAlias = Literal["BUY", "SELL"]
OrderType: TypeAlias = Literal[
    "LIMIT", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT", "LIMIT_MAKER"
]
TimeInForce: TypeAlias = Literal["GTC", "IOC", "FOK"]
ResponseType: TypeAlias = Literal["ACK", "RESULT", "FULL"]
CancelRestrictions: TypeAlias = Literal["ONLY_NEW", "ONLY_PARTIALLY_FILLED"]
PegPrice: TypeAlias = Literal["PRIMARY_PEG", "MARKET_PEG"]
PegOffset: TypeAlias = Literal["PRICE_LEVEL"]


class SorOptions(TypedDict, total=False):
    """Of an order by smart order routing: LIMIT and MARKET."""

    time_in_force: TimeInForce
    price: Number
    new_client_order_id: str
    """36 characters at most; unique among open orders."""
    strategy_id: int
    strategy_type: int
    """1000000 at least."""
    iceberg_qty: Number
    new_order_resp_type: ResponseType
    """FULL by default for MARKET and LIMIT, ACK for all others."""
    self_trade_prevention_mode: str


class OrderOptions(SorOptions, total=False):
    """Of an order. Which of them a type needs: see `OrderCalls.place_order`."""

    quantity: Number
    quote_order_qty: Number
    stop_price: Number
    trailing_delta: int
    """Basis points."""
    peg_price_type: PegPrice
    peg_offset_value: int
    peg_offset_type: PegOffset


class CancelReplaceOptions(OrderOptions, total=False):
    """Of a cancel-replace: the order to cancel (one of the two ids must be there), and the new one."""

    cancel_order_id: int
    cancel_orig_client_order_id: str
    cancel_new_client_order_id: str
    cancel_restrictions: CancelRestrictions
    order_rate_limit_exceeded_mode: Literal["DO_NOTHING", "CANCEL_ONLY"]


class _ListOptions(TypedDict, total=False):
    list_client_order_id: str
    new_order_resp_type: ResponseType
    self_trade_prevention_mode: str


class OldOcoOptions(_ListOptions, total=False):
    """Of the OCO that the venue calls deprecated."""

    limit_client_order_id: str
    limit_strategy_id: int
    limit_strategy_type: int
    limit_iceberg_qty: Number
    trailing_delta: int
    stop_client_order_id: str
    stop_strategy_id: int
    stop_strategy_type: int
    stop_limit_price: Number
    stop_iceberg_qty: Number
    stop_limit_time_in_force: TimeInForce


class OcoOptions(_ListOptions, total=False):
    """Of an OCO's two legs."""

    above_client_order_id: str
    above_price: Number
    above_stop_price: Number
    above_trailing_delta: int
    above_iceberg_qty: Number
    above_time_in_force: TimeInForce
    above_strategy_id: int
    above_strategy_type: int
    above_peg_price_type: PegPrice
    above_peg_offset_type: PegOffset
    above_peg_offset_value: int
    below_client_order_id: str
    below_price: Number
    below_stop_price: Number
    below_trailing_delta: int
    below_iceberg_qty: Number
    below_time_in_force: TimeInForce
    below_strategy_id: int
    below_strategy_type: int
    below_peg_price_type: PegPrice
    below_peg_offset_type: PegOffset
    below_peg_offset_value: int


class _WorkingOptions(_ListOptions, total=False):
    working_client_order_id: str
    working_iceberg_qty: Number
    working_time_in_force: TimeInForce
    working_strategy_id: int
    working_strategy_type: int
    working_peg_price_type: PegPrice
    working_peg_offset_type: PegOffset
    working_peg_offset_value: int


class OtoOptions(_WorkingOptions, total=False):
    """Of an OTO's working and pending order."""

    pending_client_order_id: str
    pending_price: Number
    pending_stop_price: Number
    pending_trailing_delta: int
    pending_iceberg_qty: Number
    pending_time_in_force: TimeInForce
    pending_strategy_id: int
    pending_strategy_type: int
    pending_peg_price_type: PegPrice
    pending_peg_offset_type: PegOffset
    pending_peg_offset_value: int


OpoOptions = OtoOptions
"""An OPO's pending order takes its size from what the working one has bought."""


class OtocoOptions(_WorkingOptions, total=False):
    """Of an OTOCO's working order and its pending pair. The venue lets the type of the one below be left out."""

    pending_above_client_order_id: str
    pending_above_price: Number
    pending_above_stop_price: Number
    pending_above_trailing_delta: int
    pending_above_iceberg_qty: Number
    pending_above_time_in_force: TimeInForce
    pending_above_strategy_id: int
    pending_above_strategy_type: int
    pending_above_peg_price_type: PegPrice
    pending_above_peg_offset_type: PegOffset
    pending_above_peg_offset_value: int
    pending_below_type: OrderType
    pending_below_client_order_id: str
    pending_below_price: Number
    pending_below_stop_price: Number
    pending_below_trailing_delta: int
    pending_below_iceberg_qty: Number
    pending_below_time_in_force: TimeInForce
    pending_below_strategy_id: int
    pending_below_strategy_type: int
    pending_below_peg_price_type: PegPrice
    pending_below_peg_offset_type: PegOffset
    pending_below_peg_offset_value: int


OpocoOptions = OtocoOptions
"""An OPOCO's pending pair takes its size from what the working order has bought."""
