"""Cancels are never overtaken by their orders, end what is meant, and are the last thing that an orphan does."""

from __future__ import annotations

from typing import Any

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received
from msgspec.structs import replace

from actors.runtime.policies import remember_policy
from bus.messages import (
    CancelAll,
    Code,
    DirectoryEntry,
    ExitPolicy,
    NewOrder,
    OrderEventKind,
    QueryOrder,
    SubmitOrder,
    mint_order_id,
)
from venues.binance.client.errors import NotSent
from venues.binance.execution import Execution

Kind = OrderEventKind
OPEN_ORDERS = "GET /api/v3/openOrders"


def params_of(venue: TwinProcess, method: str, name: str) -> list[Any]:
    return [line["params"][name] for line in received(venue, method)]


# a cancel that was faster than its order


def test_an_order_that_comes_after_its_cancel_is_refused_and_never_written(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    order = trader.order()
    assert trader.cancel(order).ok
    reply = floor.request(NAME, SubmitOrder(order))
    assert (reply.code, reply.definite) == (Code.TOO_LATE, True)
    trader.wait(order, Kind.CANCEL_REJECTED)
    assert trader.submit()[1].ok
    assert len(received(venue, "order.cancel")) == 1
    assert len(received(venue, "order.place")) == 1


def test_an_order_that_comes_after_a_cancel_all_that_names_it_is_refused(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    first, second = trader.order(), trader.order()
    names = tuple((ID, order.client_order_id) for order in (first, second))
    assert floor.request(NAME, CancelAll("BINANCE", "s1", client_order_ids=names)).ok
    for order in (first, second):
        assert floor.request(NAME, SubmitOrder(order)).code is Code.TOO_LATE
    assert received(venue, "order.place") == []


def test_an_order_that_is_known_to_be_at_the_venue_leaves_nothing_to_remember(
    floor: Floor, trader: Trader, actor: Execution, venue: TwinProcess
) -> None:
    written, _ = trader.submit()
    assert trader.cancel(written).ok
    trader.wait(written, Kind.CANCELED)
    actor.actor_ref.stop(block=True, timeout=10)
    next_life = floor.start(Execution, NAME, "execution", venue.settings)
    assert floor.request(NAME, QueryOrder("BINANCE", ID, written.client_order_id)).ok
    trader.cancel(written)
    assert len(actor.names.canceled_first) == len(next_life.names.canceled_first) == 0


# all at once


def test_cancel_all_ends_the_strategys_own_orders_of_the_given_lives_and_no_others(
    floor: Floor, trader: Trader
) -> None:
    ended = [trader.submit(epoch=7)[0] for _ in range(2)]
    later, _ = trader.submit(epoch=9)
    other, _ = trader.submit(strategy="s2")
    for order in (*ended, later, other):
        trader.wait(order, Kind.ACCEPTED)
    assert floor.request(NAME, CancelAll("BINANCE", "s1", until_epoch=7)).ok
    for order in ended:
        trader.wait(order, Kind.CANCELED)
    assert trader.open_ids() == {later.client_order_id, other.client_order_id}
    assert floor.request(NAME, CancelAll("BINANCE")).ok
    wait_for(lambda: trader.open_ids() == set(), "everything is canceled")


def test_cancel_all_of_named_orders_does_not_read_all_open_orders(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    named, _ = trader.submit()
    spared, _ = trader.submit()
    for order in (named, spared):
        trader.wait(order, Kind.ACCEPTED)
    command = CancelAll("BINANCE", "s1", client_order_ids=((ID, named.client_order_id),))
    assert floor.request(NAME, command).ok
    trader.wait(named, Kind.CANCELED)
    assert received(venue, OPEN_ORDERS) == []
    assert params_of(venue, "order.cancel", "origClientOrderId") == [named.client_order_id]


def test_cancel_all_of_an_instruments_named_orders_adds_what_the_venue_has_open_there(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    orders = [trader.submit()[0] for _ in range(2)]
    for order in orders:
        trader.wait(order, Kind.ACCEPTED)
    command = CancelAll("BINANCE", "s1", ID, ((ID, orders[0].client_order_id),))
    assert floor.request(NAME, command).ok
    for order in orders:
        trader.wait(order, Kind.CANCELED)
    assert params_of(venue, OPEN_ORDERS, "symbol") == ["BTCUSDT"]


def test_cancel_all_of_a_strategy_spares_the_strategy_of_that_name_on_another_floor(
    floor: Floor, trader: Trader
) -> None:
    ours, _ = trader.submit()
    theirs = of_floor("another", trader.order())
    assert floor.request(NAME, SubmitOrder(theirs)).ok
    for order in (ours, theirs):
        trader.wait(order, Kind.ACCEPTED)
    assert floor.request(NAME, CancelAll("BINANCE", "s1")).ok
    trader.wait(ours, Kind.CANCELED)
    assert trader.open_ids() == {theirs.client_order_id}


# the supervisor is dead


@pytest.fixture
def earlier(floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution) -> dict[str, NewOrder]:
    """Orders of a life that ended; the strategy ``keeps`` lets its own stay."""
    orders = {
        "ours": trader.order(),
        "kept": trader.order(strategy="keeps"),
        "theirs": of_floor("another", trader.order()),
        "by hand": replace(trader.order(), order_id="by-hand", client_order_id="by-hand"),
    }
    for order in orders.values():
        assert floor.request(NAME, SubmitOrder(order)).ok
        trader.wait(order, Kind.ACCEPTED)
    actor.actor_ref.stop(block=True, timeout=10)
    return orders


@pytest.fixture
def orphan(floor: Floor, venue: TwinProcess, earlier: dict[str, NewOrder]) -> Execution:
    """The next life, whose supervisor is gone."""
    actor: Execution = floor.start(Execution, NAME, "execution", venue.settings)
    wait_for(lambda: actor.state == "READY", "the next life is connected")
    actor.member.directory.entries["keeps"] = DirectoryEntry("keeps", "strategy", 1, exit_policy=ExitPolicy.LEAVE)
    actor._parent = -1
    return actor


def test_an_orphan_cancels_the_floors_orders_of_earlier_lives_and_no_others(
    venue: TwinProcess, trader: Trader, orphan: Execution, earlier: dict[str, NewOrder]
) -> None:
    own, _ = trader.submit()
    wait_for(lambda: own.client_order_id in orphan.names._known, "the order is accepted")
    orphan.actor_ref.stop(block=True, timeout=10)
    canceled = params_of(venue, "order.cancel", "origClientOrderId")
    assert sorted(canceled) == sorted([own.client_order_id, earlier["ours"].client_order_id])


def test_an_orphan_that_cannot_read_the_open_orders_cancels_what_it_has_written(
    venue: TwinProcess, trader: Trader, orphan: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(symbol: str = "") -> Any:
        raise NotSent("no route")

    monkeypatch.setattr(orphan.rest, "open_orders", fail)
    own, _ = trader.submit()
    wait_for(lambda: own.client_order_id in orphan.names._known, "the order is accepted")
    orphan.actor_ref.stop(block=True, timeout=10)
    assert params_of(venue, "order.cancel", "origClientOrderId") == [own.client_order_id]


def test_an_orphan_spares_the_orders_of_a_strategy_that_left_them_and_the_directory(
    floor: Floor, venue: TwinProcess, trader: Trader, orphan: Execution, earlier: dict[str, NewOrder]
) -> None:
    remember_policy(floor.state_dir, "s1", ExitPolicy.LEAVE)
    other, _ = trader.submit(strategy="s2")
    wait_for(lambda: other.client_order_id in orphan.names._known, "the order is accepted")
    orphan.actor_ref.stop(block=True, timeout=10)
    assert params_of(venue, "order.cancel", "origClientOrderId") == [other.client_order_id]


def of_floor(floor: str, order: NewOrder) -> NewOrder:
    """The same order, as another floor would have sent it."""
    name = mint_order_id(floor, order.strategy, 7, 1)
    return replace(order, order_id=name, client_order_id=name)
