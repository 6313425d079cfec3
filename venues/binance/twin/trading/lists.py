"""The keeper of order lists: places them, hears what becomes of their legs, and does what the list's rules say then.

`list_state` holds the rules; here they meet the exchange. A list is placed whole or not at all. Reports of legs come
first, then the list's own `listStatus`, then the balances, in one act of the exchange.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from venues.binance.twin.errors import VenueError, cancel_rejected, filter_failure, order_rejected
from venues.binance.twin.trading import list_paid, list_reports
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.keeper import Execution
from venues.binance.twin.trading.list_book import ListBook, OrderList
from venues.binance.twin.trading.list_orders import NewList
from venues.binance.twin.trading.list_state import (
    Action,
    Cancel,
    Expire,
    Happening,
    Release,
    Status,
    StatusType,
    advance,
    leave,
    started,
)
from venues.binance.twin.trading.orders import new_client_id

if TYPE_CHECKING:
    from venues.binance.twin.trading.exchange import Exchange

FIRST_LIST_ID = 1


class OrderLists:
    """All order lists of an exchange; a `ListKeeper`."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._books: defaultdict[str, ListBook] = defaultdict(ListBook)
        self._next_id = FIRST_LIST_ID

    def book(self, account: Account) -> ListBook:
        """The account's lists."""
        return self._books[account.api_key]

    def place(self, account: Account, new: NewList) -> OrderList:
        """Place all legs of a list, or none. Raises VenueError -2010, -1013, -1015; then nothing has changed."""
        exchange, book = self._exchange, self.book(account)
        known = book.by_client_id.get(new.client_order_id)
        if known is not None and not known.state.is_done:
            raise order_rejected("Duplicate order sent.")
        self._check_counts(book, new)
        with exchange.together():
            state, list_id, now_ms = started(new.kind), self._next_id, exchange.now_ms
            orders = self._prepare(account, new, list_id)
            self._next_id += 1
            kept = OrderList(list_id, account, new.symbol, new.client_order_id, orders, state, now_ms, now_ms)
            book.add(kept)
            for order, stage in zip(orders, state.stages, strict=True):
                if stage == "PENDING":
                    exchange.announce(account, order)
                else:
                    exchange.submit(account, order)
            self._tell(kept, "EXEC_STARTED", "EXECUTING")
            kept.time_ms = kept.update_ms
        return kept

    def cancel(self, account: Account, order_list_id: int, cancel_id: str) -> dict[str, Any]:
        """Cancel what is left of a list; the body with which the venue answers. Raises VenueError -2011."""
        kept = self.book(account).open_lists.get(order_list_id)
        if kept is None:
            raise cancel_rejected()
        with self._exchange.together():
            kept.state, legs = leave(kept.state)
            canceled = [kept.orders[leg] for leg in legs]
            for order in canceled:
                self._exchange.cancel(account, order, cancel_id)
            kept.update_ms = self._exchange.now_ms
            return list_reports.canceled(kept, canceled, cancel_id)

    def amended(self, account: Account, mine: AccountOrder) -> dict[str, Any]:
        """The `listStatus` in the answer to an amended leg."""
        return list_reports.amended(self.book(account).lists[mine.order_list_id])

    def on_order(self, account: Account, mine: AccountOrder, execution: Execution) -> None:
        """Something happened to a leg: do what follows from it for the others."""
        kept = self.book(account).lists[mine.order_list_id]
        leg = kept.orders.index(mine)
        if execution == "TRADE" and kept.state.kind.startswith("OPO") and leg == kept.state.working:
            list_paid.lock(kept)
        if execution == "REPLACED":
            self._follow(kept, leg)
        happening = _happening(mine, execution)
        if happening is None or kept.state.stages[leg] == "ENDED":
            return
        if happening == "TRIGGERED" and mine.is_open and _has_traded_beside(kept, leg):
            self._exchange.expire(account, mine, "OCO_TRIGGER")
            return
        kept.state, actions = advance(kept.state, leg, happening)
        for action in actions:
            self._do(kept, action)

    def _check_counts(self, book: ListBook, new: NewList) -> None:
        """MAX_NUM_ORDER_LISTS and EXCHANGE_MAX_NUM_ORDER_LISTS. Raises VenueError -1013."""
        here = [kept for kept in book.open_lists.values() if kept.symbol is new.symbol]
        if len(here) >= new.symbol.bounds.max_order_lists:
            raise filter_failure("MAX_NUM_ORDER_LISTS")
        if len(book.open_lists) >= self._exchange.bounds.max_order_lists:
            raise filter_failure("EXCHANGE_MAX_NUM_ORDER_LISTS")

    def _prepare(self, account: Account, new: NewList, list_id: int) -> tuple[AccountOrder, ...]:
        state = started(new.kind)
        prepared: list[AccountOrder] = []
        try:
            for leg, (order, stage) in enumerate(zip(new.legs, state.stages, strict=True)):
                beside = prepared[-1] if leg in state.pair[1:] else None
                prepared.append(self._exchange.prepare(account, order, list_id, beside, is_pending=stage == "PENDING"))
        except VenueError:
            for mine in reversed(prepared):
                self._exchange.release(account, mine)
            raise
        return tuple(prepared)

    def _do(self, kept: OrderList, action: Action) -> None:
        """Act on a leg, unless it has ended by itself meanwhile. A phase that was refused is not announced."""
        if not isinstance(action, Release | Expire | Cancel):
            if kept.state.is_done or not any(order.expiry == "REJECTED" for order in kept.orders[1:]):
                self._tell(kept, action.status_type, action.status)
            return
        order = kept.orders[action.leg]
        if not order.is_open:
            return
        if isinstance(action, Release):
            self._release(kept, order)
        elif isinstance(action, Expire):
            self._exchange.expire(kept.account, order, action.reason)
        else:
            self._exchange.cancel(kept.account, order, new_client_id())

    def _release(self, kept: OrderList, order: AccountOrder) -> None:
        """Place a pending leg, unless the other one of its pair was refused a moment ago."""
        if not all(other.is_open for other in kept.orders[1:]):
            return
        if kept.state.kind.startswith("OPO"):
            try:
                order.order.size = list_paid.size(order, self._exchange.average(kept.symbol))
            except VenueError:
                self._exchange.expire(kept.account, order, "REJECTED")
                return
        self._exchange.submit(kept.account, order)

    def _follow(self, kept: OrderList, leg: int) -> None:
        """A leg was amended: the other one of its pair gets its size, and the account hears of a new name."""
        mine = kept.orders[leg]
        for other in [kept.orders[place] for place in kept.state.pair if leg in kept.state.pair and place != leg]:
            if other.is_open and other.order.size != mine.order.size:
                self._exchange.amend(kept.account, other, mine.order.size, other.client_order_id)
        if mine.amendments[-1].old_client_order_id != mine.client_order_id:
            self._tell(kept, "UPDATED", "EXECUTING")

    def _tell(self, kept: OrderList, status_type: StatusType, status: Status) -> None:
        now_ms = self._exchange.now_ms
        kept.update_ms = now_ms
        if kept.state.is_done:
            self.book(kept.account).end(kept)
        self._exchange.log.write(
            "order_list",
            account=kept.account.api_key,
            order_list_id=kept.list_id,
            client_order_id=kept.client_order_id,
            symbol=kept.symbol.name,
            list_kind=kept.state.kind,
            status=status,
            orders=[order.order_id for order in kept.orders],
        )
        self._exchange.clearing.tell(kept.account, list_reports.list_status(kept, status_type, status, now_ms))


def _has_traded_beside(kept: OrderList, leg: int) -> bool:
    """Whether the other leg of a pair traded in the very act whose first trades triggered this one."""
    pair = kept.state.pair
    return leg in pair and any(kept.orders[other].filled for other in pair if other != leg)


def _happening(mine: AccountOrder, execution: Execution) -> Happening | None:
    """What a report means to the list, None for nothing. An order may have come further since it was written."""
    if execution == "TRIGGERED":
        return "TRIGGERED"
    if execution == "TRADE":
        return "FILLED" if mine.status == "FILLED" else "TRADED"
    if execution == "CANCELED":
        return "CANCELED"
    if execution == "EXPIRED" or (execution == "TRADE_PREVENTION" and not mine.is_open):
        return "EXPIRED"
    return None
