"""Lesson 18: a new value in one of the venue's lists crashed the connector, and the orders went on alone."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from binance_floor import Floor, wait_for
from binance_trader import ID, Trader

from bus.messages import (
    CancelOrder,
    ContingencyType,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PrivateStream,
    Side,
    Source,
    TimeInForce,
)
from venues.binance.execution import Execution

Kind = OrderEventKind
REPORT: dict[str, Any] = {
    "e": "executionReport", "E": 1, "s": "BTCUSDT", "c": "by-hand", "S": "BUY", "o": "LIMIT", "f": "GTC", "q": "1",
    "p": "50000", "P": "0", "F": "0", "g": -1, "C": "", "x": "NEW", "X": "NEW", "r": "NONE", "i": 77, "l": "0",
    "z": "0", "L": "0", "n": "0", "N": None, "T": 1, "t": -1, "I": 1, "w": True, "m": False, "M": False, "O": 1,
    "Z": "0", "Y": "0", "Q": "0", "W": 1, "V": "NONE",
}  # fmt: skip


def tell(actor: Execution, event: dict[str, Any]) -> None:
    """As if the venue had sent it."""
    actor.loop.call_soon_threadsafe(actor.on_event, json.dumps(event).encode())


@pytest.mark.parametrize("letter", ["S", "o", "f", "x", "X", "V", "r", "eR"])
def test_an_unknown_word_is_told_as_unknown_with_the_venues_own_bytes(
    floor: Floor, trader: Trader, actor: Execution, letter: str
) -> None:
    tell(actor, {**REPORT, letter: "OF_TOMORROW", "a_field_of_tomorrow": {"with": ["anything"]}})
    wait_for(lambda: any(isinstance(event, OrderEvent) for event in floor.events), "it is told")
    (event,) = [event for event in floor.events if isinstance(event, OrderEvent)]
    assert b"OF_TOMORROW" in event.raw
    unknown = {"S": event.side, "o": event.type, "f": event.time_in_force, "X": event.status}
    expected = {"S": Side.UNKNOWN, "o": OrderType.UNKNOWN, "f": TimeInForce.UNKNOWN, "X": OrderStatus.UNKNOWN}
    if letter in unknown:
        assert unknown[letter] is expected[letter]
    order, reply = trader.submit()
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED, Source.STREAM)
    assert [event.up for event in floor.events if isinstance(event, PrivateStream)] == [True]


def test_an_event_of_a_kind_that_nobody_knows_is_counted_and_costs_nothing(
    floor: Floor, trader: Trader, actor: Execution
) -> None:
    tell(actor, {"e": "eventOfTomorrow", "E": 1, "data": {"any": "thing"}})
    wait_for(lambda: actor.counters()["unknown_venue"] == 1, "it is counted")
    order, reply = trader.submit()
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED, Source.STREAM)
    assert [event.up for event in floor.events if isinstance(event, PrivateStream)] == [True]


def test_an_event_that_cannot_be_read_makes_the_stream_begin_anew_and_never_ends_the_actor(
    floor: Floor, trader: Trader, actor: Execution
) -> None:
    tell(actor, {"e": "executionReport", "E": "not a number"})
    wait_for(
        lambda: [event.up for event in floor.events if isinstance(event, PrivateStream)] == [True, False, True],
        "what it may have said is asked for",
    )
    assert actor.counters()["unreadable_venue"] == 1
    assert trader.submit()[1].ok


ABSURD = ["NaN", "sNaN", "Infinity", "-Infinity", "1E999999", "1" * 400]


@pytest.mark.parametrize("amount", ABSURD)
def test_a_number_that_nobody_can_compute_with_is_no_end_of_the_actor_wherever_it_stands(
    floor: Floor, trader: Trader, actor: Execution, amount: str
) -> None:
    for letter in ("q", "p", "z", "P", "Z"):
        tell(actor, {**REPORT, letter: amount})
    order, placed = trader.order(), trader.listed(ContingencyType.OCO, {}, {})
    cancel = CancelOrder(order.client_order_id, "BINANCE", ID, "s1", order.order_id)
    change = trader.change(order, price=Decimal(1))
    body = {"symbol": "BTCUSDT", "orderId": 1, "clientOrderId": "x", "origQty": amount, "executedQty": amount,
            "price": amount, "status": "NEW", "type": "LIMIT", "side": "BUY", "timeInForce": "GTC"}  # fmt: skip
    amended = {**body, "qty": amount, "orderListId": -1}
    halves = {"cancelResult": "SUCCESS", "newOrderResult": "SUCCESS", "cancelResponse": body, "newOrderResponse": body}
    listed = {"orderListId": 1, "contingencyType": "OCO", "listOrderStatus": "X", "listClientOrderId": "L",
              "orders": [], "orderReports": [body, body]}  # fmt: skip

    def answers() -> None:
        actor.names.note_change(change, change.new_client_order_id, None)
        actor._on_placed(order, json.dumps(body).encode())
        actor._on_list_placed(placed, json.dumps(listed).encode())
        actor._on_canceled(cancel, json.dumps(body).encode())
        actor._on_canceled(cancel, json.dumps(listed).encode())
        actor._on_amended(change, json.dumps({"transactTime": 1, "executionId": 1, "amendedOrder": amended}).encode())
        actor._on_replaced(change, order, json.dumps(halves).encode())

    actor.loop.call_soon_threadsafe(answers)

    def unknown() -> list[OrderEvent]:
        return [e for e in floor.events if isinstance(e, OrderEvent) and e.kind is Kind.OUTCOME_UNKNOWN]

    wait_for(lambda: len(unknown()) >= 7, "each answer leaves its order unknown")
    assert actor.failure is None
    wait_for(lambda: actor.state == "READY", "the connection that said so was left, and there is another")
    wait_for(lambda: trader.submit()[1].ok, "orders go on")
