"""The twin's exchange in this process, without sockets: two accounts, an empty book, a clock that stands."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from venues.binance.twin.errors import VenueError
from venues.binance.twin.limits import OrderLimit
from venues.binance.twin.market.catalogue import KNOWN
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.rules import Bounds, Offer
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.render import ATOM
from venues.binance.twin.requests.call import Call
from venues.binance.twin.requests.endpoints import TABLE
from venues.binance.twin.requests.params import Params
from venues.binance.twin.rules import Rules
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.exchange import Exchange
from venues.binance.twin.trading.filters import DEFAULT_BOUNDS, ExchangeBounds
from venues.twins.log import TruthLog
from venues.twins.matching import Event, MatchingEngine

BTC = KNOWN["BTCUSDT"]
METHODS = {endpoint.ws or endpoint.path: endpoint for endpoint in TABLE}
T0_MS = 1_790_000_000_000
START = {"BTC": 10 * ATOM, "USDT": 1_000_000 * ATOM, "BNB": 0}
LIMIT = {"type": "LIMIT", "timeInForce": "GTC"}


class Spot:
    """An exchange of one symbol (BTCUSDT, at first BTC for 60000), in which `me` and `other` own the same.

    Participants do nothing unless told to. `told` are the user-data events of `me` since the last `take`.
    """

    def __init__(
        self,
        bounds: Bounds | None = None,
        offer: Offer | None = None,
        exchange_bounds: ExchangeBounds = DEFAULT_BOUNDS,
        others: tuple[Symbol, ...] = (),
        is_empty: bool = True,
        orders_per_ten_seconds: int = 1_000,
        seed: int = 5,
    ) -> None:
        self.now_ms = T0_MS
        symbol = replace(BTC, bounds=bounds or BTC.bounds, offer=offer or BTC.offer)
        log = TruthLog(None)
        self.exchange = Exchange([symbol, *others], seed, log, lambda: self.now_ms * 1000, bounds=exchange_bounds)
        self.symbol = self.exchange.symbols[symbol.name]
        self.limit = orders_per_ten_seconds
        self.me = self.exchange.add_account("me", dict(START), OrderLimit(Rules(orders=orders_per_ten_seconds)))
        self.other = self.exchange.add_account("other", dict(START), OrderLimit(Rules(orders=100_000)))
        self._third = self.exchange.add_account("third", dict(START), OrderLimit(Rules(orders=100_000)))
        self.told: list[dict[str, Any]] = []
        self.exchange.listener = self
        self.random = random.Random(seed)
        if is_empty:
            for market in self.exchange.markets.values():
                MatchingEngine.__init__(market.engine, first_order_id=100, first_trade_id=1_000)
            self.now_ms += 3_600_000
            self.trade("60000")

    def user_event(self, account: Account, event: dict[str, Any]) -> None:
        """Keep what `me` is told."""
        if account is self.me:
            self.told.append(event)

    def market_events(self, market: Market, events: list[Event], now_ms: int) -> None:
        """Nobody watches the market here."""

    @property
    def market(self) -> Market:
        """The market of BTCUSDT."""
        return self.exchange.markets[self.symbol.name]

    def ask(self, method: str, account: Account | None = None, **params: Any) -> Any:
        """The body with which a method, or a path, is answered; a WebSocket API method where there is one."""
        endpoint = METHODS[method]
        if "symbol" in endpoint.names:
            params = {"symbol": self.symbol.name} | params
        sent = {name: str(value) for name, value in params.items() if value is not None}
        checked = Params(sent)
        checked.check_names(endpoint.names, is_signed=True)
        return endpoint.answer(Call(self.exchange, checked, account or self.me, 6_000, self.limit))

    def place(self, side: str, quantity: Any = None, price: Any = None, **params: Any) -> dict[str, Any]:
        """A new order of `me`: LIMIT GTC with a price, unless told otherwise. Its answer in full."""
        return self._place(self.me, side, quantity, price, params)

    def counter(self, side: str, quantity: Any = None, price: Any = None, **params: Any) -> dict[str, Any]:
        """A new order of the other account."""
        return self._place(self.other, side, quantity, price, params)

    def trade(self, price: Any) -> None:
        """Let a small trade happen at a price, between two strangers; nothing may stand better than that."""
        size = "0.00100"
        self._place(self._third, "SELL", size, price, {})
        assert self.counter("BUY", size, price)["fills"][0]["price"] == self.symbol.price(atoms(price) // BTC.tick)

    def query(self, order: dict[str, Any]) -> dict[str, Any]:
        """An order of `me` as GET order shows it."""
        return dict(self.ask("order.status", orderId=order["orderId"]))

    def take(self, *kinds: str) -> list[dict[str, Any]]:
        """Events since the last look; of some execution types or event types alone when named."""
        told, self.told = self.told, []
        return [event for event in told if not kinds or event["e"] in kinds or event.get("x") in kinds]

    def balance(self, asset: str) -> tuple[int, int]:
        """(free, locked) of `me` in atoms."""
        balance = self.me.balance(asset)
        return balance.free, balance.locked

    def book(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Bids and asks in ticks and steps."""
        return self.market.engine.depth("BUY", 100), self.market.engine.depth("SELL", 100)

    def state(self) -> Any:
        """Everything that a refused request must leave as it was."""
        orders = [
            (key, order.status, order.filled, order.prevented, order.order.size, order.client_order_id, order.need)
            for account in (self.me, self.other)
            for key, order in account.orders.items()
        ]
        balances = {
            (account.api_key, asset): (balance.free, balance.locked)
            for account in (self.me, self.other)
            for asset, balance in account.balances.items()
        }
        counts = self.me.limit.used(self.now_ms)
        return self.book(), orders, balances, list(self.me.open_orders), counts, len(self.me.trades)

    @contextmanager
    def refused(self, code: int, text: str) -> Iterator[None]:
        """The request within is refused with this code and exactly this text, and nothing has changed."""
        before = self.state()
        self.told.clear()
        with pytest.raises(VenueError) as caught:
            yield
        assert (caught.value.code, caught.value.text) == (code, text)
        assert self.state() == before
        assert self.told == []

    def _place(self, account: Account, side: str, quantity: Any, price: Any, params: dict[str, Any]) -> dict[str, Any]:
        default = LIMIT if "type" not in params else {}
        told = {"side": side, "quantity": quantity, "price": price, "newOrderRespType": "FULL"} | default | params
        return dict(self.ask("order.place", account, **told))


def atoms(text: Any) -> int:
    """A decimal in atoms."""
    whole, _, decimals = str(text).partition(".")
    return int(whole) * ATOM + int(decimals.ljust(8, "0") or 0)
