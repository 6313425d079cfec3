"""A visitor: reads a floor's streams and asks its actors, without being one of them."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from actors.runtime.actor import VERSION
from actors.runtime.version import majors_differ
from bus.clock import SystemClock
from bus.directory import DIRECTORY
from bus.member import Member
from bus.messages import Code, FloorInfo, GetFloor, GetStatus, Message, Status
from bus.requests import Reply
from bus.transport import ZmqTransport

__all__ = ["FloorRefused", "FloorUnreachable", "Visitor"]

CONNECT_S = 3.0
"""How long a floor may take to answer the first question."""
LOOK_S = 0.01


class FloorUnreachable(Exception):
    """No supervisor answers in the run directory."""


class FloorRefused(Exception):
    """The floor and this side speak different major versions; both are named."""


class Visitor:
    """``async with Visitor(run_dir, "name") as floor: await floor.request("gate", message)``.

    Raises FloorUnreachable on entry where no supervisor answers, FloorRefused where its version does not fit ours.
    """

    info: FloorInfo
    member: Member

    def __init__(self, run_dir: str, name: str = "visitor") -> None:
        self._run_dir, self._name = run_dir, name

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.member = Member(self._name, self._run_dir, ZmqTransport(loop), loop, SystemClock())
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
        self.member.follow_directory(reply.body.floor)
        deadline = loop.time() + CONNECT_S
        while not self.member.directory.entries:
            if loop.time() > deadline:
                self.member.close()
                raise FloorUnreachable(f"the directory in {self._run_dir} does not send its table")
            await asyncio.sleep(LOOK_S)
        return self

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
