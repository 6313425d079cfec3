"""The rules of order lists, without an exchange: each step by table, and all of them in any order."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venues.binance.twin.trading.list_state import (
    Action,
    Cancel,
    Expire,
    Happening,
    Kind,
    ListState,
    Release,
    Tell,
    advance,
    leave,
    started,
)

KINDS: tuple[Kind, ...] = ("OCO", "OTO", "OTOCO", "OPO", "OPOCO")
DONE = Tell("ALL_DONE", "ALL_DONE")
GOES_ON = Tell("EXEC_STARTED", "EXECUTING")


def phase_one(leg: int) -> Expire:
    return Expire(leg, "OTO_PHASE_ONE_EXPIRED")


def triggered(leg: int) -> Expire:
    return Expire(leg, "OCO_TRIGGER")


STEPS: list[tuple[Kind, list[tuple[int, Happening]], tuple[Action, ...], str]] = [
    ("OCO", [(0, "TRIGGERED")], (triggered(1),), "OPEN LEAVING"),
    ("OCO", [(1, "TRADED")], (triggered(0),), "LEAVING OPEN"),
    ("OCO", [(1, "FILLED")], (triggered(0),), "LEAVING ENDED"),
    ("OCO", [(0, "EXPIRED")], (triggered(1),), "ENDED LEAVING"),
    ("OCO", [(0, "CANCELED")], (Cancel(1),), "ENDED LEAVING"),
    ("OCO", [(1, "TRADED"), (0, "EXPIRED")], (), "ENDED OPEN"),
    ("OCO", [(1, "TRADED"), (0, "EXPIRED"), (1, "TRADED")], (), "ENDED OPEN"),
    ("OCO", [(1, "TRADED"), (0, "EXPIRED"), (1, "FILLED")], (DONE,), "ENDED ENDED"),
    ("OCO", [(0, "TRIGGERED"), (1, "EXPIRED"), (0, "FILLED")], (DONE,), "ENDED ENDED"),
    ("OCO", [(0, "TRIGGERED"), (1, "EXPIRED"), (0, "EXPIRED")], (DONE,), "ENDED ENDED"),
    ("OCO", [(0, "TRIGGERED"), (1, "EXPIRED"), (0, "CANCELED")], (DONE,), "ENDED ENDED"),
    ("OCO", [(0, "TRIGGERED"), (1, "TRIGGERED")], (), "OPEN LEAVING"),
    ("OTO", [(0, "TRADED")], (), "OPEN PENDING"),
    ("OTO", [(0, "FILLED")], (Release(1), GOES_ON), "ENDED OPEN"),
    ("OTO", [(0, "EXPIRED")], (phase_one(1),), "ENDED LEAVING"),
    ("OTO", [(0, "TRADED"), (0, "EXPIRED")], (phase_one(1),), "ENDED LEAVING"),
    ("OTO", [(0, "CANCELED")], (Cancel(1),), "ENDED LEAVING"),
    ("OTO", [(1, "CANCELED")], (Cancel(0),), "LEAVING ENDED"),
    ("OTO", [(1, "EXPIRED")], (Expire(0, "EXCHANGE_CANCELED"),), "LEAVING ENDED"),
    ("OTO", [(0, "EXPIRED"), (1, "EXPIRED")], (DONE,), "ENDED ENDED"),
    ("OTO", [(0, "FILLED"), (1, "FILLED")], (DONE,), "ENDED ENDED"),
    ("OTO", [(0, "FILLED"), (1, "EXPIRED")], (DONE,), "ENDED ENDED"),
    ("OPO", [(0, "TRADED")], (), "OPEN PENDING"),
    ("OPO", [(0, "FILLED")], (Release(1), GOES_ON), "ENDED OPEN"),
    ("OTOCO", [(0, "FILLED")], (Release(1), Release(2), GOES_ON), "ENDED OPEN OPEN"),
    ("OTOCO", [(0, "EXPIRED")], (phase_one(1), phase_one(2)), "ENDED LEAVING LEAVING"),
    ("OTOCO", [(2, "CANCELED")], (Cancel(0), Cancel(1)), "LEAVING LEAVING ENDED"),
    ("OTOCO", [(0, "FILLED"), (1, "TRIGGERED")], (triggered(2),), "ENDED OPEN LEAVING"),
    ("OTOCO", [(0, "FILLED"), (1, "EXPIRED")], (triggered(2),), "ENDED ENDED LEAVING"),
    ("OPOCO", [(0, "FILLED"), (2, "FILLED")], (triggered(1),), "ENDED LEAVING ENDED"),
    ("OPOCO", [(0, "FILLED"), (2, "FILLED"), (1, "EXPIRED")], (DONE,), "ENDED ENDED ENDED"),
]


@pytest.mark.parametrize(("kind", "happenings", "actions", "stages"), STEPS, ids=lambda value: str(value)[:60])
def test_each_step_does_what_the_venue_documents(
    kind: Kind, happenings: list[tuple[int, Happening]], actions: tuple[Action, ...], stages: str
) -> None:
    state, done = started(kind), ()
    for leg, happening in happenings:
        state, done = advance(state, leg, happening)
    assert done == actions
    assert " ".join(state.stages) == stages
    assert state.is_done == (DONE in actions)


def test_a_leg_that_has_ended_cannot_end_again() -> None:
    state, _ = advance(started("OCO"), 0, "FILLED")
    with pytest.raises(ValueError, match="leg 0 has ended"):
        advance(state, 0, "CANCELED")


def test_lists_with_a_working_leg_are_called_oto_and_say_where_they_are() -> None:
    assert [started(kind).contingency for kind in KINDS] == ["OCO", "OTO", "OTO", "OTO", "OTO"]
    assert (started("OTO").status_type, started("OTO").status) == ("EXEC_STARTED", "EXECUTING")


def test_whoever_cancels_a_list_cancels_what_is_left_of_it() -> None:
    state, _ = advance(started("OTOCO"), 0, "FILLED")
    state, legs = leave(state)
    assert legs == (1, 2)
    assert leave(state)[1] == ()
    state, actions = advance(state, 1, "CANCELED")
    assert actions == ()
    state, actions = advance(state, 2, "CANCELED")
    assert actions == (DONE,)


SIZE = 3


@dataclass
class Model:
    """An exchange as small as can be: legs with a size, and the consequences of each act at its end."""

    state: ListState
    filled: list[int] = field(default_factory=list)
    ended: list[bool] = field(default_factory=list)
    is_placed: list[bool] = field(default_factory=list)
    told: deque[tuple[int, Happening]] = field(default_factory=deque)
    statuses: list[Tell] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = len(self.state.stages)
        self.filled, self.ended = [0] * count, [False] * count
        self.is_placed = [stage == "OPEN" for stage in self.state.stages]

    def happens(self, leg: int, what: str, size: int) -> None:
        if self.ended[leg] or (what in ("TRADE", "TRIGGER") and not self.is_placed[leg]):
            return
        if what == "TRADE":
            self.filled[leg] = min(SIZE, self.filled[leg] + size)
            self.ended[leg] = self.filled[leg] == SIZE
            self.told.append((leg, "FILLED" if self.ended[leg] else "TRADED"))
        elif what == "TRIGGER":
            self.told.append((leg, "TRIGGERED"))
        else:
            self.end(leg, "CANCELED" if what == "CANCEL" else "EXPIRED")

    def end(self, leg: int, how: Happening) -> None:
        self.ended[leg] = True
        self.told.append((leg, how))

    def settle(self) -> None:
        while self.told:
            leg, happening = self.told.popleft()
            if self.state.stages[leg] == "ENDED":
                continue
            self.state, actions = advance(self.state, leg, happening)
            for action in actions:
                if isinstance(action, Tell):
                    self.statuses.append(action)
                elif not self.ended[action.leg]:
                    if isinstance(action, Release):
                        self.is_placed[action.leg] = True
                    else:
                        self.end(action.leg, "CANCELED" if isinstance(action, Cancel) else "EXPIRED")


moves = st.tuples(st.integers(0, 2), st.sampled_from(("TRADE", "TRIGGER", "CANCEL", "EXPIRE")), st.integers(1, SIZE))


@given(st.sampled_from(KINDS), st.lists(moves, max_size=12))
def test_however_the_legs_fare_one_of_a_pair_trades_and_done_is_said_once_when_all_have_ended(
    kind: Kind, acts: list[tuple[int, str, int]]
) -> None:
    model = Model(started(kind))
    for leg, what, size in acts:
        if leg < len(model.state.stages):
            model.happens(leg, what, size)
            model.settle()
        pair = model.state.pair
        assert sum(1 for leg in pair if model.filled[leg]) <= 1, "both legs of an OCO traded"
        assert all(not model.filled[leg] for leg in model.state.pending) or model.filled[0] == SIZE
        assert model.state.is_done == all(model.ended)
        assert model.statuses.count(DONE) == int(model.state.is_done)
        if any(model.ended) and not model.state.is_done:
            survivors = [leg for leg in range(len(model.ended)) if not model.ended[leg]]
            assert model.ended[0] or kind == "OCO", "a pending leg ended and the working one did not"
            assert len(survivors) <= max(1, len(pair)), "too many legs go on"
