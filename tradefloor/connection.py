"""A floor from a notebook or a script: `connect`.

    floor = connect()
    floor.quote("BTCUSDT.BINANCE").mid
    floor.orders()                                  # a pandas DataFrame where pandas is installed, else a list of dicts
    floor.history("BTCUSDT.BINANCE", "bars", "2026-01-01", interval="1-HOUR")

    with connect(trade=True) as floor:
        order = floor.buy("BTCUSDT.BINANCE", "0.001", price="50_000")
        floor.wait(order)

Calls block, and may be made from any thread and from beside a running loop: what reads the bus has a thread of its
own. It reads with the floor's monitor key and can change nothing; with ``trade=True`` it is a strategy besides, with
its own name and orders, which the gate judges as any other's.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from actors.monitor.visitor import FloorRefused, FloorUnreachable, Visitor
from actors.runtime import ActorExit, Context
from actors.runtime.loop_actor import new_event_loop
from actors.strategy import Order, PositionView, Strategy
from actors.strategy.past import ROWS_LIMIT, history
from bus.directory import is_address, is_far
from bus.messages import (
    Balance,
    Bar,
    BookSnapshot,
    Code,
    ExitPolicy,
    GetInstruments,
    GetOrders,
    GetPositions,
    Instrument,
    InstrumentsAnswer,
    Message,
    OrderList,
    PositionsAnswer,
    Quote,
    Ticker,
    check_name,
)
from bus.requests import RequestFailed
from bus.security import KeyStore, role_of_actor
from tradefloor import places
from tradefloor.rows import Table, table_of
from tradefloor.watcher import Watcher

__all__ = ["Connection", "NotConnected", "TradingConnection", "connect"]

CALL_S = 10.0
"""How long a call waits for a floor's answer, and for the first of some data."""
START_S = 20.0
HISTORY_S = 3600.0
APPEAR_S = 2.0
"""A floor that was started a moment ago may lack an actor for so long."""
LOOK_S = 0.05

T = TypeVar("T")


class NotConnected(ConnectionError):
    """No floor, none that lets us in, or the connection is closed; the message says which."""


def connect(
    floor: str | None = None,
    name: str = "notebook",
    trade: bool = False,
    key: str | Path | None = None,
    exit_policy: str = "cancel",
) -> Connection:
    """Connect to a running floor.

    `floor` is its name, its run directory, or the address that it listens on (then `key` is a file of ``tradefloor keys
    new``); None: the one that runs. With `trade` the connection is a `TradingConnection`: the strategy `name`, whose
    orders are canceled when it is closed or falls silent, or left with ``exit_policy="leave"``. Raises NotConnected,
    and ValueError for a name that none may have.
    """
    check_name(name, "name")
    place = _place(floor, key)
    key_file = None if key is None else Path(key)
    if trade:
        return TradingConnection(place, name, key_file, ExitPolicy(exit_policy))
    return Connection(place, name, key_file)


def _place(floor: str | None, key: str | Path | None) -> str:
    if is_far(floor or ""):
        if not is_address(str(floor)):
            raise NotConnected(f"{floor}: expected tcp://HOST:PORT")
        if key is None:
            raise NotConnected(f"{floor}: expected key=FILE; the floor's host makes one: tradefloor keys new")
        return str(floor)
    try:
        return str(places.find_floor(floor))
    except ActorExit as error:
        raise NotConnected(error.reason) from None


class Connection:
    """A floor that is read. Close it, or use it in a ``with``; at the interpreter's end it is closed."""

    def __init__(self, place: str, name: str, key: Path | None = None) -> None:
        self._place, self._name, self._key = place, name, key
        self._loop = new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"tradefloor {name}", daemon=True)
        self._thread.start()
        self._is_closed = False
        try:
            self._visitor, self._watcher = self._run(self._enter(), START_S)
        except (FloorUnreachable, FloorRefused) as error:
            self._end()
            raise NotConnected(str(error)) from None
        atexit.register(self.close)

    async def _enter(self) -> tuple[Visitor, Watcher]:
        visitor = await Visitor(self._place, self._name, key_file=self._key).__aenter__()
        return visitor, Watcher(visitor.member, visitor.info.instances)

    def close(self) -> None:
        """Leave the floor; twice is once."""
        if not self._is_closed:
            atexit.unregister(self.close)
            self._run(self._leave(), CALL_S)
            self._end()

    async def _leave(self) -> None:
        await self._visitor.__aexit__(None, None, None)

    def _end(self) -> None:
        self._is_closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S)
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "read-only"
        return f"<{type(self).__name__} {self._name!r} to {self._place} ({state})>"

    def _run(self, work: Coroutine[Any, Any, T], limit_s: float = CALL_S) -> T:
        """Run a coroutine in our thread. Raises what it raises, TimeoutError, and NotConnected once closed."""
        if self._is_closed:
            work.close()
            raise NotConnected("this connection is closed")
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("a callback must not wait for the floor: do it outside, or in a thread of your own")
        going = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return going.result(limit_s)
        except concurrent.futures.TimeoutError:
            going.cancel()
            raise

    # the floor

    @property
    def instances(self) -> tuple[str, ...]:
        """The names of the venue instances."""
        return tuple(info.name for info in self._visitor.info.instances)

    def status(self) -> Table:
        """Return the actors of the floor and how they are, a row each."""
        status = self._run(self._visitor.status())
        if status is None:
            raise NotConnected(f"the supervisor in {self._place} does not answer")
        return table_of(status.actors)

    def request(self, actor: str, message: Message, timeout: float = CALL_S) -> Any:
        """Ask any actor, and return the body of its answer. Raises RequestFailed with its refusal."""
        deadline = time.monotonic() + APPEAR_S
        reply = self._run(self._visitor.request(actor, message, timeout), timeout + CALL_S)
        while reply.code is Code.NO_SUCH_ACTOR and time.monotonic() < deadline:
            time.sleep(LOOK_S)
            reply = self._run(self._visitor.request(actor, message, timeout), timeout + CALL_S)
        if not reply.ok:
            raise RequestFailed(reply)
        return reply.body

    def orders(self, strategy: str = "", instance: str = "", all: bool = False) -> Table:
        """Return the open orders, with `all` the closed ones too: of everybody, or of a strategy or an instance."""
        answer = self.request("reconciler", GetOrders(strategy, instance, not all))
        assert isinstance(answer, OrderList)
        return table_of(answer.orders)

    def positions(self, strategy: str = "", instance: str = "") -> Table:
        """Return what the strategies hold."""
        return table_of(self._held(strategy, instance).positions)

    def balances(self, instance: str = "") -> Table:
        """Return what the accounts hold."""
        return table_of(self._held("", instance).balances)

    def _held(self, strategy: str, instance: str) -> PositionsAnswer:
        answer = self.request("reconciler", GetPositions(strategy, instance))
        assert isinstance(answer, PositionsAnswer)
        return answer

    # data

    def instruments(self, instance: str = "") -> Table:
        """Return the instruments of an instance, or of all."""
        rows: list[Instrument] = []
        for name in (instance,) if instance else self.instances:
            answer = self.request(f"market_data.{name}", GetInstruments(name))
            assert isinstance(answer, InstrumentsAnswer)
            rows += answer.instruments
        return table_of(rows)

    def quote(self, instrument: str, instance: str = "", timeout: float = CALL_S) -> Quote:
        """Return the newest best bid and ask, the first time once it is there.

        Raises LookupError where there is none, TimeoutError where none is known within `timeout` seconds, ValueError
        for a venue that is not on the floor.
        """
        found: Quote = self._run(self._watcher.newest("quote", instrument, instance), timeout)
        return found

    def book(self, instrument: str, depth: int = 10, instance: str = "", timeout: float = CALL_S) -> BookSnapshot:
        """Return the best `depth` levels as they are (0: all); raises as `quote`."""
        found: BookSnapshot = self._run(self._watcher.newest("book", instrument, instance, depth), timeout)
        return found

    def ticker(self, instrument: str, instance: str = "", timeout: float = CALL_S) -> Ticker:
        """Return the last day's figures; raises as `quote`."""
        found: Ticker = self._run(self._watcher.newest("ticker", instrument, instance), timeout)
        return found

    def bar(self, instrument: str, interval: str, instance: str = "", timeout: float = CALL_S) -> Bar:
        """Return the newest bar, which may still change; raises as `quote`."""
        found: Bar = self._run(self._watcher.newest("bar", instrument, instance, interval), timeout)
        return found

    def watch(
        self, kind: str, instrument: str, callback: Callable[[Any], object], detail: int | str = 0, instance: str = ""
    ) -> Callable[[], None]:
        """Call `callback` with each message, in the connection's thread; return what ends that.

        `kind` is quote, trade, book, depth (`detail`: levels), bar (`detail`: interval), ticker or status. What the
        callback raises is printed, and ends it.
        """

        async def begin() -> Callable[[], None]:
            return self._watcher.watch(kind, instrument, instance, detail, callback)

        end = self._run(begin())

        def stop() -> None:
            self._loop.call_soon_threadsafe(end)

        return stop

    def history(
        self,
        instrument: str,
        kind: str,
        start: int | str | datetime,
        end: int | str | datetime | None = None,
        interval: str = "",
        instance: str = "",
        limit: int = ROWS_LIMIT,
    ) -> Table:
        """Return bars, trades or aggregate_trades of a range, oldest first: see `Strategy.history`."""
        where = instance or self._watcher.feeds.instance_of(instrument)
        member = self._visitor.member
        return table_of(self._run(history(member, where, instrument, kind, start, end, interval, limit), HISTORY_S))


class _Desk(Strategy):
    """A strategy without a will of its own.

    Owns: the orders of a notebook.
    Listens: what it is told to.
    Sends: orders, changes and cancels that a person asked for.
    Fails when: its own code does; its exit policy is carried out.
    Restart means: nothing; a person connects again.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.has_begun = threading.Event()

    def on_start(self) -> None:
        self.has_begun.set()


class TradingConnection(Connection):
    """A floor that is read, and traded on by a strategy of one's own."""

    def __init__(self, place: str, name: str, key: Path | None, exit_policy: ExitPolicy) -> None:
        if key is None:
            KeyStore.of_floor(place).ensure(role_of_actor(name, "strategy"))
        super().__init__(place, name, key)
        info = self._visitor.info
        state_dir = str(places.state_dir(info.floor)) if is_far(place) else info.state_dir
        self._desk = _Desk(
            Context(
                name,
                "strategy",
                place,
                state_dir,
                info.floor,
                attached=True,
                exit_policy=exit_policy,
                key_file=str(key or ""),
            )
        )
        threading.Thread(target=self._desk.run_here, name=f"strategy {name}", daemon=True).start()
        while not self._desk.has_begun.wait(0.02):
            if self._desk.actor_stopped.is_set():
                super().close()
                raise NotConnected(str(self._desk.failure))

    def close(self) -> None:
        """Carry the exit policy out, and leave the floor."""
        if not self._is_closed:
            self._desk.stop()
            self._desk.actor_stopped.wait(CALL_S)
        super().close()

    def __repr__(self) -> str:
        return super().__repr__().replace("read-only", "trading")

    @property
    def mine(self) -> list[Order]:
        """The orders of this connection's name, as live objects: open ones, and the latest closed ones."""
        return self._do(lambda desk: list(desk.orders))

    def buy(self, instrument: str, size: object, price: object = None, **terms: Any) -> Order:
        """Order to buy; see `submit`."""
        return self.submit("BUY", instrument, size, price, **terms)

    def sell(self, instrument: str, size: object, price: object = None, **terms: Any) -> Order:
        """Order to sell; see `submit`."""
        return self.submit("SELL", instrument, size, price, **terms)

    def submit(self, side: str, instrument: str, size: object = None, price: object = None, **terms: Any) -> Order:
        """Order, and return at once an order that is always current: see `Strategy.submit`; and see `wait`."""
        return self._do(lambda desk: desk.submit(side, instrument, size, price, **terms))

    def wait(self, order: Order, until: str = "closed", timeout: float = CALL_S) -> Order:
        """Wait until an order is ``accepted``, ``modified`` or ``closed``. Raises TimeoutError."""
        if until not in ("accepted", "modified", "closed"):
            raise ValueError(f"until {until!r}: expected 'accepted', 'modified' or 'closed'")

        async def work() -> None:
            await getattr(order, until)()

        self._within(work(), timeout)
        return order

    def modify(self, order: Order, **changes: Any) -> Order:
        """Ask for a change of price, size or trigger_price: see `Strategy.modify`."""
        return self._do(lambda desk: desk.modify(order, **changes))

    def cancel(self, order: Order) -> None:
        """Cancel an order."""
        self._do(lambda desk: desk.cancel(order))

    def cancel_all(self, instrument: str = "", side: str = "") -> None:
        """Cancel every open order of this connection's name."""
        self._do(lambda desk: desk.cancel_all(instrument, side))

    def position(self, instrument: str) -> PositionView:
        """Return what this connection's name holds of an instrument."""
        return self._do(lambda desk: desk.position(instrument))

    def profit(self) -> float:
        """Return the profit of this connection's name: see `Strategy.profit`."""
        return self._do(lambda desk: desk.profit())

    def balance(self, asset: str, instance: str = "") -> Balance | None:
        """Return what an account holds of an asset."""
        return self._do(lambda desk: desk.balance(asset, instance))

    def _do(self, work: Callable[[_Desk], T]) -> T:
        """Work in the desk's thread. What has not begun in time never does, so TimeoutError says that nothing was."""
        self._check_desk()
        done: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            if done.set_running_or_notify_cancel():
                try:
                    done.set_result(work(self._desk))
                except Exception as error:  # noqa: BLE001 - it is the caller's, in another thread
                    done.set_exception(error)

        self._desk.loop.call_soon_threadsafe(run)
        try:
            return done.result(CALL_S)
        except concurrent.futures.TimeoutError:
            if done.cancel():
                raise
            return done.result()

    def _within(self, work: Coroutine[Any, Any, T], limit_s: float) -> T:
        try:
            self._check_desk()
        except NotConnected:
            work.close()
            raise
        going = asyncio.run_coroutine_threadsafe(work, self._desk.loop)
        try:
            return going.result(limit_s)
        except concurrent.futures.TimeoutError:
            going.cancel()
            raise

    def _check_desk(self) -> None:
        if self._is_closed or self._desk.actor_stopped.is_set():
            raise NotConnected(f"strategy {self._name!r} has ended: {self._desk.failure or 'it was closed'}")
