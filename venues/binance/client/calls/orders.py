"""Orders, call by call. Source: Binance Spot API, rest-api (trading endpoints), 2026-07."""

from __future__ import annotations

from typing import Literal, Unpack

from venues.binance.client.calls.caller import Caller
from venues.binance.client.calls.options import (
    CancelReplaceOptions,
    CancelRestrictions,
    Number,
    OrderOptions,
    OrderType,
    Side,
    SorOptions,
)
from venues.binance.client.endpoints import orders as endpoints
from venues.binance.client.payloads import Canceled, CancelReplace, OrderAmended, OrderBody, OrderCommission

__all__ = ["OrderCalls"]


class OrderCalls(Caller):
    """Signed calls that change orders. Nothing is ever sent twice; where `error.definite` is False, ask what became."""

    async def place_order(self, symbol: str, side: Side, type: OrderType, **options: Unpack[OrderOptions]) -> OrderBody:
        """Place an order. Weight 1; 0 where it succeeds.

        LIMIT needs time_in_force, quantity and price; MARKET quantity or quote_order_qty; LIMIT_MAKER quantity and
        price; STOP_LOSS and TAKE_PROFIT quantity and stop_price or trailing_delta, their _LIMIT kinds price and
        time_in_force beside these. Raises OrderRefused, FilterRefused with the filter's name, LimitReached (-1015).
        """
        return await self._ask(endpoints.PLACE_ORDER, symbol=symbol, side=side, type=type, **options)

    async def test_order(
        self,
        symbol: str,
        side: Side,
        type: OrderType,
        *,
        compute_commission_rates: bool | None = None,
        **options: Unpack[OrderOptions],
    ) -> OrderCommission:
        """Check an order as `place_order` would, and place none. Weight 1; 20 with commission rates."""
        return await self._ask(
            endpoints.TEST_ORDER, symbol=symbol, side=side, type=type,
            compute_commission_rates=compute_commission_rates, **options,
        )  # fmt: skip

    async def cancel_order(
        self,
        symbol: str,
        *,
        order_id: int | str | None = None,
        orig_client_order_id: str | None = None,
        new_client_order_id: str | None = None,
        cancel_restrictions: CancelRestrictions | None = None,
    ) -> OrderBody:
        """Cancel an order, by the venue's id or ours. Weight 1; 0 where it succeeds.

        Raises CancelRefused where there is none to cancel, or the restriction forbids it.
        """
        return await self._ask(
            endpoints.CANCEL_ORDER, symbol=symbol, order_id=order_id, orig_client_order_id=orig_client_order_id,
            new_client_order_id=new_client_order_id, cancel_restrictions=cancel_restrictions,
        )  # fmt: skip

    async def cancel_open_orders(self, symbol: str) -> list[Canceled]:
        """Cancel all open orders and lists of a symbol. Weight 1; 0 where it succeeds.

        Raises CancelRefused where there is none.
        """
        return await self._ask(endpoints.CANCEL_OPEN_ORDERS, symbol=symbol)

    async def cancel_replace_order(
        self,
        symbol: str,
        side: Side,
        type: OrderType,
        cancel_replace_mode: Literal["STOP_ON_FAILURE", "ALLOW_FAILURE"],
        **options: Unpack[CancelReplaceOptions],
    ) -> CancelReplace:
        """Cancel an order and place another. Weight 1.

        Raises CancelReplaceFailed, which says of each half what became of it.
        """
        return await self._ask(
            endpoints.CANCEL_REPLACE_ORDER, symbol=symbol, side=side, type=type,
            cancel_replace_mode=cancel_replace_mode, **options,
        )  # fmt: skip

    async def amend_order_keep_priority(
        self,
        symbol: str,
        new_qty: Number,
        *,
        order_id: int | None = None,
        orig_client_order_id: str | None = None,
        new_client_order_id: str | None = None,
    ) -> OrderAmended:
        """Lower an order's size; it keeps its place in the queue. Weight 4. Raises AmendRefused."""
        return await self._ask(
            endpoints.AMEND_ORDER_KEEP_PRIORITY, symbol=symbol, new_qty=new_qty, order_id=order_id,
            orig_client_order_id=orig_client_order_id, new_client_order_id=new_client_order_id,
        )  # fmt: skip

    async def place_sor_order(
        self, symbol: str, side: Side, type: Literal["LIMIT", "MARKET"], quantity: Number, **options: Unpack[SorOptions]
    ) -> OrderBody:
        """Place an order that the venue routes among books. Weight 1. Raises as `place_order`."""
        return await self._ask(
            endpoints.PLACE_SOR_ORDER, symbol=symbol, side=side, type=type, quantity=quantity, **options
        )

    async def test_sor_order(
        self,
        symbol: str,
        side: Side,
        type: Literal["LIMIT", "MARKET"],
        quantity: Number,
        *,
        compute_commission_rates: bool | None = None,
        **options: Unpack[SorOptions],
    ) -> OrderCommission:
        """Check an order as `place_sor_order` would, and place none. Weight 1; 20 with commission rates."""
        return await self._ask(
            endpoints.TEST_SOR_ORDER, symbol=symbol, side=side, type=type, quantity=quantity,
            compute_commission_rates=compute_commission_rates, **options,
        )  # fmt: skip
