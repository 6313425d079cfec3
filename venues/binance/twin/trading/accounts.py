"""An account: what it owns, its orders and its trades. Amounts are atoms, prices ticks, sizes steps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from venues.binance.twin.limits import OrderLimit
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.trading.account_orders import AccountOrder, AccountTrade, PreventedMatch
from venues.binance.twin.trading.rates import Commission

MAX_ENDED_ORDERS = 100_000
"""Ended orders kept for queries; older ones are forgotten, as the venue archives."""
MAX_TRADES = 100_000
"""Trades kept for myTrades."""
MAX_PREVENTED_MATCHES = 10_000
"""Prevented matches kept for myPreventedMatches."""
NO_TRADE_GROUP = -1


@dataclass(slots=True)
class Balance:
    """Atoms of one asset; `external` of the locked ones are locked by something other than orders."""

    free: int = 0
    locked: int = 0
    external: int = 0


@dataclass(slots=True)
class Account:
    """Everything the venue holds for one owner; an account is called after its first key.

    `max_assets` bounds what one order may transact of an asset (MAX_ASSET), in atoms.
    """

    api_key: str
    uid: int
    balances: dict[str, Balance]
    limit: OrderLimit = field(default_factory=OrderLimit)
    orders: dict[tuple[str, int], AccountOrder] = field(default_factory=dict)
    open_orders: dict[tuple[str, int], AccountOrder] = field(default_factory=dict)
    by_client_id: dict[tuple[str, str], AccountOrder] = field(default_factory=dict)
    trades: deque[AccountTrade] = field(default_factory=lambda: deque(maxlen=MAX_TRADES))
    update_ms: int = 0
    can_trade: bool = True
    can_withdraw: bool = False
    can_deposit: bool = False
    permissions: tuple[str, ...] = ("SPOT",)
    requires_prevention: bool = False
    prevents_sor: bool = False
    commission: Commission = field(default_factory=Commission)
    max_assets: dict[str, int] = field(default_factory=dict)
    prevented: deque[PreventedMatch] = field(default_factory=lambda: deque(maxlen=MAX_PREVENTED_MATCHES))
    _ended: deque[AccountOrder] = field(default_factory=deque)

    def balance(self, asset: str) -> Balance:
        """The asset's balance, zero when it was never held."""
        return self.balances.setdefault(asset, Balance())

    def open_on(self, symbol: Symbol) -> list[AccountOrder]:
        """Open orders of one symbol, oldest first."""
        return [order for order in self.open_orders.values() if order.symbol is symbol]

    def add(self, order: AccountOrder) -> None:
        """Keep a new order."""
        key = (order.symbol.name, order.order_id)
        self.orders[key] = self.open_orders[key] = order
        self.by_client_id[order.symbol.name, order.client_order_id] = order

    def rename(self, order: AccountOrder, client_order_id: str) -> None:
        """An order bears another client id from now on, and is found by that alone."""
        self._forget_name(order)
        order.client_order_id = client_order_id
        self.by_client_id[order.symbol.name, client_order_id] = order

    def end(self, order: AccountOrder) -> None:
        """An order can fill no more: it leaves the open ones, and the oldest ended may be forgotten."""
        del self.open_orders[order.symbol.name, order.order_id]
        self._ended.append(order)
        if len(self._ended) > MAX_ENDED_ORDERS:
            oldest = self._ended.popleft()
            del self.orders[oldest.symbol.name, oldest.order_id]
            self._forget_name(oldest)

    def forget(self, order: AccountOrder) -> None:
        """An order that never was: it leaves the open ones and every query."""
        del self.open_orders[order.symbol.name, order.order_id]
        del self.orders[order.symbol.name, order.order_id]
        self._forget_name(order)

    def reserve(self, order: AccountOrder, needed: int, spent: int = 0) -> None:
        """Change what the order keeps locked; `spent` of the old is gone, the rest returns to free."""
        hold, balance = order.hold, self.balance(order.pays_with)
        if spent:
            hold.needs.clear()
        if needed:
            hold.needs[order.order_id] = needed
        else:
            hold.needs.pop(order.order_id, None)
        change = max(hold.needs.values(), default=0) - hold.atoms
        hold.atoms += change
        balance.locked += change
        balance.free -= change + spent

    def _forget_name(self, order: AccountOrder) -> None:
        name = (order.symbol.name, order.client_order_id)
        if self.by_client_id.get(name) is order:
            del self.by_client_id[name]
