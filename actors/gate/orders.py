"""New orders and lists of orders: judged once, journalled, and handed on at most once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from actors.gate.handing import SETTLE_S, Handing
from actors.gate.rules import Denial, judge, judge_list
from actors.runtime import Context
from bus.codec import RequestHeader
from bus.messages import (
    Code,
    Intent,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    Refused,
    SubmitOrder,
    SubmitOrderList,
    is_of_floor,
    order_id_prefix,
    parse_order_id,
    strategy_code,
)
from bus.requests import Answer, Reply

__all__ = ["Orders"]

FIRST_SIGHT_S = 3.0
"""How long the first order of an instrument waits for its rules and its book; then it is judged by what is known."""
NEWCOMER_S = 1.0
"""How long the directory's push about a strategy may be behind the strategy's first order."""


class Orders(Handing):
    """The part of the gate that new orders pass."""

    instances: tuple[str, ...]

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._first_seen: dict[tuple[str, str, str], float] = {}

    def on_submit_order(self, message: SubmitOrder, header: RequestHeader) -> Answer | Awaitable[Answer]:
        return self._submit((message.order,), False, header)

    def on_submit_order_list(self, message: SubmitOrderList, header: RequestHeader) -> Answer | Awaitable[Answer]:
        """As for an order, for orders that pass together or not at all."""
        if not message.orders:
            return Refused(Code.UNSUPPORTED_INSTRUCTION, "a list of orders without orders")
        return self._submit(message.orders, True, header)

    def _submit(self, orders: tuple[NewOrder, ...], as_list: bool, header: RequestHeader) -> Answer | Awaitable[Answer]:
        for order in orders:
            if header.caller != order.strategy:
                return Refused(Code.NOT_ALLOWED, f"{header.caller!r} may not order for {order.strategy!r}")
            refusal = self._refusal_of_name("order_id", order.order_id, header.caller)
            if refusal is None and order.client_order_id != order.order_id:
                reason = f"client_order_id {order.client_order_id!r}: expected the order_id, {order.order_id!r}"
                refusal = Refused(Code.NOT_ALLOWED, reason)
            if refusal is not None:
                return refusal
        if not self._speaks_for(header):
            return self._once_known(header, lambda: self._submit(orders, as_list, header))
        known = self._known(orders, header)
        if known:
            return self._answer_again(known, orders)
        for order in orders:
            if not self.view.is_settled(order) and self._is_first_sight(order):
                return self._wait_and_judge(orders, as_list, header)
        return self._judge(orders, as_list, header)

    def _refusal_of_name(self, what: str, name: str, caller: str) -> Refused | None:
        """Return why this is no name that the caller minted: by another's, what is told of it would be another's."""
        parts = parse_order_id(name)
        if parts is not None and is_of_floor(parts, self.context.floor) and parts.strategy == strategy_code(caller):
            return None
        return Refused(Code.NOT_ALLOWED, f"{what} {name!r}: expected one that {caller!r} minted")

    def _known(self, orders: tuple[NewOrder, ...], header: RequestHeader) -> list[Intent | None]:
        """Return what each order was first seen with; nothing where none of them was seen."""
        if all(self._is_surely_new(order.order_id, header) for order in orders):
            return []
        return self._looked_up(orders)

    def _looked_up(self, orders: tuple[NewOrder, ...]) -> list[Intent | None]:
        found = [self.journal.first_of(order.order_id) for order in orders]
        return found if any(intent is not None for intent in found) else []

    def _is_surely_new(self, name: str, header: RequestHeader) -> bool:
        """True for an id of a strategy's life that is younger than ours, and that we have not written ourselves.

        Looking every id up in the database cost more than all rules together.
        """
        if header.epoch <= self.epoch or self.journal.wrote(name):
            return False
        return name.startswith(order_id_prefix(self.context.floor, header.caller, header.epoch))

    def _is_first_sight(self, order: NewOrder) -> bool:
        """True for a while after a strategy's first order of an instrument: rules, book and orders are on their way."""
        now = self.loop.time()
        if order.instance not in self.instances:
            return False
        key = (order.instance, order.instrument, order.strategy)
        return now - self._first_seen.setdefault(key, now) < FIRST_SIGHT_S

    async def _wait_and_judge(self, orders: tuple[NewOrder, ...], as_list: bool, header: RequestHeader) -> Answer:
        for order in orders:
            self.view.follow_instrument(order.instance, order.instrument)
            while not self.view.is_settled(order) and self._is_first_sight(order):  # noqa: ASYNC110
                await asyncio.sleep(SETTLE_S)
        known = self._looked_up(orders)
        return self._answer_again(known, orders) if known else self._judge(orders, as_list, header)

    async def _once_known(self, header: RequestHeader, again: Callable[[], Answer | Awaitable[Answer]]) -> Answer:
        """A strategy that has just come may be ahead of the directory's push; one that is gone is refused at once."""
        deadline = self.loop.time() + NEWCOMER_S
        while not self._speaks_for(header):
            entry = self.member.directory.entries.get(header.caller)
            known = entry is not None and entry.epoch >= header.epoch
            if known or header.epoch <= self._ended.get(header.caller, 0) or self.loop.time() > deadline:
                return Refused(Code.NOT_ALLOWED, f"epoch {header.epoch} of {header.caller!r} is not on the floor")
            await asyncio.sleep(SETTLE_S)
        answer = again()
        return await answer if inspect.isawaitable(answer) else answer

    def _answer_again(self, known: Sequence[Intent | None], orders: tuple[NewOrder, ...]) -> Answer:
        refusal: Refused | None = None
        for intent, order in zip(known, orders, strict=True):
            first = None if intent is None else msgspec.structs.replace(intent.order, ts_gated=0)
            if first != msgspec.structs.replace(order, ts_gated=0):
                return Refused(Code.DUPLICATE_ORDER_ID, f"order id {order.order_id} was gated with other terms")
            assert intent is not None
            if intent.denied and intent.event is not None and refusal is None:
                refusal = Refused(intent.event.code, intent.event.reason)
        return refusal

    def _judge(self, orders: tuple[NewOrder, ...], as_list: bool, header: RequestHeader) -> Answer:
        now = self.clock.time_ns()
        if self.clock.monotonic_ns() >= header.deadline_ns:  # it waited here for too long to be sent
            return self._deny(
                orders, orders[0], Denial(Code.DEADLINE_PASSED, "the gate could not judge it in time"), now
            )
        if not self._speaks_for(header):
            return Refused(Code.NOT_ALLOWED, f"{header.caller!r} has left the floor")
        if as_list:
            found = judge_list(orders, self.view)
            if found is not None:
                return self._deny(orders, *found, now)
            self._pass_list(orders, header, now)
            return None
        denial = judge(orders[0], self.view)
        if denial is not None:
            return self._deny(orders, orders[0], denial, now)
        gated = msgspec.structs.replace(orders[0], ts_gated=now)
        intent = self.journal.append(gated, False, None, self.epoch, now)
        self._hand_on((gated,), SubmitOrder(gated), [intent], header)
        return None

    def _pass_list(self, orders: tuple[NewOrder, ...], header: RequestHeader, now: int) -> None:
        gated = tuple(msgspec.structs.replace(order, ts_gated=now) for order in orders)
        intents = self.journal.append_all([(order, None) for order in gated], False, self.epoch, now)
        self._hand_on(gated, SubmitOrderList(gated), intents, header)

    def _hand_on(
        self,
        orders: tuple[NewOrder, ...],
        command: SubmitOrder | SubmitOrderList,
        intents: list[Intent],
        header: RequestHeader,
    ) -> None:
        first = orders[0]
        self._send(first.order_id, first, command, header.deadline_ns, lambda reply: self._on_not_sent(orders, reply))
        for intent in intents:
            self._publish(intent, soon=False)
        self._figures["passed"] += len(orders)

    def _deny(self, orders: tuple[NewOrder, ...], culprit: NewOrder, denial: Denial, now: int) -> Refused:
        """Deny an order, or all of a list for the sake of one."""
        self._figures["denied"] += len(orders)
        self.log.warning(
            "denied", order=culprit.order_id, strategy=culprit.strategy, code=denial.code, why=denial.reason
        )
        others = f"order {culprit.order_id} of the same list is denied: {denial.reason}"
        reasons = [denial.reason if order is culprit else others for order in orders]
        kind = OrderEventKind.DENIED
        self._record([(o, self._event(o, kind, denial.code, why, now)) for o, why in zip(orders, reasons, strict=True)])
        return Refused(denial.code, denial.reason if len(orders) == 1 else f"{culprit.order_id}: {denial.reason}")

    def _on_not_sent(self, orders: tuple[NewOrder, ...], reply: Reply) -> None:
        now = self.clock.time_ns()
        self._record([(order, self._not_sent(order, OrderEventKind.NOT_SENT, reply, now)) for order in orders])

    def _record(self, ended: Sequence[tuple[NewOrder, OrderEvent]]) -> None:
        now = self.clock.time_ns()
        for intent in self.journal.append_all(ended, True, self.epoch, now):
            self._publish(intent)
