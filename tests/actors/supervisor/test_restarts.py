"""When an ended child is started again: the exit code has the first word, then how often, then how long to wait."""

from __future__ import annotations

import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.runtime import Context, ExitCode
from actors.supervisor import ChildSpec, Restart
from actors.supervisor.restarts import BAN_MAX_S, BAN_MIN_S, BAN_S, Decision, RestartPolicy

CONTEXT = Context("book.BINANCE", "book", "/tmp/run", "/tmp/state", "demo")
KILLED = -signal.SIGKILL


def policy(jitter: float = 1.0, **terms: object) -> RestartPolicy:
    """A policy whose dice always show `jitter` of the limit."""
    return RestartPolicy(ChildSpec(CONTEXT, **terms), lambda low, high: low + jitter * (high - low))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("restart", "code", "restarted", "alert"),
    [
        (Restart.PERMANENT, ExitCode.DONE, True, False),
        (Restart.PERMANENT, ExitCode.FAILED, True, False),
        (Restart.PERMANENT, ExitCode.USAGE, True, False),
        (Restart.PERMANENT, ExitCode.CONFIGURATION, False, True),
        (Restart.PERMANENT, ExitCode.BANNED, True, True),
        (Restart.PERMANENT, ExitCode.FENCED, False, True),
        (Restart.PERMANENT, ExitCode.TOO_SLOW, True, False),
        (Restart.PERMANENT, KILLED, True, False),
        (Restart.TRANSIENT, ExitCode.DONE, False, False),
        (Restart.TRANSIENT, ExitCode.FAILED, True, False),
        (Restart.TRANSIENT, ExitCode.CONFIGURATION, False, True),
        (Restart.TRANSIENT, ExitCode.FENCED, False, True),
        (Restart.TRANSIENT, KILLED, True, False),
        (Restart.TEMPORARY, ExitCode.DONE, False, False),
        (Restart.TEMPORARY, ExitCode.FAILED, False, True),
        (Restart.TEMPORARY, ExitCode.CONFIGURATION, False, True),
        (Restart.TEMPORARY, KILLED, False, True),
    ],
)
def test_the_exit_code_and_the_kind_of_child_decide(restart: Restart, code: int, restarted: bool, alert: bool) -> None:
    decision = policy(restart=restart).on_exit(code, 0.0)
    assert (decision.delay_s is not None, decision.alert) == (restarted, alert)
    assert decision.reason


def test_a_ban_is_waited_out_however_often_it_comes() -> None:
    child = policy(intensity=2)
    assert [child.on_exit(ExitCode.BANNED, float(second)).delay_s for second in range(5)] == [BAN_S] * 5


@pytest.mark.parametrize(
    ("ban_s", "delay_s"),
    [(300.0, 300.0), (86_400.0, 86_400.0), (0.2, BAN_MIN_S), (-50.0, BAN_MIN_S), (1e9, BAN_MAX_S), (None, BAN_S)],
)
def test_a_ban_whose_end_is_known_is_waited_out_until_then(ban_s: float | None, delay_s: float) -> None:
    assert policy().on_exit(ExitCode.BANNED, 0.0, ban_s).delay_s == delay_s


def test_an_actor_that_was_too_slow_waits_even_the_first_time() -> None:
    child = policy(backoff_min_s=0.2, backoff_max_s=3.0)
    assert [child.on_exit(ExitCode.TOO_SLOW, 0.0).delay_s for _ in range(4)] == [0.2, 0.2, 0.4, 0.8]


def test_the_first_restart_is_at_once_and_the_later_ones_back_off_to_a_limit() -> None:
    child = policy(backoff_min_s=0.2, backoff_max_s=3.0, intensity=8)
    delays = [child.on_exit(1, second / 10).delay_s for second in range(8)]
    assert delays == [0.0, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 3.0]


@pytest.mark.parametrize(("jitter", "expected"), [(0.0, 0.0), (0.25, 0.1), (1.0, 0.4)])
def test_the_whole_of_a_delay_is_jitter(jitter: float, expected: float) -> None:
    child = policy(jitter, backoff_min_s=0.2)
    assert [child.on_exit(1, 0.0).delay_s for _ in range(3)][-1] == pytest.approx(expected)


def test_more_restarts_than_its_intensity_within_the_period_give_it_up() -> None:
    child = policy(intensity=3, period_s=10.0)
    assert [child.on_exit(KILLED, second).delay_s is not None for second in (0.0, 1.0, 2.0)] == [True] * 3
    assert child.on_exit(KILLED, 3.0) == Decision(None, "gave up after 4 exits in 10 s", alert=True)


def test_a_child_that_was_healthy_for_a_period_is_forgiven() -> None:
    child = policy(intensity=2, period_s=10.0)
    for _ in range(2):
        child.on_exit(1, 0.0)
    assert child.on_exit(1, 10.5) == Decision(0.0, "restarting after exit 1")


def test_exits_leave_the_count_one_by_one() -> None:
    child = policy(intensity=3, period_s=10.0)
    for second in (0.0, 6.0, 7.0):
        child.on_exit(1, second)
    assert child.on_exit(1, 11.0).delay_s is not None
    assert child.on_exit(1, 12.0).delay_s is None


def test_an_operator_s_restart_starts_the_count_over() -> None:
    child = policy(intensity=1)
    child.on_exit(1, 0.0)
    child.forget()
    assert child.on_exit(1, 0.1).delay_s == 0.0


@settings(deadline=None)
@given(st.lists(st.floats(0, 5), max_size=60), st.integers(1, 5000))
def test_every_delay_is_within_the_limits_however_long_it_goes_on(gaps: list[float], intensity: int) -> None:
    child, now = policy(intensity=intensity, backoff_max_s=15.0), 0.0
    for gap in gaps:
        now += gap
        delay = child.on_exit(1, now).delay_s
        assert delay is None or 0.0 <= delay <= 15.0


def test_delays_stay_finite_where_nobody_ever_gives_up() -> None:
    child = policy(intensity=10**6)
    assert [child.on_exit(1, 0.0).delay_s for _ in range(3000)][-1] == 15.0
