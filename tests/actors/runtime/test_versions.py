"""B10: versions are shaken hands on. Another major one is refused with both named, an older minor one works."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.monitor import visitor as visitor_module
from actors.monitor.visitor import FloorRefused, Visitor
from actors.runtime import ExitCode
from bus.clock import SystemClock
from bus.codec import WIRE_VERSION, OtherVersion, ReplyHeader, RequestHeader, decode, decode_reply_header, encode
from bus.directory import DIRECTORY, endpoints
from bus.messages import Code, FloorInfo, GetFloor, GetSchema, Refused, Register
from bus.security import OPERATOR, SUPERVISOR_ROLE
from bus.transport import ZmqTransport
from bus.version import VERSION, majors_differ

HERE = Path(__file__).parent
MAJOR, MINOR = (int(part) for part in VERSION.split("."))
NEXT_MAJOR = f"{MAJOR + 1}.0"
OLDER_MINOR = f"{MAJOR}.{MINOR - 1}"


@pytest.fixture(scope="module")
def floor(module_run_dir: Path, run_floor: Any) -> Iterator[Any]:
    """A real supervisor without children."""
    with run_floor(module_run_dir, ()) as floor:
        assert isinstance(floor.ask(DIRECTORY, GetFloor()).body, FloorInfo)
        yield floor


@contextmanager
def attached(floor: Any, version: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """An actor of another version in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[2]}"}
    command = [sys.executable, str(HERE / "attach_as.py"), version, name, str(floor.run_dir)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_b10_an_actor_of_another_major_version_is_refused_with_both_named(floor: Any) -> None:
    with attached(floor, NEXT_MAJOR, "newer") as process:
        _, said = process.communicate(timeout=30.0)
    assert process.returncode == ExitCode.CONFIGURATION
    assert f"newer speaks version {NEXT_MAJOR}, the floor major version {MAJOR}" in said
    assert "newer" not in {actor.name for actor in floor.status.actors}


def test_b10_an_actor_of_an_older_minor_version_works(floor: Any, until: Callable[..., Any]) -> None:
    with attached(floor, OLDER_MINOR, "older") as process:
        until(lambda: "older" in {actor.name for actor in floor.status.actors}, "it is on the floor")
        assert floor.ask("older", GetSchema()).code is Code.UNSUPPORTED  # it answers
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30.0)
    assert process.returncode == 0


@pytest.mark.parametrize(("version", "is_refused"), [(NEXT_MAJOR, True), (OLDER_MINOR, False), ("", False)])
def test_b10_a_visitors_version_is_judged_by_the_floor(floor: Any, version: str, is_refused: bool) -> None:
    reply = floor.ask(DIRECTORY, GetFloor(version))
    if is_refused:
        assert (reply.code, reply.definite) == (Code.BAD_VERSION, True)
        assert reply.reason == f"operator:test speaks version {version}, the floor version {VERSION}"
    else:
        assert isinstance(reply.body, FloorInfo)
        assert reply.body.version == VERSION


def test_b10_a_visitor_of_another_major_version_is_told_of_both(floor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    async def visit() -> FloorInfo:
        async with Visitor(str(floor.run_dir)) as visitor:
            return visitor.info

    monkeypatch.setattr(visitor_module, "VERSION", NEXT_MAJOR)
    with pytest.raises(FloorRefused, match=f"version {NEXT_MAJOR}, the floor version {VERSION}"):
        asyncio.run(visit())
    monkeypatch.setattr(visitor_module, "GetFloor", lambda version: GetFloor())  # to a floor that does not judge
    with pytest.raises(FloorRefused, match=f"speaks version {VERSION}, this side {NEXT_MAJOR}"):
        asyncio.run(visit())
    monkeypatch.setattr(visitor_module, "VERSION", OLDER_MINOR)
    assert asyncio.run(visit()).version == VERSION


@pytest.mark.parametrize(("version", "code"), [(NEXT_MAJOR, ExitCode.CONFIGURATION), (OLDER_MINOR, ExitCode.DONE)])
def test_b10_a_command_of_another_major_version_is_a_configuration_error(
    floor: Any, version: str, code: ExitCode
) -> None:
    program = "import sys; from bus import version; version.VERSION = sys.argv.pop(1); import tradefloor.__main__"
    command = [sys.executable, "-c", program, version, "status", "--floor", str(floor.run_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=HERE.parents[2])
    assert done.returncode == code, done.stderr
    if code is not ExitCode.DONE:
        assert f"version {version}, the floor version {VERSION}" in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_b10_a_peer_with_another_version_of_the_wire_is_refused_with_both_named(floor: Any, eventually: Any) -> None:
    """It is told so in our version, whose first two elements it can read; nothing is executed."""
    registration = Register("stranger", "twin", os.getpid(), VERSION)
    now = SystemClock().monotonic_ns()
    header = RequestHeader(WIRE_VERSION + 1, 77, "stranger", 0, now + 10**11, 0)

    async def speak() -> list[bytes]:
        loop = asyncio.get_running_loop()
        transport, heard = ZmqTransport(loop, floor.keys.identity(OPERATOR, serves=False)), loop.create_future()
        server_key = floor.keys.load(SUPERVISOR_ROLE).public
        link = transport.caller(endpoints(floor.run_dir, DIRECTORY).server, heard.set_result, server_key)
        try:
            await eventually(lambda: link.send(encode(header), encode(registration)))
            return await asyncio.wait_for(heard, 20.0)
        finally:
            transport.close()

    raw, body = asyncio.run(speak())
    told = decode_reply_header(raw)
    assert isinstance(told, ReplyHeader)
    assert not isinstance(told, OtherVersion)
    assert (told.version, told.id, told.code) == (WIRE_VERSION, 77, Code.BAD_VERSION)
    refused = decode(body)
    assert isinstance(refused, Refused)
    assert refused.reason == f"wire version {WIRE_VERSION + 1}, this side speaks {WIRE_VERSION}"
    assert "stranger" not in {actor.name for actor in floor.status.actors}


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [("0.1", "0.2", False), ("1.0", "0.1", True), ("10.0", "1.0", True), ("0.1", "0", False), ("", "0.1", True)],
)
def test_the_number_before_the_first_dot_decides(one: str, other: str, differ: bool) -> None:
    assert majors_differ(one, other) is differ
