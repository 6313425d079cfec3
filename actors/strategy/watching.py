"""The part of a strategy that watches: market data, history, balances and the states of venues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actors.book.live import LiveBook
from actors.runtime import Context
from actors.strategy.balances import Balances
from actors.strategy.ordering import Ordering
from actors.strategy.past import ROWS_LIMIT, PastRows, history
from bus.messages import Balance, Bar, BookSnapshot, InstrumentStatus, Quote, Ticker, Trade

__all__ = ["Watching"]


class Watching(Ordering):
    """Base of `Strategy`."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._balances: Balances
        self.venue_states: dict[str, str] = {}
        """SYNCED or NOT_SYNCED, by instance."""

    # what a user overrides; each may be a plain or an async method

    def on_quote(self, quote: Quote) -> Any:
        """Called with each best bid and ask of what `subscribe_quotes` asked for."""

    def on_trade(self, trade: Trade) -> Any:
        """Called with each public trade of what `subscribe_trades` asked for."""

    def on_book(self, book: BookSnapshot) -> Any:
        """Called with the best levels after each change of what `subscribe_book` asked for."""

    def on_depth(self, depth: BookSnapshot) -> Any:
        """Called with the best levels as the venue tells them, of what `subscribe_depth` asked for."""

    def on_bar(self, bar: Bar) -> Any:
        """Called with each bar that is closed, once; with ``forming=True`` while it changes, too (`bar.closed`)."""

    def on_ticker(self, ticker: Ticker) -> Any:
        """Called with each day's figures of what `subscribe_ticker` asked for."""

    def on_status(self, status: InstrumentStatus) -> Any:
        """Called when an instrument of `subscribe_status` trades, and when it does not any more."""

    def on_balance(self, balance: Balance) -> Any:
        """Called with each change of what an account holds of an asset."""

    def on_book_state(self, instrument: str, state: str, reason: str) -> Any:
        """Called when data of an instrument goes STALE, when it is SYNCED again, and where it is REFUSED."""

    def on_venue_state(self, instance: str, state: str, reason: str) -> Any:
        """Called when a venue instance is SYNCED, and when it is not any more."""

    # data; `instance` is needed where two instances have the instrument's venue, else ValueError names them

    def subscribe_quotes(self, instrument: str, instance: str = "", conflate: bool = False) -> None:
        """Ask for best bids and asks: `on_quote`. With `conflate` a handler that is slow is given the newest only."""
        self._feeds.add("quote", instrument, instance, conflate=conflate)

    def subscribe_trades(self, instrument: str, instance: str = "") -> None:
        """Ask for public trades: `on_trade`."""
        self._feeds.add("trade", instrument, instance)

    def subscribe_book(self, instrument: str, depth: int = 10, instance: str = "", conflate: bool = False) -> None:
        """Ask for the best `depth` levels after each change (0: all): `on_book`. `conflate` as for quotes."""
        self._feeds.add("book", instrument, instance, depth, conflate)
        for order in self.orders.open:
            self._feeds.live_books[instrument].own_orders.take(order.exact)

    def subscribe_depth(self, instrument: str, depth: int = 10, instance: str = "", conflate: bool = False) -> None:
        """Ask for the best levels as the venue itself tells them, in its rhythm: `on_depth`. `conflate` as for quotes.

        The venue says which numbers of levels it has. Cheaper than a book, and never to be held against its numbers.
        """
        self._feeds.add("depth", instrument, instance, depth, conflate)

    def subscribe_bars(self, instrument: str, interval: str, instance: str = "", forming: bool = False) -> None:
        """Ask for the venue's bars of an interval such as "1-MINUTE", "4-HOUR": `on_bar`, once each is closed.

        With `forming` the bar that still changes is handed on, too.
        """
        self._feeds.add_bars(instrument, _interval(interval), instance, forming)

    def subscribe_ticker(self, instrument: str, instance: str = "", conflate: bool = False) -> None:
        """Ask for the last day's figures: `on_ticker`. `conflate` as for quotes."""
        self._feeds.add("ticker", instrument, instance, conflate=conflate)

    def subscribe_status(self, instrument: str, instance: str = "") -> None:
        """Ask whether an instrument trades: `on_status`."""
        self._feeds.add("status", instrument, instance)

    def quote(self, instrument: str) -> Quote | None:
        """The newest quote, None before the first and while it is stale."""
        return self._feeds.quotes.get(instrument)

    def book(self, instrument: str) -> BookSnapshot | None:
        """The newest book, None before the first and while it is stale."""
        return self._feeds.books.get(instrument)

    def live_book(self, instrument: str) -> LiveBook:
        """What `subscribe_book` asked for as an object that is always current: it raises rather than show an old price,
        and it knows our own orders (`own`, `without_own`). Raises KeyError where no book was asked for.
        """
        return self._feeds.live_books[instrument]

    def bar(self, instrument: str, interval: str) -> Bar | None:
        """The newest bar, which may still change; None before the first."""
        return self._feeds.bars.get((instrument, _interval(interval)))

    def ticker(self, instrument: str) -> Ticker | None:
        """The newest day's figures, None before the first and while they are stale."""
        return self._feeds.tickers.get(instrument)

    def status(self, instrument: str) -> InstrumentStatus | None:
        """Whether an instrument trades, None before it is known and while that is stale."""
        return self._feeds.statuses.get(instrument)

    async def history(
        self,
        instrument: str,
        kind: str,
        start: int | str | datetime,
        end: int | str | datetime | None = None,
        interval: str = "",
        instance: str = "",
        limit: int = ROWS_LIMIT,
    ) -> PastRows:
        """Return bars, trades or aggregate_trades of a range, oldest first; see `actors.strategy.past.history`.

        ``bars = await self.history("BTCUSDT.BINANCE", "bars", "2026-01-01", interval="1-HOUR")``. `start` is in, `end`
        is not (None: until now): ISO 8601, a datetime, or UNIX nanoseconds; `bars.missing` says what the venue does not
        have of it. Raises ValueError, HistoryRefused, and HistoryTooLong beyond `limit` rows.
        """
        where = instance or self._feeds.instance_of(instrument)
        return await history(self.member, where, instrument, kind, start, end, interval, limit)

    # the account, which is shared by all that trade on it

    def balance(self, asset: str, instance: str = "") -> Balance | None:
        """What an account holds of an asset; None where that is nothing or unknown. Raises ValueError as `balances`."""
        return self.balances(instance).get(asset)

    def balances(self, instance: str = "") -> dict[str, Balance]:
        """What an account holds, by asset; empty while that is not known. Raises ValueError where there are several
        accounts and none is named, and for one that is not on the floor.
        """
        return self._balances.of(instance)


def _interval(text: str) -> str:
    """Return the bus's name of an interval: the price that bars are made of is the last one unless it is named."""
    return f"{text}-LAST" if text.count("-") == 1 else text
