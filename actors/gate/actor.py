"""The risk gate: every new order passes here, in one process, or is denied with a code."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable
from typing import Any

import msgspec

from actors.gate.journal import IntentJournal
from actors.gate.rules import Denial, Limits, judge
from actors.gate.view import FloorView
from actors.runtime import Actor, Context
from actors.runtime.store import CHECKPOINT_S
from bus import topics
from bus.codec import ReplyStatus, RequestHeader
from bus.messages import (
    Code,
    DirectoryEntry,
    EndStrategy,
    GetIntents,
    Intent,
    IntentsAnswer,
    Message,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    Refused,
    SetTradingState,
    Source,
    SubmitOrder,
    TradingState,
    order_id_prefix,
)
from bus.requests import Answer, Reply

__all__ = ["Gate"]

SUBMIT_DEADLINE_S = 5.0
"""No order reaches a venue's socket later than this after the gate passed it."""
FIRST_SIGHT_S = 3.0
"""How long the first order of an instrument waits for its rules and its book; then it is judged by what is known."""
TELL_TRIES, TELL_RETRY_S = 20, 0.1
"""How often an execution actor is told of a trading state; it denies on its own, behind the gate."""
NEWCOMER_S = 1.0
"""How long the directory's push about a strategy may be behind the strategy's first order."""
INTENT_LAG_S = 0.005
"""How long a passed order may be unknown to all but the journal and its execution actor."""
SETTLE_S = 0.005
"""Between looks while it waits."""


class Gate(Actor):
    """
    Owns: ``intents.db`` (intents, trading states), ``intent/`` and ``state/trading/``.
    Listens: instruments, reference prices, ``state/instance/``, the strategies' execution streams.
    Sends: passed orders to the execution actors, each at most once.
    Fails when: its journal cannot be written; then nothing passes.
    Restart means: trading states are as they were; a repeated order id is answered, never sent twice.
    """

    prefixes = ("intent/", "state/trading/")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.limits = msgspec.convert(context.settings.get("limits", {}), Limits, strict=False)
        self.instances: tuple[str, ...] = tuple(context.settings.get("instances", ()))
        self._figures = {"passed": 0, "denied": 0, "not_sent": 0}
        self._in_flight: dict[str, tuple[NewOrder, asyncio.Future[Reply]]] = {}
        self._executors: dict[str, int] = {}
        self._ended: dict[str, int] = {}
        self._intent_topic = topics.topic("intent", self.name)
        self._unpublished: list[Intent] = []
        self._flush_timer: asyncio.TimerHandle | None = None
        self._first_seen: dict[tuple[str, str, str], float] = {}
        self.journal: IntentJournal
        self.view: FloorView

    def counters(self) -> dict[str, int]:
        return {**super().counters(), **self._figures}

    # life

    async def setup(self) -> None:
        self.journal = IntentJournal(self.state_path("intents.db"), self.context.durability)
        bookless = tuple(self.context.settings.get("bookless", ()))
        self.view = FloorView(self.member, self.limits, self.instances, self.journal.trading(), bookless)
        self.member.on_directory.append(self._on_actor)

    async def begin(self) -> None:
        self.publisher.set_seq(topics.topic("intent", self.name), self.journal.last)
        self.every(CHECKPOINT_S, self.journal.checkpoint)
        for scope, state in self.view.trading.states.items():
            self.log.warning("trading state kept over the restart", scope=scope, state=state)

    async def end(self) -> None:
        self._flush_intents()

    def release(self) -> None:
        if hasattr(self, "journal"):
            self.journal.close()

    def topic_state(self, topic: str) -> Message | None:
        if topic.startswith("state/"):
            return self.view.trading
        return IntentsAnswer((), self.journal.last)

    def _on_actor(self, entry: DirectoryEntry) -> None:
        if entry.kind == "execution" and entry.live:
            self.member.warm(entry.name)
            if self._executors.get(entry.name) != entry.epoch:
                self._executors[entry.name] = entry.epoch
                for scope, state in self.view.trading.states.items():
                    self.spawn(self._tell_executor(entry.name, SetTradingState(scope, state, "kept")))
        elif entry.kind == "strategy" and entry.live:
            self.view.follow_strategy(entry.name)

    # orders

    def on_submit_order(self, message: SubmitOrder, header: RequestHeader) -> Answer | Awaitable[Answer]:
        order = message.order
        if header.caller != order.strategy:
            return Refused(Code.NOT_ALLOWED, f"{header.caller!r} may not order for {order.strategy!r}")
        if not self._speaks_for(header):
            return self._once_known(message, header)
        known = None if self._is_surely_new(order, header) else self.journal.first_of(order.order_id)
        if known is not None:
            return self._answer_again(known, order)
        if not self.view.is_settled(order) and self._is_first_sight(order):
            return self._wait_and_judge(order, header)
        return self._judge(order, header)

    def _is_surely_new(self, order: NewOrder, header: RequestHeader) -> bool:
        """True for an id of a strategy's life that is younger than ours, and that we have not written ourselves.

        Looking every id up in the database cost more than all rules together.
        """
        if header.epoch <= self.epoch or self.journal.wrote(order.order_id):
            return False
        return order.order_id.startswith(order_id_prefix(self.context.floor, header.caller, header.epoch))

    def _is_first_sight(self, order: NewOrder) -> bool:
        """True for a while after a strategy's first order of an instrument: rules, book and orders are on their way."""
        now = self.loop.time()
        if order.instance not in self.instances:
            return False
        key = (order.instance, order.instrument, order.strategy)
        return now - self._first_seen.setdefault(key, now) < FIRST_SIGHT_S

    async def _wait_and_judge(self, order: NewOrder, header: RequestHeader) -> Answer:
        self.view.follow_instrument(order.instance, order.instrument)
        while not self.view.is_settled(order) and self._is_first_sight(order):  # noqa: ASYNC110
            await asyncio.sleep(SETTLE_S)
        known = self.journal.first_of(order.order_id)
        return self._judge(order, header) if known is None else self._answer_again(known, order)

    def on_end_strategy(self, message: EndStrategy, header: RequestHeader) -> IntentsAnswer:
        """From now on nothing of these lives passes, whatever the directory's table here still says."""
        self._ended[message.strategy] = max(message.until_epoch, self._ended.get(message.strategy, 0))
        return IntentsAnswer((), self.journal.last)

    def _speaks_for(self, header: RequestHeader) -> bool:
        if header.epoch <= self._ended.get(header.caller, 0):
            return False
        entry = self.member.directory.entries.get(header.caller)
        return entry is not None and entry.kind == "strategy" and entry.live and entry.epoch == header.epoch

    async def _once_known(self, message: SubmitOrder, header: RequestHeader) -> Answer:
        """A strategy that has just come may be ahead of the directory's push; one that is gone is refused at once."""
        deadline = self.loop.time() + NEWCOMER_S
        while not self._speaks_for(header):
            entry = self.member.directory.entries.get(header.caller)
            known = entry is not None and entry.epoch >= header.epoch
            if known or header.epoch <= self._ended.get(header.caller, 0) or self.loop.time() > deadline:
                return Refused(Code.NOT_ALLOWED, f"epoch {header.epoch} of {header.caller!r} is not on the floor")
            await asyncio.sleep(SETTLE_S)
        answer = self.on_submit_order(message, header)
        return await answer if inspect.isawaitable(answer) else answer

    def _answer_again(self, known: Intent, order: NewOrder) -> Answer:
        first, again = (msgspec.structs.replace(each, ts_gated=0) for each in (known.order, order))
        if first != again:
            return Refused(Code.DUPLICATE_ORDER_ID, f"order id {order.order_id} was gated with other terms")
        event = known.event
        return Refused(event.code, event.reason) if known.denied and event is not None else None

    def _judge(self, order: NewOrder, header: RequestHeader) -> Answer:
        now = self.clock.time_ns()
        if self.clock.monotonic_ns() >= header.deadline_ns:  # it waited here for too long to be sent
            return self._deny(order, Denial(Code.DEADLINE_PASSED, "the gate could not judge it in time"), now)
        if not self._speaks_for(header):
            return Refused(Code.NOT_ALLOWED, f"{header.caller!r} has left the floor")
        denial = judge(order, self.view)
        if denial is not None:
            return self._deny(order, denial, now)
        left_s = (header.deadline_ns - self.clock.monotonic_ns()) / 1e9
        gated = msgspec.structs.replace(order, ts_gated=now)
        intent = self.journal.append(gated, False, None, self.epoch, now)
        future = self.member.send(self._executor(order.instance), SubmitOrder(gated), min(left_s, SUBMIT_DEADLINE_S))
        self._publish(intent, soon=False)
        self._figures["passed"] += 1
        self._in_flight[order.order_id] = (gated, future)
        future.add_done_callback(lambda done: self._on_sent(gated, done.result()))
        return None

    def _deny(self, order: NewOrder, denial: Denial, now: int) -> Refused:
        self._figures["denied"] += 1
        self.log.warning("denied", order=order.order_id, strategy=order.strategy, code=denial.code, why=denial.reason)
        self._record(order, self._event(order, OrderEventKind.DENIED, denial.code, denial.reason, now), now)
        return Refused(denial.code, denial.reason)

    def _on_sent(self, order: NewOrder, reply: Reply) -> None:
        """An execution actor answered. Only a definite no is one; silence is the reconciler's to resolve."""
        self._in_flight.pop(order.order_id, None)
        self._flush_intents()
        if reply.ok or not reply.definite:
            if not reply.ok:
                self.log.warning("no word on an order", order=order.order_id, code=reply.code)
            return
        self._figures["not_sent"] += 1
        code = Code.DEADLINE_PASSED if reply.status is ReplyStatus.EXPIRED else reply.code
        self.log.warning("not sent", order=order.order_id, code=code, why=reply.reason)
        now = self.clock.time_ns()
        self._record(order, self._event(order, OrderEventKind.NOT_SENT, code, reply.reason, now), now)

    def _record(self, order: NewOrder, event: OrderEvent, now: int) -> None:
        self._publish(self.journal.append(order, True, event, self.epoch, now))

    def _publish(self, intent: Intent, soon: bool = True) -> None:
        self._unpublished.append(intent)
        if soon:
            self._flush_intents()
        elif self._flush_timer is None:
            self._flush_timer = self.loop.call_later(INTENT_LAG_S, self._flush_intents)

    def _flush_intents(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        for intent in self._unpublished:
            self.publisher.publish(self._intent_topic, intent, seq=intent.number)
        self._unpublished.clear()

    @staticmethod
    def _event(order: NewOrder, kind: OrderEventKind, code: Code, reason: str, now: int) -> OrderEvent:
        return OrderEvent(
            kind,
            order.instance,
            order.instrument,
            order.client_order_id,
            Source.GATE,
            now,
            now,
            order_id=order.order_id,
            strategy=order.strategy,
            code=code,
            reason=reason,
        )

    def _executor(self, instance: str) -> str:
        return f"execution.{instance}"

    def on_get_intents(self, message: GetIntents, header: RequestHeader) -> IntentsAnswer:
        """Answer with a page of the journal, or with what of it is one strategy's."""
        page = self.journal.after(message.after)
        oldest_ns = min((intent.ts_init for intent in page), default=0)
        if message.strategy:
            page = tuple(intent for intent in page if intent.order.strategy == message.strategy)
        return IntentsAnswer(page, self.journal.last, oldest_ns)

    # trading states

    async def on_set_trading_state(self, message: SetTradingState, header: RequestHeader) -> Answer:
        problem = self._scope_problem(message.scope)
        if problem:
            return Refused(Code.NO_SUCH_SCOPE, problem)
        if message.state is TradingState.UNKNOWN:
            return Refused(Code.UNSUPPORTED, "expected ACTIVE, REDUCING or HALTED")
        now = self.clock.time_ns()
        self.journal.set_trading(message.scope, message.state, message.reason, header.caller, self.epoch, now)
        self.view.trading = self.journal.trading()
        self.publisher.publish(topics.topic("state", "trading", "floor"), self.view.trading)
        self.log.warning("trading state", scope=message.scope, state=message.state, by=header.caller)
        told = [self.spawn(self._tell_executor(name, message)) for name in self._executors]
        if message.state is TradingState.HALTED:
            await self._wait_for_barrier(message.scope, told)
        return self.view.trading

    async def _wait_for_barrier(self, scope: str, told: list[asyncio.Task[Any]]) -> None:
        """Wait until what was passed before is written, refused or too late, and the execution actors have confirmed.

        Bounded by the orders' own deadline: what did not reach a venue's socket by then never does.
        """
        in_flight = [future for order, future in self._in_flight.values() if _is_in_scope(order, scope)]
        waiting: list[asyncio.Future[Any]] = [*in_flight, *told]
        if waiting:
            await asyncio.wait(waiting, timeout=SUBMIT_DEADLINE_S)

    async def _tell_executor(self, name: str, message: SetTradingState) -> None:
        for _ in range(TELL_TRIES):
            if self.view.trading.states.get(message.scope, TradingState.ACTIVE) is not message.state:
                return  # a later word has been said: repeating this one would undo it
            if not self.member.is_live(name) or (await self.member.request(name, message, 1.0)).ok:
                return  # one that is gone is told when it is back
            await asyncio.sleep(TELL_RETRY_S)
        self.log.error("an execution actor does not take a trading state", actor=name, scope=message.scope)

    def _scope_problem(self, scope: str) -> str:
        kind, _, name = scope.partition("/")
        if scope == "floor" or (kind == "instance" and name in self.instances) or (kind == "strategy" and name):
            return ""
        instances = ", ".join(f"instance/{each}" for each in self.instances)
        return f"scope {scope!r}: expected floor, strategy/NAME, or one of {instances or 'no instance'}"


def _is_in_scope(order: NewOrder, scope: str) -> bool:
    return scope in ("floor", f"instance/{order.instance}", f"strategy/{order.strategy}")
