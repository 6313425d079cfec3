"""What systemd is told, over a real socket of its kind; and silence where nobody asked."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.supervisor import FloorSpec
from actors.supervisor.systemd import Notifier

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def systemd(run_dir: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(run_dir / "notify"))
        listener.settimeout(20.0)
        yield listener


def heard(listener: socket.socket) -> list[str]:
    listener.setblocking(False)
    found = []
    while True:
        try:
            found.append(listener.recv(4096).decode())
        except BlockingIOError:
            return found


def test_each_word_is_a_datagram(systemd: socket.socket) -> None:
    notifier = Notifier(systemd.getsockname())
    notifier.ready()
    notifier.status("3 of 7\nREADY")
    notifier.status("3 of 7\nREADY")
    notifier.stopping()
    assert heard(systemd) == ["READY=1", "STATUS=3 of 7 READY", "STOPPING=1"]


def test_a_sign_of_life_is_given_three_times_as_often_as_it_is_waited_for(systemd: socket.socket) -> None:
    notifier = Notifier(systemd.getsockname(), watchdog_s=3.0)
    for tenth in range(100, 131):
        notifier.alive(tenth / 10)
    assert heard(systemd) == ["WATCHDOG=1"] * 4
    Notifier(systemd.getsockname()).alive(100.0)
    assert heard(systemd) == []


def test_an_abstract_address_is_understood() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0tradefloor-test-{os.getpid()}")
        Notifier(f"@tradefloor-test-{os.getpid()}").ready()
        assert heard(listener) == ["READY=1"]


def test_nobody_listening_is_no_error(run_dir: Path) -> None:
    for address in ("", str(run_dir / "nobody")):
        notifier = Notifier(address, 1.0)
        notifier.ready()
        notifier.alive(100.0)


@pytest.mark.parametrize(
    ("microseconds", "pid", "expected"),
    [("2000000", "", 2.0), ("2000000", "our own", 2.0), ("2000000", "1", 0.0), ("", "", 0.0), ("x", "", 0.0)],
)
def test_what_systemd_asks_for_is_taken_out_of_the_environment(microseconds: str, pid: str, expected: float) -> None:
    named = pid.replace("our own", str(os.getpid()))
    environment = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": microseconds, "WATCHDOG_PID": named, "HOME": "/"}
    assert Notifier.from_environment(environment).watchdog_s == expected
    assert environment == {"HOME": "/"}


def test_a_supervisor_says_that_it_is_up_that_it_lives_and_that_it_goes(
    run_dir: Path, systemd: socket.socket, until: Any
) -> None:
    spec = run_dir / "floor.json"
    spec.write_bytes(msgspec.json.encode(FloorSpec("test", "USDT", str(run_dir), str(run_dir / "state"))))
    environment = {**os.environ, "NOTIFY_SOCKET": systemd.getsockname(), "WATCHDOG_USEC": "1500000"}
    words = [sys.executable, str(HERE.parent / "runtime" / "run_floor.py"), str(spec), str(run_dir / "log")]
    process = subprocess.Popen(words, cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)})
    try:
        assert systemd.recv(4096) == b"READY=1"
        said: list[str] = []
        until(lambda: said.extend(heard(systemd)) or said.count("WATCHDOG=1") >= 2, "two signs of life")
        assert "STATUS=0 of 0 actors READY, 0 alerts" in said
        process.send_signal(signal.SIGTERM)
        assert process.wait(20.0) == 0
        assert "STOPPING=1" in [*said, *heard(systemd)]
    finally:
        process.kill()
        process.wait()
