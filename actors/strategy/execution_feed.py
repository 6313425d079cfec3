"""A strategy's execution stream, read without a hole.

The stream's numbers run on over the reconciler's lives. A strategy remembers on disk how far it read; what it missed,
while it was away or by a gap, is fetched from the journal and delivered first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Protocol

from actors.runtime import Log
from actors.strategy.fill_log import FillLog
from bus.codec import Header
from bus.member import Member
from bus.messages import (
    ExecutionRange,
    ExecutionState,
    ExecutionUpdate,
    Fill,
    GetExecution,
    Message,
    OrderState,
    Position,
)

__all__ = ["ExecutionFeed"]

RECONCILER = "reconciler"
ANSWER_S = 5.0
RETRY_S = 0.2
"""Between tries while the reconciler restarts."""


class Receiver(Protocol):
    """The strategy."""

    name: str
    member: Member
    log: Log

    def take_order(self, state: OrderState) -> None:
        """An order's state is new."""

    def take_fill(self, fill: Fill) -> None:
        """A fill of ours, after its order's state."""


class ExecutionFeed:
    """Hands a strategy its updates in order, each once."""

    def __init__(self, receiver: Receiver, record: FillLog) -> None:
        self.positions: dict[tuple[str, str], Position] = {}
        self.joined = asyncio.Event()
        self._receiver, self._record = receiver, record
        self._seq = record.last_seq
        self._catching_up = False
        self._waiting: list[tuple[int, ExecutionUpdate]] = []

    def on_message(self, message: Message, header: Header) -> Coroutine[None, None, None] | None:
        """Take a message of the stream; what is returned is to be run as a task (it fetches what was missed)."""
        if isinstance(message, ExecutionState):
            if 0 <= self._seq < message.seq and not self._catching_up:
                self._catching_up = True
                return self._catch_up(message)
            if not self._catching_up:
                self._record.joined(message.seq)
                self._take_state(message)
        elif isinstance(message, ExecutionUpdate):
            if self._catching_up:
                self._waiting.append((header.seq, message))
            else:
                self._take(header.seq, message)
        return None

    async def _catch_up(self, state: ExecutionState) -> None:
        receiver = self._receiver
        while self._seq < state.seq:
            reply = await receiver.member.request(RECONCILER, GetExecution(receiver.name, self._seq), ANSWER_S)
            if not isinstance(reply.body, ExecutionRange) or not reply.body.updates:
                receiver.log.warning("missed events cannot be had yet", after=self._seq, upto=state.seq)
                await asyncio.sleep(RETRY_S)
                continue
            for number, update in enumerate(reply.body.updates, reply.body.first):
                self._take(number, update)
        self._catching_up = False
        waiting, self._waiting = self._waiting, []
        for number, update in waiting:
            self._take(number, update)
        self._take_state(state)

    def _take_state(self, state: ExecutionState) -> None:
        self._seq = max(self._seq, state.seq)
        for position in state.positions:
            known = self.positions.get((position.instance, position.instrument))
            if known is None or known.fills <= position.fills:
                self.positions[(position.instance, position.instrument)] = position
        for order in state.orders:
            self._receiver.take_order(order)
        self.joined.set()

    def _take(self, seq: int, update: ExecutionUpdate) -> None:
        if seq <= self._seq:
            return
        self._seq = seq
        if update.position is not None:
            self.positions[(update.position.instance, update.position.instrument)] = update.position
        if update.fill is not None:
            self._record.add(seq, update.fill)
        self._receiver.take_order(update.order)
        if update.fill is not None:
            self._receiver.take_fill(update.fill)
