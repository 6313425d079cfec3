"""The venue's state: markets, accounts, and what each change means for both. No socket is touched here.

Every change goes through `_apply`, in the engine's order of events: balances and orders of accounts first,
with their user-data events, then what the market sees. A listener is told and sends when it likes, so an
answer can leave before the events that it caused.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Protocol

from venues.binance.twin.errors import cancel_rejected, filter_failure, insufficient_balance, order_rejected
from venues.binance.twin.limits import OrderLimit
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import MAX_OPEN_ORDERS, Symbol
from venues.binance.twin.market.tape import Print
from venues.binance.twin.render import amount
from venues.binance.twin.trading.accounts import FEE_DIVISOR, Account, AccountOrder, AccountTrade, Balance
from venues.binance.twin.trading.orders import NewOrder
from venues.binance.twin.trading.reports import account_position, execution_report
from venues.twins.log import TruthLog
from venues.twins.market import LEVELS
from venues.twins.matching import (
    Accepted,
    Canceled,
    Event,
    Expired,
    Order,
    Rejected,
    Rested,
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
CLOSED = "Market is closed."


class Listener(Protocol):
    """Who sends what the exchange does."""

    def user_event(self, account: Account, event: dict[str, Any]) -> None:
        """A user-data event of an account."""

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
    ) -> None:
        self.log = log
        self.now_us = now_us
        self.markets = {symbol.name: Market(symbol, seed, levels) for symbol in symbols}
        self.accounts: dict[str, Account] = {}
        self.listener: Listener | None = None
        self._working: dict[Order, tuple[Account, AccountOrder]] = {}
        self._execution_id = random.Random(seed).randrange(10**6, 10**7)
        for market in self.markets.values():
            market.participants.seed()
            for _ in range(WARM_UP_ACTS):
                self.act(market)

    @property
    def now_ms(self) -> int:
        """UNIX milliseconds."""
        return self.now_us() // 1000

    def add_account(self, key: str, secret: str, balances: dict[str, int], limit: OrderLimit) -> Account:
        """Open an account with free balances in atoms."""
        owned = {asset: Balance(free=atoms) for asset, atoms in balances.items()}
        account = Account(key, secret, 354_937_868 + len(self.accounts), owned, limit, update_ms=self.now_ms)
        self.accounts[key] = account
        return account

    def act(self, market: Market) -> list[Event]:
        """Let one participant act."""
        events = market.participants.step()
        self._apply(market, events)
        return events

    def place(self, account: Account, new: NewOrder) -> tuple[AccountOrder, list[AccountTrade]]:
        """Send an order into the engine. Raises VenueError -2010, -1013, -1015; then nothing has changed."""
        market, now_ms = self.markets[new.symbol.name], self.now_ms
        account.limit.check(now_ms)
        if not market.is_open:
            raise order_rejected(CLOSED)
        known = account.by_client_id.get((new.symbol.name, new.client_order_id))
        if known is not None and known.is_open:
            raise order_rejected("Duplicate order sent.")
        if len(account.open_on(new.symbol)) >= MAX_OPEN_ORDERS:
            raise filter_failure("MAX_NUM_ORDERS")
        order = Order(account.api_key, new.side, new.kind, new.price, new.size, new.quote, new.engine_tif)
        mine = AccountOrder(
            new.symbol, order, new.client_order_id, new.type, new.time_in_force, new.quote_order_qty,
            now_ms, now_ms, new.strategy_id, new.strategy_type,
        )  # fmt: skip
        needed = self._needed(market, new)
        if needed > account.balance(mine.pays_with).free:
            raise insufficient_balance()
        if new.kind == "LIMIT_MAKER" and market.engine.would_match(new.side, new.price):
            raise order_rejected(WOULD_TAKE)
        account.reserve(mine, needed)
        self._working[order] = (account, mine)
        account.limit.placed(now_ms)
        events = market.engine.submit(order)
        if isinstance(events[0], Rejected):
            raise AssertionError(f"{new.symbol.name}: a checked {new.kind} order was rejected by the engine")
        market.participants.observe(events)
        return mine, self._apply(market, events)

    def cancel(self, account: Account, order: AccountOrder, cancel_id: str) -> None:
        """Cancel an open order. Raises VenueError -2011 when it is not open."""
        market = self.markets[order.symbol.name]
        events = market.engine.cancel(order.order_id)
        if not events:
            raise cancel_rejected()
        self._apply(market, events, cancel_id)

    def _needed(self, market: Market, new: NewOrder) -> int:
        """Atoms that the order locks of what it pays with."""
        unit = new.symbol.quote_unit
        if new.kind != "MARKET":
            return new.price * new.size * unit if new.side == "BUY" else new.size * new.symbol.step
        steps, quote = market.engine.sweep(new.side, new.size, new.quote)
        if new.side == "BUY":
            return quote * unit
        return (steps if new.quote else new.size) * new.symbol.step

    def _apply(self, market: Market, events: list[Event], cancel_id: str | None = None) -> list[AccountTrade]:
        now_ms = self.now_ms
        taker_trades: list[AccountTrade] = []
        touched: dict[str, Account] = {}
        for event in events:
            if isinstance(event, Traded):
                self._print(market, event, now_ms)
                for is_maker in (False, True):
                    working = self._working.get(event.maker if is_maker else event.taker)
                    if working is not None:
                        trade = self._fill(*working, event, is_maker, now_ms)
                        touched[working[0].api_key] = working[0]
                        if not is_maker:
                            taker_trades.append(trade)
            elif isinstance(event, Accepted | Canceled | Expired | Rested):
                working = self._working.get(event.order)
                if working is not None:
                    touched[working[0].api_key] = working[0]
                    self._advance(*working, event, now_ms, cancel_id)
        for account in touched.values():
            self._position(market, account, now_ms)
        if self.listener is not None:
            self.listener.market_events(market, events, now_ms)
        return taker_trades

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

    def _fill(self, account: Account, mine: AccountOrder, event: Traded, is_maker: bool, now_ms: int) -> AccountTrade:
        symbol, is_buyer = mine.symbol, mine.order.side == "BUY"
        cost, size = event.price * event.size * symbol.quote_unit, event.size * symbol.step
        spent, received = (cost, size) if is_buyer else (size, cost)
        asset = symbol.base if is_buyer else symbol.quote
        fee = received // FEE_DIVISOR
        is_first = mine.filled == 0
        mine.filled = event.maker_filled if is_maker else event.taker_filled
        mine.filled_quote = event.maker_quote if is_maker else event.taker_quote
        mine.update_ms = now_ms
        is_done = mine.filled >= mine.order.size
        mine.status = "FILLED" if is_done else "PARTIALLY_FILLED"
        wanted = 0 if is_done else mine.reserved - spent
        if not is_done and is_buyer and mine.order.kind != "MARKET":
            wanted = mine.order.price * (mine.order.size - mine.filled) * symbol.quote_unit
        account.reserve(mine, wanted, spent)
        account.balance(asset).free += received - fee
        if is_first:
            account.limit.filled(is_maker, now_ms)
        trade = AccountTrade(
            event.trade_id,
            mine.order_id,
            symbol,
            event.price,
            event.size,
            fee,
            asset,
            now_ms,
            is_buyer,
            is_maker,
        )
        account.trades.append(trade)
        self.log.write(
            "fill",
            account=account.api_key,
            trade_id=event.trade_id,
            order_id=mine.order_id,
            client_order_id=mine.client_order_id,
            symbol=symbol.name,
            side=mine.order.side,
            price=symbol.price(event.price),
            size=symbol.size(event.size),
            fee=amount(fee),
            fee_asset=asset,
            maker=is_maker,
            time_ms=now_ms,
        )
        self._report(account, mine, "TRADE", now_ms, trade=trade)
        if is_done:
            self._end(account, mine)
        return trade

    def _advance(
        self,
        account: Account,
        mine: AccountOrder,
        event: Accepted | Canceled | Expired | Rested,
        now_ms: int,
        cancel_id: str | None,
    ) -> None:
        if isinstance(event, Rested):
            return
        if isinstance(event, Accepted):
            mine.is_working = True
            account.add(mine)
            self._report(account, mine, "NEW", now_ms)
            return
        mine.update_ms = now_ms
        account.reserve(mine, 0)
        if isinstance(event, Canceled):
            mine.status = "CANCELED"
            self._report(account, mine, "CANCELED", now_ms, cancel_id=cancel_id)
        else:
            mine.status = "EXPIRED"
            self._report(account, mine, "EXPIRED", now_ms, expiry=EXPIRY[event.reason])
        self._end(account, mine)

    def _end(self, account: Account, mine: AccountOrder) -> None:
        account.end(mine)
        del self._working[mine.order]

    def _report(self, account: Account, mine: AccountOrder, execution: str, now_ms: int, **due: Any) -> None:
        symbol = mine.symbol
        self._execution_id += 1
        account.update_ms = now_ms
        self.log.write(
            "order",
            account=account.api_key,
            order_id=mine.order_id,
            client_order_id=mine.client_order_id,
            symbol=symbol.name,
            side=mine.order.side,
            type=mine.type,
            price=symbol.price(mine.order.price),
            size=symbol.size(mine.order.size),
            filled=symbol.size(mine.filled),
            status=mine.status,
        )
        if self.listener is not None:
            event = execution_report(mine, execution, now_ms, self._execution_id, **due)
            self.listener.user_event(account, event)

    def _position(self, market: Market, account: Account, now_ms: int) -> None:
        assets = (market.symbol.base, market.symbol.quote)
        for asset in assets:
            balance = account.balance(asset)
            self.log.write(
                "balance",
                account=account.api_key,
                asset=asset,
                free=amount(balance.free),
                locked=amount(balance.locked),
            )
        if self.listener is not None:
            self.listener.user_event(account, account_position(account, assets, now_ms))
