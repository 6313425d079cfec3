"""What stands around the payloads: the server's time, limits, refusals, a WebSocket API session, and envelopes.

Source: Binance Spot API, rest-api (general endpoints), web-socket-api (session), user-data-stream, 2026-07.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw, field

from venues.binance.client.payloads.numbers import Ms, Number

__all__ = [
    "AccountEvent",
    "ErrorBody",
    "RateLimit",
    "ServerTime",
    "Session",
    "StreamMessage",
    "Subscription",
]


class ServerTime(msgspec.Struct, frozen=True, gc=False):
    """GET /api/v3/time."""

    server_time_ms: Ms = field(name="serverTime")


class ErrorBody(msgspec.Struct, frozen=True, gc=False):
    """The body of a refusal. `data` is raw JSON: cancel-replace's two results, or how long to wait after a limit."""

    code: Number
    msg: str
    data: Raw = Raw()


class RateLimit(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A limit of exchangeInfo, GET /api/v3/rateLimit/order or a WebSocket API answer; `count` is -1 where not told."""

    rate_limit_type: str
    interval: str
    interval_num: Number
    limit: Number
    count: Number = -1


class Session(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The result of session.logon, session.status and session.logout; without a key nobody is authorized.

    `user_data_stream` is None where the connection cannot have one.
    """

    connected_since: Ms
    return_rate_limits: bool
    server_time: Ms
    api_key: str | None = None
    authorized_since: Ms | None = None
    user_data_stream: bool | None = None


class Subscription(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The result of userDataStream.subscribe, and an entry of session.subscriptions."""

    subscription_id: Number


class StreamMessage(msgspec.Struct, frozen=True, gc=False):
    """The envelope of a combined stream (``/stream``)."""

    stream: str
    data: Raw


class AccountEvent(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """The envelope of an account's event on the WebSocket API; the server's own events belong to no subscription."""

    event: Raw
    subscription_id: Number | None = None
