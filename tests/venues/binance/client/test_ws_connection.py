"""What ends the connection for orders is told as the end of the private stream, and it is made again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from fake_socket import FakeSocket, until

from actors.runtime import Secret
from venues.binance.client.access import Access, Credentials, Endpoints
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import UnreadableAnswer
from venues.binance.client.ws_connection import Connection

Run = Callable[[Any], Any]


class Answering(FakeSocket):
    """A venue that answers everything."""

    def send(self, payload: bytes) -> None:
        super().send(payload)
        self.say({"id": self.sent[-1]["id"], "status": 200, "result": {"serverTime": 1_700_000_000_000}})


class Owner:
    """Keeps what it is told of the stream and of events."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.unreadable: list[UnreadableAnswer] = []

    def on_connected(self) -> None:
        pass

    def on_disconnected(self, reason: str, wait_s: float) -> None:
        pass

    def on_stream(self, up: bool, reason: str) -> None:
        self.told.append((up, reason))

    def on_event(self, raw: bytes) -> None:
        self.told.append(raw)

    def on_unreadable(self, error: UnreadableAnswer) -> None:
        self.unreadable.append(error)


def test_an_event_that_cannot_be_read_ends_the_private_stream_and_a_fresh_one_is_made(run: Run) -> None:
    async def scene() -> None:
        owner, sockets = Owner(), []

        async def dial(url: str) -> Answering:
            sockets.append(Answering())
            return sockets[-1]

        access = Access(Endpoints("r", "s", "w"), Credentials(Secret("key"), Secret("secret")))
        clock = ServerClock(time.monotonic_ns)
        connection = Connection(lambda: access, dial, clock, owner, asyncio.ensure_future)
        life = asyncio.ensure_future(connection.run())
        await until(lambda: owner.told)
        sockets[0].say(b'{"subscriptionId":0,"event":{"e":"executionReport","X":"FILLED"')
        await until(lambda: len(owner.told) == 3)
        lost = "a message cannot be read; it may have been an event"
        assert owner.told == [(True, "subscribed"), (False, lost), (True, "subscribed")]
        assert len(owner.unreadable) == 1
        assert len(sockets) == 2
        life.cancel()
        await connection.close("done")

    run(scene())
