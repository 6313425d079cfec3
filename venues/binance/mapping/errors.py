"""The client's errors -> codes and sentences."""

from __future__ import annotations

from bus.messages import Code, Refused
from venues.binance.client.errors import ApiError, ClientError, HeldBack, LimitReached

__all__ = ["code_of", "reason_of", "refusal_of"]


def code_of(error: ClientError) -> Code:
    """RATE_LIMITED at a limit, VENUE_REJECTED where the venue itself said no; otherwise it could not be asked."""
    if isinstance(error, LimitReached | HeldBack):
        return Code.RATE_LIMITED
    return Code.VENUE_REJECTED if isinstance(error, ApiError) else Code.VENUE_NOT_CONNECTED


def reason_of(error: ClientError) -> str:
    """The venue's code and text, or what happened on the way."""
    return str(error)


def refusal_of(error: ClientError) -> Refused:
    """The answer to a query that failed: never an empty list."""
    return Refused(code_of(error), reason_of(error), error.venue_code)
