"""The client's errors -> codes and sentences.

The venue says most of why it refuses in words: -2010 alone means ten things, and a filter's failure comes as -1013 or,
where the matching engine found it, as -2010. The first row that fits decides; docs/binance-spot.md is made from them.
Source: Binance Spot API, errors and filters, user-data-stream (order reject reason), 2026-07.
"""

from __future__ import annotations

from typing import NamedTuple

from bus.messages import Code, Refused
from venues.binance.client.errors import ApiError, ClientError, HeldBack, LimitReached, NotSent
from venues.execution.outcomes import Failure

__all__ = ["REFUSALS", "Refusal", "code_of", "failure_of", "reason_of", "refusal_of", "reject_code"]


class Refusal(NamedTuple):
    """A row: the venue's code (0: any), what its text holds (empty: any), and our code for it."""

    venue_code: int
    words: str
    code: Code


REFUSALS = (
    Refusal(-2010, "insufficient balance", Code.INSUFFICIENT_FUNDS),
    Refusal(-2010, "would immediately match and take", Code.POST_ONLY_WOULD_TAKE),
    Refusal(-2010, "would trigger immediately", Code.WOULD_TRIGGER),
    Refusal(0, "Market is closed", Code.INSTRUMENT_NOT_TRADING),
    Refusal(0, "Filter failure: MAX_NUM_", Code.TOO_MANY_ORDERS),
    Refusal(0, "Filter failure: EXCHANGE_MAX_NUM_", Code.TOO_MANY_ORDERS),
    Refusal(0, "Filter failure: PERCENT_PRICE", Code.PRICE_LIMIT),
    Refusal(0, "Filter failure: PRICE_FILTER", Code.PRICE_INCREMENT),
    Refusal(0, "Filter failure: TRAILING_DELTA", Code.PRICE_LIMIT),
    Refusal(0, "Filter failure: LOT_SIZE", Code.SIZE_INCREMENT),
    Refusal(0, "Filter failure: MARKET_LOT_SIZE", Code.SIZE_LIMIT),
    Refusal(0, "Filter failure: ICEBERG_PARTS", Code.SIZE_LIMIT),
    Refusal(0, "Filter failure: MAX_POSITION", Code.SIZE_LIMIT),
    Refusal(0, "Filter failure: MAX_ASSET", Code.SIZE_LIMIT),
    Refusal(0, "Filter failure: NOTIONAL", Code.NOTIONAL_LIMIT),
    Refusal(0, "Filter failure: MIN_NOTIONAL", Code.NOTIONAL_LIMIT),
    Refusal(0, "Price * QTY is zero or less", Code.NOTIONAL_LIMIT),
    Refusal(0, "IcebergQty exceeds QTY", Code.SIZE_LIMIT),
    Refusal(-1111, "Parameter 'price'", Code.PRICE_INCREMENT),
    Refusal(-1111, "Parameter 'stopPrice'", Code.PRICE_INCREMENT),
    Refusal(-1111, "", Code.SIZE_INCREMENT),
    Refusal(0, "Iceberg orders are not supported", Code.UNSUPPORTED_INSTRUCTION),
    Refusal(0, "Order amend", Code.UNSUPPORTED_INSTRUCTION),
    Refusal(0, "cancel-replace is not supported", Code.UNSUPPORTED_INSTRUCTION),
    Refusal(0, "Quote order qty market orders are not support", Code.UNSUPPORTED_INSTRUCTION),
    Refusal(0, "OCO orders are not supported", Code.UNSUPPORTED_INSTRUCTION),
    Refusal(0, "OTO orders are not supported", Code.UNSUPPORTED_INSTRUCTION),
    Refusal(0, "orders are not supported for this symbol", Code.UNSUPPORTED_ORDER_TYPE),
    Refusal(0, "liquidity is less than", Code.UNFILLED),
    Refusal(0, "action is disabled on this account", Code.ACCOUNT_RESTRICTED),
    Refusal(0, "account may not place or cancel orders", Code.ACCOUNT_RESTRICTED),
    Refusal(0, "not permitted for this account", Code.ACCOUNT_RESTRICTED),
    Refusal(0, "restricted for this account", Code.ACCOUNT_RESTRICTED),
    Refusal(0, "trading is not enabled", Code.ACCOUNT_RESTRICTED),
    Refusal(-1002, "", Code.ACCOUNT_RESTRICTED),
    Refusal(-1022, "", Code.ACCOUNT_RESTRICTED),
    Refusal(-2014, "", Code.ACCOUNT_RESTRICTED),
    Refusal(-2015, "", Code.ACCOUNT_RESTRICTED),
    Refusal(-1121, "", Code.NO_SUCH_INSTRUMENT),
    Refusal(0, "Unknown order sent", Code.NO_SUCH_ORDER),
    Refusal(0, "not canceled due to cancel restrictions", Code.TOO_LATE),
    Refusal(-2013, "", Code.NO_SUCH_ORDER),
    Refusal(-2026, "", Code.NO_SUCH_ORDER),
    Refusal(-1003, "", Code.RATE_LIMITED),
    Refusal(-1015, "", Code.RATE_LIMITED),
    Refusal(-1034, "", Code.RATE_LIMITED),
)
"""Whatever else the venue refuses is VENUE_REJECTED, with its code and words."""
_REJECT_REASONS = {
    "INSUFFICIENT_BALANCES": Code.INSUFFICIENT_FUNDS,
    "STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY": Code.WOULD_TRIGGER,
    "WOULD_MATCH_IMMEDIATELY": Code.POST_ONLY_WOULD_TAKE,
}


def code_of(error: ClientError) -> Code:
    """Return why the venue refused, by its code and words; VENUE_NOT_CONNECTED where it could not be asked."""
    if isinstance(error, LimitReached | HeldBack):
        return Code.RATE_LIMITED
    if not isinstance(error, ApiError):
        return Code.VENUE_NOT_CONNECTED
    for venue_code, words, code in REFUSALS:
        if venue_code in (0, error.code) and words in error.text:
            return code
    return Code.VENUE_REJECTED


def reject_code(reason: str) -> Code:
    """Return why an order was rejected, by the reason in the account's event."""
    return _REJECT_REASONS.get(reason, Code.VENUE_REJECTED)


def reason_of(error: ClientError) -> str:
    """The venue's code and text, or what happened on the way."""
    return str(error)


def refusal_of(error: ClientError) -> Refused:
    """The answer to a query that failed: never an empty list."""
    return Refused(code_of(error), reason_of(error), error.venue_code)


def failure_of(error: ClientError) -> Failure:
    """What an error says of the command that met it."""
    return Failure(
        error.definite, code_of(error), reason_of(error), error.venue_code, sent=not isinstance(error, NotSent)
    )
