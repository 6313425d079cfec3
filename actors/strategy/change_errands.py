"""Changes of orders that a strategy asked for, seen through: each is made, or the order is as it was and says why.

One change of an order is under way at a time. One that is asked for before the venue has the order waits for that. The
execution stream tells what became of it: the order's state shows the change from when the gate passed it until the
venue's word; that a change was never passed is the gate's word.
"""

from __future__ import annotations

from typing import Protocol

import msgspec
from msgspec.structs import replace

from actors.strategy.gate_word import GateWord, Question
from actors.strategy.gate_word import Sender as GateSender
from actors.strategy.order import Order
from bus.messages import Code, Intent, ModifyOrder, OrderState, OrderStatus

__all__ = ["ChangeErrands"]

_UNSENT = (OrderStatus.INITIALIZED, OrderStatus.SUBMITTED)


class Sender(GateSender, Protocol):
    """The strategy."""

    def take_order(self, state: OrderState) -> None:
        """An order's state is new."""


class _Wish(msgspec.Struct):
    """A change that was asked for. `begun`: the order's state has shown it; `doubted`: the gate was not there."""

    change: ModifyOrder
    sent: bool = False
    begun: bool = False
    doubted: bool = False


class ChangeErrands:
    """Sends a strategy's changes to the gate."""

    def __init__(self, sender: Sender, gate: GateWord) -> None:
        self._sender, self._gate = sender, gate
        self._wishes: dict[str, _Wish] = {}

    def modify(self, order: Order, change: ModifyOrder) -> None:
        """Hand a change to the gate: now, or once the venue has the order."""
        self._wishes[order.id] = _Wish(change)
        order._asked_to_change(True)
        if order.status not in _UNSENT:
            self._send(order, self._wishes[order.id])

    def refuse(self, order: Order, code: Code, reason: str) -> None:
        """Let an order say why it is not changed."""
        self._sender.log.warning("change refused", order=order.id, code=code, why=reason)
        self._sender.take_order(replace(order.exact, code=code, reason=reason, venue_code=""))

    def _send(self, order: Order, wish: _Wish) -> None:
        wish.sent = True
        exact = order.exact  # the venue's name of it may be known by now only
        change = replace(wish.change, client_order_id=exact.order.client_order_id, venue_order_id=exact.venue_order_id)
        wish.change = change

        def is_untold() -> bool:
            return self._wishes.get(order.id) is wish and not wish.begun

        def is_meant(intent: Intent) -> bool:
            return intent.change is not None and intent.change.new_client_order_id == change.new_client_order_id

        def doubt() -> None:
            if not wish.doubted:
                wish.doubted = True
                self._sender.log.error("the gate is not there to say whether it passed a change", order=order.id)

        def refuse(code: Code, reason: str) -> None:
            if self._wishes.get(order.id) is wish:
                self._forget(order)
                self.refuse(order, code, reason)

        name, decided_ns = change.new_client_order_id, self._sender.clock.time_ns()
        self._gate.ask(Question(change, name, decided_ns, is_untold, is_meant, doubt, refuse))

    def on_changed(self, order: Order) -> None:
        """Look at an order's new state."""
        wish = self._wishes.get(order.id)
        if wish is None:
            return
        if order.is_closed:
            self._forget(order)
        elif not wish.sent:
            if order.status not in _UNSENT:
                self._send(order, wish)
        elif order.exact.is_changing:
            wish.begun = True
        elif wish.begun or order.exact.order.client_order_id == wish.change.new_client_order_id:
            self._forget(order)

    def _forget(self, order: Order) -> None:
        self._wishes.pop(order.id, None)
        order._asked_to_change(False)
