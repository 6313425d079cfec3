"""What the exchange tells whoever keeps order lists, and what it asks of them."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account

Execution = Literal["NEW", "TRIGGERED", "TRADE", "TRADE_PREVENTION", "REPLACED", "CANCELED", "EXPIRED"]
"""The execution types of the reports, and TRIGGERED: an order's condition came true, it enters the book next."""


class ListKeeper(Protocol):
    """Keeps order lists. It is told of orders that bear an `order_list_id`, and of no others."""

    def on_order(self, account: Account, mine: AccountOrder, execution: Execution) -> None:
        """The order has changed, and the change is whole: balances are right, its own report is out.

        Told in the order of happening. TRIGGERED alone is told before the order enters the book, so that the other leg
        can leave first. What the keeper does then (`submit`, `expire`, `cancel`) is told to it in turn, after this.
        """

    def cancel(self, account: Account, order_list_id: int, cancel_id: str) -> dict[str, Any]:
        """Cancel a whole list; the body with which the venue answers. Raises VenueError -2011 when it is over."""

    def amended(self, account: Account, mine: AccountOrder) -> dict[str, Any]:
        """The `listStatus` in the answer to an amended order of a list."""
