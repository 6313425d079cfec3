"""A server in a process of its own: ``server_process.py ENDPOINT``. It counts what it executed."""

from __future__ import annotations

import asyncio
import sys

from bus.clock import SystemClock
from bus.codec import RequestHeader
from bus.messages import Acknowledged, GetStatus, Message, Status
from bus.requests import Server
from bus.transport import ZmqTransport


async def serve(endpoint: str) -> None:
    executed: list[int] = []
    never = asyncio.Event()

    async def wait() -> None:
        await never.wait()

    def handle(message: Message, header: RequestHeader) -> object:
        if isinstance(message, GetStatus):
            return Status("", 0, 0, counters={**server.counters, "executed": len(executed)})
        assert isinstance(message, Acknowledged)
        executed.append(message.upto)
        return message if message.upto else wait()

    def fail(error: BaseException) -> None:
        raise error

    server = Server(
        ZmqTransport(asyncio.get_running_loop()), SystemClock(), endpoint, handle, asyncio.ensure_future, fail
    )
    await never.wait()


asyncio.run(serve(sys.argv[1]))
