"""Lesson 11: a rate limit, then an IP ban while retrying (hummingbot#1291, nautilus_trader#4282).

One budget for each address, shared by all processes and fed by the venue's own headers; Retry-After is honoured by
all; cancels have a reserve. Real processes: two instances at one address, a market maker on each.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from floors import kill, until
from freezing import freeze
from shared_host import QUOTA, SharedHost

from actors.monitor.visitor import Visitor
from actors.quota.ledger import CEILINGS
from bus.messages import Code, LeaseWeight, WeightPurpose

WEIGHT = 3000
"""Of a minute: two instances begin with about a third of it, most of which are their books."""
LIMITED = (418, 429)
EXECUTIONS = ("execution.ONE", "execution.TWO")


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedHost]:
    host = SharedHost(tmp_path, WEIGHT)
    yield host
    host.close()


def limited(shared: SharedHost) -> list[dict[str, object]]:
    return [line for line in shared.answers() if line["status"] in LIMITED]


def orders(shared: SharedHost, since_ns: int = 0) -> list[str]:
    """Methods of the orders and cancels that the venue took since then."""
    methods = ("order.place", "order.cancel")
    return [
        line["method"]
        for line in shared.answers()
        if line["method"] in methods and line["status"] == 200 and line["ts_ns"] > since_ns
    ]


def orders_asked(shared: SharedHost, since_ns: int) -> set[str]:
    """Methods of everything that reached the venue since then, whatever it answered."""
    return {line["method"] for line in shared.answers() if line["ts_ns"] > since_ns}


def test_two_instances_and_a_download_slow_down_before_the_limit_and_orders_and_cancels_do_not(
    shared: SharedHost,
) -> None:
    async def work(visitor: Visitor) -> None:
        replies = await shared.download(visitor, pages=80, timeout_s=4.0)
        served = shared.served(replies)
        assert 0 < served < 80, [(reply.status, reply.body) for reply in replies[:5]]
        last = max(line["ts_ns"] for line in shared.answers())

        async def trade() -> bool:
            return {"order.place", "order.cancel"} <= set(orders(shared, last))

        await until(trade, 30.0, "orders and cancels go on")
        assert limited(shared) == []
        state = await shared.state(visitor)
        assert state.counters["weight_limit"] == WEIGHT
        assert state.counters["weight_used"] <= WEIGHT * CEILINGS[WeightPurpose.ORDER]

    shared.floor.visit(work)
    assert shared.used() <= WEIGHT * CEILINGS[WeightPurpose.ORDER]
    assert limited(shared) == []


def test_a_wait_that_one_actor_is_told_stops_all_of_that_host_and_cancels_still_pass(shared: SharedHost) -> None:
    async def work(visitor: Visitor) -> None:
        shared.twin.admin.fault("rate_limited", method="GET /api/v3/historicalTrades", retry_after_s=6.0)
        await shared.download(visitor, pages=1, timeout_s=3.0)
        held = await shared.becomes(visitor, lambda state: state.state == "HELD", "the wait is said aloud")
        assert "told to wait" in held.reason
        (told,) = limited(shared)
        assert (await shared.cancel("TWO", "nobodys")).ok
        assert "order.cancel" in orders_asked(shared, told["ts_ns"] + 1)
        await shared.becomes(visitor, lambda state: state.state == "READY", "the wait is over")
        begin, end = told["ts_ns"] + 500_000_000, told["ts_ns"] + 5_900_000_000
        during = [line for line in shared.answers() if begin < line["ts_ns"] < end]
        asked = {line["method"] for line in during} - {"time", "GET /sapi/v1/account/apiRestrictions"}
        assert asked <= {"order.cancel"}, asked

        async def trade() -> bool:
            return "order.place" in orders(shared, told["ts_ns"] + 6_000_000_000)

        await until(trade, 30.0, "orders go again")
        status = await visitor.status()
        assert status is not None
        assert [alert.code for alert in status.alerts if alert.component == QUOTA] == ["RATE_LIMITED"]

    shared.floor.visit(work)


def test_whoever_is_banned_waits_until_the_end_and_nobody_of_that_host_knocks(shared: SharedHost) -> None:
    async def work(visitor: Visitor) -> None:
        shared.twin.admin.fault("banned", for_s=8.0)
        await shared.download(visitor, pages=1, timeout_s=2.0)
        banned = await shared.becomes(visitor, lambda state: state.state == "BANNED", "the ban is said aloud")
        assert "has banned this address" in banned.reason
        (first, *more) = limited(shared)
        end_ns = first["ts_ns"] + 8_000_000_000
        await shared.becomes(visitor, lambda state: state.state == "READY", "the ban is over")
        knocks = [line for line in limited(shared) if line["ts_ns"] > first["ts_ns"] + 1_000_000_000]
        assert knocks == [], more
        since = [line for line in shared.answers() if first["ts_ns"] + 1_000_000_000 < line["ts_ns"] < end_ns]
        assert since == []
        status = await visitor.status()
        assert status is not None
        assert "BANNED" in [alert.code for alert in status.alerts if alert.component == QUOTA]

        async def trade() -> bool:
            return "order.place" in orders(shared, end_ns)

        await until(trade, 40.0, "both trade again")

    shared.floor.visit(work)


def test_killed_or_frozen_the_quota_actor_is_back_whole_and_the_limit_holds_through_it(shared: SharedHost) -> None:
    async def work(visitor: Visitor) -> None:
        first = await shared.state(visitor)
        await shared.download(visitor, pages=6, timeout_s=5.0)
        before = shared.used()
        kill(first.pid, signal.SIGKILL)
        back = await shared.becomes(
            visitor, lambda state: state.pid != first.pid and state.state == "READY", "it is back from a kill"
        )

        async def remembers() -> bool:
            return (await shared.state(visitor)).counters.get("weight_used", 0) >= before

        await until(remembers, 20.0, "it knows what was spent")
        freeze(back.pid)
        for name in EXECUTIONS:
            await shared.becomes(visitor, lambda state: state.counters.get("lease_lapses", 0) > 0, "it lapses", name)
        lapsed = shared.answers()[-1]["ts_ns"]
        tried = {name: (await shared.state(visitor, name)).counters["weight_refused"] for name in EXECUTIONS}
        assert shared.served(await shared.download(visitor, pages=4, timeout_s=1.0)) == 0
        assert (await shared.cancel("TWO", "nobodys")).ok

        async def refused() -> bool:
            now = [(await shared.state(visitor, name)).counters["weight_refused"] for name in EXECUTIONS]
            return all(count > tried[name] for name, count in zip(EXECUTIONS, now, strict=True))

        await until(refused, 20.0, "orders of both are refused")
        assert (await shared.state(visitor)).pid == back.pid
        assert "order.cancel" in orders_asked(shared, lapsed)
        assert "order.place" not in orders_asked(shared, lapsed)
        await shared.becomes(
            visitor, lambda state: state.pid != back.pid and state.state == "READY", "it is back from a freeze"
        )

        async def trade() -> bool:
            return "order.place" in orders(shared, lapsed)

        await until(trade, 30.0, "orders go again")
        assert shared.served(await shared.download(visitor, pages=2, timeout_s=8.0)) == 2
        await shared.download(visitor, pages=60, timeout_s=4.0)

    shared.floor.visit(work)
    assert limited(shared) == []
    assert shared.used() <= WEIGHT


def test_nobody_but_the_venue_actors_of_the_host_may_lease(shared: SharedHost) -> None:
    async def work(visitor: Visitor) -> None:
        reply = await visitor.request(QUOTA, LeaseWeight(purpose=WeightPurpose.ORDER, wanted=1000))
        assert reply.code is Code.NOT_ALLOWED

    shared.floor.visit(work)
