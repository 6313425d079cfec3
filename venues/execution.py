"""What every venue's execution actor has in common: checks before a write, events that are kept, a safe end."""

from __future__ import annotations

import asyncio
import os
from abc import abstractmethod
from collections import OrderedDict

from msgspec.structs import replace

from actors.runtime import Actor, ActorExit, Context, ExitCode
from actors.runtime.policies import remembered_policies
from bus.codec import RequestHeader
from bus.messages import (
    Balance,
    CancelAll,
    CancelOrder,
    Code,
    DirectoryEntry,
    ExitPolicy,
    Fill,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    PrivateStream,
    Refused,
    SetTradingState,
    TradingState,
    is_of_floor,
    parse_order_id,
    strategy_code,
)
from bus.requests import Answer
from venues.outbox import OUTBOX_LIMIT, Outbox
from venues.tombstones import Tombstones

__all__ = ["ExecutionVenue"]

GATE, RECONCILER = "gate", "reconciler"
LEASE_S = 5.0
"""How long after a heartbeat that was answered new orders may be written: over the stall that is forgiven a supervisor
(its own lease, 4 s, and a heartbeat), and no longer than its loss takes to be found (`ORPHAN_S`)."""
WRITTEN_KEPT = 50_000
"""Client ids remembered as written. A command older than its deadline (seconds) is refused, so an id needs to be
remembered for seconds; this many are minutes of the fastest trading that a venue allows."""
FLUSH_S = 1.0
"""How long a stopping actor tries to hand its last events over."""
ORPHAN_CANCEL_S = 2.0
"""How long an actor whose supervisor died tries to cancel what it and its earlier lives have written."""
PARENT_LOOKS, PARENT_LOOK_S = 10, 0.005
"""A stop takes 50 ms longer, in which a dead supervisor is told from one that stops the floor."""

_ENDING = {
    OrderEventKind.REJECTED,
    OrderEventKind.CANCELED,
    OrderEventKind.EXPIRED,
    OrderEventKind.NOT_SENT,
}


class ExecutionVenue(Actor):
    """Base of the execution actors. It writes an order at most once and tells the reconciler everything it learns."""

    outbox: Outbox

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)  # type: ignore[arg-type]
        self.instance = context.instance
        self.working: dict[str, NewOrder] = {}
        self.halted: dict[str, str] = {}
        self._written: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._canceled_first = Tombstones()
        self._reconciler_epoch = 0
        self._parent = os.getppid()
        self._orphaned = False
        self._stream: PrivateStream | None = None

    # what a venue does

    @abstractmethod
    async def cancel_orders(self, cancels: list[CancelOrder]) -> None:
        """Ask the venue to end these orders; the caller bounds the time."""

    @abstractmethod
    async def open_orders(self) -> tuple[OrderEvent, ...] | None:
        """Ask the venue for every open order of the account; None where it cannot be asked."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Close the venue's sockets."""

    # telling the reconciler

    async def setup(self) -> None:
        self.outbox = Outbox(
            self.loop,
            self.instance,
            lambda message, timeout_s: self.member.send(RECONCILER, message, timeout_s),
            self._on_poisoned,
        )

    async def begin(self) -> None:
        self.outbox.epoch = self.epoch
        self.member.on_directory.append(self._on_directory)
        self.member.warm(RECONCILER)

    def emit(self, event: OrderEvent | Fill | Balance | PrivateStream) -> None:
        """Number an event and tell the reconciler, in order, until it has acknowledged it."""
        if isinstance(event, OrderEvent) and (event.kind in _ENDING or event.status.is_closed):
            self.working.pop(event.client_order_id, None)
        if isinstance(event, PrivateStream):
            self._stream = event
        # that an order was written is no news to who passed it; told at once it would only get in the write's way
        self.outbox.put(event, soon=not (isinstance(event, OrderEvent) and event.kind is OrderEventKind.SUBMITTED))
        if len(self.outbox) >= 2 * OUTBOX_LIMIT:
            raise ActorExit(ExitCode.TOO_SLOW, f"{len(self.outbox)} events wait for the reconciler; starting over")

    def _on_poisoned(self, event: object) -> PrivateStream:
        """The reconciler cannot take an event: it is told to stop being SYNCED there, and later to ask the venue."""
        self.log.error("an event ended the reconciler twice and is dropped; the venue is asked instead", told=event)
        now = self.clock.time_ns()
        if self._stream is not None and self._stream.up:
            self.outbox.put(replace(self._stream, ts_init=now))
        return PrivateStream(self.instance, False, "an event that ended the reconciler twice is quarantined", now)

    def _on_directory(self, entry: DirectoryEntry) -> None:
        if entry.name == RECONCILER and entry.live and entry.epoch != self._reconciler_epoch:
            self._reconciler_epoch = entry.epoch
            self.member.warm(RECONCILER)
            self.outbox.tell_again()
            if self._stream is not None and self._stream.up:  # a new life does not know what the last one was told
                self.emit(replace(self._stream, ts_init=self.clock.time_ns()))

    # before a write

    def check_submit(self, order: NewOrder, header: RequestHeader) -> Refused | None:
        """Return why this order must not be sent now, whatever the venue is. Everything here is definite."""
        if header.caller != GATE:  # that a strategy may submit its own orders is meant for the gate
            return Refused(Code.NOT_ALLOWED, f"{self.name} takes new orders from the gate alone, not {header.caller!r}")
        refusal = self._refusal_of_old(header)
        if refusal is not None:
            return refusal
        if order.instance != self.instance:
            return Refused(Code.NO_SUCH_INSTANCE, f"{self.name} serves {self.instance}, not {order.instance!r}")
        if self.state == "STOPPING":
            return Refused(Code.SHUTTING_DOWN, f"{self.name} is stopping")
        for scope in ("floor", f"instance/{self.instance}", f"strategy/{order.strategy}"):
            if scope in self.halted:
                return Refused(Code.HALTED, f"{scope} is halted: {self.halted[scope]}")
        if self._canceled_first.covers(order.client_order_id, self.clock.monotonic_ns()):
            return Refused(Code.TOO_LATE, "the cancel of this order came before the order, so it was not sent")
        late_ns = self.clock.monotonic_ns() - header.deadline_ns
        if late_ns >= 0:
            return Refused(Code.DEADLINE_PASSED, f"{self.name} got the order {late_ns / 1e6:.1f} ms too late")
        silent_s = (self.clock.boottime_ns() - self.heard_ns) / 1e9
        if silent_s > LEASE_S:  # frozen, or cut off: another copy may be trading by now
            reason = f"{self.name} was last confirmed {silent_s:.1f} s ago; its lease is {LEASE_S:g} s"
            self.log.error("order refused", reason=reason)
            return Refused(Code.LEASE_LAPSED, reason)
        if self.outbox.is_full:
            reason = f"{len(self.outbox)} events wait for the reconciler; what became of an order could not be kept"
            self.log.error("order refused", reason=reason)
            return Refused(Code.NO_RECONCILER, reason)
        return None

    def _refusal_of_old(self, header: RequestHeader) -> Refused | None:
        """Return why nothing is taken from this life of the caller any more: what it sent may have waited here."""
        entry = self.member.directory.entries.get(header.caller)
        if entry is None or header.epoch >= entry.epoch:
            return None
        reason = f"epoch {header.epoch} of {header.caller} is over; epoch {entry.epoch} has taken its place"
        return Refused(Code.NOT_ALLOWED, reason)

    def check_cancel(self, message: CancelOrder | CancelAll, header: RequestHeader) -> Refused | None:
        """Return why a strategy may not end these orders: it ends its own alone, by the ids that name their owner."""
        if header.caller != message.strategy:  # no strategy: its key lets it name itself alone
            return None
        named = (
            [name for _, name in message.client_order_ids]
            if isinstance(message, CancelAll)
            else [message.client_order_id]
        )
        for name in named:
            parts = parse_order_id(name)
            whose = parts.strategy if parts is not None and is_of_floor(parts, self.context.floor) else ""
            if whose != strategy_code(message.strategy):
                return Refused(Code.NOT_ALLOWED, f"{name!r} is no order of {message.strategy!r}")
        return None

    def was_written(self, client_order_id: str) -> bool:
        """True when an order of this client id went to the venue's socket before: it is never written again."""
        return client_order_id in self._written

    def is_known(self, client_order_id: str) -> bool:
        """True when this life has written the order or heard of it from the venue: it came before any cancel."""
        return self.was_written(client_order_id)

    def note_cancel(self, client_order_id: str) -> None:
        """Remember that an order is to end: one that is still on its way to us must not be written later."""
        if client_order_id and not self.is_known(client_order_id):
            self._canceled_first.add(client_order_id, self.clock.monotonic_ns())

    def note_written(self, order: NewOrder) -> None:
        """Remember an order as written."""
        self._written[order.client_order_id] = (order.order_id, order.strategy)
        if len(self._written) > WRITTEN_KEPT:
            self._written.popitem(last=False)
        self.working[order.client_order_id] = order

    def names_of(self, client_order_id: str) -> tuple[str, str]:
        """Return (order id, strategy) of an order that this life has written, else two empty strings."""
        return self._written.get(client_order_id, ("", ""))

    def on_set_trading_state(self, message: SetTradingState, header: RequestHeader) -> Answer:
        """Take a scope's trading state; the answer is the barrier: from it on HALTED lets no new order through.

        An earlier life of the gate may still halt, and lifts nothing.
        """
        if message.state is TradingState.HALTED:
            self.halted[message.scope] = message.reason or "no reason given"
        elif (refusal := self._refusal_of_old(header)) is not None:
            return refusal
        else:
            self.halted.pop(message.scope, None)
        return None

    # the end

    @property
    def lost_supervisor(self) -> bool:
        """True when the process that started this one is gone."""
        return self._orphaned or os.getppid() != self._parent

    async def _is_orphan(self) -> bool:
        """A parent's death signal may come before the new parent shows: look for a while."""
        for _ in range(PARENT_LOOKS):
            if self.lost_supervisor:
                return True
            await asyncio.sleep(PARENT_LOOK_S)
        return self.lost_supervisor

    def on_orphaned(self) -> None:
        self._orphaned = True
        super().on_orphaned()

    async def end(self) -> None:
        if await self._is_orphan():
            task = self.spawn(self._end_orders())
            await asyncio.wait([task], timeout=ORPHAN_CANCEL_S)
            if not task.done():
                self.log.error("orders may rest at the venue: it did not answer in time", seconds=ORPHAN_CANCEL_S)
        await self.disconnect()
        if not await self.outbox.flush(FLUSH_S):
            self.log.warning("events were not taken by the reconciler; it will ask the venue", events=len(self.outbox))
        self.outbox.close()

    async def _end_orders(self) -> None:
        """Nobody is left to carry out exit policies: cancel what this life has written, then what earlier ones have."""
        policies = remembered_policies(self.state_path())  # of those who have left the directory's table too
        policies |= {entry.name: entry.exit_policy for entry in self.member.directory.entries.values()}
        spared = {strategy_code(name) for name, policy in policies.items() if policy is ExitPolicy.LEAVE}
        written = [
            CancelOrder(order.client_order_id, self.instance, order.instrument, order.strategy, order.order_id)
            for order in self.working.values()
            if strategy_code(order.strategy) not in spared
        ]
        self.log.error("the supervisor is gone: canceling the floor's orders", written=len(written))
        await asyncio.gather(
            self.cancel_orders(written), self._end_found(spared, {one.client_order_id for one in written})
        )

    async def _end_found(self, spared: set[str], done: set[str]) -> None:
        found = await self.open_orders()
        if found is None:
            self.log.error("orders of earlier lives may rest at the venue")
            return
        earlier = [
            CancelOrder(
                event.client_order_id, self.instance, event.instrument, event.strategy, event.order_id,
                event.venue_order_id,
            )
            for event in found
            if event.client_order_id not in done and self._is_to_end(event.client_order_id, spared)
        ]  # fmt: skip
        if earlier:
            self.log.error("canceling orders of earlier lives", orders=len(earlier))
            await self.cancel_orders(earlier)

    def _is_to_end(self, client_order_id: str, spared: set[str]) -> bool:
        parts = parse_order_id(client_order_id)
        return parts is not None and is_of_floor(parts, self.context.floor) and parts.strategy not in spared

    def counters(self) -> dict[str, int]:
        return {**super().counters(), **self.outbox.counters, "orders_working": len(self.working)}
