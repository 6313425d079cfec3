"""The ledger: one way in, each fill once, every order attributed, and the same state by replay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_samples import BTC, INSTANCE, a_fill, an_event, an_instrument, an_intent, an_order

from actors.reconciler.ledger import EXTERNAL, Ledger
from actors.reconciler.records import Adjustment, Baseline, InstrumentKnown, StrategyKnown, Synced, Unbookable
from bus.codec import decode, encode
from bus.messages import (
    Balance,
    Code,
    Fill,
    Intent,
    NewOrder,
    OrderEventKind,
    OrderStatus,
    OrderType,
    Pending,
    Side,
    Source,
    mint_order_id,
)

K, S = OrderEventKind, OrderStatus
EPOCH = 1_760_000_000


def minted(strategy: str, count: int) -> str:
    return mint_order_id("demo", strategy, EPOCH, count)


def fed(*messages: Any) -> Ledger:
    """A ledger that took what was news."""
    ledger = Ledger()
    for message in messages:
        if ledger.is_news(message):
            ledger.apply(message)
    return ledger


def told(count: int = 1, strategy: str = "alpha", **terms: Any) -> NewOrder:
    return an_order(minted(strategy, count), strategy=strategy, **terms)


# fills


def test_a_fill_counts_once_however_often_and_from_wherever_it_comes() -> None:
    order = told()
    ledger = fed(an_intent(1, order), a_fill("7", order.order_id))
    again = a_fill("7", order.order_id, source=Source.QUERY, ts_init=999)
    assert not ledger.is_news(again)
    assert ledger.apply(again) == []
    assert ledger.orders[order.order_id].filled == Decimal(4)
    assert [position.fills for position in ledger.positions_of("alpha")] == [1]


@pytest.mark.parametrize(
    "other",
    [{"instrument": "ETHUSDT.BINANCE"}, {"side": Side.SELL}, {"account": "U2"}, {"instance": "BYBIT"}],
    ids=lambda other: next(iter(other)),
)
def test_a_trade_id_is_one_of_its_instance_account_instrument_and_side(other: dict[str, Any]) -> None:
    ledger = fed(a_fill("7"), a_fill("7", **other))
    assert sum(position.fills for position in ledger.positions.values()) == 2


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"side": Side.UNKNOWN}, "its side is unknown"),
        ({"size": Decimal(0)}, "its size is 0, expected above 0"),
        ({"size": Decimal(-1)}, "its size is -1, expected above 0"),
        ({"trade_id": ""}, "it has no trade id, so it could be counted twice"),
    ],
)
def test_a_fill_that_cannot_be_booked_is_kept_and_moves_nothing(wrong: dict[str, Any], why: str) -> None:
    order = told()
    fill = a_fill(**{"trade_id": "7", "order_id": order.order_id, **wrong})
    ledger = fed(an_intent(1, order), Baseline(INSTANCE, {"BTC": Decimal(1)}, 1))
    before = ledger.digest()
    assert ledger.fill_problem(fill) == why
    assert not ledger.is_news(fill)
    assert ledger.apply(fill) == []
    kept = Unbookable(INSTANCE, fill, why, 1)
    assert ledger.is_news(kept)
    assert ledger.apply(kept) == []
    assert not ledger.is_news(kept)
    assert ledger.digest() == before


def test_a_fill_moves_the_balances_that_are_expected() -> None:
    known = InstrumentKnown(INSTANCE, an_instrument())
    start = Baseline(INSTANCE, {"BTC": Decimal(1), "USDT": Decimal(1000)}, 1)
    fill = a_fill(size=Decimal(2), price=Decimal(100), fee=Decimal("0.002"), fee_currency="BTC")
    ledger = fed(known, start, fill, a_fill("2", side=Side.SELL, size=Decimal(1), price=Decimal(110)))
    assert ledger.expected[INSTANCE] == {"BTC": Decimal("1.998"), "USDT": Decimal(910)}
    ledger.apply(Adjustment(INSTANCE, "BTC", Decimal("1.998"), Decimal(2), (1, 2), 3))
    assert (ledger.expected[INSTANCE]["BTC"], ledger.adjustments) == (Decimal(2), {INSTANCE: 1})


@pytest.mark.parametrize(
    ("known", "fresh", "later"),
    [
        ("", "5", "5"), ("9", "10", "10"), ("10", "9", "10"), ("a1", "9", "9"), ("9", "a1", "a1"), ("9", "", "9"),
        ("9", "\u00b2", "\u00b2"), ("9" * 5000, "1" + "0" * 5000, "1" + "0" * 5000), ("007", "8", "8"),
    ],
)  # fmt: skip
def test_the_newest_trade_is_the_higher_number_or_the_last_that_came(known: str, fresh: str, later: str) -> None:
    fills = [a_fill(trade, instrument=BTC) for trade in (known, fresh) if trade]
    assert fed(*fills).last_trade[INSTANCE][BTC] == later


# whose an order is


def test_an_order_whose_intent_is_missing_is_its_strategy_s_by_its_id() -> None:
    order = told()
    fill = a_fill("1", order.order_id)
    ledger = fed(StrategyKnown("alpha"), fill)
    state = ledger.orders[order.order_id]
    assert (state.order.strategy, state.external, state.status) == ("alpha", False, S.PARTIALLY_FILLED)
    assert [position.size for position in ledger.positions_of("alpha")] == [Decimal(4)]


def test_an_intent_that_comes_late_merges_with_what_the_venue_said_first() -> None:
    order = told()
    ledger = fed(StrategyKnown("alpha"), a_fill("1", order.order_id, venue_order_id="77"))
    ledger.apply(an_event(K.ACCEPTED, order.order_id, type=OrderType.LIMIT, size=Decimal(10)))
    ledger.apply(an_intent(1, order))
    state = ledger.orders[order.order_id]
    assert (state.order, state.filled, state.venue_order_id) == (order, Decimal(4), "77")
    assert (state.status, state.pending) == (S.PARTIALLY_FILLED, Pending.NONE)


def test_an_order_that_was_filled_before_its_intent_came_is_filled_then() -> None:
    order = told()
    ledger = fed(StrategyKnown("alpha"), a_fill("1", order.order_id, size=Decimal(10)))
    assert ledger.orders[order.order_id].is_open
    ledger.apply(an_intent(1, order))
    assert ledger.orders[order.order_id].status is S.FILLED
    assert ledger.open_orders() == []


def test_what_the_send_of_an_unknown_intent_became_is_not_forgotten() -> None:
    order = told()
    ledger = fed(StrategyKnown("alpha"))
    ledger.apply(an_event(K.SUBMITTED, order.order_id, expires_ns=500))
    ledger.apply(an_event(K.OUTCOME_UNKNOWN, order.order_id, expires_ns=700))
    ledger.apply(an_intent(1, order))
    state = ledger.orders[order.order_id]
    assert (state.status, state.is_unknown, state.expires_ns) == (S.SUBMITTED, True, 700)


def test_an_order_that_nobody_here_minted_is_external_and_its_positions_are_too() -> None:
    event = an_event(
        K.REPORT, "web_1", status=S.ACCEPTED, side=Side.SELL, type=OrderType.LIMIT, size=Decimal(3), price=Decimal(9)
    )
    ledger = fed(event, a_fill("1", "web_1", side=Side.SELL, size=Decimal(3)))
    state = ledger.orders["web_1"]
    assert (state.external, state.order.strategy, state.status) == (True, EXTERNAL, S.FILLED)
    assert (state.order.side, state.order.price) == (Side.SELL, Decimal(9))
    assert [position.size for position in ledger.positions_of(EXTERNAL)] == [Decimal(-3)]


def test_an_order_that_a_fill_alone_had_told_of_learns_its_terms_from_the_venue() -> None:
    ledger = fed(a_fill("1", "web_1", size=Decimal(3)))
    report = an_event(K.REPORT, "web_1", status=S.PARTIALLY_FILLED, type=OrderType.LIMIT, size=Decimal(3))
    assert ledger.is_news(report)
    ledger.apply(report)
    state = ledger.orders["web_1"]
    assert (state.order.type, state.order.size, state.status) == (OrderType.LIMIT, Decimal(3), S.FILLED)
    assert not ledger.is_news(report)


def test_orders_of_others_that_share_a_client_id_on_two_instances_are_two() -> None:
    ledger = fed(*(an_event(K.ACCEPTED, "x", instance=name, venue_order_id="5") for name in ("A", "B")))
    assert len(ledger.orders) == 2
    ledger.apply(an_event(K.CANCELED, "x", instance="A", venue_order_id="5"))
    assert [state.order.instance for state in ledger.open_orders()] == ["B"]


def test_a_client_id_that_comes_again_after_its_order_s_end_is_another_order() -> None:
    """Binance Spot asks uniqueness of open orders only."""
    ledger = fed(
        *(an_event(kind, "x", venue_order_id="5") for kind in (K.ACCEPTED, K.CANCELED)),
        an_event(K.ACCEPTED, "x", venue_order_id="6"),
    )
    assert [(state.venue_order_id, state.status) for state in ledger.orders.values()] == [
        ("5", S.CANCELED),
        ("6", S.ACCEPTED),
    ]
    ledger.apply(a_fill("1", "x", venue_order_id="5"))
    ledger.apply(a_fill("2", "x", venue_order_id="6", size=Decimal(1)))
    assert [state.filled for state in ledger.orders.values()] == [Decimal(4), Decimal(1)]


def test_a_fill_that_names_the_venue_s_id_alone_finds_its_order_and_no_other_instrument_s() -> None:
    order = told()
    eth = told(2, instrument="ETHUSDT.BINANCE")
    ledger = fed(
        an_intent(1, order),
        an_intent(2, eth),
        an_event(K.ACCEPTED, eth.order_id, venue_order_id="5", instrument="ETHUSDT.BINANCE"),
        an_event(K.ACCEPTED, order.order_id, venue_order_id="5"),
        a_fill("1", "", venue_order_id="5"),
        a_fill("1", "", venue_order_id="5", instrument="ETHUSDT.BINANCE", size=Decimal(1)),
        a_fill("1", "", venue_order_id="6", instrument="XRPUSDT.BINANCE"),
    )
    assert ledger.orders[order.order_id].filled == Decimal(4)
    assert ledger.orders[eth.order_id].filled == Decimal(1)
    assert [position.strategy for position in ledger.positions.values()] == ["alpha", "alpha", EXTERNAL]


def test_what_says_nothing_new_is_no_news() -> None:
    order = told()
    accepted = an_event(K.ACCEPTED, order.order_id)
    ledger = fed(an_intent(1, order), accepted)
    assert not ledger.is_news(accepted)
    assert not ledger.is_news(an_intent(1, order))
    assert not ledger.is_news(an_event(K.CANCEL_REJECTED, "nobody's"))
    assert not ledger.is_news(StrategyKnown("alpha"))


def test_a_balance_is_news_where_it_differs_and_is_not_older() -> None:
    known = a_balance(free="1", ts_event=10)
    ledger = fed(known)
    assert not ledger.is_news(known)
    assert not ledger.is_news(a_balance(free="2", ts_event=9))
    assert ledger.is_news(a_balance(free="2", ts_event=10))
    assert ledger.is_news(a_balance(free="1", ts_event=10, borrowed=Decimal(1)))


def a_balance(free: str = "1", **facts: Any) -> Balance:
    return Balance(INSTANCE, "BTC", Decimal(free), Decimal(0), Source.QUERY, **{"ts_event": 1, "ts_init": 1, **facts})


def test_intents_are_taken_once_and_in_order() -> None:
    first, second = told(1), told(2)
    ledger = fed(an_intent(1, first), an_intent(2, second), an_intent(1, first))
    assert (ledger.last_intent, len(ledger.orders)) == (2, 2)


def test_an_intent_that_was_denied_is_an_order_that_is_over() -> None:
    order = told()
    denial = an_event(K.DENIED, order.order_id, source=Source.GATE, code=Code.HALTED, reason="floor is HALTED")
    (update,) = fed().apply(an_intent(1, order, denial))
    assert (update.order.status, update.order.code, update.order.pending) == (S.DENIED, Code.HALTED, Pending.NONE)


def test_an_order_that_was_passed_and_then_not_sent_is_denied() -> None:
    order = told()
    not_sent = an_event(K.NOT_SENT, order.order_id, source=Source.GATE, code=Code.DEADLINE_PASSED)
    ledger = fed(an_intent(1, order), an_intent(2, order, not_sent))
    assert ledger.orders[order.order_id].status is S.DENIED
    assert ledger.open_orders() == []


# every history

ORDERS = {minted("alpha", 1): "alpha", minted("alpha", 2): "alpha", minted("beta", 1): "beta", "web_1": "", "": ""}
amounts = st.integers(0, 12).map(Decimal)
some_events = st.builds(
    an_event,
    st.sampled_from(K),
    st.sampled_from(sorted(ORDERS)),
    status=st.sampled_from(S),
    source=st.sampled_from(Source),
    side=st.sampled_from([Side.BUY, Side.SELL]),
    type=st.sampled_from(OrderType),
    size=st.none() | amounts,
    filled=st.none() | amounts,
    leaves=st.none() | amounts,
    venue_order_id=st.sampled_from(["", "5", "6"]),
    expires_ns=st.integers(0, 3),
)
some_fills = st.builds(
    a_fill,
    st.sampled_from(["1", "2", "3", "4", "5", "x", ""]),
    st.sampled_from(sorted(ORDERS)),
    side=st.sampled_from(Side),
    size=st.integers(-1, 6).map(Decimal),
    price=st.integers(1, 20).map(lambda units: Decimal(units) / 4),
    fee=st.none() | st.just(Decimal("0.1")),
    fee_currency=st.sampled_from(["BTC", "USDT", "BNB", ""]),
    source=st.sampled_from([Source.STREAM, Source.QUERY]),
    venue_order_id=st.sampled_from(["", "5", "6"]),
)
some_intents = st.builds(
    lambda number, name, denied, size: Intent(
        number,
        an_order(name, strategy=ORDERS[name], size=size),
        denied,
        an_event(K.NOT_SENT, name, source=Source.GATE) if denied else None,
        1,
    ),
    st.integers(1, 6),
    st.sampled_from([name for name, strategy in ORDERS.items() if strategy]),
    st.booleans(),
    st.none() | st.integers(1, 12).map(Decimal),
)
some_balances = st.builds(a_balance, st.sampled_from(["1", "2", "1E+2", "0.10"]), ts_event=st.integers(1, 3))
records = st.sampled_from(
    [
        InstrumentKnown(INSTANCE, an_instrument()),
        Baseline(INSTANCE, {"BTC": Decimal("1.0"), "USDT": Decimal(5)}, 1),
        StrategyKnown("alpha"),
        StrategyKnown("beta"),
        Synced(INSTANCE, {BTC: "3"}, 1),
    ]
)
histories = st.lists(some_events | some_fills | some_intents | some_balances | records, max_size=40)


def journalled(messages: list[Any]) -> tuple[Ledger, list[bytes]]:
    """What a reconciler does: news is applied, and a fill is written with the names of its order."""
    ledger, rows = Ledger(), []
    for message in messages:
        if ledger.is_news(message):
            updates = ledger.apply(message)
            rows.append(encode(updates[0].fill if updates and updates[0].fill else message))
    return ledger, rows


@settings(max_examples=400)
@given(histories)
def test_a_replay_of_the_journal_gives_the_same_state(history: list[Any]) -> None:
    ledger, rows = journalled(history)
    replayed = Ledger()
    for row in rows:
        replayed.apply(decode(row))
    assert replayed.digest() == ledger.digest()
    assert replayed.last_trade == ledger.last_trade
    assert replayed.cursors == ledger.cursors
    assert replayed.last_intent == ledger.last_intent


@settings(max_examples=400)
@given(histories)
def test_what_was_written_is_no_news_when_it_is_told_again(history: list[Any]) -> None:
    ledger, rows = journalled(history)
    kept = (Fill, Intent, StrategyKnown)
    for message in [decode(row) for row in rows]:
        if isinstance(message, kept):
            assert not ledger.is_news(message)
            assert ledger.apply(message) == []


@settings(max_examples=400)
@given(st.lists(some_fills, max_size=20).flatmap(lambda fills: st.permutations(fills + fills)))
def test_fills_that_come_twice_and_in_any_order_count_once(fills: list[Fill]) -> None:
    ledger = fed(*fills)
    bookable = {(fill.trade_id, fill.side): fill for fill in reversed(fills) if not ledger.fill_problem(fill)}
    assert sum(position.fills for position in ledger.positions.values()) == len(bookable)
    bought = sum((fill.size for (_, side), fill in bookable.items() if side is Side.BUY), Decimal(0))
    sold = sum((fill.size for (_, side), fill in bookable.items() if side is Side.SELL), Decimal(0))
    assert sum((position.bought for position in ledger.positions.values()), Decimal(0)) == bought
    assert sum((position.sold for position in ledger.positions.values()), Decimal(0)) == sold
    assert sum((state.filled for state in ledger.orders.values()), Decimal(0)) == bought + sold


@settings(max_examples=200)
@given(histories)
def test_nothing_that_can_come_raises(history: list[Any]) -> None:
    ledger = Ledger()
    for message in history:
        ledger.is_news(message)
        ledger.apply(message)
    open_ids = {state.order.order_id for state in ledger.open_orders()}
    assert open_ids == {order_id for order_id, state in ledger.orders.items() if state.is_open}


def test_old_closed_orders_are_let_go_and_a_late_fill_still_counts() -> None:
    orders = [told(count) for count in range(5)]
    ledger = Ledger(closed_kept=2)
    for message in (
        *(an_intent(number, order) for number, order in enumerate(orders, 1)),
        *(an_event(K.CANCELED, order.order_id, venue_order_id=order.order_id) for order in orders),
    ):
        ledger.apply(message)
    assert list(ledger.orders) == [order.order_id for order in orders[3:]]
    assert ledger.find(INSTANCE, orders[0].order_id) is None
    ledger.apply(a_fill("1", orders[0].order_id))
    assert [position.size for position in ledger.positions_of("alpha")] == [Decimal(4)]
