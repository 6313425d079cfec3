"""The market-data actor at a real twin: what it publishes is what the venue sent, or it is marked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from binance_floor import Floor, TwinProcess, wait_for
from twin_admin import Admin

from bus import topics
from bus.codec import Kind
from bus.messages import (
    BookAnswer,
    BookDelta,
    BookSnapshot,
    Code,
    GetInstruments,
    Instrument,
    InstrumentsAnswer,
    InstrumentStatusWord,
    QueryBook,
    Quote,
    StreamStale,
    TopicStatus,
    Trade,
)
from venues.binance.client import stream_link as streams_module
from venues.binance.market_data import MarketData

ID = "BTCUSDT.BINANCE"


def topic(kind: str, instrument: str = ID) -> str:
    return topics.market("BINANCE", kind, instrument)


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess) -> Any:
    return floor.start(MarketData, "market_data.BINANCE", "market_data", venue.settings)


def changes(floor: Floor, name: str) -> list[Any]:
    return [message for header, message in floor.messages(name) if header.kind == Kind.CHANGE]


def states(floor: Floor, name: str) -> list[Any]:
    return [message for header, message in floor.messages(name) if header.kind == Kind.STATE]


def sent(venue: TwinProcess, stream: str) -> list[tuple[int, dict[str, Any]]]:
    """(socket, payload) of every message of a stream."""
    return [
        (socket, line["data"]) for line in venue.log("sent") if line["stream"] == stream for socket in line["sockets"]
    ]


def contains_run(whole: list[Any], part: list[Any]) -> bool:
    """True when `part` stands in `whole` in one piece."""
    if not part:
        return True
    starts = [index for index, one in enumerate(whole) if one == part[0]]
    return any(whole[start : start + len(part)] == part for start in starts)


def test_each_message_of_the_venue_is_exactly_one_change_in_order(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    for kind in ("quote", "trade", "book"):
        floor.subscribe(topic(kind))
    wait_for(lambda: len(changes(floor, topic("quote"))) > 200, "200 quotes come")
    wait_for(lambda: len(changes(floor, topic("book"))) > 20, "20 deltas come")
    assert not floor.desk.stale
    (first,) = states(floor, topic("quote"))
    quotes = [first.seq, *(quote.seq for quote in changes(floor, topic("quote")))]
    trades = [int(trade.trade_id) for trade in changes(floor, topic("trade"))]
    deltas = [(delta.prev_seq + 1, delta.seq) for delta in changes(floor, topic("book"))]
    assert trades
    assert quotes == [data["u"] for _, data in sent(venue, "btcusdt@bookTicker")][: len(quotes)]
    assert trades == [data["t"] for _, data in sent(venue, "btcusdt@trade")][: len(trades)]
    assert contains_run([(data["U"], data["u"]) for _, data in sent(venue, "btcusdt@depth@100ms")], deltas)


def test_the_book_is_a_snapshot_and_then_an_unbroken_chain_and_is_never_crossed(
    floor: Floor, actor: MarketData
) -> None:
    floor.subscribe(topic("book"))
    wait_for(lambda: len(changes(floor, topic("book"))) > 20, "deltas come")
    snapshot = states(floor, topic("book"))[0]
    assert isinstance(snapshot, BookSnapshot)
    assert snapshot.best_bid < snapshot.best_ask
    at = snapshot.seq
    for delta in changes(floor, topic("book")):
        assert isinstance(delta, BookDelta)
        assert delta.prev_seq == at
        at = delta.seq


def test_a_late_reader_is_given_the_whole_state(floor: Floor, actor: MarketData) -> None:
    for kind in ("quote", "trade", "book"):
        floor.subscribe(topic(kind))
    wait_for(lambda: len(changes(floor, topic("book"))) > 3 and len(changes(floor, topic("quote"))) > 3, "data come")
    before = len(states(floor, topic("book"))), len(states(floor, topic("quote")))
    late = floor.start(type(floor.desk), "late", "strategy")
    late.loop.call_soon_threadsafe(late.member.subscribe, topic("book"), late.keep, late.went_stale)
    late.loop.call_soon_threadsafe(late.member.subscribe, topic("quote"), late.keep, late.went_stale)
    wait_for(lambda: {name for name, _, _ in late.read} == {topic("book"), topic("quote")}, "the late reader joins")
    assert before == (1, 1)
    first = {name: (header.kind, type(message)) for name, header, message in reversed(late.read)}
    assert first == {topic("book"): (Kind.STATE, BookSnapshot), topic("quote"): (Kind.STATE, Quote)}


def test_a_lost_socket_is_marked_in_every_topic_at_once_and_all_begin_anew(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    names = [topic(kind) for kind in ("quote", "trade", "book")]
    for name in names:
        floor.subscribe(name)
    wait_for(lambda: all(changes(floor, name) for name in names), "data come")
    actor.loop.call_soon_threadsafe(actor._streams.cut, "test")
    wait_for(lambda: {name for name, _ in floor.desk.stale} == set(names), "all topics are marked")
    wait_for(lambda: len(states(floor, topic("quote"))) == 2, "the quote begins anew")
    wait_for(lambda: len(states(floor, topic("book"))) == 2, "the book begins anew")
    marks = len(changes(floor, topic("trade")))
    wait_for(lambda: len(changes(floor, topic("trade"))) > marks + 3, "trades come again")
    assert actor.counters()["reconnects"] == 1
    assert actor.counters()["gaps_marked"] == 3
    trades = [int(message.trade_id) for message in changes(floor, topic("trade"))]
    by_socket: dict[int, list[int]] = {}
    for socket, data in sent(venue, "btcusdt@trade"):
        by_socket.setdefault(socket, []).append(data["t"])
    old, new = by_socket.values()
    fresh = [number for number in trades if number in set(new)]
    assert trades == [*trades[: len(trades) - len(fresh)], *fresh]
    assert old[: len(trades) - len(fresh)] == trades[: len(trades) - len(fresh)]
    assert new[: len(fresh)] == fresh


def test_a_server_that_announces_its_restart_marks_nothing_and_no_change_is_missing(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    for kind in ("quote", "trade", "book"):
        floor.subscribe(topic(kind))
    wait_for(lambda: len(changes(floor, topic("book"))) > 3 and changes(floor, topic("trade")), "data come")
    Admin(venue.greeting["admin"]).fault("server_shutdown", after_s=10.0)
    (streams,) = actor._streams.connections
    wait_for(lambda: streams.replaced == 1, "a fresh connection takes over")
    before = len(changes(floor, topic("book")))
    wait_for(lambda: len(changes(floor, topic("book"))) > before + 3, "deltas come by it")
    assert not floor.desk.stale
    assert actor.counts["reconnects"] == 0
    deltas = changes(floor, topic("book"))
    assert [delta.prev_seq for delta in deltas[1:]] == [delta.seq for delta in deltas[:-1]]
    trades = [int(trade.trade_id) for trade in changes(floor, topic("trade"))]
    assert trades == list(range(trades[0], trades[0] + len(trades)))


def test_a_mute_venue_is_marked_and_found_again(
    floor: Floor, venue: TwinProcess, actor: MarketData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "MUTE_S", 0.5)
    floor.subscribe(topic("quote"))
    wait_for(lambda: changes(floor, topic("quote")), "quotes come")
    venue.freeze()
    wait_for(lambda: floor.desk.stale, "the quote is marked")
    assert "mute" in floor.desk.stale[0][1]
    venue.thaw()
    wait_for(lambda: len(states(floor, topic("quote"))) == 2, "quotes come again")


def test_a_restarted_venue_is_found_at_its_new_address(floor: Floor, venue: TwinProcess, actor: MarketData) -> None:
    floor.subscribe(topic("quote"))
    wait_for(lambda: states(floor, topic("quote")), "quotes come")
    venue.stop()
    wait_for(lambda: floor.desk.stale and actor.state == "CONNECTING", "the loss is told")
    venue.start()
    wait_for(lambda: len(states(floor, topic("quote"))) == 2 and actor.state == "READY", "quotes come again")


def test_a_delta_that_is_lost_on_the_way_marks_this_book_alone(floor: Floor, actor: MarketData) -> None:
    floor.subscribe(topic("book"))
    floor.subscribe(topic("quote"))
    wait_for(lambda: len(changes(floor, topic("book"))) > 3, "deltas come")
    feed = actor._by_topic[topic("book")]
    taken, feed.take = feed.take, lambda data: None  # type: ignore[method-assign]
    count = actor.counts["deltas"]
    wait_for(lambda: actor.counts["deltas"] > count, "a delta is lost")
    feed.take = taken  # type: ignore[method-assign]
    wait_for(lambda: floor.desk.stale, "the book is marked")
    wait_for(lambda: len(states(floor, topic("book"))) == 2, "the book is whole again")
    assert {name for name, _ in floor.desk.stale} == {topic("book")}
    at = states(floor, topic("book"))[1].seq
    followers = len([delta for delta in changes(floor, topic("book")) if delta.seq > at])
    wait_for(lambda: len([d for d in changes(floor, topic("book")) if d.seq > at]) > followers, "it goes on")


def test_a_message_that_cannot_be_read_is_marked_and_counted_and_the_topic_goes_on(
    floor: Floor, actor: MarketData
) -> None:
    for kind in ("quote", "trade", "book"):
        floor.subscribe(topic(kind))
    wait_for(lambda: all(changes(floor, topic(kind)) for kind in ("quote", "trade", "book")), "data come")
    for stream in ("btcusdt@bookTicker", "btcusdt@trade", "btcusdt@depth@100ms"):
        actor.loop.call_soon_threadsafe(actor.on_message, stream, b'{"u":"x"}')
    wait_for(lambda: len(floor.desk.stale) == 3, "all three are marked")
    wait_for(lambda: len(states(floor, topic("book"))) == 2, "the book is whole again")
    seen = len(changes(floor, topic("trade")))
    wait_for(lambda: len(changes(floor, topic("trade"))) > seen, "trades go on")
    assert actor.counters()["unreadable_venue"] == 3


def test_instruments_are_told_by_topic_and_by_request(floor: Floor, actor: MarketData) -> None:
    floor.subscribe(topic("instrument"))
    wait_for(lambda: states(floor, topic("instrument")), "the instrument comes")
    (instrument,) = states(floor, topic("instrument"))
    assert isinstance(instrument, Instrument)
    everything = floor.request(actor.name, GetInstruments("BINANCE")).body
    assert isinstance(everything, InstrumentsAnswer)
    assert {one.id for one in everything.instruments} == {ID, "ETHUSDT.BINANCE"}
    unknown = floor.request(actor.name, GetInstruments("BINANCE", "NOPE.BINANCE"))
    assert unknown.code is Code.NO_SUCH_INSTRUMENT
    assert "NOPE.BINANCE" in unknown.reason
    assert "BINANCE" in unknown.reason


def test_changed_rules_and_a_delisted_instrument_are_published(floor: Floor, actor: MarketData) -> None:
    floor.subscribe(topic("instrument"))
    wait_for(lambda: states(floor, topic("instrument")), "the instrument comes")
    (known,) = states(floor, topic("instrument"))
    other = actor.instruments["ETHUSDT.BINANCE"]
    changed = msgspec.structs.replace(known, min_notional=Decimal(7))
    for fresh in ({ID: changed, other.id: other}, {ID: changed, other.id: other}, {}, {other.id: other}):
        actor.loop.call_soon_threadsafe(actor.take_instruments, fresh)
    wait_for(lambda: len(changes(floor, topic("instrument"))) == 2, "both changes come")
    first, second = changes(floor, topic("instrument"))
    assert (first.min_notional, first.status) == (Decimal(7), InstrumentStatusWord.TRADING)
    assert second.status is InstrumentStatusWord.CLOSED


def test_a_snapshot_comes_by_request(floor: Floor, actor: MarketData) -> None:
    answer = floor.request(actor.name, QueryBook("BINANCE", ID, 5)).body
    assert isinstance(answer, BookAnswer)
    assert len(answer.book.bids) == 5
    assert answer.book.depth == 5
    assert floor.request(actor.name, QueryBook("BINANCE", "NOPE.BINANCE")).code is Code.NO_SUCH_INSTRUMENT
    assert floor.request(actor.name, QueryBook("BINANCE", ID, 9999)).code is Code.UNSUPPORTED


def test_an_unsupported_topic_and_an_unknown_instrument_are_refused_and_nothing_is_sent(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    for name in (topic("quote", "NOPE.BINANCE"), topic("mark")):
        floor.subscribe(name)
        floor.subscribe(f"status/{name}")
        wait_for(
            lambda name=name: any(message.status == "REFUSED" for _, message in floor.messages(f"status/{name}")),
            f"{name} is refused",
        )
        status = floor.messages(f"status/{name}")[-1][1]
        assert isinstance(status, TopicStatus)
        assert status.code in (Code.NO_SUCH_INSTRUMENT, Code.UNSUPPORTED)
    floor.subscribe(topic("quote"))
    wait_for(lambda: states(floor, topic("quote")), "a good one comes")
    names = [name for line in venue.log("subscribe") for name in line["streams"]]
    assert names == ["btcusdt@bookTicker"]


def test_a_topic_closes_at_the_venue_after_its_last_reader_and_opens_again(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    first, second = floor.subscribe(topic("trade")), floor.subscribe(topic("trade"))
    wait_for(lambda: changes(floor, topic("trade")), "trades come")
    floor.call(lambda: floor.desk.member.unsubscribe(first))
    floor.call(lambda: floor.desk.member.unsubscribe(second))
    wait_for(lambda: not actor._by_topic and not actor._streams.connections[0]._link.asked, "the stream is closed")
    seen = len(changes(floor, topic("trade")))
    floor.subscribe(topic("trade"))
    wait_for(lambda: len(changes(floor, topic("trade"))) > seen, "trades come again")
    assert [len(line["streams"]) for line in venue.log("subscribe")] == [1, 1]


def test_trades_and_quotes_have_our_time_and_the_venues_where_it_gives_one(floor: Floor, actor: MarketData) -> None:
    floor.subscribe(topic("trade"))
    floor.subscribe(topic("quote"))
    wait_for(lambda: changes(floor, topic("trade")) and changes(floor, topic("quote")), "data come")
    trade, quote = changes(floor, topic("trade"))[0], changes(floor, topic("quote"))[0]
    assert isinstance(trade, Trade)
    assert isinstance(quote, Quote)
    assert not any(isinstance(message, StreamStale) for message in changes(floor, topic("trade")))
    assert 0 < trade.ts_event <= trade.ts_init + 10**6
    assert (quote.ts_event, quote.ts_init > 0) == (0, True)
    assert quote.bid < quote.ask
