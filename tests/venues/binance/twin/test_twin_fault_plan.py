"""Random faults by a seed: reproducible, of every kind that the plan has, and each written down."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from twin_client import Client, Twin

from venues.binance.twin.faults.plan import CHOICES, Plan, PlanSpec

LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}
NO_ANSWER_S = 1.0
"""Longer than any delay of the plan: what has not come by then never comes."""


def drawn(seed: int, rate: float, count: int) -> list[Any]:
    plan = Plan(PlanSpec(seed, rate))
    return [plan.draw("request") for _ in range(count)]


def test_the_same_seed_draws_the_same_faults() -> None:
    assert drawn(7, 0.2, 500) == drawn(7, 0.2, 500) != drawn(8, 0.2, 500)


def test_what_happens_at_one_place_does_not_change_another() -> None:
    plan = Plan(PlanSpec(7, 0.2))
    mixed = []
    for _ in range(500):
        plan.draw("stream")
        mixed.append(plan.draw("request"))
        plan.draw("user_event")
    assert mixed == drawn(7, 0.2, 500)


def test_the_rate_is_a_share_and_every_choice_comes() -> None:
    found = Counter(repr(fault) for fault in drawn(1, 0.1, 20_000) if fault is not None)
    assert 1_700 < found.total() < 2_300
    assert set(found) == {repr(fault) for fault, _ in CHOICES["request"]}


def orders(twin: Twin) -> list[str]:
    """How each of thirty orders ended for its client, one after the other."""

    async def test(client: Client) -> list[str]:
        ends = []
        for number in range(30):
            query = LIMIT | {"newClientOrderId": f"plan-{number}"}
            try:
                placing = client.signed("POST", "/api/v3/order", **query)
                status, body = await asyncio.wait_for(placing, NO_ANSWER_S)
                ends.append(f"{status} {body['code'] if status != 200 else ''}")
            except Exception as error:
                ends.append(type(error).__name__)
        return ends

    return list(twin.run(test))


def test_a_twin_with_a_plan_fails_the_same_way_twice_and_says_so(start_twin: Any) -> None:
    first, second = start_twin("--faults", "3:0.3"), start_twin("--faults", "3:0.3")
    ends = orders(first)
    assert ends == orders(second)
    assert len(set(ends)) > 2
    hits = [[(line["fault"], line["hit"].get("method")) for line in twin.peek("fault")] for twin in (first, second)]
    assert hits[0] == hits[1]
    assert {line["by"] for line in first.peek("fault")} == {"plan"}
    told = first.admin.call("GET", "")
    assert told["plan"] == {"seed": 3, "rate": 0.3}
    assert told["hits"] == dict(Counter(fault for fault, _ in hits[0]))
