"""What can go wrong between us and the venue, and whether it is certain that nothing was executed.

    ClientError              everything that the client raises
      NotSent                no byte of it left this host
        HeldBack             the venue told us to wait, and that is not over
      NoAnswer               sent, then a timeout or a cut connection: it may have been executed
      UnreadableAnswer       sent, and answered by what is no answer of the venue's: it may have been executed
      ApiError               the venue's own code and text, with the HTTP status
        KeyRefused           key, signature or permission
        ClockRefused         the timestamp was outside the recvWindow
        LimitReached         a rate limit; `retry_after_s` says how long to wait
          Banned             the address is banned for that long

`definite` is False where an order may or may not have been executed: HTTP 5xx, the codes of `UNCERTAIN_CODES`, and
everything that is no word of the venue's at all. Source: Binance Spot API, errors, 2026-07.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

__all__ = [
    "ApiError",
    "Banned",
    "ClientError",
    "ClockRefused",
    "HeldBack",
    "KeyRefused",
    "LimitReached",
    "NoAnswer",
    "NotSent",
    "UnreadableAnswer",
    "api_error",
    "retry_after_s",
]

UNCERTAIN_CODES = frozenset((-1000, -1001, -1006, -1007))
"""Unknown error, disconnected, unexpected response, timeout: "execution status unknown"."""
DUPLICATE_ORDER = "Duplicate order sent."
"""-2010 with this text says that an order of this client id is open: of this attempt it says nothing definite."""
NO_SUCH_ORDER = -2013
TOO_MANY_ORDERS = -1015
"""The limit of new orders: it says nothing of the request weight, which queries use."""
ORDER_ARCHIVED = -2026
_KEY_CODES = frozenset((-1002, -1022, -2014, -2015))
_TEXT_LIMIT = 300
"""Characters of a foreign answer that are kept in an error."""


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
        text = raw[:_TEXT_LIMIT].decode(errors="replace")
        super().__init__(f"unreadable answer (status {status}): {reason}: {text!r}")
        self.raw = raw
        self.status = status


class ApiError(ClientError):
    """The venue said no, in its own words."""

    def __init__(self, code: int, text: str, status: int, retry_after_s: float = 0.0) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.status = status
        self.retry_after_s = retry_after_s

    @property
    def definite(self) -> bool:  # type: ignore[override]
        """False for the codes and statuses by which the venue itself does not know."""
        return self.status < 500 and self.code not in UNCERTAIN_CODES and self.text != DUPLICATE_ORDER

    @property
    def venue_code(self) -> str:
        return str(self.code)


class KeyRefused(ApiError):
    """The key, its signature or its permissions were refused."""


class ClockRefused(ApiError):
    """Our timestamp was refused: the server's time is to be measured again."""


class LimitReached(ApiError):
    """A rate limit is reached; nothing was executed."""


class Banned(LimitReached):
    """The address went on after a limit and is banned."""


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of a refusal."""

    code: int
    msg: str


def api_error(code: int, text: str, status: int, retry_s: float = 0.0) -> ApiError:
    """Return the error for the venue's code, text and status; `retry_s` 0 where it said none."""
    kind = ApiError
    if status == 418:
        kind = Banned
    elif status == 429 or code in (-1003, -1015):
        kind = LimitReached
    elif code in _KEY_CODES:
        kind = KeyRefused
    elif code == -1021:
        kind = ClockRefused
    return kind(code, text, status, retry_s)


def retry_after_s(headers: Mapping[str, str] | None) -> float:
    """Return the seconds of a ``Retry-After`` header, 0 where there is none."""
    text = headers.get("Retry-After", "") if headers is not None else ""
    return float(text) if text.isdigit() else 0.0
