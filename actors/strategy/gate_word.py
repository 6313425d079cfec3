"""What the gate said of a command that it may have had: asked until it is certain.

A command that no connected gate was handed is refused at once. One that a gate may have had is asked about with the
same id, which a gate answers and never sends twice, but only until its time is over: a gate that lacked it would judge
it as new, and send it late. From then on its journal alone is read. The gate writes there before it sends, takes
requests in order and refuses late ones, so a command that is not in it went nowhere and never will, and a refusal is
honest; of one that passed, the execution stream tells. (Rejected: the reconciler's `GetOrders`, since what it lacks it
may just not have been told yet.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import msgspec

from actors.runtime import Log
from bus.clock import Clock
from bus.codec import ReplyStatus
from bus.member import Member
from bus.messages import (
    Code,
    GetIntents,
    Intent,
    IntentsAnswer,
    ModifyOrder,
    OrderEventKind,
    SubmitOrder,
    SubmitOrderList,
)
from bus.requests import Reply

__all__ = ["ANSWER_S", "COMMAND_S", "GATE", "LOOK_BACK", "RETRY_S", "GateWord", "Question", "Sender"]

GATE = "gate"
COMMAND_S = 5.0
"""A command that did not reach the gate or the venue's actor by then is refused, never sent late."""
RETRY_S = 0.2
"""Between tries of what must succeed: a cancel while an actor restarts, the gate's word about an order."""
ANSWER_S = 1.0
"""How long one such try waits for its answer."""
LOOK_BACK = 500
"""Intents that are read at a time, from the newest backwards."""
NEWEST = 2**62
"""Behind every number: the answer has no intents and says which is the last."""
CLOCK_STEP_S = 60.0
"""An intent older than a command by more than this is from before it, however the host's clock was set meanwhile."""


class Sender(Protocol):
    """The strategy."""

    name: str
    member: Member
    clock: Clock
    log: Log

    def spawn(self, coroutine: Coroutine[Any, Any, Any], reply_to: Any = None) -> asyncio.Task[Any]:
        """Run a task that ends with the strategy."""


class Question(msgspec.Struct, frozen=True):
    """A command and what is to be done with the gate's word about it.

    `is_untold`: neither the gate nor the execution stream has said anything yet; `is_meant`: an intent is about it;
    `doubt` is called where the gate is not there to say, `refuse` once it is certain that it comes to nothing.
    """

    command: SubmitOrder | SubmitOrderList | ModifyOrder
    name: str
    decided_ns: int
    is_untold: Callable[[], bool]
    is_meant: Callable[[Intent], bool]
    doubt: Callable[[], None]
    refuse: Callable[[Code, str], None]


class GateWord:
    """Hands commands to the gate, now or not at all, and sees each through."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def ask(self, question: Question) -> None:
        """Hand a command to the gate."""
        deadline_ns = self._sender.clock.monotonic_ns() + int(COMMAND_S * 1e9)
        future = self._sender.member.send(GATE, question.command, COMMAND_S)
        future.add_done_callback(lambda done: self._on_answer(question, done.result(), deadline_ns))

    def _on_answer(self, question: Question, reply: Reply, deadline_ns: int) -> None:
        if reply.ok:
            return
        if reply.definite:
            question.refuse(reply.code, reply.reason)
        elif question.is_untold():
            self._sender.log.warning("the gate did not answer; asking again", order=question.name, code=reply.code)
            self._sender.spawn(self._settle(question, deadline_ns))

    async def _settle(self, question: Question, deadline_ns: int) -> None:
        """Learn what became of a command that a gate may have had."""
        clock, is_untold = self._sender.clock, question.is_untold
        while is_untold() and (left_s := (deadline_ns - clock.monotonic_ns()) / 1e9) > 0:
            reply = await self._sender.member.request(GATE, question.command, min(ANSWER_S, left_s))
            # only a judgement counts: that this try came late, or to a gate that ends or has not heard of us yet, says
            # nothing about the first
            judged = reply.status is ReplyStatus.DENIED and reply.code not in (Code.SHUTTING_DOWN, Code.NOT_ALLOWED)
            if judged and is_untold():
                question.refuse(reply.code, reply.reason)
            if judged or reply.ok:
                return
            await asyncio.sleep(RETRY_S)
        while is_untold():
            gated = await self._in_gates_journal(question)
            if gated is None:
                question.doubt()
                await asyncio.sleep(RETRY_S)
            elif gated:
                event = gated[0].event
                if is_untold() and event is not None and event.kind is not OrderEventKind.NOT_SENT:  # it was denied
                    question.refuse(event.code, event.reason)
                return
            elif is_untold():
                reason = f"the gate did not take it within {COMMAND_S:g} s; its journal lacks it, so it was never sent"
                question.refuse(Code.DEADLINE_PASSED, reason)

    async def _in_gates_journal(self, question: Question) -> list[Intent] | None:
        """Return what the gate wrote of it, oldest first, nothing where it had it not; None where it does not answer.

        That is what its newest page about it has: the rest of a long story is behind it, and the stream tells it.
        """
        newest = await self._intents(NEWEST)
        if newest is None:
            return None
        upto, begun_ns = newest.last, question.decided_ns - int(CLOCK_STEP_S * 1e9)
        while upto > 0:
            after = max(0, upto - LOOK_BACK)
            page = await self._intents(after)
            if page is None:
                return None
            found = list(filter(question.is_meant, page.intents))
            if found or 0 < page.oldest_ns < begun_ns:
                return found
            upto = after
        return []

    async def _intents(self, after: int) -> IntentsAnswer | None:
        reply = await self._sender.member.request(GATE, GetIntents(after, self._sender.name), ANSWER_S)
        return reply.body if isinstance(reply.body, IntentsAnswer) else None
