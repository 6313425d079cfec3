"""A floor that is traded on from a notebook or a script: see `tradefloor.connecting.connect`."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from actors.runtime import Context
from actors.strategy import Order, PositionView, Strategy
from bus.directory import is_far
from bus.messages import Balance, ExitPolicy
from bus.security import KeyStore, role_of_actor
from tradefloor import places
from tradefloor.connection import CALL_S, Connection, NotConnected

__all__ = ["TradingConnection"]

T = TypeVar("T")


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
        """Wait until an order is ``accepted``, ``modified`` or ``closed``, and return it.

        Raises TimeoutError; the order goes on, and may be waited for again.
        """
        if until not in ("accepted", "modified", "closed"):
            raise ValueError(f"until {until!r}: expected 'accepted', 'modified' or 'closed'")

        async def work() -> None:
            await getattr(order, until)()

        try:
            self._within(work(), timeout)
        except TimeoutError:
            raise TimeoutError(f"{order!r} is not {until} within {timeout:g} s") from None
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
        finally:
            going.cancel()  # where the person interrupts, or the time is over

    def _check_desk(self) -> None:
        if self._is_closed or self._desk.actor_stopped.is_set():
            raise NotConnected(f"strategy {self._name!r} has ended: {self._desk.failure or 'it was closed'}")
