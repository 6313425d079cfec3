"""The server's time, measured."""

from __future__ import annotations

from venues.binance.client.clock import ServerClock

MS = 1_000_000


class Host:
    def __init__(self) -> None:
        self.now = 10_000 * MS

    def monotonic_ns(self) -> int:
        return self.now


def test_the_measurement_with_the_shortest_way_counts() -> None:
    host = Host()
    clock = ServerClock(host.monotonic_ns)
    clock.observe(host.now, host.now + 200 * MS, 1_700_000_000_000 + 180)
    clock.observe(host.now, host.now + 2 * MS, 1_700_000_000_001)
    assert clock.now_ms() == 1_700_000_000_000
    assert clock.bound_ns == 1 * MS + MS // 2


def test_before_the_first_measurement_there_is_no_time() -> None:
    clock = ServerClock(Host().monotonic_ns)
    assert not clock.is_known
    assert clock.now_ms() == 0


def test_a_clock_that_was_set_makes_older_measurements_worthless() -> None:
    host = Host()
    clock = ServerClock(host.monotonic_ns)
    clock.observe(host.now, host.now + 2 * MS, 1_700_000_000_001)
    clock.observe(host.now, host.now + 50 * MS, 1_700_003_600_025)
    assert clock.now_ms() == 1_700_003_600_000


def test_the_servers_time_goes_on_with_the_hosts_monotonic_clock() -> None:
    host = Host()
    clock = ServerClock(host.monotonic_ns)
    clock.observe(host.now, host.now, 1_700_000_000_000)
    host.now += 1234 * MS
    assert clock.now_ms() == 1_700_000_001_234
