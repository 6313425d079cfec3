"""What the execution actor is asked about the account. A failed query is a refusal, never an empty list."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from decimal import Decimal
from functools import partial

from actors.runtime import Context
from bus.codec import RequestHeader
from bus.messages import (
    BalancesAnswer,
    Code,
    ContingencyType,
    CurrencyPair,
    FillsAnswer,
    InstrumentId,
    Message,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    QueryBalances,
    QueryFills,
    QueryOpenOrders,
    QueryOrder,
    QueryPositions,
    Refused,
    Source,
    VenuePosition,
    VenuePositionsAnswer,
    split_instrument_id,
)
from venues.binance.bans import banned_exit
from venues.binance.client.errors import NO_SUCH_ORDER, ORDER_ARCHIVED, ApiError, Banned, ClientError, UnreadableAnswer
from venues.binance.client.payloads import AccountTrade, OrderBody
from venues.binance.client.rest import Rest
from venues.binance.history import PAGE, Listing
from venues.binance.mapping.account import balances_of, fill_of
from venues.binance.mapping.errors import refusal_of
from venues.binance.mapping.order_lists import contingency_of
from venues.binance.mapping.orders import order_report
from venues.binance.settings import Settings
from venues.execution import ExecutionVenue
from venues.execution.names import Attempt
from venues.unreadable import NOT_READABLE

__all__ = ["Queries"]

ASKED = (ClientError, *NOT_READABLE)

DAY_MS = 86_400_000
LISTS_KEPT = 10_000
"""Lists of orders whose name is remembered by the venue's number: hundreds of times what may be open at once."""
CLOCK_MARGIN_MS = 60_000
"""Our times may differ from the venue's by this much before anybody would trade: a read begins so much earlier."""
_MS = 1_000_000


class Queries(ExecutionVenue):
    """The part of the execution actor that only reads."""

    rest: Rest
    settings: Settings

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self._lists: OrderedDict[int, tuple[str, ContingencyType]] = OrderedDict()

    async def on_query_open_orders(self, message: QueryOpenOrders, header: RequestHeader) -> Message:
        """Answer with every open order, or those of one instrument."""
        asked = self.clock.time_ns()
        try:
            return OrdersAnswer(await self._open_reports(message.instrument), True, asked)
        except ASKED as error:
            return self._refuse(error)

    async def on_query_order(self, message: QueryOrder, header: RequestHeader) -> Message:
        """Answer with one order; with none only where the venue said definitely that it has none."""
        symbol = self.symbol_of(message.instrument)
        if isinstance(symbol, Refused):
            return symbol
        if not message.client_order_id and not message.venue_order_id:
            return Refused(Code.NO_SUCH_ORDER, "a query needs a client order id or the venue's")
        try:
            if message.client_order_id:
                body = await self.rest.order(symbol, orig_client_order_id=message.client_order_id)
            else:
                body = await self.rest.order(symbol, order_id=message.venue_order_id)
            return OrderAnswer(self._report(body))
        except ApiError as error:
            if error.code == ORDER_ARCHIVED:
                return OrderAnswer(None, complete=False)
            if error.code != NO_SUCH_ORDER:
                return self._refuse(error)
        except ASKED as error:
            return self._refuse(error)
        if not message.history:
            return OrderAnswer(None)
        try:
            found, complete = await self._in_history(message, symbol)
            return OrderAnswer(self._report(found) if found is not None else None, complete)
        except ASKED as error:
            return self._refuse(error)

    async def on_query_fills(self, message: QueryFills, header: RequestHeader) -> Message:
        """Answer with all fills after a trade id, or since a time (0: ever); oldest first.

        Incomplete only beyond `PAGES_LIMIT` pages; then those that are told are the oldest, and `after` the last of
        them asks for the rest.
        """
        symbol = self.symbol_of(message.instrument)
        if isinstance(symbol, Refused):
            return symbol
        if message.after and not message.after.isdigit():
            return Refused(Code.UNSUPPORTED, f"after {message.after!r}: the venue's trade ids are numbers")
        asked = self.clock.time_ns()
        try:
            trades, complete = await self._trades(symbol, message)
            now, client_id_of = self.clock.time_ns(), self.names.client_id_of
            fills = tuple(
                fill_of(trade, self.instance, message.instrument, now, client_id_of(str(trade.order_id)))
                for trade in trades
            )
        except ASKED as error:
            return self._refuse(error)
        return FillsAnswer(fills, complete, asked)

    async def on_query_balances(self, message: QueryBalances, header: RequestHeader) -> Message:
        """Answer with all balances that are not zero."""
        asked = self.clock.time_ns()
        try:
            account = await self.rest.account(omit_zero_balances=True)
            return BalancesAnswer(balances_of(account, self.instance, self.clock.time_ns()), True, asked)
        except ASKED as error:
            return self._refuse(error)

    async def on_query_positions(self, message: QueryPositions, header: RequestHeader) -> Message:
        """Answer with one instrument's: on spot that is what the account has of its base asset, locked or not."""
        if not message.instrument:
            return Refused(Code.UNSUPPORTED, f"{self.instance} has balances; a position needs its instrument's name")
        await self.rules.learn(message.instrument)
        rules = self.rules.get(message.instrument)
        if rules is None or not isinstance(rules.details, CurrencyPair):
            return Refused(Code.NO_SUCH_INSTRUMENT, f"the base asset of {message.instrument} is not known")
        asked = self.clock.time_ns()
        try:
            account = await self.rest.account(omit_zero_balances=True)
            now, base = self.clock.time_ns(), rules.details.base
            owned = [one.free + one.locked for one in balances_of(account, self.instance, now) if one.asset == base]
        except ASKED as error:
            return self._refuse(error)
        size = owned[0] if owned else Decimal(0)
        position = VenuePosition(self.instance, message.instrument, size, Source.QUERY, account.update_time * _MS, now)
        return VenuePositionsAnswer((position,), True, asked)

    # names

    def symbol_of(self, instrument: InstrumentId) -> str | Refused:
        """Return the venue's symbol, or the refusal of an instrument that is not this venue's."""
        try:
            symbol, venue = split_instrument_id(instrument)
        except ValueError as error:
            return Refused(Code.NO_SUCH_INSTRUMENT, str(error))
        if venue != self.settings.venue_id:
            reason = f"{instrument} is not an instrument of {self.instance} ({self.settings.venue_id})"
            return Refused(Code.NO_SUCH_INSTRUMENT, reason)
        return symbol

    def instrument_of(self, symbol: str) -> InstrumentId:
        """Return the id of the venue's symbol."""
        return f"{symbol}.{self.settings.venue_id}"

    def note_venue_id(self, venue_order_id: int, client_order_id: str) -> None:
        """Remember whose venue order id this is."""
        if venue_order_id >= 0:
            self.names.note_venue_id(str(venue_order_id), client_order_id)

    def note_list(self, number: int, name: str, contingency: ContingencyType) -> None:
        """Remember what a list of orders is called: the account's events name it by the venue's number alone."""
        self._lists[number] = (name, contingency)
        if len(self._lists) > LISTS_KEPT:
            self._lists.popitem(last=False)

    def attempt_of(self, client_order_id: str, list_number: int) -> Attempt:
        """Return whose an order is, and of which list: by what this life has written, else by what it was told."""
        attempt = self.names.attempt(client_order_id)
        if list_number >= 0 and not attempt.list_id and list_number in self._lists:
            name, contingency = self._lists[list_number]
            attempt = attempt._replace(list_id=name, contingency=contingency)
        return attempt

    # how

    async def open_orders(self, instrument: InstrumentId = "") -> tuple[OrderEvent, ...] | Refused:
        try:
            return await self._open_reports(instrument)
        except ASKED as error:
            return self._refuse(error)

    async def _open_reports(self, instrument: InstrumentId) -> tuple[OrderEvent, ...]:
        bodies = await self._open_bodies(instrument)
        if any(body.order_list_id >= 0 and body.order_list_id not in self._lists for body in bodies):
            with suppress(ClientError):  # their names are a detail of what was asked for
                for told in await self.rest.open_order_list():
                    self.note_list(told.order_list_id, told.list_client_order_id, contingency_of(told))
        return tuple(self._report(body) for body in bodies)

    async def _open_bodies(self, instrument: InstrumentId) -> list[OrderBody]:
        if not instrument:
            return await self.rest.open_orders()
        symbol = self.symbol_of(instrument)
        return [] if isinstance(symbol, Refused) else await self.rest.open_orders(symbol)

    def _report(self, body: OrderBody) -> OrderEvent:
        instrument, now = self.instrument_of(body.symbol), self.clock.time_ns()
        client_id = body.orig_client_order_id or body.client_order_id
        self.note_venue_id(body.order_id, client_id)
        return order_report(
            body, OrderEventKind.REPORT, Source.QUERY, self.instance, instrument, now,
            *self.attempt_of(client_id, body.order_list_id),
        )  # fmt: skip

    def _refuse(self, error: Exception) -> Refused:
        if isinstance(error, Banned):
            raise banned_exit(self.instance, error, self.clock.time_ns())
        return refusal_of(error if isinstance(error, ClientError) else UnreadableAnswer(b"", str(error), 200))

    async def _in_history(self, message: QueryOrder, symbol: str) -> tuple[OrderBody | None, bool]:
        """Look for the order in the venue's history since `since_ns` (0: the last day): (found, whether complete)."""
        start_ns = message.since_ns or self.clock.time_ns() - DAY_MS * _MS
        asked_for = partial(_is_asked_for, message=message)
        bodies, complete = await self._orders_of(symbol).since(start_ns // _MS - CLOCK_MARGIN_MS, asked_for)
        found = next(filter(asked_for, bodies), None)
        return found, complete or found is not None

    async def _trades(self, symbol: str, message: QueryFills) -> tuple[list[AccountTrade], bool]:
        """Return (fills, whether those are all)."""
        trades = self._trades_of(symbol)
        if message.after:
            return await trades.after(int(message.after))
        return await trades.since(message.since_ns // _MS - CLOCK_MARGIN_MS)

    def _orders_of(self, symbol: str) -> Listing[OrderBody]:
        return Listing(
            lambda: self.rest.all_orders(symbol, limit=PAGE),
            lambda order_id: self.rest.all_orders(symbol, order_id=order_id, limit=PAGE),
            lambda order: order.order_id,
            lambda order: order.time,
        )

    def _trades_of(self, symbol: str) -> Listing[AccountTrade]:
        return Listing(
            lambda: self.rest.my_trades(symbol, limit=PAGE),
            lambda trade_id: self.rest.my_trades(symbol, from_id=trade_id, limit=PAGE),
            lambda trade: trade.id,
            lambda trade: trade.time,
        )


def _is_asked_for(body: OrderBody, message: QueryOrder) -> bool:
    if message.client_order_id:
        return body.client_order_id == message.client_order_id
    return str(body.order_id) == message.venue_order_id
