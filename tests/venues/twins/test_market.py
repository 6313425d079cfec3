"""The participants: a lively market that a seed repeats, without drift or leaks."""

from __future__ import annotations

import random

from venues.twins.market import ORDERS_PER_SIDE, MarketShape, Participants
from venues.twins.matching import LevelChanged, MatchingEngine, Order, Side, Traded

SHAPE = MarketShape(start=6_000_000, typical_size=6_667)
RATE = 80.0


def market(seed: int) -> tuple[MatchingEngine, Participants]:
    engine = MatchingEngine()
    participants = Participants(engine, SHAPE, random.Random(seed))
    participants.seed()
    return engine, participants


def first_trades(seed: int, count: int) -> list[tuple[int, int, int]]:
    _, participants = market(seed)
    found: list[tuple[int, int, int]] = []
    while len(found) < count:
        found += [(e.trade_id, e.price, e.size) for e in participants.step() if isinstance(e, Traded)]
    return found[:count]


def test_the_same_seed_gives_the_same_trades_and_another_seed_others() -> None:
    assert first_trades(3, 500) == first_trades(3, 500)
    assert first_trades(3, 50) != first_trades(4, 50)


def test_two_hours_of_market_keep_the_rate_the_depth_and_the_price() -> None:
    engine, participants = market(11)
    seconds, changes, traded = 0.0, 0, 0
    while seconds < 7200:
        events = participants.step()
        seconds += participants.pause_s(events, RATE)
        changes += sum(isinstance(event, LevelChanged) for event in events)
        traded += sum(isinstance(event, Traded) for event in events)
        assert engine.level_count("BUY") >= 50
        assert engine.level_count("SELL") >= 50
    bid, _, ask, _ = engine.best()
    assert 0.95 * RATE < changes / seconds < 1.05 * RATE
    assert traded / seconds > 3
    assert 0.98 * SHAPE.start < bid < ask < 1.02 * SHAPE.start
    assert sum(engine.resting(i) is not None for i in range(engine._next_order_id)) < 2.5 * ORDERS_PER_SIDE
    assert sum(steps for steps, _ in participants.cash.values()) == 0
    assert sum(quote for _, quote in participants.cash.values()) == 0


def test_an_order_at_the_touch_is_filled_by_participants_within_about_a_second() -> None:
    waits: list[float] = []
    for seed in range(40):
        engine, participants = market(seed)
        for _ in range(200):
            participants.step()
        bid, _, ask, _ = engine.best()
        side: Side = "BUY" if seed % 2 else "SELL"
        mine = Order("client", side, "LIMIT", price=bid if seed % 2 else ask, size=100)
        participants.observe(engine.submit(mine))
        seconds = 0.0
        while mine.remaining and seconds < 60:
            seconds += participants.pause_s(participants.step(), RATE)
        assert mine.remaining == 0
        waits.append(seconds)
    waits.sort()
    assert waits[20] < 1.0
    assert waits[36] < 4.0


def test_a_client_that_sweeps_a_side_finds_it_filled_again() -> None:
    engine, participants = market(5)
    participants.observe(engine.submit(Order("client", "BUY", "MARKET", size=10**9)))
    for _ in range(4000):
        participants.step()
    assert engine.level_count("SELL") >= 50
    assert engine.level_count("BUY") >= 50


def session(seed: int, steps: int) -> list[tuple[int, int, int]]:
    """The trades of a market that a client disturbs twice."""
    engine, participants = market(seed)
    found: list[tuple[int, int, int]] = []
    for number in range(steps):
        events = participants.step()
        if number in (100, 900):
            foreign = engine.submit(Order("client", "BUY", "MARKET", size=50_000))
            participants.observe(foreign)
            events += foreign
        found += [(e.trade_id, e.price, e.size) for e in events if isinstance(e, Traded)]
    return found


def test_the_same_seed_with_the_same_foreign_orders_gives_the_same_market() -> None:
    assert session(3, 2_000) == session(3, 2_000)
    assert session(3, 2_000)[50:] != first_trades(3, len(session(3, 2_000)))[50:]


def test_five_thousand_levels_a_side_when_asked_and_they_stay() -> None:
    engine = MatchingEngine()
    shape = MarketShape(start=6_000_000, typical_size=6_667, levels=5_000)
    participants = Participants(engine, shape, random.Random(1))
    participants.seed()
    for _ in range(5_000):
        participants.step()
        assert min(engine.level_count("BUY"), engine.level_count("SELL")) >= 5_000
    bid, _, ask, _ = engine.best()
    assert 0 < ask - bid < 0.001 * bid


def test_a_price_of_few_ticks_keeps_its_place_and_its_levels() -> None:
    engine = MatchingEngine()
    participants = Participants(engine, MarketShape(start=700, typical_size=500), random.Random(2))
    participants.seed()
    bids = set()
    for _ in range(30_000):
        participants.step()
        bid, _, ask, _ = engine.best()
        bids.add(bid)
        assert 0.9 * 700 < bid < ask < 1.1 * 700
        assert min(engine.level_count("BUY"), engine.level_count("SELL")) >= 50
    assert len(bids) > 3
