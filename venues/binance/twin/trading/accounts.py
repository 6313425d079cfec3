"""An account: what it owns, its orders and its trades. Amounts are atoms, prices ticks, sizes steps."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from venues.binance.twin.limits import OrderLimit
from venues.binance.twin.market.symbols import Symbol
from venues.twins.matching import Order

FEE_DIVISOR = 1_000
"""Maker and taker pay 0.001 of what they receive, cut to eight decimals."""
MAX_ENDED_ORDERS = 100_000
"""Ended orders kept for queries; older ones are forgotten, as the venue archives."""
MAX_TRADES = 100_000
"""Trades kept for myTrades."""
OPEN = ("NEW", "PARTIALLY_FILLED", "PENDING_NEW")
"""States of an order that can still fill."""


@dataclass(slots=True)
class Balance:
    """Atoms of one asset."""

    free: int = 0
    locked: int = 0


@dataclass(slots=True, eq=False)
class Hold:
    """What an order keeps locked, in atoms of the asset it pays with.

    The two legs of an OCO share one: it is as large as the larger need, since one leg alone can ever trade.
    """

    atoms: int = 0
    needs: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class AccountOrder:
    """One order of an account, as its queries and events show it.

    `taken` are the trades in which it took what stood in the book; `is_announced` is whether a report has told of it.
    """

    symbol: Symbol
    order: Order
    client_order_id: str
    type: str
    time_in_force: str
    quote_order_qty: int
    time_ms: int
    update_ms: int
    strategy_id: int | None = None
    strategy_type: int | None = None
    status: str = "NEW"
    filled: int = 0
    filled_quote: int = 0
    is_working: bool = False
    is_announced: bool = False
    order_list_id: int = -1
    hold: Hold = field(default_factory=Hold)
    taken: list[AccountTrade] = field(default_factory=list)

    @property
    def order_id(self) -> int:
        """The venue's id."""
        return self.order.order_id

    @property
    def pays_with(self) -> str:
        """The asset that the order gives."""
        return self.symbol.quote if self.order.side == "BUY" else self.symbol.base

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status in OPEN

    @property
    def need(self) -> int:
        """Atoms of what it pays with that it keeps locked."""
        return self.hold.needs.get(self.order_id, 0)


@dataclass(frozen=True, slots=True)
class AccountTrade:
    """One fill of an account's order; `fee` in atoms of `fee_asset`, `time_ms` UNIX milliseconds."""

    trade_id: int
    order_id: int
    symbol: Symbol
    price: int
    size: int
    fee: int
    fee_asset: str
    time_ms: int
    is_buyer: bool
    is_maker: bool
    order_list_id: int = -1


@dataclass(slots=True)
class Account:
    """Everything the venue holds for one owner; an account is called after its first key."""

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

    def end(self, order: AccountOrder) -> None:
        """An order can fill no more: it leaves the open ones, and the oldest ended may be forgotten."""
        del self.open_orders[order.symbol.name, order.order_id]
        self._ended.append(order)
        if len(self._ended) > MAX_ENDED_ORDERS:
            oldest = self._ended.popleft()
            del self.orders[oldest.symbol.name, oldest.order_id]
            name = (oldest.symbol.name, oldest.client_order_id)
            if self.by_client_id.get(name) is oldest:
                del self.by_client_id[name]

    def forget(self, order: AccountOrder) -> None:
        """An order that never was: it leaves the open ones and every query."""
        del self.open_orders[order.symbol.name, order.order_id]
        del self.orders[order.symbol.name, order.order_id]
        name = (order.symbol.name, order.client_order_id)
        if self.by_client_id.get(name) is order:
            del self.by_client_id[name]

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
