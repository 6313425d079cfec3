"""A strategy in the test's process that orders what a case says, on a real floor; and the three sides compared."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, TypeVar

import pykka

from actors.monitor.visitor import Visitor
from actors.runtime import Context
from actors.strategy import Strategy
from actors.strategy.order import FillView, Order
from bus.messages import GetInstruments, GetOrders, GetPositions, Message, OrderList, PositionsAnswer
from bus.requests import Reply
from bus.security import OPERATOR, KeyStore, role_of_actor
from conformance.venue import VenueUnderTest

__all__ = ["Stage"]

T = TypeVar("T")
LIMIT_S = 10.0
LOOK_S = 0.005
NAME = "puppet"


class Puppet(Strategy):
    """Does nothing by itself; keeps what it was told."""

    instrument = ""

    def on_start(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.filled: list[FillView] = []
        self.subscribe_quotes(self.instrument)

    def on_order(self, order: Order) -> None:
        self.told.append((order.id, order.label))

    def on_fill(self, fill: FillView) -> None:
        self.filled.append(fill)


class Stage:
    """A floor, a venue and the puppet on it. Close it in any case."""

    def __init__(self, venue: VenueUnderTest) -> None:
        self.venue, floor = venue, venue.floor
        self.floor = floor
        KeyStore.of_floor(floor.run_dir).ensure(role_of_actor(NAME, "strategy"))
        context = Context(
            NAME, "strategy", floor.run_dir, str(floor.state_dir), "conformance",
            settings={"parameters": {"instrument": venue.instrument}}, attached=True,
        )  # fmt: skip
        self.puppet = Puppet(context)
        pykka.ActorRegistry.register(self.puppet.actor_ref)
        self.puppet._start_actor_loop()
        self.until(lambda: self.puppet.state == "READY", "the puppet is READY")
        self.until(lambda: venue.instrument in self.puppet.instruments, "the puppet knows the instrument")
        self.start = self.held()

    def do(self, work: Callable[[Puppet], T]) -> T:
        """Run a function in the puppet's loop."""

        async def body() -> T:
            return work(self.puppet)

        return asyncio.run_coroutine_threadsafe(body(), self.puppet.loop).result(LIMIT_S)

    def order(self, side: str, size: object = None, price: object = None, **terms: Any) -> Order:
        """Order, by the size of the venue under test unless told otherwise."""
        if size is None and "quote_size" not in terms:
            size = self.venue.size
        return self.do(lambda puppet: puppet.submit(side, self.venue.instrument, size, price, **terms))

    def do_async(self, work: Callable[[Puppet], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine in the puppet's loop."""
        return asyncio.run_coroutine_threadsafe(work(self.puppet), self.puppet.loop).result(LIMIT_S)

    def query(self, name: str, message: Message) -> Message | None:
        """Ask an actor as an operator, and return what it answered."""

        async def work() -> Reply:
            async with Visitor(self.floor.run_dir, role=OPERATOR) as visitor:
                return await visitor.request(name, message)

        reply = asyncio.run(work())
        assert reply.ok, reply
        return reply.body

    def becomes(self, order: Order, label: str) -> Order:
        """Wait until an order is as said."""
        self.until(lambda: order.label == label, f"{label}", lambda: f"it is {order!r} {order.code} {order.reason}")
        return order

    def cancel(self, order: Order) -> None:
        """Cancel, and see it canceled."""
        self.do(lambda _: order.cancel())
        self.becomes(order, "CANCELED")

    def labels(self, order: Order) -> list[str]:
        """Return what the puppet was told of an order, repeats left out."""
        found = [label for key, label in self.puppet.told if key == order.id]
        return [label for number, label in enumerate(found) if number == 0 or found[number - 1] != label]

    def ask(self, name: str, message: Message) -> Reply:
        """Ask an actor as a visitor."""

        async def work(visitor: Visitor) -> Reply:
            return await visitor.request(name, message)

        reply: Reply = self.floor.visit(work)
        return reply

    def instruments(self, instrument: str = "") -> Reply:
        """Ask the venue's actor for instruments."""
        return self.ask(f"market_data.{self.venue.instance}", GetInstruments(self.venue.instance, instrument))

    def held(self) -> Decimal:
        """Return all that the venue's account has of the base asset."""
        return sum(self.venue.balances()[self.venue.base], Decimal(0))

    def until(
        self,
        condition: Callable[[], object],
        what: str,
        found: Callable[[], object] = lambda: "",
        look_s: float = LOOK_S,
    ) -> None:
        """Wait until it holds; fail saying what did not come, and what was there."""
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, f"in {LIMIT_S:g} s it did not come that {what}; {found()}"
            time.sleep(look_s)

    # the three sides

    def strategy_side(self) -> dict[str, Any]:
        """Return what the strategy believes, in the words of all three: of an order, its present attempt alone."""
        orders = {
            each.exact.order.client_order_id: (
                str(each.side),
                each.exact.order.price,
                each.exact.filled - each.exact.carried,
            )
            for each in self.puppet.orders.open
        }
        return {"orders": orders, "position": self.puppet.position(self.venue.instrument).exact.size}

    def reconciler_side(self) -> dict[str, Any]:
        """Return what the reconciler has journalled."""

        async def work(visitor: Visitor) -> tuple[Reply, Reply]:
            orders = await visitor.request("reconciler", GetOrders("", self.venue.instance))
            return orders, await visitor.request("reconciler", GetPositions("", self.venue.instance))

        listed, positions = self.floor.visit(work)
        assert isinstance(listed.body, OrderList), listed
        assert isinstance(positions.body, PositionsAnswer), positions
        orders = {
            each.order.client_order_id: (str(each.order.side), each.order.price, each.filled - each.carried)
            for each in listed.body.orders
        }
        sizes = [each.size for each in positions.body.positions if each.instrument == self.venue.instrument]
        balances = {each.asset: (each.free, each.locked) for each in positions.body.balances}
        return {
            "orders": orders,
            "position": sum(sizes, Decimal(0)),
            "balances": {asset: amounts for asset, amounts in balances.items() if any(amounts)},
        }

    def venue_side(self) -> dict[str, Any]:
        """Return what is true at the twin."""
        orders = {name: (each.side, each.price, each.filled) for name, each in self.venue.open_orders().items()}
        return {"orders": orders, "position": self.held() - self.start, "balances": self.venue.balances()}

    def compare(self) -> None:
        """Wait until strategy, reconciler and venue agree: open orders, position, balances."""
        sides: list[dict[str, Any]] = []

        def agree() -> bool:
            sides[:] = self.strategy_side(), self.reconciler_side(), self.venue_side()
            ours, floors, venues = sides
            return floors == venues and ours == {key: floors[key] for key in ours}

        self.until(agree, "strategy, reconciler and venue agree", lambda: "\n".join(map(str, sides)))

    def close(self) -> None:
        """Detach the puppet."""
        self.puppet.actor_ref.stop(block=True, timeout=10)
