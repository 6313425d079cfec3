"""A venue that tells us to wait is not asked until the wait is over."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received

from actors.runtime import Secret
from bus.messages import (
    CancelOrder,
    Code,
    OrderEvent,
    OrderEventKind,
    QueryBalances,
    QueryFills,
    QueryOpenOrders,
    QueryOrder,
)
from venues.binance.client.access import Access, Credentials, Endpoints
from venues.binance.client.aiohttp_transport import AiohttpTransport
from venues.binance.client.clock import ServerClock
from venues.binance.client.errors import HeldBack, LimitReached, api_error
from venues.binance.client.rest import Rest
from venues.binance.execution import Execution
from venues.binance.mapping.errors import code_of

Run = Callable[[Any], Any]


class Limited:
    """A venue that is at its limit."""

    def __init__(self, code: int = -1003) -> None:
        self.code, self.asked, self.now_ns = code, 0, time.monotonic_ns()

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"code": self.code, "msg": "no"}, status=429, headers={"Retry-After": "30"})

    @asynccontextmanager
    async def rest(self) -> AsyncIterator[Rest]:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self.answer)
        runner = web.AppRunner(application)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        access = Access(Endpoints(f"http://{host}:{port}", "", ""), Credentials(Secret("key"), Secret("secret")))
        clock = ServerClock(lambda: self.now_ns)
        clock.observe(0, 0, 1_700_000_000_000)
        async with AiohttpTransport() as transport:
            yield Rest(transport, lambda: access, clock)
        await runner.cleanup()


def test_a_query_while_told_to_wait_is_not_sent_and_after_that_it_is(run: Run) -> None:
    async def scene() -> None:
        venue = Limited()
        async with venue.rest() as rest:
            with pytest.raises(LimitReached):
                await rest.open_orders()
            venue.now_ns += 29 * 10**9
            with pytest.raises(HeldBack) as held:
                await rest.account()
            assert (held.value.definite, code_of(held.value)) == (True, Code.RATE_LIMITED)
            assert venue.asked == 1
            venue.now_ns += 2 * 10**9
            with pytest.raises(LimitReached):
                await rest.account()
            assert venue.asked == 2

    run(scene())


def test_the_limit_of_new_orders_holds_no_query_back(run: Run) -> None:
    async def scene() -> None:
        venue = Limited(-1015)
        async with venue.rest() as rest:
            for _ in range(2):
                with pytest.raises(LimitReached):
                    await rest.account()
            assert venue.asked == 2

    run(scene())


def test_a_limit_is_said_in_the_word_that_all_venues_share() -> None:
    assert code_of(api_error(-1003, "Too much request weight used", 429)) is Code.RATE_LIMITED
    assert code_of(api_error(-1015, "Too many new orders", 429)) is Code.RATE_LIMITED
    assert code_of(api_error(-2010, "no", 400)) is Code.VENUE_REJECTED


def test_the_actor_refuses_queries_at_once_while_told_to_wait_and_cancels_go_by_the_order_connection(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    order, _ = trader.submit()
    trader.wait(order, OrderEventKind.ACCEPTED)
    limit = api_error(-1003, "Too much request weight used", 429, 30.0)
    actor.failure_of(limit)
    queries = [
        QueryOpenOrders("BINANCE"),
        QueryOrder("BINANCE", ID, "x"),
        QueryFills("BINANCE", ID),
        QueryBalances("BINANCE"),
    ]
    for query in queries:
        assert floor.request(NAME, query).code is Code.RATE_LIMITED
    assert trader.cancel(order).ok
    trader.wait(order, OrderEventKind.CANCELED)
    assert not [line for line in venue.log("received") if line["method"].startswith("GET /api/v3/o")]


def test_orders_are_held_back_as_long_as_the_venue_says_and_cancels_are_not(
    venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    resting, _ = trader.submit()
    trader.wait(resting, OrderEventKind.ACCEPTED)
    venue.admin.fault("rate_limited", method="order.place", retry_after_s=1.5)
    limited, reply = trader.submit()
    assert reply.ok
    assert trader.wait(limited, OrderEventKind.REJECTED).code is Code.RATE_LIMITED
    held, refused = trader.submit()
    assert (refused.code, refused.definite) == (Code.RATE_LIMITED, True)
    assert trader.events(held) == []
    _, refused = trader.modify(resting, price=Decimal(50100))
    assert refused.code is Code.RATE_LIMITED
    assert trader.cancel(resting).ok
    trader.wait(resting, OrderEventKind.CANCELED)
    wait_for(lambda: trader.submit()[1].ok, "the wait is over")
    names = [line["params"]["newClientOrderId"] for line in received(venue, "order.place")]
    assert held.client_order_id not in names


def test_a_cancel_over_rest_passes_while_told_to_wait_until_the_venue_refuses_one_of_those_too(
    floor: Floor, venue: TwinProcess, actor: Execution
) -> None:
    async def hold() -> None:
        actor.rest.limits.heed(api_error(-1003, "Too much request weight used", 429, 30.0))

    actor._connection.api = None
    floor.run(hold())
    venue.admin.fault("rate_limited", method="DELETE /api/v3/order", retry_after_s=30.0)
    floor.request(NAME, CancelOrder("x", "BINANCE", ID, "s1"))
    wait_for(lambda: floor.request(NAME, CancelOrder("y", "BINANCE", ID, "s1")).code is Code.RATE_LIMITED, "a pause")
    tried = [line for line in venue.log("answered") if line["method"] == "DELETE /api/v3/order"]
    assert len(tried) == 1


def test_a_banned_address_sends_not_even_a_cancel(floor: Floor, venue: TwinProcess, actor: Execution) -> None:
    floor.run(_hold_for(actor, 30.0, True))
    assert floor.request(NAME, CancelOrder("x", "BINANCE", ID, "s1")).code is Code.RATE_LIMITED
    assert received(venue, "order.cancel") == []


async def _hold_for(actor: Execution, wait_s: float, banned: bool) -> None:
    actor.rest.limits.hold_for(wait_s, banned)


def test_an_order_over_the_accounts_count_is_refused_and_never_sent_while_cancels_pass(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    resting, _ = trader.submit()
    trader.wait(resting, OrderEventKind.ACCEPTED)
    venue.admin.rules(orders=5)
    floor.run(actor.learn_order_limits(), actor)
    told, _ = trader.submit()
    trader.wait(told, OrderEventKind.ACCEPTED)
    wait_for(lambda: not trader.submit()[1].ok, "the count is full")
    over, refused = trader.submit()
    assert (refused.code, refused.definite) == (Code.RATE_LIMITED, True)
    assert "of 5 in 10S" in refused.reason
    assert trader.events(over) == []
    assert trader.cancel(resting).ok
    trader.wait(resting, OrderEventKind.CANCELED)
    placed = [line["params"]["newClientOrderId"] for line in received(venue, "order.place")]
    assert over.client_order_id not in placed
    assert all(event.code is not Code.RATE_LIMITED for event in floor.events if isinstance(event, OrderEvent))
