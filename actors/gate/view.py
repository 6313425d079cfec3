"""What the gate knows of the world, gathered from the bus."""

from __future__ import annotations

import math
from collections import OrderedDict
from decimal import Decimal

from actors.gate.rules import Limits
from bus import topics
from bus.codec import Header
from bus.member import Member
from bus.messages import (
    Code,
    ExecutionState,
    ExecutionUpdate,
    InstanceState,
    Instrument,
    Message,
    NewOrder,
    OrderState,
    ReferencePrice,
    TradingState,
    TradingStates,
)

__all__ = ["FloorView"]

_STRICTNESS = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.UNKNOWN, TradingState.HALTED)
"""A state that this version does not know, from a newer one's journal, is stricter than those that let orders pass."""


ENDED_KEPT = 1_000
"""Orders that ended lately, so that a change which crosses the end is told so: seconds of the fastest trading."""


class FloorView:
    """Follows instances, instruments, reference prices and strategies' orders.

    Whatever is not known, or known to be stale, is a reason to deny. Of a `bookless` instance no book is kept: there is
    none to be whole, and no price to value an order by that has none of its own.
    """

    def __init__(
        self,
        member: Member,
        limits: Limits,
        instances: tuple[str, ...],
        trading: TradingStates,
        bookless: tuple[str, ...] = (),
    ) -> None:
        self.limits = limits
        self.trading = trading
        self._member = member
        self._bookless = bookless
        self._instances: dict[str, InstanceState | None] = dict.fromkeys(instances)
        self._instruments: dict[tuple[str, str], Instrument] = {}
        self._references: dict[tuple[str, str], ReferencePrice | None] = {}
        self._reference_stale: dict[tuple[str, str], str] = {}
        self._unknown: dict[str, dict[str, OrderState]] = {}
        self._open: dict[str, dict[str, OrderState]] = {}
        self._ended: OrderedDict[str, OrderState] = OrderedDict()
        self._changes: dict[str, tuple[str, int]] = {}
        """Changes that were passed and that the orders' states do not show yet: (its name, until when)."""
        self._blind: dict[str, str] = {}
        self._followed: set[str] = set()
        self._reconciler_problem = "the reconciler has not spoken yet"
        for name in instances:
            member.subscribe(topics.topic("state", "instance", name), self._on_instance, self._on_instance_stale)

    # what the rules ask

    def instrument(self, instance: str, instrument: str) -> Instrument | None:
        return self._instruments.get((instance, instrument))

    def reference_price(self, instance: str, instrument: str) -> Decimal | None:
        reference = self._references.get((instance, instrument))
        if reference is None or not reference.synced or not (0 < reference.price < math.inf):
            return None
        return Decimal(repr(reference.price))

    def book_problem(self, instance: str, instrument: str) -> str:
        key = (instance, instrument)
        if instance in self._bookless:
            return ""
        if key in self._reference_stale:
            return self._reference_stale[key]
        if key not in self._references:
            return "nobody has asked for it yet"
        reference = self._references[key]
        if reference is None:
            return "no word of it has come"
        return "" if reference.synced else "it is being resynced"

    def instance_problem(self, instance: str) -> tuple[Code, str] | None:
        if instance not in self._instances:
            names = ", ".join(self._instances) or "none"
            return Code.NO_SUCH_INSTANCE, f"no instance is named {instance!r}; there are: {names}"
        state = self._instances[instance]
        if not self._member.is_live("reconciler"):
            return Code.NO_RECONCILER, "the reconciler is down"
        if state is None:
            return Code.NOT_SYNCED, f"{instance}: {self._reconciler_problem}"
        return None if state.synced else (Code.NOT_SYNCED, f"{instance}: {state.reason}")

    def trading_state(self, order: NewOrder) -> tuple[TradingState, str]:
        strictest, where = TradingState.ACTIVE, ""
        for scope in ("floor", f"instance/{order.instance}", f"strategy/{order.strategy}"):
            state = self.trading.states.get(scope, TradingState.ACTIVE)
            if _STRICTNESS.index(state) > _STRICTNESS.index(strictest):
                strictest, where = state, scope
        return strictest, where

    def strategy_problem(self, strategy: str) -> str:
        return self._blind.get(strategy, "" if strategy in self._unknown else "the reconciler has not told them yet")

    def unknown_order(self, strategy: str, instrument: str) -> str:
        for state in self._unknown.get(strategy, {}).values():
            if state.order.instrument == instrument:
                return state.order.order_id
        return ""

    # what a change is judged by

    def order(self, strategy: str, order_id: str) -> OrderState | None:
        """Return an order of a strategy as the reconciler tells it, for a while after its end too; None: not known."""
        state = self._open.get(strategy, {}).get(order_id) or self._ended.get(order_id)
        return state if state is not None and state.order.strategy == strategy else None

    def note_change(self, order_id: str, name: str, until_ns: int) -> None:
        """A change was passed: until the order's state shows it, or its time is over, it is under way."""
        self._changes[order_id] = (name, until_ns)

    def forget_change(self, order_id: str, name: str) -> None:
        """The change came to nothing."""
        if self._changes.get(order_id, ("", 0))[0] == name:
            del self._changes[order_id]

    def is_changing(self, state: OrderState, now_ns: int) -> bool:
        """True while an earlier change of the order has no definite answer."""
        _, until_ns = self._changes.get(state.order.order_id, ("", 0))
        return state.is_changing or now_ns < until_ns

    # what is followed

    def follow_instrument(self, instance: str, instrument: str) -> None:
        """Learn an instrument's rules and reference price, from now on."""
        key = (instance, instrument)
        if key in self._references or instance not in self._instances:
            return
        self._references[key] = None
        self._member.subscribe(topics.market(instance, "instrument", instrument), self._on_instrument)
        if instance not in self._bookless:
            name = topics.book_reference(instance, instrument)
            self._member.subscribe(name, self._on_reference, self._on_reference_stale)

    def follow_strategy(self, strategy: str) -> None:
        """Learn of a strategy's orders, from now on."""
        if strategy not in self._followed:
            self._followed.add(strategy)
            self._member.subscribe(topics.topic("execution", strategy), self._on_execution, self._on_execution_stale)

    def is_settled(self, order: NewOrder) -> bool:
        """True once the rules, a whole book of the order's instrument and its strategy's orders are known."""
        key = (order.instance, order.instrument)
        reference = self._references.get(key)
        whole = order.instance in self._bookless or (reference is not None and reference.synced)
        return whole and key in self._instruments and not self.strategy_problem(order.strategy)

    def _on_instance(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, InstanceState):
            self._instances[message.instance] = message

    def _on_instance_stale(self, topic: str, reason: str) -> None:
        self._instances[topics.segments(topic)[2]] = None
        self._reconciler_problem = f"the reconciler's word is stale: {reason}"

    def _on_instrument(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, Instrument):
            instance = topics.segments(topic)[1]
            self._instruments[(instance, message.id)] = message

    def _on_reference(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, ReferencePrice):
            key = (topics.segments(topic)[1], message.instrument)
            self._references[key] = message
            self._reference_stale.pop(key, None)

    def _on_reference_stale(self, topic: str, reason: str) -> None:
        parts = topics.segments(topic)
        self._reference_stale[(parts[1], parts[3])] = reason

    def _on_execution(self, message: Message, header: Header, topic: str) -> None:
        if isinstance(message, ExecutionState):
            self._unknown[message.strategy] = {s.order.order_id: s for s in message.orders if s.is_unknown}
            self._open[message.strategy] = {s.order.order_id: s for s in message.orders}
            self._blind.pop(message.strategy, None)
            for state in message.orders:
                self._settle_change(state)
        elif isinstance(message, ExecutionUpdate):
            self._take(message.order)

    def _take(self, state: OrderState) -> None:
        strategy, order_id = state.order.strategy, state.order.order_id
        unknown, opened = self._unknown.setdefault(strategy, {}), self._open.setdefault(strategy, {})
        if state.is_unknown and state.is_open:
            unknown[order_id] = state
        else:
            unknown.pop(order_id, None)
        if state.is_open:
            opened[order_id] = state
        else:
            opened.pop(order_id, None)
            self._ended[order_id] = state
            if len(self._ended) > ENDED_KEPT:
                self._ended.popitem(last=False)
        self._settle_change(state)

    def _settle_change(self, state: OrderState) -> None:
        """A change that was passed is the state's to tell of from when that shows it."""
        if self._changes and state.order.order_id in self._changes:
            name = self._changes[state.order.order_id][0]
            if name in (state.change_id, state.order.client_order_id) or not state.is_open:
                del self._changes[state.order.order_id]

    def _on_execution_stale(self, topic: str, reason: str) -> None:
        self._blind[topics.segments(topic)[1]] = reason
