"""Candles and tickers -> Bar and Ticker. What reads bytes raises msgspec.DecodeError for what is no payload of it.

Source: Binance Spot API, web-socket-streams and rest-api (market data endpoints), 2026-07.
"""

from __future__ import annotations

import msgspec

from bus.messages import Bar, InstrumentId, Ticker
from venues.binance.client.payloads import Kline, MiniTicker, PriceChange, StreamKlineEvent, StreamTicker
from venues.binance.intervals import INTERVALS, interval_of, venue_interval
from venues.binance.mapping.words import MS

__all__ = [
    "INTERVALS",
    "bar_of",
    "interval_of",
    "mini_ticker_of",
    "past_bars_of",
    "past_ticker_of",
    "ticker_of",
    "venue_interval",
]

_NAN = float("nan")
_klines = msgspec.json.Decoder(StreamKlineEvent, strict=False)
_tickers = msgspec.json.Decoder(StreamTicker, strict=False)
_mini_tickers = msgspec.json.Decoder(MiniTicker, strict=False)
_OUR_INTERVALS = {venue_interval(ours): ours for ours in INTERVALS}


def bar_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Bar:
    """``<symbol>@kline_<interval>`` -> Bar, closed or still changing."""
    event = _klines.decode(data)
    kline = event.kline
    return Bar(
        instrument,
        _OUR_INTERVALS.get(kline.interval, kline.interval),
        kline.open,
        kline.high,
        kline.low,
        kline.close,
        kline.volume,
        kline.is_closed,
        kline.open_ms * MS,
        event.event_ms * MS,
        ts_init,
        kline.trades,
        kline.quote_volume,
        (kline.close_ms + 1) * MS,
        taker_buy_volume=kline.taker_buy_volume,
    )


def past_bars_of(
    klines: list[Kline], interval: str, instrument: InstrumentId, venue_now_ms: int, ts_init: int
) -> tuple[Bar, ...]:
    """GET /api/v3/klines -> bars of our `interval`. The venue does not say which is closed: its time does.

    `ts_event` is the close of a closed one, 0 where it still changes.
    """
    return tuple(
        Bar(
            instrument,
            interval,
            kline.open,
            kline.high,
            kline.low,
            kline.close,
            kline.volume,
            kline.close_ms < venue_now_ms,
            kline.open_ms * MS,
            (kline.close_ms + 1) * MS if kline.close_ms < venue_now_ms else 0,
            ts_init,
            kline.trades,
            kline.quote_volume,
            (kline.close_ms + 1) * MS,
            taker_buy_volume=kline.taker_buy_volume,
        )
        for kline in klines
    )


def ticker_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Ticker:
    """``<symbol>@ticker`` -> Ticker. Prices of a day without trades are NaN."""
    ticker = _tickers.decode(data)
    return Ticker(
        instrument,
        ticker.close or _NAN,
        ticker.open or _NAN,
        ticker.high or _NAN,
        ticker.low or _NAN,
        ticker.volume,
        ticker.quote_volume,
        ticker.event_ms * MS,
        ts_init,
        trades=ticker.trades,
    )


def mini_ticker_of(data: bytes | msgspec.Raw, instrument: InstrumentId, ts_init: int) -> Ticker:
    """``<symbol>@miniTicker`` -> Ticker, which then does not tell the count of trades."""
    ticker = _mini_tickers.decode(data)
    return Ticker(
        instrument,
        ticker.close or _NAN,
        ticker.open or _NAN,
        ticker.high or _NAN,
        ticker.low or _NAN,
        ticker.volume,
        ticker.quote_volume,
        ticker.event_ms * MS,
        ts_init,
    )


def past_ticker_of(change: PriceChange, instrument: InstrumentId, ts_init: int) -> Ticker:
    """GET /api/v3/ticker/24hr -> Ticker, dated by its window's end."""
    return Ticker(
        instrument,
        change.last_price or _NAN,
        change.open_price or _NAN,
        change.high_price or _NAN,
        change.low_price or _NAN,
        change.volume,
        change.quote_volume,
        change.close_time * MS,
        ts_init,
        trades=change.count,
    )
