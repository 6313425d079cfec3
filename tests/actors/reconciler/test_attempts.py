"""An order's attempts: whose a word is, how the order goes on under another, and that all orders of words agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from order_samples import BTC, INSTANCE, a_fill, an_event, an_intent, an_order

from actors.reconciler import machine
from actors.reconciler.attempts import About, about
from actors.reconciler.ledger import Ledger
from bus.messages import (
    Code,
    Fill,
    Intent,
    ModifyOrder,
    NewOrder,
    OrderEvent,
    OrderEventKind,
    OrderState,
    OrderStatus,
    Pending,
    Source,
    mint_order_id,
)

S, K = OrderStatus, OrderEventKind
D = Decimal


def minted(count: int, epoch: int = 1_760_000_000) -> str:
    return mint_order_id("demo", "alpha", epoch, count)


FIRST, SECOND, THIRD = minted(1), minted(2), minted(3)


def the_order(**terms: Any) -> NewOrder:
    return an_order(FIRST, **terms)


def a_change(tried: str = SECOND, present: str = FIRST, **wanted: Any) -> ModifyOrder:
    return ModifyOrder(FIRST, present, "", INSTANCE, BTC, "alpha", new_client_order_id=tried, **wanted)


def passed(number: int, change: ModifyOrder, event: OrderEvent | None = None) -> Intent:
    """What the gate tells of a change: passed, or with an event, refused or not sent."""
    return Intent(number, change.applied_to(the_order()), event is not None, event, 10, change)


def word(kind: OrderEventKind, attempt: str = FIRST, **facts: Any) -> OrderEvent:
    return an_event(kind, attempt, **facts)


def updated(tried: str = SECOND, size: str = "10", present: str = FIRST, **facts: Any) -> OrderEvent:
    """The venue has replaced one attempt by another of this size."""
    known = {"new_client_order_id": tried, "size": D(size), "venue_order_id": f"v-{tried}", "status": S.ACCEPTED}
    return word(K.UPDATED, present, **{**known, **facts})


def found(attempt: str, status: OrderStatus, **facts: Any) -> OrderEvent:
    """What the venue answers to a question about one attempt."""
    return word(K.REPORT, attempt, status=status, source=Source.QUERY, **facts)


def filled(trade: str, size: str, attempt: str = FIRST, **facts: Any) -> Fill:
    return a_fill(trade, attempt, size=D(size), venue_order_id=f"v-{attempt}", **facts)


def fed(*messages: Any) -> OrderState:
    return told(*messages).orders[FIRST]


def told(*messages: Any) -> Ledger:
    ledger = Ledger("demo")
    accepted = word(K.ACCEPTED, venue_order_id=f"v-{FIRST}")
    for message in (an_intent(1, the_order()), word(K.SUBMITTED), accepted, *messages):
        if ledger.is_news(message):
            ledger.apply(message)
    return ledger


PENDING = word(K.MODIFY_PENDING, new_client_order_id=SECOND, change_id=SECOND, expires_ns=900)
AMENDING = word(K.MODIFY_PENDING, change_id=SECOND, expires_ns=900)
PRICE, SIZE = a_change(price=D(99)), a_change(size=D(7))


def terms(state: OrderState) -> tuple[Any, ...]:
    order = state.order
    return order.client_order_id, order.size, order.price, state.pending, state.is_unknown, state.change


# whose word


@pytest.mark.parametrize(
    ("present", "name", "meant"),
    [
        (SECOND, SECOND, About.PRESENT),
        (SECOND, "", About.PRESENT),
        (SECOND, FIRST, About.EARLIER),
        (SECOND, THIRD, About.LATER),
        (SECOND, minted(1, 1_760_000_001), About.LATER),
        (SECOND, minted(9, 1_759_999_999), About.EARLIER),
        ("by hand", SECOND, About.LATER),
        (SECOND, "by hand", About.EARLIER),
    ],
)
def test_attempts_follow_each_other_as_their_ids_were_minted(present: str, name: str, meant: About) -> None:
    assert about(OrderState(the_order(client_order_id=present)), name) is meant


def test_the_attempt_that_is_tried_is_a_later_one_whatever_it_is_called() -> None:
    state = OrderState(the_order(client_order_id=SECOND), pending_client_order_id="x")
    assert about(state, "x") is About.LATER
    assert about(replace(state, pending_client_order_id="", change=a_change("y")), "y") is About.LATER


# a change


def test_a_change_is_pending_from_the_gate_s_word_to_the_venue_s() -> None:
    state = fed(passed(2, PRICE))
    assert (state.pending, state.label, state.pending_client_order_id) == (Pending.MODIFY, "PENDING_MODIFY", SECOND)
    assert state.change is not None
    assert state.change.price == D(99)
    assert (state.order.price, state.is_changing) == (D(100), True), "nothing is so before the venue says so"
    after = fed(passed(2, PRICE), PENDING, updated(price=D(99)))
    assert terms(after) == (SECOND, D(10), D(99), Pending.NONE, False, None)
    assert (after.venue_order_id, after.order.order_id) == (f"v-{SECOND}", FIRST)


def test_an_order_that_is_amended_keeps_its_attempt() -> None:
    after = fed(passed(2, SIZE), AMENDING, word(K.UPDATED, size=D(7)))
    assert terms(after) == (FIRST, D(7), D(100), Pending.NONE, False, None)


@pytest.mark.parametrize("kind", [K.MODIFY_REJECTED, "not sent", "denied"])
def test_a_change_that_is_refused_leaves_the_order_and_says_why(kind: OrderEventKind | str) -> None:
    why = {"code": Code.PRICE_LIMIT, "reason": "too far away"}
    refused = word(K.MODIFY_REJECTED, source=Source.GATE, change_id=SECOND, **why)
    history = {
        K.MODIFY_REJECTED: (passed(2, PRICE), PENDING, word(K.MODIFY_REJECTED, **why)),
        "not sent": (passed(2, PRICE), passed(3, PRICE, refused)),
        "denied": (passed(2, PRICE, refused),),
    }[kind]
    after = fed(*history)
    assert terms(after) == (FIRST, D(10), D(100), Pending.NONE, False, None)
    assert (after.status, after.code, after.reason) == (S.ACCEPTED, Code.PRICE_LIMIT, "too far away")
    again = fed(*history, passed(4, a_change(THIRD, price=D(98))))
    assert (again.code, again.reason) == (Code.NONE, ""), "what an earlier change came to is forgotten"


def test_a_denied_change_answers_no_other_that_is_under_way() -> None:
    other = a_change(THIRD, price=D(98))
    denial = word(K.MODIFY_REJECTED, source=Source.GATE, change_id=THIRD, code=Code.CHANGE_IN_FLIGHT)
    state = fed(passed(2, PRICE), PENDING, passed(3, other, denial))
    assert (state.pending, state.pending_client_order_id, state.code) == (Pending.MODIFY, SECOND, Code.CHANGE_IN_FLIGHT)
    closed = fed(word(K.CANCELED, code=Code.SELF_TRADE), passed(2, other, denial))
    assert closed.code is Code.SELF_TRADE, "why an order ended is not overwritten"


@pytest.mark.parametrize("fate", [(), (updated(price=D(99)),)])
def test_a_change_may_be_told_by_the_venue_s_actor_before_the_gate_s_word_of_it_comes(fate: tuple[Any, ...]) -> None:
    before = fed(passed(2, PRICE), PENDING, *fate)
    late = fed(PENDING, *fate, passed(2, PRICE))
    assert terms(late) == terms(before)
    assert late.pending_client_order_id == before.pending_client_order_id
    following = a_change(THIRD, SECOND, price=D(98))
    if fate:
        again = fed(PENDING, *fate, passed(2, PRICE), passed(3, following))
        assert (again.pending, again.pending_client_order_id) == (Pending.MODIFY, THIRD)


# what shows that the order was replaced, and what does not


@pytest.mark.parametrize(
    ("sign", "status"),
    [
        (word(K.ACCEPTED, SECOND, size=D(10)), S.ACCEPTED),
        (word(K.TRIGGERED, SECOND, size=D(10)), S.TRIGGERED),
        (found(SECOND, S.ACCEPTED, size=D(10), price=D(99)), S.ACCEPTED),
        (found(SECOND, S.CANCELED, size=D(10)), S.CANCELED),
        (found(SECOND, S.FILLED, size=D(10), filled=D(10)), S.FILLED),
        (word(K.EXPIRED, SECOND), S.EXPIRED),
        (filled("7", "4", SECOND), S.PARTIALLY_FILLED),
        (filled("7", "10", SECOND), S.FILLED),
    ],
)
def test_any_sign_of_life_of_the_tried_attempt_answers_the_change(sign: Any, status: OrderStatus) -> None:
    after = fed(passed(2, PRICE), PENDING, word(K.OUTCOME_UNKNOWN, reason="cut"), sign)
    assert (after.status, after.order.client_order_id, after.order.price) == (status, SECOND, D(99))
    assert (after.pending, after.is_unknown, after.change, after.pending_client_order_id) == (
        Pending.NONE,
        False,
        None,
        "",
    )


@pytest.mark.parametrize(
    "silence",
    [
        found(FIRST, S.ACCEPTED, size=D(10), price=D(100)),
        found(FIRST, S.CANCELED),
        found(FIRST, S.EXPIRED),
        word(K.REJECTED, SECOND),
        word(K.CANCEL_REJECTED, SECOND),
        found(SECOND, S.REJECTED),
    ],
)
def test_while_a_replacement_may_be_at_work_nothing_else_ends_the_order_or_the_change(silence: OrderEvent) -> None:
    before = fed(passed(2, PRICE), PENDING)
    after = fed(passed(2, PRICE), PENDING, silence)
    assert terms(after) == terms(before)
    assert after.status is S.ACCEPTED


def test_the_present_attempt_s_own_end_ends_the_order() -> None:
    for end, status in (
        (word(K.CANCELED, code=Code.INSUFFICIENT_FUNDS), S.CANCELED),  # canceled, and its replacement was refused
        (word(K.EXPIRED), S.EXPIRED),
        (found(FIRST, S.FILLED, filled=D(10)), S.FILLED),
        (filled("7", "10"), S.FILLED),
    ):
        after = fed(passed(2, PRICE), PENDING, end)
        assert (after.status, after.pending, after.change, after.pending_client_order_id) == (
            status,
            Pending.NONE,
            None,
            "",
        )


@pytest.mark.parametrize(
    "stale",
    [
        word(K.CANCELED),
        word(K.EXPIRED),
        word(K.CANCEL_REJECTED),
        word(K.MODIFY_REJECTED, code=Code.TOO_LATE),
        word(K.OUTCOME_UNKNOWN),
        word(K.ACCEPTED, size=D(10), price=D(100)),
        word(K.UPDATED, size=D(3)),
        updated(FIRST, present=minted(0)),
        found(FIRST, S.CANCELED, filled=D(0)),
        found(FIRST, S.ACCEPTED, price=D(100)),
    ],
)
def test_nothing_that_is_said_of_an_earlier_attempt_matters_any_more(stale: OrderEvent) -> None:
    history = (passed(2, PRICE), PENDING, updated(price=D(99)), word(K.CANCEL_PENDING, SECOND))
    before, after = fed(*history), fed(*history, stale)
    assert after == before


def test_a_later_attempt_that_works_reopens_an_order_that_was_taken_for_over() -> None:
    after = fed(passed(2, PRICE), PENDING, word(K.CANCELED), word(K.ACCEPTED, SECOND, size=D(10)))
    assert (after.status, after.ts_closed, after.order.client_order_id) == (S.ACCEPTED, 0, SECOND)
    assert fed(word(K.CANCELED), found(SECOND, S.CANCELED)).order.client_order_id == FIRST, "an end reopens nothing"


def test_a_cancel_beside_a_change_is_a_question_of_its_own() -> None:
    both = (passed(2, PRICE), PENDING, word(K.CANCEL_PENDING), word(K.CANCEL_PENDING, SECOND))
    assert (fed(*both).pending, fed(*both).is_changing) == (Pending.CANCEL, True)
    replaced = fed(*both, updated(price=D(99)))
    assert (replaced.pending, replaced.is_changing, replaced.order.client_order_id) == (Pending.CANCEL, False, SECOND)
    assert fed(*both, updated(), word(K.CANCEL_REJECTED), word(K.CANCELED, SECOND)).status is S.CANCELED
    refused = fed(*both, word(K.CANCEL_REJECTED))
    assert (refused.pending, refused.is_changing) == (Pending.MODIFY, True)
    changed = fed(*both, word(K.MODIFY_REJECTED))
    assert (changed.pending, changed.is_changing) == (Pending.CANCEL, False)


# amounts


def test_what_earlier_attempts_filled_is_carried_and_the_size_is_the_order_s_own() -> None:
    change = a_change(price=D(99), filled=D(4))
    after = fed(filled("1", "4"), passed(2, change), PENDING, updated(size="6", price=D(99), filled=D(0)))
    assert (after.order.size, after.filled, after.carried, after.leaves) == (D(10), D(4), D(4), D(6))
    assert (after.status, after.venue_filled) == (S.PARTIALLY_FILLED, D(4))
    more = machine.apply_fill(after, filled("2", "5", SECOND))
    assert (more.filled, more.leaves, more.venue_filled) == (D(9), D(1), D(9))
    report = machine.advance(more, word(K.REPORT, SECOND, status=S.PARTIALLY_FILLED, filled=D(6)))
    assert report.venue_filled == D(10), "the venue's figure is the present attempt's alone"
    assert machine.apply_fill(report, filled("3", "1", SECOND)).status is S.FILLED


def test_a_fill_of_an_earlier_attempt_that_comes_late_counts_and_shows_how_far_the_order_may_fill() -> None:
    history = (passed(2, a_change(price=D(99))), PENDING, updated(size="10"))
    late = fed(*history, filled("1", "3"))
    assert (late.filled, late.carried, late.order.size, late.leaves) == (D(3), D(3), D(13), D(10))
    assert (late.venue_order_id, late.order.client_order_id) == (f"v-{SECOND}", SECOND)
    given_back = fed(*history, filled("1", "3"), word(K.UPDATED, SECOND, size=D(7)))
    first = fed(*history, word(K.UPDATED, SECOND, size=D(7)), filled("1", "3"))
    for state in (given_back, first):
        assert (state.order.size, state.leaves, state.status) == (D(10), D(7), S.PARTIALLY_FILLED)


def test_the_first_word_of_a_replacement_may_be_its_fill_and_then_its_size_is_what_was_asked_for() -> None:
    change = a_change(size=D(20), filled=D(4))
    after = fed(filled("1", "4"), passed(2, change), PENDING, filled("2", "6", SECOND))
    assert (after.order.size, after.status, after.filled) == (D(20), S.PARTIALLY_FILLED, D(10))


def test_a_report_of_an_open_order_tells_the_terms_that_hold_unless_it_is_older() -> None:
    known = fed(passed(2, PRICE), PENDING, updated(price=D(99), ts_event=200))
    newer = machine.advance(known, found(SECOND, S.ACCEPTED, size=D(5), price=D(98), ts_event=300))
    assert (newer.order.size, newer.order.price) == (D(5), D(98))
    assert machine.advance(known, found(SECOND, S.ACCEPTED, size=D(5), ts_event=100)) is known


# names


def test_every_name_that_an_order_had_leads_to_it_until_it_is_forgotten() -> None:
    ledger = told(passed(2, PRICE), PENDING, updated())
    for name in (FIRST, SECOND):
        assert ledger.find(INSTANCE, name) is ledger.orders[FIRST]
        by_venue = ledger.find(INSTANCE, "", f"v-{name}", BTC)
        assert by_venue is ledger.orders[FIRST]
    tried = told(passed(2, PRICE))
    assert tried.find(INSTANCE, SECOND) is tried.orders[FIRST], "a word of the tried attempt finds its order"
    small = Ledger("demo", closed_kept=1)
    for message in (
        an_intent(1, the_order()), word(K.ACCEPTED, venue_order_id="v1"), passed(2, PRICE), PENDING, updated(),
        word(K.CANCELED, SECOND), an_intent(3, an_order(THIRD)), word(K.CANCELED, THIRD),
    ):  # fmt: skip
        small.apply(message)
    assert [small.find(INSTANCE, name) for name in (FIRST, SECOND)] == [None, None]
    assert small.find(INSTANCE, "", "v1", BTC) is None


def test_a_fill_that_names_its_attempt_by_the_venue_s_id_alone_keeps_that_attempt_s_name() -> None:
    ledger = told(passed(2, PRICE), PENDING, updated())
    (update,) = ledger.apply(replace(filled("1", "3"), client_order_id=""))
    assert update.fill is not None
    assert (update.fill.client_order_id, update.fill.order_id) == (FIRST, FIRST)
    assert update.order.carried == D(3)


# every interleaving


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Any], list[int], list[Fill], dict[str, Any]]:
    """What a venue did to one order that was changed some times, by three sources that each keep their own order.

    The first is the venue's actor, the second the gate, the third the venue's list of trades, which tells all again.
    """
    actor: list[Any] = [word(K.SUBMITTED), word(K.ACCEPTED, venue_order_id=f"v-{FIRST}")]
    gate: list[Any] = [an_intent(1, the_order())]
    trades: list[Fill] = []
    known = [0]
    attempt, total, price, gone, size = 1, D(10), D(100), D(0), D(10)
    for count in range(2, 2 + draw(st.integers(1, 4))):
        for _ in range(draw(st.integers(0, 2))):
            part = D(draw(st.integers(1, 3)))
            if part < size:
                trades.append(filled(str(len(trades) + 1), str(part), minted(attempt)))
                actor.append(trades[-1])
                gone, size = gone + part, size - part
        wanted, fate = D(draw(st.integers(1, 9))), draw(st.sampled_from(["replaced", "amended", "rejected", "lost"]))
        change = ModifyOrder(
            FIRST, minted(attempt), "", INSTANCE, BTC, "alpha", size=gone + wanted, price=D(100 + count),
            new_client_order_id=minted(count), filled=gone,
        )  # fmt: skip
        known.append(len(actor))
        gate.append(Intent(len(gate) + 1, the_order(), False, None, 10, change))
        tried = minted(count) if fate != "amended" else ""
        actor.append(word(K.MODIFY_PENDING, minted(attempt), new_client_order_id=tried, change_id=minted(count)))
        if fate == "rejected":
            actor.append(word(K.MODIFY_REJECTED, minted(attempt), change_id=minted(count), code=Code.PRICE_LIMIT))
            continue
        total, price, size = gone + wanted, D(100 + count), wanted
        if fate == "amended":
            own = sum((f.size for f in trades if f.client_order_id == minted(attempt)), D(0))
            actor.append(word(K.UPDATED, minted(attempt), size=own + wanted, price=price))
            continue
        if fate == "lost":
            actor.append(word(K.OUTCOME_UNKNOWN, minted(attempt)))
            actor.append(
                found(minted(count), S.ACCEPTED, size=wanted, price=price, venue_order_id=f"v-{minted(count)}")
            )
        else:
            actor.append(updated(minted(count), str(wanted), minted(attempt), price=price))
        attempt = count
    if draw(st.booleans()):
        trades.append(filled(str(len(trades) + 1), str(size), minted(attempt)))
        actor.append(trades[-1])
        gone, status = gone + size, S.FILLED
    else:
        status = S.PARTIALLY_FILLED if gone else S.ACCEPTED
    truth = {"size": total, "price": price, "filled": gone, "status": status, "attempt": minted(attempt)}
    return [actor, gate, list(trades)], known, trades, truth


def merged(data: st.DataObject, sources: list[list[Any]], known: list[int]) -> list[Any]:
    """One history of all sources: each keeps its own order.

    A change is passed by what was told before: no earlier than the actor's first `known` words. Before trades are asked
    for, the gate's words are.
    """
    actor, gate, _ = sources
    left, history = [list(source) for source in sources], []
    while any(left):
        which = data.draw(st.sampled_from([index for index, source in enumerate(left) if source]))
        told, passes = len(actor) - len(left[0]), len(gate) - len(left[1])
        if which == 2 and left[2][0] not in history:
            happened = actor.index(left[2][0])
            which = 2 if passes >= sum(first <= happened for first in known) else 1
        if (which == 1 and told < known[passes]) or (which == 0 and not passes):
            which = 1 - which
        history.append(left[which].pop(0))
    return history


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_any_interleaving_of_what_is_told_ends_in_the_same_truth_and_each_fill_counts_once(data: st.DataObject) -> None:
    sources, known, trades, truth = data.draw(stories())
    history = merged(data, sources, known)
    ledger, journal = Ledger("demo"), []
    for message in history:
        if data.draw(st.booleans(), label="crash"):  # a new life folds what the last one had written
            ledger = Ledger("demo")
            for row in journal:
                ledger.apply(row)
        if ledger.is_news(message):
            ledger.apply(message)
            journal.append(message)
    state = ledger.orders[FIRST]
    assert state.filled == sum((fill.size for fill in trades), D(0)) == truth["filled"]
    assert state.order.size == truth["size"]
    assert state.order.price == truth["price"] or state.status is S.FILLED, "a fill may come before what it is of"
    assert (state.status, state.order.client_order_id) == (truth["status"], truth["attempt"])
    assert not state.is_changing
    assert not state.is_unknown
    assert state.pending is Pending.NONE
    positions = ledger.positions_of("alpha")
    assert sum((position.size for position in positions), D(0)) == truth["filled"]
    again = Ledger("demo")
    for row in journal:
        again.apply(row)
    assert again.digest() == ledger.digest()
