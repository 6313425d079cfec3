"""Messages of market streams. Floats: decode with ``strict=False``, which reads the venue's quoted numbers into them.

``!miniTicker@arr`` and ``!ticker_<window>@arr`` send lists of these. Partial depth (``@depth5``) is `market.Depth`.
Source: Binance Spot API, web-socket-streams, 2026-07.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import field

from venues.binance.client.payloads.events import ServerShutdown
from venues.binance.client.payloads.market import Depth, Levels
from venues.binance.client.payloads.numbers import Ms, Number

__all__ = [
    "BookTicker",
    "DepthUpdate",
    "MiniTicker",
    "StreamAggregateTrade",
    "StreamAveragePrice",
    "StreamBlockTrade",
    "StreamControl",
    "StreamKline",
    "StreamKlineEvent",
    "StreamReferencePrice",
    "StreamTicker",
    "StreamTrade",
    "WindowTicker",
    "stream_kind",
]


class BookTicker(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@bookTicker``: no event type and no time; an empty side has price 0."""

    update_id: Number = field(name="u")
    symbol: str = field(name="s")
    bid: float = field(name="b")
    bid_size: float = field(name="B")
    ask: float = field(name="a")
    ask_size: float = field(name="A")


class StreamTrade(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@trade``."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    trade_id: Number = field(name="t")
    price: float = field(name="p")
    size: float = field(name="q")
    time_ms: Ms = field(name="T")
    is_buyer_maker: bool = field(name="m")


class StreamBlockTrade(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@blockTrade``: numbered apart from trades, and moves no last price."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    trade_id: Number = field(name="t")
    price: float = field(name="p")
    size: float = field(name="q")
    time_ms: Ms = field(name="T")
    is_buyer_maker: bool = field(name="m")


class StreamAggregateTrade(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@aggTrade``: what one taker order traded at one price."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    aggregate_id: Number = field(name="a")
    price: float = field(name="p")
    size: float = field(name="q")
    first_id: Number = field(name="f")
    last_id: Number = field(name="l")
    time_ms: Ms = field(name="T")
    is_buyer_maker: bool = field(name="m")


class DepthUpdate(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@depth`` and ``<symbol>@depth@100ms``."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    first_id: Number = field(name="U")
    last_id: Number = field(name="u")
    bids: Levels = field(name="b")
    asks: Levels = field(name="a")


class StreamKline(msgspec.Struct, frozen=True, gc=False):
    """The candle of a `StreamKlineEvent`; `close_ms` is its last millisecond, ids are -1 without trades."""

    open_ms: Ms = field(name="t")
    close_ms: Ms = field(name="T")
    symbol: str = field(name="s")
    interval: str = field(name="i")
    first_id: Number = field(name="f")
    last_id: Number = field(name="L")
    open: float = field(name="o")
    close: float = field(name="c")
    high: float = field(name="h")
    low: float = field(name="l")
    volume: float = field(name="v")
    trades: Number = field(name="n")
    is_closed: bool = field(name="x")
    quote_volume: float = field(name="q")
    taker_buy_volume: float = field(name="V")
    taker_buy_quote_volume: float = field(name="Q")


class StreamKlineEvent(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@kline_<interval>``, with ``@+08:00`` too: its times stay UTC."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    kline: StreamKline = field(name="k")


class MiniTicker(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@miniTicker``: a rolling day."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    close: float = field(name="c")
    open: float = field(name="o")
    high: float = field(name="h")
    low: float = field(name="l")
    volume: float = field(name="v")
    quote_volume: float = field(name="q")


class WindowTicker(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@ticker_1h``, ``_4h`` and ``_1d``; `type` (1hTicker, ...) tells the window."""

    type: str = field(name="e")
    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    change: float = field(name="p")
    change_percent: float = field(name="P")
    open: float = field(name="o")
    high: float = field(name="h")
    low: float = field(name="l")
    close: float = field(name="c")
    average: float = field(name="w")
    volume: float = field(name="v")
    quote_volume: float = field(name="q")
    open_ms: Ms = field(name="O")
    close_ms: Ms = field(name="C")
    first_id: Number = field(name="F")
    last_id: Number = field(name="L")
    trades: Number = field(name="n")


class StreamTicker(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@ticker``: a rolling day; `before` is the price of the last trade before it."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    change: float = field(name="p")
    change_percent: float = field(name="P")
    average: float = field(name="w")
    before: float = field(name="x")
    close: float = field(name="c")
    last_size: float = field(name="Q")
    bid: float = field(name="b")
    bid_size: float = field(name="B")
    ask: float = field(name="a")
    ask_size: float = field(name="A")
    open: float = field(name="o")
    high: float = field(name="h")
    low: float = field(name="l")
    volume: float = field(name="v")
    quote_volume: float = field(name="q")
    open_ms: Ms = field(name="O")
    close_ms: Ms = field(name="C")
    first_id: Number = field(name="F")
    last_id: Number = field(name="L")
    trades: Number = field(name="n")


class StreamAveragePrice(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@avgPrice``."""

    event_ms: Ms = field(name="E")
    symbol: str = field(name="s")
    interval: str = field(name="i")
    price: float = field(name="w")
    time_ms: Ms = field(name="T")


class StreamReferencePrice(msgspec.Struct, frozen=True, gc=False):
    """``<symbol>@referencePrice``; the price is None where there is none."""

    symbol: str = field(name="s")
    price: float | None = field(name="r")
    time_ms: Ms = field(name="t")


class StreamControl(msgspec.Struct, frozen=True, gc=False):
    """The answer to SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY or GET_PROPERTY; a refusal has `msg`."""

    id: Number | str | None = None
    result: list[str] | bool | None = None
    code: Number = 0
    msg: str = ""


_KINDS: dict[str, Any] = {
    "bookTicker": BookTicker,
    "trade": StreamTrade,
    "blockTrade": StreamBlockTrade,
    "aggTrade": StreamAggregateTrade,
    "depth": DepthUpdate,
    "depth5": Depth,
    "depth10": Depth,
    "depth20": Depth,
    "kline": StreamKlineEvent,
    "miniTicker": MiniTicker,
    "!miniTicker": list[MiniTicker],
    "ticker": StreamTicker,
    "ticker_1h": WindowTicker,
    "ticker_4h": WindowTicker,
    "ticker_1d": WindowTicker,
    "!ticker_1h": list[WindowTicker],
    "!ticker_4h": list[WindowTicker],
    "!ticker_1d": list[WindowTicker],
    "avgPrice": StreamAveragePrice,
    "referencePrice": StreamReferencePrice,
    "!serverShutdown": ServerShutdown,
}


def stream_kind(stream: str) -> Any:
    """Return what a stream's messages are: a struct or a list of them. Raises ValueError for an unknown stream."""
    first, _, rest = stream.partition("@")
    name = first if first.startswith("!") else rest.partition("@")[0]
    kind = _KINDS.get("kline" if name.startswith("kline_") else name)
    if kind is None:
        raise ValueError(f"no payload is known for the stream {stream!r}")
    return kind
