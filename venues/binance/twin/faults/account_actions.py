"""What a test may do to accounts: their money, their orders, their keys.

Where no `account` is named it is the one that the twin was started with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from venues.binance.twin.faults.action import Action, ActionError, account_of, atoms_of
from venues.binance.twin.render import amount
from venues.binance.twin.requests.keys import PERMISSIONS, Key, KeyType, Permission, new_name, new_secret
from venues.binance.twin.trading.account_orders import AccountOrder

if TYPE_CHECKING:
    from venues.binance.twin.world import World


class Deposit(Action, frozen=True):
    """Adds an amount to a free balance (takes it away when negative): `balanceUpdate` and the new position."""

    asset: str
    amount: str
    account: str = ""

    def do(self, world: World) -> Any:
        account, atoms = account_of(world, self.account), atoms_of(self.amount)
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
        account, atoms = account_of(world, self.account), atoms_of(self.amount)
        balance = account.balance(self.asset)
        try:
            world.exchange.lock(account, self.asset, atoms)
        except ValueError:
            told = f"{amount(balance.free)} are free, {amount(balance.external)} locked"
            raise ActionError(f"{self.asset}: {self.amount} cannot be locked; {told}") from None
        world.users.flush()
        return {"asset": self.asset, "free": amount(balance.free), "external": amount(balance.external)}


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
        key = world.open_account(name, secret, {asset: atoms_of(text) for asset, text in self.balances.items()})
        return _shown(key) | {"api_secret": secret}


class AddKey(Action, frozen=True):
    """Adds a key to an account; the answer has its secret or private key, unless `public_key` (PEM) was brought."""

    path: ClassVar[str] = "keys"

    type: KeyType = "HMAC"
    permissions: tuple[Permission, ...] = PERMISSIONS
    addresses: tuple[str, ...] = ()
    public_key: str = ""
    may_withdraw: bool = False
    account: str = ""

    def do(self, world: World) -> Any:
        secret = self.public_key or new_secret(self.type)
        try:
            key = world.add_key(account_of(world, self.account), new_name(), secret)
        except ValueError as error:
            raise ActionError(f"public_key: {error}") from None
        key.permissions, key.addresses = frozenset(self.permissions), frozenset(self.addresses)
        key.may_withdraw = self.may_withdraw
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


class ExpireListenKeys(Action, frozen=True):
    """Ends an account's listen keys as time does, with `listenKeyExpired` (under --legacy-listen-key)."""

    path: ClassVar[str] = "listen_keys/expire"

    account: str = ""

    def do(self, world: World) -> Any:
        return {"expired": world.users.expire_listen_keys(account_of(world, self.account).api_key, world.clock.now_ms)}


def _shown(key: Key) -> dict[str, Any]:
    return {
        "api_key": key.name,
        "type": key.type,
        "account": key.account.api_key,
        "permissions": sorted(key.permissions),
        "addresses": sorted(key.addresses),
        "is_revoked": key.is_revoked,
    }


ACCOUNT_ACTIONS: tuple[type[Action], ...] = (
    Deposit, Lock, CancelByVenue, SetTrading, AddAccount, AddKey, Revoke, ExpireListenKeys,
)  # fmt: skip
