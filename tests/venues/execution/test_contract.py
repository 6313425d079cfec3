"""The contract that every execution actor has: a venue without a protocol, whose writes end as the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from order_samples import an_order

from actors.runtime import Context
from bus.codec import WIRE_VERSION, RequestHeader
from bus.messages import (
    CancelOrder,
    Code,
    ContingencyType,
    ModifyOrder,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    Refused,
    SetTradingState,
    Source,
    SubmitOrder,
    SubmitOrderList,
    TimeInForce,
    TradingState,
)
from venues.capabilities import Capabilities, Cell, Modify
from venues.execution import Change, ExecutionVenue, Failure, Outcome, Window

Kind = OrderEventKind
N = Cell.NATIVE
REFUSED = Failure(True, Code.INSUFFICIENT_FUNDS, "no money", "-1")
LOST = Failure(False, Code.TIMED_OUT, "no answer")
UNSENT = Failure(True, Code.VENUE_NOT_CONNECTED, "no route", sent=False)


class Directory:
    entries: dict[str, Any] = {}


class Floor:
    """Stands for the membership of a floor: nobody else is there."""

    directory = Directory()


class Kept:
    """Stands for the outbox: keeps what is told."""

    is_full = False

    def __init__(self) -> None:
        self.told: list[Any] = []

    def put(self, event: object, soon: bool = True) -> None:
        self.told.append(event)

    def __len__(self) -> int:
        return 0


class Venue(ExecutionVenue):
    """Writes nowhere; `outcome` is what comes of it."""

    capabilities = Capabilities(
        order_types={OrderType.LIMIT: N},
        time_in_force={TimeInForce.GTC: N},
        modify={Modify.PRICE: N, Modify.SIZE: N},
        contingencies={ContingencyType.OCO: N},
    )

    def __init__(self, outcome: Callable[[], Outcome] = lambda: None, tried: str = "C2") -> None:
        super().__init__(Context("execution.BINANCE", "execution", "/tmp/r", "/tmp/s", "test", "BINANCE"))
        self.loop = asyncio.get_running_loop()
        self.outbox = Kept()  # type: ignore[assignment]
        self.member = Floor()  # type: ignore[assignment]
        self.heard_ns = self.clock.boottime_ns()
        self.outcome, self.tried = outcome, tried
        self.writes: list[Any] = []

    def write_order(self, order: NewOrder, window: Window) -> Outcome:
        self.writes.append(order)
        return self.outcome()

    def write_order_list(self, orders: tuple[NewOrder, ...], window: Window) -> Outcome:
        self.writes.append(orders)
        return self.outcome()

    def write_change(self, change: ModifyOrder, window: Window) -> Change | Refused:
        self.writes.append(change)
        outcome = self.outcome()
        return outcome if isinstance(outcome, Refused) else Change(self.tried, outcome)

    def write_cancel(self, cancel: CancelOrder) -> Outcome:
        self.writes.append(cancel)
        return self.outcome()

    async def open_orders(self, instrument: str = "") -> tuple[OrderEvent, ...] | Refused:
        return Refused(Code.VENUE_NOT_CONNECTED, "no route")

    async def disconnect(self) -> None:
        raise AssertionError

    @property
    def kinds(self) -> list[OrderEventKind]:
        return [event.kind for event in self.outbox.told]  # type: ignore[attr-defined]


def header(venue: Venue, caller: str = "gate", left_s: float = 5.0) -> RequestHeader:
    return RequestHeader(WIRE_VERSION, 1, caller, 1, venue.clock.monotonic_ns() + int(left_s * 1e9), 0)


def change(**terms: Any) -> ModifyOrder:
    known: dict[str, Any] = {"price": Decimal(99), "new_client_order_id": "C2"}
    return ModifyOrder("o1", "C1", "", "BINANCE", "BTCUSDT.BINANCE", "alpha", **{**known, **terms})


def later(failure: Failure | None) -> Callable[[], Outcome]:
    async def wait() -> Failure | None:
        await asyncio.sleep(0)
        return failure

    return wait


async def answer_of(answer: object) -> Any:
    return await answer if isinstance(answer, Awaitable) else answer


ORDER_OUTCOMES: list[tuple[Callable[[], Outcome], Code, list[OrderEventKind]]] = [
    (lambda: None, Code.NONE, [Kind.SUBMITTED]),
    (lambda: Refused(Code.RATE_LIMITED, "wait"), Code.RATE_LIMITED, []),
    (lambda: REFUSED, Code.NONE, [Kind.SUBMITTED, Kind.REJECTED]),
    (lambda: LOST, Code.NONE, [Kind.SUBMITTED, Kind.OUTCOME_UNKNOWN]),
    (later(None), Code.NONE, [Kind.SUBMITTED]),
    (later(REFUSED), Code.NONE, [Kind.SUBMITTED, Kind.REJECTED]),
    (later(LOST), Code.NONE, [Kind.SUBMITTED, Kind.OUTCOME_UNKNOWN]),
    (later(UNSENT), Code.VENUE_NOT_CONNECTED, [Kind.SUBMITTED, Kind.NOT_SENT]),
]


@pytest.mark.parametrize(("outcome", "code", "kinds"), ORDER_OUTCOMES)
async def test_each_outcome_of_a_write_is_told_and_answered_and_the_order_is_written_once(
    outcome: Callable[[], Outcome], code: Code, kinds: list[OrderEventKind]
) -> None:
    venue, order = Venue(outcome), an_order()
    reply = await answer_of(venue.on_submit_order(SubmitOrder(order), header(venue)))
    assert (reply.code if reply is not None else Code.NONE) is code
    assert venue.kinds == kinds
    if kinds:
        assert await answer_of(venue.on_submit_order(SubmitOrder(order), header(venue))) is None
        assert venue.writes == [order]
        assert venue.kinds == kinds
    ended = {Kind.REJECTED, Kind.NOT_SENT}.intersection(kinds) or not kinds
    assert (order.client_order_id in venue.names.working) is not bool(ended)


async def test_a_list_is_judged_whole_written_once_and_told_for_each() -> None:
    pair = tuple(an_order(name, list_id="L", contingency=ContingencyType.OCO) for name in ("C1", "C2"))
    venue = Venue(lambda: REFUSED)
    assert await answer_of(venue.on_submit_order_list(SubmitOrderList(pair), header(venue))) is None
    assert venue.writes == [pair]
    assert venue.kinds == [Kind.SUBMITTED, Kind.SUBMITTED, Kind.REJECTED, Kind.REJECTED]
    strange = (pair[0], an_order("C3", list_id="L", contingency=ContingencyType.OTO))
    denied = await answer_of(Venue().on_submit_order_list(SubmitOrderList(strange), header(venue)))
    assert denied.code is Code.UNSUPPORTED_INSTRUCTION


CHANGE_OUTCOMES: list[tuple[Callable[[], Outcome], Code, list[OrderEventKind]]] = [
    (lambda: None, Code.NONE, [Kind.MODIFY_PENDING]),
    (lambda: Refused(Code.SIZE_LIMIT, "nothing left"), Code.SIZE_LIMIT, []),
    (lambda: REFUSED, Code.NONE, [Kind.MODIFY_PENDING, Kind.MODIFY_REJECTED]),
    (lambda: LOST, Code.NONE, [Kind.MODIFY_PENDING, Kind.OUTCOME_UNKNOWN]),
    (later(LOST), Code.NONE, [Kind.MODIFY_PENDING, Kind.OUTCOME_UNKNOWN]),
    (later(UNSENT), Code.VENUE_NOT_CONNECTED, [Kind.MODIFY_PENDING, Kind.MODIFY_REJECTED]),
]


@pytest.mark.parametrize("tried", ["C2", ""])
@pytest.mark.parametrize(("outcome", "code", "kinds"), CHANGE_OUTCOMES)
async def test_each_outcome_of_a_change_is_told_and_it_is_written_once(
    outcome: Callable[[], Outcome], code: Code, kinds: list[OrderEventKind], tried: str
) -> None:
    venue = Venue(outcome, tried)
    reply = await answer_of(venue.on_modify_order(change(), header(venue)))
    assert (reply.code if reply is not None else Code.NONE) is code
    assert venue.kinds == kinds
    if kinds:
        assert venue.outbox.told[0].new_client_order_id == tried  # type: ignore[attr-defined]
        assert await answer_of(venue.on_modify_order(change(), header(venue))) is None
        assert len(venue.writes) == 1


def event(kind: OrderEventKind, name: str, **facts: Any) -> OrderEvent:
    return OrderEvent(kind, "BINANCE", "BTCUSDT.BINANCE", name, Source.ANSWER, 1, 1, **facts)


async def test_a_replacement_is_told_once_whoever_says_it_first_and_a_lost_answer_takes_nothing_back() -> None:
    venue = Venue()
    await answer_of(venue.on_modify_order(change(), header(venue)))
    works = event(Kind.ACCEPTED, "C2", venue_order_id="9", status=OrderStatus.ACCEPTED, size=Decimal(3))
    venue.replaced("C2", works)
    venue.replaced("C2", works)
    venue.change_failed(change(), "C2", LOST)
    updated = venue.outbox.told[-1]  # type: ignore[attr-defined]
    assert venue.kinds == [Kind.MODIFY_PENDING, Kind.UPDATED]
    assert (updated.client_order_id, updated.new_client_order_id, updated.order_id) == ("C1", "C2", "o1")
    assert (updated.venue_order_id, updated.size, updated.strategy) == ("9", Decimal(3), "alpha")


async def test_an_unknown_replacement_that_shows_after_all_is_told() -> None:
    venue = Venue(lambda: LOST)
    await answer_of(venue.on_modify_order(change(), header(venue)))
    venue.replaced("C2", event(Kind.ACCEPTED, "C2"))
    assert venue.kinds == [Kind.MODIFY_PENDING, Kind.OUTCOME_UNKNOWN, Kind.UPDATED]


async def test_a_cancel_while_a_replacement_is_open_goes_to_both_names() -> None:
    venue = Venue()
    await answer_of(venue.on_modify_order(change(), header(venue)))
    cancel = CancelOrder("C1", "BINANCE", "BTCUSDT.BINANCE", "alpha")
    assert await answer_of(venue.on_cancel_order(cancel, header(venue, "operator:x"))) is None
    assert sorted(each.client_order_id for each in venue.writes[1:]) == ["C1", "C2"]
    venue.replaced("C2", event(Kind.ACCEPTED, "C2"))
    assert await answer_of(venue.on_cancel_order(cancel, header(venue, "operator:x"))) is None
    assert venue.writes[-1].client_order_id == "C2"


@pytest.mark.parametrize("scope", ["floor", "instance/BINANCE", "strategy/alpha"])
async def test_a_halt_stops_orders_lists_and_changes_and_no_cancel(scope: str) -> None:
    venue = Venue()
    halt = SetTradingState(scope, TradingState.HALTED, "test")
    assert await answer_of(venue.on_set_trading_state(halt, header(venue))) is None
    for reply in (
        venue.on_submit_order(SubmitOrder(an_order()), header(venue)),
        venue.on_submit_order_list(SubmitOrderList((an_order(),)), header(venue)),
        venue.on_modify_order(change(), header(venue)),
    ):
        assert (await answer_of(reply)).code is Code.HALTED
    assert venue.writes == []
    cancel = CancelOrder("C1", "BINANCE", "BTCUSDT.BINANCE", "alpha")
    assert await answer_of(venue.on_cancel_order(cancel, header(venue, "operator:x"))) is None
    assert venue.writes == [cancel]


async def test_a_halt_is_confirmed_after_what_is_on_a_slow_way() -> None:
    arrived = asyncio.Event()

    async def slowly() -> Failure | None:
        await arrived.wait()
        return None

    venue = Venue(slowly)
    going = asyncio.ensure_future(answer_of(venue.on_submit_order(SubmitOrder(an_order()), header(venue))))
    await asyncio.sleep(0)
    halt = SetTradingState("floor", TradingState.HALTED, "test")
    confirmed = asyncio.ensure_future(answer_of(venue.on_set_trading_state(halt, header(venue))))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not confirmed.done()
    arrived.set()
    assert await confirmed is None
    assert going.done()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"caller": "alpha"}, Code.NOT_ALLOWED),
        ({"left_s": -1.0}, Code.DEADLINE_PASSED),
    ],
)
async def test_what_must_not_be_written_is_not(given: dict[str, Any], code: Code) -> None:
    venue = Venue()
    for reply in (
        venue.on_submit_order(SubmitOrder(an_order()), header(venue, **given)),
        venue.on_modify_order(change(), header(venue, **given)),
    ):
        assert (await answer_of(reply)).code is code
    assert venue.writes == []
    assert venue.kinds == []


async def test_without_a_confirmed_lease_or_a_judged_key_nothing_new_goes() -> None:
    venue = Venue()
    venue.why_not_new = "the key is not judged"
    assert (await answer_of(venue.on_modify_order(change(), header(venue)))).code is Code.NOT_READY
    venue.why_not_new, venue.heard_ns = "", 0
    assert (await answer_of(venue.on_submit_order(SubmitOrder(an_order()), header(venue)))).code is Code.LEASE_LAPSED
    assert venue.writes == []


async def test_a_venue_that_changes_nothing_denies_it_with_a_code() -> None:
    venue = Venue()
    venue.capabilities = Capabilities()
    denied = await answer_of(venue.on_modify_order(change(), header(venue)))
    assert (denied.code, "price" in denied.reason) == (Code.UNSUPPORTED_INSTRUCTION, True)
