"""Streams on one socket: batches, pace, acknowledgements, and nothing handed on between two subscriptions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from fake_socket import FakeSocket, settled, until
from stream_reader import StreamReader

from venues.binance.client import stream_link as module
from venues.binance.client.access import Access, Endpoints
from venues.binance.client.stream_link import NAMES_PER_MESSAGE
from venues.binance.client.streams import MarketStreams

Run = Callable[[Any], Any]


class Scene(StreamReader):
    """A `MarketStreams` on fake sockets, itself the listener."""

    def __init__(self) -> None:
        super().__init__()
        self.sockets: list[FakeSocket] = []
        access = Access(Endpoints("", "ws://venue", ""))
        self.streams = MarketStreams(lambda: access, self.dial, self)
        self.life = asyncio.ensure_future(self.streams.run())

    async def dial(self, url: str) -> FakeSocket:
        assert url == "ws://venue/stream"
        self.sockets.append(FakeSocket())
        return self.sockets[-1]

    async def control(self, number: int) -> dict[str, Any]:
        """Wait for the n-th control message of the latest socket."""
        await until(lambda: self.sockets and len(self.sockets[-1].sent) >= number)
        return self.sockets[-1].sent[number - 1]

    def answer(self, request: dict[str, Any]) -> None:
        self.sockets[-1].say({"result": None, "id": request["id"]})

    def say(self, stream: str, data: int) -> None:
        self.sockets[-1].say({"stream": stream, "data": data})

    async def close(self) -> None:
        self.life.cancel()
        await asyncio.wait([self.life])


def test_messages_are_handed_on_from_the_acknowledgement_on(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.streams.subscribe("a@trade")
        request = await one.control(1)
        assert (request["method"], request["params"]) == ("SUBSCRIBE", ["a@trade"])
        one.say("a@trade", 1)
        one.answer(request)
        one.say("a@trade", 2)
        await settled()
        assert one.told == [("up",), ("open", "a@trade"), ("message", "a@trade", 2)]
        await one.close()

    run(scene())


def test_many_wants_are_few_messages_and_never_two_at_once(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        for number in range(NAMES_PER_MESSAGE + 1):
            one.streams.subscribe(f"s{number}@trade")
        request = await one.control(1)
        assert len(request["params"]) == NAMES_PER_MESSAGE
        await settled()
        assert len(one.sockets[-1].sent) == 1
        began = asyncio.get_running_loop().time()
        one.answer(request)
        assert len((await one.control(2))["params"]) == 1
        assert asyncio.get_running_loop().time() - began > module.PACE_S / 2
        await one.close()

    run(scene())


def test_what_comes_between_an_unsubscription_and_the_next_acknowledgement_is_not_handed_on(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.streams.subscribe("a@trade")
        one.answer(await one.control(1))
        await settled()
        one.streams.unsubscribe("a@trade")
        request = await one.control(2)
        assert request["method"] == "UNSUBSCRIBE"
        one.streams.subscribe("a@trade")
        one.say("a@trade", 3)
        one.answer(request)
        request = await one.control(3)
        assert request["method"] == "SUBSCRIBE"
        one.say("a@trade", 4)
        one.answer(request)
        one.say("a@trade", 5)
        await settled()
        assert [told for told in one.told if told[0] == "message"] == [("message", "a@trade", 5)]
        await one.close()

    run(scene())


def test_a_stream_wanted_again_before_it_was_given_up_stays_open_without_a_word_to_the_venue(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.streams.subscribe("a@trade")
        one.answer(await one.control(1))
        await settled()
        one.streams.unsubscribe("a@trade")
        one.streams.subscribe("a@trade")
        assert one.told[-1] == ("open", "a@trade")
        one.say("a@trade", 6)
        await settled()
        assert one.told[-1] == ("message", "a@trade", 6)
        await one.close()

    run(scene())


def test_after_a_loss_all_wanted_streams_are_told_lost_at_once_and_opened_again(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.streams.subscribe("a@trade")
        one.streams.subscribe("b@trade")
        one.answer(await one.control(1))
        await settled()
        one.streams.cut("test")
        await settled()
        assert one.told[-1] == ("down", "a@trade", "b@trade")
        await until(lambda: len(one.sockets) == 2)
        request = await one.control(1)
        assert request["params"] == ["a@trade", "b@trade"]
        one.answer(request)
        await settled()
        assert one.told[-2:] == [("open", "a@trade"), ("open", "b@trade")]
        await one.close()

    run(scene())


def test_a_frame_that_cannot_be_read_ends_the_connection_and_hands_on_nothing_after_it(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.streams.subscribe("a@trade")
        one.answer(await one.control(1))
        await settled()
        one.sockets[0].say(b'{"stream":')
        one.say("a@trade", 7)
        await settled()
        assert one.told[-2:] == [("unreadable", b'{"stream":'), ("down", "a@trade")]
        await one.close()

    run(scene())


def test_a_refused_stream_is_told_and_not_asked_for_again(run: Run) -> None:
    async def scene() -> None:
        one = Scene()
        one.streams.subscribe("bad")
        request = await one.control(1)
        one.sockets[-1].say({"code": 2, "msg": "Invalid request", "id": request["id"]})
        await settled()
        assert one.told[-1] == ("refused", "bad")
        assert len(one.streams) == 0
        await one.close()

    run(scene())


def test_a_mute_socket_is_dropped(run: Run, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MUTE_S", 0.05)
    monkeypatch.setattr(module, "WATCH_S", 0.01)

    async def scene() -> None:
        one = Scene()
        one.streams.subscribe("a@trade")
        one.answer(await one.control(1))
        await until(lambda: ("down", "a@trade") in one.told)
        assert one.sockets[0].reason == "mute for 0.05 s"
        await one.close()

    run(scene())
