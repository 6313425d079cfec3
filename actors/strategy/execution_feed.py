"""A strategy's execution stream, read without a hole.

The stream's numbers run on over the reconciler's lives. A strategy remembers on disk how far it read; what it missed,
while it was away or by a gap, is fetched from the journal and delivered first. One rule does it: an update is taken
where its number is the next one, whoever brings it. Any other number, a state's or an update's, is only how far the
journal has to be read; it holds all that was ever published, so nothing is kept waiting here meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
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
from bus.requests import RequestFailed

__all__ = ["ExecutionFeed"]

RECONCILER = "reconciler"
PART_S = 5.0
"""For each part of the journal's answer."""
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
        self._heard = 0
        self._state: ExecutionState | None = None
        self._catching_up = False

    def on_message(self, message: Message, header: Header) -> Coroutine[None, None, None] | None:
        """Take a message of the stream; what is returned is to be run as a task (it fetches what was missed)."""
        if isinstance(message, ExecutionState):
            self._state, self._heard = message, message.seq
            if self._seq < 0:
                self._follow_from(message.seq)
        elif isinstance(message, ExecutionUpdate):
            self._heard = header.seq
            if not self._catching_up and header.seq == self._seq + 1:
                self._take(header.seq, message)
        else:
            return None
        if self._catching_up:
            return None
        if self._is_behind():
            self._catching_up = True
            return self._catch_up()
        self._take_state()
        return None

    def _is_behind(self) -> bool:
        """True while the journal has to be read: for what was missed, or for whether it still has what we read."""
        return self._heard > self._seq or (self._state is not None and self._state.seq < self._seq)

    async def _catch_up(self) -> None:
        """Read the journal up to the newest number that the stream has named, which may grow meanwhile."""
        log, told = self._receiver.log, -1
        while self._is_behind():
            state = self._state
            if state is not None and state.seq < self._seq:
                settled = await self._settle_older(state)
            else:
                settled = await self._fetch()
            if not settled:
                if told != self._seq:
                    told = self._seq
                    log.warning("missed events cannot be had yet; asking again", after=self._seq, upto=self._heard)
                await asyncio.sleep(RETRY_S)
        self._catching_up = False
        self._take_state()

    async def _fetch(self) -> bool:
        """Take what the journal has after what we read, part by part; False where that was nothing."""
        before = self._seq
        try:
            async with aclosing(self._journal_after(before)) as parts:
                async for part in parts:
                    if isinstance(part, ExecutionRange) and not self._take_range(part):
                        return False
        except RequestFailed as error:
            self._receiver.log.warning("the journal's answer ended early", after=self._seq, why=error)
        return self._seq > before

    def _take_range(self, part: ExecutionRange) -> bool:
        for number, update in enumerate(part.updates, part.first):
            if number == self._seq + 1:
                self._take(number, update)
            elif number > self._seq:
                self._receiver.log.error("the journal has a hole; nothing behind it is taken", after=self._seq)
                return False
        return True

    async def _settle_older(self, state: ExecutionState) -> bool:
        """A state from before what we read: one that the journal's answer overtook, or the journal was lost."""
        try:
            async with aclosing(self._journal_after(self._seq - 1)) as parts:
                has_ours = await anext(parts, None) is not None
        except RequestFailed:
            return False
        if state is not self._state:
            return True
        if not has_ours:
            self._receiver.log.error(
                "the reconciler's journal lacks what was read from it; following it from where it stands",
                read=self._seq,
                journal=state.seq,
            )
            self._follow_from(state.seq)
            self.positions.clear()
        self._take_state()
        return True

    def _journal_after(self, after: int) -> AsyncGenerator[Message, None]:
        receiver = self._receiver
        return receiver.member.chunks(RECONCILER, GetExecution(receiver.name, after), PART_S)

    def _follow_from(self, seq: int) -> None:
        self._seq = seq
        self._record.follow_from(seq)

    def _take_state(self) -> None:
        state, self._state = self._state, None
        if state is None:
            return
        for position in state.positions:
            known = self.positions.get((position.instance, position.instrument))
            if known is None or known.fills <= position.fills:
                self.positions[(position.instance, position.instrument)] = position
        for order in state.orders:
            self._receiver.take_order(order)
        self.joined.set()

    def _take(self, seq: int, update: ExecutionUpdate) -> None:
        self._seq = seq
        if update.position is not None:
            self.positions[(update.position.instance, update.position.instrument)] = update.position
        if update.fill is not None:
            self._record.add(seq, update.fill)
        self._receiver.take_order(update.order)
        if update.fill is not None:
            self._receiver.take_fill(update.fill)
