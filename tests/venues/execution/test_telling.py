"""What every execution actor does where the reconciler stays away, or cannot take an event at all."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from actors.runtime import ActorExit, Context, ExitCode
from bus.codec import ReplyStatus
from bus.messages import (
    Acknowledged,
    Balance,
    CancelOrder,
    Code,
    Empty,
    Message,
    ModifyOrder,
    NewOrder,
    OrderEvent,
    PrivateStream,
    Refused,
    Source,
    VenueBatch,
)
from bus.requests import Reply
from venues.execution import Change, ExecutionVenue, Outcome, Window, telling
from venues.outbox import Outbox


class Venue(ExecutionVenue):
    """Never started. Its reconciler, where there is one, takes everything but what holds `poison`."""

    def __init__(self, has_reconciler: bool = True, poison: object = None) -> None:
        super().__init__(Context("execution.X", "execution", "/tmp/run", "/tmp/state", "test", "X"))
        self.told: list[list[object]] = []
        self.has_reconciler, self.poison = has_reconciler, poison
        self.loop = asyncio.get_running_loop()
        self.outbox = Outbox(self.loop, "X", self.send, self._on_poisoned)
        self.outbox.epoch = 1

    def send(self, message: Message, timeout_s: float) -> asyncio.Future[Reply]:
        assert isinstance(message, VenueBatch)
        events = [each.event for each in message.events]
        self.told.append(events)
        future: asyncio.Future[Reply] = self.loop.create_future()
        if self.has_reconciler:
            taken = Reply(ReplyStatus.OK, Code.NONE, Acknowledged(message.events[-1].number))
            refused = Reply(ReplyStatus.FAILED, Code.POISON, Empty())
            future.set_result(refused if self.poison in events else taken)
        return future

    def write_order(self, order: NewOrder, window: Window) -> Outcome:
        raise AssertionError

    def write_change(self, change: ModifyOrder, window: Window) -> Change | Refused:
        raise AssertionError

    def write_cancel(self, cancel: CancelOrder) -> Outcome:
        raise AssertionError

    async def open_orders(self, instrument: str = "") -> tuple[OrderEvent, ...] | Refused:
        raise AssertionError

    async def disconnect(self) -> None:
        raise AssertionError


def balance(asset: str) -> Balance:
    return Balance("X", asset, Decimal(1), Decimal(0), Source.STREAM, 0, 0)


async def test_events_that_pile_up_without_end_end_the_actor_with_13(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "OUTBOX_LIMIT", 2)
    venue = Venue(has_reconciler=False)
    for number in range(3):
        venue.emit(balance(str(number)))
    with pytest.raises(ActorExit) as ended:
        venue.emit(balance("3"))
    assert ended.value.code is ExitCode.TOO_SLOW


async def test_a_poisoned_event_ends_the_stream_in_its_place_and_begins_it_after_all_else(
    eventually: Callable[..., Awaitable[object]],
) -> None:
    deadly, harmless = balance("deadly"), balance("harmless")
    venue = Venue(poison=deadly)
    up = PrivateStream("X", True, "subscribed", 0)
    venue.emit(up)
    venue.emit(deadly)
    venue.emit(harmless)
    await eventually(lambda: len(venue.told) > 1 and len(venue.outbox) == 0)
    first, again, alone, (down,), after, (last,) = venue.told
    assert (first, again, alone, after) == ([up, deadly, harmless], [up], [deadly], [harmless])
    assert isinstance(down, PrivateStream)
    assert isinstance(last, PrivateStream)
    assert (down.up, last.up, last.reason) == (False, True, up.reason)
