"""Lists of orders, call by call. Source: Binance Spot API, rest-api (trading endpoints, order lists), 2026-07.

Each leg's parameters bear its name first: above and below, working and pending, pending above and pending below.
"""

from __future__ import annotations

from typing import Literal, Unpack

from venues.binance.client.calls.caller import Caller
from venues.binance.client.calls.options import (
    Number,
    OcoOptions,
    OldOcoOptions,
    OpocoOptions,
    OpoOptions,
    OrderType,
    OtocoOptions,
    OtoOptions,
    Side,
)
from venues.binance.client.endpoints import order_lists as endpoints
from venues.binance.client.payloads import OrderList

__all__ = ["OrderListCalls"]

WorkingType = Literal["LIMIT", "LIMIT_MAKER"]


class OrderListCalls(Caller):
    """Signed calls about lists of orders: a list is placed whole or not at all. Raise as `place_order`."""

    async def place_order_oco(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        price: Number,
        stop_price: Number,
        **options: Unpack[OldOcoOptions],
    ) -> OrderList:
        """Place an OCO in the way that the venue calls deprecated: a LIMIT_MAKER and a stop. Weight 1."""
        return await self._ask(
            endpoints.PLACE_ORDER_OCO, symbol=symbol, side=side, quantity=quantity, price=price, stop_price=stop_price,
            **options,
        )  # fmt: skip

    async def place_order_list_oco(
        self,
        symbol: str,
        side: Side,
        quantity: Number,
        above_type: OrderType,
        below_type: OrderType,
        **options: Unpack[OcoOptions],
    ) -> OrderList:
        """Place two orders of which one cancels the other: a limit (or take-profit) and a stop. Weight 1."""
        return await self._ask(
            endpoints.PLACE_ORDER_LIST_OCO, symbol=symbol, side=side, quantity=quantity, above_type=above_type,
            below_type=below_type, **options,
        )  # fmt: skip

    async def place_order_list_oto(
        self,
        symbol: str,
        working_type: WorkingType,
        working_side: Side,
        working_price: Number,
        working_quantity: Number,
        pending_type: OrderType,
        pending_side: Side,
        pending_quantity: Number,
        **options: Unpack[OtoOptions],
    ) -> OrderList:
        """Place an order, and another that is placed once the first is filled whole. Weight 1."""
        return await self._ask(
            endpoints.PLACE_ORDER_LIST_OTO, symbol=symbol, working_type=working_type, working_side=working_side,
            working_price=working_price, working_quantity=working_quantity, pending_type=pending_type,
            pending_side=pending_side, pending_quantity=pending_quantity, **options,
        )  # fmt: skip

    async def place_order_list_otoco(
        self,
        symbol: str,
        working_type: WorkingType,
        working_side: Side,
        working_price: Number,
        working_quantity: Number,
        pending_side: Side,
        pending_quantity: Number,
        pending_above_type: OrderType,
        **options: Unpack[OtocoOptions],
    ) -> OrderList:
        """Place an order, and an OCO pair that is placed once the first is filled whole. Weight 1."""
        return await self._ask(
            endpoints.PLACE_ORDER_LIST_OTOCO, symbol=symbol, working_type=working_type, working_side=working_side,
            working_price=working_price, working_quantity=working_quantity, pending_side=pending_side,
            pending_quantity=pending_quantity, pending_above_type=pending_above_type, **options,
        )  # fmt: skip

    async def place_order_list_opo(
        self,
        symbol: str,
        working_type: WorkingType,
        working_side: Side,
        working_price: Number,
        working_quantity: Number,
        pending_type: OrderType,
        pending_side: Side,
        **options: Unpack[OpoOptions],
    ) -> OrderList:
        """Place a bid, and an ask over what it has bought, placed once the bid is filled whole. Weight 1."""
        return await self._ask(
            endpoints.PLACE_ORDER_LIST_OPO, symbol=symbol, working_type=working_type, working_side=working_side,
            working_price=working_price, working_quantity=working_quantity, pending_type=pending_type,
            pending_side=pending_side, **options,
        )  # fmt: skip

    async def place_order_list_opoco(
        self,
        symbol: str,
        working_type: WorkingType,
        working_side: Side,
        working_price: Number,
        working_quantity: Number,
        pending_side: Side,
        pending_above_type: OrderType,
        **options: Unpack[OpocoOptions],
    ) -> OrderList:
        """Place a bid, and an OCO pair of asks over what it has bought. Weight 1."""
        return await self._ask(
            endpoints.PLACE_ORDER_LIST_OPOCO, symbol=symbol, working_type=working_type, working_side=working_side,
            working_price=working_price, working_quantity=working_quantity, pending_side=pending_side,
            pending_above_type=pending_above_type, **options,
        )  # fmt: skip

    async def cancel_order_list(
        self,
        symbol: str,
        *,
        order_list_id: int | None = None,
        list_client_order_id: str | None = None,
        new_client_order_id: str | None = None,
    ) -> OrderList:
        """Cancel a whole list. Weight 1; 0 where it succeeds. Raises CancelRefused where there is none."""
        return await self._ask(
            endpoints.CANCEL_ORDER_LIST, symbol=symbol, order_list_id=order_list_id,
            list_client_order_id=list_client_order_id, new_client_order_id=new_client_order_id,
        )  # fmt: skip
