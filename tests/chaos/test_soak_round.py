"""A short round of what ``scripts/test --soak`` does for half an hour."""

from __future__ import annotations

from pathlib import Path

import pytest
from rounds import EVERY, FREEZE, KILL, SHORT, play, some

SEED = 7


@pytest.mark.chaos
def test_every_kind_of_actor_and_the_supervisor_may_be_killed_and_the_venues_agree_at_the_end(tmp_path: Path) -> None:
    played = play(SEED, SHORT, tmp_path)
    print(played)
    assert played.is_good, (played.problem, played.verdict)
    assert len(played.done) == len(SHORT)
    assert played.verdict["fills"] > 0


def test_a_seed_always_chooses_the_same_faults_and_every_fault_is_in_the_first_round() -> None:
    assert some(5) == some(5)
    assert some(5) != some(6)
    assert len(some(5)) == 12
    victims = {fault.victim for fault in EVERY}
    assert {fault.victim for fault in EVERY if fault.kind == KILL} == victims
    assert {fault.victim for fault in EVERY if fault.kind == FREEZE} >= victims - {"supervisor"}
    assert any(fault.with_other for seed in range(10) for fault in some(seed))
