"""Limits of the venue: what a strategy and its siblings live through at one, under a ban, and near one.

The last case leaves no weight for downloads until the venue's minute is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from conformance import VENUES, VenueUnderTest
from conformance.puppet import Stage
from conformance.stages import a_stage
from floors import actor, until

from actors.monitor.visitor import Visitor
from bus.messages import ActorState, HistoryAnswer, QueryHistory

FAR = Decimal("0.97")
HISTORY = "aggregate_trade"


def resting(stage: Stage, venue: VenueUnderTest) -> Any:
    """An order that rests, far below the best bid."""
    bid, _ = venue.touch()
    return stage.becomes(stage.order("BUY", price=(bid * FAR).quantize(Decimal(1))), "ACCEPTED")


async def quota(visitor: Visitor, venue: VenueUnderTest) -> ActorState:
    status = await visitor.status()
    assert status is not None
    return actor(status, f"quota.{venue.instance}")


async def becomes(visitor: Visitor, venue: VenueUnderTest, state: str) -> ActorState:
    async def look() -> ActorState | None:
        found = await quota(visitor, venue)
        return found if found.state == state else None

    found: ActorState = await until(look, 20.0, f"the quota actor says {state}")
    return found


async def download(visitor: Visitor, venue: VenueUnderTest, pages: int, timeout_s: float) -> int:
    """Ask for pages of the past at once; how many came."""
    start = time.time_ns() - 3_600_000_000_000
    name = f"market_data.{venue.instance}"

    async def is_known() -> bool:
        return visitor.member.is_live(name)

    await until(is_known, 5.0, "the visitor knows the market-data actor")
    asked = (
        visitor.request(
            name, QueryHistory(venue.instance, venue.instrument, HISTORY, start, limit=10 + page), timeout_s
        )
        for page in range(pages)
    )
    return sum(isinstance(reply.body, HistoryAnswer) for reply in await asyncio.gather(*asked))


@pytest.fixture(scope="module", params=VENUES, ids=lambda kind: kind.name)
def floor_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A floor of these cases' own, at a venue that limits as it does."""
    kind: type[VenueUnderTest] = request.param
    yield from a_stage(kind, kind.settings, tmp_path_factory.mktemp("limits"))


@pytest.fixture
def limits(venue: VenueUnderTest) -> Iterator[VenueUnderTest]:
    """The venue, whose limits are as they were when the case is over."""
    yield venue
    venue.restore_limits()


def test_e90_told_to_wait_all_siblings_wait_as_told_while_cancels_pass(stage: Stage, limits: VenueUnderTest) -> None:
    order = resting(stage, limits)
    limits.refuse_once(retry_after_s=4.0)

    async def told(visitor: Visitor) -> None:
        await download(visitor, limits, pages=1, timeout_s=2.0)
        held = await becomes(visitor, limits, "HELD")
        assert "told to wait" in held.reason

    stage.floor.visit(told)
    denied = stage.becomes(stage.order("BUY", price=order.price), "DENIED")
    assert denied.code == "RATE_LIMITED"
    stage.cancel(order)
    stage.floor.visit(lambda visitor: becomes(visitor, limits, "READY"))
    stage.cancel(resting(stage, limits))


def test_e90_banned_everybody_waits_until_the_end_and_says_so(stage: Stage, limits: VenueUnderTest) -> None:
    limits.ban(for_s=12.0)
    refused = stage.order("BUY", price=(limits.touch()[0] * FAR).quantize(Decimal(1)))  # whoever asks first is told
    stage.until(lambda: refused.is_closed, "it is refused")

    async def banned(visitor: Visitor) -> None:
        found = await becomes(visitor, limits, "BANNED")
        assert "has banned this address" in found.reason
        await becomes(visitor, limits, "READY")

        async def whole() -> bool:
            status = await visitor.status()
            return status is not None and all(each.synced for each in status.instances)

        await until(whole, 30.0, "SYNCED again")

    stage.floor.visit(banned)
    assert limits.asked_while_banned() == 0


def test_e90_near_the_limit_a_download_waits_and_orders_and_cancels_do_not(
    stage: Stage, limits: VenueUnderTest
) -> None:
    limit = limits.lower_limit(room=120)
    stage.becomes(resting(stage, limits), "ACCEPTED")  # its answer tells the new limit
    refused = limits.refusals()

    async def near(visitor: Visitor) -> None:
        async def is_told() -> bool:
            return (await quota(visitor, limits)).counters.get("weight_limit") == limit

        await until(is_told, 10.0, "the quota actor knows the limit")
        assert await download(visitor, limits, pages=60, timeout_s=3.0) < 60

    stage.floor.visit(near)
    order = resting(stage, limits)
    stage.cancel(order)
    assert limits.refusals() == refused
