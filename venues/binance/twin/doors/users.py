"""User-data streams: which sockets hear an account's events, and how they are wrapped.

On the WebSocket API an event comes as `{"subscriptionId": n, "event": {...}}`. Listen keys, which the
venue retired on 2026-02-20, are served only under the leniency `legacy_listen_key`; there events come bare
or in the stream's envelope. Source: Binance Spot API, user-data-stream, 2026-07.
"""

from __future__ import annotations

import asyncio
import secrets
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from venues.binance.twin.doors.sockets import Socket
from venues.binance.twin.render import encode
from venues.binance.twin.trading.accounts import Account
from venues.twins.log import TruthLog

LISTEN_KEY_LENGTH = 64
ONCE = (0.0,)
"""The fate of an event that nothing happens to: it is sent, once and at once."""
_ALPHABET = string.ascii_letters + string.digits

Fate = Callable[[str, dict[str, Any]], Sequence[float]]
"""When an account's event is sent, in milliseconds from now: each time that it is."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One listener: `wrap` goes before the event, `}` after it when there is a wrap."""

    socket: Socket
    wrap: bytes


class UserStreams:
    """All listeners by account, and the events that wait to be sent."""

    def __init__(self, log: TruthLog, fate: Fate = lambda account, event: ONCE) -> None:
        self._log = log
        self._fate = fate
        self._listeners: dict[str, dict[tuple[Socket, str], Subscription]] = {}
        self._listen_keys: dict[str, str] = {}
        self._waiting: list[tuple[str, dict[str, Any]]] = []

    def queue(self, account: Account, event: dict[str, Any]) -> None:
        """Keep an event until `flush`."""
        self._waiting.append((account.api_key, event))

    def flush(self) -> None:
        """Send what waits, in order; called after the answer that caused it is on its way."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        for key, event in waiting:
            for delay_ms in self._fate(key, event):
                if delay_ms:
                    asyncio.get_running_loop().call_later(delay_ms / 1000, self._send, key, event)
                else:
                    self._send(key, event)

    def subscribe(self, socket: Socket, key: str, subscription_id: int) -> None:
        """Let a WebSocket API connection hear an account."""
        self._add(key, socket, str(subscription_id), b'{"subscriptionId":%d,"event":' % subscription_id)

    def unsubscribe(self, socket: Socket, key: str, subscription_id: int) -> None:
        """End a subscription."""
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
        """Forget a listen key; who hears by it hears nothing any more."""
        key = self._listen_keys.pop(listen_key, "")
        listeners = self._listeners.get(key, {})
        for socket, name in [place for place in listeners if place[1] == listen_key]:
            del listeners[socket, name]

    def expire_listen_keys(self, key: str, now_ms: int) -> int:
        """End an account's listen keys as time does, with their last event; how many there were."""
        mine = [listen_key for listen_key, owner in self._listen_keys.items() if owner == key]
        for listen_key in mine:
            event = {"e": "listenKeyExpired", "E": now_ms, "listenKey": listen_key}
            self._send(key, event, listen_key)
            self.end_listen_key(listen_key)
        return len(mine)

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

    def _send(self, key: str, event: dict[str, Any], name: str | None = None) -> None:
        """Send an event to an account's listeners, or to those of one name alone."""
        listeners = [one for (_, of), one in self._listeners.get(key, {}).items() if name in (None, of)]
        if not listeners:
            return
        raw = encode(event)
        for listener in listeners:
            listener.socket.send(listener.wrap + raw + b"}" if listener.wrap else raw)
        numbers = [listener.socket.number for listener in listeners]
        self._log.write("user_sent", sockets=numbers, data=msgspec.Raw(raw))

    def _add(self, key: str, socket: Socket, name: str, wrap: bytes) -> None:
        self._listeners.setdefault(key, {})[socket, name] = Subscription(socket, wrap)
        self._log.write("user_subscribe", socket=socket.number, account=key)
