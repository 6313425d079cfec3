"""Candles, tickers, trades and partial books become messages; commission rates become fees."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import msgspec
import pytest

from bus.messages import (
    AggressorSide,
    Bar,
    BookSnapshot,
    InstrumentStatus,
    InstrumentStatusWord,
    Quote,
    Ticker,
    Trade,
)
from venues.binance.client.payloads import (
    AccountCommission,
    AggregateTrade,
    BlockTrade,
    BookTop,
    Depth,
    DepthUpdate,
    Kline,
    MarketTrade,
    PriceChange,
    ServerShutdown,
    StreamKlineEvent,
    WindowTicker,
    stream_kind,
)
from venues.binance.mapping.bars import (
    bar_of,
    interval_of,
    mini_ticker_of,
    past_bars_of,
    past_ticker_of,
    ticker_of,
    venue_interval,
)
from venues.binance.mapping.instruments import instrument_of, status_of, with_fees
from venues.binance.mapping.market_data import (
    BLOCK,
    aggregate_trade_of,
    block_trade_of,
    partial_of,
    past_aggregate_trade_of,
    past_trade_of,
    top_of,
)

MS = 10**6


def observed(raw: bytes, kind: Any) -> Any:
    return msgspec.json.decode(raw, type=kind, strict=False)


KLINE = (
    b'{"e":"kline","E":1672515782136,"s":"BNBBTC","k":{"t":1672515780000,"T":1672515839999,"s":"BNBBTC","i":"1m",'
    b'"f":100,"L":200,"o":"0.0010","c":"0.0020","h":"0.0025","l":"0.0015","v":"1000","n":100,"x":false,"q":"1.0000",'
    b'"V":"500","Q":"0.500","B":"123456"}}'
)


def test_a_candle_of_the_stream_is_a_bar_from_its_first_nanosecond_to_the_first_after_it() -> None:
    bar = bar_of(KLINE, "BNBBTC.B", 9)
    assert bar == Bar(
        "BNBBTC.B", "1-MINUTE-LAST", 0.001, 0.0025, 0.0015, 0.002, 1000.0, False, 1672515780000 * MS,
        1672515782136 * MS, 9, trades=100, quote_volume=1.0, ts_close=1672515840000 * MS, taker_buy_volume=500.0,
    )  # fmt: skip
    assert bar_of(KLINE.replace(b'"x":false', b'"x":true'), "BNBBTC.B", 9).closed


def test_past_candles_are_closed_where_their_time_is_over() -> None:
    raw = (
        b'[[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,'
        b'"2434.19055334",308,"1756.87402397","28.46694368","0"],'
        b'[1499644800000,"1","4","0.5","2","10",1500249599999,"20",3,"4","8","0"]]'
    )
    first, last = past_bars_of(observed(raw, list[Kline]), "1-WEEK-LAST", "X.B", 1499644900000, 9)
    assert first == Bar(
        "X.B", "1-WEEK-LAST", 0.0163479, 0.8, 0.015758, 0.015771, 148976.11427815, True, 1499040000000 * MS,
        1499644800000 * MS, 9, trades=308, quote_volume=2434.19055334, ts_close=1499644800000 * MS,
        taker_buy_volume=1756.87402397,
    )  # fmt: skip
    assert (last.closed, last.ts_event, last.ts_close) == (False, 0, 1500249600000 * MS)
    assert (last.open, last.high, last.low, last.close) == (1.0, 4.0, 0.5, 2.0)


@pytest.mark.parametrize(
    ("venue", "ours"),
    [
        ("1s", "1-SECOND-LAST"), ("15m", "15-MINUTE-LAST"), ("12h", "12-HOUR-LAST"), ("3d", "3-DAY-LAST"),
        ("1w", "1-WEEK-LAST"), ("1M", "1-MONTH-LAST"), ("1m", "1-MINUTE-LAST"),
    ],
)  # fmt: skip
def test_intervals_have_two_names(venue: str, ours: str) -> None:
    assert interval_of(venue) == ours
    assert venue_interval(ours) == venue


@pytest.mark.parametrize("interval", ["7-MINUTE-LAST", "1-MINUTE-MID", "1m", "1-FORTNIGHT-LAST", "", "1-minute-LAST"])
def test_an_interval_that_the_venue_does_not_have_is_refused_with_those_that_it_has(interval: str) -> None:
    with pytest.raises(ValueError, match="15-MINUTE-LAST"):
        venue_interval(interval)


def test_an_interval_of_tomorrow_keeps_the_venues_name() -> None:
    assert bar_of(KLINE.replace(b'"i":"1m"', b'"i":"2m"'), "X.B", 9).interval == "2m"
    with pytest.raises(ValueError, match="'2m'"):
        interval_of("2m")


DAY = (
    b'{"e":"24hrTicker","E":1672515782136,"s":"BNBBTC","p":"0.0015","P":"250.00","w":"0.0018","x":"0.0009","c":"0.0025",'
    b'"Q":"10","b":"0.0024","B":"10","a":"0.0026","A":"100","o":"0.0010","h":"0.0026","l":"0.0008","v":"10000",'
    b'"q":"18","O":0,"C":86400000,"F":0,"L":18150,"n":18151}'
)


def test_a_rolling_day_is_a_ticker_by_each_of_its_ways() -> None:
    expected = Ticker("X.B", 0.0025, 0.001, 0.0026, 0.0008, 10000.0, 18.0, 1672515782136 * MS, 9, trades=18151)
    assert ticker_of(DAY, "X.B", 9) == expected
    mini = (
        b'{"e":"24hrMiniTicker","E":1672515782136,"s":"BNBBTC","c":"0.0025","o":"0.0010","h":"0.0026","l":"0.0008",'
        b'"v":"10000","q":"18"}'
    )
    assert mini_ticker_of(mini, "X.B", 9) == msgspec.structs.replace(expected, trades=0)
    change = observed(
        b'{"symbol":"BNBBTC","openPrice":"0.0010","highPrice":"0.0026","lowPrice":"0.0008","lastPrice":"0.0025",'
        b'"volume":"10000","quoteVolume":"18","openTime":1,"closeTime":1672515782136,"firstId":0,"lastId":18150,'
        b'"count":18151}',
        PriceChange,
    )
    assert past_ticker_of(change, "X.B", 9) == expected


def test_a_day_without_trades_has_no_prices() -> None:
    ticker = ticker_of(DAY.replace(b'"c":"0.0025"', b'"c":"0.00000000"'), "X.B", 9)
    assert ticker.last != ticker.last
    assert ticker.open == 0.001


def test_trades_of_every_kind_keep_their_own_numbers_and_blocks_are_marked() -> None:
    aggregate = (
        b'{"e":"aggTrade","E":1672515782136,"s":"BNBBTC","a":12345,"p":"0.001","q":"100","f":100,"l":105,'
        b'"T":1672515782130,"m":true,"M":true}'
    )
    told = Trade("X.B", "12345", 0.001, 100.0, AggressorSide.SELLER, 1672515782130 * MS, 9)
    assert aggregate_trade_of(aggregate, "X.B", 9) == told
    past = observed(
        b'{"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1498793709153,"m":false,"M":true}',
        AggregateTrade,
    )
    assert past_aggregate_trade_of(past, "X.B", 9) == Trade(
        "X.B", "26129", 0.01633102, 4.70443515, AggressorSide.BUYER, 1498793709153 * MS, 9
    )
    block = (
        b'{"e":"blockTrade","E":1772506983582,"s":"BNBBTC","t":582,"p":"0.052","q":"5838","T":1772506983321,"m":true}'
    )
    expected = Trade("X.B", "582", 0.052, 5838.0, AggressorSide.SELLER, 1772506983321 * MS, 9, BLOCK)
    assert block_trade_of(block, "X.B", 9) == expected
    raw = b'{"id":582,"price":"0.052","qty":"5838","quoteQty":"303.576","time":1772506983321,"isBuyerMaker":true}'
    assert past_trade_of(observed(raw, BlockTrade), "X.B", 9) == expected
    plain = past_trade_of(observed(raw, MarketTrade), "X.B", 9)
    assert plain == msgspec.structs.replace(expected, conditions="")


def test_a_partial_book_says_how_deep_it_is_and_a_shallow_one_that_it_is_all() -> None:
    levels = b",".join(b'["%d","10"]' % price for price in range(5))
    full = b'{"lastUpdateId":160,"bids":[%b],"asks":[["0.0026","100"]]}' % levels
    assert partial_of(full, "X.B", 5, 9).depth == 5
    shallow = partial_of(b'{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}', "X.B", 5, 9)
    assert shallow == BookSnapshot("X.B", [(0.0024, 10.0)], [(0.0026, 100.0)], 160, 0, 9, depth=0)


def test_the_best_prices_of_an_answer_are_a_quote_without_a_number() -> None:
    raw = b'{"symbol":"LTCBTC","bidPrice":"4.5","bidQty":"431","askPrice":"0.00000000","askQty":"0.00000000"}'
    quote = top_of(observed(raw, BookTop), "X.B", 9)
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.bid_size, quote.ask_size, quote.seq, quote.ts_event) == (4.5, 431.0, 0.0, 0, 0)
    assert quote.ask != quote.ask


SYMBOL = b'{"symbol":"BTCUSDT","status":"%b","baseAsset":"BTC","quoteAsset":"USDT"}'


@pytest.mark.parametrize(
    ("venue", "ours"),
    [
        (b"TRADING", InstrumentStatusWord.TRADING), (b"HALT", InstrumentStatusWord.HALTED),
        (b"BREAK", InstrumentStatusWord.SUSPENDED), (b"END_OF_DAY", InstrumentStatusWord.CLOSED),
        (b"CANCEL_ONLY", InstrumentStatusWord.CANCEL_ONLY), (b"SLEEPING", InstrumentStatusWord.UNKNOWN),
    ],
)  # fmt: skip
def test_a_symbols_status_is_told_in_our_word_and_the_venues(venue: bytes, ours: InstrumentStatusWord) -> None:
    assert status_of(SYMBOL % venue, "B", 5, 9) == InstrumentStatus("BTCUSDT.B", ours, venue.decode(), "", 5, 9)


def test_fees_are_all_rates_of_the_dearer_side_without_the_discount() -> None:
    rates = (
        b'{"symbol":"BTCUSDT","standardCommission":{"maker":"0.00000010","taker":"0.00000020","buyer":"0.00000030",'
        b'"seller":"0.00000040"},"specialCommission":{"maker":"0.01000000","taker":"0.02000000","buyer":"0.03000000",'
        b'"seller":"0.04000000"},"taxCommission":{"maker":"0.00000112","taker":"0.00000114","buyer":"0.00000118",'
        b'"seller":"0.00000116"},"discount":{"enabledForAccount":true,"enabledForSymbol":true,"discountAsset":"BNB",'
        b'"discount":"0.75000000"}}'
    )
    commission = msgspec.json.decode(rates, type=AccountCommission)
    instrument = with_fees(instrument_of(SYMBOL % b"TRADING", "B", 5, 9), commission)
    assert (instrument.maker_fee, instrument.taker_fee) == (D("0.05000278"), D("0.06000290"))
    assert instrument.id == "BTCUSDT.B"


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        ("bnbbtc@kline_1m", StreamKlineEvent), ("bnbbtc@kline_1d@+08:00", StreamKlineEvent),
        ("!ticker_1h@arr", list[WindowTicker]), ("bnbbtc@ticker_4h", WindowTicker), ("!serverShutdown", ServerShutdown),
        ("bnbbtc@depth@100ms", DepthUpdate), ("bnbbtc@depth20@100ms", Depth),
    ],
)  # fmt: skip
def test_a_streams_name_tells_what_its_messages_are(stream: str, kind: Any) -> None:
    assert stream_kind(stream) == kind


@pytest.mark.parametrize("stream", ["bnbbtc@depth7", "bnbbtc", "!bookTicker", "bnbbtc@of_tomorrow"])
def test_a_stream_that_is_not_known_is_refused(stream: str) -> None:
    with pytest.raises(ValueError, match="no payload"):
        stream_kind(stream)
