"""What passed goes to its execution actor, once, and every intent to the reconciler."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from actors.gate.journal import IntentJournal
from actors.gate.view import FloorView
from actors.runtime import Actor, Context
from bus import topics
from bus.codec import ReplyStatus, RequestHeader
from bus.messages import (
    Code,
    Intent,
    Message,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    Source,
)
from bus.requests import Reply

__all__ = ["SETTLE_S", "SUBMIT_DEADLINE_S", "Handing"]

SUBMIT_DEADLINE_S = 5.0
"""No order reaches a venue's socket later than this after the gate passed it."""
INTENT_LAG_S = 0.005
"""How long a passed order may be unknown to all but the journal and its execution actor."""
SETTLE_S = 0.005
"""Between looks while it waits."""


class Handing(Actor):
    """The part of the gate that sends and tells."""

    journal: IntentJournal
    view: FloorView

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._figures = {"passed": 0, "denied": 0, "not_sent": 0}
        self._in_flight: dict[str, tuple[NewOrder, asyncio.Future[Reply]]] = {}
        """What an execution actor has not answered yet, by what it is known by: an order of it, and the answer."""
        self._ended: dict[str, int] = {}
        self._intent_topic = topics.topic("intent", self.name)
        self._unpublished: list[Intent] = []
        self._flush_timer: asyncio.TimerHandle | None = None

    # who speaks

    def _speaks_for(self, header: RequestHeader) -> bool:
        if header.epoch <= self._ended.get(header.caller, 0):
            return False
        entry = self.member.directory.entries.get(header.caller)
        return entry is not None and entry.kind == "strategy" and entry.live and entry.epoch == header.epoch

    # sending

    def _send(
        self, name: str, order: NewOrder, command: Message, deadline_ns: int, told: Callable[[Reply], None]
    ) -> None:
        """Send a command to the order's execution actor, once. `told` gets an answer that is a definite no."""
        left_s = (deadline_ns - self.clock.monotonic_ns()) / 1e9
        future = self.member.send(f"execution.{order.instance}", command, min(left_s, SUBMIT_DEADLINE_S))
        self._in_flight[name] = (order, future)
        future.add_done_callback(lambda done: self._on_sent(name, done.result(), told))

    def _on_sent(self, name: str, reply: Reply, told: Callable[[Reply], None]) -> None:
        """An execution actor answered. Only a definite no is one; silence is the reconciler's to resolve."""
        self._in_flight.pop(name, None)
        self._flush_intents()
        if reply.ok or not reply.definite:
            if not reply.ok:
                self.log.warning("no word on an order", order=name, code=reply.code)
            return
        self._figures["not_sent"] += 1
        self.log.warning("not sent", order=name, code=_code_of(reply), why=reply.reason)
        told(reply)

    # telling

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
    def _event(
        order: NewOrder, kind: OrderEventKind, code: Code, reason: str, now: int, change_id: str = ""
    ) -> OrderEvent:
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
            change_id=change_id,
        )

    def _not_sent(
        self, order: NewOrder, kind: OrderEventKind, reply: Reply, now: int, change_id: str = ""
    ) -> OrderEvent:
        return self._event(order, kind, _code_of(reply), reply.reason, now, change_id)


def _code_of(reply: Reply) -> Code:
    return Code.DEADLINE_PASSED if reply.status is ReplyStatus.EXPIRED else reply.code
