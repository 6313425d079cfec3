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
from typing import Protocol

from venues.binance.twin.errors import (
    VenueError,
    cancel_rejected,
    filter_failure,
    insufficient_balance,
    order_rejected,
)
from venues.binance.twin.limits import OrderLimit
from venues.binance.twin.market.symbols import MAX_OPEN_ORDERS, Symbol
from venues.binance.twin.market.tape import Print, Tape
from venues.binance.twin.trading.accounts import Account, AccountOrder, Balance, Hold
from venues.binance.twin.trading.clearing import Clearing, UserListener
from venues.binance.twin.trading.keeper import Execution, ListKeeper
from venues.binance.twin.trading.orders import NewOrder
from venues.twins.log import TruthLog
from venues.twins.market import MarketShape, Participants
from venues.twins.matching import (
    Accepted,
    Event,
    Expired,
    MatchingEngine,
    Order,
    Rejected,
    Traded,
)

WARM_UP_ACTS = 300
"""Acts of the participants before the doors open, so that a last price and recent trades exist."""
EXPIRY = {
    "IOC": "UNFILLED_IOC_QUANTITY_EXPIRED",
    "FOK": "UNFILLED_FOK_ORDER_EXPIRED",
    "LIQUIDITY": "INSUFFICIENT_LIQUIDITY",
}
WOULD_TAKE = "Order would immediately match and take."


class Listener(UserListener, Protocol):
    """Who sends what the exchange does."""

    def market_events(self, market: Market, events: list[Event], now_ms: int) -> None:
        """What everybody may see of a symbol."""


class Market:
    """One symbol: its engine, its participants, its tape."""

    def __init__(self, symbol: Symbol, rng: random.Random) -> None:
        self.symbol = symbol
        self.status = "TRADING"
        first = rng.randrange(10**6, 10**7)
        self.engine = MatchingEngine(first_order_id=first, first_trade_id=first // 3, update_id=first * 2)
        shape = MarketShape(symbol.start, symbol.typical_size)
        self.participants = Participants(self.engine, shape, random.Random(rng.random()))
        self.tape = Tape()


class Exchange:
    """All markets and accounts. `now_us` gives UNIX microseconds."""

    def __init__(
        self,
        symbols: list[Symbol],
        seed: int,
        log: TruthLog,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        rng = random.Random(seed)
        self.log = log
        self.now_us = now_us
        self.markets = {symbol.name: Market(symbol, rng) for symbol in symbols}
        self.accounts: dict[str, Account] = {}
        self.lists: ListKeeper | None = None
        self.clearing = Clearing(log, rng.randrange(10**6, 10**7), self._told)
        self._listener: Listener | None = None
        self._consequences: deque[Callable[[], None]] = deque()
        self._is_acting = False
        for market in self.markets.values():
            market.participants.seed()
            for _ in range(WARM_UP_ACTS):
                self.act(market)

    @property
    def now_ms(self) -> int:
        """UNIX milliseconds."""
        return self.now_us() // 1000

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
        if self._is_acting:
            yield
            return
        self._is_acting = True
        try:
            yield
        finally:
            while self._consequences:
                self._consequences.popleft()()
            self._is_acting = False
            self.clearing.tell_positions(self.now_ms)

    def add_account(self, key: str, balances: dict[str, int], limit: OrderLimit) -> Account:
        """Open an account with free balances in atoms."""
        owned = {asset: Balance(free=atoms) for asset, atoms in balances.items()}
        account = Account(key, 354_937_868 + len(self.accounts), owned, limit, update_ms=self.now_ms)
        self.accounts[key] = account
        return account

    def act(self, market: Market) -> list[Event]:
        """Let one participant act."""
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

    def prepare(
        self,
        account: Account,
        new: NewOrder,
        order_list_id: int = -1,
        beside: AccountOrder | None = None,
        is_pending: bool = False,
    ) -> AccountOrder:
        """Make every check of a new order, give it its id and lock its funds; nobody is told yet.

        `beside` is the other leg of an OCO: both share what is locked. A pending order locks nothing and is checked
        against the market once more by `submit`. Raises VenueError -2010, -1013, -1015; then nothing has changed.
        """
        market, now_ms = self.markets[new.symbol.name], self.now_ms
        if market.status != "TRADING":
            raise order_rejected("Market is closed.")
        account.limit.check(now_ms)
        known = account.by_client_id.get((new.symbol.name, new.client_order_id))
        if known is not None and known.is_open:
            raise order_rejected("Duplicate order sent.")
        if len(account.open_on(new.symbol)) >= MAX_OPEN_ORDERS:
            raise filter_failure("MAX_NUM_ORDERS")
        order = Order(account.api_key, new.side, new.kind, new.price, new.size, new.quote, new.engine_tif)
        mine = AccountOrder(
            new.symbol, order, new.client_order_id, new.type, new.time_in_force, new.quote_order_qty,
            now_ms, now_ms, new.strategy_id, new.strategy_type, order_list_id=order_list_id,
            hold=beside.hold if beside is not None else Hold(),
            status="PENDING_NEW" if is_pending else "NEW",
        )  # fmt: skip
        needed = 0 if is_pending else self._check_market(account, market, mine)
        order.order_id = market.engine.take_order_id()
        self.clearing.open(account, mine, needed)
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
        """Let a prepared order work. A pending one that fails its checks now expires as REJECTED."""
        market = self.markets[mine.symbol.name]
        with self.together():
            if mine.status == "PENDING_NEW":
                try:
                    needed = self._check_market(account, market, mine)
                except VenueError:
                    self.expire(account, mine, "REJECTED")
                    return
                mine.status = "NEW"
                account.reserve(mine, needed)
            self._enter(market, mine)

    def expire(self, account: Account, mine: AccountOrder, reason: str) -> None:
        """End an open order as the venue does by its own rules; `reason` is the expiry reason."""
        with self.together():
            events = self.markets[mine.symbol.name].engine.cancel(mine.order_id)
            self.clearing.expire(account, mine, reason, self.now_ms)
            self._publish(self.markets[mine.symbol.name], events)

    def cancel(self, account: Account, mine: AccountOrder, cancel_id: str) -> None:
        """Cancel an open order. Raises VenueError -2011 when it is not open."""
        if not mine.is_open:
            raise cancel_rejected()
        with self.together():
            events = self.markets[mine.symbol.name].engine.cancel(mine.order_id)
            self.clearing.cancel(account, mine, cancel_id, self.now_ms)
            self._publish(self.markets[mine.symbol.name], events)

    def _check_market(self, account: Account, market: Market, mine: AccountOrder) -> int:
        """Atoms that the order locks. Raises VenueError -2010 when it cannot enter the book as it is now."""
        needed = self._needed(market, mine)
        if needed - mine.hold.atoms > account.balance(mine.pays_with).free:
            raise insufficient_balance()
        if mine.order.kind == "LIMIT_MAKER" and market.engine.would_match(mine.order.side, mine.order.price):
            raise order_rejected(WOULD_TAKE)
        return needed

    def _needed(self, market: Market, mine: AccountOrder) -> int:
        """Atoms that the order locks of what it pays with."""
        order, unit = mine.order, mine.symbol.quote_unit
        if order.kind != "MARKET":
            return order.price * order.size * unit if order.side == "BUY" else order.size * mine.symbol.step
        steps, quote = market.engine.sweep(order.side, order.size, order.quote)
        if order.side == "BUY":
            return quote * unit
        return (steps if order.quote else order.size) * mine.symbol.step

    def _enter(self, market: Market, mine: AccountOrder) -> None:
        """Send an order into the engine."""
        mine.is_working = True
        events = market.engine.submit(mine.order)
        if isinstance(events[0], Rejected):
            raise AssertionError(f"{mine.symbol.name}: a checked {mine.type} order was rejected by the engine")
        market.participants.observe(events)
        self._apply(market, events)

    def _apply(self, market: Market, events: list[Event]) -> None:
        now_ms = self.now_ms
        for event in events:
            if isinstance(event, Traded):
                self._print(market, event, now_ms)
                for is_maker in (False, True):
                    owned = self.clearing.owner(event.maker if is_maker else event.taker)
                    if owned is not None:
                        self.clearing.fill(*owned, event, is_maker, now_ms)
            elif isinstance(event, Accepted | Expired):
                owned = self.clearing.owner(event.order)
                if owned is not None and isinstance(event, Accepted):
                    self.clearing.announce(*owned, now_ms)
                elif owned is not None and isinstance(event, Expired):
                    self.clearing.expire(*owned, EXPIRY[event.reason], now_ms)
        self._publish(market, events)

    def _publish(self, market: Market, events: list[Event]) -> None:
        if self._listener is not None and events:
            self._listener.market_events(market, events, self.now_ms)

    def _told(self, account: Account, mine: AccountOrder, execution: Execution) -> None:
        lists = self.lists
        if lists is not None and mine.order_list_id != -1:
            self._consequences.append(lambda: lists.on_order(account, mine, execution))

    def _print(self, market: Market, trade: Traded, now_ms: int) -> None:
        symbol = market.symbol
        is_buyer_maker = trade.maker.side == "BUY"
        market.tape.add(Print(trade.trade_id, trade.price, trade.size, now_ms, is_buyer_maker))
        self.log.write(
            "trade",
            trade_id=trade.trade_id,
            symbol=symbol.name,
            price=symbol.price(trade.price),
            size=symbol.size(trade.size),
        )
