"""A server in a process of its own: ``server_process.py ENDPOINT``. It counts what it executed.

To `GetExecution` it answers without end, a part each 5 ms.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator

from bus.clock import SystemClock
from bus.codec import RequestHeader
from bus.messages import Acknowledged, GetExecution, GetStatus, Message, Status
from bus.requests import Server
from bus.transport import ZmqTransport


async def serve(endpoint: str) -> None:
    executed: list[int] = []
    iterators: set[object] = set()
    never = asyncio.Event()

    async def wait() -> None:
        await never.wait()

    async def tell() -> AsyncIterator[Message]:
        this = object()
        iterators.add(this)
        try:
            for number in itertools.count(1):
                yield Acknowledged(number)
                await asyncio.sleep(0.005)
        finally:
            iterators.discard(this)

    def handle(message: Message, header: RequestHeader) -> object:
        if isinstance(message, GetStatus):
            return Status("", 0, 0, counters={**server.counters, "executed": len(executed), "open": len(iterators)})
        if isinstance(message, GetExecution):
            return tell()
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
