"""What silence means, and that a late look is nobody's fault but its own."""

from __future__ import annotations

from typing import Any

import pytest

from actors.supervisor.health import BUSY_S, HEALTH_S, Health, Pulse, pulse


@pytest.mark.parametrize(
    ("silent_s", "limit_s", "may_be_busy", "expected"),
    [
        (2.9, 3.0, False, Pulse.WELL),
        (3.1, 3.0, False, Pulse.HUNG),
        (2.9, 10.0, True, Pulse.WELL),
        (3.1, 10.0, True, Pulse.BUSY),
        (3.1, 10.0, False, Pulse.WELL),
        (9.9, 10.0, True, Pulse.BUSY),
        (10.1, 10.0, True, Pulse.HUNG),
        (0.9, 2.0, True, Pulse.WELL),
        (1.1, 2.0, True, Pulse.BUSY),
        (2.1, 2.0, True, Pulse.HUNG),
    ],
)
def test_silence_is_judged_by_whose_it_is(silent_s: float, limit_s: float, may_be_busy: bool, expected: Pulse) -> None:
    assert pulse(silent_s, limit_s, may_be_busy) is expected
    assert BUSY_S == 3.0


def test_a_look_knows_how_late_it_is() -> None:
    nobody: Any = None
    health = Health(nobody, nobody)
    assert health.late_s(100.0) == 0.0
    assert health.late_s(100.0 + HEALTH_S) == 0.0
    assert health.late_s(100.0 + 2 * HEALTH_S + 2.5) == pytest.approx(2.5)
    assert health.late_s(100.0 + 3 * HEALTH_S + 2.5) == 0.0
