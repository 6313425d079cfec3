"""What can go wrong between us and the venue, and whether it is certain that nothing was executed.

    ClientError              everything that the client raises
      NotSent                no byte of it left this host
        HeldBack             the venue told us to wait, and that is not over
      NoAnswer               sent, then a timeout or a cut connection: it may have been executed
      UnreadableAnswer       sent, and answered by what is no answer of the venue's: it may have been executed
        Blocked              HTTP 403 of the firewall before the venue: nothing was executed
      ApiError               the venue's own code and text, with the HTTP status
        KeyRefused           key, signature or permission
        ClockRefused         the timestamp was outside the recvWindow
        LimitReached         a rate limit; `retry_after_s` says how long to wait
          Banned             the address is banned for that long
        OrderRefused         a new order, by the matching engine or the account
          FilterRefused      by a filter, whose name is `filter`
        CancelRefused        there is nothing to cancel, or a restriction forbids it
        AmendRefused         the amendment
        NoSuchOrder          the venue has no such order
        OrderArchived        it had one, too long ago
        CancelReplaceFailed  one half or both; `cancel` and `new_order` say which

`definite` is False where an order may or may not have been executed: HTTP 5xx and 408, the codes of `UNCERTAIN_CODES`,
and everything that is no word of the venue's at all but for what stands before it and lets nothing pass
(`CLOSED_STATUSES`). A cancel-replace that failed by half is not definite, for its other half was executed.
Source: Binance Spot API, errors, filters and rest-api (HTTP return codes, cancelReplace), 2026-07.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from venues.binance.client.payloads.cancel_replace import CancelReplace, replace_part
from venues.binance.client.payloads.order_lists import Canceled
from venues.binance.client.payloads.session import ErrorBody
from venues.unreadable import NOT_READABLE

__all__ = [
    "AmendRefused",
    "ApiError",
    "Banned",
    "Blocked",
    "CancelRefused",
    "CancelReplaceFailed",
    "ClientError",
    "ClockRefused",
    "FilterRefused",
    "HeldBack",
    "KeyRefused",
    "LimitReached",
    "NoAnswer",
    "NoSuchOrder",
    "NotSent",
    "OrderArchived",
    "OrderRefused",
    "UnreadableAnswer",
    "api_error",
    "http_error",
    "retry_after_s",
]

UNCERTAIN_CODES = frozenset((-1000, -1001, -1006, -1007))
"""Unknown error, disconnected, unexpected response, timeout: "execution status unknown"."""
UNCERTAIN_STATUS = 408
"""A timeout behind the venue's door: what became of the request nobody knows."""
CLOSED_STATUSES = frozenset((403, 404, 405, 410, 413, 414, 431))
"""Firewall, no such path, gone, too large: said by the door, which lets such a request not through."""
FIREWALL_STATUS = 403
DUPLICATE_ORDER = "Duplicate order sent."
"""-2010 with this text says that an order of this client id is open: of this attempt it says nothing definite."""
FILTER_FAILURE = "Filter failure: "
FILTER_CODES = (-1013, -2010)
"""By the documents the first; filters of what an account has come from the matching engine, as the second."""
NO_SUCH_ORDER = -2013
TOO_MANY_ORDERS = -1015
"""The limit of new orders: it says nothing of the request weight, which queries use."""
TOO_MANY_CONNECTIONS = -1034
"""The limit of new connections in five minutes: requests on those that are there go on."""
ORDER_ARCHIVED = -2026
FAILED_BY_HALF = -2021
CANCEL_REPLACE_CODES = (FAILED_BY_HALF, -2022)
NOT_ATTEMPTED = "NOT_ATTEMPTED"
_TEXT_LIMIT = 300
"""Characters of a foreign answer that are kept in an error."""

_error = msgspec.json.Decoder(ErrorBody)
_pair = msgspec.json.Decoder(CancelReplace)


class ClientError(Exception):
    """Base of all errors of the client. `definite`: it is certain that nothing was executed."""

    definite = False

    @property
    def venue_code(self) -> str:
        """The venue's own code, empty where it said none."""
        return ""


class NotSent(ClientError):
    """Nothing left this host."""

    definite = True


class HeldBack(NotSent):
    """A rate limit was reached and its wait is not over: who goes on asking is banned."""


class NoAnswer(ClientError):
    """Sent; no answer came."""


class UnreadableAnswer(ClientError):
    """Sent; what came back cannot be read."""

    def __init__(self, raw: bytes, reason: str, status: int = 0) -> None:
        super().__init__(f"unreadable answer (status {status}): {reason}: {_short(raw)!r}")
        self.raw = raw
        self.status = status

    @property
    def definite(self) -> bool:  # type: ignore[override]
        """True only where a door answered that lets nothing pass."""
        return self.status in CLOSED_STATUSES


class Blocked(UnreadableAnswer):
    """The firewall before the venue refused the request; going on makes it worse."""


class ApiError(ClientError):
    """The venue said no, in its own words. `code` is 0 where it was the HTTP status alone that said so."""

    def __init__(self, code: int, text: str, status: int, retry_after_s: float = 0.0) -> None:
        super().__init__(f"{code} {text}" if code else f"HTTP {status} {text}")
        self.code = code
        self.text = text
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def definite(self) -> bool:  # type: ignore[override]
        """False for the codes and statuses by which the venue itself does not know."""
        if self.status >= 500 or self.status == UNCERTAIN_STATUS:
            return False
        return self.code not in UNCERTAIN_CODES and self.code != FAILED_BY_HALF and self.text != DUPLICATE_ORDER

    @property
    def venue_code(self) -> str:
        return str(self.code) if self.code else ""


class KeyRefused(ApiError):
    """The key, its signature or its permissions were refused."""


class ClockRefused(ApiError):
    """Our timestamp was refused: the server's time is to be measured again."""


class LimitReached(ApiError):
    """A rate limit is reached; nothing was executed."""


class Banned(LimitReached):
    """The address went on after a limit and is banned."""


class OrderRefused(ApiError):
    """A new order was refused."""


class FilterRefused(OrderRefused):
    """A new order was refused by a filter: PRICE_FILTER, LOT_SIZE, NOTIONAL, ..."""

    @property
    def filter(self) -> str:
        """The filter's name."""
        return self.text.removeprefix(FILTER_FAILURE)


class CancelRefused(ApiError):
    """A cancel was refused: the order is not open, or a restriction forbids it."""


class AmendRefused(ApiError):
    """An amendment was refused."""


class NoSuchOrder(ApiError):
    """The venue has no such order."""


class OrderArchived(ApiError):
    """The order ended without a fill over 90 days ago; the venue tells no more of it."""


class CancelReplaceFailed(ApiError):
    """A cancel-replace failed: -2022 with nothing done, -2021 by half. `result` is what the venue said of each half."""

    def __init__(self, code: int, text: str, status: int, retry_after_s: float, result: CancelReplace) -> None:
        super().__init__(code, text, status, retry_after_s)
        self.result = result
        self.cancel = _half(result.cancel_response, status)
        """The canceled order (its whole list, where it was of one), or why it was not canceled."""
        self.new_order = _half(result.new_order_response, status)
        """The new order, why there is none, or None where the venue did not try."""

    @property
    def definite(self) -> bool:  # type: ignore[override]
        """True only where neither half was executed for certain."""
        return (
            super().definite
            and _is_undone(self.result.cancel_result, self.cancel)
            and _is_undone(self.result.new_order_result, self.new_order)
        )


_KINDS: dict[int, type[ApiError]] = {
    -1002: KeyRefused,
    -1003: LimitReached,
    TOO_MANY_ORDERS: LimitReached,
    -1021: ClockRefused,
    -1022: KeyRefused,
    TOO_MANY_CONNECTIONS: LimitReached,
    -2010: OrderRefused,
    -2011: CancelRefused,
    NO_SUCH_ORDER: NoSuchOrder,
    -2014: KeyRefused,
    -2015: KeyRefused,
    ORDER_ARCHIVED: OrderArchived,
    -2038: AmendRefused,
}


def api_error(code: int, text: str, status: int, retry_s: float = 0.0, data: Raw | bytes = b"") -> ApiError:
    """Return the error for the venue's code, text, status and `data`; `retry_s` 0 where it said none."""
    if code in CANCEL_REPLACE_CODES:
        try:
            return CancelReplaceFailed(code, text, status, retry_s, _pair.decode(data))
        except NOT_READABLE:
            pass  # without its two halves it is an error like another
    if status == 418:
        return Banned(code, text, status, retry_s)
    if status == 429:
        return LimitReached(code, text, status, retry_s)
    if code in FILTER_CODES and text.startswith(FILTER_FAILURE):
        return FilterRefused(code, text, status, retry_s)
    return _KINDS.get(code, ApiError)(code, text, status, retry_s)


def http_error(status: int, raw: bytes, retry_s: float = 0.0) -> ClientError:
    """Return the error for an HTTP answer that is no success, whatever its body."""
    try:
        refusal = _error.decode(raw)
    except NOT_READABLE as error:
        if status in (418, 429):
            return api_error(0, _short(raw), status, retry_s)
        kind = Blocked if status == FIREWALL_STATUS else UnreadableAnswer
        return kind(raw, str(error), status)
    return api_error(refusal.code, refusal.msg, status, retry_s, refusal.data)


def retry_after_s(text: str) -> float:
    """Return the seconds of a ``Retry-After`` header, 0 where there is none."""
    return float(text) if text.isdigit() else 0.0


def _half(response: Raw, status: int) -> Canceled | ApiError | None:
    part = replace_part(response)
    return api_error(part.code, part.msg, status) if isinstance(part, ErrorBody) else part


def _is_undone(result: str, half: Canceled | ApiError | None) -> bool:
    return result == NOT_ATTEMPTED or (isinstance(half, ApiError) and half.definite)


def _short(raw: bytes) -> str:
    return raw[:_TEXT_LIMIT].decode(errors="replace")
