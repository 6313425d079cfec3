"""A floor from a notebook or a script: `connect`.

    floor = connect()
    floor.quote("BTCUSDT.BINANCE").mid
    floor.orders()                                  # a pandas DataFrame where pandas is installed, else a list of dicts
    floor.history("BTCUSDT.BINANCE", "bars", "2026-01-01", interval="1-HOUR")

    with connect(trade=True) as floor:
        order = floor.buy("BTCUSDT.BINANCE", "0.001", price="50_000")
        floor.wait(order)

Calls block, and may be made from any thread and from beside a running loop: what reads the bus has a thread of its
own. It reads with the floor's monitor key and can change nothing; with ``trade=True`` it is a strategy besides, with
its own name and orders, which the gate judges as any other's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, overload

from actors.runtime import ActorExit
from bus.directory import is_address, is_far
from bus.messages import ExitPolicy, check_name
from tradefloor import places
from tradefloor.connection import Connection, NotConnected
from tradefloor.trading import TradingConnection

__all__ = ["connect"]


@overload
def connect(
    floor: str | None = None,
    name: str = "notebook",
    trade: Literal[False] = False,
    key: str | Path | None = None,
    exit_policy: str = "cancel",
) -> Connection: ...


@overload
def connect(
    floor: str | None = None,
    name: str = "notebook",
    *,
    trade: Literal[True],
    key: str | Path | None = None,
    exit_policy: str = "cancel",
) -> TradingConnection: ...


@overload
def connect(
    floor: str | None = None,
    name: str = "notebook",
    trade: bool = False,
    key: str | Path | None = None,
    exit_policy: str = "cancel",
) -> Connection: ...


def connect(
    floor: str | None = None,
    name: str = "notebook",
    trade: bool = False,
    key: str | Path | None = None,
    exit_policy: str = "cancel",
) -> Connection:
    """Connect to a running floor.

    `floor` is its name, its run directory, or the address that it listens on (then `key` is a file of ``tradefloor keys
    new``); None: the one that runs. With `trade` the connection is a `TradingConnection`: the strategy `name`, whose
    orders are canceled when it is closed or falls silent, or left with ``exit_policy="leave"``. Raises NotConnected,
    and ValueError for a name that none may have.
    """
    check_name(name, "name")
    place = _place(floor, key)
    key_file = None if key is None else Path(key)
    if trade:
        return TradingConnection(place, name, key_file, ExitPolicy(exit_policy))
    return Connection(place, name, key_file)


def _place(floor: str | None, key: str | Path | None) -> str:
    if is_far(floor or ""):
        if not is_address(str(floor)):
            raise NotConnected(f"{floor}: expected tcp://HOST:PORT")
        if key is None:
            raise NotConnected(f"{floor}: expected key=FILE; the floor's host makes one: tradefloor keys new")
        return str(floor)
    try:
        return str(places.find_floor(floor))
    except ActorExit as error:
        raise NotConnected(error.reason) from None
