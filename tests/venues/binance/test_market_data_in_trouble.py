"""The venue is in maintenance, or says that too much was asked: no storm, and all lives again by itself (R08, E90)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from data_desk import live, states, topic
from twin_admin import Admin

from actors.runtime import ActorExit, ExitCode
from bus.messages import BookAnswer, Code, QueryBook
from venues.binance import market_data as module
from venues.binance.market_data import MarketData

BOOKS = 6
NAME = "market_data.BINANCE"
MAINTENANCE_S = 12.0
ATTEMPTS = 30
"""Of connections and requests together in that time: the back-off's first second has a handful, later ones far less."""
S = 1_000_000_000


@pytest.fixture
def venue(make_twin: Callable[..., TwinProcess]) -> TwinProcess:
    return make_twin("--rate", "100", "--symbols", str(BOOKS))


@pytest.fixture
def admin(venue: TwinProcess) -> Admin:
    return Admin(venue.greeting["admin"])


def books(actor: MarketData) -> list[str]:
    return [topic("book", instrument=instrument) for instrument in actor.instruments]


def started(floor: Floor, venue: TwinProcess, **settings: Any) -> Any:
    actor = floor.start(MarketData, NAME, "market_data", {**venue.settings, **settings})
    wait_for(lambda: actor.has_instruments, "the instruments are read")
    return actor


def test_a_venue_in_maintenance_is_told_so_asked_seldom_and_found_again(
    floor: Floor, venue: TwinProcess, admin: Admin
) -> None:
    actor = started(floor, venue, instrument_refresh_s=1.0)
    names = [*books(actor), topic("quote"), topic("trade"), topic("bar", "1-MINUTE-LAST")]
    live(floor, *(name for name in names if "trade" not in name))
    floor.subscribe(topic("trade"))
    wait_for(lambda: all(feed.is_live for feed in actor._by_topic.values()), "all are live")
    began_ns = time.time_ns()
    number = admin.fault("maintenance")
    wait_for(lambda: actor.state == "CONNECTING", "the state says so")
    wait_for(lambda: all(map(actor.publisher.is_stale, names)), "all topics are marked")
    wait_for(lambda: "503" in actor.state_reason, "and why", limit_s=MAINTENANCE_S)
    left_s = MAINTENANCE_S - (time.time_ns() - began_ns) / S
    wait_for(lambda: time.time_ns() - began_ns > MAINTENANCE_S * S, "the maintenance is over", left_s + 5)
    admin.end(number)
    ended_ns = time.time_ns()
    wait_for(lambda: not any(map(actor.publisher.is_stale, names)), "all are live again", limit_s=40)
    assert actor.state == "READY"
    tried = [
        line
        for line in venue.log("received", "answered", "socket_refused", "socket_open")
        if began_ns < line["ts_ns"] < ended_ns and line["kind"] != "answered"
    ]
    assert 2 <= len(tried) <= ATTEMPTS


def test_who_is_told_to_wait_asks_nothing_until_then_and_all_books_come_after(
    floor: Floor, venue: TwinProcess, admin: Admin
) -> None:
    actor = started(floor, venue)
    admin.fault("rate_limited", method="GET /api/v3/depth", retry_after_s=3.0)
    names = books(actor)
    for name in names:
        floor.subscribe(name)
    wait_for(lambda: all(states(floor, name) for name in names), "every book is live", limit_s=75)
    limited = next(line["ts_ns"] for line in venue.log("fault") if line["fault"] == "rate_limited")
    asked = [line["ts_ns"] for line in venue.log("received") if line["via"] == "rest" and line["ts_ns"] > limited]
    soon = [at for at in asked if at < limited + 2.9 * S]
    assert len(soon) <= 1, "only what was under way already"


def test_an_answer_of_the_venue_that_it_is_too_much_reaches_who_asked(
    floor: Floor, venue: TwinProcess, admin: Admin
) -> None:
    actor = started(floor, venue)
    admin.fault("rate_limited", method="GET /api/v3/depth", retry_after_s=1.0)
    refused = floor.request(NAME, QueryBook("BINANCE", "BTCUSDT.BINANCE", 5))
    assert (refused.ok, refused.code) == (False, Code.RATE_LIMITED)
    again = floor.request(NAME, QueryBook("BINANCE", "BTCUSDT.BINANCE", 5))
    assert again.code is Code.RATE_LIMITED
    met = [line["hit"]["method"] for line in venue.log("fault")]
    passed = [line["method"] for line in venue.log("received")]
    assert (met, passed.count("GET /api/v3/depth")) == (["GET /api/v3/depth"], 0)
    assert actor.failure is None


def test_a_banned_actor_ends_with_the_time_and_asks_nothing_more(
    floor: Floor, venue: TwinProcess, admin: Admin
) -> None:
    actor = started(floor, venue)
    live(floor, topic("quote"))
    admin.fault("banned", for_s=30.0)
    floor.subscribe(topic("book"))
    wait_for(lambda: actor.failure is not None, "it ends")
    floor.expected_failure = actor.failure
    assert isinstance(actor.failure, ActorExit)
    assert actor.failure.code is ExitCode.BANNED
    assert 0 < actor.failure.until_ns - time.time_ns() < 31 * S
    refused = [line for line in venue.log("answered") if line.get("status") == 418]
    assert len(refused) <= 2


def test_snapshots_stop_before_the_minutes_weight_is_spent_and_a_request_still_passes(
    short_dir: Path, floor: Floor, venue: TwinProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WEIGHT_CEILING", 500)
    actor = started(floor, venue)
    names = books(actor)
    for name in names:
        floor.subscribe(name)
    wait_for(lambda: sum(bool(states(floor, name)) for name in names) >= 2, "the first books are live", limit_s=75)
    wait_for(lambda: actor.counters()["snapshots_waiting"] >= 1, "the others wait")
    assert actor._rest.limits.used_weight <= 500 + 2 * 250
    assert isinstance(floor.request(NAME, QueryBook("BINANCE", "BTCUSDT.BINANCE", 5)).body, BookAnswer)
