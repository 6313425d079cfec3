"""The venue's words and ours. A word that is new to us becomes UNKNOWN, never an error.

Each table is called like a function: several are asked for every order's message.
"""

from __future__ import annotations

from typing import TypeVar

from bus.messages import Code, InstrumentStatusWord, OrderStatus, OrderType, Side, TimeInForce, Word

__all__ = [
    "EXPIRY_REASONS",
    "MS",
    "WAITS",
    "expiry_code",
    "instrument_status",
    "is_working_stop",
    "order_status",
    "order_type",
    "side_of",
    "time_in_force",
    "trailing_type",
]

W = TypeVar("W", bound=Word)

MS = 1_000_000
"""Nanoseconds in a millisecond."""


class _Words(dict[str, W]):
    """A table in which a word that it lacks is the list's UNKNOWN; not kept, for the venue may say anything."""

    def __init__(self, kind: type[W], words: dict[str, W] | None = None) -> None:
        super().__init__({word.value: word for word in kind} if words is None else words)
        self._unknown = kind("UNKNOWN")

    def __missing__(self, word: str) -> W:
        return self._unknown


_TYPES = {
    "LIMIT": OrderType.LIMIT,
    "LIMIT_MAKER": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "STOP_LOSS": OrderType.STOP_MARKET,
    "STOP_LOSS_LIMIT": OrderType.STOP_LIMIT,
    "TAKE_PROFIT": OrderType.MARKET_IF_TOUCHED,
    "TAKE_PROFIT_LIMIT": OrderType.LIMIT_IF_TOUCHED,
}
_TRAILING = {"STOP_LOSS": OrderType.TRAILING_STOP_MARKET, "STOP_LOSS_LIMIT": OrderType.TRAILING_STOP_LIMIT}

order_status = _Words(
    OrderStatus,
    {
        "NEW": OrderStatus.ACCEPTED,
        "PENDING_NEW": OrderStatus.ACCEPTED,
        "PENDING_CANCEL": OrderStatus.ACCEPTED,
        "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
        "FILLED": OrderStatus.FILLED,
        "CANCELED": OrderStatus.CANCELED,
        "REJECTED": OrderStatus.REJECTED,
        "EXPIRED": OrderStatus.EXPIRED,
        "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
    },
).__getitem__
"""Our word for an order's status."""
order_type = _Words(OrderType, _TYPES).__getitem__
"""Our word for an order's type; LIMIT_MAKER is a LIMIT that is post-only."""
trailing_type = _Words(OrderType, _TYPES | _TRAILING).__getitem__
"""As `order_type`, of an order that trails; one that takes profit so has no word of its own with us."""
side_of = _Words(Side).__getitem__
"""The side."""
time_in_force = _Words(TimeInForce).__getitem__
"""The time in force; UNKNOWN for an empty one, which acknowledgements have."""
instrument_status = _Words(
    InstrumentStatusWord,
    {
        "TRADING": InstrumentStatusWord.TRADING,
        "END_OF_DAY": InstrumentStatusWord.CLOSED,
        "HALT": InstrumentStatusWord.HALTED,
        "BREAK": InstrumentStatusWord.SUSPENDED,
        "CANCEL_ONLY": InstrumentStatusWord.CANCEL_ONLY,
    },
).__getitem__
"""Our word for a symbol's status."""

WAITS = "waits for its parent"
"""Why an order of a list does not work that the venue has: the venue's PENDING_NEW."""
_CONDITIONAL = frozenset(("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"))
EXPIRY_REASONS = {
    "UNFILLED_IOC_QUANTITY_EXPIRED": Code.UNFILLED,
    "UNFILLED_FOK_ORDER_EXPIRED": Code.UNFILLED,
    "INSUFFICIENT_LIQUIDITY": Code.UNFILLED,
    "OCO_TRIGGER": Code.LINKED_ORDER,
    "OTO_PHASE_ONE_EXPIRED": Code.LINKED_ORDER,
    "EXCHANGE_CANCELED": Code.CANCELED_BY_VENUE,
    "EXECUTION_RULE_PRICE_RANGE_EXCEEDED": Code.CANCELED_BY_VENUE,
    "REJECTED": Code.VENUE_REJECTED,
}
"""Source: Binance Spot API, user-data-stream, order expiry reason, 2026-07."""


def is_working_stop(word: str, status: str, working_ms: int) -> bool:
    """True for a conditional order that was triggered and now rests in the book: the venue's NEW, our TRIGGERED."""
    return working_ms > 0 and status == "NEW" and word in _CONDITIONAL


def expiry_code(status: str, reason: str) -> Code:
    """Return why the venue ended an order by itself; NONE where it does not say."""
    if status == "EXPIRED_IN_MATCH":
        return Code.SELF_TRADE
    return EXPIRY_REASONS.get(reason, Code.NONE)
