"""Orders at an execution actor of a twin, and what was told of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from binance_floor import Floor, TwinProcess, wait_for
from msgspec.structs import replace

from bus.messages import (
    CancelOrder,
    ContingencyType,
    ModifyOrder,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    OrderType,
    QueryOpenOrders,
    Side,
    Source,
    SubmitOrder,
    SubmitOrderList,
    mint_order_id,
)
from bus.requests import Reply

ID = "BTCUSDT.BINANCE"
NAME = "execution.BINANCE"


class Trader:
    """Makes orders, and looks at what was told of them."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.count = 0

    def order(self, strategy: str = "s1", epoch: int = 7, **fields: Any) -> NewOrder:
        self.count += 1
        name = mint_order_id("test", strategy, epoch, self.count)
        defaults: dict[str, Any] = {
            "side": Side.BUY, "type": OrderType.LIMIT, "size": Decimal("0.01"), "price": Decimal("50000")
        }  # fmt: skip
        return NewOrder(name, name, "BINANCE", ID, strategy, **{**defaults, **fields})

    def submit(self, timeout_s: float = 5.0, **fields: Any) -> tuple[NewOrder, Reply]:
        order = self.order(**fields)
        return order, self.floor.request(NAME, SubmitOrder(order), timeout_s)

    def submit_list(self, *orders: NewOrder) -> Reply:
        return self.floor.request(NAME, SubmitOrderList(orders))

    def listed(self, contingency: ContingencyType, *terms: dict[str, Any]) -> tuple[NewOrder, ...]:
        """Orders of one list; in all but an OCO the first is the parent of the others."""
        self.count += 1
        list_id = f"L{self.count}"
        orders = [self.order(contingency=contingency, list_id=list_id, **each) for each in terms]
        if contingency is not ContingencyType.OCO:
            orders[1:] = [replace(order, parent_id=orders[0].order_id) for order in orders[1:]]
        ids = tuple(order.order_id for order in orders)
        return tuple(replace(order, linked_ids=tuple(i for i in ids if i != order.order_id)) for order in orders)

    def change(self, order: NewOrder, /, filled: Decimal = Decimal(0), **changes: Any) -> ModifyOrder:
        """Return a change of an order as the gate hands it on; an attempt's `client_order_id` is the order's."""
        tried = self.order().client_order_id
        fields: dict[str, Any] = {
            "order_id": order.order_id, "client_order_id": order.client_order_id, "venue_order_id": "",
            "instance": order.instance, "instrument": order.instrument, "strategy": order.strategy,
            "new_client_order_id": tried, "side": order.side, "type": order.type, "order": order, "filled": filled,
        }  # fmt: skip
        return ModifyOrder(**{**fields, **changes})

    def modify(self, order: NewOrder, /, **changes: Any) -> tuple[ModifyOrder, Reply]:
        change = self.change(order, **changes)
        return change, self.floor.request(NAME, change)

    def told(self, client_order_id: str) -> list[tuple[OrderEventKind, Source]]:
        """What was told of an attempt, in short."""
        return [
            (event.kind, event.source)
            for event in self.floor.events
            if isinstance(event, OrderEvent) and event.client_order_id == client_order_id
        ]

    def cancel(self, order: NewOrder) -> Reply:
        return self.floor.request(NAME, CancelOrder(order.client_order_id, "BINANCE", ID, order.strategy))

    def events(self, order: NewOrder) -> list[OrderEvent]:
        return [
            event
            for event in self.floor.events
            if isinstance(event, OrderEvent) and event.client_order_id == order.client_order_id
        ]

    def wait(self, order: NewOrder, kind: OrderEventKind, source: Source | None = None) -> OrderEvent:
        def found() -> list[OrderEvent]:
            return [e for e in self.events(order) if e.kind is kind and source in (None, e.source)]

        wait_for(found, f"{order.client_order_id} is {kind}; told: {[e.kind for e in self.events(order)]}")
        return found()[0]

    def open_ids(self) -> set[str]:
        answer = self.floor.request(NAME, QueryOpenOrders("BINANCE"))
        assert isinstance(answer.body, OrdersAnswer), answer
        return {event.client_order_id for event in answer.body.orders}


def received(venue: TwinProcess, method: str) -> list[dict[str, Any]]:
    """Requests as the venue got them."""
    return [line for line in venue.log("received") if line["method"] == method]
