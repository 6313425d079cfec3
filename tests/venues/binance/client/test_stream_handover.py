"""A connection of market streams is replaced before the venue ends it, and its readers notice nothing of that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from binance_floor import TwinProcess
from fake_socket import until
from scripted_venue import SHUTDOWN, Peer, ScriptedVenue
from stream_reader import StreamReader

from venues.binance.client.access import announced
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.streams import MarketStreams

Run = Callable[[Any], Any]
FOREVER_S = 3600.0


class Scene:
    """Streams at a scripted venue."""

    def __init__(self, venue: ScriptedVenue, reader: StreamReader, streams: MarketStreams) -> None:
        self.venue, self.reader, self.streams = venue, reader, streams

    async def begin(self, *names: str) -> Peer:
        """Subscribe, and wait until all are open."""
        for name in names:
            self.streams.subscribe(name)
        await until(lambda: self.reader.count("open") == len(names))
        return self.venue.peers[0]

    async def announce(self) -> Peer:
        """Let the server announce that it goes; return the fresh connection once it has subscribed to all."""
        await self.venue.peers[0].say({"stream": "!serverShutdown", "data": SHUTDOWN})
        await until(lambda: len(self.venue.peers) == 2 and self.venue.peers[1].streams == self.venue.peers[0].streams)
        return self.venue.peers[1]


@asynccontextmanager
async def scene(lifetime_s: float = FOREVER_S, overlap_s: float = 0.3) -> AsyncIterator[Scene]:
    async with ScriptedVenue().running() as venue, AiohttpTransport() as network:
        reader = StreamReader()
        streams = MarketStreams(venue.locate, network.dial, reader, lifetime_s=lifetime_s, overlap_s=overlap_s)
        life = asyncio.ensure_future(streams.run())
        yield Scene(venue, reader, streams)
        life.cancel()
        await asyncio.wait([life])


def test_a_server_that_announces_its_end_is_left_without_a_hole_and_without_a_word(run: Run) -> None:
    async def body() -> None:
        async with scene() as one:
            await one.begin("a@trade")
            await one.venue.say("a@trade", {"t": 1})
            await one.announce()
            await one.venue.say("a@trade", {"t": 2})
            await until(lambda: not one.venue.peers[0].is_open)
            await one.venue.say("a@trade", {"t": 3})
            await until(lambda: len(one.reader.messages("a@trade")) == 3)
            assert one.reader.messages("a@trade") == [{"t": 1}, {"t": 2}, {"t": 3}]
            assert [one.reader.count(kind) for kind in ("up", "open", "down", "gap")] == [1, 1, 0, 0]
            assert one.streams.replaced == 1

    run(body())


def test_a_connection_is_replaced_before_its_day_is_over(run: Run) -> None:
    async def body() -> None:
        async with scene(lifetime_s=0.5, overlap_s=0.1) as one:
            await one.begin("a@trade", "b@trade")
            await until(lambda: one.streams.replaced == 2)
            assert one.reader.count("down") == 0

    run(body())


@pytest.mark.parametrize("behind", ["old", "fresh"])
def test_a_server_that_is_behind_the_other_costs_no_message_and_none_comes_twice(run: Run, behind: str) -> None:
    async def body() -> None:
        async with scene(overlap_s=5.0) as one:
            old = await one.begin("a@trade")
            await one.venue.say("a@trade", {"t": 1})
            fresh = await one.announce()
            late, early = (old, fresh) if behind == "old" else (fresh, old)
            for number in (2, 3):
                await early.say({"stream": "a@trade", "data": {"t": number}})
            if behind == "fresh":  # it was subscribed by its own time, where these had not happened yet
                await late.say({"stream": "a@trade", "data": {"t": 1}})
            if behind == "old":  # what the fresh one says is held, what the old one says is told
                await until(lambda: len(one.streams._overlap_of("a@trade")._held) == 2)
            else:
                await until(lambda: one.reader.messages("a@trade")[1:] == [{"t": 2}, {"t": 3}])
            for number in (2, 3, 4):
                await late.say({"stream": "a@trade", "data": {"t": number}})
            await until(lambda: one.streams.replaced == 1)
            for number in (4, 5) if behind == "old" else (5,):
                await fresh.say({"stream": "a@trade", "data": {"t": number}})
            await until(lambda: one.reader.messages("a@trade")[-1:] == [{"t": 5}])
            assert one.reader.messages("a@trade") == [{"t": number} for number in (1, 2, 3, 4, 5)]
            assert one.reader.count("down") == 0

    run(body())


def test_a_stream_that_cannot_be_joined_is_told_as_lost_and_open_again_and_only_that_one(run: Run) -> None:
    async def body() -> None:
        async with scene() as one:
            old = await one.begin("a@trade", "b@trade")
            fresh = await one.announce()
            old.is_mute = True
            await one.venue.say("a@trade", {"t": 9})
            await until(lambda: one.streams.replaced == 1)
            assert one.reader.told[-3:] == [("gap", "a@trade"), ("open", "a@trade"), ("message", "a@trade", {"t": 9})]
            await fresh.say({"stream": "b@trade", "data": {"t": 1}})
            await until(lambda: one.reader.messages("b@trade") == [{"t": 1}])
            assert (one.reader.count("gap"), one.reader.count("down")) == (1, 0)

    run(body())


def test_an_old_server_that_goes_before_the_fresh_one_has_joined_is_told_as_a_loss(run: Run) -> None:
    async def body() -> None:
        async with scene(overlap_s=60.0) as one:
            old = await one.begin("a@trade")
            await one.announce()
            await old.close()
            await until(lambda: one.reader.count("open") == 2)
            assert one.reader.told[-2:] == [("gap", "a@trade"), ("open", "a@trade")]
            await one.venue.say("a@trade", {"t": 2})
            await until(lambda: one.reader.messages("a@trade") == [{"t": 2}])
            assert len(one.venue.peers) == 2

    run(body())


def test_a_fresh_connection_that_is_lost_costs_nothing_and_another_is_made(run: Run) -> None:
    async def body() -> None:
        async with scene(overlap_s=0.5) as one:
            await one.begin("a@trade")
            fresh = await one.announce()
            await fresh.close()
            await one.venue.say("a@trade", {"t": 1})
            await until(lambda: one.streams.replaced == 1)
            assert one.reader.messages("a@trade") == [{"t": 1}]
            assert one.reader.count("down") == 0
            assert len(one.venue.peers) == 3

    run(body())


def test_streams_that_are_wanted_and_given_up_meanwhile_are_so_on_the_fresh_connection_too(run: Run) -> None:
    async def body() -> None:
        async with scene(overlap_s=0.5) as one:
            await one.begin("a@trade", "b@trade")
            fresh = await one.announce()
            one.streams.unsubscribe("b@trade")
            one.streams.subscribe("c@trade")
            await until(lambda: one.streams.replaced == 1)
            await until(lambda: fresh.streams == {"a@trade", "c@trade"})
            await one.venue.say("c@trade", {"t": 1})
            await until(lambda: one.reader.messages("c@trade") == [{"t": 1}])
            assert one.reader.count("down") == 0

    run(body())


def test_the_depth_of_a_real_session_goes_on_number_by_number_over_many_connections(
    venue: TwinProcess, run: Run
) -> None:
    async def body() -> None:
        access = announced(venue.greeting)
        async with AiohttpTransport() as network:
            reader = StreamReader()
            streams = MarketStreams(lambda: access, network.dial, reader, lifetime_s=0.5, overlap_s=2.0)
            for name in ("btcusdt@depth@100ms", "btcusdt@trade", "btcusdt@bookTicker"):
                streams.subscribe(name)
            life = asyncio.ensure_future(streams.run())
            await until(lambda: streams.replaced == 4)
            life.cancel()
            await asyncio.wait([life])
        assert reader.count("down") == reader.count("gap") == 0
        depths = reader.messages("btcusdt@depth@100ms")
        assert len(depths) > 20
        assert [now["U"] for now in depths[1:]] == [before["u"] + 1 for before in depths[:-1]]
        trades = [trade["t"] for trade in reader.messages("btcusdt@trade")]
        assert trades == list(range(trades[0], trades[0] + len(trades)))
        quotes = [quote["u"] for quote in reader.messages("btcusdt@bookTicker")]
        assert quotes == sorted(set(quotes))

    run(body())
