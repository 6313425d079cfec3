"""Asking a venue, by way of its execution actor, and booking what it tells of fills.

A query that fails or is cut short never means "none". A list of trades may come in several answers; each is booked as
it comes, and `proved` is how far the venue's own list has been seen without a hole, by instrument.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from actors.reconciler.accounts import AccountCheck
from actors.reconciler.ledger import Ledger
from actors.reconciler.records import InstrumentKnown
from actors.runtime import Log
from bus.clock import Clock
from bus.messages import (
    BalancesAnswer,
    Code,
    Fill,
    FillsAnswer,
    GetInstruments,
    InstrumentsAnswer,
    Message,
    OrderAnswer,
    OrdersAnswer,
    QueryFills,
    QueryOrder,
    Refused,
)
from bus.requests import Reply

__all__ = ["Host", "QueryFailed", "VenueReader", "every"]

QUERY_S = 10.0
"""How long a query may take, rate limits included."""
A = TypeVar("A", OrdersAnswer, OrderAnswer, FillsAnswer, BalancesAnswer)


class QueryFailed(Exception):
    """A question to the venue got no complete answer. `answered`: the venue is there, so other questions may do."""

    def __init__(self, reason: str, answered: bool = False, code: Code = Code.NONE) -> None:
        super().__init__(reason)
        self.answered, self.code = answered, code


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


async def every(steps: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Take every step although one fails, while the venue answers. Raises the first QueryFailed."""
    failed: QueryFailed | None = None
    for step in steps:
        try:
            await step()
        except QueryFailed as error:
            failed = failed or error
            if not error.answered:
                break
    if failed is not None:
        raise failed


class VenueReader:
    """Reads one instance's venue for its reconciliation."""

    def __init__(self, host: Host, account: AccountCheck, instance: str) -> None:
        self.instance = instance
        self.proved: dict[str, str] = {}
        self._host, self._account = host, account
        self._gone: set[str] = set()

    async def know_all(self) -> None:
        """Learn the rules of every instrument that ever had an order. Raises QueryFailed."""
        await self._of_each(self.know_instrument)

    async def fetch_all(self) -> None:
        """Book the fills of every instrument that ever had an order. Raises QueryFailed."""
        await self._of_each(self.fetch)

    async def _of_each(self, step: Callable[[str], Awaitable[None]]) -> None:
        names = self._host.ledger.instruments_of(self.instance)
        await every([partial(self._unless_gone, step, name) for name in names])

    async def _unless_gone(self, step: Callable[[str], Awaitable[None]], name: str) -> None:
        """Where nothing is open, an instrument that the venue has no more keeps nobody from trading others."""
        try:
            await step(name)
        except QueryFailed as error:
            is_open = any(
                state.order.instrument == name for state in self._host.ledger.open_orders(instance=self.instance)
            )
            if error.code is not Code.NO_SUCH_INSTRUMENT or is_open:
                raise
            if name not in self._gone:
                self._gone.add(name)
                self._host.log.warning("the venue does not have this instrument any more", instrument=name, why=error)

    async def fetch(self, instrument: str) -> None:
        """Book the instrument's fills since its cursor, however many answers that takes. Raises QueryFailed."""
        ledger = self._host.ledger
        after = ledger.cursors.get(self.instance, {}).get(instrument, "")
        since = 0 if after else self._first_order_ns(instrument)
        while True:
            query = QueryFills(self.instance, instrument, after, since)
            answer = await self.ask(query, FillsAnswer, may_be_cut=True)
            if answer.fills:
                await self.know_instrument(instrument)
                await self._name_orders_of(answer.fills)
                self._account.events += sum(map(ledger.is_news, answer.fills))
                self._host.record(list(answer.fills))
                self.proved[instrument] = after = answer.fills[-1].trade_id
            if answer.complete:
                return
            if not answer.fills or after == query.after:
                raise QueryFailed("QueryFills: the answer was cut short", answered=True)

    async def _name_orders_of(self, fills: tuple[Fill, ...]) -> None:
        """A venue's list of trades may name orders by its own id alone: learn whose those are before booking them."""
        asked: set[str] = set()
        for fill in fills:
            known = self._host.ledger.order_of(fill)
            if known is not None or not fill.venue_order_id or fill.venue_order_id in asked:
                continue
            asked.add(fill.venue_order_id)
            query = QueryOrder(self.instance, fill.instrument, "", venue_order_id=fill.venue_order_id)
            answer = await self.ask(query, OrderAnswer)
            if answer.order is not None:
                self._host.record([answer.order])

    def _first_order_ns(self, instrument: str) -> int:
        times = [
            state.order.ts_gated or state.ts_accepted or state.ts_init
            for state in self._host.ledger.orders.values()
            if state.order.instance == self.instance and state.order.instrument == instrument
        ]
        return min(times, default=0)

    async def know_instrument(self, name: str) -> None:
        """Learn an instrument's currencies before the first of its fills is booked. Raises QueryFailed."""
        if (self.instance, name) in self._host.ledger.instruments:
            return
        reply = await self._host.ask(f"market_data.{self.instance}", GetInstruments(self.instance, name), QUERY_S)
        if not isinstance(reply.body, InstrumentsAnswer) or not reply.body.instruments:
            answered = isinstance(reply.body, (InstrumentsAnswer, Refused))
            raise QueryFailed(f"the rules of {name} are not known: {reply.reason}", answered, reply.code)
        self._host.record([InstrumentKnown(self.instance, reply.body.instruments[0])])

    async def ask(self, query: Message, kind: type[A], may_be_cut: bool = False) -> A:
        """Return the answer to a query. Raises QueryFailed."""
        reply = await self._host.ask(f"execution.{self.instance}", query, QUERY_S)
        if not isinstance(reply.body, kind):
            raise QueryFailed(f"{type(query).__name__}: {reply.reason}", isinstance(reply.body, Refused), reply.code)
        if not (reply.body.complete or may_be_cut):
            raise QueryFailed(f"{type(query).__name__}: the answer was cut short", answered=True)
        return reply.body
