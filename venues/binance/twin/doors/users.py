"""User-data streams: which sockets hear an account's events, and how they are wrapped.

On the WebSocket API an event comes as `{"subscriptionId": n, "event": {...}}`. Listen keys, which the
venue retired on 2026-02-20, are served only under the leniency `legacy_listen_key`; there events come bare
or in the stream's envelope. Source: Binance Spot API, user-data-stream, 2026-07.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import Any

import msgspec

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.render import encode
from venues.binance.twin.trading.accounts import Account
from venues.twins.log import TruthLog

LISTEN_KEY_LENGTH = 64
_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Subscription:
    """One listener: `wrap` goes before the event, `}` after it when there is a wrap."""

    socket: Socket
    wrap: bytes


class UserStreams:
    """All listeners by account, and the events that wait to be sent."""

    def __init__(self, log: TruthLog) -> None:
        self._log = log
        self._listeners: dict[str, dict[tuple[Socket, str], Subscription]] = {}
        self._listen_keys: dict[str, str] = {}
        self._waiting: list[tuple[str, dict[str, Any]]] = []

    def queue(self, account: Account, event: dict[str, Any]) -> None:
        """Keep an event until `flush`."""
        self._waiting.append((account.api_key, event))

    def flush(self) -> None:
        """Send what waits, in order; called after the answer that caused it is on its way."""
        waiting, self._waiting = self._waiting, []
        for key, event in waiting:
            listeners = self._listeners.get(key)
            if not listeners:
                continue
            raw = encode(event)
            for listener in listeners.values():
                listener.socket.send(listener.wrap + raw + b"}" if listener.wrap else raw)
            numbers = [listener.socket.number for listener in listeners.values()]
            self._log.write("user_sent", sockets=numbers, data=msgspec.Raw(raw))

    def subscribe(self, socket: Socket, key: str, subscription_id: int) -> None:
        """Let a WebSocket API connection hear an account."""
        self._add(key, socket, str(subscription_id), b'{"subscriptionId":%d,"event":' % subscription_id)

    def unsubscribe(self, socket: Socket, key: str, subscription_id: int) -> None:
        """End a subscription with its last event."""
        listener = self._listeners.get(key, {}).pop((socket, str(subscription_id)), None)
        if listener is not None:
            self._log.write("user_unsubscribe", socket=socket.number, account=key)

    def tell(self, socket: Socket, subscription_id: int, event: dict[str, Any]) -> None:
        """Send an event about one subscription itself."""
        raw = encode(event)
        socket.send(b'{"subscriptionId":%d,"event":%s}' % (subscription_id, raw))
        self._log.write("user_sent", sockets=[socket.number], data=msgspec.Raw(raw))

    def new_listen_key(self, key: str) -> str:
        """The account's listen key; the same one while it lives."""
        for listen_key, owner in self._listen_keys.items():
            if owner == key:
                return listen_key
        listen_key = "".join(secrets.choice(_ALPHABET) for _ in range(LISTEN_KEY_LENGTH))
        self._listen_keys[listen_key] = key
        return listen_key

    def end_listen_key(self, listen_key: str) -> None:
        """Forget a listen key."""
        self._listen_keys.pop(listen_key, None)

    def knows(self, listen_key: str, key: str) -> bool:
        """Whether the listen key is alive and the account's."""
        return self._listen_keys.get(listen_key) == key

    def listen(self, socket: Socket, stream: str, combined: bool) -> None:
        """A stream socket subscribed to a name; it counts when the name is a live listen key."""
        key = self._listen_keys.get(stream)
        if key is not None:
            self._add(key, socket, stream, b'{"stream":"%s","data":' % stream.encode() if combined else b"")

    def drop(self, socket: Socket, stream: str) -> None:
        """A stream socket is gone."""
        for listeners in self._listeners.values():
            listeners.pop((socket, stream), None)

    def _add(self, key: str, socket: Socket, name: str, wrap: bytes) -> None:
        self._listeners.setdefault(key, {})[socket, name] = Subscription(socket, wrap)
        self._log.write("user_subscribe", socket=socket.number, account=key)
