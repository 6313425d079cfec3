"""Every live kind at a real twin: bars, depth, tickers, status, instruments; what is refused (D03, D11, D20, D42)."""

from __future__ import annotations

import itertools
import statistics
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from data_desk import ID, changes, live, sent, states, status_of, topic
from twin_admin import Admin

from bus.messages import (
    Bar,
    BookSnapshot,
    Code,
    Instrument,
    InstrumentStatus,
    InstrumentStatusWord,
    QueryBook,
    Ticker,
)
from venues.binance.intervals import INTERVALS
from venues.binance.market_data import MarketData

S = 1_000_000_000


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess) -> Any:
    settings = {**venue.settings, "instrument_refresh_s": 1.0}
    return floor.start(MarketData, "market_data.BINANCE", "market_data", settings)


def test_a_bar_closes_once_and_is_what_the_venue_says(floor: Floor, venue: TwinProcess, actor: MarketData) -> None:
    name = topic("bar", "1-SECOND-LAST")
    live(floor, name)
    wait_for(lambda: sum(bar.closed for bar in changes(floor, name)) >= 3, "three bars close")
    told: list[Bar] = [*states(floor, name)[:1], *changes(floor, name)]
    assert not floor.desk.stale
    assert max(Counter(bar.ts_open for bar in told if bar.closed).values()) == 1
    assert all(before.ts_open <= after.ts_open for before, after in itertools.pairwise(told))
    for bar in told:
        assert (bar.instrument, bar.interval, bar.ts_close - bar.ts_open) == (ID, "1-SECOND-LAST", S)
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.ts_event
        assert bar.ts_init
    venues = {
        data["k"]["t"] * 1_000_000: tuple(float(data["k"][key]) for key in "ohlcv")
        for data in sent(venue, "btcusdt@kline_1s")
        if data["k"]["x"]
    }
    for bar in told:
        if bar.closed:
            assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == venues[bar.ts_open]


def test_bars_of_every_interval_that_the_venue_has_are_told(floor: Floor, actor: MarketData) -> None:
    names = {interval: topic("bar", interval) for interval in INTERVALS}
    live(floor, *names.values())
    assert len(names) == 16
    for interval, name in names.items():
        (bar,) = states(floor, name)[:1]
        assert bar.interval == interval
        length = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 604800}.get(interval.split("-")[1])
        if length is not None:
            assert bar.ts_close - bar.ts_open == length * int(interval.split("-")[0]) * S
        else:
            assert 28 * 86400 * S <= bar.ts_close - bar.ts_open <= 31 * 86400 * S


@pytest.mark.parametrize("levels", [5, 10, 20])
def test_the_best_levels_come_at_the_venues_rhythm_and_are_its_book(
    floor: Floor, venue: TwinProcess, actor: MarketData, levels: int
) -> None:
    name = topic("depth", str(levels))
    live(floor, name)
    wait_for(lambda: len(changes(floor, name)) >= 20, "two seconds of it come")
    told: list[BookSnapshot] = [*states(floor, name)[:1], *changes(floor, name)]
    assert not floor.desk.stale
    pauses = [after.ts_init - before.ts_init for before, after in itertools.pairwise(told)]
    assert 0.05 * S < statistics.median(pauses) < 0.2 * S
    venues = {
        data["lastUpdateId"]: tuple([(float(p), float(s)) for p, s in data[side]] for side in ("bids", "asks"))
        for data in sent(venue, f"btcusdt@depth{levels}@100ms")
    }
    for book in told:
        assert book.depth == len(book.bids) == len(book.asks) == levels
        assert [price for price, _ in book.bids] == sorted((price for price, _ in book.bids), reverse=True)
        assert [price for price, _ in book.asks] == sorted(price for price, _ in book.asks)
        assert book.best_bid < book.best_ask
        assert (book.bids, book.asks) == venues[book.seq]


def test_a_ticker_is_the_venues_rolling_day(floor: Floor, venue: TwinProcess, actor: MarketData) -> None:
    name = topic("ticker")
    live(floor, name)
    wait_for(lambda: len(changes(floor, name)) >= 2, "it is told again each second")
    told: list[Ticker] = [*states(floor, name)[:1], *changes(floor, name)]
    venues = {data["E"] * 1_000_000: data for data in sent(venue, "btcusdt@ticker")}
    for ticker in told:
        data = venues[ticker.ts_event]
        assert (ticker.last, ticker.open, ticker.high, ticker.low) == tuple(float(data[key]) for key in "cohl")
        assert (ticker.volume, ticker.quote_volume, ticker.trades) == (float(data["v"]), float(data["q"]), data["n"])


def test_changed_rules_and_a_changed_status_are_published_as_new_versions(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    live(floor, topic("instrument"), topic("status"))
    admin = Admin(venue.greeting["admin"])
    (first,) = states(floor, topic("instrument"))
    (began,) = states(floor, topic("status"))
    assert isinstance(began, InstrumentStatus)
    assert (began.status, began.venue_status) == (InstrumentStatusWord.TRADING, "TRADING")
    admin.post("min_notional", symbol="BTCUSDT", value="17")
    wait_for(lambda: changes(floor, topic("instrument")), "the new version comes")
    (second,) = changes(floor, topic("instrument"))
    assert isinstance(second, Instrument)
    assert (first.min_notional, second.min_notional) == (Decimal(5), Decimal(17))
    assert second.ts_event > first.ts_event
    assert not changes(floor, topic("status"))
    for word, ours in (("HALT", "HALTED"), ("CANCEL_ONLY", "CANCEL_ONLY"), ("TRADING", "TRADING")):
        admin.post("status", symbol="BTCUSDT", status=word)
        wait_for(
            lambda word=word: word in [one.venue_status for one in changes(floor, topic("status"))[-1:]],
            f"{word} is told",
        )
        status = changes(floor, topic("status"))[-1]
        assert (status.instrument, status.status.value) == (ID, ours)
        wait_for(
            lambda ours=ours: changes(floor, topic("instrument"))[-1].status.value == ours, "the instrument says it too"
        )
    assert not floor.desk.stale
    assert actor.counters()["instruments_changed"] == 4


def test_every_rule_of_a_symbol_is_in_its_instrument(floor: Floor, actor: MarketData) -> None:
    live(floor, topic("instrument"))
    (one,) = states(floor, topic("instrument"))
    assert one.symbol == "BTCUSDT"
    assert one.raw.startswith(b'{"symbol":"BTCUSDT"')
    assert (one.price_increment, one.size_increment, one.min_notional) == (Decimal("0.01"), Decimal("0.00001"), 5)
    assert (one.min_price, one.max_price, one.max_size) == (Decimal("0.01"), 1_000_000, 9000)
    assert (one.min_notional_for_market, one.max_notional_for_market) == (True, False)
    assert one.buy_price_band == one.sell_price_band == (Decimal("0.2"), 5)
    assert one.trailing_offset_above == one.trailing_offset_below == (10, 2000)
    assert (one.max_open_orders, one.max_open_triggers, one.max_open_lists) == (200, 5, 20)
    assert (one.max_iceberg_parts, one.max_modifies) == (100, 10)
    assert (one.max_position, one.max_open_icebergs, one.market_size_increment) == (None, None, None)


REFUSED = {
    topic("mark"): "quote",
    topic("index"): "quote",
    topic("funding"): "quote",
    topic("liquidation"): "quote",
    topic("book_orders"): "quote",
    topic("nonsense"): "quote",
    topic("bar", "7-MINUTE-LAST"): "1-MINUTE-LAST",
    topic("bar", "1-MINUTE-MID"): "1-MINUTE-LAST",
    topic("depth", "7"): "5, 10, 20",
    topic("depth", "05"): "5, 10, 20",
}
"""Topics that the venue does not have, and what the refusal says that it has."""


def test_what_the_venue_does_not_have_is_refused_with_a_code_and_nothing_is_sent(
    floor: Floor, venue: TwinProcess, actor: MarketData, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (*REFUSED, topic("quote", instrument="NOPE.BINANCE"), topic("status", instrument="NOPE.BINANCE")):
        floor.subscribe(name)
        floor.subscribe(f"status/{name}")
        wait_for(lambda name=name: status_of(floor, name).status == "REFUSED", f"{name} is refused")
    for name, words in REFUSED.items():
        assert status_of(floor, name).code is Code.UNSUPPORTED
        assert words in status_of(floor, name).reason
    for kind in ("quote", "status"):
        refused = status_of(floor, topic(kind, instrument="NOPE.BINANCE"))
        assert refused.code is Code.NO_SUCH_INSTRUMENT
        assert "NOPE.BINANCE" in refused.reason
    assert floor.request(actor.name, QueryBook("BINANCE", ID, 5001)).code is Code.UNSUPPORTED
    live(floor, topic("quote"))
    assert sum("topic refused" in one.getMessage() for one in caplog.records) == len(REFUSED) + 2
    assert [name for line in venue.log("subscribe") for name in line["streams"]] == ["btcusdt@bookTicker"]
    assert not [line for line in venue.log("received") if "depth" in line["method"]]
