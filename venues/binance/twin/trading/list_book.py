"""The order lists of an account, for its queries: all of them by id, the open ones by name too."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.list_state import ListState

MAX_ENDED_LISTS = 50_000
"""Ended lists kept for queries: the legs of as many, in pairs, are kept as ended orders."""


@dataclass(slots=True, eq=False)
class OrderList:
    """One list of an account; `orders` are its legs in the order of their ids and of `state.stages`.

    `bought` and `fees` are what the working leg of an OPO has bought and paid of it, as far as it is locked (atoms).
    """

    list_id: int
    account: Account
    symbol: Symbol
    client_order_id: str
    orders: tuple[AccountOrder, ...]
    state: ListState
    time_ms: int
    update_ms: int
    bought: int = 0
    fees: int = 0


@dataclass(slots=True)
class ListBook:
    """All lists of one account, oldest first."""

    lists: dict[int, OrderList] = field(default_factory=dict)
    open_lists: dict[int, OrderList] = field(default_factory=dict)
    by_client_id: dict[str, OrderList] = field(default_factory=dict)
    _ended: deque[OrderList] = field(default_factory=deque)

    def add(self, kept: OrderList) -> None:
        """Keep a new list."""
        self.lists[kept.list_id] = self.open_lists[kept.list_id] = kept
        self.by_client_id[kept.client_order_id] = kept

    def end(self, kept: OrderList) -> None:
        """A list is done: it leaves the open ones, and the oldest ended may be forgotten."""
        del self.open_lists[kept.list_id]
        self._ended.append(kept)
        if len(self._ended) > MAX_ENDED_LISTS:
            oldest = self._ended.popleft()
            del self.lists[oldest.list_id]
            if self.by_client_id.get(oldest.client_order_id) is oldest:
                del self.by_client_id[oldest.client_order_id]
