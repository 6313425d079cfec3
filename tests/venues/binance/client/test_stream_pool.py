"""Streams on as many connections as they need: the venue's limits are kept, counted at the server."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fake_socket import until
from scripted_venue import Peer, ScriptedVenue
from stream_reader import StreamReader

from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.attempts import Attempts
from venues.binance.client.stream_pool import StreamPool

Run = Callable[[Any], Any]
VENUE_STREAMS = 1024
VENUE_MESSAGES = 5
"""A connection may not say more in any second, pongs included."""


@asynccontextmanager
async def scene(idle_s: float = 60.0) -> AsyncIterator[tuple[ScriptedVenue, StreamReader, StreamPool]]:
    def spawn(life: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(life)

    async with ScriptedVenue().running() as venue, AiohttpTransport() as network:
        reader = StreamReader()
        pool = StreamPool(venue.locate, network.dial, lambda: reader, spawn, idle_s=idle_s)
        yield venue, reader, pool
        await pool.close()


def test_more_streams_than_a_connection_takes_go_to_several_and_no_connection_says_too_much(run: Run) -> None:
    names = {f"s{number}@trade" for number in range(1100)}

    async def body() -> None:
        async with scene() as (venue, reader, pool):
            for name in names:
                pool.subscribe(name)
            pinging = [asyncio.ensure_future(_ping(venue)) for _ in range(2)]
            await until(lambda: reader.count("open") == len(names))
            assert len(venue.peers) == 2
            assert all(len(peer.streams) <= VENUE_STREAMS for peer in venue.peers)
            assert set.union(*(peer.streams for peer in venue.peers)) == names
            assert any(peer.pongs for peer in venue.peers)
            for peer in venue.peers:
                for first, later in zip(peer.times, peer.times[VENUE_MESSAGES:], strict=False):
                    assert later - first >= 1.0
            await venue.say("s7@trade", {"t": 1})
            await until(lambda: reader.messages("s7@trade") == [{"t": 1}])
            for each in pinging:
                each.cancel()

    run(body())


async def _ping(venue: ScriptedVenue) -> None:
    """At every third control message of a connection: two of these at once are what bunched pings are."""
    pinged: Counter[int] = Counter()

    def due() -> list[Peer]:
        return [peer for peer in venue.open_peers if len(peer.received) >= pinged[id(peer)] + 3]

    while True:
        await until(due)
        for peer in due():
            pinged[id(peer)] = len(peer.received)
            await peer.socket.ping(b"1234567")


def test_pings_are_answered_with_their_payload(run: Run) -> None:
    async def body() -> None:
        async with scene() as (venue, reader, pool):
            pool.subscribe("a@trade")
            await until(lambda: reader.count("open") == 1)
            await venue.peers[0].socket.ping(b"1795680706310")
            await until(lambda: venue.peers[0].pongs == [b"1795680706310"])

    run(body())


def test_a_connection_that_lost_its_streams_is_ended_after_a_while_and_one_is_kept(run: Run) -> None:
    async def body() -> None:
        async with scene(idle_s=0.05) as (venue, _, pool):
            names = [f"s{number}@trade" for number in range(1001)]
            for name in names:
                pool.subscribe(name)
            await until(lambda: len(venue.open_peers) == 2 and venue.peers[1].streams == {names[-1]})
            pool.unsubscribe(names[-1])
            assert len(pool.connections) == 2  # the other one is full
            for name in names[:-1]:
                pool.unsubscribe(name)
            await until(lambda: len(venue.open_peers) == 1)
            pool.subscribe("again@trade")
            await until(lambda: "again@trade" in venue.open_peers[0].streams)
            assert len(venue.peers) == 2

    run(body())


def test_a_refused_stream_has_no_place_any_more(run: Run) -> None:
    async def body() -> None:
        async with scene() as (_, reader, pool):
            pool.subscribe("a@trade")
            await until(lambda: reader.count("open") == 1)
            (streams,) = pool.connections
            assert streams._link is not None
            streams.on_link_refused(streams._link, "a@trade", "2 Invalid request")
            assert ("refused", "a@trade") in reader.told
            assert "a@trade" not in pool

    run(body())


def test_connections_are_tried_no_more_often_than_the_venue_lets_an_address(run: Run) -> None:
    async def body() -> None:
        attempts, made = Attempts(limit=3, window_s=0.2), []
        loop = asyncio.get_running_loop()

        async def attempt() -> None:
            await attempts.turn()
            made.append(loop.time())

        await asyncio.gather(*(attempt() for _ in range(8)))
        assert all(later - first >= 0.2 for first, later in zip(made, made[3:], strict=False))
        assert made[2] - made[0] < 0.1

    run(body())
