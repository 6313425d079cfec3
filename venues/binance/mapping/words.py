"""The venue's words and ours. A word that is new to us becomes UNKNOWN, never an error."""

from __future__ import annotations

from bus.messages import Code, InstrumentStatusWord, OrderStatus, OrderType, Side, TimeInForce

__all__ = [
    "MS",
    "expiry_code",
    "instrument_status",
    "is_working_stop",
    "order_status",
    "order_type",
    "side_of",
    "time_in_force",
]

MS = 1_000_000
"""Nanoseconds in a millisecond."""

_STATUS = {
    "NEW": OrderStatus.ACCEPTED,
    "PENDING_NEW": OrderStatus.ACCEPTED,
    "PENDING_CANCEL": OrderStatus.ACCEPTED,
    "PARTIALLY_FILLED": OrderStatus.PARTIALLY_FILLED,
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELED,
    "REJECTED": OrderStatus.REJECTED,
    "EXPIRED": OrderStatus.EXPIRED,
    "EXPIRED_IN_MATCH": OrderStatus.EXPIRED,
}
_TYPES = {
    "LIMIT": OrderType.LIMIT,
    "LIMIT_MAKER": OrderType.LIMIT,
    "MARKET": OrderType.MARKET,
    "STOP_LOSS": OrderType.STOP_MARKET,
    "STOP_LOSS_LIMIT": OrderType.STOP_LIMIT,
    "TAKE_PROFIT": OrderType.MARKET_IF_TOUCHED,
    "TAKE_PROFIT_LIMIT": OrderType.LIMIT_IF_TOUCHED,
}
_SIDES = {side.value: side for side in Side}
_TIMES = {time.value: time for time in TimeInForce}
_CONDITIONAL = frozenset(("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"))
_TRAILING = _TYPES | {"STOP_LOSS": OrderType.TRAILING_STOP_MARKET, "STOP_LOSS_LIMIT": OrderType.TRAILING_STOP_LIMIT}
"""A take-profit order that trails has no word of its own with us."""
_INSTRUMENT_STATUS = {
    "TRADING": InstrumentStatusWord.TRADING,
    "END_OF_DAY": InstrumentStatusWord.CLOSED,
    "HALT": InstrumentStatusWord.HALTED,
    "BREAK": InstrumentStatusWord.SUSPENDED,
    "CANCEL_ONLY": InstrumentStatusWord.CANCEL_ONLY,
}
_EXPIRY = {
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


def order_status(word: str) -> OrderStatus:
    """Return our word for an order's status."""
    return _STATUS.get(word, OrderStatus.UNKNOWN)


def order_type(word: str, trails: bool = False) -> OrderType:
    """Return our word for an order's type; LIMIT_MAKER is a LIMIT that is post-only, and a stop may trail."""
    return _TRAILING.get(word, OrderType.UNKNOWN) if trails else _TYPES.get(word, OrderType.UNKNOWN)


def is_working_stop(word: str, status: str, working_ms: int) -> bool:
    """True for a conditional order that was triggered and now rests in the book: the venue's NEW, our TRIGGERED."""
    return working_ms > 0 and status == "NEW" and word in _CONDITIONAL


def side_of(word: str) -> Side:
    """Return the side."""
    return _SIDES.get(word, Side.UNKNOWN)


def time_in_force(word: str) -> TimeInForce:
    """Return the time in force; UNKNOWN for an empty one, which acknowledgements have."""
    return _TIMES.get(word, TimeInForce.UNKNOWN)


def instrument_status(word: str) -> InstrumentStatusWord:
    """Return our word for a symbol's status."""
    return _INSTRUMENT_STATUS.get(word, InstrumentStatusWord.UNKNOWN)


def expiry_code(status: str, reason: str) -> Code:
    """Return why the venue ended an order by itself; NONE where it does not say."""
    if status == "EXPIRED_IN_MATCH":
        return Code.SELF_TRADE
    return _EXPIRY.get(reason, Code.NONE)
