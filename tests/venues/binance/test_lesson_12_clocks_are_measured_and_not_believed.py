"""Lesson 12: a clock that drifted by seconds had every signed request refused."""

from __future__ import annotations

import pytest
from binance_floor import Floor, TwinProcess, wait_for
from binance_trader import NAME, Trader

from bus.messages import OrderEventKind, PrivateStream
from venues.binance.execution import Execution

Kind = OrderEventKind


@pytest.mark.parametrize("skew_ms", [-3_600_000, 3_600_000])
def test_a_clock_that_is_off_from_the_start_is_corrected_before_the_first_order(
    floor: Floor, venue: TwinProcess, skew_ms: int
) -> None:
    venue.admin.fault("clock_skew", ms=skew_ms)
    floor.start(Execution, NAME, "execution", {**venue.settings, "recv_window_ms": 1000})
    wait_for(lambda: floor.events and isinstance(floor.events[0], PrivateStream), "the private stream is up")
    trader = Trader(floor)
    order, reply = trader.submit()
    assert reply.ok
    trader.wait(order, Kind.ACCEPTED)


@pytest.mark.parametrize("skew_ms", [-8_000, 8_000])
def test_a_clock_that_jumps_costs_one_refusal_and_is_measured_again_at_once(
    venue: TwinProcess, trader: Trader, actor: Execution, skew_ms: int
) -> None:
    wait_for(lambda: _has_answered(venue, "GET /api/v3/rateLimit/order"), "what is asked at a start is answered")
    venue.admin.fault("clock_skew", ms=skew_ms)
    order, _ = trader.submit()
    rejected = trader.wait(order, Kind.REJECTED)
    assert rejected.venue_code == "-1021"
    wait_for(lambda: actor.server_clock.is_known, "the server's time is known again")
    next_order, reply = trader.submit()
    assert reply.ok
    trader.wait(next_order, Kind.ACCEPTED)


def _has_answered(venue: TwinProcess, method: str) -> bool:
    venue.admin.state()  # flushes the log
    return any('"answered"' in line and method in line for line in venue.log_path.read_text().splitlines())


def test_a_drift_is_followed_by_the_probes_and_refuses_nothing(
    venue: TwinProcess, trader: Trader, actor: Execution
) -> None:
    for _ in range(5):
        venue.admin.fault("clock_skew", ms=700)
        before = actor.server_clock.now_ms()
        actor.loop.call_soon_threadsafe(actor.measure_clock)
        wait_for(lambda start=before: actor.server_clock.now_ms() - start > 600, "it is measured")  # type: ignore[misc]
        order, reply = trader.submit()
        assert reply.ok
        trader.wait(order, Kind.ACCEPTED)
