"""What an endpoint gets to answer with."""

from __future__ import annotations

from dataclasses import dataclass

from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.symbols import Symbol
from venues.binance.twin.requests.keys import Key
from venues.binance.twin.requests.params import Params
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.exchange import Exchange


@dataclass(slots=True)
class Call:
    """One request: its parameters, and account and key when it was signed; `weight_limit` is exchangeInfo's."""

    exchange: Exchange
    params: Params
    account: Account | None
    weight_limit: int
    orders_limit: int
    key: Key | None = None

    @property
    def symbols(self) -> dict[str, Symbol]:
        """All symbols by name."""
        return self.exchange.symbols

    @property
    def owner(self) -> Account:
        """The account of a signed request."""
        if self.account is None:
            raise AssertionError("a signed endpoint was called without an account")
        return self.account

    def market(self) -> Market:
        """The market of the mandatory symbol."""
        return self.exchange.markets[self.params.symbol(self.symbols).name]
