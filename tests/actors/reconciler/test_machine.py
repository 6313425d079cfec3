"""The order state machine against a table of its own, and against what must hold for every history."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from order_samples import a_fill, a_state, an_event, an_order

from actors.reconciler import machine
from bus.messages import (
    Code,
    Fill,
    OrderEvent,
    OrderEventKind,
    OrderState,
    OrderStatus,
    Pending,
    Side,
    Source,
)

S, K = OrderStatus, OrderEventKind

COLUMNS = (
    *(S.INITIALIZED, S.SUBMITTED, S.ACCEPTED, S.TRIGGERED, S.PARTIALLY_FILLED),
    *(S.DENIED, S.REJECTED, S.FILLED, S.CANCELED, S.EXPIRED, S.NEVER_ARRIVED),
)
LETTERS = {
    "I": S.INITIALIZED,
    "S": S.SUBMITTED,
    "A": S.ACCEPTED,
    "T": S.TRIGGERED,
    "P": S.PARTIALLY_FILLED,
    "D": S.DENIED,
    "R": S.REJECTED,
    "F": S.FILLED,
    "C": S.CANCELED,
    "E": S.EXPIRED,
    "N": S.NEVER_ARRIVED,
}
# a letter is the status afterwards, a dot says that nothing changes at all, '=' that something else changes
TABLE = """
                         I S A T P   D R F C E N
DENIED                   D D . . .   . . . . . .
NOT_SENT                 D D . . .   . . . . . .
SUBMITTED                S . . . .   . . . . . .
ACCEPTED                 A A . . .   A . . . . A
UPDATED                  A A . . .   A . . . . A
REJECTED                 R R . . .   R . . . . R
TRIGGERED                T T T . .   T . . . . T
CANCELED                 C C C C C   C . . . . C
EXPIRED                  E E E E E   E . . . . E
CANCEL_PENDING           = = = = =   . . . . . .
MODIFY_PENDING           = = = = =   . . . . . .
CANCEL_REJECTED          . . . . .   . . . . . .
MODIFY_REJECTED          . . . . .   . . . . . .
OUTCOME_UNKNOWN          = = . . .   . . . . . .
NEVER_ARRIVED            N N . . .   . . . . . .
UNKNOWN                  . . . . .   . . . . . .
REPORT:ACCEPTED          A A . . .   A . . . . A
REPORT:TRIGGERED         T T T . .   T . . . . T
REPORT:PARTIALLY_FILLED  P P P P .   P . . . . P
REPORT:FILLED            F F F F F   F . . . . F
REPORT:CANCELED          C C C C C   C . . . . C
REPORT:EXPIRED           E E E E E   E . . . . E
REPORT:REJECTED          R R . . .   R . . . . R
REPORT:INITIALIZED       . . . . .   . . . . . .
REPORT:SUBMITTED         . . . . .   . . . . . .
REPORT:DENIED            . . . . .   . . . . . .
REPORT:NEVER_ARRIVED     . . . . .   . . . . . .
REPORT:UNKNOWN           . . . . .   . . . . . .
"""
FILLS = """
                         I S A T P   D R F C E N
a part                   P P P P P   P P F C E P
the rest                 F F F F F   F F F F F F
"""


def rows(table: str) -> list[tuple[str, OrderStatus, str]]:
    cells = []
    for line in table.strip().splitlines()[1:]:
        name, letters = line[:24].strip(), line[24:].split()
        assert len(letters) == len(COLUMNS), line
        cells += [(name, status, letter) for status, letter in zip(COLUMNS, letters, strict=True)]
    return cells


def named(name: str) -> OrderEvent:
    kind, _, status = name.partition(":")
    return an_event(K[kind], status=S[status or "UNKNOWN"])


def test_the_table_has_every_status_and_every_kind_of_event() -> None:
    kinds = {name.partition(":")[0] for name, _, _ in rows(TABLE)}
    reported = {name.partition(":")[2] for name, _, _ in rows(TABLE) if ":" in name}
    assert kinds == {kind.name for kind in K}
    assert reported == {status.name for status in S}
    assert set(COLUMNS) == set(S) - {S.UNKNOWN}


@pytest.mark.parametrize(("name", "before", "letter"), rows(TABLE))
def test_an_event_does_to_an_order_what_the_table_says(name: str, before: OrderStatus, letter: str) -> None:
    state = a_state(before)
    after = machine.advance(state, named(name))
    if letter == ".":
        assert after is state
        return
    assert after.status is (before if letter == "=" else LETTERS[letter])
    assert after.revision == state.revision + 1
    assert bool(after.ts_closed) == after.status.is_closed
    if letter != "=" and after.status not in (S.INITIALIZED, S.SUBMITTED):
        assert (after.pending, after.is_unknown) == (Pending.NONE, False)


@pytest.mark.parametrize(("name", "before", "letter"), rows(FILLS))
def test_a_fill_counts_whatever_the_order_is(name: str, before: OrderStatus, letter: str) -> None:
    size = Decimal(4 if name == "a part" else 10)
    after = machine.apply_fill(a_state(before), a_fill(size=size))
    assert after.status is LETTERS[letter]
    assert (after.filled, after.filled_value, after.average_price) == (size, size * 100, Decimal(100))
    assert after.venue_filled == size
    assert bool(after.ts_closed) == after.status.is_closed
    assert after.pending is Pending.NONE


# pending and uncertain; the columns are: status, pending, uncertain, before and after
QUESTIONS = """
SUBMITTED SUBMIT ?         ACCEPTED                  ACCEPTED NONE -
SUBMITTED SUBMIT ?         a part                    PARTIALLY_FILLED NONE -
SUBMITTED SUBMIT ?         CANCEL_PENDING            SUBMITTED CANCEL ?
SUBMITTED SUBMIT ?         SUBMITTED                 SUBMITTED SUBMIT ?
SUBMITTED SUBMIT ?         NOT_SENT                  SUBMITTED SUBMIT ?
SUBMITTED SUBMIT ?         DENIED                    SUBMITTED SUBMIT ?
SUBMITTED SUBMIT ?         REJECTED                  REJECTED NONE -
SUBMITTED SUBMIT ?         NEVER_ARRIVED             NEVER_ARRIVED NONE -
SUBMITTED SUBMIT -         NOT_SENT                  DENIED NONE -
INITIALIZED SUBMIT ?       SUBMITTED                 SUBMITTED SUBMIT ?
INITIALIZED SUBMIT ?       NOT_SENT                  DENIED NONE -
SUBMITTED CANCEL ?         ACCEPTED                  ACCEPTED CANCEL ?
SUBMITTED CANCEL -         ACCEPTED                  ACCEPTED CANCEL -
SUBMITTED CANCEL ?         CANCEL_REJECTED           SUBMITTED SUBMIT ?
SUBMITTED CANCEL -         CANCEL_REJECTED           SUBMITTED SUBMIT -
SUBMITTED CANCEL -         a part                    PARTIALLY_FILLED CANCEL -
ACCEPTED SUBMIT ?          ACCEPTED                  ACCEPTED NONE -
ACCEPTED CANCEL ?          ACCEPTED                  ACCEPTED CANCEL ?
ACCEPTED CANCEL ?          TRIGGERED                 TRIGGERED CANCEL ?
ACCEPTED CANCEL ?          UPDATED                   ACCEPTED CANCEL ?
ACCEPTED CANCEL ?          REPORT:ACCEPTED           ACCEPTED CANCEL ?
ACCEPTED CANCEL ?          QUERY:ACCEPTED            ACCEPTED NONE -
ACCEPTED CANCEL ?          CANCEL_REJECTED           ACCEPTED NONE -
ACCEPTED CANCEL ?          MODIFY_REJECTED           ACCEPTED CANCEL ?
ACCEPTED CANCEL ?          CANCELED                  CANCELED NONE -
ACCEPTED CANCEL ?          a part                    PARTIALLY_FILLED CANCEL ?
ACCEPTED CANCEL ?          the rest                  FILLED NONE -
ACCEPTED CANCEL ?          OUTCOME_UNKNOWN           ACCEPTED CANCEL ?
ACCEPTED CANCEL -          OUTCOME_UNKNOWN           ACCEPTED CANCEL ?
ACCEPTED CANCEL -          the rest                  FILLED NONE -
ACCEPTED MODIFY ?          UPDATED                   ACCEPTED NONE -
ACCEPTED MODIFY -          UPDATED                   ACCEPTED NONE -
ACCEPTED MODIFY ?          MODIFY_REJECTED           ACCEPTED NONE -
ACCEPTED MODIFY ?          CANCEL_REJECTED           ACCEPTED MODIFY ?
ACCEPTED MODIFY ?          a part                    PARTIALLY_FILLED MODIFY ?
ACCEPTED MODIFY ?          QUERY:ACCEPTED            ACCEPTED NONE -
ACCEPTED MODIFY -          CANCEL_PENDING            ACCEPTED CANCEL -
PARTIALLY_FILLED MODIFY -  OUTCOME_UNKNOWN           PARTIALLY_FILLED MODIFY ?
PARTIALLY_FILLED MODIFY -  MODIFY_REJECTED           PARTIALLY_FILLED NONE -
PARTIALLY_FILLED CANCEL -  CANCEL_REJECTED           PARTIALLY_FILLED NONE -
ACCEPTED NONE -            RECONCILER:UNKNOWN        ACCEPTED NONE ?
ACCEPTED NONE -            OUTCOME_UNKNOWN           ACCEPTED NONE -
ACCEPTED NONE ?            ACCEPTED                  ACCEPTED NONE -
ACCEPTED NONE ?            a part                    PARTIALLY_FILLED NONE -
ACCEPTED NONE ?            QUERY:ACCEPTED            ACCEPTED NONE -
ACCEPTED NONE ?            CANCELED                  CANCELED NONE -
ACCEPTED NONE ?            CANCEL_PENDING            ACCEPTED CANCEL ?
ACCEPTED NONE ?            NEVER_ARRIVED             ACCEPTED NONE ?
"""


@pytest.mark.parametrize("line", QUESTIONS.strip().splitlines())
def test_what_settles_one_question_leaves_another_open(line: str) -> None:
    before, name, after = line[:27].split(), line[27:53].strip(), line[53:].split()
    state = a_state(S[before[0]], pending=Pending[before[1]], uncertain_since_ns=7 if before[2] == "?" else 0)
    found = step(state, special(name))
    assert [found.status.name, found.pending.name, "?" if found.is_unknown else "-"] == after


def special(name: str) -> OrderEvent | Fill:
    if name in ("a part", "the rest"):
        return a_fill(size=Decimal(4 if name == "a part" else 10))
    if name.startswith("QUERY"):
        return an_event(K.REPORT, status=S[name.partition(":")[2]], source=Source.QUERY)
    if name.startswith("RECONCILER"):
        return an_event(K.OUTCOME_UNKNOWN, source=Source.RECONCILER)
    return named(name)


def step(state: OrderState, change: OrderEvent | Fill) -> OrderState:
    return machine.apply_fill(state, change) if isinstance(change, Fill) else machine.advance(state, change)


# what an event tells besides


def test_an_update_takes_the_new_size_and_prices_and_keeps_the_others() -> None:
    state = a_state(S.ACCEPTED, pending=Pending.MODIFY)
    after = machine.advance(state, an_event(K.UPDATED, size=Decimal(7), price=Decimal(99)))
    assert (after.order.size, after.order.price) == (Decimal(7), Decimal(99))
    after = machine.advance(after, an_event(K.UPDATED, trigger_price=Decimal(98)))
    assert (after.order.size, after.order.price, after.order.trigger_price) == (Decimal(7), Decimal(99), Decimal(98))


def test_an_update_of_an_order_that_the_venue_has_ended_changes_nothing() -> None:
    for status in (S.REJECTED, S.FILLED, S.CANCELED, S.EXPIRED):
        state = a_state(status)
        assert machine.advance(state, an_event(K.UPDATED, size=Decimal(7))) is state


def test_a_query_that_settles_a_modify_tells_the_terms_that_hold() -> None:
    report = an_event(K.REPORT, status=S.ACCEPTED, source=Source.QUERY, price=Decimal(99), size=Decimal(10))
    after = machine.advance(a_state(S.ACCEPTED, pending=Pending.MODIFY, uncertain_since_ns=7), report)
    assert (after.order.price, after.pending, after.is_unknown) == (Decimal(99), Pending.NONE, False)


def test_the_venue_s_own_code_stands_beside_ours() -> None:
    words = {"code": Code.INSUFFICIENT_FUNDS, "reason": "Account has insufficient balance", "venue_code": "-2010"}
    for kind, before in (
        (K.REJECTED, a_state(S.SUBMITTED)),
        (K.CANCEL_REJECTED, a_state(S.ACCEPTED, pending=Pending.CANCEL)),
        (K.MODIFY_REJECTED, a_state(S.ACCEPTED, pending=Pending.MODIFY)),
        (K.EXPIRED, a_state(S.ACCEPTED)),
    ):
        after = machine.advance(before, an_event(kind, **words))
        assert {"code": after.code, "reason": after.reason, "venue_code": after.venue_code} == words


def test_that_a_leg_waits_is_over_when_the_stream_says_so_and_a_late_answer_brings_it_not_back() -> None:
    answer = an_event(K.ACCEPTED, source=Source.ANSWER, reason="waits for its parent")
    works = an_event(K.ACCEPTED)
    for events, reason in (((answer,), answer.reason), ((answer, works), ""), ((works, answer), "")):
        state = a_state(S.SUBMITTED)
        for event in events:
            state = machine.advance(state, event)
        assert (state.status, state.reason) == (S.ACCEPTED, reason)


@pytest.mark.parametrize(
    "change", [an_event(K.ACCEPTED), an_event(K.REPORT, status=S.PARTIALLY_FILLED), a_fill(), a_fill(size=Decimal(10))]
)
def test_a_reopened_order_forgets_why_it_had_ended(change: OrderEvent | Fill) -> None:
    state = a_state(S.NEVER_ARRIVED, code=Code.TIMED_OUT, reason="absent everywhere", venue_code="x")
    after = step(state, change)
    assert (after.code, after.reason, after.venue_code) == (Code.NONE, "", "")


def test_what_was_neither_filled_nor_left_was_removed() -> None:
    part = an_event(K.REPORT, status=S.PARTIALLY_FILLED, filled=Decimal(3), leaves=Decimal(4))
    after = machine.advance(a_state(S.ACCEPTED), part)
    assert (after.venue_filled, after.removed, after.leaves) == (Decimal(3), Decimal(3), Decimal(4))
    older = an_event(K.REPORT, status=S.PARTIALLY_FILLED, filled=Decimal(2), leaves=Decimal(8))
    assert machine.advance(after, older) is after
    ended = machine.advance(after, an_event(K.CANCELED, filled=Decimal(5), leaves=Decimal(0)))
    assert (ended.removed, ended.leaves) == (Decimal(5), Decimal(0))
    late = machine.apply_fill(ended, a_fill(size=Decimal(6)))
    assert (late.status, late.filled, late.removed) == (S.CANCELED, Decimal(6), Decimal(4))


def test_an_order_by_quote_size_is_never_complete_by_its_fills() -> None:
    state = OrderState(an_order(size=None, price=None, quote_size=Decimal(1000)), S.ACCEPTED, Pending.NONE)
    after = machine.apply_fill(state, a_fill(size=Decimal(10)))
    assert (after.status, after.leaves) == (S.PARTIALLY_FILLED, None)
    assert machine.advance(after, an_event(K.REPORT, status=S.FILLED)).status is S.FILLED


def test_an_order_that_is_told_whole_after_its_fills_is_filled() -> None:
    filled = machine.apply_fill(OrderState(an_order(size=None), S.ACCEPTED, Pending.NONE), a_fill(size=Decimal(10)))
    assert filled.status is S.PARTIALLY_FILLED
    told = machine.with_order(filled, an_order())
    assert (told.status, told.ts_closed) == (S.FILLED, 200)
    assert machine.with_order(filled, an_order(size=Decimal(11))).status is S.PARTIALLY_FILLED


# every history

decimals = st.integers(0, 12).map(Decimal)
events = st.builds(
    an_event,
    st.sampled_from(K),
    status=st.sampled_from(S),
    source=st.sampled_from([Source.STREAM, Source.ANSWER, Source.QUERY, Source.RECONCILER]),
    filled=st.none() | decimals,
    leaves=st.none() | decimals,
    size=st.none() | st.integers(1, 12).map(Decimal),
    price=st.none() | st.just(Decimal(99)),
    expires_ns=st.integers(0, 3),
    ts_event=st.integers(1, 10**6),
    venue_order_id=st.sampled_from(["", "77"]),
    reason=st.sampled_from(["", "because"]),
)
fills = st.builds(a_fill, size=st.integers(1, 6).map(Decimal), side=st.just(Side.BUY))
histories = st.lists(events | fills, max_size=25)
ENDED_BY_VENUE = {S.REJECTED, S.FILLED, S.CANCELED, S.EXPIRED}
VENUE_WORDS = {
    *(K.ACCEPTED, K.REJECTED, K.TRIGGERED, K.UPDATED, K.REPORT, K.CANCELED, K.EXPIRED),
    *(K.CANCEL_REJECTED, K.MODIFY_REJECTED),
}


def walk(history: list[OrderEvent | Fill]) -> list[tuple[OrderState, OrderEvent | Fill, OrderState]]:
    state, steps = OrderState(an_order()), []
    for change in history:
        after = step(state, change)
        steps.append((state, change, after))
        state = after
    return steps


@settings(max_examples=300, deadline=None)
@given(histories)
def test_an_event_that_is_told_twice_changes_nothing_the_second_time(history: list[OrderEvent | Fill]) -> None:
    for _, change, after in walk(history):
        if isinstance(change, OrderEvent):
            assert machine.advance(after, change) is after


@settings(max_examples=300, deadline=None)
@given(histories)
def test_an_order_that_the_venue_ended_is_moved_by_fills_alone(history: list[OrderEvent | Fill]) -> None:
    for before, change, after in walk(history):
        if before.status in ENDED_BY_VENUE:
            if isinstance(change, OrderEvent):
                assert after.status is before.status
            elif before.status is S.REJECTED:
                assert after.status in (S.PARTIALLY_FILLED, S.FILLED)
            else:
                assert after.status in (before.status, S.FILLED)
        assert after.status is not S.INITIALIZED or before.status is S.INITIALIZED


@settings(max_examples=300, deadline=None)
@given(histories)
def test_filled_is_the_sum_of_the_fills_whatever_else_happens(history: list[OrderEvent | Fill]) -> None:
    total = Decimal(0)
    for before, change, after in walk(history):
        total += change.size if isinstance(change, Fill) else 0
        assert after.filled == total
        assert after.venue_filled >= before.venue_filled
        assert after.venue_filled >= after.filled
        assert after.removed >= 0


@settings(max_examples=500, deadline=None)
@given(histories)
def test_what_is_unknown_stays_so_until_the_venue_a_fill_or_its_absence_says_otherwise(
    history: list[OrderEvent | Fill],
) -> None:
    for before, change, after in walk(history):
        if before.is_unknown and not after.is_unknown and isinstance(change, OrderEvent):
            unwritten = before.status is S.INITIALIZED and change.kind in (K.DENIED, K.NOT_SENT)
            assert change.kind in VENUE_WORDS or change.kind is K.NEVER_ARRIVED or unwritten


@settings(max_examples=300, deadline=None)
@given(histories)
def test_nothing_is_pending_or_uncertain_about_a_closed_order(history: list[OrderEvent | Fill]) -> None:
    for before, change, after in walk(history):
        if not after.is_open:
            assert (after.pending, after.is_unknown) == (Pending.NONE, False)
        assert bool(after.ts_closed) == (not after.is_open)
        assert after is before or after.revision == before.revision + 1
        same = replace(after, revision=before.revision, ts_init=before.ts_init, ts_event=before.ts_event)
        assert after is before or same != before or isinstance(change, Fill)
