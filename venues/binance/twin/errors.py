"""The venue's error codes and texts.

    VenueError                what a request is answered with: HTTP status, code, text
      SessionRevoked          the key of a WebSocket API session has become invalid: the session is logged off

Source: Binance Spot API, errors, 2026-07.
"""

from __future__ import annotations

from typing import Any

INTERNAL = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: ("Timeout waiting for response from backend server. Send status unknown; execution status unknown."),
    -1008: "Server is currently overloaded with other requests. Please try again in a few minutes.",
}
"""What the venue says about failures of its own."""


class VenueError(Exception):
    """A request refused; `status` is the HTTP status and the WebSocket API's `status` alike."""

    def __init__(
        self,
        code: int,
        text: str,
        status: int = 400,
        retry_at_ms: int | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text
        self.status = status
        self.retry_at_ms = retry_at_ms
        self.data = data

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of a refused REST request."""
        body: dict[str, Any] = {"code": self.code, "msg": self.text}
        return body if self.data is None else body | {"data": self.data}

    def retry_after_s(self, now_ms: int) -> int:
        """The `Retry-After` of an error that has an end: whole seconds, at least one."""
        return max(1, -(-((self.retry_at_ms or now_ms) - now_ms) // 1000))


class SessionRevoked(VenueError):
    """Told at the next request of the session, whatever it asks; the answer bears no id."""

    def __init__(self) -> None:
        refused = unknown_key()
        super().__init__(refused.code, refused.text, refused.status)


def outside_window() -> VenueError:
    """The request is older than its recvWindow."""
    return VenueError(-1021, "Timestamp for this request is outside of the recvWindow.")


def ahead_of_time() -> VenueError:
    """The client's clock runs ahead."""
    return VenueError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")


def invalid_signature() -> VenueError:
    """The signature does not match the payload as sent."""
    return VenueError(-1022, "Signature for this request is not valid.")


def illegal_characters(name: str, legal: str) -> VenueError:
    """A parameter does not match its pattern."""
    return VenueError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def too_many_parameters(expected: int, received: int) -> VenueError:
    """An endpoint without parameters got some."""
    return VenueError(-1101, f"Too many parameters; expected '{expected}' and received '{received}'.")


def duplicate_parameter() -> VenueError:
    """A parameter came twice in one part of the request."""
    return VenueError(-1101, "Duplicate values for a parameter detected.")


def mandatory(name: str) -> VenueError:
    """A mandatory parameter is missing, empty or malformed."""
    return VenueError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def one_of(first: str, second: str) -> VenueError:
    """One of two parameters must be sent."""
    return VenueError(-1102, f"Param '{first}' or '{second}' must be sent, but both were empty/null!")


def too_great(name: str, limit: int) -> VenueError:
    """A number is over its bound."""
    return VenueError(-1102, f"'{name}' contains unexpected value. Cannot be greater than {limit}.")


def unread(read: int, sent: int) -> VenueError:
    """Parameters were sent that the endpoint does not know."""
    return VenueError(-1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.")


def empty(name: str) -> VenueError:
    """A parameter was sent without a value."""
    return VenueError(-1105, f"Parameter '{name}' was empty.")


def not_required(name: str) -> VenueError:
    """A parameter does not belong to this order type."""
    return VenueError(-1106, f"Parameter '{name}' sent when not required.")


def precision(name: str) -> VenueError:
    """More decimals than the asset has."""
    return VenueError(-1111, f"Parameter '{name}' has too much precision.")


def invalid_symbol() -> VenueError:
    """No such symbol."""
    return VenueError(-1121, "Invalid symbol.")


def invalid_data(name: str) -> VenueError:
    """A value the endpoint cannot use."""
    return VenueError(-1130, f"Data sent for parameter '{name}' is not valid.")


def bad_combination() -> VenueError:
    """Optional parameters that exclude each other."""
    return VenueError(-1128, "Combination of optional parameters invalid.")


def filter_failure(name: str) -> VenueError:
    """A symbol's filter refuses the order before the matching engine."""
    return VenueError(-1013, f"Filter failure: {name}")


def not_accepted(text: str) -> VenueError:
    """The API refuses the order before the matching engine: the symbol does not offer it, or it makes no sense."""
    return VenueError(-1013, text)


def market_closed() -> VenueError:
    """The symbol is not trading."""
    return not_accepted("Market is closed.")


def unsupported_combination() -> VenueError:
    """Type, time in force, prices and sizes that do not go together."""
    return VenueError(-1014, "Unsupported order combination.")


def order_rejected(text: str) -> VenueError:
    """The matching engine refuses the order."""
    return VenueError(-2010, text)


def insufficient_balance() -> VenueError:
    """Not enough free balance."""
    return order_rejected("Account has insufficient balance for requested action.")


def cancel_rejected(text: str = "Unknown order sent.") -> VenueError:
    """Nothing to cancel under that id."""
    return VenueError(-2011, text)


def no_such_order() -> VenueError:
    """A query for an order that the account never had."""
    return VenueError(-2013, "Order does not exist.")


def bad_key_format() -> VenueError:
    """The key is missing or garbled."""
    return VenueError(-2014, "API-key format invalid.", status=401)


def unknown_key() -> VenueError:
    """The key is unknown or lacks permission."""
    return VenueError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)


def too_many_orders(limit: int, interval: str, retry_at_ms: int) -> VenueError:
    """The unfilled order count is used up."""
    text = f"Too many new orders; current limit is {limit} orders per {interval}."
    return VenueError(-1015, text, status=429, retry_at_ms=retry_at_ms)


def too_much_weight(limit: int, retry_at_ms: int) -> VenueError:
    """The address has used its request weight for this minute."""
    text = (
        f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
        "Please use WebSocket Streams for live updates to avoid polling the API."
    )
    return VenueError(-1003, text, status=429, retry_at_ms=retry_at_ms)


def too_many_requests(retry_at_ms: int) -> VenueError:
    """The address has sent as many raw requests as it may."""
    return VenueError(-1003, "Too many requests queued.", status=429, retry_at_ms=retry_at_ms)


def too_many_connections(limit: int, retry_at_ms: int) -> VenueError:
    """The address has opened as many WebSockets as it may."""
    text = f"Too many connection attempts from IP; current limit is {limit} per '5 MINUTE'."
    return VenueError(-1034, text, status=429, retry_at_ms=retry_at_ms)


def no_such_path(name: str) -> VenueError:
    """Nothing is served there."""
    return VenueError(-1000, f"No such path: {name}.", status=404)


def not_supported(status: int = 400) -> VenueError:
    """The path or method exists, or might, and this cannot be done with it."""
    return VenueError(-1020, "This operation is not supported.", status=status)


def subscription_active() -> VenueError:
    """The account's events already come on this connection."""
    return VenueError(-2035, "User Data Stream subscription already active.")


def subscription_inactive() -> VenueError:
    """No subscription of that number is open on this connection."""
    return VenueError(-2036, "User Data Stream subscription not active.")


def too_many_subscriptions() -> VenueError:
    """The connection can open no more subscriptions."""
    return VenueError(-2042, "Maximum subscription ID reached for this connection.")


def internal(code: int, status: int) -> VenueError:
    """The venue failed, and does not know whether it did what was asked; -1008 alone is a plain no."""
    return VenueError(code, INTERNAL[code], status=status)


def banned(until_ms: int) -> VenueError:
    """The address went on after 429."""
    text = (
        f"Way too much request weight used; IP banned until {until_ms}. "
        "Please use WebSocket Streams for live updates to avoid bans."
    )
    return VenueError(-1003, text, status=418, retry_at_ms=until_ms)
