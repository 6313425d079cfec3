"""What happens to orders, and what it means for their accounts: fills, fees, balances, ends, and the reports of it.

No rule about who may order what stands here, and nothing here reaches an engine. Balances are exact in atoms after
each call; an account's position is told once for everything that one act of the exchange did to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from venues.binance.twin.render import amount
from venues.binance.twin.trading.accounts import FEE_DIVISOR, Account, AccountOrder, AccountTrade
from venues.binance.twin.trading.keeper import Execution
from venues.binance.twin.trading.reports import account_position, execution_report
from venues.twins.log import TruthLog
from venues.twins.matching import Order, Traded


class UserListener(Protocol):
    """Who sends what an account is told."""

    def user_event(self, account: Account, event: dict[str, Any]) -> None:
        """A user-data event of an account."""


class Clearing:
    """Keeps accounts true. `told` hears of every change of an order, in the order of happening."""

    def __init__(
        self, log: TruthLog, execution_id: int, told: Callable[[Account, AccountOrder, Execution], None]
    ) -> None:
        self.listener: UserListener | None = None
        self._log = log
        self._told = told
        self._execution_id = execution_id
        self._working: dict[Order, tuple[Account, AccountOrder]] = {}
        self._touched: dict[str, tuple[Account, dict[str, None]]] = {}

    def open(self, account: Account, mine: AccountOrder, needed: int) -> None:
        """A new order with `needed` atoms locked."""
        self._working[mine.order] = (account, mine)
        account.add(mine)
        account.reserve(mine, needed)

    def forget(self, account: Account, mine: AccountOrder) -> None:
        """An order that nobody was told of is gone without a trace."""
        account.reserve(mine, 0)
        account.forget(mine)
        del self._working[mine.order]

    def owner(self, order: Order) -> tuple[Account, AccountOrder] | None:
        """Whose open order the engine's is, None for the participants'."""
        return self._working.get(order)

    def announce(self, account: Account, mine: AccountOrder, now_ms: int) -> None:
        """Report an order that was accepted, wherever it waits or works now."""
        mine.is_announced = True
        self.report(account, mine, "NEW", now_ms)

    def fill(self, account: Account, mine: AccountOrder, event: Traded, is_maker: bool, now_ms: int) -> None:
        """One trade of an order."""
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
        needed = 0 if is_done else mine.need - spent
        if not is_done and is_buyer and mine.order.kind != "MARKET":
            needed = mine.order.price * (mine.order.size - mine.filled) * symbol.quote_unit
        account.reserve(mine, needed, spent)
        account.balance(asset).free += received - fee
        if is_first:
            account.limit.filled(is_maker, now_ms)
        trade = AccountTrade(
            event.trade_id, mine.order_id, symbol, event.price, event.size, fee, asset, now_ms, is_buyer, is_maker,
            mine.order_list_id,
        )  # fmt: skip
        account.trades.append(trade)
        if not is_maker:
            mine.taken.append(trade)
        self._log.write(
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
        if is_done:
            self._end(account, mine)
        self.report(account, mine, "TRADE", now_ms, trade=trade)

    def cancel(self, account: Account, mine: AccountOrder, cancel_id: str | None, now_ms: int) -> None:
        """An order left on request."""
        self._end(account, mine)
        mine.status, mine.update_ms = "CANCELED", now_ms
        self.report(account, mine, "CANCELED", now_ms, cancel_id=cancel_id)

    def expire(self, account: Account, mine: AccountOrder, reason: str, now_ms: int) -> None:
        """An order, or what was left of it, ended by itself; `reason` is the venue's expiry reason."""
        self._end(account, mine)
        mine.status, mine.update_ms = "EXPIRED", now_ms
        self.report(account, mine, "EXPIRED", now_ms, expiry=reason)

    def report(self, account: Account, mine: AccountOrder, execution: Execution, now_ms: int, **due: Any) -> None:
        """Tell the account of a change of an order."""
        symbol = mine.symbol
        self._execution_id += 1
        account.update_ms = now_ms
        self.touch(account, symbol.base, symbol.quote)
        self._log.write(
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
        self.tell(account, execution_report(mine, execution, now_ms, self._execution_id, **due))
        self._told(account, mine, execution)

    def tell(self, account: Account, event: dict[str, Any]) -> None:
        """Send a user-data event."""
        if self.listener is not None:
            self.listener.user_event(account, event)

    def touch(self, account: Account, *assets: str) -> None:
        """Balances that may have changed: they are told at the end of the act."""
        _, known = self._touched.setdefault(account.api_key, (account, {}))
        known.update(dict.fromkeys(assets))

    def tell_positions(self, now_ms: int) -> None:
        """Tell every account what its touched balances are now."""
        touched, self._touched = self._touched, {}
        for account, assets in touched.values():
            for asset in assets:
                balance = account.balance(asset)
                self._log.write(
                    "balance",
                    account=account.api_key,
                    asset=asset,
                    free=amount(balance.free),
                    locked=amount(balance.locked),
                )
            self.tell(account, account_position(account, assets, now_ms))

    def _end(self, account: Account, mine: AccountOrder) -> None:
        account.reserve(mine, 0)
        account.end(mine)
        del self._working[mine.order]
