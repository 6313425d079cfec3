"""Lesson 8: a socket or a stream that is open and mute goes STALE within its limit; a quiet market does not (D14)."""

from __future__ import annotations

from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from data_desk import changes, live, states, topic
from twin_admin import Admin

from bus.messages import Alert
from venues.binance.client import stream_link
from venues.binance.market_data import MarketData
from venues.market_data import silence
from venues.market_data import venue as base

SILENCE_S = 0.6
LIMIT_S = 14.0
"""Of what is to be noticed here: silence, a look, the grace, another look; a minute bar has six seconds and three."""
STREAMS = {
    "quote": ("btcusdt@bookTicker", ()),
    "trade": ("btcusdt@trade", ()),
    "book": ("btcusdt@depth@100ms", ()),
    "bar": ("btcusdt@kline_1m", ("1-MINUTE-LAST",)),
    "depth": ("btcusdt@depth10@100ms", ("10",)),
    "ticker": ("btcusdt@ticker", ()),
}
NAMES = {kind: topic(kind, *details) for kind, (_, details) in STREAMS.items()}


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The actor with limits of a second where people have ten."""
    monkeypatch.setattr(silence, "RHYTHM_MIN_S", 4.0)
    monkeypatch.setattr(base, "LOOK_S", 0.1)
    monkeypatch.setattr(stream_link, "QUIET_S", 1.0)
    monkeypatch.setattr(stream_link, "ANSWER_S", 1.0)
    settings = {**venue.settings, "silence_s": SILENCE_S}
    return floor.start(MarketData, "market_data.BINANCE", "market_data", settings)


@pytest.fixture
def admin(venue: TwinProcess) -> Admin:
    return Admin(venue.greeting["admin"])


def alerts(floor: Floor) -> list[Alert]:
    return [one for one in floor.supervisor.board.alerts if one.code == "SILENT"]


def test_a_socket_that_is_open_and_mute_is_stale_within_its_limit_and_told(
    floor: Floor, actor: MarketData, admin: Admin
) -> None:
    live(floor, *NAMES.values())
    number = admin.fault("mute", door="streams", pings=True)
    wait_for(lambda: {name for name, _ in floor.desk.stale} == set(NAMES.values()), "all topics are marked", LIMIT_S)
    wait_for(lambda: alerts(floor), "a person is told")
    assert "LIST_SUBSCRIPTIONS" in alerts(floor)[0].text or "open and mute" in alerts(floor)[0].text
    admin.end(number)
    wait_for(lambda: not any(map(actor.publisher.is_stale, NAMES.values())), "all are live again", 30)
    seen = {name: len(changes(floor, name)) for name in NAMES.values()}
    wait_for(lambda: all(len(changes(floor, name)) > seen[name] for name in NAMES.values()), "and go on", 30)


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_that_is_acknowledged_and_mute_while_its_socket_talks_is_stale_and_opened_again(
    floor: Floor, venue: TwinProcess, actor: MarketData, admin: Admin, kind: str
) -> None:
    other = "trade" if kind != "trade" else "quote"
    stream, name = STREAMS[kind][0], NAMES[kind]
    live(floor, name, NAMES[other])
    number = admin.fault("stream_mute", stream=stream)
    wait_for(lambda: floor.desk.stale, f"{kind} is marked", LIMIT_S)
    assert {marked for marked, _ in floor.desk.stale} == {name}
    wait_for(lambda: alerts(floor), "a person is told")
    assert name in alerts(floor)[0].text
    admin.end(number)
    wait_for(lambda: not actor.publisher.is_stale(name), f"{kind} is live again", 30)
    seen = len(changes(floor, name))
    wait_for(lambda: len(changes(floor, name)) > seen, "and goes on")
    subscribed = [line for line in venue.log("subscribe") if stream in line["streams"]]
    assert len(subscribed) >= 2


def test_a_quiet_market_is_not_stale_however_long_it_is_quiet(
    floor: Floor, venue: TwinProcess, actor: MarketData, admin: Admin
) -> None:
    live(floor, *NAMES.values())
    admin.post("stop")
    before = actor.counters()
    looked = actor.counts["looks"]
    wait_for(lambda: actor.counts["looks"] >= looked + 6, "each silent topic was looked at more than once", 30)
    assert not floor.desk.stale
    assert not alerts(floor)
    assert actor.counters()["reconnects"] == before["reconnects"]
    admin.post("resume")
    seen = {name: len(changes(floor, name)) for name in NAMES.values()}
    wait_for(lambda: all(len(changes(floor, name)) > seen[name] for name in NAMES.values()), "all go on", 30)
    assert not floor.desk.stale


def test_a_quiet_markets_quote_is_known_before_anything_happens(
    floor: Floor, venue: TwinProcess, actor: MarketData, admin: Admin
) -> None:
    admin.post("stop")
    floor.subscribe(NAMES["quote"])
    wait_for(lambda: states(floor, NAMES["quote"]), "the quote is told though its stream says nothing", LIMIT_S)
    (quote,) = states(floor, NAMES["quote"])
    assert quote.bid < quote.ask
    assert not [line for line in venue.log("sent") if line["stream"] == "btcusdt@bookTicker"]
