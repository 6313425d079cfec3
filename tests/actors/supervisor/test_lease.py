"""The supervisor's lease: renewed in time or gone for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.runtime.actor import HEARTBEAT_S, ORPHAN_S
from actors.supervisor.lease import LEASE_S, Lease, age_s
from venues.execution import LEASE_S as WRITERS_LEASE_S


class Host:
    """A host whose clocks are set by hand; while it sleeps only one of them goes on."""

    def __init__(self) -> None:
        self.now_ns = 10**12

    def boottime_ns(self) -> int:
        return self.now_ns

    def time_ns(self) -> int:
        raise AssertionError("a lease has nothing to do with the wall clock")

    monotonic_ns = time_ns


@pytest.fixture
def host() -> Host:
    return Host()


def test_a_lease_that_is_renewed_in_time_holds(tmp_path: Path, host: Host) -> None:
    lease = Lease(tmp_path / "lease", host)
    for _ in range(20):
        host.now_ns += int((LEASE_S - 0.1) * 1e9)
        assert lease.renew()
    assert not lease.lapsed


def test_a_lease_that_lapsed_is_never_renewed_again(tmp_path: Path, host: Host) -> None:
    lease = Lease(tmp_path / "lease", host)
    host.now_ns += int((LEASE_S + 0.1) * 1e9)
    assert not lease.renew()
    assert lease.lapsed
    host.now_ns -= int(LEASE_S * 1e9)
    assert not lease.renew()


def test_others_read_its_age_from_its_file(tmp_path: Path, host: Host) -> None:
    path = tmp_path / "lease"
    assert age_s(path, host) is None
    lease = Lease(path, host)
    host.now_ns += 1_500_000_000
    assert age_s(path, host) == pytest.approx(1.5)
    lease.renew()
    assert age_s(path, host) == 0
    path.write_text("nonsense")
    assert age_s(path, host) is None


def test_the_limits_fit_each_other() -> None:
    """Whoever finds the supervisor lost is right, and no stall that is forgiven it stops a writer."""
    assert LEASE_S + HEARTBEAT_S < ORPHAN_S
    assert LEASE_S + HEARTBEAT_S < WRITERS_LEASE_S <= ORPHAN_S
