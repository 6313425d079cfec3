"""The rule of a hand-over: one sequence on two connections, told once and in order; a hole is never hidden."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from venues.binance.client.handover import Joined, Overlap


def message(number: int) -> bytes:
    return b'{"u":%d}' % number


@given(
    first_fresh=st.integers(0, 8),
    turns=st.lists(st.booleans(), max_size=40),
    at=st.integers(0, 40),
    recorded_from=st.integers(0, 5),
)
def test_whichever_connection_is_ahead_each_message_is_told_once_and_in_order(
    first_fresh: int, turns: list[bool], at: int, recorded_from: int
) -> None:
    overlap, told = Overlap(5.0), []
    old, fresh = 0, first_fresh
    overlap.acknowledge(0.0)
    for turn, is_old in enumerate(turns):
        if turn >= at and overlap.verdict(1.0) is Joined.WHOLE:
            break
        if is_old:
            told.append(old)
            if old >= min(recorded_from, first_fresh):
                overlap.on_old(message(old))
            old += 1
        else:
            overlap.on_fresh(message(fresh), 1.0)
            fresh += 1
    if overlap.verdict(1.0) is not Joined.WHOLE:
        return
    told += [int(raw[5:-1]) for raw in overlap.take_over()]
    told += [number for number in range(fresh, fresh + 20) if overlap.is_new(message(number))]
    assert told == list(range(len(told)))
    assert overlap.is_over


def test_nothing_is_joined_before_the_fresh_subscription_stands() -> None:
    overlap = Overlap(5.0)
    overlap.on_old(message(1))
    assert overlap.verdict(100.0) is Joined.NOT_YET


def test_a_quiet_subscription_may_be_taken_over_after_a_while() -> None:
    overlap = Overlap(5.0)
    overlap.acknowledge(10.0)
    assert overlap.verdict(14.9) is Joined.NOT_YET
    assert overlap.verdict(15.0) is Joined.WHOLE
    assert overlap.take_over() == []


def test_what_only_the_fresh_connection_says_is_doubtful_after_a_while() -> None:
    overlap = Overlap(5.0)
    overlap.acknowledge(10.0)
    overlap.on_fresh(message(7), 14.0)
    assert overlap.verdict(18.9) is Joined.NOT_YET
    assert overlap.verdict(19.0) is Joined.DOUBTFUL
    assert overlap.take_over() == [message(7)]


def test_messages_that_no_server_writes_alike_are_told_twice_rather_than_lost() -> None:
    overlap = Overlap(5.0)
    overlap.acknowledge(0.0)
    overlap.on_old(b'{"u":1,"E":5}')
    overlap.on_fresh(b'{"u":1,"E":6}', 0.0)
    assert overlap.verdict(6.0) is Joined.DOUBTFUL
    assert overlap.take_over() == [b'{"u":1,"E":6}']
