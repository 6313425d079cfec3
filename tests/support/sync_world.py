"""A world around one instance's sync: a host, a gate that answers or not, and a venue that answers by what it has."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from order_samples import BTC, INSTANCE, a_fill, an_event, an_instrument, an_intent, an_order

from actors.reconciler.ledger import Ledger
from actors.reconciler.records import StrategyKnown, Unbookable
from actors.reconciler.sync import InstanceSync
from actors.runtime import Log
from bus.clock import Clock
from bus.codec import ReplyStatus
from bus.messages import (
    Balance,
    BalancesAnswer,
    Code,
    Empty,
    Fill,
    FillsAnswer,
    GetInstruments,
    InstrumentsAnswer,
    Message,
    NewOrder,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    OrderState,
    OrderStatus,
    OrderType,
    PrivateStream,
    QueryBalances,
    QueryFills,
    QueryOpenOrders,
    QueryOrder,
    Refused,
    Side,
    Source,
    mint_order_id,
)
from bus.requests import Reply
from tradefloor.testing import VirtualClock, run_virtual

K, S = OrderEventKind, OrderStatus
EPOCH = 1_760_000_000
SECOND = 10**9
ANSWER_S = 0.01
QUERIES = [QueryOpenOrders, QueryOrder, QueryFills, QueryBalances]
ETH = "ETHUSDT.BINANCE"


def minted(count: int, floor: str = "demo") -> str:
    return mint_order_id(floor, "alpha", EPOCH, count)


def report(order_id: str, status: OrderStatus = S.ACCEPTED, **facts: Any) -> OrderEvent:
    """An order as the venue's lists tell it."""
    known: dict[str, Any] = {
        "venue_order_id": f"v-{order_id}",
        "status": status,
        "source": Source.QUERY,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "size": Decimal(10),
        "price": Decimal(100),
        "filled": Decimal(0),
    }
    return an_event(K.REPORT, order_id, **{**known, **facts})


def traded(trade: int, order_id: str, size: str = "1", **facts: Any) -> Fill:
    """A fill as the venue's list of trades tells it: by the venue's own order id."""
    known = {"venue_order_id": f"v-{order_id}", "source": Source.QUERY, "size": Decimal(size), "client_order_id": ""}
    return a_fill(str(trade), "", **{**known, **facts})


class World:
    """The host of one sync, and a venue that answers by what it has, unless `broken` says how it does not."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.clock: Clock = VirtualClock(self.loop)
        self.log, self.ledger = Log("test"), Ledger("demo")
        self.orders: dict[str, OrderEvent] = {}
        self.trades: list[Fill] = []
        self.totals = {"USDT": Decimal(1000)}
        self.instruments = {BTC: an_instrument(), ETH: an_instrument(id=ETH)}
        self.gate_answers = True
        self.broken: Callable[[Message], Message | None] = lambda query: None
        self.while_asked: Callable[[Message], None] = lambda query: None
        self.asked: list[tuple[float, Message]] = []
        self.recorded: list[Any] = []
        self.told: list[bool] = []
        self.sync = InstanceSync(self, INSTANCE)
        self.numbers = 0
        self.looking = self.loop.create_task(self._look())
        self.tasks: list[asyncio.Task[None]] = []
        self.record([StrategyKnown("alpha")])

    # the host

    async def ask(self, name: str, message: Message, timeout_s: float) -> Reply:
        self.asked.append((self.loop.time(), message))
        broken, answer = self.broken(message), self._answer(message)
        await asyncio.sleep(ANSWER_S if broken is None or not isinstance(broken, Empty) else timeout_s)
        self.while_asked(message)
        if isinstance(broken, Empty):
            return Reply(ReplyStatus.NO_ANSWER, Code.TIMED_OUT, broken)
        if isinstance(broken, Refused):
            return Reply(ReplyStatus.DENIED, broken.code, broken)
        return Reply(ReplyStatus.OK, Code.NONE, broken or answer)

    async def pull_intents(self) -> bool:
        await asyncio.sleep(ANSWER_S)
        return self.gate_answers

    def record(self, messages: list[Any]) -> None:
        for message in messages:
            problem = self.ledger.fill_problem(message) if isinstance(message, Fill) else ""
            if problem:
                message = Unbookable(message.instance, message, problem, 1)
            if self.ledger.is_news(message):
                self.ledger.apply(message)
                self.recorded.append(message)

    def announce(self, instance: str) -> None:
        self.told.append(self.sync.synced)

    def spawn(self, awaitable: Awaitable[None]) -> asyncio.Task[None]:
        task: asyncio.Task[None] = self.loop.create_task(awaitable)  # type: ignore[arg-type]
        self.tasks.append(task)
        return task

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            await self.sync.look_after(self.loop.time())

    # the venue

    def _answer(self, query: Message) -> Message:
        now = self.clock.time_ns()
        if isinstance(query, QueryOpenOrders):
            return OrdersAnswer(tuple(each for each in self.orders.values() if not each.status.is_closed), True, now)
        if isinstance(query, QueryOrder):
            by_venue = (each for each in self.orders.values() if each.venue_order_id == query.venue_order_id)
            found = self.orders.get(query.client_order_id) if query.client_order_id else next(by_venue, None)
            return OrderAnswer(found)
        if isinstance(query, QueryFills):
            after = int(query.after or 0)
            there = (each for each in self.trades if each.instrument == query.instrument)
            return FillsAnswer(tuple(each for each in there if int(each.trade_id) > after), True, now)
        if isinstance(query, GetInstruments):
            known = self.instruments.get(query.instrument)
            return InstrumentsAnswer((known,) if known else ())
        assert isinstance(query, QueryBalances)
        balances = (
            Balance(INSTANCE, asset, total, Decimal(0), Source.QUERY, now, now) for asset, total in self.totals.items()
        )
        return BalancesAnswer(tuple(balances), True, now)

    def fill(self, *fills: Fill) -> None:
        """The venue fills, and tells nobody."""
        self.trades += fills
        for fill in fills:
            cost = fill.size * fill.price
            for asset, change in (("BTC", fill.size), ("USDT", -cost)):
                self.totals[asset] = self.totals.get(asset, Decimal(0)) + change

    # what is told

    def stream(self, *events: OrderEvent | Fill) -> None:
        self.record(list(events))
        self.sync.account.events += len(events)

    def up(self, epoch: int = 1, is_up: bool = True) -> None:
        self.sync.on_stream(epoch, PrivateStream(INSTANCE, is_up, "" if is_up else "cut", 1), self.spawn)

    def send(self, order_id: str, expires_s: float = 5.0, answered: bool = False, **terms: Any) -> NewOrder:
        """An order that the gate passed and that was written to the venue's socket."""
        self.numbers += 1
        now = self.clock.time_ns()
        order = an_order(order_id, ts_gated=now, **terms)
        self.record([an_intent(self.numbers, order)])
        expires = now + int(expires_s * SECOND)
        self.stream(an_event(K.SUBMITTED, order_id, ts_written=now, expires_ns=expires, instrument=order.instrument))
        if answered:
            self.orders[order_id] = report(order_id, instrument=order.instrument)
            self.stream(an_event(K.ACCEPTED, order_id, venue_order_id=f"v-{order_id}", instrument=order.instrument))
        return order

    # what became of it

    def state(self, order_id: str) -> OrderState:
        return self.ledger.orders[order_id]

    def of(self, kind: type) -> list[Any]:
        return [each for each in self.recorded if isinstance(each, kind)]

    def count(self, kind: type) -> int:
        return sum(isinstance(query, kind) for _, query in self.asked)

    @property
    def cursor(self) -> str:
        return self.ledger.cursors.get(INSTANCE, {}).get(BTC, "")

    def end(self) -> None:
        for task in (self.looking, *self.tasks):
            if task.done() and not task.cancelled() and task.exception() is not None:
                raise task.exception()  # type: ignore[misc]
            task.cancel()


def in_world(story: Callable[[World], Awaitable[None]]) -> None:
    """Play a story on virtual time."""

    async def play() -> None:
        world = World()
        await story(world)
        world.end()

    run_virtual(play())


async def synced(world: World) -> None:
    world.up()
    await asyncio.sleep(1)
    assert world.sync.synced
