"""The execution state: orders, fills, positions, balances. The fold of the journal's messages, sans-I/O.

`apply` is the only way in, for what happens now and for what is replayed, so a replay gives the same state. It returns
what changed for strategies; an empty list says that the message was known already or changed nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from actors.reconciler import machine, positions
from actors.reconciler.attempts import asked_to_change
from actors.reconciler.names import OrderNames
from actors.reconciler.records import Adjustment, Baseline, InstrumentKnown, StrategyKnown, Synced, Unbookable
from bus.codec import encode
from bus.messages import (
    Balance,
    ExecutionUpdate,
    Fill,
    Instrument,
    Intent,
    Message,
    ModifyOrder,
    NewOrder,
    OrderEvent,
    OrderState,
    OrderStatus,
    OrderType,
    Pending,
    Position,
    Side,
    Source,
    is_of_floor,
    parse_order_id,
    strategy_code,
)

__all__ = ["EXTERNAL", "Ledger"]

EXTERNAL = "EXTERNAL"
"""The strategy to whom orders belong that were placed elsewhere."""
ZERO = Decimal(0)
CLOSED_KEPT = 50_000
"""Closed orders kept in memory, so that a late fill finds its order; older ones are in the journal."""


class Ledger:
    """What is true, as far as anybody here knows."""

    def __init__(self, floor: str = "", closed_kept: int = CLOSED_KEPT) -> None:
        self.orders: dict[str, OrderState] = {}
        self.positions: dict[tuple[str, str, str], Position] = {}
        self.balances: dict[tuple[str, str], Balance] = {}
        self.expected: dict[str, dict[str, Decimal]] = {}
        self.instruments: dict[tuple[str, str], Instrument] = {}
        self.last_intent = 0
        self.adjustments: dict[str, int] = {}
        self.last_trade: dict[str, dict[str, str]] = {}
        self.cursors: dict[str, dict[str, str]] = {}
        self.filled_by_query: dict[str, int] = {}
        self._floor = floor
        self._open: dict[str, OrderState] = {}
        self._lacking: dict[str, OrderState] = {}
        self._traded: dict[str, set[str]] = {}
        self._names = OrderNames()
        self._told_changes: dict[str, list[str]] = {}
        """Changes that the venue's actor told of before the gate did, by order."""
        self._fills: set[tuple[str, ...]] = set()
        self._unbookable: set[tuple[str, ...]] = set()
        self._closed: dict[str, None] = {}
        self._closed_kept = closed_kept
        self._strategies: dict[str, str] = {}

    # asking

    def find(
        self, instance: str, client_order_id: str, venue_order_id: str = "", instrument: str = ""
    ) -> OrderState | None:
        """Return the order of an attempt's client id, or of the venue's id where the source names that alone.

        A venue's id is unique within its instrument (Binance Spot). Client ids that others chose may come again after
        their order's end: then the venue's id tells the orders apart.
        """
        by_venue = self._names.of_venue(instance, instrument, venue_order_id)
        if not client_order_id:
            return self.orders.get(by_venue)
        state = self.orders.get(self._names.of_client(instance, client_order_id))
        if state is not None and state.external and "" not in (venue_order_id, state.venue_order_id):
            return state if state.venue_order_id == venue_order_id else self.orders.get(by_venue)
        return state

    def order_of(self, source: OrderEvent | Fill) -> OrderState | None:
        """Return the order that the venue speaks of."""
        return self.find(source.instance, source.client_order_id, source.venue_order_id, source.instrument)

    def has_fill(self, fill: Fill) -> bool:
        """True when this fill was counted."""
        return _fill_key(fill) in self._fills

    def open_orders(self, strategy: str = "", instance: str = "") -> list[OrderState]:
        """Return the orders that are not closed, oldest first; empty names match all."""
        return [
            state
            for state in self._open.values()
            if (not strategy or state.order.strategy == strategy) and (not instance or state.order.instance == instance)
        ]

    def lacking_fills(self, instance: str) -> list[OrderState]:
        """Return the orders of which the venue counts more than we have fills for."""
        return [state for state in self._lacking.values() if state.order.instance == instance]

    def positions_of(self, strategy: str = "", instance: str = "") -> list[Position]:
        """Return positions; empty names match all."""
        return [
            position
            for position in self.positions.values()
            if (not strategy or position.strategy == strategy) and (not instance or position.instance == instance)
        ]

    def instruments_of(self, instance: str) -> list[str]:
        """Return the instruments in which the instance ever had an order that was not denied."""
        return sorted(self._traded.get(instance, ()))

    def fill_problem(self, fill: Fill) -> str:
        """Return why a fill cannot be booked; empty where it can."""
        if fill.side is Side.UNKNOWN:
            return "its side is unknown"
        if fill.size <= 0:
            return f"its size is {fill.size}, expected above 0"
        return "" if fill.trade_id else "it has no trade id, so it could be counted twice"

    def digest(self) -> str:
        """Return a hash of the whole state: a replay of the journal gives the same."""
        digest = hashlib.blake2b(digest_size=16)
        parts: Iterable[Iterable[Message]] = (self.orders.values(), self.positions.values(), self.balances.values())
        for part in parts:
            for message in part:
                digest.update(encode(message))
        digest.update(repr(sorted(self.expected.items())).encode())
        return digest.hexdigest()

    # changing

    def apply(self, message: object) -> list[ExecutionUpdate]:
        """Take one message; return what it changed for strategies."""
        if isinstance(message, Intent):
            return self._intent(message)
        if isinstance(message, OrderEvent):
            return self._event(message)
        if isinstance(message, Fill):
            return self._fill(message)
        if isinstance(message, Balance):
            self.balances[(message.instance, message.asset)] = message
        elif isinstance(message, Baseline):
            self.expected[message.instance] = dict(message.balances)
        elif isinstance(message, Adjustment):
            self.expected[message.instance][message.asset] = message.found
            self.adjustments[message.instance] = self.adjustments.get(message.instance, 0) + 1
        elif isinstance(message, Synced):
            self.cursors[message.instance] = dict(message.trades)
        elif isinstance(message, InstrumentKnown):
            self.instruments[(message.instance, message.instrument.id)] = message.instrument
        elif isinstance(message, StrategyKnown):
            self._strategies[strategy_code(message.strategy)] = message.strategy
        elif isinstance(message, Unbookable):
            self._unbookable.add(_fill_key(message.fill))
        return []

    def is_news(self, message: object) -> bool:
        """False for what would change nothing and so need not be journalled."""
        if isinstance(message, Fill):
            return not self.has_fill(message) and not self.fill_problem(message)
        if isinstance(message, OrderEvent):
            before, after = self._advanced(message)
            return after is not before
        if isinstance(message, Balance):
            known = self.balances.get((message.instance, message.asset))
            if known is None:
                return True
            figures = (message.free, message.locked, message.borrowed)
            return message.ts_event >= known.ts_event and figures != (known.free, known.locked, known.borrowed)
        if isinstance(message, Intent):
            return message.number > self.last_intent
        if isinstance(message, StrategyKnown):
            return self._strategies.get(strategy_code(message.strategy)) != message.strategy
        if isinstance(message, Unbookable):
            return _fill_key(message.fill) not in self._unbookable
        return True

    def _intent(self, intent: Intent) -> list[ExecutionUpdate]:
        if intent.number <= self.last_intent:
            return []
        self.last_intent = intent.number
        order = intent.order
        self._strategies[strategy_code(order.strategy)] = order.strategy
        if intent.change is not None:
            return self._change(intent, intent.change)
        state = self.orders.get(order.order_id)
        if state is None:
            state = OrderState(order, ts_init=intent.ts_init)
        elif state.external or not state.order.ts_gated:  # the venue's word came first: now it is told whole
            state = replace(machine.with_order(state, order), external=False, revision=state.revision + 1)
        if intent.event is not None:
            state = machine.advance(state, intent.event)
        self._keep(state)
        return [ExecutionUpdate(state)]

    def _change(self, intent: Intent, change: ModifyOrder) -> list[ExecutionUpdate]:
        """The gate passed a change of an order, or did not; its fate may have been told here before."""
        state = self.orders.get(change.order_id)
        if state is None:
            return []
        if intent.event is not None:
            after = machine.advance(state, intent.event)
        elif change.new_client_order_id in self._told_changes.get(change.order_id, ()):
            newest = self._told_changes[change.order_id][-1] == change.new_client_order_id
            is_open = newest and state.is_changing and state.change is None
            after = asked_to_change(state, change, state.pending_client_order_id) if is_open else state
        else:
            after = asked_to_change(state, change, change.new_client_order_id)
        if after is state:
            return []
        if intent.event is None:
            after = replace(after, revision=state.revision + 1, ts_init=intent.ts_init)
        self._keep(after)
        return [ExecutionUpdate(after)]

    def _event(self, event: OrderEvent) -> list[ExecutionUpdate]:
        before, after = self._advanced(event)
        if after is before:
            return []
        if event.change_id and not self._names.of_client(event.instance, event.change_id):
            self._told_changes.setdefault(after.order.order_id, []).append(event.change_id)
        if event.change_id:
            after = replace(after, change_id=event.change_id)
        self._keep(after)
        return [ExecutionUpdate(after)]

    def _advanced(self, event: OrderEvent) -> tuple[OrderState, OrderState]:
        """Return an order before and after an event; the same object twice where nothing changes."""
        state = self.order_of(event)
        if state is None:
            adopted = self._adopt(event)
            if not (event.client_order_id or event.venue_order_id):
                return adopted, adopted
            return adopted, machine.advance(adopted, event)
        after = machine.advance(state, self._names.with_attempt(event))
        order = state.order
        if order.type is OrderType.UNKNOWN and event.type is not OrderType.UNKNOWN:  # a fill alone had told of it
            told = machine.with_order(after, replace(order, **_terms(event)))
            after = told if after is not state else replace(told, revision=state.revision + 1)
        return state, after

    def _fill(self, fill: Fill) -> list[ExecutionUpdate]:
        key = _fill_key(fill)
        if key in self._fills or self.fill_problem(fill):
            return []
        self._fills.add(key)
        trades = self.last_trade.setdefault(fill.instance, {})
        trades[fill.instrument] = _later_trade(trades.get(fill.instrument, ""), fill.trade_id)
        if fill.source is Source.QUERY:
            self.filled_by_query[fill.instance] = self.filled_by_query.get(fill.instance, 0) + 1
        state = self.order_of(fill) or self._adopt(fill)
        fill = self._names.with_attempt(fill)
        after = machine.apply_fill(state, fill)
        self._keep(after)
        order = after.order
        attempt = fill.client_order_id or order.client_order_id
        fill = replace(fill, order_id=order.order_id, client_order_id=attempt, strategy=order.strategy)
        base, quote = self._currencies(fill)
        where = (order.strategy, fill.instance, fill.instrument)
        position = positions.apply_fill(self.positions.get(where) or Position(*where), fill, base)
        self.positions[where] = position
        expected = self.expected.get(fill.instance)
        if expected is not None:
            for asset, change in positions.balance_changes(fill, base, quote).items():
                expected[asset] = expected.get(asset, ZERO) + change
        return [ExecutionUpdate(after, fill, position)]

    def _adopt(self, source: OrderEvent | Fill) -> OrderState:
        """Make an order from the venue's word: ours by its id, where our floor minted that, or EXTERNAL."""
        parts = parse_order_id(source.client_order_id)
        if parts is not None and self._floor and not is_of_floor(parts, self._floor):
            parts = None  # another floor's, on the same account
        strategy = self._strategies.get(parts.strategy, "") if parts is not None else ""
        name = source.client_order_id
        if not name or name in self.orders:
            known = source.venue_order_id or source.client_order_id
            if not known and isinstance(source, Fill):  # of no order that the venue would name: one of its own
                known = "-".join((source.account, source.trade_id, source.side))
            name = f"{source.instance}-{source.instrument}-{known}"
        order = NewOrder(
            name,
            source.client_order_id,
            source.instance,
            source.instrument,
            strategy or EXTERNAL,
            source.side,
            OrderType.UNKNOWN,
            account=source.account,
            position_side=source.position_side,
        )
        state = OrderState(order, external=not strategy, venue_order_id=source.venue_order_id)
        if isinstance(source, OrderEvent):
            return replace(state, order=replace(order, **_terms(source)))
        return replace(state, status=OrderStatus.ACCEPTED, pending=Pending.NONE)

    def _keep(self, state: OrderState) -> None:
        order = state.order
        self.orders[order.order_id] = state
        if state.status is not OrderStatus.DENIED:  # else it never left: the instrument may not even be there
            self._traded.setdefault(order.instance, set()).add(order.instrument)
        for index, belongs in ((self._open, state.is_open), (self._lacking, state.venue_filled > state.filled)):
            if belongs:
                index[order.order_id] = state
            else:
                index.pop(order.order_id, None)
        holder = self.orders.get(self._names.of_client(order.instance, order.client_order_id))
        is_free = holder is None or holder.order.order_id == order.order_id or not holder.is_open
        self._names.note(state, is_free)
        if state.status.is_closed:
            self._closed[order.order_id] = None
            if len(self._closed) > self._closed_kept:
                oldest = next(iter(self._closed))
                del self._closed[oldest]
                self.orders.pop(oldest, None)
                self._lacking.pop(oldest, None)
                self._told_changes.pop(oldest, None)
                self._names.forget(oldest)
        else:
            self._closed.pop(order.order_id, None)

    def _currencies(self, fill: Fill) -> tuple[str, str]:
        instrument = self.instruments.get((fill.instance, fill.instrument))
        details = instrument.details if instrument is not None else None
        return getattr(details, "base", ""), getattr(details, "quote", "")


def _terms(event: OrderEvent) -> dict[str, Any]:
    """What an event tells of its order."""
    return {
        "type": event.type,
        "size": None if event.quote_size is not None else event.size,
        "price": event.price,
        "time_in_force": event.time_in_force,
        "quote_size": event.quote_size,
        "trigger_price": event.trigger_price,
        "position_side": event.position_side,
        "reduce_only": event.reduce_only,
        "post_only": event.post_only,
        "display_size": event.display_size,
        "trailing_offset": event.trailing_offset,
        "trailing_offset_type": event.trailing_offset_type,
        "activation_price": event.activation_price,
        "list_id": event.list_id,
        "contingency": event.contingency,
    }


def _fill_key(fill: Fill) -> tuple[str, ...]:
    return fill.instance, fill.account, fill.instrument, fill.trade_id, str(fill.side)


def _later_trade(known: str, fresh: str) -> str:
    """Return the later of two trade ids: by number where they are numbers, else the fresh one."""
    if known.isascii() and known.isdigit() and fresh.isascii() and fresh.isdigit():
        return max(known, fresh, key=lambda text: (len(text.lstrip("0")), text.lstrip("0")))
    return fresh or known
