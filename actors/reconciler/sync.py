"""Becoming, and staying, one with a venue.

On every start and return of an execution actor, of its private stream and of the reconciler itself: open orders, each
open or unanswered order by its client id, and the trades since the last known one; only then is the instance SYNCED. A
query that fails or is cut short never means "none": the instance stays unsynced and is asked again.

What is in question about one order is `inquiry`'s to find out.

A cursor is the last trade that a complete list of trades has shown us, never one that the stream told alone: so no
earlier one can be missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from actors.reconciler.accounts import AccountCheck, AccountMoved
from actors.reconciler.inquiry import Inquiry, Pace
from actors.reconciler.records import Synced
from actors.reconciler.venue_reader import Host, QueryFailed, VenueReader, every
from bus.messages import (
    BalancesAnswer,
    OrdersAnswer,
    OrderState,
    Pending,
    PrivateStream,
    QueryBalances,
    QueryOpenOrders,
)

__all__ = ["InstanceSync", "QueryFailed"]

RETRY_MIN_S, RETRY_MAX_S = 0.2, 5.0
"""Between tries of a reconciliation that failed."""
BALANCE_CHECK_S = 15.0
"""Between comparisons of balances; one costs weight 20 of the 6,000 a minute."""
SUSPECT_CHECK_S = 2.0
"""Between the two reads that must agree before anything is adjusted."""
STREAM_NS = 10**9
"""How long the private stream has to tell of a fill that an answer has counted already."""
CURSOR_S = 30.0
"""While synced the last trade ids are written down this often, so that a restart asks for little."""


Spawn = Callable[[Awaitable[None]], asyncio.Task[None]]


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
        self._inquiry = Inquiry(host, self.venue, instance)
        self._fetches = Pace()

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
        self._inquiry.begin()
        self._fetches = Pace()
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
        asked_for = [state for state in self._open() if state.is_changing or state.order.order_id not in told]
        await every(
            [
                *(partial(self._inquiry.look_for, state) for state in asked_for),
                self.venue.know_all,
                self.venue.fetch_all,
            ]
        )
        await self._read_balances()

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
        self._inquiry.note_in_flight(now_s)
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
        await self._inquiry.resolve(now_s, lambda: self.synced)

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
