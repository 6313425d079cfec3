"""A WebSocket API connection's session: who is logged on, and which accounts' events it hears.

Source: Binance Spot API, web-socket-api (session authentication, authentication requests, user data stream
requests), 2026-07.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.doors.users import UserStreams
from venues.binance.twin.errors import (
    SessionRevoked,
    invalid_signature,
    subscription_active,
    subscription_inactive,
    too_many_subscriptions,
    unknown_key,
)
from venues.binance.twin.requests.desk import Desk
from venues.binance.twin.requests.endpoint import names
from venues.binance.twin.requests.keys import Key
from venues.binance.twin.requests.params import Params
from venues.binance.twin.requests.request import Request

WEIGHT = 2
"""Of each method here."""


@dataclass(frozen=True, slots=True)
class _Method:
    """What one method takes and does."""

    work: Callable[[Request], Any]
    names: frozenset[str] = frozenset()
    is_signed: bool = False


@dataclass(frozen=True, slots=True)
class _Subscription:
    """`is_logon`: it was made by the session's own key, and ends with it."""

    key: Key
    is_logon: bool


class Session:
    """The state of one connection; `show_limits` is what its status says of `returnRateLimits`."""

    def __init__(self, socket: Socket, desk: Desk, users: UserStreams, show_limits: bool) -> None:
        self.key: Key | None = None
        self._socket = socket
        self._desk = desk
        self._users = users
        self._show_limits = show_limits
        self._authorized_ms: int | None = None
        self._next_id = 0
        self._subscriptions: dict[int, _Subscription] = {}
        self._methods = {
            "session.logon": _Method(self._logon, is_signed=True),
            "session.status": _Method(self._status),
            "session.logout": _Method(self._logout),
            "session.subscriptions": _Method(self._list),
            "userDataStream.subscribe": _Method(self._subscribe),
            "userDataStream.subscribe.signature": _Method(self._subscribe_signature, is_signed=True),
            "userDataStream.unsubscribe": _Method(self._unsubscribe, names("subscriptionId")),
        }

    def serves(self, name: str) -> bool:
        """Whether the method is about the session itself."""
        return name in self._methods

    def serve(self, request: Request) -> Any:
        """The result of one of its methods. Raises VenueError."""
        method = self._methods[request.name]
        request.address.spend(WEIGHT, self._desk.exchange.now_ms)
        Params(request.sent).check_names(method.names, method.is_signed)
        return method.work(request)

    def check_key(self, ip: str) -> None:
        """Raises SessionRevoked, and is logged off, when the key it is logged on with has become invalid."""
        key = self.key
        if key is not None and (key.is_revoked or (key.addresses and ip not in key.addresses)):
            self._log_off()
            raise SessionRevoked

    def revoked(self, key: Key) -> None:
        """A key was revoked: subscriptions that it signed are over; the session itself hears of it at its next request.

        The venue's pages do not say what becomes of them.
        """
        for number, subscription in list(self._subscriptions.items()):
            if subscription.key is key:
                self._terminate(number)

    def close(self) -> None:
        """The connection is gone: its subscriptions end."""
        for number in list(self._subscriptions):
            self._end(number)

    def _logon(self, request: Request) -> dict[str, Any]:
        request.session = None
        key = self._desk.authenticate(request, "USER_DATA")
        if key.type != "ED25519":
            raise invalid_signature()
        self.key, self._authorized_ms = key, self._desk.exchange.now_ms
        return self._status(request)

    def _logout(self, request: Request) -> dict[str, Any]:
        self._log_off()
        return self._status(request)

    def _log_off(self) -> None:
        self.key = self._authorized_ms = None
        for number, subscription in list(self._subscriptions.items()):
            if subscription.is_logon:
                self._terminate(number)

    def _status(self, request: Request) -> dict[str, Any]:
        return {
            "apiKey": self.key.name if self.key is not None else None,
            "authorizedSince": self._authorized_ms,
            "connectedSince": self._socket.opened_ms,
            "returnRateLimits": self._show_limits,
            "serverTime": self._desk.exchange.now_ms,
            "userDataStream": bool(self._subscriptions),
        }

    def _subscribe(self, request: Request) -> dict[str, Any]:
        if self.key is None:
            raise unknown_key()
        self.key.check_use("USER_STREAM", request.address.ip)
        return self._open(self.key, is_logon=True)

    def _subscribe_signature(self, request: Request) -> dict[str, Any]:
        request.session = None
        return self._open(self._desk.authenticate(request, "USER_STREAM"), is_logon=False)

    def _open(self, key: Key, is_logon: bool) -> dict[str, Any]:
        rules = self._desk.rules
        if any(subscription.key.account is key.account for subscription in self._subscriptions.values()):
            raise subscription_active()
        if self._next_id >= rules.subscriptions_ever or len(self._subscriptions) >= rules.subscriptions:
            raise too_many_subscriptions()
        number, self._next_id = self._next_id, self._next_id + 1
        self._subscriptions[number] = _Subscription(key, is_logon)
        self._users.subscribe(self._socket, key.account.api_key, number)
        return {"subscriptionId": number}

    def _unsubscribe(self, request: Request) -> dict[str, Any]:
        wanted = Params(request.sent).integer("subscriptionId")
        numbers = [number for number in self._subscriptions if wanted in (None, number)]
        if wanted is not None and not numbers:
            raise subscription_inactive()
        for number in numbers:
            self._terminate(number)
        return {}

    def _list(self, request: Request) -> list[dict[str, int]]:
        return [{"subscriptionId": number} for number in self._subscriptions]

    def _terminate(self, number: int) -> None:
        """End a subscription with its last event."""
        self._users.tell(self._socket, number, {"e": "eventStreamTerminated", "E": self._desk.exchange.now_ms})
        self._end(number)

    def _end(self, number: int) -> None:
        subscription = self._subscriptions.pop(number)
        self._users.unsubscribe(self._socket, subscription.key.account.api_key, number)
