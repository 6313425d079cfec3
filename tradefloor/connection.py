"""A floor that is read from a notebook or a script: see `tradefloor.connecting.connect`."""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from actors.monitor.visitor import FloorRefused, FloorUnreachable, Visitor
from actors.runtime.loop_actor import new_event_loop
from actors.strategy.past import ROWS_LIMIT, history
from bus.messages import (
    Bar,
    BookSnapshot,
    Code,
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
)
from bus.requests import RequestFailed
from tradefloor.rows import Table, table_of
from tradefloor.watcher import Watcher

__all__ = ["CALL_S", "Connection", "NotConnected"]

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
        finally:
            going.cancel()  # where the person interrupts, or the time is over

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
        found: Quote = self._newest("quote", instrument, instance, 0, timeout)
        return found

    def book(self, instrument: str, depth: int = 10, instance: str = "", timeout: float = CALL_S) -> BookSnapshot:
        """Return the best `depth` levels as they are (0: all); raises as `quote`."""
        found: BookSnapshot = self._newest("book", instrument, instance, depth, timeout)
        return found

    def ticker(self, instrument: str, instance: str = "", timeout: float = CALL_S) -> Ticker:
        """Return the last day's figures; raises as `quote`."""
        found: Ticker = self._newest("ticker", instrument, instance, 0, timeout)
        return found

    def bar(self, instrument: str, interval: str, instance: str = "", timeout: float = CALL_S) -> Bar:
        """Return the newest bar, which may still change; raises as `quote`."""
        found: Bar = self._newest("bar", instrument, instance, interval, timeout)
        return found

    def _newest(self, kind: str, instrument: str, instance: str, detail: int | str, timeout: float) -> Any:
        return self._run(self._watcher.newest(kind, instrument, instance, detail, timeout), timeout + CALL_S)

    def watch(
        self, kind: str, instrument: str, callback: Callable[[Any], object], detail: int | str = 0, instance: str = ""
    ) -> Callable[[], None]:
        """Call `callback` with each message, in the connection's thread; return what ends that.

        `kind` is quote, trade, book, depth (`detail`: levels), bar (`detail`: interval), ticker or status. What the
        callback raises is printed, and ends it.
        """

        async def begin() -> Callable[[], None]:
            return self._watcher.watch(kind, instrument, instance, detail, callback)

        return self._ending(self._run(begin()))

    def subscribe(self, topic: str, callback: Callable[[str, Any], object]) -> Callable[[], None]:
        """Call ``callback(topic, message)`` with all that goes over a topic, or over all under a path; as `watch` does.

        ``floor.subscribe("alert/", print)``. Only a whole topic is asked for at the venue; what is stale is not said
        here. Raises ValueError for what no topic begins with.
        """

        async def begin() -> Callable[[], None]:
            return self._watcher.listen(topic, callback)

        return self._ending(self._run(begin()))

    def _ending(self, end: Callable[[], None]) -> Callable[[], None]:
        def stop() -> None:
            if not self._is_closed:
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
