"""The connection for orders and account events: made, measured, subscribed, probed, handed over, and made again.

The venue ends each connection after 24 hours, and announces that it will restart a server (``serverShutdown``). Where
`hands_over` is set a fresh connection is made before either: events go on without a hole, in order, and each once
(see `handover`); new requests go by the fresh one as soon as its events have begun, and the old one is left when its
own are answered. An Ed25519 key logs on, so that requests are not signed one by one.
Source: Binance Spot API, web-socket-api (general information, session, user data stream), 2026-07.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

import msgspec

from venues.backoff import HEALTHY_S, Backoff
from venues.binance.client.access import Credentials, Locate
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import (
    TOO_MANY_CONNECTIONS,
    Banned,
    ClientError,
    ClockRefused,
    KeyRefused,
    LimitReached,
    NoAnswer,
    NotSent,
    UnreadableAnswer,
)
from venues.binance.client.handover import LIFETIME_S, LOOK_S, OVERLAP_S, Joined, Overlap, spread
from venues.binance.client.limits import Limits
from venues.binance.client.payloads import ServerTime
from venues.binance.client.socket import Dial
from venues.binance.client.ws_api import WsApi
from venues.binance.client.ws_link import Link, Owner
from venues.unreadable import NOT_READABLE

__all__ = ["PROBE_S", "Connection"]

PROBE_S = 10.0
"""Between measurements of the server's clock, which also prove that the connection lives; weight 1 each."""
PROBE_ANSWER_S = 5.0
"""A connection that does not answer the probe within this is dropped, however open it is."""
CLOCK_SAMPLES = 3
"""Measurements before the first order of a connection: one alone may have met a slow moment."""
LEAVE_S = 10.0
"""How long a replaced connection waits for the answers to its own requests."""

_time = msgspec.json.Decoder(ServerTime)


class Connection:
    """One connection of the WebSocket API, made again for ever. `run` is its life.

    `run` ends by raising `Banned`, or `KeyRefused` where the key is not one that changed meanwhile (a restarted
    twin's). Without a key nothing is subscribed.
    """

    def __init__(
        self,
        locate: Locate,
        dial: Dial,
        clock: ServerClock,
        owner: Owner,
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        *,
        limits: Limits | None = None,
        hands_over: bool = False,
        logs_on: bool = False,
        lifetime_s: float = LIFETIME_S,
        overlap_s: float = OVERLAP_S,
    ) -> None:
        self.why_down = "not connected yet"
        self.api: WsApi | None = None
        """What orders are sent by, while they can be."""
        self.reconnects = 0
        self._locate, self._dial, self._clock, self._owner, self._spawn = locate, dial, clock, owner, spawn
        self._limits, self._hands_over, self._logs_on = limits, hands_over, logs_on
        self._lifetime_s, self._overlap_s = lifetime_s, overlap_s
        self._loop = asyncio.get_running_loop()
        self._links: dict[Link, None] = {}
        self._link: Link | None = None
        self._credentials: Credentials | None = None
        self._is_stream_up = False

    async def run(self) -> None:
        """Connect, wait for the end, and connect again."""
        backoff = Backoff()
        while True:
            began, least_s = self._loop.time(), 0.0
            try:
                link = await self._make()
                self._owner.on_connected()
                await self._follow(link)
            except ClientError as error:
                await self.close(str(error))
                if self._limits is not None and isinstance(error, LimitReached) and error.code != TOO_MANY_CONNECTIONS:
                    self._limits.heed(error)
                if self._is_final(error):
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
        readers = [link.reader for link in self._links]
        for link in self._links:
            link.api.abort(reason)
        if readers:
            await asyncio.wait(readers, timeout=1.0)

    def end_stream(self, reason: str) -> None:
        """The private stream is no good any more: say so, and connect anew."""
        self._tell_stream(False, reason)
        if self._link is not None:
            self._link.api.abort(reason)

    def probe(self) -> None:
        """Measure the server's clock; a connection that does not answer is dropped.

        While the venue has told this address to wait, it is not asked: under a ban that would make it longer.
        """
        api = self.api
        if api is None or (self._limits is not None and self._limits.is_held):
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

    # one connection

    async def _make(self, overlap: Overlap | None = None) -> Link:
        """Connect, measure, log on and subscribe; with `overlap` in place of one that still tells its events."""
        access = self._locate()
        self._credentials = access.credentials
        socket = await self._dial(access.endpoints.ws_api)
        take = self._owner.on_event if overlap is None else partial(self._hold, overlap)
        link = Link(take, spread(self._lifetime_s))
        link.api = api = WsApi(
            socket, access.credentials, self._clock, link.on_event, self._owner.on_unreadable, link.leave.set,
            self._limits,
        )  # fmt: skip
        link.reader = self._spawn(api.run(partial(self._on_ended, link)))
        self._links[link] = None
        if overlap is None:
            self._link = link
        try:
            for _ in range(CLOCK_SAMPLES):
                sent_ns = self._clock.monotonic_ns()
                self._take_time(sent_ns, await api.request("time", {}, PROBE_ANSWER_S, signed=False))
            if self._logs_on and api.can_log_on:
                await api.logon(PROBE_ANSWER_S)
            if overlap is None:
                self.api = api
            if access.credentials is not None:
                await self._subscribe(link, overlap)
            else:
                self._link, self.api = link, api
        except ClientError as error:
            if overlap is not None:
                api.abort(str(error))
            raise
        return link

    async def _subscribe(self, link: Link, overlap: Overlap | None) -> None:
        done: asyncio.Future[ClientError | None] = self._loop.create_future()

        def answered(answer: bytes | ClientError) -> None:
            failed = answer if isinstance(answer, ClientError) else None
            if failed is None:
                if overlap is not None:
                    overlap.acknowledge(self._loop.time())
                self._link, self.api = link, link.api
                self._tell_stream(True, "subscribed")
            if not done.done():
                done.set_result(failed)

        if link.api.is_logged_on:
            link.api.call("userDataStream.subscribe", {}, answered, PROBE_ANSWER_S, signed=False)
        else:
            link.api.call("userDataStream.subscribe.signature", {}, answered, PROBE_ANSWER_S)
        error = await done
        if error is not None:
            raise error

    # handing over

    async def _follow(self, link: Link) -> None:
        """Return when the connection has ended and none was made in its place. Raises what `_make` raises for good."""
        while True:
            announced = self._loop.create_task(link.leave.wait())
            left_s = max(0.0, link.ends_s - self._loop.time())
            try:
                if self._hands_over:
                    await asyncio.wait([link.reader, announced], timeout=left_s, return_when="FIRST_COMPLETED")
                else:
                    await asyncio.wait([link.reader])
            finally:
                announced.cancel()
            if link.reader.done():
                return
            link = await self._replace(link)

    async def _replace(self, old: Link) -> Link:
        """Return the connection that was made in place of `old`, or `old` where it ended before there was one."""
        backoff = Backoff()
        while not old.reader.done():
            overlap = Overlap(self._overlap_s)
            old.take = partial(self._tell_old, overlap)
            try:
                fresh = await self._make(overlap)
            except ClientError as error:
                old.take = self._owner.on_event
                if self._is_final(error):
                    raise
                if isinstance(error, ClockRefused):
                    self._clock.forget()
                least_s = error.retry_after_s if isinstance(error, LimitReached) else 0.0
                await asyncio.wait([old.reader], timeout=max(backoff.next_s(), least_s))
            else:
                await self._retire(old, fresh, overlap)
                return fresh
        return old

    async def _retire(self, old: Link, fresh: Link, overlap: Overlap) -> None:
        """Let `fresh` tell the events, as soon as they are joined with those that `old` told."""
        readers = [old.reader, fresh.reader]
        while self._credentials is not None and overlap.verdict(self._loop.time()) is Joined.NOT_YET:
            done, _ = await asyncio.wait(readers, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
        old.take = _ignore
        self._take_over(fresh, overlap)
        self._spawn(self._leave(old))

    def _take_over(self, fresh: Link, overlap: Overlap) -> None:
        is_whole = self._credentials is None or overlap.verdict(self._loop.time()) is Joined.WHOLE
        if not is_whole:
            self._tell_stream(False, "a fresh connection does not continue what the replaced one told")
        for raw in overlap.take_over():
            self._owner.on_event(raw)
        fresh.take = self._owner.on_event if overlap.is_over else partial(self._tell_new, fresh, overlap)
        if not is_whole and fresh.api.is_open:
            self._tell_stream(True, "subscribed")

    async def _leave(self, old: Link) -> None:
        await old.api.drain(LEAVE_S)
        old.api.abort("replaced by a fresh connection")

    def _tell_old(self, overlap: Overlap, raw: bytes) -> None:
        overlap.on_old(raw)
        self._owner.on_event(raw)

    def _hold(self, overlap: Overlap, raw: bytes) -> None:
        overlap.on_fresh(raw, self._loop.time())

    def _tell_new(self, fresh: Link, overlap: Overlap, raw: bytes) -> None:
        if overlap.is_new(raw):
            self._owner.on_event(raw)
        if overlap.is_over:
            fresh.take = self._owner.on_event

    # what happens

    def _on_ended(self, link: Link, reason: str) -> None:
        self._links.pop(link, None)
        if link is not self._link:
            return
        self.why_down = reason
        if self.api is link.api:
            self.api = None
            self.reconnects += 1
        self._tell_stream(False, reason)

    def _tell_stream(self, up: bool, reason: str) -> None:
        if self._is_stream_up != up:
            self._is_stream_up = up
            self._owner.on_stream(up, reason)

    def _is_final(self, error: ClientError) -> bool:
        return isinstance(error, Banned) or (isinstance(error, KeyRefused) and not self._key_has_changed())

    def _key_has_changed(self) -> bool:
        try:
            return self._locate().credentials != self._credentials
        except NotSent:
            return True

    def _take_time(self, sent_ns: int, answer: bytes) -> None:
        try:
            server = _time.decode(answer)
        except NOT_READABLE as error:
            self._owner.on_unreadable(UnreadableAnswer(answer, str(error)))
        else:
            self._clock.observe(sent_ns, self._clock.monotonic_ns(), server.server_time_ms)


def _ignore(raw: bytes) -> None:
    """Events of a connection that was replaced: the fresh one tells them."""
