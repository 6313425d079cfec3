"""What a user subclasses.

Two methods make a strategy: one that is called with data (`on_quote`, `on_trade`, `on_book`) and one that is called
with its fills (`on_fill`). It runs in a process of its own, attached to the floor; what it orders goes through the
gate, and what it is told of its orders has been journalled before.
"""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Callable
from typing import Any

from actors.book.live import LiveBook
from actors.runtime import Context
from actors.strategy.errands import GATE, Errands
from actors.strategy.execution_feed import ExecutionFeed
from actors.strategy.fill_log import FillLog
from actors.strategy.holdings import FillView
from actors.strategy.market import MarketFeeds
from actors.strategy.order import Order
from actors.strategy.ordering import Ordering
from actors.strategy.terms import Terms
from bus import topics
from bus.codec import Header
from bus.directory import DIRECTORY
from bus.messages import (
    BookSnapshot,
    DirectoryEntry,
    Fill,
    FloorInfo,
    GetFloor,
    InstanceState,
    Message,
    OrderState,
    Quote,
    Trade,
)
from bus.version import VERSION

__all__ = ["Strategy"]

RECONCILER = "reconciler"
ASK_S = 5.0
"""How long a start waits for the directory's and for the reconciler's answer."""


class Strategy(Ordering):
    """Base of all strategies. Class attributes are its parameters.

    Owns: its orders, its parameters, its record of fills.
    Listens: the market data it subscribes to, its execution stream, the states of its venues.
    Sends: orders to the gate, cancels to the execution actors.
    Fails when: a handler raises; then its exit policy is carried out, and a configured strategy is restarted.
    Restart means: its orders and positions are as they were, and what it missed is delivered first.
    """

    serves = False

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._fills: FillLog
        self._held: list[tuple[Callable[..., Any], tuple[Any, ...]]] | None = []
        for name, value in context.settings.get("parameters", {}).items():
            setattr(self, name, value)

    # what a user overrides; each may be a plain or an async method

    def on_quote(self, quote: Quote) -> Any:
        """Called with each best bid and ask of what `subscribe_quotes` asked for."""

    def on_trade(self, trade: Trade) -> Any:
        """Called with each public trade of what `subscribe_trades` asked for."""

    def on_book(self, book: BookSnapshot) -> Any:
        """Called with the best levels after each change of what `subscribe_book` asked for."""

    def on_order(self, order: Order) -> Any:
        """Called after each change of an order of ours."""

    def on_fill(self, fill: FillView) -> Any:
        """Called with each fill of ours, once."""

    def on_book_state(self, instrument: str, state: str, reason: str) -> Any:
        """Called when data of an instrument goes STALE, and when it is SYNCED again."""

    def on_venue_state(self, instance: str, state: str, reason: str) -> Any:
        """Called when a venue instance is SYNCED, and when it is not any more."""

    # data

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

    # timers

    def every(self, seconds: float | str, callback: Callable[[], Any]) -> Callable[[], None]:
        """Call `callback` every so often: seconds, or text such as "500ms", "10s", "5m", "1h"."""
        return super().every(_seconds(seconds), lambda: self._call(callback))

    # life

    async def setup(self) -> None:
        self._feeds = MarketFeeds(self)
        self._terms = Terms()
        self._errands = Errands(self)
        self.member.on_directory.append(self._on_actor)

    def _on_actor(self, entry: DirectoryEntry) -> None:
        """Connect at once to whom we will ask: the first order and the first cancel of a life need not wait."""
        if entry.live and (entry.name in (GATE, RECONCILER) or entry.kind == "execution"):
            self.member.warm(entry.name)

    async def begin(self) -> None:
        reply = await self.member.request(DIRECTORY, GetFloor(VERSION), ASK_S)
        if not isinstance(reply.body, FloorInfo):
            raise ConnectionError(f"the floor does not say what it is: {reply.reason}")
        self.floor = reply.body
        self._feeds.instances = reply.body.instances
        self._fills = FillLog(self.state_path("views", f"{self.name}.jsonl"))
        self._feed = ExecutionFeed(self, self._fills)
        for instance in reply.body.instances:
            topic = topics.topic("state", "instance", instance.name)
            self.member.subscribe(topic, self._on_instance, self._on_instance_stale)
        self.member.subscribe(topics.topic("execution", self.name), self._on_execution)
        await self._warm()

    async def _warm(self) -> None:
        """Wait for our own orders and positions, so that `on_start` finds them."""
        try:
            await asyncio.wait_for(self._feed.joined.wait(), ASK_S)
        except TimeoutError:
            self.log.warning("the reconciler has not told our state yet; starting without it")

    def release(self) -> None:
        if hasattr(self, "_fills"):
            self._fills.close()

    def counters(self) -> dict[str, int]:
        figures = {"orders": self._count, "open_orders": len(self.orders.open), "ticks": self._feeds.ticks}
        return {**super().counters(), **figures}

    def handle(self, handler: Callable[..., Any], message: Any, header: Header, topic: str) -> None:
        """Call a user's handler, remembering which message made it act."""
        self._handled = topic, header
        self._ts_tick = getattr(message, "ts_init", 0)
        self._call(handler, message)
        self._handled, self._ts_tick = None, 0

    def started(self) -> None:
        """What came while `on_start` ran, or before, is delivered now."""
        held, self._held = self._held or [], None
        for handler, arguments in held:
            self._call(handler, *arguments)

    def _call(self, handler: Callable[..., Any], *arguments: Any) -> None:
        if self._held is not None:
            self._held.append((handler, arguments))
            return
        result = handler(*arguments)
        if inspect.iscoroutine(result):
            self.spawn(result)

    # what becomes of our orders

    def _on_execution(self, message: Message, header: Header, topic: str) -> None:
        catching_up = self._feed.on_message(message, header)
        if catching_up is not None:
            self.spawn(catching_up)

    def take_order(self, state: OrderState) -> None:
        """An order's state is new."""
        order = self.orders.get(state.order.order_id)
        if order is None:
            order = Order(state, self.loop, self)
            changed = True
        else:
            changed = order._update(state)
        self.orders._keep(order)
        live = self._feeds.live_books.get(state.order.instrument)
        if live is not None:
            live.own_orders.take(order.exact)
        self._errands.on_changed(order)
        if changed:
            self._call(self.on_order, order)

    def take_fill(self, fill: Fill) -> None:
        """A fill of ours."""
        view = FillView(fill)
        order = self.orders.get(fill.order_id)
        if order is not None:
            order.fills.append(view)
        self._call(self.on_fill, view)

    def _on_instance(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, InstanceState):
            state = "SYNCED" if message.synced else "NOT_SYNCED"
            self._call(self.on_venue_state, message.instance, state, message.reason)

    def _on_instance_stale(self, topic: str, reason: str) -> None:
        self._call(self.on_venue_state, topics.segments(topic)[2], "NOT_SYNCED", reason)


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _seconds(text: float | str) -> float:
    seconds = 0.0
    if isinstance(text, (int, float)):
        seconds = float(text)
    else:
        for unit, factor in _UNITS.items():
            number = text.removesuffix(unit)
            if number != text and number.replace(".", "", 1).isdecimal():
                seconds = float(number) * factor
                break
    if 0 < seconds < math.inf:
        return seconds
    raise ValueError(f"every {text!r}: expected seconds above 0, or text such as '500ms', '10s', '5m', '1h'")
