"""What an address and an account may use up, what is said when it is used up, and bans that grow."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest
from twin_admin import Refused
from twin_client import Client, Twin

from venues.binance.twin.errors import VenueError
from venues.binance.twin.limits import Address, Addresses, OrderLimit
from venues.binance.twin.rules import Rules

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}
HOUR_MS = 1_700_000_400_000 // 3_600_000 * 3_600_000


@pytest.fixture
def venue(shared_twin: Twin) -> Iterator[Twin]:
    """The shared twin, with its own rules and nothing used up, before and afterwards."""
    rules = shared_twin.admin.rules()
    shared_twin.admin.clear()
    yield shared_twin
    shared_twin.admin.post("clock")
    shared_twin.admin.rules(**rules)
    shared_twin.admin.clear()


def refused(call: Any, *args: Any) -> tuple[int, int]:
    """(status, code) of the refusal, (200, 0) of none."""
    try:
        call(*args)
    except VenueError as error:
        return error.status, error.code
    return 200, 0


def test_windows_begin_at_whole_minutes() -> None:
    address = Address(Rules(weight=10), "x")
    address.spend(10, HOUR_MS + 59_999)
    assert refused(address.spend, 1, HOUR_MS + 59_999) == (429, -1003)
    assert refused(address.spend, 1, HOUR_MS + 60_000) == (200, 0)
    assert address.used(HOUR_MS + 60_000) == 1


def test_raw_requests_are_counted_beside_their_weight() -> None:
    address = Address(Rules(raw_requests=3), "x")
    for _ in range(3):
        address.spend(1, HOUR_MS)
    address.refund(3)
    assert refused(address.spend, 1, HOUR_MS + 299_999) == (429, -1003)
    assert refused(address.spend, 1, HOUR_MS + 300_000) == (200, 0)


def test_bans_grow_from_two_minutes_to_three_days() -> None:
    address, now_ms, lengths = Address(Rules(weight=1, refusals_before_ban=2), "x"), HOUR_MS, []
    for _ in range(14):
        address.spend(1, now_ms)
        answers = [refused(address.spend, 1, now_ms)[0] for _ in range(3)]
        assert answers == [429, 429, 418]
        lengths.append((address.banned_until_ms - now_ms) // 1000)
        assert refused(address.spend, 1, address.banned_until_ms - 1) == (418, -1003)
        now_ms = address.banned_until_ms + 60_000
    assert lengths[:4] == [120, 240, 480, 960]
    assert lengths[-2:] == [259_200, 259_200]


def test_addresses_are_counted_apart_and_are_not_kept_for_ever() -> None:
    addresses = Addresses(Rules(weight=1))
    addresses.of("a").spend(1, HOUR_MS)
    assert refused(addresses.of("a").spend, 1, HOUR_MS) == (429, -1003)
    assert refused(addresses.of("b").spend, 1, HOUR_MS) == (200, 0)
    for number in range(2000):
        addresses.of(str(number))
    assert len(list(addresses)) == 1024


def test_the_order_count_has_two_windows_and_gives_back() -> None:
    limit = OrderLimit(Rules(orders=2, orders_a_day=5))
    for _ in range(2):
        limit.check(HOUR_MS)
        limit.placed(HOUR_MS)
    assert refused(limit.check, HOUR_MS + 9_999) == (429, -1015)
    limit.filled(False, HOUR_MS)
    assert refused(limit.check, HOUR_MS) == (200, 0)
    later = HOUR_MS + 10_000
    for _ in range(2):
        limit.placed(later)
    assert limit.used(later) == (2, 3)
    for second in (20_000, 30_000):
        limit.placed(HOUR_MS + second)
    with pytest.raises(VenueError, match="current limit is 5 orders per 1 DAY"):
        limit.check(HOUR_MS + 40_000)


def test_every_answer_says_what_was_used(venue: Twin) -> None:
    async def test(client: Client) -> None:
        venue.admin.rules(weight_window_s=86_400, orders_window_s=86_400)
        _, _, before = await client.send("GET", "/api/v3/time")
        _, _, after = await client.send("GET", "/api/v3/exchangeInfo")
        assert int(after["X-MBX-USED-WEIGHT-1M"]) - int(before["X-MBX-USED-WEIGHT-1M"]) == 20
        assert after["X-MBX-USED-WEIGHT"] == after["X-MBX-USED-WEIGHT-1M"]
        assert "X-MBX-ORDER-COUNT-10S" not in after
        _, _, wrong = await client.send("GET", "/api/v3/depth", "symbol=NOPE")
        assert int(wrong["X-MBX-USED-WEIGHT-1M"]) == int(after["X-MBX-USED-WEIGHT-1M"]) + 5
        async with client.api() as socket:
            answer = await socket.ask(client.request("ping", signed=False))
            used = int(wrong["X-MBX-USED-WEIGHT-1M"]) + 2 + 1
            assert answer["rateLimits"] == [
                {
                    "rateLimitType": "REQUEST_WEIGHT",
                    "interval": "MINUTE",
                    "intervalNum": 1,
                    "limit": 6000,
                    "count": used,
                }
            ]
            placed = await socket.ask(client.request("order.place", **LIMIT))
            counts = [(limit["rateLimitType"], limit["limit"], limit["count"]) for limit in placed["rateLimits"]]
            assert counts == [("ORDERS", 100, 1), ("ORDERS", 200_000, 1), ("REQUEST_WEIGHT", 6000, used)]
            refused = await socket.ask(client.request("order.place", **LIMIT | {"symbol": "NOPE"}))
            assert [limit["rateLimitType"] for limit in refused["rateLimits"]] == ["ORDERS", "ORDERS", "REQUEST_WEIGHT"]
        await client.signed("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")

    venue.run(test)


def test_who_goes_on_after_429_is_banned_on_every_door_until_the_ban_ends(venue: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.api() as socket:
            venue.admin.rules(weight=20, weight_window_s=86_400, refusals_before_ban=2, first_ban_s=0.4)
            statuses = []
            while 418 not in statuses:
                status, body, headers = await client.send("GET", "/api/v3/depth", "symbol=BTCUSDT")
                statuses.append(status)
                assert len(statuses) < 20
                assert status == 200 or int(headers["Retry-After"]) >= 1
                assert status == 200 or body["code"] == -1003
            assert statuses[-3:] == [429, 429, 418]
            answer = await socket.ask(client.request("ping", signed=False))
            times = answer["error"]["data"]
            assert (answer["status"], str(times["retryAfter"]) in answer["error"]["msg"]) == (418, True)
            venue.admin.rules(weight=6000)
            while answer["status"] == 418:
                assert times["serverTime"] < times["retryAfter"]
                answer = await socket.ask(client.request("ping", signed=False))
            assert answer["status"] == 200
        elsewhere = aiohttp.TCPConnector(local_addr=("127.0.0.3", 0))
        venue.admin.fault("banned", for_s=30)
        async with aiohttp.ClientSession(connector=elsewhere) as session:
            assert await Client(client.greeting, session).public("/api/v3/ping") == {}

    venue.run(test)


def test_a_429_says_when_the_window_ends_and_the_clock_can_be_moved_there(venue: Twin) -> None:
    async def test(client: Client) -> None:
        venue.admin.rules(weight=5)
        venue.admin.post("clock", set_ms=HOUR_MS + 30_000)
        assert (await client.send("GET", "/api/v3/depth", "symbol=BTCUSDT"))[0] == 200
        status, body, headers = await client.send("GET", "/api/v3/depth", "symbol=BTCUSDT")
        assert (status, body["msg"].split(".")[0]) == (
            429, "Too much request weight used; current limit is 5 request weight per 1 MINUTE",
        )  # fmt: skip
        assert 25 <= int(headers["Retry-After"]) <= 30
        venue.admin.post("clock", advance_ms=30_000)
        assert (await client.send("GET", "/api/v3/depth", "symbol=BTCUSDT"))[0] == 200

    venue.run(test)


def test_connection_attempts_are_counted_by_address(venue: Twin) -> None:
    async def test(client: Client) -> None:
        venue.admin.rules(connections=3, connections_window_s=86_400)
        for connect in (client.api(), client.stream("/ws"), client.stream("/stream")):
            async with connect:
                pass
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with client.api():
                pass
        assert refused.value.status == 429
        url = client.greeting["rest"] + "/ws"
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade"}
        async with client.session.get(url, headers=upgrade) as answer:
            assert await answer.json() == {
                "code": -1034,
                "msg": "Too many connection attempts from IP; current limit is 3 per '5 MINUTE'.",
            }
            assert "Retry-After" in answer.headers
        (line,) = [line for line in venue.peek("socket_refused") if line["path"] == "/ws"]
        assert (line["status"], line["code"]) == (429, -1034)

    venue.run(test)


def test_pings_bear_a_payload_and_only_its_copy_keeps_a_socket_alive(venue: Twin) -> None:
    async def test(client: Client) -> None:
        venue.admin.rules(ping_s=0.1, pong_s=0.4, messages_a_second=1000)
        api, connect = client.greeting["ws_api"], client.session.ws_connect
        async with connect(api, autoping=False) as good, connect(api, autoping=False) as bad:

            async def pong(socket: aiohttp.ClientWebSocketResponse, rightly: bool) -> int:
                answered = 0
                while True:
                    message = await socket.receive(timeout=5)
                    if message.type != aiohttp.WSMsgType.PING:
                        assert message.type == aiohttp.WSMsgType.CLOSE
                        assert (message.data, message.extra) == (1008, "Pong timeout")
                        return answered
                    assert message.data
                    await socket.pong(message.data if rightly else b"unsolicited")
                    answered += 1
                    assert answered < 20, "it is still alive"
                    if rightly and answered == 10:
                        return answered

            kept, lost = await asyncio.gather(pong(good, True), pong(bad, False))
            assert (kept, lost) == (10, min(lost, 5))
            assert lost >= 2, "it sent pongs, and they did not count"

    venue.run(test)


def test_a_socket_lives_for_a_day(venue: Twin) -> None:
    async def test(client: Client) -> None:
        async with client.stream("/ws") as stream, client.api() as api:
            venue.admin.rules(day_s=0.2)
            assert await stream.closed() == await api.closed() == aiohttp.WSCloseCode.GOING_AWAY
        assert [line["reason"] for line in venue.peek("socket_cut")[-2:]] == ["24 hours", "24 hours"]

    venue.run(test)


def test_a_path_may_name_as_many_streams_as_a_socket_may_have(venue: Twin) -> None:
    async def test(client: Client) -> None:
        names = "/".join(f"symbol{number}usdt@bookTicker" for number in range(1023))
        async with client.stream(f"/stream?streams=btcusdt@bookTicker/{names}") as socket:
            assert (await socket.next())["stream"] == "btcusdt@bookTicker"
        async with client.stream(f"/stream?streams=btcusdt@bookTicker/a@trade/{names}") as socket:
            assert await socket.closed() == aiohttp.WSCloseCode.POLICY_VIOLATION

    venue.run(test)


def test_rules_can_be_changed_all_or_none(venue: Twin) -> None:
    for changes, text in (
        ({"weight": 7, "colour": 1}, "colour"),
        ({"weight": 7, "ping_s": 0}, "ping_s: 0.0; expected more than 0"),
        ({"weight": "seven"}, "weight"),
    ):
        with pytest.raises(Refused, match=text):
            venue.admin.rules(**changes)
    assert venue.admin.rules()["weight"] == 6000
