"""Lesson 18, data side: a new word or field in any payload of the market costs a logged line, never the actor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from altered_rest import AlteredRest
from binance_floor import Floor, TwinProcess, wait_for
from data_desk import ID, changes, live, states, topic

from bus.messages import InstrumentStatusWord
from venues.binance.market_data import MarketData

TOMORROW = {"a_field_of_tomorrow": {"with": ["anything", 1, None]}}


@pytest.fixture
def rest(venue: TwinProcess) -> Iterator[AlteredRest]:
    door = AlteredRest(venue.greeting["rest"])
    yield door
    door.close()


@pytest.fixture
def start(floor: Floor, venue: TwinProcess, rest: AlteredRest) -> Any:
    """Start the actor at the altered door."""
    greeting = venue.greeting
    settings = {
        **venue.settings, "environment": "testnet", "announcement": None, "instrument_refresh_s": 1.0,
        "rest_url": rest.url, "stream_url": greeting["stream"], "ws_api_url": greeting["ws_api"],
    }  # fmt: skip
    return lambda: floor.start(MarketData, "market_data.BINANCE", "market_data", settings)


def of_tomorrow(path: str, answer: Any) -> Any:
    """exchangeInfo with a new status, filter, order type and field."""
    if not path.endswith("/exchangeInfo"):
        return answer
    bitcoin, ether = answer["symbols"]
    bitcoin |= {"status": "PRE_OPEN", "orderTypes": [*bitcoin["orderTypes"], "LIMIT_IN_SPIRIT"], **TOMORROW}
    bitcoin["filters"] += [{"filterType": "MAX_NUM_WISHES", "maxNumWishes": {"a": 1}, "limit": "7", **TOMORROW}]
    answer["exchangeFilters"] = [{"filterType": "EXCHANGE_MAX_NUM_WISHES", "maxNumWishes": 3}]
    answer["rateLimits"] += [{"rateLimitType": "WISHES", "interval": "FORTNIGHT", "intervalNum": 1, "limit": 5}]
    return {**answer, "symbols": [bitcoin, ether], **TOMORROW}


def test_new_words_in_the_instruments_are_one_logged_line_each_and_the_rest_is_read(
    floor: Floor, rest: AlteredRest, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    rest.change = of_tomorrow
    actor = start()
    live(floor, topic("instrument"), topic("status"), topic("quote"))
    (instrument,) = states(floor, topic("instrument"))
    (status,) = states(floor, topic("status"))
    assert (instrument.status, status.status) == (InstrumentStatusWord.UNKNOWN,) * 2
    assert status.venue_status == "PRE_OPEN"
    assert b"MAX_NUM_WISHES" in instrument.raw
    assert instrument.min_notional == 5
    asked = actor.counts["strange_words"]
    rest.change = lambda path, answer: answer
    wait_for(lambda: changes(floor, topic("instrument")), "it is read again, as of today")
    assert changes(floor, topic("status"))[0].status is InstrumentStatusWord.TRADING
    rest.change = of_tomorrow
    wait_for(lambda: len(changes(floor, topic("instrument"))) == 2, "and of tomorrow again")
    said = [record.getMessage() for record in caplog.records if "does not know" in record.getMessage()]
    words = ("PRE_OPEN", "LIMIT_IN_SPIRIT", "filter MAX_NUM_WISHES", "EXCHANGE_MAX_NUM_WISHES")
    assert len(said) == asked == actor.counts["strange_words"] == len(words)
    for word in words:
        assert sum(word in line for line in said) == 1


def test_a_symbol_that_cannot_be_read_is_left_out_and_the_others_are_there(
    floor: Floor, rest: AlteredRest, start: Any
) -> None:
    def broken(path: str, answer: Any) -> Any:
        if path.endswith("/exchangeInfo"):
            answer["symbols"][1]["filters"] = "none"
        return answer

    rest.change = broken
    actor = start()
    live(floor, topic("quote"))
    assert list(actor.instruments) == [ID]
    assert actor.counts["unreadable_venue"] >= 1


STREAMS = {
    "quote": ("btcusdt@bookTicker", ()),
    "trade": ("btcusdt@trade", ()),
    "book": ("btcusdt@depth@100ms", ()),
    "bar": ("btcusdt@kline_1s", ("1-SECOND-LAST",)),
    "depth": ("btcusdt@depth5@100ms", ("5",)),
    "ticker": ("btcusdt@ticker", ()),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_a_streams_message_with_new_fields_and_a_new_event_type_is_read_as_what_it_is(
    floor: Floor, venue: TwinProcess, start: Any, kind: str
) -> None:
    stream, details = STREAMS[kind]
    name = topic(kind, *details)
    actor = start()
    taken = actor.on_message

    def altered(which: str, data: Any) -> None:
        message = {**json.loads(bytes(data)), **TOMORROW}
        message |= {"e": "eventOfTomorrow"} if "e" in message else {}
        if "k" in message:
            message["k"] |= TOMORROW
        taken(which, json.dumps(message).encode())

    actor.on_message = altered
    live(floor, name)
    wait_for(lambda: len(changes(floor, name)) > 3, "messages are read")
    assert not floor.desk.stale
    assert actor.counts["unreadable_venue"] == 0
    assert stream in actor._feeds


def test_a_frame_of_a_kind_that_nobody_knows_is_counted_and_costs_nothing(floor: Floor, start: Any) -> None:
    actor = start()
    live(floor, topic("quote"))
    (link,) = [streams._link for streams in actor._streams.connections]
    frames = (b'{"notice":"of tomorrow"}', b'{"stream":"!news@arr","data":[1,2]}', b'{"result":{"a":1},"id":"x"}')
    for frame in frames:
        actor.loop.call_soon_threadsafe(link._take, frame)
    wait_for(lambda: actor.counts["unreadable_venue"] == 1, "the one that is neither data nor an answer is counted")
    seen = len(changes(floor, topic("quote")))
    wait_for(lambda: len(changes(floor, topic("quote"))) > seen + 3, "quotes go on")
    assert not floor.desk.stale
