"""Market data: what you observe, and so float64.

`ts_event` is the venue's time and 0 where the venue gives none (Binance Spot's best bid and ask), `ts_init` is ours;
both UNIX nanoseconds. Book messages carry `prev_seq` and `seq` in the venue's own numbering, so that anyone can
prove continuity; where the venue numbers nothing (Betfair, IB) its actor counts.

A price that is not there is NaN: a one-sided quote, Databento's undefined price, IB's -1. Never 0, which is a price
to a spread or an option, and never the last one seen.
"""

from __future__ import annotations

from typing import TypeAlias

from bus.messages.base import Message
from bus.messages.identifiers import InstrumentId
from bus.messages.words import AggressorSide, InstrumentStatusWord, Side

__all__ = [
    "Bar",
    "BookDelta",
    "BookOrderDelta",
    "BookOrders",
    "BookSnapshot",
    "FundingRate",
    "IndexPrice",
    "InstrumentClose",
    "InstrumentStatus",
    "Levels",
    "Liquidation",
    "MarkPrice",
    "Quote",
    "ReferencePrice",
    "Ticker",
    "Trade",
]

Levels: TypeAlias = list[tuple[float, float]]
"""(price, size) pairs, best first."""


class Quote(Message, frozen=True, gc=False):
    """Best bid and ask; an empty side has price NaN and size 0. `seq` is the venue's number, 0 where it has none."""

    instrument: InstrumentId
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    seq: int
    ts_event: int
    ts_init: int

    @property
    def mid(self) -> float:
        """The middle of bid and ask."""
        return (self.bid + self.ask) / 2

    @property
    def spread(self) -> float:
        """Ask less bid."""
        return self.ask - self.bid


class Trade(Message, frozen=True, gc=False):
    """A public trade, or several at one price that the venue tells as one.

    `trade_id` is empty where the venue has none (Betfair, IB). `conditions` are the venue's words for a trade that is
    not a plain one and moves no last price (Bybit's block trades, IB's unreported ones); empty for a plain one.
    """

    instrument: InstrumentId
    trade_id: str
    price: float
    size: float
    aggressor: AggressorSide
    ts_event: int
    ts_init: int
    conditions: str = ""


class BookSnapshot(Message, frozen=True):
    """A book, whole or its best `depth` levels (0: whole); it replaces what a reader had."""

    instrument: InstrumentId
    bids: Levels
    asks: Levels
    seq: int
    ts_event: int
    ts_init: int
    depth: int = 0

    @property
    def best_bid(self) -> float:
        """The highest bid. Raises IndexError where there is none."""
        return self.bids[0][0]

    @property
    def best_ask(self) -> float:
        """The lowest ask. Raises IndexError where there is none."""
        return self.asks[0][0]

    @property
    def mid(self) -> float:
        """The middle of the best prices."""
        return (self.bids[0][0] + self.asks[0][0]) / 2

    def imbalance(self, levels: int = 1) -> float:
        """Return (bid size - ask size) / (bid size + ask size) over the best `levels`; -1 to 1, 0 when empty."""
        bids = sum(size for _, size in self.bids[:levels])
        asks = sum(size for _, size in self.asks[:levels])
        total = bids + asks
        return (bids - asks) / total if total else 0.0


class BookDelta(Message, frozen=True):
    """Changed levels with their new absolute sizes (0 removes). Applies to the book at `prev_seq`."""

    instrument: InstrumentId
    bids: Levels
    asks: Levels
    prev_seq: int
    seq: int
    ts_event: int
    ts_init: int


class ReferencePrice(Message, frozen=True, gc=False):
    """A book's mid, at most ten a second, by which the gate values orders. `synced` false: do not use it."""

    instrument: InstrumentId
    price: float
    synced: bool
    ts_event: int
    ts_init: int


class BookOrderDelta(Message, frozen=True):
    """provisional: one order's change in an L3 book.

    `action` is ADD or MODIFY (`size` is the order's new one), CANCEL or FILL (`size` is what goes), or CLEAR (the whole
    book: no order, price NaN). `last` false: more of one event of the venue follows, and until then the book may be
    crossed. `order_id` is the venue's, in decimal digits where it is a number.
    """

    instrument: InstrumentId
    action: str
    order_id: str
    side: Side
    price: float
    size: float
    prev_seq: int
    seq: int
    ts_event: int
    ts_init: int
    last: bool = True


class BookOrders(Message, frozen=True):
    """provisional: a whole L3 book; it replaces what a reader had.

    Each side is (order id, price, size) by price, best first, and in the order of their turn at one price.
    """

    instrument: InstrumentId
    bids: list[tuple[str, float, float]]
    asks: list[tuple[str, float, float]]
    seq: int
    ts_event: int
    ts_init: int


class Bar(Message, frozen=True, gc=False):
    """Open, high, low, close of an interval such as ``1-MINUTE-LAST``.

    `ts_open` is the interval's first nanosecond, `ts_close` the first after it. `volume` and `taker_buy_volume` are in
    the instrument's unit, `quote_volume` in the quote currency (base, for an inverse contract). 0 in an appended field:
    not told.
    """

    instrument: InstrumentId
    interval: str
    open: float
    high: float
    low: float
    close: float
    volume: float
    closed: bool
    ts_open: int
    ts_event: int
    ts_init: int
    trades: int = 0
    quote_volume: float = 0.0
    ts_close: int = 0
    vwap: float = 0.0
    taker_buy_volume: float = 0.0


class MarkPrice(Message, frozen=True, gc=False):
    """provisional: the venue's fair price. `settlement` is its estimate of the settlement price."""

    instrument: InstrumentId
    price: float
    ts_event: int
    ts_init: int
    settlement: float | None = None


class IndexPrice(Message, frozen=True, gc=False):
    """provisional: the price of what underlies; `instrument` is the contract it belongs to, or the pair's own index."""

    instrument: InstrumentId
    price: float
    ts_event: int
    ts_init: int


class FundingRate(Message, frozen=True, gc=False):
    """provisional: the rate, a fraction of the notional, that longs pay to shorts at `ts_next` (negative: are paid).

    `final` true: it was paid at `ts_event` (history); false: an estimate that still moves.
    """

    instrument: InstrumentId
    rate: float
    ts_next: int
    ts_event: int
    ts_init: int
    interval_ns: int = 0
    final: bool = False


class Liquidation(Message, frozen=True, gc=False):
    """provisional: a forced order. `side` is the order's own: a liquidated long is a SELL (Bybit's stream says Buy).

    `price` is the order's limit (the bankruptcy price), `average_price` what it got, None where that is not told.
    """

    instrument: InstrumentId
    side: Side
    price: float
    size: float
    ts_event: int
    ts_init: int
    average_price: float | None = None


class Ticker(Message, frozen=True, gc=False):
    """A rolling day's figures. `open_interest` in the instrument's unit; None and 0 where not told."""

    instrument: InstrumentId
    last: float
    open: float
    high: float
    low: float
    volume: float
    quote_volume: float
    ts_event: int
    ts_init: int
    open_interest: float | None = None
    trades: int = 0


class InstrumentStatus(Message, frozen=True):
    """Whether an instrument trades, and the venue's own word and reason."""

    instrument: InstrumentId
    status: InstrumentStatusWord
    venue_status: str
    reason: str
    ts_event: int
    ts_init: int


class InstrumentClose(Message, frozen=True, gc=False):
    """provisional: a settlement or closing price.

    `kind` is CLOSE, SETTLEMENT, DELIVERY, or in a betting market WINNER, LOSER, PLACED, REMOVED with the starting
    price, NaN where there is none.
    """

    instrument: InstrumentId
    price: float
    kind: str
    ts_event: int
    ts_init: int
