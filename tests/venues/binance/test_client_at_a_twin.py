"""The client alone against a real server of the venue's protocol."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from binance_floor import TwinProcess

from actors.runtime import Secret
from venues.binance.client.access import Access, Credentials
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import ApiError, KeyRefused, NotSent
from venues.binance.client.rest import Rest
from venues.binance.settings import locator, read_settings

Run = Callable[[Any], Any]


@asynccontextmanager
async def client(twin: TwinProcess, secret: str = "") -> AsyncIterator[Rest]:
    locate = locator(read_settings(twin.settings), trading=True)
    if secret:
        access = locate()
        assert access.credentials is not None
        access = Access(access.endpoints, Credentials(access.credentials.api_key, Secret(secret)))
        locate = lambda: access  # noqa: E731 - one word for it
    async with AiohttpTransport() as transport:
        yield Rest(transport, locate, ServerClock(time.monotonic_ns))


def test_an_order_is_placed_found_listed_and_canceled_over_rest(venue: TwinProcess, run: Run) -> None:
    async def scene() -> None:
        async with client(venue) as rest:
            best = (await rest.depth("BTCUSDT", 5)).bids[0][0]
            price = f"{best - 500:.2f}"
            placed = await rest.place_order(
                "BTCUSDT", "BUY", "LIMIT", time_in_force="GTC", quantity="0.01", price=price,
                new_client_order_id="mine-1",
            )  # fmt: skip
            assert placed.client_order_id == "mine-1"
            assert (await rest.order("BTCUSDT", orig_client_order_id="mine-1")).status == "NEW"
            assert [body.order_id for body in await rest.open_orders()] == [placed.order_id]
            canceled = await rest.cancel_order("BTCUSDT", order_id=placed.order_id)
            assert (canceled.status, canceled.orig_client_order_id) == ("CANCELED", "mine-1")
            assert await rest.open_orders("BTCUSDT") == []
            assert [body.status for body in await rest.all_orders("BTCUSDT")] == ["CANCELED"]
            assert rest.limits.used_weight > 0

    run(scene())


def test_the_venues_refusals_come_as_its_own_code_and_text(venue: TwinProcess, run: Run) -> None:
    async def scene() -> None:
        async with client(venue) as rest:
            with pytest.raises(ApiError, match="-1121 Invalid symbol"):
                await rest.depth("NOPE", 5)
            with pytest.raises(ApiError, match="-2013 Order does not exist"):
                await rest.order("BTCUSDT", orig_client_order_id="never")
            with pytest.raises(ApiError, match="-2011 Unknown order sent"):
                await rest.cancel_order("BTCUSDT", orig_client_order_id="never")

    run(scene())


def test_a_wrong_secret_is_a_refused_key(venue: TwinProcess, run: Run) -> None:
    async def scene() -> None:
        async with client(venue, secret="wrong") as rest:
            with pytest.raises(KeyRefused):
                await rest.account()

    run(scene())


def test_nobody_at_home_means_that_nothing_was_sent(venue: TwinProcess, run: Run) -> None:
    async def scene() -> None:
        async with client(venue) as rest:
            await rest.measure_clock()
            venue.stop()
            with pytest.raises(NotSent):
                await rest.account()

    run(scene())


def test_a_twin_that_has_not_announced_itself_is_not_connected_and_no_wrong_setting(tmp_path: Any) -> None:
    settings = read_settings(
        {"adapter": "binance", "account_type": "spot", "environment": "twin", "venue_id": "B",
         "announcement": str(tmp_path / "twin.json")}
    )  # fmt: skip
    locate = locator(settings, trading=True)
    with pytest.raises(NotSent):
        locate()
    (tmp_path / "twin.json").write_bytes(b'{"rest":"http://')
    with pytest.raises(NotSent):
        locate()
    greeting = {"rest": "r", "stream": "s", "ws_api": "w", "api_key": "k", "api_secret": "x"}
    (tmp_path / "twin.json").write_bytes(msgspec.json.encode(greeting) + b"\n")
    assert locate().endpoints.ws_api == "w"
    assert "x" not in repr(locate().credentials)
