"""Floors of real processes: a supervisor and small actors below it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.runtime import Context
from actors.runtime.loop_actor import new_event_loop
from actors.supervisor import ChildSpec, FloorSpec
from bus.clock import SystemClock
from bus.directory import DIRECTORY, endpoints
from bus.messages import ActorState, GetStatus, Message, Status
from bus.requests import Client, Reply
from bus.security import OPERATOR, KeyStore
from bus.transport import ZmqTransport

HERE = Path(__file__).parent


class Floor:
    """A supervisor's process, and what it says."""

    def __init__(self, run_dir: Path, children: tuple[ChildSpec, ...], until: Callable[..., Any]) -> None:
        self.run_dir, self.until = run_dir, until
        spec = FloorSpec("test", "USDT", str(run_dir), str(run_dir / "state"), (), children)
        file, self.log = run_dir / "floor.json", run_dir / "supervisor.log"
        file.write_bytes(msgspec.json.encode(spec))
        environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parents[2]}"}
        command = [sys.executable, str(HERE / "run_floor.py"), str(file), str(self.log)]
        self.process = subprocess.Popen(command, cwd=HERE.parents[2], env=environment)
        self.pids: set[int] = set()

    @property
    def keys(self) -> KeyStore:
        """The floor's keys."""
        return KeyStore.of_floor(self.run_dir)

    def is_made(self, role: str) -> bool:
        """True once the floor has made the role's key, and is about to let it in."""
        return (self.run_dir / "keys").exists() and self.keys.file_of(role).exists()

    def ask(self, name: str, message: Message, timeout_s: float = 20.0, role: str = OPERATOR) -> Reply:
        """Send a request to an actor with the key of a role, and wait for the answer."""
        return self.ask_all(name, (message,), timeout_s, role)[0]

    def ask_all(
        self, name: str, messages: tuple[Message, ...], timeout_s: float = 20.0, role: str = OPERATOR
    ) -> list[Reply]:
        """Send requests to an actor in one go, once it is connected, and wait for all answers.

        Where no connection comes within the time, the answers are the client's own NOT_SENT.
        """

        async def session() -> list[Reply]:
            loop = asyncio.get_running_loop()
            deadline = loop.time() + timeout_s
            while not self.is_made(role):
                assert loop.time() < deadline, f"no key of {role}"
                await asyncio.sleep(0)
            transport = ZmqTransport(loop, self.keys.identity(role, serves=False))
            client = Client(
                transport,
                loop,
                SystemClock(),
                endpoints(self.run_dir, name).server,
                role.partition(":")[2] or f"{role}:test",
                self.keys.load(f"actor:{name}").public,
            )
            try:
                while (first := client.send(messages[0], timeout_s)).done():  # not connected yet: nothing was sent
                    if loop.time() >= deadline:
                        return [first.result()] * len(messages)
                    await asyncio.sleep(0)
                return await asyncio.gather(first, *(client.send(message, timeout_s) for message in messages[1:]))
            finally:
                transport.close()

        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return list(runner.run(session()))

    @property
    def status(self) -> Status:
        reply = self.ask(DIRECTORY, GetStatus())
        assert isinstance(reply.body, Status), reply
        self.pids |= {actor.pid for actor in reply.body.actors if actor.pid}
        return reply.body

    def actor(self, name: str) -> ActorState:
        """Return an actor as the supervisor sees it."""
        return next(actor for actor in self.status.actors if actor.name == name)

    def is_in(
        self,
        name: str,
        state: str,
        condition: Callable[[ActorState], bool] = lambda actor: True,
        limit_s: float = 20.0,
    ) -> ActorState:
        """Wait until an actor is in a state."""

        def look() -> ActorState | None:
            actor = self.actor(name)
            return actor if actor.state == state and condition(actor) else None

        found: ActorState = self.until(look, f"{name} {state}; see {self.log}", limit_s)
        return found

    def alerts(self, name: str) -> list[str]:
        """Return the codes of the alerts that name an actor."""
        return [alert.code for alert in self.status.alerts if alert.text.startswith(f"{name}:")]

    def said(self, name: str) -> str:
        """Return an actor's log."""
        return (self.run_dir / "state" / "logs" / f"{name}.log").read_text()

    def close(self) -> None:
        """End the floor, and whatever of it is left."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pid in self.pids - {self.process.pid}:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


@pytest.fixture(scope="session")
def make_child() -> Callable[..., Any]:
    """Makes the spec of a child whose actor is in `floor_actors`; small timeouts, kind ``twin``."""

    def make(
        run_dir: Path, name: str, actor: str = "Plain", settings: dict[str, Any] | None = None, **more: Any
    ) -> Any:
        context = Context(name, "twin", str(run_dir), str(run_dir / "state"), "test", settings=settings or {})
        return ChildSpec(context, f"floor_actors:{actor}", **more)

    return make


@pytest.fixture(scope="session")
def run_floor(until: Callable[..., Any]) -> Callable[..., AbstractContextManager[Floor]]:
    """``with run_floor(run_dir, children) as floor`` runs a floor."""

    @contextmanager
    def run(run_dir: Path, children: tuple[ChildSpec, ...]) -> Iterator[Floor]:
        floor = Floor(run_dir, children, until)
        try:
            yield floor
        finally:
            floor.close()

    return run
