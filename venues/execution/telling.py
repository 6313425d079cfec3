"""What an execution actor tells: events until the reconciler has them, the private stream, and how it is itself."""

from __future__ import annotations

from msgspec.structs import replace

from actors.runtime import Actor, ActorExit, Context, ExitCode
from bus.messages import Balance, BalanceChange, DirectoryEntry, Fill, OrderEvent, OrderEventKind, PrivateStream
from venues.execution.names import OrderNames
from venues.execution.order_events import Command, failed
from venues.execution.outcomes import Failure
from venues.outbox import OUTBOX_LIMIT, Outbox

__all__ = ["GATE", "RECONCILER", "Telling"]

GATE, RECONCILER = "gate", "reconciler"

_ENDING = {
    OrderEventKind.REJECTED,
    OrderEventKind.CANCELED,
    OrderEventKind.EXPIRED,
    OrderEventKind.NOT_SENT,
}


class Telling(Actor):
    """The part of an execution actor that speaks; it remembers orders' names, for what it says is about them."""

    outbox: Outbox

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)  # type: ignore[arg-type]
        self.instance = context.instance
        self.names = OrderNames()
        self.counts = {
            "orders_written": 0, "changes_written": 0, "cancels_written": 0, "venue_events": 0, "unreadable_venue": 0
        }  # fmt: skip
        self.why_not_new = ""
        """Why no new order is written though the venue is connected; empty where there is no reason."""
        self._reconciler_epoch = 0
        self._stream: PrivateStream | None = None

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

    @property
    def clock_bound_ns(self) -> int:
        """How far the venue's clock may be from what is known of it; a venue that measures it overrides this."""
        return 0

    # telling the reconciler

    def emit(self, event: OrderEvent | Fill | Balance | BalanceChange | PrivateStream) -> None:
        """Number an event and tell the reconciler, in order, until it has acknowledged it."""
        if isinstance(event, OrderEvent) and (event.kind in _ENDING or event.status.is_closed):
            self.names.ended(event.client_order_id)
        if isinstance(event, PrivateStream):
            self._stream = event
        # that an order was written is no news to who passed it; told at once it would only get in the write's way
        self.outbox.put(event, soon=not (isinstance(event, OrderEvent) and event.kind is OrderEventKind.SUBMITTED))
        if len(self.outbox) >= 2 * OUTBOX_LIMIT:
            raise ActorExit(ExitCode.TOO_SLOW, f"{len(self.outbox)} events wait for the reconciler; starting over")

    def emit_failure(self, definite: OrderEventKind, failure: Failure, command: Command) -> None:
        """Tell how a command failed: by the kind `definite` where that is certain, else as OUTCOME_UNKNOWN."""
        kind = definite if failure.definite else OrderEventKind.OUTCOME_UNKNOWN
        venue_order_id: str = getattr(command, "venue_order_id", "")
        # a cancel that crosses a fill is refused every day; an order refused or unknown is not
        say = self.log.debug if kind is OrderEventKind.CANCEL_REJECTED else self.log.warning
        say("order answer", order=command.client_order_id or venue_order_id, outcome=kind, reason=failure.reason)
        self.emit(failed(kind, failure, command, venue_order_id, self.clock.time_ns()))

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

    # how the connection is: what the venue's client says

    def on_connected(self) -> None:
        """Commands can be written and the account's events come."""
        self.ready("READY", self.why_not_new)
        self.log.info("connected", clock_bound_ms=self.clock_bound_ns / 1e6)

    def on_disconnected(self, reason: str, wait_s: float) -> None:
        """The connection is down; it is made again after `wait_s`."""
        self.ready("CONNECTING", reason)
        self.log.warning("not connected, trying again", reason=reason, in_s=round(wait_s, 2))

    def on_stream(self, up: bool, reason: str) -> None:
        """The account's events begin or end: told at that moment, in order with them."""
        self.emit(PrivateStream(self.instance, up, reason, self.clock.time_ns()))

    def counters(self) -> dict[str, int]:
        own = {"orders_working": len(self.names.working)}
        return {**super().counters(), **self.outbox.counters, **self.counts, **own}
