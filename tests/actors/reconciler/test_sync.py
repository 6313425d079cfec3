"""One with the venue: never for ever apart, never by a question that failed, and no fill passed by."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from order_samples import BTC, INSTANCE, an_event, an_intent, an_order
from sync_world import ANSWER_S, ETH, QUERIES, SECOND, World, in_world, minted, report, synced, traded

from actors.reconciler.inquiry import EXPIRY_MARGIN_S
from actors.reconciler.ledger import EXTERNAL
from actors.reconciler.records import Adjustment, InstrumentKnown, StrategyKnown, Synced
from bus.messages import (
    BalancesAnswer,
    Code,
    Empty,
    Fill,
    FillsAnswer,
    GetInstruments,
    InstrumentsAnswer,
    Message,
    OrderAnswer,
    OrderEvent,
    OrderEventKind,
    OrdersAnswer,
    OrderStatus,
    Pending,
    QueryBalances,
    QueryFills,
    QueryOpenOrders,
    QueryOrder,
    Refused,
    Source,
)
from tradefloor.testing import VirtualClock

K, S = OrderEventKind, OrderStatus


# words


def test_a_life_that_speaks_before_the_directory_has_told_of_it_becomes_one_with_the_venue() -> None:
    async def story(world: World) -> None:
        world.sync.on_executor(5, True)
        world.up(5)
        await asyncio.sleep(1)
        world.up(6)
        world.sync.on_executor(5, False)
        world.sync.on_executor(6, True)
        await asyncio.sleep(1)
        assert (world.sync.synced, world.sync.reason) == (True, "")

    in_world(story)


def test_a_word_that_comes_after_the_death_of_its_life_is_no_news() -> None:
    async def story(world: World) -> None:
        world.sync.on_executor(5, True)
        world.sync.on_executor(5, False)
        world.up(5)
        await asyncio.sleep(10)
        assert not any(world.told)
        assert world.sync.reason == "execution actor is down"
        assert world.asked == []

    in_world(story)


@settings(max_examples=150)
@given(data=st.data())
def test_words_in_any_order_end_in_what_the_last_life_is(data: st.DataObject) -> None:
    lives = data.draw(st.integers(1, 3), label="lives")
    directory: list[tuple[str, int, bool]] = []
    streams: list[tuple[str, int, bool]] = []
    for epoch in range(1, lives + 1):
        directory.append(("directory", epoch, True))
        told = data.draw(st.booleans() if epoch < lives else st.just(False), label="its death is told")
        directory += [("directory", epoch, False)] if told else []
        ups = data.draw(st.lists(st.booleans(), min_size=epoch == lives, max_size=3), label="stream")
        streams += [("stream", epoch, up) for up in ups]
    dies = data.draw(st.booleans(), label="the last one dies")
    directory += [("directory", lives, False)] if dies else []
    last_up = streams[-1][2]

    async def story(world: World) -> None:
        dead, words, newest = 0, 0, (0, False)
        while directory or streams:
            source = directory if not streams or (directory and data.draw(st.booleans())) else streams
            who, epoch, value = source.pop(0)
            words += 1
            if who == "directory":
                world.sync.on_executor(epoch, value)
                dead = dead if value else max(dead, epoch)
            else:
                world.up(epoch, value)
                newest = (epoch, value)
            await asyncio.sleep(data.draw(st.sampled_from([0, ANSWER_S, 2.5 * ANSWER_S, 1])))
            if world.sync.synced:
                assert world.sync.executor_epoch > dead
                assert newest == (world.sync.executor_epoch, True)
        await asyncio.sleep(20)
        assert world.sync.synced == (last_up and not dies)
        assert world.told[-1] == world.sync.synced

    in_world(story)


def test_a_stream_that_returns_while_it_is_reconciled_begins_anew() -> None:
    async def story(world: World) -> None:
        world.up()
        await asyncio.sleep(2.5 * ANSWER_S)
        world.up(is_up=False)
        world.up()
        await asyncio.sleep(1)
        assert world.sync.synced
        assert world.count(QueryOpenOrders) == 2
        assert world.told.count(True) == 1

    in_world(story)


def test_a_query_that_fails_after_the_stream_was_lost_does_not_hide_why() -> None:
    async def story(world: World) -> None:
        world.broken = lambda query: Empty()
        world.up()
        await asyncio.sleep(1)
        world.up(is_up=False)
        await asyncio.sleep(60)
        assert world.sync.reason == "private stream is down: cut"
        assert len(world.asked) == 1

    in_world(story)


# becoming one


def test_synced_comes_after_open_orders_each_missing_one_the_trades_and_the_balances() -> None:
    async def story(world: World) -> None:
        there, gone, unanswered = minted(1), minted(2), minted(3)
        for name in (there, gone):
            world.send(name, answered=True)
        world.send(unanswered)
        world.orders[gone] = report(gone, S.CANCELED)
        world.orders[unanswered] = report(unanswered)
        world.fill(traded(1, there))
        world.while_asked = lambda query: world.told.append(world.sync.synced)
        world.up()
        await asyncio.sleep(0.3)
        names = [getattr(query, "client_order_id", type(query).__name__) for _, query in world.asked]
        assert names == ["QueryOpenOrders", gone, "GetInstruments", "QueryFills", "QueryBalances", "QueryFills"]
        assert world.told == [False] * (len(names) + 1) + [True]
        assert world.state(gone).status is S.CANCELED
        assert (world.state(unanswered).status, world.state(unanswered).pending) == (S.ACCEPTED, Pending.NONE)
        assert world.state(there).filled == 1
        assert world.cursor == "1"
        history = next(query for _, query in world.asked if isinstance(query, QueryOrder))
        assert history.history

    in_world(story)


def test_an_order_that_the_gate_denied_asks_nothing_of_the_venue_whose_instrument_may_not_even_be_there() -> None:
    async def story(world: World) -> None:
        order = an_order("typo", instrument="NONESUCH.BINANCE")
        world.record([an_intent(1, order, an_event(K.DENIED, "typo", instrument=order.instrument))])
        await synced(world)
        assert {type(query) for _, query in world.asked} == {QueryOpenOrders, QueryBalances}

    in_world(story)


@pytest.mark.parametrize("is_open", [False, True])
def test_an_instrument_that_the_venue_has_no_more_keeps_nobody_from_trading_unless_an_order_is_open_there(
    is_open: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def no_such(query: Message) -> Message | None:
        gone = getattr(query, "instrument", "") == ETH and not isinstance(query, QueryOrder)
        return Refused(Code.NO_SUCH_INSTRUMENT, "no instrument") if gone else None

    async def story(world: World) -> None:
        name = minted(1)
        world.send(name, answered=True, instrument=ETH)
        if not is_open:
            world.orders[name] = report(name, S.CANCELED, instrument=ETH)
            world.stream(an_event(K.CANCELED, name, instrument=ETH))
        world.broken = no_such
        world.up()
        await asyncio.sleep(5)
        assert world.sync.synced is not is_open

    in_world(story)
    assert caplog.text.count("does not have this instrument any more") == (0 if is_open else 1)


@pytest.mark.parametrize("kind", [*QUERIES, GetInstruments], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("how", ["refused", "cut short", "no answer"])
def test_a_query_that_fails_is_never_none_and_is_tried_again_with_back_off(kind: type, how: str) -> None:
    short: dict[type, Message] = {
        QueryOpenOrders: OrdersAnswer((), False), QueryOrder: OrderAnswer(None, False),
        QueryFills: FillsAnswer((), False), QueryBalances: BalancesAnswer((), False),
        GetInstruments: InstrumentsAnswer(()),
    }  # fmt: skip
    failure = {"refused": Refused(Code.VENUE_NOT_CONNECTED, "no"), "cut short": short[kind], "no answer": Empty()}[how]

    async def story(world: World) -> None:
        name = minted(1)
        world.send(name, answered=True)
        world.orders[name] = report(name, S.CANCELED, filled=Decimal(1))
        world.fill(traded(1, name))
        world.broken = lambda query: failure if isinstance(query, kind) else None
        world.up()
        await asyncio.sleep(60)
        assert not any(world.told)
        assert not world.of(Synced)
        assert not world.of(Adjustment)
        assert not world.state(name).is_unknown
        tries = [when for when, query in world.asked if isinstance(query, QueryOpenOrders)]
        pauses = [after - before for before, after in pairwise(tries)]
        assert min(pauses) >= 0.2
        assert 5.0 <= max(pauses) < 16.0
        assert kind.__name__ in world.sync.reason or "rules" in world.sync.reason
        world.broken = lambda query: None
        await asyncio.sleep(20)
        assert world.sync.synced
        assert (world.state(name).status, world.state(name).filled, world.cursor) == (S.CANCELED, Decimal(1), "1")

    in_world(story)


def test_one_order_s_failed_query_leaves_the_others_looked_for() -> None:
    async def story(world: World) -> None:
        bad, good = minted(1), minted(2)
        for name in (bad, good):
            world.send(name, answered=True)
            world.orders[name] = report(name, S.CANCELED)
        world.fill(traded(1, good))
        world.broken = lambda query: OrderAnswer(None, False) if getattr(query, "client_order_id", "") == bad else None
        world.up()
        await asyncio.sleep(0.2)
        assert not world.sync.synced
        assert (world.state(good).status, world.state(good).filled) == (S.CANCELED, Decimal(1))
        assert world.state(bad).status is S.ACCEPTED

    in_world(story)


def test_without_the_gate_s_intents_nothing_is_reconciled() -> None:
    async def story(world: World) -> None:
        world.gate_answers = False
        world.up()
        await asyncio.sleep(10)
        assert not world.sync.synced
        assert world.asked == []
        world.gate_answers = True
        await asyncio.sleep(10)
        assert world.sync.synced

    in_world(story)


# sent without an answer


def test_an_unanswered_order_that_the_venue_has_takes_its_state() -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1)).order_id
        world.stream(an_event(K.OUTCOME_UNKNOWN, name, reason="timed out"))
        await asyncio.sleep(3)
        assert world.state(name).is_unknown
        world.orders[name] = report(name)
        await asyncio.sleep(5)
        assert (world.state(name).status, world.state(name).is_unknown) == (S.ACCEPTED, False)

    in_world(story)


@pytest.mark.parametrize("expires_s", [2.0, 5.0, 60.0])
def test_an_order_that_never_arrived_is_so_after_its_expiry_and_margin_and_soon(expires_s: float) -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), expires_s).order_id
        sent = world.loop.time()
        world.stream(an_event(K.OUTCOME_UNKNOWN, name, reason="timed out"))
        while world.state(name).is_open:
            assert world.loop.time() - sent < expires_s + EXPIRY_MARGIN_S + 1
            await asyncio.sleep(0.05)
        assert world.state(name).status is S.NEVER_ARRIVED
        since = sent + expires_s + EXPIRY_MARGIN_S
        late = {type(query) for when, query in world.asked if when >= since}
        assert {QueryOrder, QueryOpenOrders, QueryFills} <= late

    in_world(story)


def test_an_order_whose_sending_was_never_told_is_asked_for_and_given_the_longest_window() -> None:
    async def story(world: World) -> None:
        await synced(world)
        world.record([an_intent(1, an_order(minted(1), ts_gated=world.clock.time_ns()))])
        gated = world.loop.time()
        while world.state(minted(1)).is_open:
            await asyncio.sleep(0.1)
            assert world.loop.time() - gated < 20
        assert world.loop.time() - gated > 7 + 5 + EXPIRY_MARGIN_S

    in_world(story)


def test_the_unknown_outcome_of_a_cancel_says_no_expiry_of_the_order() -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = minted(1)
        world.record([an_intent(1, an_order(name, ts_gated=world.clock.time_ns()))])
        world.stream(an_event(K.CANCEL_PENDING, name), an_event(K.OUTCOME_UNKNOWN, name, ts_init=world.clock.time_ns()))
        assert (world.state(name).is_unknown, world.state(name).expires_ns) == (True, 0)
        await asyncio.sleep(5.9)
        assert world.state(name).status is S.INITIALIZED
        await asyncio.sleep(1.2)
        assert world.state(name).status is S.NEVER_ARRIVED

    in_world(story)


@pytest.mark.parametrize("kind", [QueryOpenOrders, QueryOrder, QueryFills], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("how", ["refused", "cut short"])
def test_an_order_is_not_given_up_while_one_look_fails(kind: type, how: str) -> None:
    short: dict[type, Message] = {
        QueryOpenOrders: OrdersAnswer((), False), QueryOrder: OrderAnswer(None, False),
        QueryFills: FillsAnswer((), False),
    }  # fmt: skip

    async def story(world: World) -> None:
        await synced(world)
        failure = Refused(Code.RATE_LIMITED, "no") if how == "refused" else short[kind]
        world.broken = lambda query: failure if isinstance(query, kind) else None
        name = world.send(minted(1), 2.0).order_id
        world.stream(an_event(K.OUTCOME_UNKNOWN, name))
        asked = len(world.asked)
        await asyncio.sleep(300)
        assert world.state(name).is_unknown
        assert world.state(name).status is S.SUBMITTED
        looks = sum(isinstance(query, QueryOrder) for _, query in world.asked[asked:])
        assert 10 < looks < 30
        world.broken = lambda query: None
        await asyncio.sleep(31)
        assert world.state(name).status is S.NEVER_ARRIVED

    in_world(story)


@pytest.mark.parametrize("kind", [QueryOpenOrders, QueryOrder, QueryFills], ids=lambda kind: kind.__name__)
def test_a_word_of_the_stream_during_the_last_look_keeps_the_order(kind: type) -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), 2.0).order_id
        world.stream(an_event(K.OUTCOME_UNKNOWN, name))
        sent = world.loop.time()

        def accept(query: Message) -> None:
            if isinstance(query, kind) and world.loop.time() - sent > 3:
                world.stream(an_event(K.ACCEPTED, name, venue_order_id=f"v-{name}"))
                world.while_asked = lambda query: None

        world.while_asked = accept
        await asyncio.sleep(3.9)
        assert (world.state(name).status, world.state(name).is_unknown) == (S.ACCEPTED, False)
        assert all(each.kind is not K.NEVER_ARRIVED for each in world.of(OrderEvent))

    in_world(story)


def test_an_order_that_is_accepted_while_it_is_asked_for_is_not_unknown() -> None:
    async def story(world: World) -> None:
        name = world.send(minted(1)).order_id
        accepted = an_event(K.ACCEPTED, name, venue_order_id=f"v-{name}")
        world.while_asked = lambda query: world.stream(accepted) if isinstance(query, QueryOrder) else None
        await synced(world)
        assert (world.state(name).status, world.state(name).is_unknown) == (S.ACCEPTED, False)
        assert [each.kind for each in world.of(OrderEvent)] == [K.SUBMITTED, K.ACCEPTED]

    in_world(story)


def test_a_stream_that_breaks_during_the_last_look_keeps_the_order_until_it_is_reconciled() -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), 2.0).order_id
        world.stream(an_event(K.OUTCOME_UNKNOWN, name))
        await asyncio.sleep(2.5)
        world.while_asked = lambda query: world.up(is_up=False) if isinstance(query, QueryFills) else None
        await asyncio.sleep(10)
        assert not world.sync.synced
        assert world.state(name).is_unknown
        world.while_asked = lambda query: None
        world.up()
        await asyncio.sleep(2)
        assert world.state(name).status is S.NEVER_ARRIVED

    in_world(story)


def test_an_unsynced_instance_gives_no_order_up() -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), 2.0).order_id
        world.stream(an_event(K.OUTCOME_UNKNOWN, name))
        world.up(is_up=False)
        await asyncio.sleep(60)
        assert world.state(name).is_unknown
        world.up()
        await asyncio.sleep(2)
        assert world.state(name).status is S.NEVER_ARRIVED

    in_world(story)


def test_a_late_fill_reopens_an_order_that_was_given_up() -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), 2.0).order_id
        world.stream(an_event(K.OUTCOME_UNKNOWN, name))
        await asyncio.sleep(5)
        assert world.state(name).status is S.NEVER_ARRIVED
        world.orders[name] = report(name, S.PARTIALLY_FILLED, filled=Decimal(1))
        world.fill(traded(1, name))
        await asyncio.sleep(20)
        assert (world.state(name).status, world.state(name).filled) == (S.PARTIALLY_FILLED, Decimal(1))
        assert not world.of(Adjustment)

    in_world(story)


def test_an_open_order_that_the_venue_lacks_is_unknown_and_asked_for_ever_more_seldom() -> None:
    async def story(world: World) -> None:
        name = world.send(minted(1), answered=True).order_id
        world.orders.clear()
        await synced(world)
        await asyncio.sleep(600)
        assert (world.state(name).status, world.state(name).is_unknown) == (S.ACCEPTED, True)
        times = [when for when, query in world.asked if isinstance(query, QueryOrder)]
        assert 20 < len(times) < 35
        world.orders[name] = report(name, S.CANCELED)
        await asyncio.sleep(31)
        assert world.state(name).status is S.CANCELED

    in_world(story)


# fills


def test_fills_by_the_venue_s_id_alone_are_attributed_after_asking_once_for_each_order() -> None:
    async def story(world: World) -> None:
        mine, other = minted(1), "by-hand"
        world.record([StrategyKnown("alpha")])
        world.orders = {
            mine: report(mine, S.FILLED, filled=Decimal(2)), other: report(other, S.FILLED, filled=Decimal(1)),
            minted(2): report(minted(2)),
        }  # fmt: skip
        world.fill(traded(1, mine), traded(2, mine), traded(3, other))
        await synced(world)
        assert world.state(mine).filled == 2
        sizes = {each.strategy: each.size for each in world.ledger.positions_of()}
        assert sizes == {"alpha": Decimal(2), EXTERNAL: Decimal(1)}
        assert world.count(QueryOrder) == 2

    in_world(story)


def test_a_fill_whose_order_cannot_be_asked_for_is_not_booked_to_others() -> None:
    async def story(world: World) -> None:
        mine = minted(1)
        world.orders = {mine: report(mine, S.FILLED, filled=Decimal(1)), minted(2): report(minted(2))}
        world.fill(traded(1, mine))
        world.broken = lambda query: Refused(Code.RATE_LIMITED, "no") if isinstance(query, QueryOrder) else None
        world.up()
        await asyncio.sleep(10)
        assert not world.of(Fill)
        world.broken = lambda query: None
        await asyncio.sleep(10)
        assert [each.strategy for each in world.ledger.positions_of()] == ["alpha"]

    in_world(story)


def test_a_fill_lost_on_the_stream_is_fetched_once_the_venue_counts_it() -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), answered=True).order_id
        world.fill(traded(1, name))
        world.stream(
            an_event(K.REPORT, name, status=S.PARTIALLY_FILLED, filled=Decimal(1), ts_init=world.clock.time_ns())
        )
        await asyncio.sleep(0.9)
        assert world.state(name).filled == 0
        await asyncio.sleep(1.2)
        assert world.state(name).filled == 1
        assert world.ledger.filled_by_query == {INSTANCE: 1}

    in_world(story)


def test_a_fill_of_which_nobody_told_is_fetched_when_the_balances_differ() -> None:
    async def story(world: World) -> None:
        name = world.send(minted(1), answered=True).order_id
        await synced(world)
        world.fill(traded(1, name))
        await asyncio.sleep(17)
        assert world.state(name).filled == 1
        assert not world.of(Adjustment)

    in_world(story)


def test_a_fetched_fill_is_booked_with_its_currencies() -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), answered=True).order_id  # in an instrument that was never traded before
        world.fill(traded(1, name))
        await asyncio.sleep(40)
        assert world.of(InstrumentKnown)
        assert world.ledger.expected[INSTANCE] == {"BTC": Decimal(1), "USDT": Decimal(900)}
        assert not world.of(Adjustment)

    in_world(story)


@pytest.mark.parametrize("in_flight", [False, True])
def test_the_cursor_never_passes_a_fill_that_was_lost_on_the_stream(in_flight: bool) -> None:
    async def story(world: World) -> None:
        name, other, slow = (world.send(minted(n), answered=True).order_id for n in (1, 2, 3))
        await synced(world)
        if in_flight:  # then no balances are compared
            world.stream(an_event(K.CANCEL_PENDING, slow))
        lost, told = traded(5, name), traded(6, other)
        world.fill(lost, told)
        world.stream(replace(told, client_order_id=other, source=Source.STREAM))
        while not world.cursor:
            assert world.loop.time() < 40
            await asyncio.sleep(0.1)
        assert world.ledger.has_fill(lost)
        assert world.cursor == "6"
        assert not world.of(Adjustment)

    in_world(story)


def test_the_cursor_never_passes_what_a_list_of_trades_has_shown() -> None:
    async def story(world: World) -> None:
        name, other = (world.send(minted(n), answered=True).order_id for n in (1, 2))
        world.fill(traded(5, name))
        lost, told = traded(6, name), traded(7, other)

        def meanwhile(query: Message) -> None:
            if isinstance(query, QueryBalances):  # after the list was read
                world.while_asked = lambda query: None
                world.stream(replace(told, client_order_id=other, source=Source.STREAM))

        world.while_asked = meanwhile
        world.broken = lambda query: FillsAnswer((traded(5, name),), True) if isinstance(query, QueryFills) else None
        world.up()
        await asyncio.sleep(5)
        assert world.sync.synced
        assert world.ledger.last_trade == {INSTANCE: {BTC: "7"}}
        assert world.cursor == "5"
        world.fill(lost, told)
        world.broken = lambda query: None
        await asyncio.sleep(31)
        assert world.ledger.has_fill(lost)
        assert world.cursor == "7"

    in_world(story)


@pytest.mark.parametrize("how", ["refused", "cut short", "lacks it"])
def test_the_cursor_stays_while_a_fill_is_missing(how: str) -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1), answered=True).order_id
        told = traded(6, name)
        world.fill(traded(5, name), told)
        world.stream(
            an_event(K.REPORT, name, status=S.PARTIALLY_FILLED, filled=Decimal(2), ts_init=world.clock.time_ns()),
            replace(told, client_order_id=name, source=Source.STREAM),
        )
        answers = {"refused": Refused(Code.RATE_LIMITED, "no"), "cut short": FillsAnswer((told,), False)}
        failure = answers.get(how, FillsAnswer((told,), True))
        world.broken = lambda query: failure if isinstance(query, QueryFills) else None
        await asyncio.sleep(120)
        assert world.cursor == ""
        assert world.count(QueryFills) < 45
        assert how == "lacks it" or not world.of(Adjustment)
        world.broken = lambda query: None
        await asyncio.sleep(62)
        assert (world.state(name).filled, world.cursor) == (Decimal(2), "6")

    in_world(story)


def test_the_cursor_advances_for_other_instruments_while_one_fails() -> None:
    async def story(world: World) -> None:
        await synced(world)
        for count, instrument in ((1, BTC), (2, ETH)):
            name = world.send(minted(count), answered=True, instrument=instrument).order_id
            told = traded(count, name, instrument=instrument)
            world.trades.append(told)
            world.stream(replace(told, client_order_id=name, source=Source.STREAM))
        world.broken = lambda query: (
            FillsAnswer((), False) if isinstance(query, QueryFills) and query.instrument == BTC else None
        )
        await asyncio.sleep(35)
        assert world.ledger.cursors == {INSTANCE: {ETH: "2"}}

    in_world(story)


def test_a_partly_filled_order_of_others_whose_past_is_unknown_holds_nothing_up() -> None:
    async def story(world: World) -> None:
        name = world.send(minted(1), answered=True).order_id
        world.orders["by-hand"] = report("by-hand", S.PARTIALLY_FILLED, filled=Decimal(3))
        await synced(world)
        fill = traded(7, name)
        world.fill(fill)
        world.stream(replace(fill, client_order_id=name, source=Source.STREAM))
        asked = world.count(QueryFills)
        await asyncio.sleep(120)
        assert world.cursor == "7"
        assert world.count(QueryFills) - asked < 25

    in_world(story)


# others


def test_orders_of_another_floor_on_the_account_are_external() -> None:
    async def story(world: World) -> None:
        theirs = minted(1, "other")
        world.orders[theirs] = report(theirs, filled=Decimal(1))
        world.fill(traded(1, theirs))
        await synced(world)
        state = world.state(theirs)
        assert (state.external, state.order.strategy, state.filled) == (True, EXTERNAL, Decimal(1))
        assert [each.strategy for each in world.ledger.positions_of()] == [EXTERNAL]

    in_world(story)


@pytest.mark.parametrize("client_id", ["by-hand", ""])
def test_an_order_of_others_is_asked_for_by_the_venue_s_id(client_id: str) -> None:
    async def story(world: World) -> None:
        old = report(client_id, venue_order_id="v1")
        world.orders["v1"] = old
        await synced(world)
        world.up(is_up=False)
        world.orders["v1"] = replace(old, status=S.CANCELED)
        world.orders[client_id] = report(client_id, venue_order_id="v2")  # the same name again
        world.up()
        await asyncio.sleep(1)
        assert world.sync.synced
        found = {each.venue_order_id: each.status for each in world.ledger.orders.values()}
        assert found == {"v1": S.CANCELED, "v2": S.ACCEPTED}

    in_world(story)


@pytest.mark.parametrize("hours", [1, -1])
def test_a_step_of_the_wall_clock_neither_ends_an_order_early_nor_keeps_it_in_doubt(hours: int) -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1)).order_id
        sent = world.loop.time()
        world.stream(an_event(K.OUTCOME_UNKNOWN, name, reason="timed out"))
        await asyncio.sleep(1.0)
        assert isinstance(world.clock, VirtualClock)
        world.clock.offset_ns = hours * 3600 * SECOND
        while world.state(name).is_open:
            assert world.loop.time() - sent < 5 + EXPIRY_MARGIN_S + 1
            await asyncio.sleep(0.05)
        assert world.loop.time() - sent >= 5 + EXPIRY_MARGIN_S - 0.05

    in_world(story)


@pytest.mark.parametrize("hours", [1, -1])
def test_an_unanswered_order_is_asked_for_in_time_whatever_the_wall_clock_does(hours: int) -> None:
    async def story(world: World) -> None:
        await synced(world)
        name = world.send(minted(1)).order_id
        await asyncio.sleep(1.0)
        assert isinstance(world.clock, VirtualClock)
        world.clock.offset_ns = hours * 3600 * SECOND
        await asyncio.sleep(5.0)
        assert world.state(name).label == "SUBMITTED"
        await asyncio.sleep(2.0)
        assert world.state(name).is_unknown

    in_world(story)
