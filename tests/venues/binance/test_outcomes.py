"""What goes wrong between us and the venue leaves an outcome unknown until the venue's own word; nothing is sent twice.

Each command, over each of the two ways that it goes, meets each thing that can happen to it. What the venue did is read
from its log, and never from what we believe.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received

from bus.messages import (
    CancelOrder,
    Code,
    ContingencyType,
    Fill,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PrivateStream,
    QueryOrder,
    SetTradingState,
    Side,
    SubmitOrder,
    TradingState,
)
from bus.requests import Reply
from venues.binance import cancels
from venues.binance.execution import Execution

Kind = OrderEventKind
GUESSES = {Kind.REJECTED, Kind.MODIFY_REJECTED, Kind.CANCEL_REJECTED, Kind.NOT_SENT, Kind.NEVER_ARRIVED}
WINDOW_MS = 400
ALL = 1000


@pytest.fixture
def venue(still: TwinProcess) -> TwinProcess:
    return still


@pytest.fixture
def actor(floor: Floor, venue: TwinProcess, monkeypatch: pytest.MonkeyPatch) -> Execution:
    monkeypatch.setattr(cancels, "CANCEL_WINDOW_MS", WINDOW_MS)
    settings = {**venue.settings, "recv_window_ms": WINDOW_MS}
    actor: Execution = floor.start(Execution, NAME, "execution", settings)
    wait_for(lambda: floor.events and isinstance(floor.events[0], PrivateStream), "the private stream is up")
    return actor


@dataclass
class Command:
    """One command of each kind, ready to be given; `order` is what it is about."""

    method: str
    rest: str
    order: NewOrder
    give: Callable[[], Reply]
    done: Callable[[], bool]
    """Whether the venue did it."""


def ready(kind: str, floor: Floor, venue: TwinProcess, trader: Trader) -> Command:
    """Return the command; the order that it changes or ends rests already."""
    if kind == "place":
        order = trader.order()
        return Command(
            "order.place", "POST /api/v3/order", order, lambda: floor.request(NAME, SubmitOrder(order)),
            lambda: order.client_order_id in trader.open_ids(),
        )  # fmt: skip
    if kind == "list":
        bid, _ = venue.touch()
        gain, loss = trader.listed(
            ContingencyType.OCO,
            {"side": Side.SELL, "price": bid + 900, "post_only": True},
            {"side": Side.SELL, "type": OrderType.STOP_LIMIT, "price": bid - 900, "trigger_price": bid - 800},
        )
        return Command(
            "orderList.place.oco", "POST /api/v3/orderList/oco", gain, lambda: trader.submit_list(gain, loss),
            lambda: {gain.client_order_id, loss.client_order_id} == trader.open_ids(),
        )  # fmt: skip
    order, _ = trader.submit(size=Decimal("0.04"))
    trader.wait(order, Kind.ACCEPTED)
    if kind == "replace":
        change = trader.change(order, price=Decimal(50100))
        return Command(
            "order.cancelReplace", "POST /api/v3/order/cancelReplace", order, lambda: floor.request(NAME, change),
            lambda: trader.open_ids() == {change.new_client_order_id},
        )  # fmt: skip
    if kind == "amend":
        smaller = trader.change(order, size=Decimal("0.03"))

        def is_smaller() -> bool:
            answer: Any = floor.request(NAME, QueryOrder("BINANCE", ID, order.client_order_id)).body
            return bool(answer.order.size == Decimal("0.03"))

        return Command(
            "order.amend.keepPriority", "PUT /api/v3/order/amend/keepPriority", order,
            lambda: floor.request(NAME, smaller), is_smaller,
        )  # fmt: skip
    return Command(
        "order.cancel", "DELETE /api/v3/order", order, lambda: trader.cancel(order), lambda: trader.open_ids() == set()
    )


def end_sockets(floor: Floor, venue: TwinProcess, actor: Execution) -> None:
    """From now on the order socket is down for good, and REST goes on."""
    venue.admin.fault("request_lost", method="time", via="ws_api", how="cut", count=ALL)
    venue.admin.fault("cut", door="ws_api")
    wait_for(lambda: actor._connection.api is None, "the order socket is down")


KINDS = ("place", "list", "replace", "amend", "cancel")
BY_SOCKET = [
    ("ack_lost", {}, True),
    ("request_lost", {"how": "cut"}, False),
    ("http_error", {"code": -1007, "executed": True}, True),
    ("garbage", {"what": "truncated"}, True),
]
BY_REST = [
    ("ack_lost", {"how": "cut"}, True),
    ("request_lost", {"how": "cut"}, False),
    ("http_error", {"code": -1001}, False),
    ("garbage", {"what": "html"}, True),
]


def judge(venue: TwinProcess, trader: Trader, command: Command, name: str, executed: bool) -> None:
    """Nothing was guessed, and the venue met the command once."""
    about = command.order
    # the events of a replacement may say what the answer does not
    enough = {Kind.OUTCOME_UNKNOWN, Kind.UPDATED} if name == "replace" else {Kind.OUTCOME_UNKNOWN}
    wait_for(
        lambda: not enough.isdisjoint(kind for kind, _ in trader.told(about.client_order_id)),
        f"its outcome is unknown; told: {trader.told(about.client_order_id)}",
    )
    unknown = [event for event in trader.events(about) if event.kind is Kind.OUTCOME_UNKNOWN]
    assert {event.code for event in unknown} <= {Code.TIMED_OUT}
    assert GUESSES.isdisjoint(kind for kind, _ in trader.told(about.client_order_id))
    wait_for(lambda: command.done() is executed, f"the venue has {'' if executed else 'not '}done it")
    assert command.give().ok or name == "cancel"
    wait_for(lambda: command.done() is executed or name == "cancel", "giving it again changes nothing")
    hits = [line for line in venue.log("fault") if command.method in line["hit"].get("method", "")]
    hits += [line for line in venue.log("fault") if command.rest == line["hit"].get("method", "")]
    seen = received(venue, command.method) + received(venue, command.rest)
    of_setup = 1 if name in ("replace", "amend", "cancel") and command.method == "order.place" else 0
    if name != "cancel":  # that may be asked for as often as anybody likes
        assert len(hits) == 1
        assert len(seen) - of_setup == int(executed)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("fault", "options", "executed"), BY_SOCKET, ids=lambda value: str(value)[:40])
def test_by_the_order_socket(
    floor: Floor, venue: TwinProcess, trader: Trader, name: str, fault: str, options: dict[str, Any], executed: bool
) -> None:
    command = ready(name, floor, venue, trader)
    venue.admin.fault(fault, method=command.method, **options)
    assert command.give().ok
    judge(venue, trader, command, name, executed)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("fault", "options", "executed"), BY_REST, ids=lambda value: str(value)[:40])
def test_by_rest(
    floor: Floor,
    venue: TwinProcess,
    trader: Trader,
    actor: Execution,
    name: str,
    fault: str,
    options: dict[str, Any],
    executed: bool,
) -> None:
    command = ready(name, floor, venue, trader)
    end_sockets(floor, venue, actor)
    venue.admin.fault(fault, method=command.rest, **options)
    assert command.give().ok
    judge(venue, trader, command, name, executed)


# what goes well by REST


@pytest.mark.parametrize("name", KINDS)
def test_each_command_goes_by_rest_where_the_order_socket_is_down(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution, name: str
) -> None:
    command = ready(name, floor, venue, trader)
    end_sockets(floor, venue, actor)
    assert command.give().ok
    wait_for(command.done, "the venue has done it")
    kinds = [kind for kind, _ in trader.told(command.order.client_order_id)]
    expected = {
        "place": Kind.ACCEPTED, "list": Kind.ACCEPTED, "replace": Kind.UPDATED, "amend": Kind.UPDATED,
        "cancel": Kind.CANCELED,
    }  # fmt: skip
    assert kinds[-1] is expected[name]
    (sent,) = received(venue, command.rest)
    assert int(sent["params"]["recvWindow"]) <= WINDOW_MS


def test_an_order_that_takes_by_rest_is_told_with_its_fills_though_no_stream_tells_them(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    end_sockets(floor, venue, actor)
    order, reply = trader.submit(type=OrderType.MARKET, price=None)
    assert reply.ok
    wait_for(lambda: any(event.status is OrderStatus.FILLED for event in trader.events(order)), "it is filled")
    fills = [event for event in floor.events if isinstance(event, Fill)]
    assert sum(fill.size for fill in fills) == order.size
    assert {(fill.client_order_id, fill.order_id, fill.strategy) for fill in fills} == {
        (order.client_order_id, order.order_id, "s1")
    }


def test_a_refusal_by_rest_is_the_venues_own(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    end_sockets(floor, venue, actor)
    order, reply = trader.submit(size=Decimal(100))
    assert reply.ok
    assert trader.wait(order, Kind.REJECTED).code is Code.INSUFFICIENT_FUNDS


def test_where_neither_way_works_nothing_was_sent_and_that_is_said(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    end_sockets(floor, venue, actor)
    venue.stop()
    order, reply = trader.submit()
    assert (reply.code, reply.definite) == (Code.VENUE_NOT_CONNECTED, True)
    assert trader.wait(order, Kind.NOT_SENT).code is Code.VENUE_NOT_CONNECTED
    assert received(venue, "POST /api/v3/order") == []


def test_the_answer_to_a_halt_waits_for_an_order_that_is_on_its_slow_way(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    end_sockets(floor, venue, actor)
    venue.admin.fault("request_late", method="POST /api/v3/order", delay_ms=300)
    order = trader.order()
    future = floor.ask(NAME, SubmitOrder(order))
    wait_for(lambda: (Kind.SUBMITTED, "ANSWER") in trader.told(order.client_order_id), "it is on its way")
    assert not future.done()
    assert floor.request(NAME, SetTradingState("floor", TradingState.HALTED, "test")).ok
    assert future.done(), "what was on its way has arrived before the halt is confirmed"
    trader.wait(order, Kind.ACCEPTED)
    assert trader.submit()[1].code is Code.HALTED


def test_a_cancel_that_was_lost_is_asked_again_and_ends_the_order(venue: TwinProcess, trader: Trader) -> None:
    order, _ = trader.submit()
    trader.wait(order, Kind.ACCEPTED)
    venue.admin.fault("request_lost", method="order.cancel")
    assert trader.cancel(order).ok
    trader.wait(order, Kind.OUTCOME_UNKNOWN)
    assert trader.open_ids() == {order.client_order_id}
    assert trader.cancel(order).ok
    trader.wait(order, Kind.CANCELED)


def test_a_replacement_whose_answer_was_lost_is_known_by_the_venues_events(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    order, _ = trader.submit()
    trader.wait(order, Kind.ACCEPTED)
    venue.admin.fault("ack_lost", method="order.cancelReplace")
    change, _ = trader.modify(order, price=Decimal(50100))
    updated = trader.wait(order, Kind.UPDATED)
    assert (updated.new_client_order_id, updated.price) == (change.new_client_order_id, Decimal(50100))
    assert Kind.CANCELED not in [kind for kind, _ in trader.told(order.client_order_id)]
    cancel = CancelOrder(order.client_order_id, "BINANCE", ID, "s1")
    assert floor.request(NAME, cancel).ok
    wait_for(lambda: trader.open_ids() == set(), "it is canceled under the name that it has now")


@pytest.mark.parametrize("fault", [None, "fill_before_ack"])
def test_a_replacement_that_takes_is_told_as_changed_before_its_fills_whatever_comes_first(
    floor: Floor, venue: TwinProcess, trader: Trader, fault: str | None
) -> None:
    order, _ = trader.submit()
    trader.wait(order, Kind.ACCEPTED)
    _, ask = venue.touch()
    if fault is not None:
        venue.admin.fault(fault, method="order.cancelReplace", delay_ms=100)
    change, _ = trader.modify(order, price=ask + 100)
    tried = change.new_client_order_id
    wait_for(lambda: any(isinstance(event, Fill) for event in floor.events), "it is filled")
    of_order = {order.client_order_id}
    story = [
        event.kind if isinstance(event, OrderEvent) else "FILL"
        for event in floor.events
        if isinstance(event, Fill) or (getattr(event, "kind", "") is Kind.UPDATED and event.client_order_id in of_order)
    ]
    assert story[:2] == [Kind.UPDATED, "FILL"]
    assert story.count(Kind.UPDATED) == 1
    assert {event.client_order_id for event in floor.events if isinstance(event, Fill)} == {tried}
