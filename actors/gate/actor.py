"""The risk gate: every new order and every change passes here, in one process, or is denied with a code."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from actors.gate.changes import Changes
from actors.gate.handing import SUBMIT_DEADLINE_S
from actors.gate.journal import IntentJournal
from actors.gate.rules import Limits
from actors.gate.view import FloorView
from actors.runtime import Context
from actors.runtime.store import CHECKPOINT_S
from bus import topics
from bus.codec import RequestHeader
from bus.messages import (
    Code,
    DirectoryEntry,
    EndStrategy,
    GetIntents,
    IntentsAnswer,
    Message,
    NewOrder,
    Refused,
    SetTradingState,
    TradingState,
)
from bus.requests import Answer

__all__ = ["Gate"]

TELL_TRIES, TELL_RETRY_S = 20, 0.1
"""How often an execution actor is told of a trading state; it denies on its own, behind the gate."""


class Gate(Changes):
    """
    Owns: ``intents.db`` (intents, trading states), ``intent/`` and ``state/trading/``.
    Listens: instruments, reference prices, ``state/instance/``, the strategies' execution streams.
    Sends: passed orders, lists and changes to the execution actors, each at most once.
    Fails when: its journal cannot be written; then nothing passes.
    Restart means: trading states are as they were; a repeated order or change is answered, never sent twice.
    """

    prefixes = ("intent/", "state/trading/")

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.limits = msgspec.convert(context.settings.get("limits", {}), Limits, strict=False)
        self.instances: tuple[str, ...] = tuple(context.settings.get("instances", ()))
        self._executors: dict[str, int] = {}

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

    # what passed

    def on_end_strategy(self, message: EndStrategy, header: RequestHeader) -> IntentsAnswer:
        """From now on nothing of these lives passes, whatever the directory's table here still says."""
        self._ended[message.strategy] = max(message.until_epoch, self._ended.get(message.strategy, 0))
        return IntentsAnswer((), self.journal.last)

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
