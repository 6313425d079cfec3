"""What a test may do to the venue: its symbols, its clock, its numbers, the market itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from venues.binance.twin.faults.action import Action, ActionError, market_of, whole
from venues.binance.twin.rules import change
from venues.twins.matching import Order, Side

if TYPE_CHECKING:
    from venues.binance.twin.world import World

SymbolStatus = Literal["TRADING", "END_OF_DAY", "HALT", "BREAK", "CANCEL_ONLY"]
PARTICIPANT = "admin"
"""Whose orders those are that a test puts into the market."""


class SetStatus(Action, frozen=True):
    """Sets a symbol's status; while it is not TRADING participants stand still and new orders are refused."""

    path: ClassVar[str] = "status"

    symbol: str
    status: SymbolStatus

    def do(self, world: World) -> Any:
        market_of(world, self.symbol)
        world.exchange.set_status(self.symbol, self.status)
        return {"symbol": self.symbol, "status": self.status}


class SetMinNotional(Action, frozen=True):
    """Sets the smallest value of an order on a symbol, as the venue does when it changes a symbol's rules."""

    path: ClassVar[str] = "min_notional"

    symbol: str
    value: str

    def do(self, world: World) -> Any:
        market = market_of(world, self.symbol)
        changed = replace(market.symbol, min_notional=whole(self.value, 1, "value"))
        market.symbol = world.exchange.symbols[self.symbol] = changed
        return {"symbol": self.symbol, "value": self.value}


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
        size = whole(self.quantity, symbol.step, "quantity")
        price = whole(self.price, symbol.tick, "price") if self.type != "MARKET" else 0
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


VENUE_ACTIONS: tuple[type[Action], ...] = (
    SetStatus,
    SetMinNotional,
    MoveClock,
    Stop,
    Resume,
    PlaceInMarket,
    SetRules,
    Pardon,
)
