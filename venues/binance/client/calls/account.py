"""The account, call by call. Source: Binance Spot API, rest-api (account endpoints), 2026-07."""

from __future__ import annotations

from venues.binance.client.calls.caller import Caller
from venues.binance.client.endpoints import account as endpoints
from venues.binance.client.payloads import (
    Account,
    AccountCommission,
    AccountTrade,
    Allocation,
    Amendment,
    MyFilters,
    OrderBody,
    OrderList,
    PreventedMatch,
    RateLimit,
)

__all__ = ["AccountCalls"]


class AccountCalls(Caller):
    """Signed calls that change nothing. Times are UNIX milliseconds; a window of time spans 24 hours at most."""

    async def account(self, *, omit_zero_balances: bool | None = None) -> Account:
        """Return balances, rates and permissions. Weight 20."""
        return await self._ask(endpoints.ACCOUNT, omit_zero_balances=omit_zero_balances)

    async def order(
        self, symbol: str, *, order_id: int | str | None = None, orig_client_order_id: str | None = None
    ) -> OrderBody:
        """Return one order, by the venue's id or ours. Weight 4.

        Raises NoSuchOrder where the venue never had it, OrderArchived where it ended unfilled over 90 days ago.
        """
        return await self._ask(
            endpoints.ORDER, symbol=symbol, order_id=order_id, orig_client_order_id=orig_client_order_id
        )

    async def open_orders(self, symbol: str | None = None) -> list[OrderBody]:
        """Return the open orders of a symbol, or all. Weight 6; 80 without a symbol."""
        return await self._ask(endpoints.OPEN_ORDERS, symbol=symbol)

    async def all_orders(
        self,
        symbol: str,
        *,
        order_id: int | None = None,
        start_time: int | None = None,
        end_time: int | None = None,
        limit: int | None = None,
    ) -> list[OrderBody]:
        """Return orders from an id on or of a time, else the newest: 500 by default, 1000 at most. Weight 20."""
        return await self._ask(
            endpoints.ALL_ORDERS, symbol=symbol, order_id=order_id, start_time=start_time, end_time=end_time,
            limit=limit,
        )  # fmt: skip

    async def order_list(
        self, *, order_list_id: int | None = None, orig_client_order_id: str | None = None
    ) -> OrderList:
        """Return one list of orders, by the venue's id or by our list's id. Weight 4."""
        return await self._ask(
            endpoints.ORDER_LIST, order_list_id=order_list_id, orig_client_order_id=orig_client_order_id
        )

    async def all_order_list(
        self,
        *,
        from_id: int | None = None,
        start_time: int | None = None,
        end_time: int | None = None,
        limit: int | None = None,
    ) -> list[OrderList]:
        """Return lists from an id on, or of a time: 500 by default, 1000 at most. Weight 20."""
        return await self._ask(
            endpoints.ALL_ORDER_LIST, from_id=from_id, start_time=start_time, end_time=end_time, limit=limit
        )

    async def open_order_list(self) -> list[OrderList]:
        """Return all open lists. Weight 6."""
        return await self._ask(endpoints.OPEN_ORDER_LIST)

    async def my_trades(
        self,
        symbol: str,
        *,
        order_id: int | None = None,
        start_time: int | None = None,
        end_time: int | None = None,
        from_id: int | None = None,
        limit: int | None = None,
    ) -> list[AccountTrade]:
        """Return fills from an id on, of a time or of an order, else the newest. Weight 20; 5 with an order id.

        500 by default, 1000 at most. An id goes with no time; ApiError -1128 is raised where parameters do not go
        together.
        """
        return await self._ask(
            endpoints.MY_TRADES, symbol=symbol, order_id=order_id, start_time=start_time, end_time=end_time,
            from_id=from_id, limit=limit,
        )  # fmt: skip

    async def rate_limit_order(self) -> list[RateLimit]:
        """Return the account's unfilled order count of each interval. Weight 40."""
        return await self._ask(endpoints.RATE_LIMIT_ORDER)

    async def my_prevented_matches(
        self,
        symbol: str,
        *,
        prevented_match_id: int | None = None,
        order_id: int | None = None,
        from_prevented_match_id: int | None = None,
        limit: int | None = None,
    ) -> list[PreventedMatch]:
        """Return the trades with oneself that were prevented. Weight 2 by match; 20 by order."""
        return await self._ask(
            endpoints.MY_PREVENTED_MATCHES, symbol=symbol, prevented_match_id=prevented_match_id, order_id=order_id,
            from_prevented_match_id=from_prevented_match_id, limit=limit,
        )  # fmt: skip

    async def my_allocations(
        self,
        symbol: str,
        *,
        start_time: int | None = None,
        end_time: int | None = None,
        from_allocation_id: int | None = None,
        limit: int | None = None,
        order_id: int | None = None,
    ) -> list[Allocation]:
        """Return what the order router gave: 500 by default, 1000 at most. Weight 20."""
        return await self._ask(
            endpoints.MY_ALLOCATIONS, symbol=symbol, start_time=start_time, end_time=end_time,
            from_allocation_id=from_allocation_id, limit=limit, order_id=order_id,
        )  # fmt: skip

    async def account_commission(self, symbol: str) -> AccountCommission:
        """Return what a trade of the symbol costs this account. Weight 20."""
        return await self._ask(endpoints.ACCOUNT_COMMISSION, symbol=symbol)

    async def order_amendments(
        self, symbol: str, order_id: int, *, from_execution_id: int | None = None, limit: int | None = None
    ) -> list[Amendment]:
        """Return an order's amendments: 500 by default, 1000 at most. Weight 4."""
        return await self._ask(
            endpoints.ORDER_AMENDMENTS, symbol=symbol, order_id=order_id, from_execution_id=from_execution_id,
            limit=limit,
        )  # fmt: skip

    async def my_filters(self, symbol: str) -> MyFilters:
        """Return the filters that concern this account on a symbol, MAX_ASSET among them. Weight 40."""
        return await self._ask(endpoints.MY_FILTERS, symbol=symbol)
