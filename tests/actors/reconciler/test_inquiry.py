"""A change that nobody answered: both attempts are asked for, and it is concluded once that is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from order_samples import BTC, INSTANCE, an_event
from sync_world import SECOND, World, in_world, minted, report, synced, traded

from actors.reconciler.inquiry import EXPIRY_MARGIN_S
from bus.messages import (
    Code,
    Empty,
    Intent,
    Message,
    ModifyOrder,
    NewOrder,
    OrderEventKind,
    OrderState,
    OrderStatus,
    Pending,
    QueryFills,
    QueryOrder,
)

K, S = OrderEventKind, OrderStatus
FIRST, TRIED = minted(1), minted(2)
WINDOW_S = 5.0


def changed(world: World, told: bool = True, amends: bool = False, **wanted: Any) -> NewOrder:
    """An order that the venue has, and a change of it that the gate passed; `told`: its send was told, too."""
    order = world.send(FIRST, answered=True)
    now = world.clock.time_ns()
    wanted = wanted or {"price": Decimal(99)}
    change = ModifyOrder(
        FIRST, FIRST, f"v-{FIRST}", INSTANCE, BTC, "alpha", new_client_order_id=TRIED, ts_gated=now, **wanted
    )
    world.numbers += 1
    world.record([Intent(world.numbers, change.applied_to(order), False, None, now, change)])
    if told:
        expires = now + int(WINDOW_S * SECOND)
        tried = "" if amends else TRIED
        world.stream(
            an_event(K.MODIFY_PENDING, FIRST, new_client_order_id=tried, change_id=TRIED, expires_ns=expires),
            an_event(K.OUTCOME_UNKNOWN, FIRST, reason="timed out", change_id=TRIED),
        )
    return order


def replace_at_venue(world: World, size: str = "10", price: str = "99") -> None:
    """The venue has done it: the old attempt is canceled and the new one works."""
    world.orders[FIRST] = report(FIRST, S.CANCELED)
    world.orders[TRIED] = report(TRIED, size=Decimal(size), price=Decimal(price))


async def settled(world: World, limit_s: float = 30.0) -> OrderState:
    begun = world.loop.time()
    while world.state(FIRST).is_open and world.state(FIRST).is_changing:
        assert world.loop.time() - begun < limit_s, world.state(FIRST)
        await asyncio.sleep(0.05)
    return world.state(FIRST)


@pytest.mark.parametrize("told", [True, False])
def test_a_change_that_was_made_and_not_answered_is_found(told: bool) -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world, told)
        replace_at_venue(world)
        state = await settled(world)
        assert (state.status, state.order.client_order_id, state.order.price) == (S.ACCEPTED, TRIED, Decimal(99))
        assert (state.pending, state.is_unknown, state.venue_order_id) == (Pending.NONE, False, f"v-{TRIED}")

    in_world(story)


def test_an_amendment_that_was_made_and_not_answered_is_found() -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world, amends=True, size=Decimal(7))
        world.orders[FIRST] = report(FIRST, size=Decimal(7))
        state = await settled(world)
        assert (state.order.client_order_id, state.order.size, state.code) == (FIRST, Decimal(7), Code.NONE)

    in_world(story)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("amends", [True, False])
def test_a_change_that_never_arrived_is_concluded_after_its_expiry_and_not_before(told: bool, amends: bool) -> None:
    async def story(world: World) -> None:
        await synced(world)
        asked = world.loop.time()
        changed(world, told, amends)
        state = await settled(world)
        assert WINDOW_S + EXPIRY_MARGIN_S <= world.loop.time() - asked < WINDOW_S + EXPIRY_MARGIN_S + 3
        assert (state.status, state.order.client_order_id, state.order.price) == (S.ACCEPTED, FIRST, Decimal(100))
        assert (state.code, state.pending, state.is_unknown) == (Code.DEADLINE_PASSED, Pending.NONE, False)
        late = [query for when, query in world.asked if when >= asked + WINDOW_S + EXPIRY_MARGIN_S]
        names = [query.client_order_id for query in late if isinstance(query, QueryOrder)]
        assert set(names) == ({FIRST} if amends and told else {FIRST, TRIED})
        assert any(isinstance(query, QueryFills) for query in late)

    in_world(story)


def test_while_it_may_still_arrive_the_order_is_unknown_and_nothing_is_concluded() -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world)
        await asyncio.sleep(WINDOW_S - 0.5)
        assert (world.state(FIRST).is_unknown, world.state(FIRST).is_changing) == (True, True)
        replace_at_venue(world)
        state = await settled(world)
        assert state.order.client_order_id == TRIED

    in_world(story)


def test_an_order_that_ended_while_what_was_to_replace_it_never_arrived_is_canceled() -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world)
        world.orders[FIRST] = report(FIRST, S.CANCELED)
        await asyncio.sleep(WINDOW_S - 1)
        assert world.state(FIRST).is_open, "the other attempt may be the reason of that"
        state = await settled(world)
        assert (state.status, state.is_changing) == (S.CANCELED, False)

    in_world(story)


def test_an_order_that_was_filled_before_its_change_came_is_filled() -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world)
        world.orders[FIRST] = report(FIRST, S.FILLED, filled=Decimal(10))
        world.fill(traded(1, FIRST, "10"))
        state = await settled(world)
        await asyncio.sleep(3)
        assert (state.status, world.state(FIRST).filled) == (S.FILLED, Decimal(10))

    in_world(story)


@pytest.mark.parametrize("fails", [lambda query: query.client_order_id == TRIED, lambda query: True])
def test_a_question_that_fails_concludes_nothing(fails: Callable[[QueryOrder], bool]) -> None:
    async def story(world: World) -> None:
        await synced(world)

        def broken(query: Message) -> Message | None:
            return Empty() if isinstance(query, QueryOrder) and fails(query) else None

        world.broken = broken
        changed(world)
        await asyncio.sleep(4 * WINDOW_S)
        assert (world.state(FIRST).is_open, world.state(FIRST).is_changing) == (True, True)
        world.broken = lambda query: None
        assert (await settled(world, 60)).code is Code.DEADLINE_PASSED

    in_world(story)


def test_a_restart_of_the_reconciliation_asks_about_both_attempts_at_once() -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world, told=False)
        world.up(is_up=False)
        replace_at_venue(world)
        world.fill(traded(1, FIRST, "4"), traded(2, TRIED, "3"))
        world.orders[TRIED] = replace(world.orders[TRIED], status=S.PARTIALLY_FILLED, filled=Decimal(3))
        world.up()
        await asyncio.sleep(1)
        state = world.state(FIRST)
        assert world.sync.synced
        assert (state.order.client_order_id, state.status) == (TRIED, S.PARTIALLY_FILLED)
        assert (state.filled, state.carried) == (Decimal(7), Decimal(4))
        assert state.order.size == Decimal(14), "10 of the new attempt, which did not know of the old one's 4"

    in_world(story)


def test_an_order_that_is_open_says_nothing_of_a_replacement_that_is_on_its_way() -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world, told=False)
        world.up(is_up=False)
        world.up()
        await asyncio.sleep(1)
        state = world.state(FIRST)
        assert (state.is_changing, state.is_unknown) == (True, True), "new risk waits for its fate"
        assert (await settled(world)).code is Code.DEADLINE_PASSED

    in_world(story)


def test_a_second_change_is_given_its_own_time() -> None:
    async def story(world: World) -> None:
        await synced(world)
        changed(world)
        await settled(world)
        order, now = world.state(FIRST).order, world.clock.time_ns()
        again = ModifyOrder(
            FIRST, FIRST, "", INSTANCE, BTC, "alpha", price=Decimal(98), new_client_order_id=minted(3), ts_gated=now
        )
        world.numbers += 1
        world.record([Intent(world.numbers, again.applied_to(order), False, None, now, again)])
        asked = world.loop.time()
        await settled(world)
        assert world.loop.time() - asked >= WINDOW_S + EXPIRY_MARGIN_S

    in_world(story)
