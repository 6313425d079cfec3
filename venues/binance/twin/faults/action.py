"""What an action of the admin is: done once, told by its JSON. Amounts and prices are decimal strings."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from venues.binance.twin.faults.fault import snake
from venues.binance.twin.market.markets import Market
from venues.binance.twin.render import ATOM, amount
from venues.binance.twin.trading.accounts import Account

if TYPE_CHECKING:
    from venues.binance.twin.world import World


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


def atoms_of(text: str) -> int:
    """A decimal amount in atoms. Raises ActionError."""
    return whole(text, 1, "amount")


def whole(text: str, unit: int, name: str) -> int:
    """A decimal as a count of `unit` atoms. Raises ActionError."""
    try:
        atoms = Decimal(text) * ATOM
    except InvalidOperation:
        raise ActionError(f"{name}: {text!r}; expected a decimal number") from None
    if not atoms.is_finite() or atoms != int(atoms) or int(atoms) % unit:
        raise ActionError(f"{name}: {text!r}; expected a multiple of {amount(unit)}")
    return int(atoms) // unit
