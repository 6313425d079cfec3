"""Whether a command may be written now, whatever the venue is. Everything here is definite: nothing was sent."""

from __future__ import annotations

from collections.abc import Awaitable

from actors.runtime import Context
from bus.codec import RequestHeader
from bus.messages import (
    CancelAll,
    CancelOrder,
    Code,
    ModifyOrder,
    NewOrder,
    Refused,
    SetTradingState,
    TradingState,
    is_of_floor,
    parse_order_id,
    strategy_code,
)
from bus.requests import Answer
from venues.execution.outcomes import Window
from venues.execution.telling import GATE, Telling

__all__ = ["LEASE_S", "WINDOW_MS", "Checks"]

LEASE_S = 5.0
"""How long after a heartbeat that was answered new orders may be written: over the stall that is forgiven a supervisor
(its own lease, 4 s, and a heartbeat), and no longer than its loss takes to be found (`ORPHAN_S`)."""
WINDOW_MS = 5000
"""How long a venue may take to accept a command, where an instance does not say otherwise."""
_MS = 1_000_000


class Checks(Telling):
    """The part of an execution actor that refuses."""

    def __init__(self, context: Context, **arguments: object) -> None:
        super().__init__(context, **arguments)
        self.halted: dict[str, str] = {}
        self.window_ms = WINDOW_MS

    def check_submit(self, order: NewOrder, header: RequestHeader) -> Refused | None:
        """Return why this order must not be sent now."""
        return self._check_risk(order.instance, order.strategy, order.client_order_id, header)

    def check_change(self, change: ModifyOrder, header: RequestHeader) -> Refused | None:
        """Return why this order must not be changed now: a change may take risk as a new order does."""
        return self._check_risk(change.instance, change.strategy, change.new_client_order_id, header)

    def _check_risk(self, instance: str, strategy: str, client_order_id: str, header: RequestHeader) -> Refused | None:
        if header.caller != GATE:  # that a strategy may submit its own orders is meant for the gate
            return Refused(Code.NOT_ALLOWED, f"{self.name} takes new orders from the gate alone, not {header.caller!r}")
        refusal = self._refusal_of_old(header)
        if refusal is not None:
            return refusal
        if instance != self.instance:
            return Refused(Code.NO_SUCH_INSTANCE, f"{self.name} serves {self.instance}, not {instance!r}")
        if self.state == "STOPPING":
            return Refused(Code.SHUTTING_DOWN, f"{self.name} is stopping")
        for scope in ("floor", f"instance/{self.instance}", f"strategy/{strategy}"):
            if scope in self.halted:
                return Refused(Code.HALTED, f"{scope} is halted: {self.halted[scope]}")
        now = self.clock.monotonic_ns()
        if self.names.canceled_first.covers(client_order_id, now):
            return Refused(Code.TOO_LATE, "the cancel of this order came before the order, so it was not sent")
        late_ns = now - header.deadline_ns
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
        if self.why_not_new:
            return Refused(Code.NOT_READY, f"{self.instance}: {self.why_not_new}")
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

    def window(self, header: RequestHeader) -> Window | Refused:
        """Return how long the venue may take to accept a command of this deadline: never longer than that."""
        now = self.clock.monotonic_ns()
        ms = min(self.window_ms, (header.deadline_ns - now) // _MS)
        if ms < 1:
            return Refused(Code.DEADLINE_PASSED, "under a millisecond is left")
        return Window(ms, now + ms * _MS)

    def expires_ns(self, window: Window, written_ns: int) -> int:
        """Return when the venue accepts it no more (UNIX nanoseconds), at the latest."""
        return written_ns + window.ms * _MS + self.clock_bound_ns

    def on_set_trading_state(self, message: SetTradingState, header: RequestHeader) -> Answer | Awaitable[Answer]:
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
