"""Becoming, and staying, one with a venue.

On every start and return of an execution actor, of its private stream and of the reconciler itself: open orders, each
open or unanswered order by its client id, and the trades since the last known one; only then is the instance SYNCED. A
query that fails or is cut short never means "none": the instance stays unsynced and is asked again.

An order that was sent and not answered is UNKNOWN until the venue has it, or lacks it in all three (query by client id
with the order history, open orders, trades), each complete and asked after its expiry and a margin.

A cursor is the last trade that a complete list of trades has shown us, never one that the stream told alone: so no
earlier one can be missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from actors.reconciler.accounts import AccountCheck, AccountMoved
from actors.reconciler.records import Synced
from actors.reconciler.venue_reader import Host, QueryFailed, VenueReader, every
from bus.messages import (
    BalancesAnswer,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    OrderState,
    OrderStatus,
    Pending,
    PrivateStream,
    QueryBalances,
    QueryOpenOrders,
    QueryOrder,
    Source,
)

__all__ = ["InstanceSync", "QueryFailed"]

RETRY_MIN_S, RETRY_MAX_S = 0.2, 5.0
"""Between tries of a reconciliation that failed."""
LOOK_MIN_S, LOOK_MAX_S = 0.4, 30.0
"""Between looks at one order that none has settled, doubling: a look costs up to weight 124 of the 6,000 a minute."""
EXPIRY_MARGIN_S = 1.0
"""Beyond an order's expiry at the venue: twice the clock error that the venue itself tolerates is under this."""
ASSUMED_WINDOW_S = 5.0
"""How long the venue may still accept an attempt of which we never saw the send: the default `recvWindow`."""
LONGEST_WINDOW_S = 60.0
"""No venue lets an attempt wait for longer: Binance's limit of `recvWindow`."""
WINDOW_NS = int(ASSUMED_WINDOW_S * 1e9)
SIGHT_S = 0.5
"""An order is in flight for at most about so long before it is first looked at."""
BALANCE_CHECK_S = 15.0
"""Between comparisons of balances; one costs weight 20 of the 6,000 a minute."""
SUSPECT_CHECK_S = 2.0
"""Between the two reads that must agree before anything is adjusted."""
STREAM_NS = 10**9
"""How long the private stream has to tell of a fill that an answer has counted already."""
CURSOR_S = 30.0
"""While synced the last trade ids are written down this often, so that a restart asks for little."""


Spawn = Callable[[Awaitable[None]], asyncio.Task[None]]


class _Pace:
    """When to look again at what a look has not settled: at once, then at doubling pauses."""

    def __init__(self) -> None:
        self._next: dict[str, tuple[float, float]] = {}

    def keep(self, names: set[str]) -> None:
        """Forget all others: they are settled."""
        self._next = {name: known for name, known in self._next.items() if name in names}

    def takes(self, name: str, now_s: float, at_most_s: float = LOOK_MAX_S) -> bool:
        """True when a look is due, which counts it; the next one is due `at_most_s` later at the latest."""
        due_s, pause_s = self._next.get(name, (now_s, LOOK_MIN_S / 2))
        if now_s < due_s:
            return False
        pause_s = min(2 * pause_s, LOOK_MAX_S)
        self._next[name] = (now_s + min(pause_s, at_most_s), pause_s)
        return True


class InstanceSync:
    """One instance's way to SYNCED, and what keeps it there."""

    def __init__(self, host: Host, instance: str) -> None:
        self.instance = instance
        self.synced = False
        self.reason = "no execution actor yet"
        self.executor_epoch = 0
        self.stream_up = False
        self._dead_epoch = 0
        self._host = host
        self.account = AccountCheck(instance, host.ledger, host.record, host.clock, host.log)
        self.venue = VenueReader(host, self.account, instance)
        self._run: asyncio.Task[None] | None = None
        self._last_balance_check = 0.0
        self._last_cursor = 0.0
        self._looks, self._fetches = _Pace(), _Pace()
        self._in_flight_since: dict[str, float] = {}

    # what is told from outside

    def on_executor(self, epoch: int, live: bool) -> None:
        """The directory's word about the execution actor. An older life's is no news, nor is one that is known."""
        if epoch < self.executor_epoch or (live and epoch == self.executor_epoch):
            return
        self.executor_epoch = epoch
        if not live:
            self._dead_epoch = epoch
        self._lost("execution actor connects" if live else "execution actor is down")

    def on_stream(
        self, epoch: int, event: PrivateStream, spawn: Callable[[Awaitable[None]], asyncio.Task[None]]
    ) -> None:
        """The execution actor's word about the venue's private stream, in order with its events.

        The last words of a life that the directory has called dead may come late: they are no news either.
        """
        if epoch < self.executor_epoch or epoch <= self._dead_epoch:
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
                self._on_failure(error, delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_MAX_S)
                continue
            if self.stream_up and epoch == self.executor_epoch:
                self._arrive()
                return

    def _on_failure(self, error: QueryFailed, delay: float) -> None:
        if self.stream_up:  # else there is a better reason already
            self.reason = str(error)
            self._host.log.warning("not synced, trying again", instance=self.instance, why=error, in_s=delay)
            self._host.announce(self.instance)

    def _arrive(self) -> None:
        self.synced, self.reason = True, ""
        self._looks, self._fetches = _Pace(), _Pace()
        self._write_cursor()
        self._host.log.info("synced", instance=self.instance, open_orders=len(self._open()))
        self._host.announce(self.instance)

    def _write_cursor(self) -> None:
        known = self._host.ledger.cursors.get(self.instance, {})
        lacking = {state.order.instrument for state in self._lacking() if not state.external}
        trades = {**known, **{name: trade for name, trade in self.venue.proved.items() if name not in lacking}}
        if trades != known:
            self._host.record([Synced(self.instance, trades, self._host.clock.time_ns())])

    # the reconciliation

    async def reconcile(self) -> None:
        """Read everything once. Raises QueryFailed, after asking for all orders and fills while the venue answers."""
        if not await self._host.pull_intents():
            raise QueryFailed("the gate does not answer, so its intents are not known")
        answer = await self.venue.ask(QueryOpenOrders(self.instance), OrdersAnswer)
        self._host.record(list(answer.orders))
        ledger = self._host.ledger
        told = {known.order.order_id for event in answer.orders if (known := ledger.order_of(event)) is not None}
        missing = [state for state in self._open() if state.order.order_id not in told]
        await every(
            [
                *(partial(self.look_for, state) for state in missing),
                *(partial(self.venue.know_instrument, name) for name in ledger.instruments_of(self.instance)),
                self.venue.fetch_all,
            ]
        )
        await self._read_balances()

    async def look_for(self, state: OrderState) -> None:
        """Ask for one order by its client id; what is not there and was never answered is UNKNOWN from now on.

        Others may have given a client id twice: an order of theirs is asked for by the venue's.
        """
        order = state.order
        by_venue = bool(state.venue_order_id) and (state.external or not order.client_order_id)
        since = (order.ts_gated or state.ts_init) - 60 * 10**9
        query = QueryOrder(
            self.instance,
            order.instrument,
            "" if by_venue else order.client_order_id,
            history=True,
            since_ns=since,
            venue_order_id=state.venue_order_id if by_venue else "",
        )
        answer = await self.venue.ask(query, OrderAnswer)
        if answer.order is not None:
            self._host.record([answer.order])
        elif not self._is_unchanged(state):
            return  # the stream told of it meanwhile, and the answer may be older
        elif state.status in (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED):
            self._mark_unknown(state, "sent without an answer, and the venue does not have it (yet)")
        elif not state.is_unknown:
            self._host.log.error("the venue no longer knows an order that was open", order=order.order_id)
            self._mark_unknown(state, "open by our word, unknown to the venue")

    def _mark_unknown(self, state: OrderState, reason: str) -> None:
        if state.is_unknown:
            return
        now = self._host.clock.time_ns()
        expires = state.expires_ns or now + WINDOW_NS
        self._host.record([self._event(state, OrderEventKind.OUTCOME_UNKNOWN, reason, expires)])

    def _is_unchanged(self, state: OrderState) -> bool:
        fresh = self._host.ledger.orders.get(state.order.order_id)
        return fresh is not None and fresh.revision == state.revision

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
            venue_order_id=state.venue_order_id,
            strategy=order.strategy,
            reason=reason,
            expires_ns=expires_ns,
        )

    # balances

    async def _read_balances(self) -> None:
        async def ask() -> BalancesAnswer:
            return await self.venue.ask(QueryBalances(self.instance), BalancesAnswer)

        try:
            await self.account.read(ask, self._in_flight, self.venue.fetch_all)
        except AccountMoved as error:
            raise QueryFailed(str(error), answered=True) from None

    def _in_flight(self) -> bool:
        return any(state.pending is not Pending.NONE or state.is_unknown for state in self._open())

    # while synced

    async def look_after(self, now_s: float) -> None:
        """Resolve what is unknown, fetch fills that the venue counts and we lack, compare balances now and then."""
        self._note_in_flight(now_s)
        checks = (self._resolve_unknown, self._fetch_missing, self._compare_balances, self._advance_cursor)
        for check in checks:
            if not self.synced:
                return
            try:
                await check(now_s)
            except QueryFailed as error:
                self._host.log.warning("a check failed, trying again", instance=self.instance, why=error)

    async def _compare_balances(self, now_s: float) -> None:
        pause_s = SUSPECT_CHECK_S if self.account.is_suspicious else BALANCE_CHECK_S
        if now_s - self._last_balance_check > pause_s:
            self._last_balance_check = now_s
            await self._read_balances()

    async def _advance_cursor(self, now_s: float) -> None:
        """Have the venue's list of trades confirm what the stream told, then write down how far it goes."""
        if now_s - self._last_cursor <= CURSOR_S:
            return
        self._last_cursor = now_s
        known = self._host.ledger.cursors.get(self.instance, {})
        told = self._host.ledger.last_trade.get(self.instance, {})
        try:
            await every([partial(self.venue.fetch, name) for name, trade in told.items() if known.get(name) != trade])
        finally:
            self._write_cursor()

    async def _resolve_unknown(self, now_s: float) -> None:
        overdue = [state for state in self._open() if self._is_overdue(state, now_s)]
        self._looks.keep({state.order.order_id for state in overdue})
        due: list[OrderState] = []
        for state in overdue:
            left_s = self._left_s(state, now_s)
            if self._looks.takes(state.order.order_id, now_s, left_s if left_s > 0 else LOOK_MAX_S):
                due.append(state)
        await every([partial(self._resolve, state, now_s) for state in due])

    async def _resolve(self, state: OrderState, now_s: float) -> None:
        await self.look_for(state)
        unsent = state.status in (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)
        if not (unsent and state.is_unknown and self._left_s(state, now_s) <= 0 and self._is_unchanged(state)):
            return
        if await self._absent(state) and self.synced:
            reason = "absent from open orders, order history and trades after its expiry"
            self._host.record([self._event(state, OrderEventKind.NEVER_ARRIVED, reason)])
            self._host.log.warning("never arrived", order=state.order.order_id)

    def _note_in_flight(self, now_s: float) -> None:
        """Count how long orders are in flight on a clock that nobody sets, from when we first see them so."""
        since = self._in_flight_since
        self._in_flight_since = {}
        for state in self._open():
            if state.is_unknown or _is_unanswered(state):
                wall_s = (self._host.clock.time_ns() - _sent_ns(state)) / 1e9
                first = now_s - min(max(wall_s, 0.0), SIGHT_S)
                self._in_flight_since[state.order.order_id] = since.get(state.order.order_id, first)

    def _age_s(self, state: OrderState, now_s: float) -> float:
        return now_s - self._in_flight_since.get(state.order.order_id, now_s)

    def _left_s(self, state: OrderState, now_s: float) -> float:
        """How long the venue can still accept the order. A cancel's unknown outcome says no expiry of the order."""
        since_ns = _sent_ns(state) if state.expires_ns else state.uncertain_since_ns
        window_s = ((state.expires_ns or since_ns + WINDOW_NS) - since_ns) / 1e9
        return min(window_s, LONGEST_WINDOW_S) + EXPIRY_MARGIN_S - self._age_s(state, now_s)

    def _is_overdue(self, state: OrderState, now_s: float) -> bool:
        if state.is_unknown:
            return True
        return _is_unanswered(state) and self._age_s(state, now_s) > ASSUMED_WINDOW_S + 2 * EXPIRY_MARGIN_S

    async def _absent(self, state: OrderState) -> bool:
        """True when a complete look at open orders and trades, begun now, lacks the order too."""
        opened = await self.venue.ask(QueryOpenOrders(self.instance), OrdersAnswer)
        if any(event.client_order_id == state.order.client_order_id for event in opened.orders):
            self._host.record(list(opened.orders))
            return False
        await self.venue.fetch(state.order.instrument)
        return self._is_unchanged(state)

    async def _fetch_missing(self, now_s: float) -> None:
        """The venue says more was filled than we have fills for: fetch them, once the stream had its time."""
        now = self._host.clock.time_ns()
        lacking = [state for state in self._lacking() if now - state.ts_init > STREAM_NS]
        self._fetches.keep({state.order.order_id for state in lacking})
        due = {state.order.instrument for state in lacking if self._fetches.takes(state.order.order_id, now_s)}
        await every([partial(self.venue.fetch, instrument) for instrument in sorted(due)])

    # asking

    def _open(self) -> list[OrderState]:
        return self._host.ledger.open_orders(instance=self.instance)

    def _lacking(self) -> list[OrderState]:
        return self._host.ledger.lacking_fills(self.instance)


def _is_unanswered(state: OrderState) -> bool:
    return state.status in (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED) and not state.external


def _sent_ns(state: OrderState) -> int:
    return state.order.ts_written or state.order.ts_gated or state.ts_init
