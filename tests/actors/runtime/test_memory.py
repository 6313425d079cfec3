"""Memory is bounded by process: endless input costs a restart, growth an orderly one, and the host nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from bus.directory import endpoints
from bus.messages import Acknowledged, GetIntents, RestartActor

LIMIT_MB = 200
FLOOD_MB = 3 * LIMIT_MB
"""Of one multipart message: for who is to take it, endless."""
FLOOD_S = 60.0
"""It takes 4 s on two free cores, and both ends of it want one: beside other tests it has taken over 20."""
SMALL, LARGE = 4 * 1024, 1024 * 1024
"""libzmq takes many small parts into one buffer, and aborts where it cannot have another. For a large one, which it
cannot have either, it cuts the connection and lets go of all that had come."""


@pytest.fixture(scope="module")
def floor(module_run_dir: Path, run_floor: Any, make_child: Any) -> Iterator[Any]:
    """A floor whose actors may have little memory."""

    def child(name: str) -> Any:
        made = make_child(module_run_dir, name)
        return msgspec.structs.replace(made, memory_limit_mb=LIMIT_MB)

    with run_floor(module_run_dir, (*map(child, ("flooded", "swamped", "growing", "greedy")),)) as floor:
        yield floor


@contextmanager
def flooding(floor: Any, name: str, part_bytes: int) -> Iterator[zmq.Socket[bytes]]:
    """Send one multipart message that is far longer than an actor can hold; gives what tells of the connection's end.

    All its parts are one buffer here.
    """
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    peer = context.socket(zmq.DEALER)
    for option, value in ((zmq.RECONNECT_IVL, -1), (zmq.LINGER, 0)):
        peer.setsockopt(option, value)
    own = floor.keys.load("operator")
    peer.curve_serverkey = floor.keys.load(f"actor:{name}").public.encode()
    peer.curve_publickey, peer.curve_secretkey = own.public.encode(), own.secret.encode()
    end = peer.get_monitor_socket(zmq.EVENT_DISCONNECTED)
    peer.connect(endpoints(floor.run_dir, name).server)
    part = bytes(part_bytes)
    for _ in range((FLOOD_MB << 20) // part_bytes):
        peer.send(part, zmq.SNDMORE, copy=False)
    peer.send(b"")
    try:
        yield end
    finally:
        context.destroy(0)


def peak_mb(pid: int) -> int:
    """Return the most that a process ever had resident."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmHWM:")[2].split()[0]) >> 10


def test_p11_an_endless_multipart_message_costs_one_restart_and_no_more_than_the_limit(floor: Any) -> None:
    before = floor.is_in("flooded", "READY")
    supervisor = peak_mb(floor.process.pid)
    with flooding(floor, "flooded", SMALL):
        after = floor.is_in("flooded", "READY", lambda actor: actor.restarts > before.restarts, FLOOD_S)
    print([line for line in floor.log.read_text().splitlines() if "actor=flooded how=" in line])
    assert after.restarts == 1
    assert floor.ask("flooded", GetIntents(5)).body == Acknowledged(5)
    assert peak_mb(after.pid) < LIMIT_MB
    assert peak_mb(floor.process.pid) - supervisor < 20


def test_an_endless_message_of_large_parts_is_cut_at_the_limit_and_costs_a_restart_at_most(floor: Any) -> None:
    before = floor.is_in("swamped", "READY")
    with flooding(floor, "swamped", LARGE) as end:
        assert end.poll(20_000), "the connection was not cut"
    floor.until(lambda: floor.ask("swamped", GetIntents(5), 1.0).body == Acknowledged(5), "a good request's answer")
    after = floor.is_in("swamped", "READY")
    assert after.restarts <= 1
    assert after.restarts == 1 or peak_mb(before.pid) < LIMIT_MB


def test_an_actor_that_grows_near_its_limit_is_ended_in_order_and_a_person_is_told(floor: Any) -> None:
    before = floor.is_in("growing", "READY")
    floor.ask("growing", RestartActor("grow 135"))
    after = floor.is_in("growing", "READY", lambda actor: actor.restarts > before.restarts)
    assert after.restarts == 1
    assert floor.alerts("growing") == ["MEMORY"]
    assert "ended code=0" in floor.said("growing")


def test_an_actor_that_asks_for_more_than_its_limit_ends_by_a_memory_error(floor: Any) -> None:
    before = floor.is_in("greedy", "READY")
    floor.ask("greedy", RestartActor("grow 500"))
    floor.is_in("greedy", "READY", lambda actor: actor.restarts > before.restarts)
    assert "MemoryError" in floor.said("greedy")
    assert "ended code=1" in floor.said("greedy")
    assert floor.alerts("greedy") == []
