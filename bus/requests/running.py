"""A request that takes its time: who waits for its answer, and what it takes to give it up."""

from __future__ import annotations

import asyncio

from bus.codec import RequestHeader

__all__ = ["WINDOW", "Running"]

WINDOW = 8
"""Parts of an answer that may be on their way, or lie with a caller that has not come to them."""


class Running:
    """One request under way. `askers` are the connections on which it came: the first, and those that repeated it.

    `key` is what the first of them has proved.
    """

    def __init__(self, header: RequestHeader, is_query: bool, peer: bytes, key: str = "") -> None:
        self.header, self.key = header, key
        self.is_query = is_query
        self.askers = [peer]
        self.in_parts = False
        self.sent = 0
        self.withdrawn = False
        self._taken = 0
        self._task: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None

    def begin(self) -> None:
        """From within its task: from now on it can be given up halfway."""
        self._task = asyncio.current_task()

    def withdraw(self) -> None:
        """Nobody wants the answer to this question: end the handler where it waits."""
        self.withdrawn = True
        if self._task is not None:
            self._task.cancel()

    def acknowledge(self, upto: int) -> None:
        """The caller has taken the parts up to this number."""
        self._taken = max(self._taken, min(upto, self.sent))
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    async def room(self, limit_s: float) -> bool:
        """Wait until another part may be sent; False when the caller took none for so long."""
        while self.sent - self._taken >= WINDOW:
            taken, self._room = self._taken, asyncio.get_running_loop().create_future()
            await asyncio.wait((self._room,), timeout=limit_s)
            if self._taken == taken:
                return False
        return True
