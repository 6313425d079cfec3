"""Faults that hold: sockets cut and mute, bans, the clock, a maintenance, a shutdown that is announced."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import aiohttp
import pytest
from twin_client import Client, Socket, Twin

SOON_S = 0.25
"""For what must not come."""
TRADES = "/ws/btcusdt@bookTicker"


@pytest.fixture
def faulty(shared_twin: Twin) -> Iterator[Twin]:
    """The shared twin, as it was again afterwards."""
    rules = shared_twin.admin.rules()
    yield shared_twin
    shared_twin.admin.clear()
    shared_twin.admin.rules(**rules)


async def frame(raw: aiohttp.ClientWebSocketResponse) -> aiohttp.WSMessage | None:
    """The next frame of any kind, None when nothing comes for a while."""
    try:
        return await asyncio.wait_for(raw.receive(), SOON_S)
    except TimeoutError:
        return None


@pytest.mark.parametrize(("how", "closes"), [("reset", 1006), ("close", 1001)])
@pytest.mark.parametrize("door", ["streams", "ws_api"])
def test_sockets_of_a_door_are_cut_and_the_others_stay(faulty: Twin, door: str, how: str, closes: int) -> None:
    async def test(client: Client) -> None:
        async with client.stream(TRADES) as stream, client.api() as api:
            await stream.next()
            await api.ask(client.request("ping", signed=False))
            faulty.admin.fault("cut", door=door, how=how)
            gone, stays = (stream, api) if door == "streams" else (api, stream)
            assert await gone.closed() == closes
            if stays is api:
                assert (await api.ask(client.request("ping", signed=False)))["status"] == 200
            else:
                await stream.next()
        (hit,) = [line["hit"] for line in faulty.peek("fault")[-1:]]
        opened = {line["path"]: line["socket"] for line in faulty.peek("socket_open")}
        assert hit == {"sockets": [opened[TRADES if door == "streams" else "/ws-api/v3"]]}
        assert faulty.admin.armed() == []

    faulty.run(test)


@pytest.mark.parametrize("pings", [True, False])
def test_a_mute_socket_is_open_and_says_nothing_until_it_ends(faulty: Twin, pings: bool) -> None:
    async def test(client: Client) -> None:
        session = client.session
        async with session.ws_connect(client.greeting["stream"] + TRADES, autoping=False) as raw, client.api() as api:
            stream = Socket(raw)
            await stream.next()
            number = faulty.admin.fault("mute", door="streams", pings=pings)
            while await frame(raw) is not None:
                pass
            await raw.ping(b"are you there")
            answer = await frame(raw)
            assert (answer is not None) == pings
            if answer is not None:
                assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"are you there")
            faulty.admin.rules(ping_s=0.05)
            ping = await frame(raw)
            assert (ping is not None) == pings
            assert ping is None or ping.type == aiohttp.WSMsgType.PING
            async with client.stream("/ws/ethusdt@bookTicker") as later:
                await later.raw.send_str(json.dumps({"method": "LIST_SUBSCRIPTIONS", "id": 1}))
                assert await frame(later.raw) is None
            assert (await api.ask(client.request("ping", signed=False)))["status"] == 200
            faulty.admin.rules(ping_s=20)
            faulty.admin.end(number)
            while (await raw.receive(timeout=5)).type != aiohttp.WSMsgType.TEXT:
                pass

    faulty.run(test)


def test_a_banned_address_is_served_nothing_until_the_ban_is_over(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as api:
            number = faulty.admin.fault("banned", for_s=30)
            status, body, headers = await client.send("GET", "/api/v3/time")
            assert (status, body["code"]) == (418, -1003)
            until = faulty.admin.state()["addresses"]["127.0.0.1"]["banned_until_ms"]
            assert body["msg"].startswith(f"Way too much request weight used; IP banned until {until}. Please use")
            assert 25 <= int(headers["Retry-After"]) <= 30
            answer = await api.ask(client.request("ping", signed=False))
            assert (answer["status"], answer["error"]["data"]["retryAfter"]) == (418, until)
            for connect in (client.api(), client.stream("/ws/btcusdt@trade")):
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    async with connect:
                        pass
                assert refused.value.status == 418
            faulty.admin.end(number)
            assert (await client.send("GET", "/api/v3/time"))[0] == 200

    faulty.run(test)


def test_the_clock_jumps_there_and_back(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        before = (await client.public("/api/v3/time"))["serverTime"]
        number = faulty.admin.fault("clock_skew", ms=10_000)
        assert 10_000 <= (await client.public("/api/v3/time"))["serverTime"] - before < 15_000
        status, body = await client.signed("GET", "/api/v3/account")
        assert (status, body["code"]) == (400, -1021)
        assert "outside of the recvWindow" in body["msg"]
        faulty.admin.end(number)
        faulty.admin.fault("clock_skew", ms=-5_000)
        _, body = await client.signed("GET", "/api/v3/account")
        assert "1000ms ahead of the server's time" in body["msg"]
        faulty.admin.clear()
        assert (await client.signed("GET", "/api/v3/account"))[0] == 200
        assert faulty.admin.state()["clock"]["shift_ms"] == 0

    faulty.run(test)


def test_a_maintenance_closes_everything_and_ends(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream(TRADES) as stream, client.api() as api:
            number = faulty.admin.fault("maintenance")
            assert await stream.closed() == await api.closed() == aiohttp.WSCloseCode.GOING_AWAY
        status, body, headers = await client.send("GET", "/api/v3/time")
        assert (status, headers["Content-Type"]) == (503, "text/html")
        assert "503 Service Unavailable" in body
        status, body, _ = await client.send("GET", "/sapi/v1/system/status")
        assert (status, body) == (200, {"status": 1, "msg": "system_maintenance"})
        with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
            async with client.api():
                pass
        still, began = faulty.admin.state()["markets"], time.monotonic()
        while time.monotonic() - began < SOON_S:
            assert faulty.admin.state()["markets"] == still
        faulty.admin.end(number)
        assert (await client.send("GET", "/sapi/v1/system/status"))[1]["status"] == 0
        async with client.stream(TRADES) as stream:
            await stream.next()

    faulty.run(test)


def test_a_shutdown_is_announced_on_each_door_and_comes(faulty: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream("/ws") as bare, client.stream("/stream") as wrapped, client.api() as api:
            faulty.admin.fault("server_shutdown", after_s=0.3)
            event = await bare.next()
            assert event["e"] == "serverShutdown"
            assert await wrapped.next() == {"stream": "!serverShutdown", "data": event}
            assert await api.next() == {"event": event}
            async with client.api() as later:
                for socket in (bare, wrapped, api):
                    assert await socket.closed() == aiohttp.WSCloseCode.GOING_AWAY
                assert (await later.ask(client.request("ping", signed=False)))["status"] == 200

    faulty.run(test)
