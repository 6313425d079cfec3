"""The connection for orders and account events is replaced before the venue ends it: each event is told, and once."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fake_socket import until
from scripted_venue import SHUTDOWN, Peer, ScriptedVenue

from actors.secret import Secret
from venues.binance.client.access import Credentials
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import ClientError, UnreadableAnswer
from venues.binance.client.ws_connection import Connection

Run = Callable[[Any], Any]
FOREVER_S = 3600.0


class Owner:
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def on_connected(self) -> None:
        """Not of interest."""

    def on_disconnected(self, reason: str, wait_s: float) -> None:
        """Not of interest."""

    def on_stream(self, up: bool, reason: str) -> None:
        self.told.append(up)

    def on_event(self, raw: bytes) -> None:
        self.told.append(json.loads(raw).get("I", "?"))

    def on_unreadable(self, error: UnreadableAnswer) -> None:
        self.told.append(error)


class Scene:
    def __init__(self, venue: ScriptedVenue, owner: Owner, connection: Connection) -> None:
        self.venue, self.owner, self.connection = venue, owner, connection
        self.answers: list[bytes | ClientError] = []

    async def event(self, number: int) -> None:
        await self.venue.tell({"e": "executionReport", "I": number})

    async def announce(self) -> Peer:
        """Let the server announce that it goes; return the fresh connection once it has subscribed."""
        await self.venue.peers[0].say({"event": SHUTDOWN})
        await until(lambda: len(self.venue.peers) == 2 and self.venue.peers[1].is_subscribed)
        return self.venue.peers[1]

    def order(self) -> None:
        api = self.connection.api
        assert api is not None
        api.call("order.place", {"symbol": "BTCUSDT"}, self.answers.append, 5.0)


@asynccontextmanager
async def scene(
    lifetime_s: float = FOREVER_S, overlap_s: float = 0.3, hands_over: bool = True, secret: str = "secret"
) -> AsyncIterator[Scene]:
    def spawn(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(work)

    async with ScriptedVenue().running() as venue, AiohttpTransport() as network:
        venue.credentials = Credentials(Secret("key"), Secret(secret))
        owner = Owner()
        connection = Connection(
            venue.locate, network.dial, ServerClock(time.monotonic_ns), owner, spawn,
            hands_over=hands_over, logs_on=True, lifetime_s=lifetime_s, overlap_s=overlap_s,
        )  # fmt: skip
        life = asyncio.ensure_future(connection.run())
        await until(lambda: owner.told == [True] and connection.api is not None)
        yield Scene(venue, owner, connection)
        life.cancel()
        await connection.close("done")
        await asyncio.wait([life])


def test_a_server_that_announces_its_end_is_left_without_a_hole_in_the_events(run: Run) -> None:
    async def body() -> None:
        async with scene() as one:
            await one.event(1)
            await one.announce()
            await one.event(2)
            await until(lambda: not one.venue.peers[0].is_open)
            await one.event(3)
            await until(lambda: one.owner.told[-1] == 3)
            assert one.owner.told == [True, 1, "?", 2, 3]  # "?" is the announcement itself
            assert one.connection.reconnects == 0

    run(body())


def test_a_connection_is_replaced_before_its_day_is_over(run: Run) -> None:
    async def body() -> None:
        async with scene(lifetime_s=0.4, overlap_s=0.1) as one:
            await until(lambda: len(one.venue.peers) == 4)
            await until(lambda: len(one.venue.open_peers) == 1)
            assert one.owner.told == [True]

    run(body())


@pytest.mark.parametrize("behind", ["old", "fresh"])
def test_a_server_that_is_behind_the_other_costs_no_event_and_none_comes_twice_or_out_of_order(
    run: Run, behind: str
) -> None:
    async def body() -> None:
        async with scene(overlap_s=5.0) as one:
            old = one.venue.peers[0]
            fresh = await one.announce()
            late, early = (old, fresh) if behind == "old" else (fresh, old)
            for peer in (early, late):
                for number in (1, 2, 3):
                    await peer.say({"subscriptionId": 0, "event": {"e": "executionReport", "I": number}})
            await until(lambda: not old.is_open)
            await one.event(4)
            await until(lambda: one.owner.told[-1] == 4)
            assert [told for told in one.owner.told if told != "?"] == [True, 1, 2, 3, 4]

    run(body())


def test_requests_go_by_the_fresh_connection_at_once_and_those_of_the_old_one_are_still_answered(run: Run) -> None:
    async def body() -> None:
        async with scene() as one:
            old = one.venue.peers[0]
            one.venue.answers["order.place"] = lambda peer, asked: None if peer is old else {"status": 200, "result": 7}
            one.order()
            await until(lambda: "order.place" in old.methods)
            api = one.connection.api
            fresh = await one.announce()
            await until(lambda: one.connection.api is not api)
            one.order()
            await until(lambda: one.answers == [b"7"])
            assert "order.place" in fresh.methods
            waiting = next(asked for asked in old.received if asked["method"] == "order.place")
            await old.say({"id": waiting["id"], "status": 200, "result": 8})
            await until(lambda: one.answers == [b"7", b"8"])
            await until(lambda: not old.is_open)

    run(body())


def test_events_that_cannot_be_joined_are_told_as_a_loss_and_then_all_of_the_fresh_ones(run: Run) -> None:
    async def body() -> None:
        async with scene() as one:
            await one.announce()
            one.venue.peers[0].is_mute = True
            await one.event(5)
            await until(lambda: not one.venue.peers[0].is_open)
            assert one.owner.told == [True, "?", False, 5, True]

    run(body())


def test_an_old_server_that_goes_before_there_is_a_fresh_connection_is_a_loss_like_any_other(run: Run) -> None:
    async def body() -> None:
        async with scene() as one:
            one.venue.answers["time"] = lambda peer, asked: None
            await one.venue.peers[0].say({"event": SHUTDOWN})
            await until(lambda: len(one.venue.peers) == 2)
            await one.venue.peers[0].close()
            await until(lambda: one.owner.told[-1] is False)
            del one.venue.answers["time"]
            await one.venue.peers[1].close()
            await until(lambda: one.owner.told == [True, "?", False, True])

    run(body())


def test_an_actors_connection_is_not_replaced_but_lost_and_made_again(run: Run) -> None:
    async def body() -> None:
        async with scene(hands_over=False) as one:
            await one.venue.peers[0].say({"event": SHUTDOWN})
            await until(lambda: one.owner.told == [True, "?"])
            await one.venue.peers[0].close()
            await until(lambda: one.owner.told == [True, "?", False, True])

    run(body())


def test_an_ed25519_key_logs_on_and_no_request_after_it_is_signed(run: Run) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    async def body() -> None:
        async with scene(secret=pem) as one:
            one.order()
            peer = one.venue.peers[0]
            await until(lambda: "order.place" in peer.methods)
            assert [method for method in peer.methods if method != "time"] == [
                "session.logon", "userDataStream.subscribe", "order.place",
            ]  # fmt: skip
            asked = {each["method"]: each["params"] for each in peer.received}
            signed = {name: asked["session.logon"][name] for name in ("apiKey", "recvWindow", "timestamp")}
            payload = "&".join(f"{name}={value}" for name, value in signed.items()).encode()
            key.public_key().verify(base64.b64decode(asked["session.logon"]["signature"]), payload)
            assert asked["userDataStream.subscribe"] == {}
            assert asked["order.place"].keys() == {"symbol", "recvWindow", "timestamp"}

    run(body())
