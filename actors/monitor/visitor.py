"""A visitor: reads a floor's streams and asks its actors, without being one of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import TracebackType
from typing import Self

from bus.clock import SystemClock
from bus.directory import DIRECTORY, is_far
from bus.member import Member
from bus.messages import Code, FloorInfo, GetFloor, GetStatus, Message, Status
from bus.requests import Reply
from bus.security import MONITOR, Identity, KeyFileError, KeyStore, read_keys
from bus.transport import Welcome, ZmqTransport
from bus.version import VERSION, majors_differ

__all__ = ["FloorRefused", "FloorUnreachable", "Visitor"]

CONNECT_S = 3.0
"""How long a floor may take to answer the first question."""
LOOK_S = 0.01


class FloorUnreachable(Exception):
    """No supervisor answers in the run directory."""


class FloorRefused(Exception):
    """The floor does not let this key in, or this side's major version does not fit; both are named."""


class Visitor:
    """``async with Visitor(run_dir, "name") as floor: await floor.request("gate", message)``.

    It reads, with the floor's monitor key; with ``role=OPERATOR`` it may cancel, halt and stop as well. From another
    host, `run_dir` is the address that the floor listens on and `key_file` holds the key, whatever its role. Raises
    FloorUnreachable on entry where no supervisor answers or the floor has no key for us, FloorRefused where the key
    file cannot be read, its key is not let in, or the floor's version does not fit ours.
    """

    identity: Identity
    info: FloorInfo
    member: Member

    def __init__(self, run_dir: str, name: str = "visitor", role: str = MONITOR, key_file: Path | None = None) -> None:
        self._run_dir, self._name, self._role, self._key_file = run_dir, name, role, key_file

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.identity = await self._find_key(loop)
        keys = self.identity.keys
        name = keys.role.partition(":")[2] or f"{keys.role}:{self._name}"
        transport = ZmqTransport(loop, self.identity)
        if is_far(self._run_dir):
            await self._knock(transport)
        self.member = Member(name, self._run_dir, transport, loop, SystemClock(), keys.supervisor)
        reply = await self.member.request(DIRECTORY, GetFloor(VERSION), CONNECT_S)
        if not isinstance(reply.body, FloorInfo):
            self.member.close()
            if reply.code is Code.BAD_VERSION:
                raise FloorRefused(f"the floor in {self._run_dir} refused: {reply.reason}")
            raise FloorUnreachable(f"no supervisor answers in {self._run_dir}: {reply.reason}")
        if majors_differ(reply.body.version, VERSION):
            self.member.close()
            raise FloorRefused(f"the floor in {self._run_dir} speaks version {reply.body.version}, this side {VERSION}")
        self.info = reply.body
        self.member.follow_directory(reply.body.floor, reply.body.remote_publishes_at)
        deadline = loop.time() + CONNECT_S
        while not self.member.directory.entries:
            if loop.time() > deadline:
                self.member.close()
                raise FloorUnreachable(f"the directory in {self._run_dir} does not send its table")
            await asyncio.sleep(LOOK_S)
        return self

    async def _find_key(self, loop: asyncio.AbstractEventLoop) -> Identity:
        """Return our key; a floor that has just been started makes it at first."""
        if self._key_file is not None:
            try:
                return Identity(read_keys(self._key_file))
            except KeyFileError as error:
                raise FloorRefused(str(error)) from None
        deadline = loop.time() + CONNECT_S
        while True:
            try:
                return KeyStore.of_floor(self._run_dir).identity(self._role, serves=False)
            except KeyFileError as error:
                if loop.time() > deadline:
                    raise FloorUnreachable(f"no key of a floor in {self._run_dir}: {error}") from None
            await asyncio.sleep(LOOK_S)

    async def _knock(self, transport: ZmqTransport) -> None:
        """Learn how our key is taken: from another host no list can be looked at, and a refusal looks like silence."""
        welcome = await transport.knock(self._run_dir, self.identity.keys.supervisor, CONNECT_S)
        if welcome is Welcome.LET_IN:
            return
        transport.close()
        at, role = self._run_dir, self.identity.keys.role
        if welcome is Welcome.NOT_LET_IN:
            raise FloorRefused(f"the floor at {at} does not let the key of {self._key_file} ({role}) in")
        if welcome is Welcome.NOT_KNOWN:
            raise FloorRefused(f"what listens at {at} is not the floor that has made the key of {self._key_file}")
        raise FloorUnreachable(f"nobody answers at {at}")

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.member.close()

    async def request(self, name: str, message: Message, timeout_s: float = 5.0) -> Reply:
        """Ask an actor."""
        return await self.member.request(name, message, timeout_s)

    async def status(self) -> Status | None:
        """Return the floor at a glance, None while the supervisor does not answer."""
        reply = await self.member.request(DIRECTORY, GetStatus(), CONNECT_S)
        return reply.body if isinstance(reply.body, Status) else None
