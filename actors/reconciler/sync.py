"""Becoming, and staying, one with a venue.

On every start and return of an execution actor, of its private stream and of the reconciler itself: open orders, each
open or unanswered order by its client id, and the trades since the last known one; only then is the instance SYNCED. A
query that fails or is cut short never means "none": the instance stays unsynced and is asked again.

An order that was sent and not answered is UNKNOWN until the venue has it, or lacks it in all three (query by client id
with the order history, open orders, trades), each complete and asked after its expiry and a margin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from actors.reconciler.accounts import AccountCheck, AccountMoved
from actors.reconciler.ledger import Ledger
from actors.reconciler.records import InstrumentKnown, Synced
from actors.runtime import Log
from bus.clock import Clock
from bus.messages import (
    BalancesAnswer,
    Fill,
    FillsAnswer,
    GetInstruments,
    InstrumentsAnswer,
    Message,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    OrderState,
    OrderStatus,
    Pending,
    PrivateStream,
    QueryBalances,
    QueryFills,
    QueryOpenOrders,
    QueryOrder,
    Source,
)
from bus.requests import Reply

__all__ = ["InstanceSync", "QueryFailed"]

QUERY_S = 10.0
"""How long a query may take, rate limits included."""
RETRY_MIN_S, RETRY_MAX_S = 0.2, 5.0
"""Between tries of a reconciliation that failed."""
EXPIRY_MARGIN_S = 1.0
"""Beyond an order's expiry at the venue: twice the clock error that the venue itself tolerates is under this."""
ASSUMED_WINDOW_S = 5.0
"""How long the venue may still accept an attempt of which we never saw the send: the default `recvWindow`."""
BALANCE_CHECK_S = 15.0
"""Between comparisons of balances; one costs weight 20 of the 6,000 a minute."""
SUSPECT_CHECK_S = 2.0
"""Between the two reads that must agree before anything is adjusted."""
STREAM_NS = 10**9
"""How long the private stream has to tell of a fill that an answer has counted already."""
CURSOR_S = 30.0
"""While synced the last trade ids are written down this often, so that a restart asks for little."""


Spawn = Callable[[Awaitable[None]], asyncio.Task[None]]
A = TypeVar("A", OrdersAnswer, OrderAnswer, FillsAnswer, BalancesAnswer)


class QueryFailed(Exception):
    """A question to the venue got no complete answer."""


class Host(Protocol):
    """What a sync needs of the reconciler."""

    ledger: Ledger
    clock: Clock
    log: Log

    async def ask(self, name: str, message: Message, timeout_s: float) -> Reply:
        """Ask another actor."""

    async def pull_intents(self) -> bool:
        """Take every intent the gate has; False while the gate does not answer."""

    def record(self, messages: list[Message]) -> None:
        """Journal and publish what is news among these."""

    def announce(self, instance: str) -> None:
        """Publish the instance's state."""


class InstanceSync:
    """One instance's way to SYNCED, and what keeps it there."""

    def __init__(self, host: Host, instance: str) -> None:
        self.instance = instance
        self.synced = False
        self.reason = "no execution actor yet"
        self.executor_epoch = 0
        self.stream_up = False
        self._host = host
        self.account = AccountCheck(instance, host.ledger, host.record, host.clock, host.log)
        self._run: asyncio.Task[None] | None = None
        self._last_balance_check = 0.0
        self._last_cursor = 0.0

    # what is told from outside

    def on_executor(self, epoch: int, live: bool) -> None:
        """The directory's word about the execution actor. An older life's is no news, nor is one that is known."""
        if epoch < self.executor_epoch or (live and epoch == self.executor_epoch):
            return
        self.executor_epoch = epoch
        self._lost("execution actor connects" if live else "execution actor is down")

    def on_stream(
        self, epoch: int, event: PrivateStream, spawn: Callable[[Awaitable[None]], asyncio.Task[None]]
    ) -> None:
        """The execution actor's word about the venue's private stream, in order with its events."""
        if epoch < self.executor_epoch:
            return
        self.executor_epoch = epoch
        if not event.up:
            self._lost(f"private stream is down: {event.reason}")
            return
        self.stream_up = True
        self.synced, self.reason = False, "reconciling"
        self._host.announce(self.instance)
        if self._run is not None and not self._run.done():
            self._run.cancel()
        self._run = spawn(self._until_synced())

    def _lost(self, reason: str) -> None:
        self.stream_up = self.synced = False
        self.reason = reason
        self._host.announce(self.instance)

    async def _until_synced(self) -> None:
        delay = RETRY_MIN_S
        while self.stream_up:
            epoch = self.executor_epoch
            try:
                await self.reconcile()
            except QueryFailed as error:
                self.reason = str(error)
                self._host.log.warning("not synced, trying again", instance=self.instance, why=error, in_s=delay)
                self._host.announce(self.instance)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_MAX_S)
                continue
            if self.stream_up and epoch == self.executor_epoch:
                self._arrive()
                return

    def _arrive(self) -> None:
        self.synced, self.reason = True, ""
        self._write_cursor()
        self._host.log.info("synced", instance=self.instance, open_orders=len(self._open()))
        self._host.announce(self.instance)

    def _write_cursor(self) -> None:
        trades = dict(self._host.ledger.last_trade.get(self.instance, {}))
        if trades != self._host.ledger.cursors.get(self.instance):
            self._host.record([Synced(self.instance, trades, self._host.clock.time_ns())])

    # the reconciliation

    async def reconcile(self) -> None:
        """Read everything once. Raises QueryFailed."""
        if not await self._host.pull_intents():
            raise QueryFailed("the gate does not answer, so its intents are not known")
        answer = await self._ask(QueryOpenOrders(self.instance), OrdersAnswer)
        await self._know_instruments([event.instrument for event in answer.orders])
        self._host.record(list(answer.orders))
        found = {event.client_order_id for event in answer.orders}
        for state in self._open():
            if state.order.client_order_id not in found:
                await self.look_for(state)
        await self._fetch_fills(self._host.ledger.cursors.get(self.instance, {}))
        await self._read_balances()

    async def look_for(self, state: OrderState) -> None:
        """Ask for one order by its client id; what is not there and was never answered is UNKNOWN from now on."""
        order = state.order
        since = (order.ts_gated or state.ts_init) - 60 * 10**9
        query = QueryOrder(
            self.instance,
            order.instrument,
            order.client_order_id,
            history=True,
            since_ns=since,
            venue_order_id="" if order.client_order_id else state.venue_order_id,
        )
        answer = await self._ask(query, OrderAnswer)
        state = self._host.ledger.orders.get(order.order_id, state)  # the stream may have told of it meanwhile
        if answer.order is not None:
            self._host.record([answer.order])
        elif not state.is_open:
            return
        elif state.status in (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED):
            self._mark_unknown(state, "sent without an answer, and the venue does not have it (yet)")
        elif not state.is_unknown:
            self._host.log.error("the venue no longer knows an order that was open", order=order.order_id)
            self._mark_unknown(state, "open by our word, unknown to the venue")

    def _mark_unknown(self, state: OrderState, reason: str) -> None:
        if state.is_unknown:
            return
        now = self._host.clock.time_ns()
        expires = state.expires_ns or now + int(ASSUMED_WINDOW_S * 1e9)
        self._host.record([self._event(state, OrderEventKind.OUTCOME_UNKNOWN, reason, expires)])

    def _event(self, state: OrderState, kind: OrderEventKind, reason: str, expires_ns: int = 0) -> OrderEvent:
        now = self._host.clock.time_ns()
        order = state.order
        return OrderEvent(
            kind,
            order.instance,
            order.instrument,
            order.client_order_id,
            Source.RECONCILER,
            now,
            now,
            order_id=order.order_id,
            strategy=order.strategy,
            reason=reason,
            expires_ns=expires_ns,
        )

    async def _fetch_fills(self, cursors: dict[str, str], only: str = "") -> None:
        ledger = self._host.ledger
        for instrument in [only] if only else ledger.instruments_of(self.instance):
            after = cursors.get(instrument, "")
            since = 0 if after else self._first_order_ns(instrument)
            answer = await self._ask(QueryFills(self.instance, instrument, after, since), FillsAnswer)
            await self._name_orders_of(answer.fills)
            self._host.record(list(answer.fills))

    async def _name_orders_of(self, fills: tuple[Fill, ...]) -> None:
        """A venue's list of trades may name orders by its own id alone: learn whose those are before booking them."""
        asked: set[str] = set()
        for fill in fills:
            known = self._host.ledger.order_of(fill)
            if known is not None or not fill.venue_order_id or fill.venue_order_id in asked:
                continue
            asked.add(fill.venue_order_id)
            query = QueryOrder(self.instance, fill.instrument, "", venue_order_id=fill.venue_order_id)
            answer = await self._ask(query, OrderAnswer)
            if answer.order is not None:
                self._host.record([answer.order])

    def _first_order_ns(self, instrument: str) -> int:
        times = [
            state.order.ts_gated or state.ts_accepted or state.ts_init
            for state in self._host.ledger.orders.values()
            if state.order.instance == self.instance and state.order.instrument == instrument
        ]
        return min(times, default=0)

    async def _know_instruments(self, also: list[str]) -> None:
        ledger = self._host.ledger
        for name in sorted({*ledger.instruments_of(self.instance), *also}):
            await self.know_instrument(name)

    async def know_instrument(self, name: str) -> None:
        """Learn an instrument's currencies before the first of its fills is booked. Raises QueryFailed."""
        if (self.instance, name) in self._host.ledger.instruments:
            return
        reply = await self._host.ask(f"market_data.{self.instance}", GetInstruments(self.instance, name), QUERY_S)
        if not isinstance(reply.body, InstrumentsAnswer) or not reply.body.instruments:
            raise QueryFailed(f"the rules of {name} are not known: {reply.reason}")
        self._host.record([InstrumentKnown(self.instance, reply.body.instruments[0])])

    # balances

    async def _read_balances(self) -> None:
        async def ask() -> BalancesAnswer:
            return await self._ask(QueryBalances(self.instance), BalancesAnswer)

        async def fetch() -> None:
            await self._fetch_fills(self._host.ledger.cursors.get(self.instance, {}))

        try:
            await self.account.read(ask, self._in_flight, fetch)
        except AccountMoved as error:
            raise QueryFailed(str(error)) from None

    def _in_flight(self) -> bool:
        return any(state.pending is not Pending.NONE or state.is_unknown for state in self._open())

    # while synced

    async def look_after(self, now_s: float) -> None:
        """Resolve what is unknown, fetch fills that the venue counts and we lack, compare balances now and then."""
        if not self.synced:
            return
        try:
            await self._resolve_unknown()
            await self._fetch_missing()
            pause_s = SUSPECT_CHECK_S if self.account.is_suspicious else BALANCE_CHECK_S
            if now_s - self._last_balance_check > pause_s:
                self._last_balance_check = now_s
                await self._read_balances()
        except QueryFailed as error:
            self._host.log.warning("a check failed, trying again", instance=self.instance, why=error)
            return
        if self.synced and now_s - self._last_cursor > CURSOR_S and not self._host.ledger.lacking_fills(self.instance):
            self._last_cursor = now_s
            self._write_cursor()

    async def _resolve_unknown(self) -> None:
        for state in self._open():
            if not self._is_overdue(state):
                continue
            asked = self._host.clock.time_ns()
            await self.look_for(state)
            fresh = self._host.ledger.orders.get(state.order.order_id, state)
            if fresh.status not in (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED) or not fresh.is_unknown:
                continue
            if asked <= fresh.expires_ns + int(EXPIRY_MARGIN_S * 1e9):
                continue
            if await self._absent(fresh) and self.synced:
                reason = "absent from open orders, order history and trades after its expiry"
                self._host.record([self._event(fresh, OrderEventKind.NEVER_ARRIVED, reason)])
                self._host.log.warning("never arrived", order=fresh.order.order_id)

    def _is_overdue(self, state: OrderState) -> bool:
        if state.is_unknown:
            return True
        unanswered = state.status in (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED) and not state.external
        sent = state.order.ts_written or state.order.ts_gated or state.ts_init
        waited_ns = self._host.clock.time_ns() - sent
        return unanswered and waited_ns > int((ASSUMED_WINDOW_S + 2 * EXPIRY_MARGIN_S) * 1e9)

    async def _absent(self, state: OrderState) -> bool:
        """True when a complete look at open orders and trades, begun now, lacks the order too."""
        opened = await self._ask(QueryOpenOrders(self.instance), OrdersAnswer)
        if any(event.client_order_id == state.order.client_order_id for event in opened.orders):
            self._host.record(list(opened.orders))
            return False
        await self._fetch_fills(self._host.ledger.cursors.get(self.instance, {}), state.order.instrument)
        fresh = self._host.ledger.orders.get(state.order.order_id)
        return fresh is not None and fresh.status in (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)

    async def _fetch_missing(self) -> None:
        """The venue says more was filled than we have fills for: fetch them, once the stream had its time."""
        now = self._host.clock.time_ns()
        lacking = self._host.ledger.lacking_fills(self.instance)
        for instrument in {state.order.instrument for state in lacking if now - state.ts_init > STREAM_NS}:
            await self._fetch_fills(self._host.ledger.cursors.get(self.instance, {}), instrument)

    # asking

    def _open(self) -> list[OrderState]:
        return self._host.ledger.open_orders(instance=self.instance)

    async def _ask(self, query: Message, kind: type[A]) -> A:
        reply = await self._host.ask(f"execution.{self.instance}", query, QUERY_S)
        if not isinstance(reply.body, kind):
            raise QueryFailed(f"{type(query).__name__}: {reply.reason}")
        if not reply.body.complete:
            raise QueryFailed(f"{type(query).__name__}: the answer was cut short")
        return reply.body
