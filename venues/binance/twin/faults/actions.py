"""What a test may do to the twin beside faults: money, orders, keys, symbols, the clock. Each is one small class.

An action's fields are its JSON; `do` gives the answer. Amounts and prices are decimal strings. Where no `account` is
named it is the one that the twin was started with.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from venues.binance.twin.faults.fault import snake
from venues.binance.twin.market.markets import Market
from venues.binance.twin.render import ATOM, amount
from venues.binance.twin.requests.keys import PERMISSIONS, Key, KeyType, Permission, new_name, new_secret
from venues.binance.twin.rules import change
from venues.binance.twin.trading.account_orders import AccountOrder
from venues.binance.twin.trading.accounts import Account
from venues.twins.matching import Order, Side

if TYPE_CHECKING:
    from venues.binance.twin.world import World

SymbolStatus = Literal["TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY"]
PARTICIPANT = "admin"
"""Whose orders those are that a test puts into the market."""


class ActionError(ValueError):
    """An action that cannot be done as told; the text says what was expected."""


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Anything that is done once."""

    path: ClassVar[str] = ""

    @classmethod
    def route(cls) -> str:
        """Where it is posted to."""
        return f"/{cls.path or snake(cls.__name__)}"

    def do(self, world: World) -> Any:
        """Do it. Raises ActionError or VenueError."""
        raise NotImplementedError


class Deposit(Action, frozen=True):
    """Adds an amount to a free balance (takes it away when negative): `balanceUpdate` and the new position."""

    asset: str
    amount: str
    account: str = ""

    def do(self, world: World) -> Any:
        account, atoms = account_of(world, self.account), _atoms(self.amount)
        try:
            world.exchange.deposit(account, self.asset, atoms)
        except ValueError:
            free = amount(account.balance(self.asset).free)
            raise ActionError(f"{self.asset}: {self.amount} is more than the {free} that are free") from None
        world.users.flush()
        return {"asset": self.asset, "free": amount(account.balance(self.asset).free)}


class Lock(Action, frozen=True):
    """Locks an amount as something outside of the exchange does (unlocks it when negative): `externalLockUpdate`."""

    asset: str
    amount: str
    account: str = ""

    def do(self, world: World) -> Any:
        account, atoms = account_of(world, self.account), _atoms(self.amount)
        balance = account.balance(self.asset)
        try:
            world.exchange.lock(account, self.asset, atoms)
        except ValueError:
            told = f"{amount(balance.free)} are free, {amount(balance.external)} locked"
            raise ActionError(f"{self.asset}: {self.amount} cannot be locked; {told}") from None
        world.users.flush()
        return {"asset": self.asset, "free": amount(balance.free), "external": amount(balance.external)}


class SetStatus(Action, frozen=True):
    """Sets a symbol's status; while it is not TRADING participants stand still and new orders are refused."""

    path: ClassVar[str] = "status"

    symbol: str
    status: SymbolStatus

    def do(self, world: World) -> Any:
        market_of(world, self.symbol)
        world.exchange.set_status(self.symbol, self.status)
        return {"symbol": self.symbol, "status": self.status}


class CancelByVenue(Action, frozen=True):
    """Takes an open order out as the venue does: it expires with the reason EXCHANGE_CANCELED."""

    path: ClassVar[str] = "cancel"

    symbol: str
    order_id: int | None = None
    client_order_id: str | None = None
    account: str = ""

    def do(self, world: World) -> Any:
        account = account_of(world, self.account)
        mine: AccountOrder | None = None
        if self.order_id is not None:
            mine = account.orders.get((self.symbol, self.order_id))
        elif self.client_order_id is not None:
            mine = account.by_client_id.get((self.symbol, self.client_order_id))
        if mine is None or not mine.is_open:
            raise ActionError(f"no open order {self.order_id or self.client_order_id} on {self.symbol}")
        world.exchange.expire(account, mine, "EXCHANGE_CANCELED")
        world.users.flush()
        return {"order_id": mine.order_id, "status": mine.status}


class SetTrading(Action, frozen=True):
    """Takes an account's trading away, or gives it back: its orders and cancels are refused meanwhile."""

    path: ClassVar[str] = "trading"

    enabled: bool
    account: str = ""

    def do(self, world: World) -> Any:
        account_of(world, self.account).can_trade = self.enabled
        return {"can_trade": self.enabled}


class AddAccount(Action, frozen=True):
    """Opens an account with balances ({"BTC": "1.5"}) and a key, after which it is called."""

    path: ClassVar[str] = "accounts"

    balances: dict[str, str] = {}
    type: KeyType = "HMAC"

    def do(self, world: World) -> Any:
        name, secret = new_name(), new_secret(self.type)
        key = world.open_account(name, secret, {asset: _atoms(text) for asset, text in self.balances.items()})
        return _shown(key) | {"api_secret": secret}


class AddKey(Action, frozen=True):
    """Adds a key to an account; the answer has its secret or private key, unless `public_key` (PEM) was brought."""

    path: ClassVar[str] = "keys"

    type: KeyType = "HMAC"
    permissions: tuple[Permission, ...] = PERMISSIONS
    addresses: tuple[str, ...] = ()
    public_key: str = ""
    account: str = ""

    def do(self, world: World) -> Any:
        secret = self.public_key or new_secret(self.type)
        try:
            key = world.add_key(account_of(world, self.account), new_name(), secret)
        except ValueError as error:
            raise ActionError(f"public_key: {error}") from None
        key.permissions, key.addresses = frozenset(self.permissions), frozenset(self.addresses)
        return _shown(key) | {"api_secret": "" if self.public_key else secret}


class Revoke(Action, frozen=True):
    """Deletes a key: requests by it are refused, its session hears of it at its next request, its subscriptions end."""

    api_key: str

    def do(self, world: World) -> Any:
        key = world.keys.known(self.api_key)
        if key is None:
            raise ActionError(f"no key {self.api_key}")
        key.is_revoked = True
        world.connections.revoked(key)
        return _shown(key)


class MoveClock(Action, frozen=True):
    """Moves the venue's clock: by `advance_ms`, to `set_ms` (UNIX), or with neither back to the host's time."""

    path: ClassVar[str] = "clock"

    advance_ms: float | None = None
    set_ms: float | None = None

    def do(self, world: World) -> Any:
        if self.advance_ms is not None:
            world.clock.move(self.advance_ms)
        elif self.set_ms is not None:
            world.clock.set(self.set_ms)
        else:
            world.clock.reset()
        return {"now_ms": world.clock.now_ms, "shift_ms": world.clock.shift_us / 1000}


class ExpireListenKeys(Action, frozen=True):
    """Ends an account's listen keys as time does, with `listenKeyExpired` (under --legacy-listen-key)."""

    path: ClassVar[str] = "listen_keys/expire"

    account: str = ""

    def do(self, world: World) -> Any:
        return {"expired": world.users.expire_listen_keys(account_of(world, self.account).api_key, world.clock.now_ms)}


class Stop(Action, frozen=True):
    """Lets no participant act any more: books change by orders alone."""

    def do(self, world: World) -> Any:
        world.is_stopped = True
        return {"is_stopped": True}


class Resume(Action, frozen=True):
    """Lets participants act again."""

    def do(self, world: World) -> Any:
        world.is_stopped = False
        return {"is_stopped": False}


class PlaceInMarket(Action, frozen=True):
    """Places an order as a participant does, so that a test can move the price; `cancel` takes one of them back."""

    path: ClassVar[str] = "market"

    symbol: str
    side: Side = "BUY"
    type: Literal["LIMIT", "LIMIT_MAKER", "MARKET"] = "LIMIT"
    quantity: str = ""
    price: str = ""
    cancel: int | None = None

    def do(self, world: World) -> Any:
        market = market_of(world, self.symbol)
        if self.cancel is not None:
            found = market.engine.resting(self.cancel)
            if found is None or found.owner != PARTICIPANT:
                raise ActionError(f"no order {self.cancel} of the admin rests on {self.symbol}")
            world.exchange.withdraw(market, found)
            world.users.flush()
            return {"order_id": self.cancel, "filled": market.symbol.size(found.filled), "is_resting": False}
        symbol = market.symbol
        if market.is_replayed:
            raise ActionError(f"{self.symbol} is replayed from a capture; nobody trades in it")
        size = _whole(self.quantity, symbol.step, "quantity")
        price = _whole(self.price, symbol.tick, "price") if self.type != "MARKET" else 0
        order = Order(PARTICIPANT, self.side, self.type, price, size)
        world.exchange.enter(market, order)
        world.users.flush()
        return {"order_id": order.order_id, "filled": symbol.size(order.filled), "is_resting": order.is_resting}


class SetRules(Action, frozen=True):
    """Changes the venue's numbers: limits, windows, bans, pings, the life of a socket. All are in `rules` above."""

    path: ClassVar[str] = "rules"

    rules: dict[str, Any] = {}

    def do(self, world: World) -> Any:
        change(world.rules, self.rules)
        return msgspec.to_builtins(world.rules)


class Pardon(Action, frozen=True):
    """Forgets what addresses have used up, and their bans."""

    def do(self, world: World) -> Any:
        found = list(world.addresses)
        for address in found:
            address.pardon()
        return {"addresses": [address.ip for address in found]}


ACTIONS: tuple[type[Action], ...] = (
    Deposit, Lock, SetStatus, CancelByVenue, SetTrading, AddAccount, AddKey, Revoke, MoveClock, ExpireListenKeys, Stop,
    Resume, PlaceInMarket, SetRules, Pardon,
)  # fmt: skip


def account_of(world: World, name: str) -> Account:
    """The account of that name or of that key, the first when no name was given. Raises ActionError."""
    if not name:
        return world.first_account
    key = world.keys.known(name)
    if key is None:
        raise ActionError(f"no account {name}; an account is called after its first key")
    return key.account


def market_of(world: World, name: str) -> Market:
    """The market of a symbol. Raises ActionError."""
    market = world.exchange.markets.get(name)
    if market is None:
        raise ActionError(f"no symbol {name}; there are {', '.join(world.exchange.markets)}")
    return market


def _shown(key: Key) -> dict[str, Any]:
    return {
        "api_key": key.name,
        "type": key.type,
        "account": key.account.api_key,
        "permissions": sorted(key.permissions),
        "addresses": sorted(key.addresses),
        "is_revoked": key.is_revoked,
    }


def _atoms(text: str) -> int:
    return _whole(text, 1, "amount")


def _whole(text: str, unit: int, name: str) -> int:
    """A decimal as a count of `unit` atoms."""
    try:
        atoms = Decimal(text) * ATOM
    except InvalidOperation:
        raise ActionError(f"{name}: {text!r}; expected a decimal number") from None
    if not atoms.is_finite() or atoms != int(atoms) or int(atoms) % unit:
        raise ActionError(f"{name}: {text!r}; expected a multiple of {amount(unit)}")
    return int(atoms) // unit
