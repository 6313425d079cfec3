"""What happens to orders, and what it means for their accounts: fills, fees, balances, ends, and the reports of it.

No rule about who may order what stands here, and nothing here reaches an engine. Balances are exact in atoms after
each call; an account's position is told once for everything that one act of the exchange did to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from venues.binance.twin.render import amount
from venues.binance.twin.trading.account_orders import AccountOrder, AccountTrade, Amendment, PreventedMatch
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.events import account_position, balance_update, execution_report, external_lock
from venues.binance.twin.trading.keeper import Execution
from venues.binance.twin.trading.making import prevented_match
from venues.binance.twin.trading.rates import DISCOUNT_ASSET
from venues.twins.log import TruthLog
from venues.twins.matching import Event, Expired, Order, Prevented, Traded


class UserListener(Protocol):
    """Who sends what an account is told."""

    def user_event(self, account: Account, event: dict[str, Any]) -> None:
        """A user-data event of an account."""


class Clearing:
    """Keeps accounts true.

    `told` hears of every change of an order, in the order of happening; `bnb_price` gives the price of one BNB in
    atoms of a quote asset, 0 when it has none. `collected` are the fees that the venue took, in atoms by asset.
    """

    def __init__(
        self,
        log: TruthLog,
        execution_id: int,
        told: Callable[[Account, AccountOrder, Execution], None],
        bnb_price: Callable[[str], int],
    ) -> None:
        self.listener: UserListener | None = None
        self.collected: dict[str, int] = defaultdict(int)
        self.execution_id = execution_id
        self._log = log
        self._told = told
        self._bnb_price = bnb_price
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
        self.report(account, mine, "NEW", now_ms)

    def fill(self, account: Account, mine: AccountOrder, event: Traded, is_maker: bool, now_ms: int) -> None:
        """One trade of an order."""
        symbol, is_buyer = mine.symbol, mine.order.side == "BUY"
        value, size = event.price * event.size * symbol.quote_unit, event.size * symbol.step
        spent, received = (value, size) if is_buyer else (size, value)
        asset = symbol.base if is_buyer else symbol.quote
        is_first = mine.filled == 0
        mine.filled = event.maker_filled if is_maker else event.taker_filled
        mine.filled_quote = event.maker_quote if is_maker else event.taker_quote
        mine.update_ms = now_ms
        is_done = mine.remaining <= 0
        mine.status = "FILLED" if is_done else "PARTIALLY_FILLED"
        account.reserve(mine, 0 if is_done else _still_needed(mine, spent), spent)
        account.balance(asset).free += received
        fee, fee_asset = self._charge(account, mine, value, received, is_maker)
        if is_first:
            account.limit.filled(is_maker, now_ms)
        trade = AccountTrade(
            event.trade_id, mine.order_id, symbol, event.price, event.size, fee, fee_asset, now_ms, is_buyer, is_maker,
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
            fee_asset=fee_asset,
            maker=is_maker,
            time_ms=now_ms,
        )
        if is_done:
            self._end(account, mine)
        self.report(account, mine, "TRADE", now_ms, trade=trade)

    def prevented(self, event: Prevented, events: Iterable[Event], now_ms: int) -> None:
        """Two orders of one account did not trade: a record for both, and a report for each that lost by it.

        `events` are those that the engine gave with this one: an order that ended by it is among the expired.
        """
        taker, maker = self.owner(event.taker), self.owner(event.maker)
        if taker is None or maker is None:
            raise AssertionError(f"match {event.prevented_id} was prevented between orders of no account")
        match = prevented_match(taker[1], maker[1], event, now_ms)
        taker[0].prevented.append(match)
        taker[1].prevented_matches.append(match)
        ended = {other.order for other in events if isinstance(other, Expired) and other.reason == "STP"}
        for (account, mine), lost in ((maker, event.maker_prevented), (taker, event.taker_prevented)):
            if lost:
                self._lose(account, mine, match, lost, mine.order in ended and mine.remaining == lost)

    def amend(self, account: Account, mine: AccountOrder, client_order_id: str, old_size: int, now_ms: int) -> None:
        """An order's size was reduced from `old_size`, its place kept; what it no longer needs is free."""
        old_name = mine.client_order_id
        account.rename(mine, client_order_id)
        if mine.need:
            needed = _still_needed(mine) if mine.is_working else mine.need * mine.order.size // old_size
            account.reserve(mine, needed)
        mine.update_ms = now_ms
        self.report(account, mine, "REPLACED", now_ms, original_id=old_name)
        mine.amendments.append(
            Amendment(self.execution_id, old_name, client_order_id, old_size, mine.order.size, now_ms)
        )

    def cancel(self, account: Account, mine: AccountOrder, cancel_id: str, now_ms: int) -> None:
        """An order left on request."""
        self._end(account, mine)
        mine.status, mine.update_ms = "CANCELED", now_ms
        self.report(account, mine, "CANCELED", now_ms, cancel_id=cancel_id)

    def expire(self, account: Account, mine: AccountOrder, reason: str, now_ms: int) -> None:
        """An order, or what was left of it, ended by itself; `reason` is the venue's expiry reason."""
        self._end(account, mine)
        mine.status, mine.update_ms, mine.expiry = "EXPIRED", now_ms, reason
        self.report(account, mine, "EXPIRED", now_ms)

    def deposit(self, account: Account, asset: str, atoms: int, now_ms: int) -> None:
        """Atoms came from outside, or went there when negative."""
        account.balance(asset).free += atoms
        account.update_ms = now_ms
        self._log.write("deposit", account=account.api_key, asset=asset, amount=amount(atoms))
        self.tell(account, balance_update(asset, atoms, now_ms))
        self.touch(account, asset)

    def lock(self, account: Account, asset: str, atoms: int, now_ms: int) -> None:
        """Something other than an order locked atoms, or unlocked them when negative."""
        balance = account.balance(asset)
        balance.free -= atoms
        balance.locked += atoms
        balance.external += atoms
        account.update_ms = now_ms
        self.tell(account, external_lock(asset, atoms, now_ms))
        self.touch(account, asset)

    def report(self, account: Account, mine: AccountOrder, execution: Execution, now_ms: int, **due: Any) -> None:
        """Tell the account of a change of an order."""
        symbol = mine.symbol
        self.execution_id += 1
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
        self.tell(account, execution_report(mine, execution, now_ms, self.execution_id, **due))
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

    def _lose(self, account: Account, mine: AccountOrder, match: PreventedMatch, lost: int, is_ended: bool) -> None:
        """An order lost steps because it would have traded with its own account."""
        mine.prevented += lost
        mine.prevented_match_id, mine.update_ms = match.match_id, match.time_ms
        if is_ended:
            mine.status = "EXPIRED_IN_MATCH"
            self._end(account, mine)
        else:
            account.reserve(mine, _still_needed(mine))
        self.report(account, mine, "TRADE_PREVENTION", match.time_ms, prevented=match)

    def _end(self, account: Account, mine: AccountOrder) -> None:
        account.reserve(mine, 0)
        account.end(mine)
        del self._working[mine.order]

    def _charge(
        self, account: Account, mine: AccountOrder, value: int, received: int, is_maker: bool
    ) -> tuple[int, str]:
        """Take the fee of a trade: (atoms, asset). In BNB when the account wants that and holds enough."""
        commission, symbol, is_buyer = account.commission, mine.symbol, mine.order.side == "BUY"
        asset = symbol.base if is_buyer else symbol.quote
        fee = commission.fee(received, is_maker, is_buyer)
        bnb_price = self._bnb_price(symbol.quote) if commission.pays_in_bnb else 0
        if bnb_price:
            discounted = commission.fee_in_bnb(value, bnb_price, is_maker, is_buyer)
            if discounted <= account.balance(DISCOUNT_ASSET).free:
                fee, asset = discounted, DISCOUNT_ASSET
        account.balance(asset).free -= fee
        self.collected[asset] += fee
        self.touch(account, asset)
        return fee, asset


def _still_needed(mine: AccountOrder, spent: int = 0) -> int:
    """Atoms that what is left of a working order keeps locked."""
    order, symbol = mine.order, mine.symbol
    if order.kind == "MARKET":
        return max(0, mine.need - spent)
    return order.price * mine.remaining * symbol.quote_unit if order.side == "BUY" else mine.remaining * symbol.step
