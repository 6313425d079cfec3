"""What a symbol offers beyond what every symbol does, by its record in exchangeInfo.

Source: Binance Spot API, rest-api (exchangeInfo), 2026-07.
"""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

import msgspec

from bus.messages import Instrument, OrderType
from venues.binance.client.payloads import Symbol
from venues.capabilities import Instruction
from venues.unreadable import NOT_READABLE

__all__ = ["offers"]

_WORDS = {
    OrderType.STOP_MARKET: "STOP_LOSS",
    OrderType.MARKET_IF_TOUCHED: "TAKE_PROFIT",
    OrderType.TRAILING_STOP_MARKET: "STOP_LOSS",
    OrderType.TRAILING_STOP_LIMIT: "STOP_LOSS_LIMIT",
}
_TRAILING = (OrderType.TRAILING_STOP_MARKET, OrderType.TRAILING_STOP_LIMIT)
SYMBOLS_KEPT = 500
"""Records that are kept read: as many symbols as one account trades on in a day."""

_symbol = msgspec.json.Decoder(Symbol)


def offers(instrument: Instrument, word: StrEnum) -> bool:
    """True where the symbol has this order type or instruction; and where its record cannot say, for the venue does."""
    symbol = _read(instrument.raw)
    if symbol is None:
        return True
    if word is Instruction.DISPLAY_SIZE:
        return symbol.iceberg_allowed
    if word in _TRAILING and not symbol.allow_trailing_stop:
        return False
    return _WORDS.get(word, "") in symbol.order_types if word in _WORDS else True  # type: ignore[call-overload]


@lru_cache(maxsize=SYMBOLS_KEPT)
def _read(raw: bytes) -> Symbol | None:
    try:
        return _symbol.decode(raw) if raw else None
    except NOT_READABLE:
        return None
