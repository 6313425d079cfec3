"""What became of an order, or of a change of it, that the venue has not answered: asked until it is certain.

An order that was sent and not answered is UNKNOWN until the venue has it, or lacks it in all three (query by client id
with the order history, open orders, trades), each complete and asked after its expiry and a margin.

A change that was sent and not answered may have put another attempt in the order's place, so both are asked for: the
one that is tried first, for it works wherever it exists. That it does not exist is certain from the change's expiry and
a margin on; then the present one tells what is true: open, and the change never came to anything; or canceled, and with
it the order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from actors.reconciler.venue_reader import Host, VenueReader, every
from bus.messages import (
    Code,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    OrderState,
    OrderStatus,
    QueryOpenOrders,
    QueryOrder,
    Source,
)

__all__ = ["EXPIRY_MARGIN_S", "Inquiry", "Pace"]

LOOK_MIN_S, LOOK_MAX_S = 0.4, 30.0
"""Between looks at one order that none has settled, doubling: a look costs up to weight 124 of the 6,000 a minute."""
EXPIRY_MARGIN_S = 1.0
"""Beyond an order's expiry at the venue: twice the clock error that the venue itself tolerates is under this."""
ASSUMED_WINDOW_S = 5.0
"""How long the venue may still accept an attempt of which we never saw the send: the default `recvWindow`."""
LONGEST_WINDOW_S = 60.0
"""No venue lets an attempt wait for longer: Binance's limit of `recvWindow`."""
WINDOW_NS = int(ASSUMED_WINDOW_S * 1e9)
SIGHT_S = 0.5
"""An order is in flight for at most about so long before it is first looked at."""
BEFORE_NS = 60 * 10**9
"""An order's history is read from this long before its send on: more than any clock here is wrong."""

_UNSENT = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)


class Pace:
    """When to look again at what a look has not settled: at once, then at doubling pauses."""

    def __init__(self) -> None:
        self._next: dict[str, tuple[float, float]] = {}

    def keep(self, names: set[str]) -> None:
        """Forget all others: they are settled."""
        self._next = {name: known for name, known in self._next.items() if name in names}

    def takes(self, name: str, now_s: float, at_most_s: float = LOOK_MAX_S) -> bool:
        """True when a look is due, which counts it; the next one is due `at_most_s` later at the latest."""
        due_s, pause_s = self._next.get(name, (now_s, LOOK_MIN_S / 2))
        if now_s < due_s:
            return False
        pause_s = min(2 * pause_s, LOOK_MAX_S)
        self._next[name] = (now_s + min(pause_s, at_most_s), pause_s)
        return True


class Inquiry:
    """One instance's orders in question."""

    def __init__(self, host: Host, venue: VenueReader, instance: str) -> None:
        self.instance = instance
        self._host, self._venue = host, venue
        self._looks = Pace()
        self._in_flight_since: dict[str, float] = {}

    def begin(self) -> None:
        """Look at everything again at once."""
        self._looks = Pace()

    def note_in_flight(self, now_s: float) -> None:
        """Count how long orders and changes are in flight on a clock that nobody sets, from when we first see them."""
        since = self._in_flight_since
        self._in_flight_since = {}
        for state in self._host.ledger.open_orders(instance=self.instance):
            if state.is_unknown or _is_unanswered(state):
                wall_s = (self._host.clock.time_ns() - _sent_ns(state)) / 1e9
                first = now_s - min(max(wall_s, 0.0), SIGHT_S)
                self._in_flight_since[_question(state)] = since.get(_question(state), first)

    async def resolve(self, now_s: float, is_synced: Callable[[], bool]) -> None:
        """Ask about what is unknown or overdue. Raises QueryFailed."""
        opened = self._host.ledger.open_orders(instance=self.instance)
        overdue = [state for state in opened if self._is_overdue(state, now_s)]
        self._looks.keep({_question(state) for state in overdue})
        due: list[OrderState] = []
        for state in overdue:
            left_s = self._left_s(state, now_s)
            if self._looks.takes(_question(state), now_s, left_s if left_s > 0 else LOOK_MAX_S):
                due.append(state)
        await every([partial(self._resolve, state, self._left_s(state, now_s) <= 0, is_synced) for state in due])

    async def _resolve(self, state: OrderState, is_over: bool, is_synced: Callable[[], bool]) -> None:
        """`is_over`: the venue takes nothing any more of what is asked about."""
        if _is_change(state):
            await self._look_for_change(state, is_over, is_synced)
            return
        await self.look_for(state)
        if not (state.status in _UNSENT and state.is_unknown and is_over and self._is_unchanged(state)):
            return
        if await self._absent(state) and is_synced():
            reason = "absent from open orders, order history and trades after its expiry"
            self._host.record([self._event(state, OrderEventKind.NEVER_ARRIVED, reason)])
            self._host.log.warning("never arrived", order=state.order.order_id)

    async def look_for(self, state: OrderState) -> None:
        """Ask for one order by its client id; what is not there and was never answered is UNKNOWN from now on.

        Others may have given a client id twice: an order of theirs is asked for by the venue's. Raises QueryFailed.
        """
        if _is_change(state):
            await self._look_for_change(state)
            return
        answer = await self._ask(state)
        if answer.order is not None:
            self._host.record([answer.order])
        elif not self._is_unchanged(state):
            return  # the stream told of it meanwhile, and the answer may be older
        elif state.status in _UNSENT:
            self._mark_unknown(state, "sent without an answer, and the venue does not have it (yet)")
        elif not state.is_unknown:
            self._host.log.error("the venue no longer knows an order that was open", order=state.order.order_id)
            self._mark_unknown(state, "open by our word, unknown to the venue")

    # changes

    async def _look_for_change(
        self, state: OrderState, is_over: bool = False, is_synced: Callable[[], bool] = lambda: False
    ) -> None:
        """Ask for both attempts; conclude where the tried one cannot come any more."""
        tried = state.pending_client_order_id
        answer = await self._ask(state, tried) if tried else OrderAnswer(None)
        if answer.order is not None:
            self._host.record([answer.order])
            return
        present = (await self._ask(state)).order
        if not self._is_unchanged(state):
            return
        if present is None:
            if not state.is_unknown:
                self._host.log.error("the venue no longer knows an order that is changed", order=state.order.order_id)
            self._mark_unknown(state, "changed without an answer, and unknown to the venue")
            return
        self._host.record([present])
        state = self._host.ledger.orders[state.order.order_id]
        if not state.is_open or not state.is_changing:
            return
        if not is_over:
            self._mark_unknown(state, "changed without an answer, and the venue shows it unchanged (yet)")
            return
        await self._venue.fetch(state.order.instrument)
        if self._is_unchanged(state) and is_synced():
            self._conclude(state, present)

    def _conclude(self, state: OrderState, present: OrderEvent) -> None:
        kind, reason = (
            OrderEventKind.MODIFY_REJECTED,
            "the change never arrived: after its expiry the order is as it was",
        )
        if present.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
            kind = OrderEventKind[present.status.name]
            reason = "the order was ended, and what was to replace it never arrived"
        self._host.record([replace(self._event(state, kind, reason), code=Code.DEADLINE_PASSED)])
        self._host.log.warning("a change never arrived", order=state.order.order_id, became=kind)

    # how

    async def _ask(self, state: OrderState, client_order_id: str = "") -> OrderAnswer:
        """Ask for one attempt, the present one by default, in the order history too."""
        order = state.order
        by_venue = bool(state.venue_order_id) and (state.external or not order.client_order_id) and not client_order_id
        query = QueryOrder(
            self.instance,
            order.instrument,
            "" if by_venue else client_order_id or order.client_order_id,
            history=True,
            since_ns=(order.ts_gated or state.ts_init) - BEFORE_NS,
            venue_order_id=state.venue_order_id if by_venue else "",
        )
        return await self._venue.ask(query, OrderAnswer)

    async def _absent(self, state: OrderState) -> bool:
        """True when a complete look at open orders and trades, begun now, lacks the order too."""
        opened = await self._venue.ask(QueryOpenOrders(self.instance), OrdersAnswer)
        if any(event.client_order_id == state.order.client_order_id for event in opened.orders):
            self._host.record(list(opened.orders))
            return False
        await self._venue.fetch(state.order.instrument)
        return self._is_unchanged(state)

    def _mark_unknown(self, state: OrderState, reason: str) -> None:
        if state.is_unknown:
            return
        now = self._host.clock.time_ns()
        expires = state.expires_ns or now + WINDOW_NS
        self._host.record([self._event(state, OrderEventKind.OUTCOME_UNKNOWN, reason, expires)])

    def _is_unchanged(self, state: OrderState) -> bool:
        fresh = self._host.ledger.orders.get(state.order.order_id)
        return fresh is not None and fresh.revision == state.revision

    def _event(self, state: OrderState, kind: OrderEventKind, reason: str, expires_ns: int = 0) -> OrderEvent:
        now = self._host.clock.time_ns()
        order = state.order
        return OrderEvent(
            kind,
            order.instance,
            order.instrument,
            order.client_order_id,
            Source.RECONCILER,
            now,
            now,
            order_id=order.order_id,
            venue_order_id=state.venue_order_id,
            strategy=order.strategy,
            reason=reason,
            expires_ns=expires_ns,
        )

    # time

    def _age_s(self, state: OrderState, now_s: float) -> float:
        return now_s - self._in_flight_since.get(_question(state), now_s)

    def _left_s(self, state: OrderState, now_s: float) -> float:
        """How long the venue can still accept what was sent. A cancel's unknown outcome says no expiry of the order."""
        since_ns = _sent_ns(state) if state.expires_ns else state.uncertain_since_ns
        window_s = ((state.expires_ns or since_ns + WINDOW_NS) - since_ns) / 1e9
        if _is_change(state):  # the expiry may be the order's own still
            window_s = max(window_s, ASSUMED_WINDOW_S)
        return min(window_s, LONGEST_WINDOW_S) + EXPIRY_MARGIN_S - self._age_s(state, now_s)

    def _is_overdue(self, state: OrderState, now_s: float) -> bool:
        if state.is_unknown:
            return True
        return _is_unanswered(state) and self._age_s(state, now_s) > ASSUMED_WINDOW_S + 2 * EXPIRY_MARGIN_S


def _is_change(state: OrderState) -> bool:
    return state.is_changing and state.status not in _UNSENT


def _is_unanswered(state: OrderState) -> bool:
    return state.is_changing or (state.status in _UNSENT and not state.external)


def _question(state: OrderState) -> str:
    """What is asked about: an order, or one change of it."""
    tried = state.change.new_client_order_id if state.change is not None else state.pending_client_order_id
    return f"{state.order.order_id} {tried}" if _is_change(state) else state.order.order_id


def _sent_ns(state: OrderState) -> int:
    if _is_change(state):
        return (state.change.ts_gated if state.change is not None else 0) or state.uncertain_since_ns or state.ts_init
    return state.order.ts_written or state.order.ts_gated or state.ts_init
