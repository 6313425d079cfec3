"""A reader never believes a state that its publisher did not have, whatever is lost, repeated or restarted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bus.codec import Kind
from bus.streams import Position, Verdict

Value = tuple[int, ...]
"""A state here is what its publisher has published in this life, beginning with the life's own number."""
MARK = "mark"


class Stream(RuleBasedStateMachine):
    """A publisher, one pipe in order, and a reader that judges as `Reader` does."""

    def __init__(self) -> None:
        super().__init__()
        self.epoch, self.seq = 1, 0
        self.value: Value = (self.epoch,)
        self.marked = False
        self.had: dict[tuple[int, int], Value] = {(1, 0): self.value}
        self.pipe: list[tuple[Kind, int, int, Any]] = []
        self.sent: list[tuple[Kind, int, int, Any]] = []
        self.over = 0
        self.place = Position()
        self.belief: Value | None = None

    # the publisher

    def change(self, payload: Any, lost: bool) -> None:
        self.seq += 1
        if payload != MARK:
            self.value = (*self.value, payload)
        if not self.marked:
            self.had[self.epoch, self.seq] = self.value
        self.send((Kind.CHANGE, self.epoch, self.seq, payload), lost)

    def send(self, frame: tuple[Kind, int, int, Any], lost: bool) -> None:
        self.sent.append(frame)
        if not lost:
            self.pipe.append(frame)

    @rule(payload=st.integers(0, 9), lost=st.booleans())
    def publish(self, payload: int, lost: bool) -> None:
        self.change(payload, lost)

    @rule(lost=st.booleans())
    @precondition(lambda self: not self.marked)
    def somebody_joins(self, lost: bool) -> None:
        self.send((Kind.STATE, self.epoch, self.seq, self.value), lost)

    @rule(lost=st.booleans())
    @precondition(lambda self: not self.marked)
    def mark_stale(self, lost: bool) -> None:
        self.marked = True
        self.change(MARK, lost)

    @rule(lost=st.booleans())
    @precondition(lambda self: self.marked)
    def recover(self, lost: bool) -> None:
        self.marked = False
        self.had[self.epoch, self.seq] = self.value
        self.send((Kind.STATE, self.epoch, self.seq, self.value), lost)

    @rule(step=st.integers(1, 3), pipe_is_lost=st.booleans())
    def restart(self, step: int, pipe_is_lost: bool) -> None:
        self.epoch += step
        self.seq, self.value, self.marked = 0, (self.epoch,), False
        self.had[self.epoch, 0] = self.value
        if pipe_is_lost:
            self.pipe.clear()

    # the pipe

    @rule(data=st.data())
    @precondition(lambda self: self.sent)
    def repeat_a_frame(self, data: st.DataObject) -> None:
        self.pipe.append(data.draw(st.sampled_from(self.sent)))

    @rule()
    @precondition(lambda self: self.pipe)
    def lose_the_pipe(self) -> None:
        self.pipe.clear()

    # the reader

    @rule()
    @precondition(lambda self: self.pipe)
    def deliver(self) -> None:
        kind, epoch, seq, payload = self.pipe.pop(0)
        was_stale = self.place.stale
        verdict = self.place.judge(kind, epoch, seq)
        if was_stale and kind == Kind.CHANGE:
            assert verdict is Verdict.IGNORE
        if verdict in (Verdict.IGNORE, Verdict.GAP):
            assert kind == Kind.CHANGE or verdict is Verdict.IGNORE
            return
        if payload == MARK:
            self.place.stale = True
        elif kind == Kind.STATE:
            self.belief = payload
        else:
            assert self.belief is not None
            self.belief = (*self.belief, payload)

    @rule(dead=st.booleans())
    def the_directory_says_who_lives(self, dead: bool) -> None:
        self.over = max(self.over, self.epoch + dead)
        whole, epoch = not self.place.stale, self.place.epoch
        assert self.place.lose(self.epoch + dead) == (whole and epoch < self.epoch + dead)
        if dead:
            self.restart(1, False)

    @rule()
    @precondition(lambda self: not self.marked)
    def join_and_settle(self) -> None:
        self.send((Kind.STATE, self.epoch, self.seq, self.value), lost=False)
        while self.pipe:
            self.deliver()
        assert not self.place.stale
        assert self.belief == self.value

    # what always holds

    @invariant()
    def what_is_believed_was_so(self) -> None:
        if not self.place.stale:
            assert self.belief == self.had[self.place.epoch, self.place.seq]

    @invariant()
    def no_life_that_is_over_is_believed(self) -> None:
        assert self.place.stale or self.place.epoch >= self.over


TestStream = Stream.TestCase
TestStream.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_a_reader_starts_stale_and_one_under_a_prefix_does_not() -> None:
    assert Position().stale
    assert not Position(joins=False).stale


def test_an_older_epoch_is_never_believed_again() -> None:
    place = Position()
    assert place.judge(Kind.STATE, 2, 5) is Verdict.DELIVER
    assert place.judge(Kind.STATE, 1, 9) is Verdict.IGNORE
    assert place.judge(Kind.CHANGE, 1, 6) is Verdict.IGNORE
    assert place.judge(Kind.CHANGE, 2, 6) is Verdict.DELIVER


def test_what_is_left_in_the_pipe_of_a_dead_life_is_not_believed() -> None:
    place = Position()
    place.judge(Kind.STATE, 2, 5)
    assert place.lose(before=3)
    assert place.judge(Kind.STATE, 2, 6) is Verdict.IGNORE
    assert place.stale
    assert place.judge(Kind.STATE, 3, 0) is Verdict.DELIVER


def test_a_newer_life_that_has_spoken_already_stands() -> None:
    place = Position()
    place.judge(Kind.STATE, 3, 0)
    assert not place.lose(before=3)
    assert not place.stale
    assert place.judge(Kind.CHANGE, 3, 1) is Verdict.DELIVER


def test_the_next_number_of_another_life_is_a_gap() -> None:
    place = Position()
    place.judge(Kind.STATE, 2, 5)
    assert place.judge(Kind.CHANGE, 3, 6) is Verdict.GAP
    assert place.stale


def test_a_heartbeat_shows_a_lost_last_message_once() -> None:
    place = Position()
    place.judge(Kind.STATE, 2, 5)
    assert not place.hear(2, 5)
    assert not place.hear(1, 9)  # of a life that is over
    assert place.hear(2, 7)
    assert place.stale
    assert not place.hear(2, 8)
    assert place.missed == 3


def test_a_listener_under_a_prefix_learns_from_a_heartbeat_where_a_topic_stands() -> None:
    place = Position(joins=False)
    assert not place.hear(2, 5)  # from before its time, perhaps
    assert place.judge(Kind.CHANGE, 2, 6) is Verdict.DELIVER
    assert place.hear(2, 8)
    assert place.missed == 2
    assert not place.stale
    assert place.hear(3, 1)  # another life: something lies between


@pytest.mark.parametrize("loss", [[1], [2, 3], [9], [1, 2, 3, 4, 5, 6, 7, 8, 9], [2, 5, 9]])
def test_every_lost_change_is_counted_once_whatever_shows_it(loss: list[int]) -> None:
    place = Position()
    place.judge(Kind.STATE, 1, 0)
    for number in range(1, 10):
        if number not in loss:
            place.judge(Kind.CHANGE, 1, number)
    place.hear(1, 9)
    place.judge(Kind.STATE, 1, 9)
    assert place.missed == len(loss)


def test_numbers_that_were_never_sent_to_us_are_not_missed() -> None:
    place = Position()
    place.judge(Kind.CHANGE, 1, 40)
    place.judge(Kind.STATE, 1, 41)
    place.judge(Kind.STATE, 2, 90)  # another life
    place.close()
    place.judge(Kind.STATE, 2, 200)  # opened again
    assert place.missed == 0
