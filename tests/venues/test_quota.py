"""What a venue actor may spend without asking, and what is left of that when nobody answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from actors.quota.ledger import WINDOW_NS
from bus.clock import SystemClock
from bus.codec import ReplyStatus
from bus.messages import Code, Empty, LeaseWeight, Message, QuotaState, WeightLease, WeightPurpose
from bus.requests import Reply
from venues.quota import Quota
from venues.quota_settings import QuotaSettings

P = WeightPurpose
S = 1_000_000_000


class Owner:
    """An actor's surface, with a quota actor that answers as it is told, or not at all."""

    class Log:
        def warning(self, *words: object, **fields: object) -> None:
            pass

        debug = warning

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.now = 1_000 * S
        self.clock = SystemClock()
        self.clock.boottime_ns = lambda: self.now  # type: ignore[method-assign]
        self.log, self.member = self.Log(), self
        self.asked: list[LeaseWeight] = []
        self.answer: Callable[[LeaseWeight], Message] = lambda asked: Empty()
        self.held: list[tuple[float, bool]] = []

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    async def request(self, name: str, message: LeaseWeight, timeout_s: float) -> Reply:
        self.asked.append(message)
        return Reply(ReplyStatus.OK, Code.NONE, self.answer(message))

    def send(self, name: str, message: LeaseWeight, timeout_s: float) -> asyncio.Future[Reply]:
        future: asyncio.Future[Reply] = self.loop.create_future()
        future.set_result(self.loop.run_until_complete(self.request(name, message, timeout_s)))
        return future

    def lease(self, granted: int = 0, **fields: Any) -> WeightLease:
        terms = {"expires_ns": self.now + 3 * S, "window_ends_ns": 1_060 * S, "limit": 6000, "standing": 120}
        return WeightLease(**{**terms, "cancels": 600, "granted": granted, **fields})


@pytest.fixture
def owner() -> Iterator[Owner]:
    found = Owner()
    yield found
    found.loop.close()


@pytest.fixture
def quota(owner: Owner) -> Quota:
    known = QuotaSettings("quota.A", 600)
    return Quota(owner, known, lambda: (0, 0, 0.0), lambda wait, banned: owner.held.append((wait, banned)))  # type: ignore[arg-type]


def leased(owner: Owner, quota: Quota, **fields: Any) -> None:
    quota._take_lease(owner.lease(**fields), fields.pop("purpose", P.ORDER))


def spend(quota: Quota, purpose: WeightPurpose, most: int = 10_000) -> int:
    return next(number for number in range(most) if not quota.try_take(purpose, 1))


def test_before_the_first_lease_cancels_go_and_nothing_else(quota: Quota) -> None:
    assert not quota.try_take(P.ORDER, 1)
    assert "no lease of quota.A yet" in quota.why_not(P.ORDER)
    assert spend(quota, P.CANCEL) == 600


def test_orders_go_without_asking_until_half_is_gone_and_cancels_beyond_their_share_take_of_the_orders(
    owner: Owner, quota: Quota
) -> None:
    leased(owner, quota)
    for _ in range(60):
        assert quota.try_take(P.ORDER, 1)
    assert owner.asked == []
    assert quota.try_take(P.ORDER, 1)
    assert [each.purpose for each in owner.asked] == [P.ORDER]
    assert spend(quota, P.CANCEL) == 600 + 59


def test_a_lease_that_has_lapsed_leaves_the_cancel_share_and_comes_back_whole(owner: Owner, quota: Quota) -> None:
    leased(owner, quota)
    owner.now += 3 * S
    assert not quota.try_take(P.ORDER, 1)
    assert quota.try_take(P.CANCEL, 1)
    leased(owner, quota)
    assert quota.try_take(P.ORDER, 1)


def test_a_new_window_voids_what_was_leased_and_makes_the_shares_whole(owner: Owner, quota: Quota) -> None:
    leased(owner, quota, granted=1000, expires_ns=2_000 * S)
    assert spend(quota, P.CANCEL) == 600 + 1120
    owner.now = 1_060 * S
    assert (spend(quota, P.ORDER), spend(quota, P.CANCEL)) == (120, 600)


def test_an_answer_about_a_window_that_is_over_grants_nothing(owner: Owner, quota: Quota) -> None:
    leased(owner, quota, expires_ns=2_000 * S)
    owner.now = 1_061 * S
    assert quota.try_take(P.ORDER, 1)
    leased(owner, quota, granted=1000, expires_ns=2_000 * S)
    assert spend(quota, P.ORDER) == 119
    assert quota._ends_ns == 1_060 * S + WINDOW_NS


def test_what_the_venue_did_not_count_is_given_back_and_never_more_than_was_spent(owner: Owner, quota: Quota) -> None:
    leased(owner, quota)
    assert quota.try_take(P.ORDER, 1)
    quota.refund(P.ORDER, 1)
    quota.refund(P.ORDER, 1)
    assert spend(quota, P.ORDER) == 120


def test_a_wait_stops_everything_but_cancels_and_a_ban_these_too(owner: Owner, quota: Quota) -> None:
    leased(owner, quota)
    quota.on_limit(2.0, False)
    assert (quota.try_take(P.ORDER, 1), quota.try_take(P.CANCEL, 1)) == (False, True)
    assert owner.asked[-1].held_until_ns == owner.now + 2 * S
    said = QuotaState("h", 6000, 0, 0, 0, 0, 0, owner.now + 2 * S, True)
    quota._on_state(said, None, "")  # type: ignore[arg-type]
    assert not quota.try_take(P.CANCEL, 1)
    assert owner.held == [(2.0, False), (2.0, True)]
    owner.now += 2 * S
    assert (quota.try_take(P.ORDER, 1), quota.try_take(P.CANCEL, 1)) == (True, True)


def test_who_waits_gets_weight_when_it_is_leased_and_gives_up_after_its_patience(owner: Owner, quota: Quota) -> None:
    owner.answer = lambda asked: owner.lease(wait_ms=10)
    assert not owner.loop.run_until_complete(quota.take(P.HISTORY, 25, 0.05))
    answers = iter([owner.lease(wait_ms=5), owner.lease(wait_ms=5), owner.lease(60)])
    owner.answer = lambda asked: next(answers)
    assert owner.loop.run_until_complete(quota.take(P.HISTORY, 25, 5.0))
    assert owner.loop.run_until_complete(quota.take(P.HISTORY, 25, 5.0))  # of the same block: nobody is asked
    assert quota._stock[P.HISTORY] == 10
