"""Market-data cases: what a venue's actor tells on a real floor, held against the venue's own truth."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from decimal import Decimal

import msgspec
import pytest
from conformance import DataFault, VenueUnderTest
from conformance.listener import Heard, Listener, Replica
from conformance.puppet import Stage

from bus import topics
from bus.messages import (
    Bar,
    BookAnswer,
    BookSnapshot,
    Code,
    HistoryAnswer,
    Instrument,
    InstrumentsAnswer,
    InstrumentStatus,
    InstrumentStatusWord,
    Message,
    QueryBook,
    QueryHistory,
    Quote,
    Ticker,
    TopicStatus,
    Trade,
)
from bus.moments import moment_ns
from venues.capabilities import Cell

AGES_NS = 10**9 * 3600
SOON_S = 15.0


def topic(venue: VenueUnderTest, kind: str, *details: str) -> str:
    return topics.market(venue.instance, kind, venue.instrument, *details)


def whole(stage: Stage, heard: Heard, count: int = 1) -> None:
    """Wait until so many messages came since now."""
    target = len(heard.messages) + count
    stage.until(lambda: len(heard.messages) >= target, f"{count} messages of {heard.topic}", lambda: heard.items[-3:])


def is_times_of_now(message: Message) -> bool:
    """Both times are UNIX nanoseconds of these minutes."""
    return all(abs(getattr(message, name) - time.time_ns()) < AGES_NS for name in ("ts_event", "ts_init"))


@pytest.mark.proves("market_data: instrument")
def test_d01_all_instruments_are_listed_with_their_rules(stage: Stage, venue: VenueUnderTest) -> None:
    answer = stage.instruments().body
    assert isinstance(answer, InstrumentsAnswer)
    assert len(answer.instruments) > 1
    for each in answer.instruments:
        assert each.symbol
        assert each.raw
        assert each.price_increment > 0
        assert each.size_increment > 0
        assert each.status is InstrumentStatusWord.TRADING


def test_d02_one_instrument_is_found_and_an_unknown_one_is_named(stage: Stage, venue: VenueUnderTest) -> None:
    answer = stage.instruments(venue.instrument).body
    assert isinstance(answer, InstrumentsAnswer)
    assert [each.id for each in answer.instruments] == [venue.instrument]
    unknown = stage.instruments(f"NONESUCH.{venue.instance}")
    assert "NONESUCH" in unknown.reason
    assert venue.instance in unknown.reason


@pytest.mark.proves("market_data: instrument")
def test_d03_a_rule_that_the_venue_changes_is_published_and_used_by_the_gate(
    stage: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topic(venue, "instrument"))
    stage.until(lambda: heard.messages, "the rules are told")
    before = heard.messages[-1]
    assert isinstance(before, Instrument)
    assert before.min_notional is not None
    price = (venue.touch()[0] * Decimal("0.97")).quantize(Decimal(1))
    size = (Decimal(50) / price).quantize(before.size_increment)
    stage.cancel(stage.becomes(stage.order("BUY", size, price), "ACCEPTED"))
    venue.raise_least_notional(Decimal(100))
    try:
        stage.until(lambda: getattr(heard.messages[-1], "min_notional", None) == 100, "the new version is published")
        stage.until(lambda: stage.puppet.instruments[venue.instrument].min_notional == 100, "the strategy has it")
        denied = stage.becomes(stage.order("BUY", size, price), "DENIED")
        assert denied.code is Code.NOTIONAL_LIMIT
        assert "100" in denied.reason
    finally:
        venue.raise_least_notional(before.min_notional)
        stage.until(lambda: getattr(heard.messages[-1], "min_notional", None) == before.min_notional, "it is as before")


@pytest.mark.proves("market_data: book")
def test_d10_a_book_is_a_snapshot_and_then_an_unbroken_chain_and_is_the_venues(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topic(venue, "book"))
    whole(moving, heard, 20)
    venue.stand_still()
    assert isinstance(heard.items[0], BookSnapshot)
    same_book(moving, venue, heard)
    assert heard.marks == []


def same_book(stage: Stage, venue: VenueUnderTest, heard: Heard) -> None:
    """Wait until what was heard makes the book that the venue has, which stands still."""
    truth = venue.depth(50)

    def agrees() -> bool:
        replica = Replica()
        for item in list(heard.items):
            if isinstance(item, str):
                replica = Replica()  # a mark: nothing of before is to be trusted, and a snapshot comes
            else:
                replica.take(item)
        return heard.is_fresh and replica.top(50) == (truth.bids, truth.asks)

    stage.until(agrees, f"the book is the venue's at {truth.seq}", lambda: heard.items[-2:])


@pytest.mark.proves("market_data: depth")
def test_d11_the_best_levels_come_in_their_rhythm_sorted_and_are_the_venues(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topic(venue, "depth", str(venue.depth_levels)))
    whole(moving, heard)
    began, count = time.monotonic(), len(heard.messages)
    whole(moving, heard, 20)
    rate = (len(heard.messages) - count) / (time.monotonic() - began)
    assert 3 <= rate <= 30, f"{rate:.1f} a second"
    for each in heard.messages:
        assert isinstance(each, BookSnapshot)
        assert len(each.bids) == len(each.asks) == venue.depth_levels
        assert each.bids == sorted(each.bids, reverse=True)
        assert each.asks == sorted(each.asks)
        assert each.bids[0][0] < each.asks[0][0]
    venue.stand_still()
    truth = venue.depth(venue.depth_levels)
    moving.until(
        lambda: (heard.messages[-1].bids, heard.messages[-1].asks) == (truth.bids, truth.asks),  # type: ignore[attr-defined]
        "the levels are the venue's",
    )


@pytest.mark.proves("market_data: book snapshot by request")
def test_d12_a_book_by_request_is_the_venues_at_that_number(stage: Stage, venue: VenueUnderTest) -> None:
    def asked_between() -> bool:
        first = venue.depth(100)
        answer = stage.ask(f"market_data.{venue.instance}", QueryBook(venue.instance, venue.instrument, 100)).body
        assert isinstance(answer, BookAnswer)
        if answer.book.seq != first.seq:
            return False
        assert (answer.book.bids, answer.book.asks) == (first.bids, first.asks)
        return True

    stage.until(asked_between, "one is asked for at the number that the venue has")


@pytest.mark.proves("market_data: book")
@pytest.mark.parametrize("fault", list(DataFault), ids=lambda fault: fault.name.lower())
def test_d13_what_a_book_suffers_marks_it_and_it_is_the_venues_again(
    moving: Stage, venue: VenueUnderTest, listener: Listener, fault: DataFault
) -> None:
    heard = listener.hear(topic(venue, "book"))
    whole(moving, heard, 5)
    venue.hurt_book(fault)
    if fault is DataFault.REPEATED:
        whole(moving, heard, 10)
        assert heard.marks == []  # what was told already is left out, and nothing is missing
    else:
        moving.until(lambda: heard.marks, "it is marked")
        moving.until(lambda: heard.is_fresh, "it is whole again")
        whole(moving, heard, 3)
    venue.stand_still()
    same_book(moving, venue, heard)


@pytest.mark.proves("market_data: quote")
def test_d14_a_mute_socket_is_marked_and_a_quiet_market_is_not(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topic(venue, "quote"))
    whole(moving, heard, 3)
    venue.stand_still()
    quiet_until = time.monotonic() + venue.quiet_s
    moving.until(lambda: time.monotonic() > quiet_until, "the quiet time is over")
    assert heard.marks == []
    venue.go_on()
    whole(moving, heard, 3)
    with venue.mute_streams():
        moving.until(lambda: heard.marks, "the mute one is marked")
    moving.until(lambda: heard.is_fresh, "it is fresh again")


@pytest.mark.proves("market_data: quote", "market_data: trade")
def test_d20_quotes_and_trades_are_valid_in_order_and_dated(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    quotes, trades = listener.hear(topic(venue, "quote")), listener.hear(topic(venue, "trade"))
    whole(moving, quotes, 20)
    whole(moving, trades, 10)
    for quote in quotes.messages:
        assert isinstance(quote, Quote)
        assert 0 < quote.bid < quote.ask
        assert quote.bid_size > 0 < quote.ask_size
        assert abs(quote.ts_init - time.time_ns()) < AGES_NS
    numbers = [each.seq for each in quotes.messages if isinstance(each, Quote)]
    assert numbers == sorted(numbers)
    ids = [int(each.trade_id) for each in trades.messages if isinstance(each, Trade)]
    assert all(after == before + 1 for before, after in itertools.pairwise(ids))
    for trade in trades.messages:
        assert isinstance(trade, Trade)
        assert trade.price > 0 < trade.size
        assert trade.instrument == venue.instrument
        assert is_times_of_now(trade)
    assert quotes.marks == trades.marks == []


@pytest.mark.proves("market_data: bar")
def test_d20_a_bar_closes_once_and_follows_the_one_before(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topic(venue, "bar", venue.bar_interval))

    def closed() -> list[Bar]:
        return [each for each in heard.messages if isinstance(each, Bar) and each.closed]

    moving.until(lambda: len(closed()) >= 3, "three bars close")
    opens = [each.ts_open for each in closed()]
    assert all(0 < after - before == opens[1] - opens[0] for before, after in itertools.pairwise(opens))
    for each in closed():
        assert each.low <= min(each.open, each.close) <= max(each.open, each.close) <= each.high
        assert each.interval == venue.bar_interval
        assert is_times_of_now(each)


@pytest.mark.proves("market_data: ticker", "market_data: status")
def test_d21_tickers_and_status_where_the_venue_has_them(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    ticker, status = listener.hear(topic(venue, "ticker")), listener.hear(topic(venue, "status"))
    moving.until(lambda: ticker.messages and status.messages, "both are told")
    day, word = ticker.messages[0], status.messages[0]
    assert isinstance(day, Ticker)
    assert day.low <= day.last <= day.high
    assert is_times_of_now(day)
    assert isinstance(word, InstrumentStatus)
    assert word.status is InstrumentStatusWord.TRADING


@pytest.mark.parametrize("kind", ["mark", "index", "funding", "liquidation"])
def test_d21_figures_of_derivatives(stage: Stage, venue: VenueUnderTest, kind: str) -> None:
    cell = {word: cell for group, word, cell in venue.capabilities.rows() if group == "market_data"}[kind]
    if cell is Cell.NONE:
        pytest.skip(f"{venue.name} has no {kind}")
    raise AssertionError(f"{venue.name} offers {kind}: the case has to be written")


def past(stage: Stage, venue: VenueUnderTest, question: QueryHistory) -> list[HistoryAnswer]:
    """Read a range page by page."""
    pages: list[HistoryAnswer] = []
    while True:
        reply = stage.ask(f"market_data.{venue.instance}", question)
        assert isinstance(reply.body, HistoryAnswer), reply
        pages.append(reply.body)
        if not reply.body.next_ns:
            return pages
        question = msgspec.structs.replace(question, start_ns=reply.body.next_ns, after=reply.body.next_after)


def bars_of(venue: VenueUnderTest, start: str, end: str) -> QueryHistory:
    interval = f"{venue.past[2]}-LAST"
    return QueryHistory(venue.instance, venue.instrument, "bar", moment_ns(start), moment_ns(end), interval)


@pytest.mark.proves("history: bar")
def test_d30_bars_of_several_pages_are_whole_ascending_and_without_a_double(
    stage: Stage, venue: VenueUnderTest
) -> None:
    start, end, _, rows = venue.past
    pages = past(stage, venue, bars_of(venue, start, end))
    found = [row.ts_open for page in pages for row in page.rows if isinstance(row, Bar)]
    assert (len(found), found[0]) == (rows, moment_ns(start))
    assert all(after - before == found[1] - found[0] for before, after in itertools.pairwise(found))
    assert len(pages) > 1
    assert not any(page.missing for page in pages)


@pytest.mark.proves("history: trade", "history: aggregate_trade")
def test_d30_past_trades_are_those_that_were_told_when_they_were_made(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    heard = listener.hear(topic(venue, "trade"))
    whole(moving, heard, 60)
    venue.stand_still()
    live = [each for each in heard.messages if isinstance(each, Trade)]
    first, last = live[0].ts_event, live[-1].ts_event
    for kind in ("trade", "aggregate_trade"):
        pages = past_in_full(moving, venue, kind, first, last + 1_000_000)
        rows = [row for page in pages for row in page.rows if isinstance(row, Trade)]
        ids = [int(row.trade_id) for row in rows]
        assert len(pages) > 1
        assert ids == sorted(set(ids))
        assert [row.ts_event for row in rows] == sorted(row.ts_event for row in rows)
        if kind == "trade":
            assert {int(each.trade_id) for each in live} <= set(ids) == set(range(ids[0], ids[-1] + 1))
        assert sum(row.size for row in rows) >= sum(each.size for each in live) - 1e-9


def past_in_full(stage: Stage, venue: VenueUnderTest, kind: str, start_ns: int, end_ns: int) -> list[HistoryAnswer]:
    """Read a range of small pages, once nothing of it is to come any more."""
    question = QueryHistory(venue.instance, venue.instrument, kind, start_ns, end_ns, limit=20)
    pages: list[HistoryAnswer] = []

    def is_past() -> bool:
        pages[:] = past(stage, venue, question)
        return not any(page.missing for page in pages)

    stage.until(is_past, "nothing of the range is to come", lambda: [page.missing for page in pages])
    return pages


def test_d30_an_empty_range_is_empty_and_a_reversed_one_is_an_error(stage: Stage, venue: VenueUnderTest) -> None:
    start, end, *_ = venue.past
    (page,) = past(stage, venue, bars_of(venue, start, start))
    assert page.rows == ()
    refused = stage.ask(f"market_data.{venue.instance}", bars_of(venue, end, start))
    assert not refused.ok
    assert "reversed" in refused.reason


def test_d31_what_the_venue_no_longer_has_is_said(stage: Stage, venue: VenueUnderTest) -> None:
    pages = past(stage, venue, bars_of(venue, *venue.before_all))
    assert [row for page in pages for row in page.rows] == []
    assert any(page.missing for page in pages)


def test_d40_readers_come_leave_and_are_killed_and_the_venue_sees_one_subscription(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    name = topics.market(venue.instance, "trade", venue.other)
    staying = listener.hear(name)
    whole(moving, staying, 2)
    words = [sys.executable, "-m", "tradefloor", "tap", name, "--floor", venue.floor.run_dir]
    others = [subprocess.Popen(words, stdout=subprocess.PIPE) for _ in range(2)]
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline()
    others[0].terminate()
    others[1].kill()
    for other in others:
        other.communicate(timeout=10)
    whole(moving, staying, 5)
    assert venue.subscriptions_of_other_trades() == ["open"]
    listener.leave(staying)
    moving.until(lambda: venue.subscriptions_of_other_trades() == ["open", "close"], "it is closed after the last")


def test_d41_what_is_left_and_wanted_again_at_once_is_neither_lost_nor_doubled(
    moving: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    name = topics.market(venue.instance, "trade", venue.other)
    for _ in range(20):
        heard = listener.hear(name)
        listener.leave(heard)
    heard = listener.hear(name)
    whole(moving, heard, 5)
    ids = [int(each.trade_id) for each in heard.messages if isinstance(each, Trade)]
    assert all(after == before + 1 for before, after in itertools.pairwise(ids))
    assert venue.subscriptions_of_other_trades()[-1:] == ["open"]
    assert venue.subscriptions_of_other_trades().count("open") == 1 + venue.subscriptions_of_other_trades().count(
        "close"
    )


def test_d42_what_the_venue_does_not_have_is_refused_with_a_code_and_nothing_is_sent(
    stage: Stage, venue: VenueUnderTest, listener: Listener
) -> None:
    lacking = [word for group, word, cell in venue.capabilities.rows() if group == "market_data" and cell is Cell.NONE]
    kinds = [word for word in lacking if word in ("mark", "index", "funding", "liquidation")]
    if not kinds:
        pytest.skip(f"{venue.name} has every kind of data")
    told = []
    for kind in kinds:
        heard = listener.hear(f"status/{topic(venue, kind)}")
        listener.hear(topic(venue, kind))
        told.append(heard)
    for heard in told:
        stage.until(lambda heard=heard: any(_is_refusal(each) for each in heard.messages), f"{heard.topic} is refused")
    question = QueryHistory(venue.instance, venue.instrument, "funding", moment_ns("2024-06-10"))
    refused = stage.ask(f"market_data.{venue.instance}", question)
    assert refused.code is Code.UNSUPPORTED


def _is_refusal(message: Message) -> bool:
    return isinstance(message, TopicStatus) and message.status == "REFUSED" and message.code is Code.UNSUPPORTED
