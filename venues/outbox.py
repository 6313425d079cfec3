"""What an execution actor has to tell the reconciler, kept until the reconciler has it safe.

Events are numbered from 1 in each epoch and told in order, one batch in flight at a time: with one pipe and one
batch nothing can arrive behind a hole. What was not acknowledged is told again from its first event on; the
reconciler knows repeated numbers.

A batch in whose midst the reconciler ended may be what ended it. Its next life is told the very same batch once more;
where it ends again, the events of that batch go one by one, so that the guilty one is found alone. An event that the
reconciler refuses as poison is dropped, and the word that the private stream is down takes its place and number: the
instance is not SYNCED from there on, and what the event told is asked of the venue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from bus.messages import Acknowledged, Code, Message, PrivateStream, VenueBatch, VenueEvent
from bus.requests import Reply

__all__ = ["OUTBOX_LIMIT", "Outbox"]

OUTBOX_LIMIT = 100_000
"""Events kept for an absent reconciler: over an hour of fast trading at about 1 kB each; beyond it nothing is sent."""
BATCH_LIMIT = 500
"""Events in one message: far below the bus's message limit, and a few ms of the reconciler's time."""
RETRY_S = 0.05
"""Between attempts while the reconciler does not take them; less than the 0.2 s that are promised."""
LAG_S = 0.005
"""How long an event that changes nothing for anybody yet may wait for the next one, which usually comes sooner."""
ANSWER_S = 1.0
"""How long an acknowledgement is waited for before the same is told again."""


class Outbox:
    """The numbered, unacknowledged events of one life. `send` hands a message to the reconciler.

    `poisoned` is told of an event that the reconciler refuses for good, and returns what takes its place.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        instance: str,
        send: Callable[[Message, float], asyncio.Future[Reply]],
        poisoned: Callable[[object], PrivateStream],
    ) -> None:
        self.epoch = 0
        self.counters = {"events": 0, "events_waiting": 0, "batches_repeated": 0, "events_poisoned": 0}
        self._loop, self._instance, self._send, self._poisoned = loop, instance, send, poisoned
        self._events: deque[VenueEvent] = deque()
        self._number = 0
        self._told = 0
        self._lost_first = 0
        self._same_upto = 0
        self._single_upto = 0
        self._flight = 0
        self._in_flight = False
        self._scheduled: asyncio.Handle | None = None
        self._emptied: list[asyncio.Future[None]] = []

    def __len__(self) -> int:
        return len(self._events)

    @property
    def is_full(self) -> bool:
        """True when the bound is reached: then no new order may be sent, for what became of it could not be kept."""
        return len(self._events) >= OUTBOX_LIMIT

    def put(self, event: object, soon: bool = True) -> None:
        """Number an event and tell it at the end of this loop turn; one that is not for `soon` with the next, or after
        `LAG_S` at the latest.
        """
        self._number += 1
        self._events.append(VenueEvent(self._number, event))  # type: ignore[arg-type]
        self.counters["events"] += 1
        self.counters["events_waiting"] = len(self._events)
        self._schedule(0.0 if soon else LAG_S)

    def tell_again(self) -> None:
        """The reconciler has a new life: tell everything unacknowledged again, now."""
        if self._in_flight:
            self._on_lost()
        self._flight += 1
        self._in_flight = False
        self._schedule(0.0)

    async def flush(self, limit_s: float) -> bool:
        """Wait until everything is acknowledged, at most `limit_s`; False where something was left."""
        if self._events:
            emptied = self._loop.create_future()
            self._emptied.append(emptied)
            self._schedule(0.0)
            await asyncio.wait([emptied], timeout=limit_s)
        return not self._events

    def close(self) -> None:
        """Tell nothing any more."""
        self._flight += 1
        self._in_flight = True
        if self._scheduled is not None:
            self._scheduled.cancel()

    def _schedule(self, delay_s: float) -> None:
        if self._in_flight:
            return
        if self._scheduled is not None:
            if delay_s or not isinstance(self._scheduled, asyncio.TimerHandle):
                return
            self._scheduled.cancel()
        self._scheduled = self._loop.call_later(delay_s, self._tell) if delay_s else self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._scheduled = None
        if self._in_flight or not self._events or not self.epoch:
            return
        events = tuple(self._events[index] for index in range(min(len(self._events), self._batch_limit())))
        if events[0].number <= self._told:
            self.counters["batches_repeated"] += 1
        self._told = events[-1].number
        self._in_flight = True
        self._flight += 1
        flight = self._flight
        future = self._send(VenueBatch(self._instance, self.epoch, events), ANSWER_S)
        future.add_done_callback(lambda done: self._on_reply(flight, done.result()))

    def _batch_limit(self) -> int:
        first = self._events[0].number
        if first <= self._single_upto:
            return 1
        return self._same_upto - first + 1 if first <= self._same_upto else BATCH_LIMIT

    def _on_lost(self) -> None:
        """The reconciler ended with what we told in hand."""
        if not self._events:
            return
        first = self._events[0].number
        if first == self._lost_first:
            self._single_upto = max(self._single_upto, self._told)
        self._lost_first, self._same_upto = first, self._told

    def _on_poison(self) -> None:
        first = self._events[0]
        if self._told > first.number:
            self._single_upto = self._told
        else:
            self.counters["events_poisoned"] += 1
            self._events[0] = VenueEvent(first.number, self._poisoned(first.event))
        self._schedule(0.0)

    def _on_reply(self, flight: int, reply: Reply) -> None:
        if flight != self._flight:
            return
        self._in_flight = False
        if reply.code is Code.POISON:
            self._on_poison()
            return
        if reply.code in (Code.LOST, Code.HANDLER_FAILED):
            self._on_lost()
        if not (reply.ok and isinstance(reply.body, Acknowledged)):
            self._schedule(RETRY_S)
            return
        upto = min(reply.body.upto, self._told)
        before = len(self._events)
        while self._events and self._events[0].number <= upto:
            self._events.popleft()
        self.counters["events_waiting"] = len(self._events)
        if self._events:
            self._schedule(0.0 if len(self._events) < before else RETRY_S)
            return
        for emptied in self._emptied:
            if not emptied.done():
                emptied.set_result(None)
        self._emptied.clear()
