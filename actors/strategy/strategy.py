"""What a user subclasses.

Two methods make a strategy: one that is called with data (`on_quote`, `on_trade`, `on_book`) and one that is called
with its fills (`on_fill`). It runs in a process of its own, attached to the floor; what it orders goes through the
gate, and what it is told of its orders has been journalled before.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from actors.runtime import ActorExit, Context, ExitCode
from actors.runtime.loop_actor import maybe
from actors.strategy.balances import Balances
from actors.strategy.compute import Computer
from actors.strategy.errands import GATE, Errands
from actors.strategy.execution_feed import ExecutionFeed
from actors.strategy.fill_log import FillLog
from actors.strategy.holdings import FillView
from actors.strategy.keeping import Kept, KeptError
from actors.strategy.market import MarketFeeds
from actors.strategy.order import Order
from actors.strategy.terms import Terms
from actors.strategy.times import Timer, seconds_of
from actors.strategy.watching import Watching
from bus import topics
from bus.codec import Header
from bus.directory import DIRECTORY
from bus.messages import (
    DirectoryEntry,
    Fill,
    FloorInfo,
    GetFloor,
    InstanceState,
    Message,
    OrderState,
)
from bus.moments import moment_ns
from bus.version import VERSION

__all__ = ["Strategy"]

T = TypeVar("T")

RECONCILER = "reconciler"
SAVE_S = 10.0
"""Between looks at what a strategy keeps: what a life that is killed may lose of it."""
ASK_S = 5.0
"""How long a start waits for the directory's and for the reconciler's answer."""


class Strategy(Watching):
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
        self._once: set[Timer] = set()
        self._computer: Computer | None = None
        self._kept = Kept(self.state_path("kept", self.name), context.durability == "power")
        for name, value in context.settings.get("parameters", {}).items():
            setattr(self, name, value)

    # what a user overrides; each may be a plain or an async method

    def on_order(self, order: Order) -> Any:
        """Called after each change of an order of ours."""

    def on_fill(self, fill: FillView) -> Any:
        """Called with each fill of ours, once."""

    def on_save(self) -> dict[str, Any] | None:
        """Return what the next life is to know, None for nothing: asked every 10 s, at a stop, and by `save`.

        A dict of str or int to None, bool, int, float, str, bytes, lists and dicts. It is written whole or not at all,
        and only if it changed; of a life that is killed the last one written stands.
        """
        return None

    def on_load(self, state: dict[str, Any]) -> Any:
        """Called before `on_start` with what was saved last; not called where nothing was."""

    # timers

    def every(self, seconds: float | str, callback: Callable[[], Any]) -> Callable[[], None]:
        """Call `callback` every so often: seconds, or text such as "500ms", "10s", "5m", "1h"; returns what ends it."""
        return super().every(seconds_of(seconds), lambda: self._call(callback))

    def after(self, seconds: float | str, callback: Callable[[], Any]) -> Timer:
        """Call `callback` once, after seconds or text such as "500ms", "10s", "5m"; `Timer.cancel` takes it back."""
        due_s = self.loop.time() + seconds_of(seconds)
        return self._timer(lambda: due_s - self.loop.time(), callback)

    def at(self, moment: int | str | datetime, callback: Callable[[], Any]) -> Timer:
        """Call `callback` once, at a moment of the host's clock: ISO 8601 ("2026-01-31T09:30:00Z"), a datetime (UTC
        where none is named), or UNIX nanoseconds; one that is over is called at once. Raises ValueError.
        """
        due_ns = moment_ns(moment)
        return self._timer(lambda: (due_ns - self.clock.time_ns()) / 1e9, callback)

    def _timer(self, left_s: Callable[[], float], callback: Callable[[], Any]) -> Timer:
        def call(timer: Timer) -> None:
            self._once.discard(timer)
            self._call(callback)

        timer = Timer(self.loop, left_s, call)
        self._once.add(timer)
        return timer

    # long work, and what outlives a life

    async def compute(self, function: Callable[..., T], *arguments: Any, timeout: float | str | None = None) -> T:
        """Return ``function(*arguments)``, worked out in another process while ticks and fills go on.

        ``signal = await self.compute(fit, prices)``. One work at a time, others wait for their turn. `function` is one
        of a module, arguments and result are data (pickle). Raises what it raises; TypeError for a function that cannot
        be found from another process; ComputeFailed where the process ended, or took longer than `timeout`.
        """
        if self._computer is None:
            self._computer = Computer()
        return await self._computer.run(function, arguments, None if timeout is None else seconds_of(timeout))

    def save(self) -> None:
        """Write now what `on_save` returns. Raises KeptError where it cannot be written."""
        state = self.on_save()
        if state is not None:
            self._kept.save(state)

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
        self._balances = Balances(self, tuple(instance.name for instance in reply.body.instances))
        self.member.subscribe(topics.topic("execution", self.name), self._on_execution)
        await self._warm()
        await self._recall()
        self.every(SAVE_S, self.save)

    async def _recall(self) -> None:
        """Hand the last life's state on. Raises ActorExit (exit code 10) where it cannot be read."""
        try:
            state = self._kept.load()
        except KeptError as error:
            raise ActorExit(ExitCode.CONFIGURATION, str(error)) from error
        if state is not None:
            await maybe(self.on_load(state))

    async def _warm(self) -> None:
        """Wait for our own orders and positions, so that `on_start` finds them."""
        try:
            await asyncio.wait_for(self._feed.joined.wait(), ASK_S)
        except TimeoutError:
            self.log.warning("the reconciler has not told our state yet; starting without it")

    async def end(self) -> None:
        for timer in tuple(self._once):
            timer.cancel()
        self.save()

    def release(self) -> None:
        for timer in tuple(self._once):
            timer.cancel()
        if self._computer is not None:
            self._computer.close()
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
            self._venue_is(message.instance, "SYNCED" if message.synced else "NOT_SYNCED", message.reason)

    def _on_instance_stale(self, topic: str, reason: str) -> None:
        self._venue_is(topics.segments(topic)[2], "NOT_SYNCED", reason)

    def _venue_is(self, instance: str, state: str, reason: str) -> None:
        self.venue_states[instance] = state
        self._call(self.on_venue_state, instance, state, reason)
