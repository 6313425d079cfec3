"""Faults of what the twin sends by itself: account events and depth updates lost, repeated, late and swapped."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from twin_client import Client, Socket, Twin

ETH = {"symbol": "ETHUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1", "price": "2500"}
DEPTH = "/ws/btcusdt@depth@100ms"


@pytest.fixture
def faulty(shared_twin: Twin) -> Iterator[Twin]:
    """The shared twin, without faults again afterwards."""
    yield shared_twin
    shared_twin.admin.clear()


async def events_of(client: Client, socket: Socket, name: str) -> list[tuple[str, str]]:
    """(event, execution) of all that an order and its cancel cause, up to a last order's first event."""
    subscribed = await socket.ask(client.request("userDataStream.subscribe.signature"))
    assert subscribed["status"] == 200
    await client.order(**ETH, newClientOrderId=name)
    await client.signed("DELETE", "/api/v3/order", symbol="ETHUSDT", origClientOrderId=name)
    await client.order(**ETH, newClientOrderId=f"{name}-last")
    await socket.until(lambda message: message.get("event", {}).get("c") == f"{name}-last")
    await client.signed("DELETE", "/api/v3/openOrders", symbol="ETHUSDT")
    told = [message["event"] for message in socket.seen if "event" in message]
    return [(event["e"], event.get("x", "")) for event in told[:-1]]


REPORT, POSITION = "executionReport", ("outboundAccountPosition", "")
NEW, CANCELED = (REPORT, "NEW"), (REPORT, "CANCELED")


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("user_event_lost", {"execution": "NEW"}, [POSITION, CANCELED, POSITION]),
        ("user_event_lost", {"event": "outboundAccountPosition", "count": 2}, [NEW, CANCELED]),
        ("user_event_lost", {"client_order_id": "one", "skip": 1}, [NEW, POSITION, POSITION]),
        ("user_event_repeated", {"execution": "CANCELED"}, [NEW, POSITION, CANCELED, CANCELED, POSITION]),
        ("user_event_lost", {"event": "listStatus"}, [NEW, POSITION, CANCELED, POSITION]),
        ("user_event_lost", {"symbol": "BTCUSDT"}, [NEW, POSITION, CANCELED, POSITION]),
    ],
)
def test_an_account_event_is_lost_or_repeated(
    faulty: Twin, kind: str, options: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    async def test(client: Client) -> None:
        number = faulty.admin.fault(kind, **options)
        async with client.api() as socket:
            assert await events_of(client, socket, "one") == expected
            seen = [message["event"] for message in socket.seen if "event" in message]
            sent = [line["data"] for line in faulty.peek("user_sent")]
            assert seen == sent[sent.index(seen[0]) :][: len(seen)]
        hits = [line["hit"] for line in faulty.peek("fault") if line["id"] == number]
        assert len(hits) == (0 if len(expected) == 4 and kind == "user_event_lost" else options.get("count", 1))
        assert all(hit["event"] == hit["data"]["e"] for hit in hits)

    faulty.run(test)


def test_an_account_event_comes_after_those_that_followed_it(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        faulty.admin.fault("user_event_late", execution="NEW", client_order_id="two", delay_ms=150)
        async with client.api() as socket:
            assert await events_of(client, socket, "two") == [POSITION, CANCELED, POSITION]
            late = await socket.until(lambda message: message.get("event", {}).get("c") == "two")
            assert late["event"]["x"] == "NEW"

    faulty.run(test)


def test_a_depth_update_is_lost_and_the_numbers_show_it(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream(DEPTH) as socket:
            before = await socket.next()
            faulty.admin.fault("delta_lost", symbol="BTCUSDT", skip=2)
            events = [before] + [await socket.next() for _ in range(5)]
        holes = [event["U"] - before["u"] - 1 for before, event in itertools.pairwise(events)]
        assert sum(1 for hole in holes if hole) == 1
        assert max(holes) == holes[2] > 0
        (hit,) = [line["hit"] for line in faulty.peek("fault") if line["fault"] == "delta_lost"]
        assert (hit["stream"], hit["data"]["U"], hit["data"]["u"]) == (
            "btcusdt@depth@100ms", events[2]["u"] + 1, events[3]["U"] - 1,
        )  # fmt: skip

    faulty.run(test)


def test_a_depth_update_is_sent_twice(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream(DEPTH) as socket:
            await socket.next()
            faulty.admin.fault("delta_repeated", stream="btcusdt@depth@100ms")
            events = [await socket.next() for _ in range(3)]
        assert events[0] == events[1]
        assert events[2]["U"] == events[1]["u"] + 1

    faulty.run(test)


def test_two_depth_updates_come_in_the_wrong_order(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream(DEPTH) as socket:
            before = await socket.next()
            faulty.admin.fault("delta_swapped", symbol="BTCUSDT")
            second, first, third = [await socket.next() for _ in range(3)]
        assert first["U"] == before["u"] + 1
        assert second["U"] == first["u"] + 1
        assert third["U"] == second["u"] + 1
        sent = [line["data"]["u"] for line in faulty.peek("sent") if line["stream"] == "btcusdt@depth@100ms"]
        at = sent.index(second["u"])
        assert sent[at : at + 2] == [second["u"], first["u"]]

    faulty.run(test)


def test_another_symbols_updates_are_not_hit(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream(DEPTH) as socket:
            faulty.admin.fault("delta_lost", symbol="ETHUSDT", for_s=30)
            events = [await socket.next() for _ in range(4)]
        assert all(event["U"] == before["u"] + 1 for before, event in itertools.pairwise(events))

    faulty.run(test)


def test_a_stream_is_mute_and_its_socket_talks(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream("/stream?streams=btcusdt@depth@100ms/btcusdt@bookTicker") as socket:
            await socket.until(lambda message: message["stream"] == "btcusdt@bookTicker")
            number = faulty.admin.fault("stream_mute", stream="btcusdt@bookTicker")
            told = {(await socket.next())["stream"] for _ in range(20)}
            assert "btcusdt@depth@100ms" in told
            latest = [(await socket.next())["stream"] for _ in range(10)]
            assert set(latest) == {"btcusdt@depth@100ms"}
            faulty.admin.end(number)
            await socket.until(lambda message: message["stream"] == "btcusdt@bookTicker")

    faulty.run(test)
