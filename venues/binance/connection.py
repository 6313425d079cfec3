"""The connection for orders and account events: made, measured, subscribed, probed, and made again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import msgspec

from venues.binance.client.access import Credentials, Locate
from venues.binance.client.backoff import HEALTHY_S, Backoff
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import (
    Banned,
    ClientError,
    ClockRefused,
    KeyRefused,
    LimitReached,
    NoAnswer,
    NotSent,
    UnreadableAnswer,
)
from venues.binance.client.payloads import ServerTime
from venues.binance.client.socket import Dial
from venues.binance.client.ws_api import WsApi

__all__ = ["PROBE_S", "Connection", "Owner"]

PROBE_S = 10.0
"""Between measurements of the server's clock, which also prove that the connection lives; weight 1 each."""
PROBE_ANSWER_S = 5.0
"""A connection that does not answer the probe within this is dropped, however open it is."""
CLOCK_SAMPLES = 3
"""Measurements before the first order of a connection: one alone may have met a slow moment."""

_time = msgspec.json.Decoder(ServerTime)


class Owner(Protocol):
    """What the actor is told."""

    def on_connected(self) -> None:
        """Orders can be sent and account events come."""

    def on_disconnected(self, reason: str, wait_s: float) -> None:
        """The next attempt is made after `wait_s`."""

    def on_stream(self, up: bool, reason: str) -> None:
        """The account's events begin, or end: told at that moment, in order with them."""

    def on_event(self, raw: bytes) -> None:
        """An event of the account."""

    def on_unreadable(self, error: UnreadableAnswer) -> None:
        """What the venue said cannot be read."""


class Connection:
    """One connection of the WebSocket API, made again for ever. `run` is its life.

    `run` ends by raising `Banned`, or `KeyRefused` where the key is not one that changed meanwhile (a restarted
    twin's).
    """

    def __init__(
        self,
        locate: Locate,
        dial: Dial,
        clock: ServerClock,
        owner: Owner,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
    ) -> None:
        self.why_down = "not connected yet"
        self.api: WsApi | None = None
        """What orders are sent by, while they can be."""
        self.reconnects = 0
        self._locate, self._dial, self._clock, self._owner, self._spawn = locate, dial, clock, owner, spawn
        self._loop = asyncio.get_running_loop()
        self._latest: WsApi | None = None
        self._reader: asyncio.Task[None] | None = None
        self._credentials: Credentials | None = None
        self._is_stream_up = False

    async def run(self) -> None:
        """Connect, wait for the end, and connect again."""
        backoff = Backoff()
        while True:
            began, least_s = self._loop.time(), 0.0
            try:
                await self._connect()
                if self._reader is not None:
                    await asyncio.wait([self._reader])
            except ClientError as error:
                await self.close(str(error))
                if isinstance(error, Banned) or (isinstance(error, KeyRefused) and not self._key_has_changed()):
                    raise
                if isinstance(error, ClockRefused):
                    self._clock.forget()
                elif isinstance(error, LimitReached):
                    least_s = error.retry_after_s
            if self._loop.time() - began > HEALTHY_S:
                backoff.reset()
            wait_s = max(backoff.next_s(), least_s)
            self._owner.on_disconnected(self.why_down, wait_s)
            await asyncio.sleep(wait_s)

    async def close(self, reason: str) -> None:
        """End the connection and wait until everything about its end was told."""
        self.why_down = reason
        if self._latest is not None and self._reader is not None and not self._reader.done():
            self._latest.abort(reason)
            await asyncio.wait([self._reader], timeout=1.0)

    def end_stream(self, reason: str) -> None:
        """The private stream is no good any more: say so, and connect anew."""
        self._tell_stream(False, reason)
        if self._latest is not None:
            self._latest.abort(reason)

    def probe(self) -> None:
        """Measure the server's clock; a connection that does not answer is dropped."""
        api = self.api
        if api is None:
            return
        sent_ns = self._clock.monotonic_ns()

        def answered(answer: bytes | ClientError) -> None:
            if isinstance(answer, NoAnswer):
                api.abort(f"the probe was not answered: {answer}")
            elif not isinstance(answer, ClientError):
                self._take_time(sent_ns, answer)

        try:
            api.call("time", {}, answered, PROBE_ANSWER_S, signed=False)
        except ClientError as error:
            api.abort(f"the probe could not be sent: {error}")

    async def _connect(self) -> None:
        access = self._locate()
        self._credentials = access.credentials
        socket = await self._dial(access.endpoints.ws_api)
        api = WsApi(socket, access.credentials, self._clock, self._owner.on_event, self._owner.on_unreadable)
        self._latest = api
        self._reader = self._spawn(api.run(lambda reason: self._on_ended(api, reason)))
        for _ in range(CLOCK_SAMPLES):
            sent_ns = self._clock.monotonic_ns()
            self._take_time(sent_ns, await api.request("time", {}, PROBE_ANSWER_S, signed=False))
        self.api = api
        await self._subscribe(api)
        self._owner.on_connected()

    async def _subscribe(self, api: WsApi) -> None:
        done: asyncio.Future[ClientError | None] = self._loop.create_future()

        def answered(answer: bytes | ClientError) -> None:
            failed = answer if isinstance(answer, ClientError) else None
            if failed is None:
                self._tell_stream(True, "subscribed")
            if not done.done():
                done.set_result(failed)

        api.call("userDataStream.subscribe.signature", {}, answered, PROBE_ANSWER_S)
        error = await done
        if error is not None:
            raise error

    def _on_ended(self, api: WsApi, reason: str) -> None:
        self.why_down = reason
        if self.api is api:
            self.api = None
            self.reconnects += 1
        self._tell_stream(False, reason)

    def _tell_stream(self, up: bool, reason: str) -> None:
        if self._is_stream_up != up:
            self._is_stream_up = up
            self._owner.on_stream(up, reason)

    def _key_has_changed(self) -> bool:
        try:
            return self._locate().credentials != self._credentials
        except NotSent:
            return True

    def _take_time(self, sent_ns: int, answer: bytes) -> None:
        try:
            server = _time.decode(answer)
        except msgspec.DecodeError as error:
            self._owner.on_unreadable(UnreadableAnswer(answer, str(error)))
        else:
            self._clock.observe(sent_ns, self._clock.monotonic_ns(), server.server_time_ms)
