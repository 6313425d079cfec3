"""A handler that answers in parts, and remembers how far it came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bus.messages import Acknowledged, GetExecution, Message

QUESTION = GetExecution("alpha", 0)


class Teller:
    """Answers ``Acknowledged(1)`` to ``Acknowledged(count)``; then raises or yields `last`, where there is one."""

    def __init__(self, count: int, last: Message | Exception | None = None) -> None:
        self.count, self.last = count, last
        self.given = 0
        self.begun = 0
        self.closed = 0
        self.pauses: dict[int, asyncio.Event] = {}
        self.pause_s = 0.0

    async def __call__(self, message: Message, header: Any) -> AsyncIterator[Message]:
        self.begun += 1
        try:
            for number in range(1, self.count + 1):
                if number in self.pauses:
                    await self.pauses[number].wait()
                if self.pause_s:
                    await asyncio.sleep(self.pause_s)
                self.given = number
                yield Acknowledged(number)
            if isinstance(self.last, Exception):
                raise self.last
            if self.last is not None:
                yield self.last
        finally:
            self.closed += 1


async def taken(parts: AsyncIterator[Message]) -> list[int]:
    """Return the numbers of all parts; raises what the iterator raises."""
    return [part.upto async for part in parts if isinstance(part, Acknowledged)]
