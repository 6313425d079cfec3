"""Questions to a venue's actors, and what answers them. An answer that is not complete never means "none"."""

from __future__ import annotations

from bus.messages.accounts import Balance, VenuePosition
from bus.messages.base import Message, Query
from bus.messages.identifiers import InstrumentId
from bus.messages.instruments import Instrument
from bus.messages.market_data import Bar, BookSnapshot, FundingRate, Quote, Trade
from bus.messages.orders import Fill, OrderEvent
from bus.messages.words import OrderType

__all__ = [
    "BalancesAnswer",
    "BookAnswer",
    "FillsAnswer",
    "GetInstruments",
    "HistoryAnswer",
    "InstrumentsAnswer",
    "OrderAnswer",
    "OrdersAnswer",
    "QueryBalances",
    "QueryBook",
    "QueryFills",
    "QueryHistory",
    "QueryOpenOrders",
    "QueryOrder",
    "QueryPositions",
    "VenuePositionsAnswer",
]


class QueryOpenOrders(Query, frozen=True):
    """To an execution actor: every order the venue has open, or those of one instrument."""

    instance: str
    instrument: InstrumentId = ""


class QueryOrder(Query, frozen=True):
    """To an execution actor: one order, by the client id of an attempt, or by the venue's where that is empty.

    `history` also asks the venue's order history, so that absence means something. `type` as in `CancelOrder`.
    """

    instance: str
    instrument: InstrumentId
    client_order_id: str
    history: bool = False
    since_ns: int = 0
    venue_order_id: str = ""
    account: str = ""
    type: OrderType = OrderType.UNKNOWN


class QueryFills(Query, frozen=True):
    """To an execution actor: all fills of an instrument after trade id `after` (empty: from `since_ns` on)."""

    instance: str
    instrument: InstrumentId
    after: str = ""
    since_ns: int = 0


class QueryBalances(Query, frozen=True):
    """To an execution actor: all balances."""

    instance: str


class QueryPositions(Query, frozen=True):
    """provisional: to an execution actor: all positions, or those of one instrument."""

    instance: str
    instrument: InstrumentId = ""


class QueryHistory(Query, frozen=True):
    """To a market-data actor: what was, from `start_ns` on and before `end_ns` (0: until now).

    `kind` is ``bar``, ``trade``, ``aggregate_trade``, ``quote`` or ``funding``; `interval` as in `Bar`; `limit` 0: as
    many as a page holds. `after`: where an answer's `next_after` is given back, the page begins behind that row (the
    venue's id of it), and `start_ns` is ignored.
    """

    instance: str
    instrument: InstrumentId
    kind: str
    start_ns: int
    end_ns: int = 0
    interval: str = ""
    limit: int = 0
    after: str = ""


class QueryBook(Query, frozen=True):
    """To a market-data actor: one snapshot of a book, `depth` levels a side (0: all there are)."""

    instance: str
    instrument: InstrumentId
    depth: int = 0


class OrderAnswer(Message, frozen=True):
    """An order as the venue tells it, or None where a complete answer lacks it."""

    order: OrderEvent | None
    complete: bool = True


class OrdersAnswer(Message, frozen=True):
    """Orders as the venue tells them. `complete` false never means that there are no others."""

    orders: tuple[OrderEvent, ...] = ()
    complete: bool = True
    ts_asked: int = 0


class FillsAnswer(Message, frozen=True):
    """Fills, oldest first. `complete` false: more were there than could be read."""

    fills: tuple[Fill, ...] = ()
    complete: bool = True
    ts_asked: int = 0


class BalancesAnswer(Message, frozen=True):
    """All balances of an account that are not zero."""

    balances: tuple[Balance, ...] = ()
    complete: bool = True
    ts_asked: int = 0


class VenuePositionsAnswer(Message, frozen=True):
    """provisional: positions as the venue tells them. `complete` false never means that there are no others."""

    positions: tuple[VenuePosition, ...] = ()
    complete: bool = True
    ts_asked: int = 0


class HistoryAnswer(Message, frozen=True):
    """A page, oldest first. `next_ns`: where the next page starts, 0 where this was the last.

    `next_after` is what the next question gives back as `after`, where the venue numbers its rows. `missing` says in
    words what of the asked the venue does not have, or does not give; empty where this is all.
    """

    rows: tuple[Bar | Trade | Quote | FundingRate, ...] = ()
    next_ns: int = 0
    next_after: str = ""
    missing: str = ""


class GetInstruments(Query, frozen=True):
    """To a market-data actor: instruments of the venue; `instrument` narrows to one."""

    instance: str
    instrument: InstrumentId = ""


class InstrumentsAnswer(Message, frozen=True):
    """Instruments."""

    instruments: tuple[Instrument, ...] = ()


class BookAnswer(Message, frozen=True):
    """A book."""

    book: BookSnapshot
