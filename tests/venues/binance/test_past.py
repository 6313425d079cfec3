"""History from a real twin, through the market-data actor, held against what the twin says itself."""

from __future__ import annotations

import json
import time
import urllib.request
from itertools import pairwise
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from twin_admin import Admin

from actors.strategy.past import HistoryRefused, Pages, PastRow, asking, question_of
from bus.messages import AggressorSide, Bar, Code, HistoryAnswer, QueryHistory, Trade
from venues.binance.mapping.bars import INTERVALS, venue_interval
from venues.binance.market_data import MarketData

ID = "BTCUSDT.BINANCE"
MS = 1_000_000
S = 1_000 * MS
HOUR, DAY = 3_600 * S, 86_400 * S
LISTED = 1_502_928_000 * S
"""The twin's oldest candle."""
SUMMER = 1_718_000_000 * S - 1_718_000_000 * S % DAY
"""A day in June 2024."""


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess) -> MarketData:
    found: MarketData = floor.start(MarketData, "market_data.BINANCE", "market_data", venue.settings)
    wait_for(lambda: found.has_instruments, "the instruments are read")
    return found


def told(venue: TwinProcess, path: str, **params: Any) -> Any:
    """The venue's own answer, without any code of ours."""
    query = "&".join(f"{name}={value}" for name, value in params.items())
    with urllib.request.urlopen(f"{venue.greeting['rest']}/api/v3/{path}?symbol=BTCUSDT&{query}") as answer:
        return json.load(answer)


def ask(floor: Floor, kind: str, start_ns: int, end_ns: int = 0, **more: Any) -> Any:
    """One page, or the refusal."""
    return floor.request("market_data.BINANCE", QueryHistory("BINANCE", ID, kind, start_ns, end_ns, **more), 20.0).body


def pages(floor: Floor, question: QueryHistory) -> tuple[list[HistoryAnswer], list[str]]:
    async def read() -> tuple[list[HistoryAnswer], list[str]]:
        found = Pages(asking(floor.desk.member, "BINANCE"), question)
        return [page async for page in found], found.missing

    return floor.run(read())


def rows(floor: Floor, question: QueryHistory) -> tuple[list[PastRow], list[str]]:
    found, missing = pages(floor, question)
    return [row for page in found for row in page.rows], missing


def traded(venue: TwinProcess, count: int) -> list[dict[str, Any]]:
    """Wait until so many trades have been made; return them all by the twin's log of what it did."""

    def lines() -> list[dict[str, Any]]:
        Admin(venue.greeting["admin"]).state()  # flushes the log
        read = (json.loads(line) for line in venue.log_path.read_text().splitlines())
        return [line for line in read if line["kind"] == "trade" and line["symbol"] == "BTCUSDT"]

    wait_for(lambda: len(lines()) >= count, f"{count} trades are made", 60.0)
    return lines()


def settled(venue: TwinProcess) -> None:
    """Wait until everything that was made before this call is old enough to be history."""
    made = told(venue, "aggTrades", limit=1)[-1]["T"]
    wait_for(lambda: time.time_ns() // MS > made + 1_100, "it is over for a second")


def test_bars_of_many_pages_are_the_venues_own_with_none_missing_and_none_twice(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    end = SUMMER + 2 * DAY + 7 * HOUR
    found, missing = pages(floor, question_of("BINANCE", ID, "bars", SUMMER, end, "1-MINUTE"))
    bars = [row for page in found for row in page.rows]
    assert len(found) == 4
    assert missing == []
    expected = []
    for hour in range(SUMMER, end, HOUR):  # asked for in other portions than ours
        expected += told(venue, "klines", interval="1m", startTime=hour // MS, endTime=(hour + HOUR) // MS - 1)
    assert [
        (
            bar.ts_open,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            bar.quote_volume,
            bar.trades,
            bar.taker_buy_volume,
        )
        for bar in bars
        if isinstance(bar, Bar)
    ] == [(row[0] * MS, *(float(each) for each in row[1:6]), float(row[7]), row[8], float(row[9])) for row in expected]
    assert all(one.ts_close == two.ts_open for one, two in pairwise(bars))
    assert {(bar.interval, bar.closed, bar.ts_event == bar.ts_close) for bar in bars} == {("1-MINUTE-LAST", True, True)}


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval_of_the_venue_is_there_and_goes_on_at_its_seams(
    floor: Floor, venue: TwinProcess, actor: MarketData, interval: str
) -> None:
    length = {"SECOND": S, "MINUTE": 60 * S, "HOUR": HOUR, "DAY": DAY, "WEEK": 7 * DAY, "MONTH": 31 * DAY}
    number, unit, _ = interval.split("-")
    end = SUMMER + 12 * int(number) * length[unit]
    question = QueryHistory("BINANCE", ID, "bar", SUMMER, end, interval, limit=5)
    found, missing = pages(floor, question)
    bars = [row for page in found for row in page.rows]
    assert missing == []
    assert len(found) == 3
    expected = told(
        venue, "klines", interval=venue_interval(interval), startTime=SUMMER // MS, endTime=end // MS - 1, limit=1000
    )
    assert [(bar.ts_open, bar.ts_close, bar.trades) for bar in bars if isinstance(bar, Bar)] == [
        (row[0] * MS, (row[6] + 1) * MS, row[8]) for row in expected
    ]


def test_bars_of_a_range_in_which_none_opens_are_none_and_nothing_is_missing(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    assert ask(floor, "bar", SUMMER + 10 * S, SUMMER + 50 * S, interval="1-MINUTE-LAST") == HistoryAnswer()
    assert ask(floor, "bar", SUMMER, SUMMER, interval="1-MINUTE-LAST") == HistoryAnswer()


def test_the_first_bar_of_a_range_opens_in_it_and_one_that_opens_at_its_end_does_not_belong_to_it(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    answer = ask(floor, "bar", SUMMER + 1, SUMMER + 3 * HOUR, interval="1-HOUR-LAST")
    assert [bar.ts_open for bar in answer.rows] == [SUMMER + HOUR, SUMMER + 2 * HOUR]
    answer = ask(floor, "bar", SUMMER, SUMMER + HOUR + 1, interval="1-HOUR-LAST")
    assert [bar.ts_open for bar in answer.rows] == [SUMMER, SUMMER + HOUR]


def test_a_bar_that_still_changes_is_no_history(floor: Floor, venue: TwinProcess, actor: MarketData) -> None:
    answer = ask(floor, "bar", time.time_ns() - 3 * HOUR, interval="1-HOUR-LAST")
    assert len(answer.rows) in (2, 3)
    assert all(bar.closed and bar.ts_close <= time.time_ns() for bar in answer.rows)
    assert answer.missing == ""
    newest = told(venue, "klines", interval="1h", limit=1)[0]
    assert answer.rows[-1].ts_close <= newest[0] * MS


def test_what_is_older_than_the_venue_and_what_is_to_come_is_said(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    answer = ask(floor, "bar", LISTED - 10 * DAY, LISTED + 2 * DAY, interval="1-DAY-LAST")
    assert [bar.ts_open for bar in answer.rows] == [LISTED, LISTED + DAY]
    assert answer.missing == "no bars from 2017-08-07T00:00:00Z to 2017-08-17T00:00:00Z"
    answer = ask(floor, "bar", LISTED - 10 * DAY, LISTED - 2 * DAY, interval="1-DAY-LAST")
    assert answer == HistoryAnswer(missing="no bars from 2017-08-07T00:00:00Z to 2017-08-15T00:00:00Z")
    end = time.time_ns() + DAY
    answer = ask(floor, "bar", end - 2 * DAY, end, interval="1-HOUR-LAST")
    assert 22 <= len(answer.rows) <= 24
    assert answer.missing.endswith("that is to come")
    answer = ask(floor, "trade", end, end + DAY)
    assert answer.rows == ()
    assert answer.missing.endswith("that is to come")


@pytest.mark.parametrize("kind", ["trade", "aggregate_trade"])
def test_trades_of_many_pages_are_the_venues_own_with_none_missing_and_none_twice(
    floor: Floor, venue: TwinProcess, actor: MarketData, kind: str
) -> None:
    start = told(venue, "aggTrades", fromId=0, limit=1)[0]["T"] * MS
    truth = traded(venue, 700)
    settled(venue)
    end = time.time_ns() - S
    question = QueryHistory("BINANCE", ID, kind, start, end, limit=100)
    found, missing = pages(floor, question)
    trades = [row for page in found for row in page.rows if isinstance(row, Trade)]
    assert len(found) > 4
    if kind == "trade":
        by_number = {line["trade_id"]: line for line in traded(venue, 700)}
        numbers = [int(trade.trade_id) for trade in trades]
        assert numbers == list(range(numbers[0], numbers[0] + len(trades)))
        assert set(numbers) >= {line["trade_id"] for line in truth if line["trade_id"] >= numbers[0]}
        assert [(t.price, t.size) for t in trades] == [
            (float(by_number[number]["price"]), float(by_number[number]["size"])) for number in numbers
        ]
    expected, number = [], 0
    path, name = ("historicalTrades", "id") if kind == "trade" else ("aggTrades", "a")
    while page := told(venue, path, fromId=number, limit=1000):
        expected += page
        number = page[-1][name] + 1
    size, at, maker = ("qty", "time", "isBuyerMaker") if kind == "trade" else ("q", "T", "m")
    price = "price" if kind == "trade" else "p"
    side = {True: AggressorSide.SELLER, False: AggressorSide.BUYER}
    assert [(t.trade_id, t.price, t.size, t.ts_event, t.aggressor) for t in trades] == [
        (str(row[name]), float(row[price]), float(row[size]), row[at] * MS, side[row[maker]])
        for row in expected
        if start <= row[at] * MS < end
    ]
    assert missing == [] or missing[0].startswith("from ")


def test_trades_from_the_middle_begin_with_the_first_of_that_time_and_end_before_the_end(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    traded(venue, 300)
    settled(venue)
    every = told(venue, "historicalTrades", fromId=0, limit=1000)
    start, end = every[100]["time"], every[200]["time"]
    found, missing = rows(floor, QueryHistory("BINANCE", ID, "trade", start * MS, end * MS, limit=30))
    assert [int(row.trade_id) for row in found if isinstance(row, Trade)] == [
        row["id"] for row in every if start <= row["time"] < end
    ]
    assert missing == []


def test_a_time_in_which_nobody_traded_is_empty_and_nothing_is_missing(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    traded(venue, 100)
    every = told(venue, "historicalTrades", fromId=0, limit=1000)
    one, two = max(pairwise(every), key=lambda pair: pair[1]["time"] - pair[0]["time"])
    settled(venue)
    for kind in ("trade", "aggregate_trade"):
        assert ask(floor, kind, (one["time"] + 1) * MS, two["time"] * MS) == HistoryAnswer()
        assert ask(floor, kind, one["time"] * MS, one["time"] * MS) == HistoryAnswer()


@pytest.mark.parametrize("kind", ["trade", "aggregate_trade"])
def test_trades_that_the_venue_does_not_keep_are_said_to_be_missing(
    floor: Floor, venue: TwinProcess, actor: MarketData, kind: str
) -> None:
    traded(venue, 50)
    settled(venue)
    oldest = told(venue, "aggTrades", fromId=0, limit=1)[0]
    answer = ask(floor, kind, SUMMER, oldest["T"] * MS + 1)
    assert [row.ts_event for row in answer.rows][:1] == [oldest["T"] * MS]
    number = oldest["f"] if kind == "trade" else oldest["a"]
    assert answer.missing.startswith("from 2024-06-10T00:00:00Z to ")
    assert answer.missing.endswith(f"the venue keeps no older trades, its oldest is number {number}")
    answer = ask(floor, kind, SUMMER, SUMMER + DAY)
    assert answer.rows == ()
    assert answer.missing.startswith(
        "from 2024-06-10T00:00:00Z to 2024-06-11T00:00:00Z: the venue keeps no older trades"
    )


@pytest.mark.parametrize(
    ("question", "code", "words"),
    [
        (("quote", SUMMER), Code.UNSUPPORTED, "no history of kind 'quote'; it has: trade, bar, aggregate_trade"),
        (("nonsense", SUMMER), Code.UNSUPPORTED, "no history of kind 'nonsense'"),
        (
            ("bar", SUMMER, 0, "7-MINUTE-LAST"),
            Code.UNSUPPORTED,
            "no bars of interval '7-MINUTE-LAST'; it has: 1-SECOND",
        ),
        (("bar", SUMMER), Code.UNSUPPORTED, "no bars of interval ''"),
        (("trade", SUMMER, SUMMER - 1), Code.BAD_VALUE, "reversed"),
        (("trade", -1), Code.BAD_VALUE, "start_ns is -1"),
        (("trade", 2**63), Code.BAD_VALUE, "start_ns is 9223372036854775808"),
        (("trade", SUMMER, 0, "1-MINUTE-LAST"), Code.BAD_VALUE, "expected none, for trade has no intervals"),
        (("trade", SUMMER, 0, "", 1001), Code.BAD_VALUE, "limit is 1001; expected 1 to 1000"),
        (("trade", SUMMER, 0, "", -1), Code.BAD_VALUE, "limit is -1"),
        (("trade", SUMMER, 0, "", 0, "x"), Code.BAD_VALUE, "after is 'x'"),
        (("trade", SUMMER, 0, "", 0, "9" * 5000), Code.BAD_VALUE, "after is '9999"),
        (("bar", SUMMER, 0, "1-HOUR-LAST", 0, "12"), Code.BAD_VALUE, "bars are not numbered"),
    ],
)
def test_what_is_not_offered_is_refused_with_a_code_and_nothing_is_sent(
    floor: Floor, venue: TwinProcess, actor: MarketData, question: Any, code: Code, words: str
) -> None:
    refusal = floor.request("market_data.BINANCE", QueryHistory("BINANCE", ID, *question)).body
    assert refusal.code is code
    assert words in refusal.reason
    unknown = floor.request("market_data.BINANCE", QueryHistory("BINANCE", "NO.BINANCE", "trade", SUMMER)).body
    assert unknown.code is Code.NO_SUCH_INSTRUMENT
    assert "'NO.BINANCE'" in unknown.reason
    paths = {line["method"] for line in venue.log("received")}
    assert paths == {"GET /api/v3/time", "GET /api/v3/exchangeInfo"}


def test_a_failure_of_the_venue_is_a_refusal_and_never_an_empty_page(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    admin = Admin(venue.greeting["admin"])
    for kind, interval, path in (
        ("bar", "1-HOUR-LAST", "/api/v3/klines"),
        ("trade", "", "/api/v3/aggTrades"),
        ("aggregate_trade", "", "/api/v3/aggTrades"),
    ):
        for fault, options in (("garbage", {}), ("http_error", {}), ("ack_lost", {"how": "cut"}), ("firewall", {})):
            admin.fault(fault, method=path, count=1, **options)
            answer = ask(floor, kind, SUMMER, SUMMER + DAY, interval=interval)
            assert answer.code is Code.VENUE_NOT_CONNECTED, (kind, fault, answer)
            assert isinstance(ask(floor, kind, SUMMER, SUMMER + DAY, interval=interval), HistoryAnswer)


def test_a_limit_that_was_reached_is_waited_for_and_not_asked_against(
    floor: Floor, venue: TwinProcess, actor: MarketData
) -> None:
    Admin(venue.greeting["admin"]).fault("rate_limited", method="/api/v3/klines", count=1, retry_after_s=2)
    began = time.monotonic()
    found, _ = rows(floor, question_of("BINANCE", ID, "bars", SUMMER, SUMMER + DAY, "1-HOUR"))
    assert len(found) == 24
    assert time.monotonic() - began >= 2.0
    answered = [line["status"] for line in venue.log("answered") if line["method"] == "GET /api/v3/klines"]
    assert answered == [429, 200]


def test_what_is_never_answered_ends_a_reading_at_once(floor: Floor, venue: TwinProcess, actor: MarketData) -> None:
    with pytest.raises(HistoryRefused, match="no history of kind 'funding'"):
        pages(floor, question_of("BINANCE", ID, "funding", SUMMER))
