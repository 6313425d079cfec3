"""Everything that a twin is but its ports: the venue, its clock and rules, keys, doors and faults.

Whoever acts on a twin from outside of the protocol (the faults, the admin) acts on this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from venues.binance.twin.clock import Clock
from venues.binance.twin.doors.connections import Connections
from venues.binance.twin.doors.rest import Rest
from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.faults.history import History
from venues.binance.twin.faults.plan import Plan
from venues.binance.twin.faults.registry import Faults
from venues.binance.twin.limits import Addresses, OrderLimit
from venues.binance.twin.market.catalogue import symbol_of
from venues.binance.twin.market.markets import Market
from venues.binance.twin.market.publisher import Publisher
from venues.binance.twin.market.replayed import Replay
from venues.binance.twin.requests.desk import Desk
from venues.binance.twin.requests.keys import Key, Keyring, verifier
from venues.binance.twin.rules import Rules
from venues.binance.twin.settings import Settings
from venues.binance.twin.trading.accounts import Account
from venues.binance.twin.trading.exchange import Exchange
from venues.twins.log import TruthLog
from venues.twins.matching import Event


class World:
    """One venue. `is_stopped`: a test has let no participant act any more; `began` is told the symbols at first."""

    def __init__(self, settings: Settings, log: TruthLog, began: Callable[[list[str]], None]) -> None:
        self.log = log
        self.clock = Clock()
        self.rules = Rules(weight=settings.weight_per_minute, orders=settings.orders_per_ten_seconds)
        self.is_stopped = False
        self.replay: Replay | None = None
        if settings.replay:
            self.replay = Replay(settings.replay, settings.speed, settings.replay_starts_at_once)
        replayed = self.replay.markets if self.replay is not None else {}
        live = [] if self.replay is not None else [symbol for name in settings.symbols if (symbol := symbol_of(name))]
        began([*(symbol.name for symbol in live), *replayed])
        self.exchange = Exchange(live, settings.seed, log, self.clock.now_us, levels=settings.levels)
        for market in replayed.values():
            self.exchange.add_market(market)
        self.keys = Keyring()
        self.addresses = Addresses(self.rules)
        self.connections = Connections(self.rules)
        self.faults = Faults(self, Plan(settings.faults) if settings.faults is not None else None)
        self.users = UserStreams(log, self.faults.on_user_event)
        self.desk = Desk(self.exchange, log, self.rules, self.keys, self.faults)
        self.rest = Rest(self.desk, self.addresses, self.users, settings.legacy_listen_key)
        self.publisher = Publisher(self.exchange, log, self.faults.on_stream)
        if self.replay is not None:
            self.publisher.opened = self.replay.opened
        self.history = History(self.exchange)
        self.exchange.listener = self
        self.open_account(settings.keys.api_key, settings.keys.api_secret, settings.balances)

    def open_account(self, name: str, secret: str, balances: dict[str, int]) -> Key:
        """A new account with its first key, after which it is called; balances in atoms."""
        account = self.exchange.add_account(name, balances, OrderLimit(self.rules))
        return self.add_key(account, name, secret)

    def add_key(self, account: Account, name: str, secret: str) -> Key:
        """A key of an account that may do everything; `secret` may be a public key. Raises ValueError for a bad PEM."""
        kind, verify = verifier(secret)
        return self.keys.add(Key(name, kind, account, verify))

    @property
    def first_account(self) -> Account:
        """The account that the twin was started with."""
        return next(iter(self.exchange.accounts.values()))

    def user_event(self, account: Account, event: dict[str, Any]) -> None:
        """Keep an account's event until the answer that caused it is sent."""
        self.users.queue(account, event)

    def market_events(self, market: Market, events: list[Event], now_ms: int) -> None:
        """Send what everybody may see."""
        self.history.market_events(market, events)
        self.publisher.market_events(market, events, now_ms)

    def moves(self, market: Market) -> bool:
        """Whether participants act on a market now."""
        return market.is_open and not self.is_stopped and not self.rest.is_down
