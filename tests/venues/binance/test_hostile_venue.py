"""P11 at a venue's sockets: what no venue should say costs an error each, never an actor, and ends with its end."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received
from hostile_venue import HostileVenue

from actors.supervisor.child import rss_bytes
from bus import topics
from bus.messages import BookAnswer, BookSnapshot, OrderEventKind, QueryBook
from venues.binance.execution import Execution
from venues.binance.market_data import MarketData

RATE = 0.3
MESSAGES = int(os.environ.get("TRADEFLOOR_HOSTILE_MESSAGES", "100"))
SEED = int(os.environ.get("TRADEFLOOR_HOSTILE_SEED", "0")) or random.randrange(10**6)
MEMORY_BYTES = 128 * 1024 * 1024
"""What this whole process, with two actors and the hostile venue itself in it, may grow by."""
TOP = 100
"""Levels that are compared: the venue counts five for them, so that it can be asked often."""
LIMIT_S = 50.0
DATA = "market_data.BINANCE"


@pytest.fixture
def hostile(venue: TwinProcess) -> Iterator[HostileVenue]:
    print(f"\nhostile messages: {MESSAGES}, seed {SEED}")
    venue_gone_mad = HostileVenue(venue.announcement, SEED)
    yield venue_gone_mad
    venue_gone_mad.close()


@pytest.fixture
def settings(venue: TwinProcess, hostile: HostileVenue) -> dict[str, Any]:
    return {**venue.settings, "announcement": str(hostile.announcement)}


@pytest.mark.parametrize("way", ["deep", "great_numbers", "great_times"])
def test_a_stream_of_what_no_decoder_takes_is_counted_and_the_topic_is_marked(
    floor: Floor, settings: dict[str, Any], hostile: HostileVenue, way: str
) -> None:
    actor = floor.start(MarketData, DATA, "market_data", settings)
    trades = topics.market("BINANCE", "trade", ID)
    floor.subscribe(trades)
    wait_for(lambda: floor.desk.read, "it is open")
    hostile.only = getattr(hostile, way)
    hostile.rate = 1.0
    wait_for(lambda: floor.desk.stale or actor.failure, "it is marked")
    hostile.rate = 0.0
    assert actor.failure is None
    assert actor.counters()["unreadable_venue"] >= 1
    read = len(floor.desk.read)
    wait_for(lambda: len(floor.desk.read) > read, "it goes on")


@pytest.mark.parametrize("way", ["deep", "great_numbers", "great_times"])
def test_an_order_answered_by_what_no_decoder_takes_is_of_unknown_outcome(
    floor: Floor, settings: dict[str, Any], hostile: HostileVenue, way: str
) -> None:
    actor = floor.start(Execution, NAME, "execution", settings)
    trader = Trader(floor)
    wait_for(lambda: actor.state == "READY", "it is connected")
    hostile.only = getattr(hostile, way)
    hostile.rate = 1.0
    order, reply = trader.submit(price=Decimal("40000"))
    assert reply.ok
    trader.wait(order, OrderEventKind.OUTCOME_UNKNOWN)
    hostile.rate = 0.0
    assert actor.failure is None
    assert OrderEventKind.REJECTED not in [event.kind for event in trader.events(order)]
    wait_for(lambda: actor.state == "READY", "it is connected again", LIMIT_S)


def test_streams_that_go_mad_cost_no_actor_and_leave_no_book_that_is_wrong(
    floor: Floor, settings: dict[str, Any], hostile: HostileVenue, venue: TwinProcess
) -> None:
    actor = floor.start(MarketData, DATA, "market_data", settings)
    names = [topics.market("BINANCE", kind, ID) for kind in ("quote", "trade", "book")]
    for name in names:
        floor.subscribe(name)
    wait_for(lambda: {name for name, _, _ in floor.desk.read} == set(names), "all topics are open")
    before = rss_bytes(os.getpid())
    hostile.rate = RATE
    wait_for(lambda: hostile.said >= MESSAGES, f"{MESSAGES} hostile messages are said", LIMIT_S)
    hostile.rate = 0.0
    assert actor.failure is None
    assert actor.actor_ref.is_alive()
    errors = actor.counters()["unreadable_venue"]
    print(f"{hostile.said} hostile messages, {errors} of them counted as unreadable")
    assert errors > MESSAGES / 10
    assert rss_bytes(os.getpid()) - before < MEMORY_BYTES
    calm = len(floor.desk.read)
    wait_for(lambda: {name for name, _, _ in floor.desk.read[calm:]} >= set(names), "every topic goes on", LIMIT_S)
    marks = len(floor.desk.stale)
    venue.admin.fault("cut", door="streams")  # a lie that can be read was believed; a new snapshot ends that
    wait_for(lambda: floor.desk.stale[marks:], "all is marked")
    read = len(floor.desk.read)

    def fresh_again() -> bool:
        return {name for name, _, _ in floor.desk.read[read:]} >= set(names) and agrees()

    def agrees() -> bool:
        """The newest whole book that was published under a number is the venue's own of that number."""
        answer = floor.request(DATA, QueryBook("BINANCE", ID, TOP)).body
        assert isinstance(answer, BookAnswer)
        state = actor.topic_state(names[2])
        return isinstance(state, BookSnapshot) and state.seq == answer.book.seq and state.bids[:TOP] == answer.book.bids

    wait_for(fresh_again, "every topic goes on and the book is the venue's", LIMIT_S)


def test_an_account_that_goes_mad_costs_no_actor_no_order_twice_and_no_end_by_guess(
    floor: Floor, settings: dict[str, Any], hostile: HostileVenue, venue: TwinProcess
) -> None:
    venue.admin.rules(orders=100_000)
    actor = floor.start(Execution, NAME, "execution", {**settings, "recv_window_ms": 1000})
    trader = Trader(floor)
    wait_for(lambda: actor.state == "READY", "it is connected")
    hostile.rate = RATE
    orders = []
    while hostile.said < MESSAGES:
        order, reply = trader.submit(price=Decimal("40000"))
        if reply.ok:
            orders.append(order)
            trader.cancel(order)
        assert actor.failure is None
    hostile.rate = 0.0
    assert actor.actor_ref.is_alive()
    assert orders
    assert actor.counters()["unreadable_venue"] > MESSAGES / 10
    wait_for(lambda: actor.state == "READY", "it is connected again", LIMIT_S)
    last, reply = trader.submit(price=Decimal("40000"))
    assert reply.ok, reply
    trader.wait(last, OrderEventKind.ACCEPTED)
    told = {order.client_order_id: [event.kind for event in trader.events(order)] for order in orders}
    names = [line["params"]["newClientOrderId"] for line in received(venue, "order.place")]
    assert len(names) == len(set(names))
    taken = {line["client_order_id"] for line in venue.log("accepted")}
    for name, kinds in told.items():
        ended = OrderEventKind.REJECTED in kinds
        assert not (ended and name in taken), f"{name} is said to be REJECTED, and the venue took it: {kinds}"
    print(f"{len(orders)} orders among {hostile.said} hostile messages")
