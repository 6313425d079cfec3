"""The orders of a list pass together or not at all, are journalled as one, and are sent at most once, as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from gate_scene import GateScene, minted
from msgspec.structs import replace
from order_samples import INSTANCE, an_order

from actors.gate.rules.lists import LIST_LIMIT, list_denial
from bus.codec import ReplyStatus
from bus.messages import (
    Code,
    ContingencyType,
    NewOrder,
    OrderEventKind,
    OrderType,
    Refused,
    Side,
    SubmitOrderList,
    TradingState,
    TradingStates,
)
from tradefloor.testing import run_virtual

D = Decimal
OCO, OTO, BRACKET = ContingencyType.OCO, ContingencyType.OTO, ContingencyType.BRACKET


def a_list(kind: ContingencyType = OCO, count: int = 2, first: int = 1, **terms: Any) -> tuple[NewOrder, ...]:
    """Orders of one list, as a strategy makes them."""
    ids = [minted(number) for number in range(first, first + count)]
    parent = "" if kind is OCO else ids[0]
    known = {"contingency": kind, "list_id": minted(first + 90), "ts_gated": 0, **terms}
    return tuple(
        an_order(
            name,
            client_order_id=name,
            linked_ids=tuple(each for each in ids if each != name),
            parent_id="" if name == ids[0] else parent,
            **known,
        )
        for name in ids
    )


def in_scene(folder: Path, story: Callable[[GateScene], Awaitable[None]]) -> None:
    async def play() -> None:
        scene = GateScene(folder)
        await story(scene)
        scene.journal.close()

    run_virtual(play())


@pytest.mark.parametrize(("kind", "count"), [(OCO, 2), (OTO, 2), (BRACKET, 3)])
def test_a_list_that_passes_is_journalled_order_by_order_and_sent_as_one(
    tmp_path: Path, kind: ContingencyType, count: int
) -> None:
    async def story(scene: GateScene) -> None:
        orders = a_list(kind, count)
        assert await scene.ask(SubmitOrderList(orders)) is None
        ((name, sent),) = scene.sent
        assert name == f"execution.{INSTANCE}"
        assert isinstance(sent, SubmitOrderList)
        assert tuple(replace(order, ts_gated=0) for order in sent.orders) == orders
        assert all(order.ts_gated for order in sent.orders)
        assert [(intent.order, intent.denied) for intent in scene.intents()] == [
            (order, False) for order in sent.orders
        ]

    in_scene(tmp_path, story)


@pytest.mark.parametrize("lives", [1, 2])
def test_p1_a_repeated_list_is_answered_and_never_sent_twice(tmp_path: Path, lives: int) -> None:
    async def story(scene: GateScene) -> None:
        orders = a_list(BRACKET, 3)
        assert await scene.ask(SubmitOrderList(orders)) is None
        if lives == 2:
            scene.restart()
        assert await scene.ask(SubmitOrderList(orders)) is None
        for other in (
            (replace(orders[0], price=D(99)), *orders[1:]),
            (*orders[:2], an_order(minted(9), client_order_id=minted(9))),
            orders[:2][::-1],
        ):
            refused = await scene.ask(SubmitOrderList(other))
            if other == orders[:2][::-1]:
                assert refused is None, "orders that were passed before, and nothing else: answered as they were"
            else:
                assert (type(refused), refused.code) == (Refused, Code.DUPLICATE_ORDER_ID)
        assert (len(scene.sent), len(scene.intents())) == (1, 3)

    in_scene(tmp_path, story)


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_one_order_that_may_not_be_denies_the_whole_list_and_each_says_why(tmp_path: Path, wrong: int) -> None:
    async def story(scene: GateScene) -> None:
        orders = tuple(
            replace(order, price=D("99.005")) if number == wrong else order
            for number, order in enumerate(a_list(BRACKET, 3))
        )
        refused = await scene.ask(SubmitOrderList(orders))
        culprit = orders[wrong].order_id
        assert (refused.code, culprit in refused.reason, "99.005" in refused.reason) == (
            Code.PRICE_INCREMENT,
            True,
            True,
        )
        events = [intent.event for intent in scene.intents()]
        assert all(event is not None and event.kind is OrderEventKind.DENIED for event in events)
        assert [culprit in event.reason for event in events if event is not None] == [n != wrong for n in range(3)]
        assert scene.sent == []
        again = await scene.ask(SubmitOrderList(orders))
        assert (again.code, len(scene.intents())) == (Code.PRICE_INCREMENT, 3)

    in_scene(tmp_path, story)


def test_a_list_that_was_not_sent_is_said_of_each_of_its_orders(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        assert await scene.ask(SubmitOrderList(a_list())) is None
        await scene.answer(ReplyStatus.DENIED, Code.UNSUPPORTED_INSTRUCTION, "no such list")
        told = [(intent.denied, intent.event and intent.event.kind) for intent in scene.intents()]
        assert told == [(False, None)] * 2 + [(True, OrderEventKind.NOT_SENT)] * 2

    in_scene(tmp_path, story)


def test_an_order_of_a_list_does_not_come_alone_nor_for_others(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        alone = await scene.ask(SubmitOrderList(a_list()[:1]))
        assert (alone.code, "1 orders" in alone.reason) == (Code.UNSUPPORTED_INSTRUCTION, True)
        mixed = (a_list()[0], replace(a_list()[1], strategy="beta"))
        assert (await scene.ask(SubmitOrderList(mixed))).code is Code.NOT_ALLOWED
        assert (await scene.ask(SubmitOrderList(()))).code is Code.UNSUPPORTED_INSTRUCTION
        assert scene.sent == []

    in_scene(tmp_path, story)


def test_p6_a_halt_stops_lists_and_waits_for_one_that_was_passed_before(tmp_path: Path) -> None:
    async def story(scene: GateScene) -> None:
        assert await scene.ask(SubmitOrderList(a_list())) is None
        barrier = asyncio.ensure_future(scene.gate._wait_for_barrier(f"instance/{INSTANCE}", []))
        await asyncio.sleep(0.1)
        assert not barrier.done()
        await scene.answer(ReplyStatus.OK)
        await asyncio.sleep(0.1)
        assert barrier.done()
        scene.view.trading = TradingStates({"floor": TradingState.HALTED}, {})
        assert (await scene.ask(SubmitOrderList(a_list(first=5)))).code is Code.HALTED

    in_scene(tmp_path, story)


INCOHERENT = [
    (a_list()[:1], "1 orders"),
    (a_list(OTO, LIST_LIMIT + 1), f"{LIST_LIMIT + 1} orders"),
    (a_list(ContingencyType.NONE), "contingency is NONE"),
    (a_list(list_id=""), "no list_id"),
    ((a_list()[0], a_list()[0]), "one id"),
    ((a_list()[0], replace(a_list()[1], list_id="other")), "differ in list_id"),
    ((a_list()[0], replace(a_list()[1], contingency=OTO)), "differ in contingency"),
    ((a_list()[0], replace(a_list()[1], instance="OTHER")), "differ in instance"),
    ((a_list()[0], replace(a_list()[1], parent_id=minted(1))), "parent_id"),
    ((a_list(OTO)[0], replace(a_list(OTO)[1], parent_id="")), "parent_id"),
    ((a_list()[0], replace(a_list()[1], linked_ids=("x",))), "linked_ids"),
]


@pytest.mark.parametrize(("orders", "named"), INCOHERENT, ids=[named for _, named in INCOHERENT])
def test_e70_orders_that_do_not_hang_together_are_no_list(orders: tuple[NewOrder, ...], named: str) -> None:
    denial = list_denial(orders)
    assert denial is not None
    assert (denial.code, named in denial.reason) == (Code.UNSUPPORTED_INSTRUCTION, True), denial


def test_orders_of_any_type_may_hang_together() -> None:
    profit, stop = a_list(side=Side.SELL)
    assert list_denial((profit, replace(stop, type=OrderType.STOP_MARKET, price=None, trigger_price=D(90)))) is None
