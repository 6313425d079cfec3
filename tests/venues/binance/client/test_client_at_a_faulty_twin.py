"""The client at a venue where things go wrong: what it says of an order is the truth, and it finds back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from binance_floor import TwinProcess
from fake_socket import until
from twin_admin import Admin

from venues.binance.client import (
    ApiError,
    Banned,
    BinanceSpot,
    Blocked,
    ClientError,
    ClockRefused,
    HeldBack,
    LimitReached,
    Lost,
    NoAnswer,
    NoSuchOrder,
    Opened,
    StreamData,
    UnreadableAnswer,
)
from venues.binance.client.payloads import DepthUpdate, ExecutionReport

Run = Callable[[Any], Any]


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwinProcess]:
    twin = TwinProcess(tmp_path_factory.mktemp("twin"), "--rate", "200")
    yield twin
    twin.stop()


@pytest.fixture
def admin(twin: TwinProcess) -> Iterator[Admin]:
    admin = Admin(twin.greeting["admin"])
    yield admin
    admin.clear()
    admin.post("clock")


async def place(spot: BinanceSpot, door: str, name: str) -> None:
    best = Decimal(str((await spot.rest.depth("BTCUSDT", 5)).bids[0][0])).quantize(Decimal("0.01"))
    calls = spot.rest if door == "rest" else spot.ws
    await calls.place_order(
        "BTCUSDT", "BUY", "LIMIT", time_in_force="GTC", quantity="0.001", price=best - 500, new_client_order_id=name
    )


async def is_at_the_venue(spot: BinanceSpot, name: str) -> bool:
    try:
        order = await spot.rest.order("BTCUSDT", orig_client_order_id=name)
    except NoSuchOrder:
        return False
    await spot.rest.cancel_order("BTCUSDT", order_id=order.order_id)
    return True


@pytest.mark.parametrize("door", ["rest", "ws_api"])
@pytest.mark.parametrize(
    ("fault", "kind", "definite", "executed"),
    [
        ({"kind": "ack_lost", "how": "cut"}, NoAnswer, False, True),
        ({"kind": "request_lost", "how": "cut"}, NoAnswer, False, False),
        ({"kind": "http_error", "code": -1007, "executed": True}, ApiError, False, True),
        ({"kind": "http_error", "code": -1000, "executed": False}, ApiError, False, False),
        ({"kind": "rate_limited", "retry_after_s": 0.0}, LimitReached, True, False),
        ({"kind": "key_refused"}, ApiError, True, False),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_what_is_said_of_an_order_is_the_truth(
    twin: TwinProcess,
    admin: Admin,
    run: Run,
    door: str,
    fault: dict[str, Any],
    kind: type[ClientError],
    definite: bool,
    executed: bool,
) -> None:
    name = f"{door}-{fault['kind']}-{executed}"

    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            await spot.ws.ping()
            admin.fault(**fault, via=door, client_order_id=name)
            with pytest.raises(kind) as failed:
                await place(spot, door, name)
            assert failed.value.definite is definite
        async with BinanceSpot(twin.greeting) as spot:
            assert await is_at_the_venue(spot, name) is executed

    run(body())


@pytest.mark.parametrize("what", ["html", "truncated", "binary"])
def test_an_answer_that_cannot_be_read_says_nothing_definite(
    twin: TwinProcess, admin: Admin, run: Run, what: str
) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            admin.fault("garbage", what=what, via="rest", client_order_id=f"garbage-{what}")
            with pytest.raises(UnreadableAnswer) as failed:
                await place(spot, "rest", f"garbage-{what}")
            assert not failed.value.definite
            assert await is_at_the_venue(spot, f"garbage-{what}")

    run(body())


def test_the_firewall_lets_nothing_pass_and_that_is_definite(twin: TwinProcess, admin: Admin, run: Run) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            admin.fault("firewall", client_order_id="attack")
            with pytest.raises(Blocked) as failed:
                await place(spot, "rest", "attack")
            assert failed.value.definite
            assert not await is_at_the_venue(spot, "attack")

    run(body())


def test_a_venue_whose_clock_jumped_refuses_one_order_by_each_door_at_most(
    twin: TwinProcess, admin: Admin, run: Run
) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            await place(spot, "ws_api", "before")
            admin.post("clock", advance_ms=3_600_000)
            with pytest.raises(ClockRefused):
                await place(spot, "rest", "refused")
            for door in ("rest", "ws_api"):
                await place(spot, door, f"after-{door}")
            await spot.rest.cancel_open_orders("BTCUSDT")

    run(body())


def test_a_ban_is_told_and_nothing_is_sent_after_it(twin: TwinProcess, admin: Admin, run: Run) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            admin.fault("banned", for_s=30.0)
            with pytest.raises(Banned) as failed:
                await spot.rest.ping()
            assert failed.value.retry_after_s > 0
            with pytest.raises(HeldBack):
                await spot.rest.ping()

    run(body())


def test_a_server_that_restarts_costs_neither_a_message_nor_an_event(twin: TwinProcess, admin: Admin, run: Run) -> None:
    async def body() -> None:
        async with BinanceSpot(twin.greeting) as spot:
            market: list[Any] = []
            account: list[Any] = []

            async def read(items: Any, told: list[Any]) -> None:
                async for item in items:
                    told.append(item)

            reading = [
                asyncio.ensure_future(read(spot.streams.listen("btcusdt@depth@100ms"), market)),
                asyncio.ensure_future(read(spot.user_data(), account)),
            ]
            await until(lambda: Opened() in account and len(market) > 3)
            first = spot._connection.api
            admin.fault("server_shutdown", after_s=20.0)
            placed = 0
            while spot._connection._link is None or spot._connection.api is first or len(spot._connection._links) > 1:
                await spot.ws.place_order(
                    "BTCUSDT", "BUY", "MARKET", quantity="0.001", new_client_order_id=f"m{placed}"
                )
                placed += 1
            await until(lambda: spot.streams.pool.connections[0].replaced == 1)
            seen = len(market)
            await until(lambda: len(market) > seen + 3)
            await until(lambda: _fills(account)[-1:] == [f"m{placed - 1}"])
            for each in reading:
                each.cancel()
        assert not [item for item in (*market, *account) if isinstance(item, Lost)]
        assert _fills(account) == [f"m{number}" for number in range(placed)]
        deltas = [item.payload() for item in market if isinstance(item, StreamData)]
        assert all(isinstance(delta, DepthUpdate) for delta in deltas)
        assert [delta.first_id for delta in deltas[1:]] == [delta.last_id + 1 for delta in deltas[:-1]]

    run(body())


def _fills(account: list[Any]) -> list[str]:
    """The orders whose fill was told, in order, each as often as it was told whole."""
    return [each.client_id for each in account if isinstance(each, ExecutionReport) and each.status == "FILLED"]


def test_a_key_of_ed25519_trades_on_a_session_of_its_own(twin: TwinProcess, admin: Admin, run: Run) -> None:
    key = admin.post("keys", type="ED25519")

    async def body() -> None:
        greeting = {**twin.greeting, "api_key": key["api_key"], "api_secret": key["api_secret"]}
        async with BinanceSpot(greeting) as spot:
            await place(spot, "ws_api", "session")
            assert (await spot.ws.session_status()).api_key == key["api_key"]
            assert await is_at_the_venue(spot, "session")

    run(body())
