"""Deadlines between hosts: in the server's monotonic clock, whose distance is measured; no wall clock is asked.

The two hosts are one, over tcp, and the caller's `Clock` is what another host's would be: its monotonic clock hours
away, its wall clock stepping by an hour.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from freezing import freeze
from hypothesis import given, settings
from hypothesis import strategies as st
from part_teller import QUESTION, Teller, taken
from request_peers import Counted

from bus.clock import SystemClock
from bus.codec import ReplyStatus
from bus.memory import MemoryHub, MemoryTransport
from bus.messages import Acknowledged, Code, GetStatus, HostTime, Status
from bus.requests import Client, Reply, Server, remote_clock
from bus.requests.remote_clock import DRIFT, EVERY_S, ClockDistance
from bus.virtual_time import VirtualClock, run_virtual

HOUR_NS = 3_600 * 10**9
SERVER = Path(__file__).with_name("server_process.py")


class OtherHost:
    """The clocks of another host."""

    def __init__(self, ahead_ns: int) -> None:
        self.ahead_ns = ahead_ns
        self.step_ns = 0

    def time_ns(self) -> int:
        return time.time_ns() + self.step_ns

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + self.ahead_ns


def tcp_endpoint() -> str:
    """A port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"tcp://127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def remote() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real server process on tcp: (endpoint, process)."""
    endpoint = tcp_endpoint()
    with subprocess.Popen([sys.executable, str(SERVER), endpoint]) as process:
        yield endpoint, process
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()


def client_at(wire: Any, endpoint: str, clock: Any) -> Client:
    return Client(wire.transport(), wire.loop, clock, endpoint, "caller")


async def counters(client: Client) -> dict[str, int]:
    status = (await client.request(GetStatus(), 20.0)).body
    assert isinstance(status, Status)
    return status.counters


@pytest.mark.parametrize("ahead_h", [5, -5])
@pytest.mark.parametrize("step_h", [1, -1])
async def test_r13_deadlines_hold_between_hosts_while_the_wall_clock_steps_an_hour(
    wire: Any, remote: Any, ahead_h: int, step_h: int
) -> None:
    endpoint, process = remote
    clock = OtherHost(ahead_h * HOUR_NS)
    client = client_at(wire, endpoint, clock)
    assert (await client.request(Acknowledged(1), 20.0)).ok
    wall_offset_ns = time.time_ns() - clock.time_ns()  # as a measurement before the step would have it
    clock.step_ns = step_h * HOUR_NS

    assert (await client.request(Acknowledged(2), 5.0)).ok  # in time

    freeze(process.pid)
    by_wall_ns = clock.time_ns() + int(0.2e9) + wall_offset_ns
    late = await client.send(Acknowledged(3), 0.2)
    assert (late.status, late.code) == (ReplyStatus.NO_ANSWER, Code.TIMED_OUT)
    read_ns = time.time_ns()
    os.kill(process.pid, signal.SIGCONT)
    found = await counters(client)
    assert (found["expired"], found["executed"]) == (1, 2)

    if step_h > 0:
        assert read_ns < by_wall_ns, "by wall clocks the late one would have been executed"
    else:
        in_time_ns = by_wall_ns - int(0.2e9)
        assert read_ns > in_time_ns + 5 * 10**9, "by wall clocks no request of five seconds would have been executed"


async def test_nothing_is_sent_before_the_other_clock_is_known_and_that_is_definite(
    wire: Any, remote: Any, eventually: Any
) -> None:
    client = client_at(wire, remote[0], OtherHost(HOUR_NS))
    first = client.send(Acknowledged(1))
    assert first.result().status is ReplyStatus.NOT_SENT
    assert (first.result().code, first.result().definite) == (Code.CLOCK_UNKNOWN, True)
    assert client.clock_offset_ns is None
    assert (await client.request(Acknowledged(2), 20.0)).ok  # it waits until it is
    assert abs(client.clock_offset_ns + HOUR_NS) < 50 * 10**6
    await eventually(lambda: client.send(Acknowledged(3), 1e-9).result().code is Code.CLOCK_UNKNOWN)
    assert (await counters(client))["executed"] == 1


async def test_on_one_host_nothing_is_measured(wire: Any) -> None:
    server, client = wire.server(Counted()), wire.client()
    assert client.clock_offset_ns == 0
    assert (await client.request(Acknowledged(1))).ok
    assert server.counters["requests"] == 1


async def test_a_deadline_in_the_clock_of_a_life_that_ended_is_void(
    wire: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that was started again counts from zero: an old deadline would lie hours ahead, and nothing be late."""
    monkeypatch.setattr(remote_clock, "EVERY_S", 3_600.0)  # nothing but the refusal makes it measure anew
    endpoint = tcp_endpoint()
    lives = [Counted(), Counted()]
    transport = wire.transport()
    Server(transport, OtherHost(9 * HOUR_NS), endpoint, lives[0], asyncio.ensure_future, lambda error: None)
    client = client_at(wire, endpoint, SystemClock())
    assert (await client.request(Acknowledged(1), 20.0)).ok
    await eventually(lambda: len(client._remote.distance) == remote_clock.FIRST_SAMPLES)
    wire.stop(transport)
    await eventually(lambda: client.send(Acknowledged(2), 20.0).done(), "the caller has seen the end")
    Server(wire.transport(), OtherHost(0), endpoint, lives[1], asyncio.ensure_future, lambda error: None)
    sent: list[asyncio.Future[Reply]] = []

    def was_sent() -> bool:
        sent.append(client.send(Acknowledged(2), 20.0))
        return not sent[-1].done()

    await eventually(was_sent, "it is connected again")
    reply = await sent[-1]
    assert (reply.status, reply.code, reply.definite) == (ReplyStatus.DENIED, Code.CLOCK_UNKNOWN, True)
    assert lives[1].executed == []
    assert (await client.request(Acknowledged(3), 20.0)).ok  # it measures anew by itself
    assert lives[1].executed == [Acknowledged(3)]


async def test_parts_and_withdrawal_work_between_hosts(wire: Any, eventually: Any) -> None:
    endpoint = tcp_endpoint()
    teller = Teller(50)
    Server(wire.transport(), OtherHost(HOUR_NS), endpoint, teller, asyncio.ensure_future, lambda error: None)
    client = client_at(wire, endpoint, SystemClock())
    assert await taken(client.chunks(QUESTION, 20.0)) == list(range(1, 51))
    async for _ in client.chunks(QUESTION, 20.0):
        break
    await eventually(lambda: teller.closed == 2)


class Drifting:
    """A virtual host's clock that runs a little fast."""

    def __init__(self, clock: VirtualClock, ahead_ns: int) -> None:
        self._clock, self._ahead_ns = clock, ahead_ns

    def time_ns(self) -> int:
        return self._clock.time_ns()

    def monotonic_ns(self) -> int:
        return self._ahead_ns + round(self._clock.monotonic_ns() * (1 + DRIFT / 2))


def test_two_clocks_that_drift_apart_are_followed_and_a_server_that_is_lost_is_measured_anew() -> None:
    async def whole() -> None:
        loop = asyncio.get_running_loop()
        hub, clock = MemoryHub(loop), VirtualClock(loop)
        there = Drifting(clock, HOUR_NS)
        server = Server(
            MemoryTransport(hub), there, "tcp://there", Counted(), asyncio.ensure_future, lambda error: None
        )
        client = Client(MemoryTransport(hub), loop, clock, "tcp://there", "caller")
        for _ in range(10):
            assert (await client.request(Acknowledged(1))).ok
            await asyncio.sleep(360.0)
            true = there.monotonic_ns() - clock.monotonic_ns()
            assert client.clock_offset_ns is not None
            assert abs(client.clock_offset_ns - true) <= EVERY_S * DRIFT * 1e9
        client.lose()
        assert client.clock_offset_ns is None
        assert (await client.request(Acknowledged(1))).ok
        client.close()
        asked = server.counters["requests"]
        await asyncio.sleep(3_600.0)
        assert server.counters["requests"] == asked  # a closed caller asks no more

    run_virtual(whole())


DELAYS = st.integers(0, 2 * 10**9)


@settings(max_examples=500)
@given(
    st.integers(-(10**15), 10**15),
    st.floats(-DRIFT, DRIFT),
    st.lists(st.tuples(st.integers(0, 60 * 10**9), DELAYS, DELAYS), min_size=1, max_size=12),
    st.integers(0, 3_600 * 10**9),
    st.integers(1, 60 * 10**9),
)
def test_a_deadline_is_never_later_there_than_here(
    ahead_ns: int, drift: float, exchanges: list[tuple[int, int, int]], age_ns: int, timeout_ns: int
) -> None:
    def theirs(ours_ns: int) -> float:
        return ours_ns + ahead_ns + drift * ours_ns

    distance, now = ClockDistance(), 0
    for pause, there, back in exchanges:
        asked = now + pause
        now = asked + there + back
        distance.take(asked, HostTime(1, round(theirs(asked + there))), now)
    now += age_ns
    known = distance.at(now + timeout_ns)
    assert known is not None
    offset, bound = known
    true = theirs(now + timeout_ns) - (now + timeout_ns)
    assert abs(offset - true) <= bound + 2  # the rounding of the model's own floats
    deadline = distance.deadline_ns(now, timeout_ns)
    if deadline is None:
        assert bound >= timeout_ns
    else:
        assert theirs(now + timeout_ns) - 2 * bound - 2 <= deadline <= theirs(now + timeout_ns) + 2


def test_the_best_measurement_is_believed_and_another_life_s_are_void() -> None:
    distance = ClockDistance()
    assert distance.at(0) is None
    distance.take(0, HostTime(1, 1_000_000 + 500), 1_000)
    distance.take(2_000, HostTime(1, 1_000_000 + 52_000), 902_000)  # it was held up
    assert distance.at(902_000) == (1_000_000, 500 + 2 + 902)
    distance.take(903_000, HostTime(2, 7_000), 903_010)
    assert distance.clock == 2
    assert distance.at(903_010) == (7_000 - 903_005, 7)
    assert distance.deadline_ns(903_010, 7) is None
