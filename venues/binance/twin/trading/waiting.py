"""The orders of all accounts that wait for a price."""

from __future__ import annotations

from collections import defaultdict

from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.triggers import TriggerBook


class Waiting:
    """Whose orders stand in which book of triggers. A triggered one waits on until it is taken."""

    def __init__(self) -> None:
        self._books: dict[str, TriggerBook] = defaultdict(TriggerBook)
        self._orders: dict[tuple[str, int], tuple[Account, AccountOrder]] = {}

    def add(self, account: Account, mine: AccountOrder) -> None:
        """Let an order wait for its trigger."""
        if mine.trigger is None:
            raise AssertionError(f"order {mine.order_id} waits for nothing")
        mine.trigger.order_id = mine.order_id
        self._books[mine.symbol.name].add(mine.trigger)
        self._orders[mine.symbol.name, mine.order_id] = (account, mine)

    def take(self, mine: AccountOrder) -> bool:
        """Take an order out; False when it does not wait."""
        if self._orders.pop((mine.symbol.name, mine.order_id), None) is None:
            return False
        self._books[mine.symbol.name].remove(mine.order_id)
        return True

    def on_trade(self, symbol: str, price: int, now_ms: int) -> list[tuple[Account, AccountOrder]]:
        """The orders that a trade of a symbol triggers, oldest first."""
        return [self._orders[symbol, order_id] for order_id in self._books[symbol].on_trade(price, now_ms)]
