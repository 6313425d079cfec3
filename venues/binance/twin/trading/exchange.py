"""The venue's state: markets, accounts, and what each change means for both. No socket is touched here.

An order is placed in two steps, so that order lists can be: `prepare` makes every check, gives an id and locks the
funds; `submit` lets it work. Every change goes through `_apply`, in the engine's order of events: balances and orders
of accounts first, with their user-data events, then what the market sees. What a change causes in turn (what a list
does about it) comes after it, in the order of arrival, at the end of `together`. A listener is told and sends when it
likes, so an answer can leave before the events that it caused.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Protocol

from venues.binance.twin.errors import VenueError, cancel_rejected, order_rejected
from venues.binance.twin.limits import OrderLimit
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.market.tape import Print
from venues.binance.twin.trading.account_orders import AccountOrder, Amendment
from venues.binance.twin.trading.accounts import Account, Balance
from venues.binance.twin.trading.admission import NO_TRADING, check_account, check_entering, check_waiting
from venues.binance.twin.trading.clearing import Clearing, UserListener
from venues.binance.twin.trading.filters import DEFAULT_BOUNDS, ExchangeBounds
from venues.binance.twin.trading.keeper import Execution, ListKeeper
from venues.binance.twin.trading.lists import OrderLists
from venues.binance.twin.trading.making import account_order
from venues.binance.twin.trading.orders import NewOrder
from venues.binance.twin.trading.prices import Prices
from venues.binance.twin.trading.waiting import Waiting
from venues.twins.log import TruthLog
from venues.twins.market import LEVELS
from venues.twins.matching import Accepted, Event, Expired, Order, Prevented, Rejected, Traded

WARM_UP_ACTS = 300
"""Acts of the participants before the doors open, so that a last price and recent trades exist."""
STATUSES = ("TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY")
CANCELABLE = ("TRADING", "CANCEL_ONLY")
CLOSED = "Market is closed."
EXPIRY = {
    "IOC": "UNFILLED_IOC_QUANTITY_EXPIRED",
    "FOK": "UNFILLED_FOK_ORDER_EXPIRED",
    "LIQUIDITY": "INSUFFICIENT_LIQUIDITY",
}


class Listener(UserListener, Protocol):
    """Who sends what the exchange does."""

    def market_events(self, market: Market, events: list[Event], now_ms: int) -> None:
        """What everybody may see of a symbol."""


class Exchange:
    """All markets and accounts. `now_us` gives UNIX microseconds."""

    def __init__(
        self,
        symbols: list[Symbol],
        seed: int,
        log: TruthLog,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        levels: int = LEVELS,
        bounds: ExchangeBounds = DEFAULT_BOUNDS,
    ) -> None:
        self.log = log
        self.now_us = now_us
        self.bounds = bounds
        self.markets: dict[str, Market] = {}
        self.symbols: dict[str, Symbol] = {}
        self.accounts: dict[str, Account] = {}
        self.lists: ListKeeper = OrderLists(self)
        self._prices = Prices(self.markets)
        self.clearing = Clearing(log, random.Random(seed).randrange(10**6, 10**7), self._told, self._prices.of_bnb)
        self._listener: Listener | None = None
        self._waiting = Waiting()
        self._consequences: deque[Callable[[], None]] = deque()
        self._act_ms = 0
        for symbol in symbols:
            market = Market(symbol, seed, levels)
            self.add_market(market)
            market.participants.seed()
            for _ in range(WARM_UP_ACTS):
                self._act(market)

    @property
    def now_ms(self) -> int:
        """UNIX milliseconds; the same throughout one act."""
        return self._act_ms or self.now_us() // 1000

    @property
    def listener(self) -> Listener | None:
        """Who sends what happens."""
        return self._listener

    @listener.setter
    def listener(self, listener: Listener | None) -> None:
        self._listener = self.clearing.listener = listener

    @contextmanager
    def together(self) -> Iterator[None]:
        """One act: what it causes in turn happens at its end, and then each account is told its balances once.

        An answer rendered within shows what the request itself did, and nothing that followed from it.
        """
        if self._act_ms:
            yield
            return
        self._act_ms = self.now_us() // 1000
        try:
            yield
        finally:
            while self._consequences:
                self._consequences.popleft()()
            now_ms, self._act_ms = self._act_ms, 0
            self.clearing.tell_positions(now_ms)

    def add_market(self, market: Market) -> None:
        """Serve one more market, such as one that a capture moves."""
        symbol = market.symbol
        self.markets[symbol.name], self.symbols[symbol.name] = market, symbol

    def add_account(self, key: str, balances: dict[str, int], limit: OrderLimit) -> Account:
        """Open an account with free balances in atoms."""
        owned = {asset: Balance(free=atoms) for asset, atoms in balances.items()}
        account = Account(key, 354_937_868 + len(self.accounts), owned, limit, update_ms=self.now_ms)
        self.accounts[key] = account
        return account

    def set_status(self, symbol: str, status: str) -> None:
        """Open or close a symbol: one of `STATUSES`. Nobody trades, and participants rest, but in TRADING."""
        if status not in STATUSES:
            raise ValueError(f"{symbol}: status {status!r}; expected one of {', '.join(STATUSES)}")
        self.markets[symbol].status = status

    def average(self, symbol: Symbol) -> int:
        """The price in ticks that filters measure with, 0 for none."""
        return self._prices.average(symbol, self.now_ms)

    def deposit(self, account: Account, asset: str, atoms: int) -> None:
        """Atoms come from outside the exchange, or leave it when negative. Raises ValueError over what is free."""
        if account.balance(asset).free + atoms < 0:
            raise ValueError(f"{asset}: {-atoms} atoms to withdraw, {account.balance(asset).free} are free")
        with self.together():
            self.clearing.deposit(account, asset, atoms, self.now_ms)

    def lock(self, account: Account, asset: str, atoms: int) -> None:
        """Something other than an order locks atoms, or unlocks them when negative. Raises ValueError over either."""
        balance = account.balance(asset)
        if balance.free - atoms < 0 or balance.external + atoms < 0:
            raise ValueError(f"{asset}: {atoms} atoms to lock, {balance.free} free, {balance.external} locked so far")
        with self.together():
            self.clearing.lock(account, asset, atoms, self.now_ms)

    def act(self, market: Market) -> list[Event]:
        """Let one participant act; none does while the symbol is not trading."""
        return self._act(market) if market.is_open else []

    def _act(self, market: Market) -> list[Event]:
        with self.together():
            events = market.participants.step()
            self._apply(market, events)
        return events

    def enter(self, market: Market, order: Order) -> None:
        """Let an order that is no account's work, as a participant's does."""
        with self.together():
            events = market.engine.submit(order)
            market.participants.observe(events)
            self._apply(market, events)

    def withdraw(self, market: Market, order: Order) -> None:
        """Take back an order that is no account's."""
        with self.together():
            self._apply(market, market.engine.cancel(order.order_id))

    def place(self, account: Account, new: NewOrder) -> AccountOrder:
        """Place one order. Raises VenueError -2010, -1013, -1015; then nothing has changed."""
        with self.together():
            mine = self.prepare(account, new)
            self.submit(account, mine)
        return mine

    def check(self, account: Account, new: NewOrder) -> None:
        """What is asked before the matching engine hears of an order. Raises VenueError -2010 or -1013."""
        is_open = self.markets[new.symbol.name].is_open
        check_account(account, new, is_open, self.bounds, partial(self.average, new.symbol))

    def check_cancel(self, account: Account, symbol: Symbol) -> None:
        """Raises VenueError -2011 when the account, or anybody at this symbol, may not cancel now."""
        if not account.can_trade:
            raise cancel_rejected(NO_TRADING)
        if self.markets[symbol.name].status not in CANCELABLE:
            raise cancel_rejected(CLOSED)

    def prepare(
        self,
        account: Account,
        new: NewOrder,
        order_list_id: int = -1,
        beside: AccountOrder | None = None,
        is_pending: bool = False,
        is_checked: bool = False,
    ) -> AccountOrder:
        """Make every check of a new order, give it its id and lock its funds; nobody is told yet.

        `beside` is the other leg of an OCO: both share what is locked. A pending order locks nothing and is checked
        against the market by `submit`. With `is_checked` the caller has made `check` and has counted the order.
        Raises VenueError -2010, -1013, -1015; then nothing has changed.
        """
        market, now_ms = self.markets[new.symbol.name], self.now_ms
        if not is_checked:
            account.limit.check(now_ms)
            self.check(account, new)
        known = account.by_client_id.get((new.symbol.name, new.client_order_id))
        if known is not None and known.is_open:
            raise order_rejected("Duplicate order sent.")
        mine = account_order(account, new, now_ms)
        mine.order_list_id = order_list_id
        if beside is not None:
            mine.hold = beside.hold
        needed = 0
        if is_pending:
            mine.status = "PENDING_NEW"
        else:
            needed = self._check_market(account, market, mine)
        mine.order.order_id = market.engine.take_order_id()
        self.clearing.open(account, mine, needed)
        if not is_checked:
            account.limit.placed(now_ms)
        return mine

    def release(self, account: Account, mine: AccountOrder) -> None:
        """Undo `prepare`, for a list whose other leg was refused."""
        account.limit.withdrawn(self.now_ms)
        self.clearing.forget(account, mine)

    def announce(self, account: Account, mine: AccountOrder) -> None:
        """Report a prepared order that waits: a list's pending leg."""
        with self.together():
            self.clearing.announce(account, mine, self.now_ms)

    def submit(self, account: Account, mine: AccountOrder) -> None:
        """Let a prepared order work or wait for its price. A pending one that fails its checks expires as REJECTED."""
        market = self.markets[mine.symbol.name]
        with self.together():
            if mine.status == "PENDING_NEW":
                try:
                    needed = self._check_market(account, market, mine)
                except VenueError:
                    self.expire(account, mine, "REJECTED")
                    return
                mine.status, mine.update_ms = "NEW", self.now_ms
                account.reserve(mine, needed)
            if mine.trigger is None:
                self._enter(market, mine)
            else:
                self._waiting.add(account, mine)
                self.clearing.announce(account, mine, self.now_ms)

    def expire(self, account: Account, mine: AccountOrder, reason: str) -> None:
        """End an open order as the venue does by its own rules; `reason` is the expiry reason."""
        with self.together():
            events = self._withdraw(mine)
            self.clearing.expire(account, mine, reason, self.now_ms)
            self._publish(self.markets[mine.symbol.name], events, self.now_ms)

    def cancel(self, account: Account, mine: AccountOrder, cancel_id: str) -> None:
        """Cancel an open order. Raises VenueError -2011 when it is not open."""
        if not mine.is_open:
            raise cancel_rejected()
        with self.together():
            events = self._withdraw(mine)
            self.clearing.cancel(account, mine, cancel_id, self.now_ms)
            self._publish(self.markets[mine.symbol.name], events, self.now_ms)

    def amend(self, account: Account, mine: AccountOrder, size: int, client_order_id: str) -> Amendment:
        """Make an open order smaller, to `size` steps in all; its place in the queue is kept and its name changes."""
        market, old_size = self.markets[mine.symbol.name], mine.order.size
        with self.together():
            events = market.engine.amend(mine.order_id, size)
            mine.order.size = size
            self.clearing.amend(account, mine, client_order_id, old_size, self.now_ms)
            self._publish(market, events, self.now_ms)
        return mine.amendments[-1]

    def _check_market(self, account: Account, market: Market, mine: AccountOrder) -> int:
        if mine.trigger is not None:
            return check_waiting(account, market, mine)
        return check_entering(account, market, mine, partial(self.average, mine.symbol))

    def _enter(self, market: Market, mine: AccountOrder) -> None:
        """Send an order into the engine."""
        mine.working_ms = self.now_ms
        events = market.engine.submit(mine.order)
        if isinstance(events[0], Rejected):
            raise AssertionError(f"{mine.symbol.name}: a checked {mine.type} order was rejected by the engine")
        market.participants.observe(events)
        self._apply(market, events)

    def _withdraw(self, mine: AccountOrder) -> list[Event]:
        """Take an order out of wherever it stands or waits."""
        if self._waiting.take(mine):
            return []
        return self.markets[mine.symbol.name].engine.cancel(mine.order_id)

    def _apply(self, market: Market, events: list[Event]) -> None:
        now_ms = self.now_ms
        for event in events:
            if isinstance(event, Traded):
                self._print(market, event, now_ms)
                for is_maker in (False, True):
                    owned = self.clearing.owner(event.maker if is_maker else event.taker)
                    if owned is not None:
                        self.clearing.fill(*owned, event, is_maker, now_ms)
                self._trigger(market, event.price, now_ms)
            elif isinstance(event, Prevented):
                self.clearing.prevented(event, events, now_ms)
            elif isinstance(event, Accepted | Expired):
                owned = self.clearing.owner(event.order)
                if owned is not None and isinstance(event, Accepted):
                    self.clearing.announce(*owned, now_ms)
                elif owned is not None and isinstance(event, Expired):
                    self.clearing.expire(*owned, EXPIRY[event.reason], now_ms)
        self._publish(market, events, now_ms)

    def _trigger(self, market: Market, price: int, now_ms: int) -> None:
        """A trade lets waiting orders go; they enter the book after whatever is under way, oldest first."""
        for account, mine in self._waiting.on_trade(market.symbol.name, price, now_ms):
            self._told(account, mine, "TRIGGERED")
            self._consequences.append(partial(self._go, market, account, mine))

    def _go(self, market: Market, account: Account, mine: AccountOrder) -> None:
        """A triggered order enters the book, unless it was ended meanwhile or cannot be paid for any more."""
        if not self._waiting.take(mine):
            return
        mine.update_ms = self.now_ms
        try:
            needed = check_entering(account, market, mine, partial(self.average, mine.symbol))
        except VenueError:
            self.clearing.expire(account, mine, "REJECTED", self.now_ms)
            return
        account.reserve(mine, needed)
        self._enter(market, mine)

    def _publish(self, market: Market, events: list[Event], now_ms: int) -> None:
        if self._listener is not None and events:
            self._listener.market_events(market, events, now_ms)

    def _told(self, account: Account, mine: AccountOrder, execution: Execution) -> None:
        if mine.order_list_id != -1:
            self._consequences.append(partial(self.lists.on_order, account, mine, execution))

    def _print(self, market: Market, trade: Traded, now_ms: int) -> None:
        symbol = market.symbol
        is_buyer_maker = trade.maker.side == "BUY"
        market.tape.add(Print(trade.trade_id, trade.price, trade.size, now_ms, is_buyer_maker, trade.taker.order_id))
        self.log.write(
            "trade",
            trade_id=trade.trade_id,
            symbol=symbol.name,
            price=symbol.price(trade.price),
            size=symbol.size(trade.size),
        )
