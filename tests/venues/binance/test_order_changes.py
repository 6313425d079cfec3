"""Changes of working orders at a real twin: the place in the queue is kept where it can be, and one word is told."""

from __future__ import annotations

from decimal import Decimal

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received

from bus.messages import (
    Code,
    ContingencyType,
    Fill,
    ModifyOrder,
    NewOrder,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrderStatus,
    OrderType,
    QueryOrder,
    SetTradingState,
    Side,
    TradingState,
)

Kind = OrderEventKind
AMEND, REPLACE = "order.amend.keepPriority", "order.cancelReplace"


@pytest.fixture
def venue(still: TwinProcess) -> TwinProcess:
    return still


@pytest.fixture
def resting(trader: Trader) -> NewOrder:
    order, reply = trader.submit(size=Decimal("0.04"))
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED)
    return order


def at_the_venue(floor: Floor, client_order_id: str) -> OrderEvent:
    answer = floor.request(NAME, QueryOrder("BINANCE", ID, client_order_id)).body
    assert isinstance(answer, OrderAnswer)
    assert answer.order is not None
    return answer.order


def test_a_smaller_size_keeps_the_order_and_its_place(
    floor: Floor, venue: TwinProcess, trader: Trader, resting: NewOrder
) -> None:
    change, reply = trader.modify(resting, size=Decimal("0.03"))
    assert reply.ok
    updated = trader.wait(resting, Kind.UPDATED)
    pending = trader.wait(resting, Kind.MODIFY_PENDING)
    assert pending.new_client_order_id == updated.new_client_order_id == ""
    assert pending.expires_ns > pending.ts_written > 0
    assert (updated.size, updated.order_id, updated.status) == (
        Decimal("0.03"), resting.order_id, OrderStatus.ACCEPTED
    )  # fmt: skip
    assert at_the_venue(floor, resting.client_order_id).size == Decimal("0.03")
    assert trader.told(change.new_client_order_id) == []
    assert len(received(venue, AMEND)) == 1


@pytest.mark.parametrize(
    "terms", [{"price": Decimal(50100)}, {"size": Decimal("0.05")}, {"price": Decimal(49900), "size": Decimal("0.02")}]
)
def test_any_other_change_replaces_the_order_and_is_told_as_one_word(
    floor: Floor, venue: TwinProcess, trader: Trader, resting: NewOrder, terms: dict[str, Decimal]
) -> None:
    change, reply = trader.modify(resting, **terms)
    assert reply.ok
    updated = trader.wait(resting, Kind.UPDATED)
    tried = change.new_client_order_id
    assert trader.wait(resting, Kind.MODIFY_PENDING).new_client_order_id == tried
    assert (updated.new_client_order_id, updated.order_id) == (tried, resting.order_id)
    assert (updated.price, updated.size) == (terms.get("price", resting.price), terms.get("size", resting.size))
    now = at_the_venue(floor, tried)
    assert (now.price, now.size, now.venue_order_id) == (updated.price, updated.size, updated.venue_order_id)
    assert trader.open_ids() == {tried}
    kinds = [kind for kind, _ in trader.told(resting.client_order_id)]
    assert Kind.CANCELED not in kinds
    assert kinds.count(Kind.UPDATED) == 1
    assert len(received(venue, REPLACE)) == 1


def test_a_stops_trigger_is_changed(floor: Floor, venue: TwinProcess, trader: Trader) -> None:
    bid, _ = venue.touch()
    stop, _ = trader.submit(type=OrderType.STOP_LIMIT, side=Side.SELL, price=bid - 900, trigger_price=bid - 600)
    trader.wait(stop, Kind.ACCEPTED)
    change, reply = trader.modify(stop, trigger_price=bid - 700)
    assert reply.ok
    assert trader.wait(stop, Kind.UPDATED).trigger_price == bid - 700
    now = at_the_venue(floor, change.new_client_order_id)
    assert (now.trigger_price, now.price) == (bid - 700, bid - 900)


def test_after_a_fill_the_new_attempt_has_what_is_left_and_the_next_change_counts_it(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    bid, ask = venue.touch()
    price = bid + ((ask - bid) / 2).quantize(Decimal("0.01"))
    order, _ = trader.submit(size=Decimal("0.04"), price=price)
    trader.wait(order, Kind.ACCEPTED)
    filled = Decimal("0.01")
    venue.admin.post("market", symbol="BTCUSDT", side="SELL", type="LIMIT", quantity="0.01", price=str(price))
    wait_for(lambda: any(isinstance(event, Fill) for event in floor.events), "it is filled in part")
    change, _ = trader.modify(order, filled=filled, price=Decimal(50000))
    updated = trader.wait(order, Kind.UPDATED)
    assert (updated.size, at_the_venue(floor, change.new_client_order_id).size) == (Decimal("0.03"), Decimal("0.03"))
    trader.modify(
        order, client_order_id=change.new_client_order_id, filled=filled, carried=filled, size=Decimal("0.02")
    )
    wait_for(lambda: (Kind.UPDATED, "ANSWER") in trader.told(change.new_client_order_id), "it is made smaller")
    assert at_the_venue(floor, change.new_client_order_id).size == Decimal("0.01")
    last, reply = trader.modify(
        order, client_order_id=change.new_client_order_id, filled=filled, carried=filled, price=Decimal(49000)
    )
    assert reply.ok
    wait_for(lambda: trader.open_ids() == {last.new_client_order_id}, "it is replaced once more")


def test_what_was_filled_while_it_was_replaced_is_taken_off_the_new_attempt(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    bid, ask = venue.touch()
    price = bid + ((ask - bid) / 2).quantize(Decimal("0.01"))
    order, _ = trader.submit(size=Decimal("0.04"), price=price)
    trader.wait(order, Kind.ACCEPTED)
    venue.admin.post("market", symbol="BTCUSDT", side="SELL", type="LIMIT", quantity="0.02", price=str(price))
    wait_for(lambda: any(isinstance(event, Fill) for event in floor.events), "it is filled in part")
    change, _ = trader.modify(order, filled=Decimal("0.01"), price=Decimal(50000))  # the gate had heard of half of it
    tried = change.new_client_order_id
    wait_for(lambda: at_the_venue(floor, tried).size == Decimal("0.02"), "no more than was asked for can be filled")
    assert [event.size for event in floor.events if getattr(event, "kind", None) is Kind.UPDATED][-1] == Decimal("0.02")


def test_an_order_that_was_filled_as_far_as_it_was_to_be_while_it_was_replaced_is_canceled(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    bid, ask = venue.touch()
    price = bid + ((ask - bid) / 2).quantize(Decimal("0.01"))
    order, _ = trader.submit(size=Decimal("0.04"), price=price)
    trader.wait(order, Kind.ACCEPTED)
    venue.admin.post("market", symbol="BTCUSDT", side="SELL", type="LIMIT", quantity="0.02", price=str(price))
    wait_for(lambda: any(isinstance(event, Fill) for event in floor.events), "it is filled in part")
    half = Decimal("0.01")  # is what the gate had heard of
    change, _ = trader.modify(order, filled=half, size=Decimal("0.02"), price=Decimal(50000))
    wait_for(lambda: Kind.CANCELED in dict(trader.told(change.new_client_order_id)), "it is canceled")
    assert trader.open_ids() == set()


def test_a_refused_change_leaves_the_order_as_it_was(
    floor: Floor, venue: TwinProcess, trader: Trader, resting: NewOrder
) -> None:
    change, _ = trader.modify(resting, price=Decimal("50000.001"))
    rejected = trader.wait(resting, Kind.MODIFY_REJECTED)
    assert (rejected.code, rejected.order_id) == (Code.PRICE_INCREMENT, resting.order_id)
    assert trader.open_ids() == {resting.client_order_id}
    assert trader.told(change.new_client_order_id) == []
    trader.modify(resting, size=Decimal("0.00001"))
    wait_for(lambda: trader.told(resting.client_order_id).count((Kind.MODIFY_REJECTED, "ANSWER")) == 2, "once more")
    assert at_the_venue(floor, resting.client_order_id).size == resting.size


def test_a_change_of_what_is_gone_is_rejected_as_too_late(trader: Trader, resting: NewOrder) -> None:
    trader.cancel(resting)
    trader.wait(resting, Kind.CANCELED)
    for terms in ({"price": Decimal(50100)}, {"size": Decimal("0.02")}):
        before = len(trader.events(resting))
        _, reply = trader.modify(resting, **terms)
        assert reply.ok
        wait_for(lambda start=before: len(trader.events(resting)) == start + 2, "its fate is told")  # type: ignore[misc]
        assert (trader.events(resting)[-1].kind, trader.events(resting)[-1].code) == (
            Kind.MODIFY_REJECTED, Code.TOO_LATE
        )  # fmt: skip


def test_where_the_old_one_was_canceled_and_the_new_one_refused_the_order_is_canceled_and_says_why(
    venue: TwinProcess, trader: Trader
) -> None:
    maker, _ = trader.submit(post_only=True)
    trader.wait(maker, Kind.ACCEPTED)
    _, ask = venue.touch()
    change, _ = trader.modify(maker, price=ask + 100)
    canceled = trader.wait(maker, Kind.CANCELED)
    assert (canceled.code, canceled.venue_code) == (Code.POST_ONLY_WOULD_TAKE, "-2010")
    assert [kind for kind, _ in trader.told(maker.client_order_id)][-2:] == [Kind.MODIFY_PENDING, Kind.CANCELED]
    assert trader.told(change.new_client_order_id) == []
    assert trader.open_ids() == set()


def test_a_change_is_written_once_and_only_the_gate_may_ask(
    floor: Floor, venue: TwinProcess, trader: Trader, resting: NewOrder
) -> None:
    change, first = trader.modify(resting, price=Decimal(50100))
    second = floor.request(NAME, change)
    assert (first.ok, second.ok) == (True, True)
    trader.wait(resting, Kind.UPDATED)
    stranger = floor.run(floor.desk.member.request(NAME, change, 5.0))
    assert stranger.code is Code.NOT_ALLOWED
    assert len(received(venue, REPLACE)) == 1


def test_a_halt_lets_no_change_through(floor: Floor, venue: TwinProcess, trader: Trader, resting: NewOrder) -> None:
    assert floor.request(NAME, SetTradingState("strategy/s1", TradingState.HALTED, "test")).ok
    assert trader.modify(resting, price=Decimal(50100))[1].code is Code.HALTED
    assert trader.cancel(resting).ok
    trader.wait(resting, Kind.CANCELED)
    assert received(venue, REPLACE) == []


def test_a_change_that_cannot_be_is_denied_before_anything_is_sent(
    floor: Floor, venue: TwinProcess, trader: Trader, resting: NewOrder
) -> None:
    cases: list[tuple[ModifyOrder, Code]] = [
        (trader.change(resting, order=None, price=Decimal(1)), Code.NO_SUCH_ORDER),
        (trader.change(resting, filled=Decimal("0.04"), price=Decimal(1)), Code.SIZE_LIMIT),
        (trader.change(resting, new_client_order_id="", price=Decimal(1)), Code.UNSUPPORTED_INSTRUCTION),
        (trader.change(resting, instance="OTHER", price=Decimal(1)), Code.NO_SUCH_INSTANCE),
    ]
    for change, code in cases:
        reply = floor.request(NAME, change)
        assert (reply.code, reply.definite) == (code, True)
    assert [kind for kind, _ in trader.told(resting.client_order_id) if "MODIFY" in kind] == []
    assert received(venue, REPLACE) == []


def test_one_of_a_list_is_only_made_smaller(floor: Floor, venue: TwinProcess, trader: Trader) -> None:
    bid, _ = venue.touch()
    pair = trader.listed(
        ContingencyType.OCO,
        {"side": Side.SELL, "price": bid + 900, "post_only": True},
        {"side": Side.SELL, "type": OrderType.STOP_LIMIT, "price": bid - 900, "trigger_price": bid - 800},
    )
    assert trader.submit_list(*pair).ok
    trader.wait(pair[0], Kind.ACCEPTED)
    assert trader.modify(pair[0], price=bid + 1000)[1].code is Code.UNSUPPORTED_INSTRUCTION
    assert trader.modify(pair[0], size=Decimal("0.005"))[1].ok
    trader.wait(pair[0], Kind.UPDATED)
    assert {at_the_venue(floor, order.client_order_id).size for order in pair} == {Decimal("0.005")}


def test_a_cancel_by_the_old_name_ends_the_order_that_goes_on_under_a_new_one(
    trader: Trader, resting: NewOrder
) -> None:
    change, _ = trader.modify(resting, price=Decimal(50100))
    assert trader.cancel(resting).ok  # its owner has not heard yet that it was replaced
    wait_for(lambda: trader.open_ids() == set(), "nothing of it rests")
    assert (Kind.CANCELED, "STREAM") in trader.told(change.new_client_order_id)
