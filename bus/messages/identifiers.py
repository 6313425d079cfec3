"""Names of instruments, actors and orders.

An order id is minted by the strategy's process before anything is sent and is the client order id of the first attempt
at the venue. It fits the narrowest venue rule (Betfair's ``customerOrderRef``: 32 characters; Binance Spot:
``^[a-zA-Z0-9-_]{1,36}$``; Bybit's ``orderLinkId``: 36; IB takes it as ``orderRef``) and says whose it is even when
every journal was lost::

    T1f-mm3k9q-sx2k1a-2b        T<floor>-<strategy>-<epoch>-<count>[-<tag>]

Floor and strategy are base-36 hashes (2 and 6 characters), epoch and count base-36 numbers. Everything in front of the
epoch is ten characters and fits where a venue groups orders by strategy (Betfair's ``customerStrategyRef``: 15).
"""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from typing import TypeAlias

import msgspec

__all__ = [
    "ORDER_ID_LIMIT",
    "InstrumentId",
    "OrderIdParts",
    "check_name",
    "is_of_floor",
    "mint_order_id",
    "order_id_prefix",
    "parse_order_id",
    "split_instrument_id",
    "strategy_code",
]

InstrumentId: TypeAlias = str
"""``SYMBOL.VENUE``, split at the last dot; the symbol is the venue's own unless two would clash."""

ORDER_ID_LIMIT = 32
"""The narrowest venue's limit (Betfair ``customerOrderRef``), so one id fits all."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_ORDER_ID = re.compile(r"T([0-9a-z]{2})-([0-9a-z]{6})-([0-9a-z]+)-([0-9a-z]+)(?:-([A-Za-z0-9_-]+))?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_TAG = re.compile(r"[A-Za-z0-9_-]*")


class OrderIdParts(msgspec.Struct, frozen=True):
    """What an order id says about its owner."""

    floor: str
    strategy: str
    epoch: int
    count: int
    tag: str


def split_instrument_id(instrument: InstrumentId) -> tuple[str, str]:
    """Return (symbol, venue). Raises ValueError where there is no dot to split at."""
    symbol, dot, venue = instrument.rpartition(".")
    if not (dot and symbol and venue):
        raise ValueError(f"instrument id {instrument!r}: expected SYMBOL.VENUE, such as BTCUSDT.BINANCE")
    return symbol, venue


def check_name(name: str, what: str) -> str:
    """Return `name` if it can stand in a topic, a socket path and a log file's name, else raise ValueError."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{what} {name!r}: expected a letter, then up to 31 letters, digits, '_' or '-'")
    return name


def _base36(number: int, width: int = 1) -> str:
    if number < 0:
        raise ValueError(f"{number} is negative: an order id has no sign")
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits.rjust(width, "0")


def _hash36(text: str, width: int) -> str:
    return _base36(zlib.crc32(text.encode()) % 36**width, width)


def strategy_code(strategy: str) -> str:
    """The six characters by which an order id names its strategy."""
    return _hash36(strategy, 6)


@lru_cache(maxsize=1024)
def order_id_prefix(floor: str, strategy: str, epoch: int) -> str:
    """Return what all order ids of one life of a strategy begin with."""
    return f"T{_hash36(floor, 2)}-{strategy_code(strategy)}-{_base36(epoch)}-"


def mint_order_id(floor: str, strategy: str, epoch: int, count: int, tag: str = "") -> str:
    """Return a new order id. `epoch` and `count` make it unique for the life of the floor's state.

    Raises ValueError for a negative number, for a tag with other characters than letters, digits, ``_`` and ``-``, and
    for an id longer than the narrowest venue allows.
    """
    order_id = f"{order_id_prefix(floor, strategy, epoch)}{_base36(count)}"
    if len(order_id) > ORDER_ID_LIMIT:
        raise ValueError(f"epoch {epoch} and count {count} make an id of over {ORDER_ID_LIMIT} characters")
    if tag:
        if not _TAG.fullmatch(tag) or len(order_id) + 1 + len(tag) > ORDER_ID_LIMIT:
            room = ORDER_ID_LIMIT - len(order_id) - 1
            raise ValueError(f"tag {tag!r}: expected at most {room} letters, digits, '_' or '-'")
        order_id = f"{order_id}-{tag}"
    return order_id


def parse_order_id(text: str) -> OrderIdParts | None:
    """Return the parts of an id that any floor of ours minted, or None for anybody else's."""
    match = _ORDER_ID.fullmatch(text)
    if match is None or len(text) > ORDER_ID_LIMIT:
        return None
    floor, strategy, epoch, count, tag = match.groups()
    return OrderIdParts(floor, strategy, int(epoch, 36), int(count, 36), tag or "")


def is_of_floor(parts: OrderIdParts, floor: str) -> bool:
    """True when the id was minted on the floor of this name."""
    return parts.floor == _hash36(floor, 2)
