"""The execution actor at a real twin: written once, told truly, kept until taken."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from binance_floor import Desk, Floor, TwinProcess, wait_for
from binance_trader import ID, NAME, Trader, received

from actors.runtime import ActorExit, ExitCode
from bus.codec import ReplyStatus
from bus.messages import (
    Balance,
    BalancesAnswer,
    CancelAll,
    CancelOrder,
    Code,
    Fill,
    FillsAnswer,
    NewOrder,
    OrderAnswer,
    OrderEventKind,
    OrderStatus,
    OrderType,
    PrivateStream,
    QueryBalances,
    QueryFills,
    QueryOpenOrders,
    QueryOrder,
    SetTradingState,
    Side,
    Source,
    SubmitOrder,
    TimeInForce,
    TradingState,
)
from venues.binance.execution import Execution

Kind = OrderEventKind


def test_a_market_order_is_submitted_accepted_and_filled_and_the_balances_follow(floor: Floor, trader: Trader) -> None:
    order, reply = trader.submit(type=OrderType.MARKET, price=None)
    assert reply.ok
    trader.wait(order, Kind.REPORT)
    wait_for(lambda: any(isinstance(event, Balance) for event in floor.events), "the balance comes")
    kinds = [(event.kind, event.source) for event in trader.events(order)]
    assert kinds[:3] == [
        (Kind.SUBMITTED, Source.ANSWER),
        (Kind.ACCEPTED, Source.ANSWER),
        (Kind.ACCEPTED, Source.STREAM),
    ]
    submitted = trader.events(order)[0]
    assert submitted.ts_written < submitted.expires_ns < submitted.ts_written + 1_100_000_000
    assert trader.events(order)[-1].status is OrderStatus.FILLED
    fills = [event for event in floor.events if isinstance(event, Fill)]
    assert sum(fill.size for fill in fills) == Decimal("0.01")
    assert {(fill.client_order_id, fill.strategy, fill.order_id) for fill in fills} == {
        (order.client_order_id, "s1", order.order_id)
    }
    queried = floor.request(NAME, QueryFills("BINANCE", ID)).body
    assert isinstance(queried, FillsAnswer)
    assert queried.complete
    assert [(f.trade_id, f.size, f.fee, f.client_order_id) for f in queried.fills] == [
        (f.trade_id, f.size, f.fee, f.client_order_id) for f in fills
    ]
    balances = floor.request(NAME, QueryBalances("BINANCE")).body
    assert isinstance(balances, BalancesAnswer)
    told = {event.asset: event.free for event in floor.events if isinstance(event, Balance)}
    assert {one.asset: one.free for one in balances.balances if one.asset in told} == told


def test_an_order_by_quote_size_spends_that_much(floor: Floor, trader: Trader) -> None:
    order, reply = trader.submit(type=OrderType.MARKET, price=None, size=None, quote_size=Decimal(600))
    assert reply.ok
    trader.wait(order, Kind.REPORT)
    spent = sum(event.size * event.price for event in floor.events if isinstance(event, Fill))
    assert Decimal(590) < spent <= Decimal(600)


def test_a_limit_order_rests_is_found_and_is_canceled(floor: Floor, trader: Trader) -> None:
    order, _ = trader.submit()
    accepted = trader.wait(order, Kind.ACCEPTED)
    assert accepted.venue_order_id
    assert trader.open_ids() == {order.client_order_id}
    answer = floor.request(NAME, QueryOrder("BINANCE", ID, order.client_order_id)).body
    assert isinstance(answer, OrderAnswer)
    assert answer.order is not None
    assert (answer.order.status, answer.order.price) == (OrderStatus.ACCEPTED, Decimal(50000))
    assert trader.cancel(order).ok
    trader.wait(order, Kind.CANCELED, Source.STREAM)
    kinds = [event.kind for event in trader.events(order)]
    assert kinds.index(Kind.CANCEL_PENDING) < kinds.index(Kind.CANCELED)
    assert trader.events(order)[-1].strategy == "s1"
    assert trader.open_ids() == set()


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_immediate_order_that_finds_nobody_expires(trader: Trader, time_in_force: TimeInForce) -> None:
    order, _ = trader.submit(time_in_force=time_in_force)
    expired = trader.wait(order, Kind.EXPIRED)
    assert (expired.status, expired.code, expired.filled) == (OrderStatus.EXPIRED, Code.UNFILLED, Decimal(0))


def test_a_post_only_order_that_would_take_is_rejected_in_the_venues_words(trader: Trader) -> None:
    order, reply = trader.submit(price=Decimal(65000), post_only=True)
    assert reply.ok
    rejected = trader.wait(order, Kind.REJECTED)
    assert rejected.code is Code.POST_ONLY_WOULD_TAKE
    assert rejected.reason == "-2010 Order would immediately match and take."
    assert rejected.venue_code == "-2010"


def test_insufficient_funds_and_an_unknown_symbol_are_rejected_in_the_venues_words(
    floor: Floor, trader: Trader
) -> None:
    poor, _ = trader.submit(size=Decimal(100))
    assert "insufficient balance" in trader.wait(poor, Kind.REJECTED).reason
    lost = NewOrder("T9", "T9", "BINANCE", "NOPE.BINANCE", "s1", Side.BUY, OrderType.MARKET, Decimal(1))
    assert floor.request(NAME, SubmitOrder(lost)).ok
    assert trader.wait(lost, Kind.REJECTED).reason == "-1121 Invalid symbol."


def test_a_second_request_for_a_written_order_is_answered_and_sends_nothing(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    order, first = trader.submit()
    second = floor.request(NAME, SubmitOrder(order))
    assert first.ok
    assert second.ok
    trader.cancel(order)
    trader.wait(order, Kind.CANCELED)
    assert floor.request(NAME, SubmitOrder(order)).ok
    assert trader.open_ids() == set()
    assert len(received(venue, "order.place")) == 1


def test_what_is_not_done_here_is_refused_before_anything_is_sent(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    cases = [
        (trader.order(type=OrderType.MARKET_TO_LIMIT), Code.UNSUPPORTED_ORDER_TYPE),
        (trader.order(time_in_force=TimeInForce.GTD), Code.UNSUPPORTED_TIME_IN_FORCE),
        (trader.order(reduce_only=True), Code.UNSUPPORTED_INSTRUCTION),
    ]
    for order, code in cases:
        assert floor.request(NAME, SubmitOrder(order)).code is code
    assert not any(trader.events(order) for order, _ in cases)
    assert received(venue, "order.place") == []


def test_a_command_past_its_deadline_is_not_sent(floor: Floor, venue: TwinProcess, actor: Execution) -> None:
    from bus.codec import WIRE_VERSION, RequestHeader

    late = RequestHeader(WIRE_VERSION, 1, "gate", floor.gate.epoch, actor.clock.monotonic_ns() - 1, 0)
    refusal = actor.on_submit_order(SubmitOrder(Trader(floor).order()), late)
    assert getattr(refusal, "code", None) is Code.DEADLINE_PASSED
    assert received(venue, "order.place") == []


def test_an_order_of_an_earlier_life_of_the_gate_is_not_sent(
    floor: Floor, venue: TwinProcess, actor: Execution
) -> None:
    from bus.codec import WIRE_VERSION, RequestHeader

    deadline_ns = actor.clock.monotonic_ns() + 5_000_000_000
    of_old = RequestHeader(WIRE_VERSION, 1, "gate", floor.gate.epoch - 1, deadline_ns, 0)
    refusal = actor.on_submit_order(SubmitOrder(Trader(floor).order()), of_old)
    assert getattr(refusal, "code", None) is Code.NOT_ALLOWED
    assert received(venue, "order.place") == []


def test_an_earlier_life_of_the_gate_lifts_no_halt(floor: Floor, actor: Execution) -> None:
    from bus.codec import WIRE_VERSION, RequestHeader

    def told(state: TradingState, epoch: int) -> object:
        header = RequestHeader(WIRE_VERSION, 1, "gate", epoch, actor.clock.monotonic_ns() + 5_000_000_000, 0)
        return actor.on_set_trading_state(SetTradingState("floor", state), header)

    assert told(TradingState.HALTED, floor.gate.epoch) is None
    assert getattr(told(TradingState.ACTIVE, floor.gate.epoch - 1), "code", None) is Code.NOT_ALLOWED
    assert "floor" in actor.halted
    assert told(TradingState.ACTIVE, floor.gate.epoch) is None
    assert not actor.halted


def strategy(floor: Floor, name: str) -> Desk:
    """Return what holds a strategy's key, and knows where the execution actor is."""
    desk: Desk = floor.start(Desk, name, "strategy")
    wait_for(lambda: desk.member.is_live(NAME), f"{name} knows {NAME}")
    return desk


def test_a_strategy_orders_nothing_past_the_gate(floor: Floor, venue: TwinProcess, trader: Trader) -> None:
    maker = strategy(floor, "s1")
    reply = floor.run(maker.member.request(NAME, SubmitOrder(trader.order(strategy="s1")), 5.0), maker)
    assert (reply.status, reply.code) == (ReplyStatus.DENIED, Code.NOT_ALLOWED)
    assert received(venue, "order.place") == []


def test_a_strategy_ends_no_order_of_anothers(floor: Floor, venue: TwinProcess, trader: Trader) -> None:
    order, reply = trader.submit(strategy="s1")
    assert reply.ok
    accepted = trader.wait(order, Kind.ACCEPTED)
    other = strategy(floor, "s2")
    for cancel in (
        CancelOrder(order.client_order_id, "BINANCE", ID, "s2"),
        CancelOrder("", "BINANCE", ID, "s2", venue_order_id=accepted.venue_order_id),
        CancelAll("BINANCE", "s2", client_order_ids=((ID, order.client_order_id),)),
    ):
        assert floor.run(other.member.request(NAME, cancel, 5.0), other).code is Code.NOT_ALLOWED, cancel
    unsent = trader.order(strategy="s1")
    cancel = CancelOrder(unsent.client_order_id, "BINANCE", ID, "s2")
    assert floor.run(other.member.request(NAME, cancel, 5.0), other).code is Code.NOT_ALLOWED
    assert floor.request(NAME, SubmitOrder(unsent)).ok, "nor does it keep one from being sent"
    assert received(venue, "order.cancel") == []


def test_after_the_answer_to_a_halt_no_new_order_goes_and_cancels_do(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    order, _ = trader.submit()
    assert floor.request(NAME, SetTradingState("instance/BINANCE", TradingState.HALTED, "test")).ok
    assert trader.submit()[1].code is Code.HALTED
    assert trader.cancel(order).ok
    trader.wait(order, Kind.CANCELED)
    assert floor.request(NAME, SetTradingState("instance/BINANCE", TradingState.ACTIVE)).ok
    assert trader.submit()[1].ok
    assert len(received(venue, "order.place")) == 2


def test_a_cancel_of_what_is_gone_or_never_was_is_rejected_with_the_venues_reason(trader: Trader) -> None:
    never = trader.order()
    assert trader.cancel(never).ok
    assert trader.wait(never, Kind.CANCEL_REJECTED).reason == "-2011 Unknown order sent."


def test_orders_of_others_are_told_with_the_venues_ids_and_canceled_by_them(
    floor: Floor, trader: Trader, actor: Execution
) -> None:
    order, _ = trader.submit()
    venue_id = trader.wait(order, Kind.ACCEPTED).venue_order_id
    assert floor.request(NAME, CancelOrder("", "BINANCE", ID, "", venue_order_id=venue_id)).ok
    trader.wait(order, Kind.CANCELED)


def test_an_order_the_venue_never_had_is_said_to_be_absent_only_after_its_history_was_read(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    query = QueryOrder("BINANCE", ID, "never", history=True, since_ns=time.time_ns() - 3 * 86400 * 10**9)
    answer = floor.request(NAME, query).body
    assert answer == OrderAnswer(None, complete=True)
    assert len(received(venue, "GET /api/v3/allOrders")) == 1


def test_an_instrument_without_a_trade_for_months_has_all_its_fills_told_in_one_read(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    asked = QueryFills("BINANCE", ID, since_ns=time.time_ns() - 60 * 86400 * 10**9)
    answer = floor.request(NAME, asked).body
    assert isinstance(answer, FillsAnswer)
    assert (answer.fills, answer.complete) == ((), True)
    assert len(received(venue, "GET /api/v3/myTrades")) == 1


def test_a_failed_query_is_a_refusal_and_never_an_empty_list(floor: Floor, venue: TwinProcess, trader: Trader) -> None:
    venue.stop()
    for query in (
        QueryOpenOrders("BINANCE"),
        QueryOrder("BINANCE", ID, "x", history=True),
        QueryFills("BINANCE", ID),
        QueryBalances("BINANCE"),
    ):
        assert floor.request(NAME, query).code is Code.VENUE_NOT_CONNECTED
    assert floor.request(NAME, QueryFills("BINANCE", "X.OTHER")).code is Code.NO_SUCH_INSTRUMENT


def test_a_lost_connection_is_told_before_the_unknown_outcomes_and_nothing_is_sent_again(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    venue.freeze()
    order, reply = trader.submit()
    assert reply.ok
    venue.kill()
    trader.wait(order, Kind.OUTCOME_UNKNOWN)
    down = next(i for i, e in enumerate(floor.events) if isinstance(e, PrivateStream) and not e.up)
    unknown = next(i for i, e in enumerate(floor.events) if getattr(e, "kind", None) is Kind.OUTCOME_UNKNOWN)
    assert down < unknown
    refused = trader.submit()[1]
    assert refused.code is Code.VENUE_NOT_CONNECTED
    assert refused.definite
    venue.stop()
    venue.start()
    wait_for(lambda: floor.events[-1] == floor.events[-1] and isinstance(floor.events[-1], PrivateStream), "it is back")
    wait_for(lambda: [e.up for e in floor.events if isinstance(e, PrivateStream)][-1], "the stream is up again")
    assert trader.submit()[1].ok
    assert len(received(venue, "order.place")) == 1


def test_no_answer_in_time_is_unknown_and_the_late_answer_still_counts(
    floor: Floor, venue: TwinProcess, trader: Trader
) -> None:
    venue.freeze()
    order, reply = trader.submit()
    assert reply.ok
    trader.wait(order, Kind.OUTCOME_UNKNOWN)
    venue.thaw()
    late = trader.wait(order, Kind.REJECTED)
    assert late.reason.startswith("-1021")
    assert trader.open_ids() == set()


def test_events_wait_for_the_reconciler_in_order_and_come_once(floor: Floor, trader: Trader) -> None:
    floor.desk.takes_batches = False
    order, reply = trader.submit(type=OrderType.MARKET, price=None)
    assert reply.ok
    assert trader.events(order) == []
    floor.desk.takes_batches = True
    trader.wait(order, Kind.REPORT)
    numbers = [event.number for event in floor.desk.events]
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_bad_key_ends_the_actor_for_good_with_one_clear_reason(
    floor: Floor, venue: TwinProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    greeting = venue.announcement.read_bytes().replace(venue.greeting["api_key"].encode(), b"k" * 64)
    venue.announcement.write_bytes(greeting)
    actor = floor.start(Execution, NAME, "execution", venue.settings)
    wait_for(lambda: actor.failure is not None, "the actor ends")
    floor.expected_failure = actor.failure
    assert isinstance(actor.failure, ActorExit)
    assert actor.failure.code is ExitCode.CONFIGURATION
    assert "-2015" in actor.failure.reason


def test_an_ordinary_stop_leaves_orders_alone_and_hands_over_its_events(
    floor: Floor, venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    order, _ = trader.submit()
    actor.actor_ref.stop(block=True, timeout=10)
    assert len(actor.outbox) == 0
    assert Kind.OUTCOME_UNKNOWN not in [event.kind for event in trader.events(order)]
    assert floor.events[-1] == PrivateStream("BINANCE", False, "the actor stops", floor.events[-1].ts_init)
    assert received(venue, "order.cancel") == []
