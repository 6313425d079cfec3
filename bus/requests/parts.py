"""The caller's end of an answer in parts: what came and was not taken yet. Part after part, or an error."""

from __future__ import annotations

import asyncio
from collections import deque

from bus.codec import ReplyStatus
from bus.messages import Code, Empty, Message
from bus.requests.reply import Reply, RequestFailed, ended

__all__ = ["PARTS_KEPT", "Parts"]

PARTS_KEPT = 64
"""More parts than this lie here of no honest server: its window (8 today) would have to be wider."""


class Parts:
    """The parts in their order, and how the answer ended; what is missing is never passed over."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.taken = 0
        self._loop = loop
        self._arrived = 0
        self._waiting: deque[Message] = deque()
        self._ended: Reply | None = None
        self._news: asyncio.Future[None] | None = None

    def add(self, number: int, part: Message) -> Reply | None:
        """Take a part that arrived; return how the answer ends where this one may not be the next."""
        if number != self._arrived + 1:
            return ended(ReplyStatus.FAILED, Code.PARTS_MISSING, f"part {number} came after part {self._arrived}")
        if len(self._waiting) >= PARTS_KEPT:
            return ended(ReplyStatus.FAILED, Code.PARTS_NOT_TAKEN)
        self._arrived = number
        self._waiting.append(part)
        self._tell()
        return None

    def finish(self, reply: Reply, parts: int = 0) -> None:
        """End the answer; `parts` is how many there were in all by the server's word."""
        if reply.ok and parts != self._arrived:
            reason = f"{self._arrived} of {parts} parts came"
            reply = ended(ReplyStatus.FAILED, Code.PARTS_MISSING, reason)
        elif reply.ok and not parts and not isinstance(reply.body, Empty):
            self._waiting.append(reply.body)  # an answer of one message
        if self._ended is None:
            self._ended = reply
            self._tell()

    async def next(self, timeout_s: float) -> Message | None:
        """Return the next part, None at the good end.

        Raises RequestFailed at any other end, and when no news came for `timeout_s`.
        """
        if not self._waiting and self._ended is None:
            self._news = self._loop.create_future()
            timer = self._loop.call_later(timeout_s, self.finish, ended(ReplyStatus.NO_ANSWER, Code.TIMED_OUT))
            try:
                await self._news
            finally:
                timer.cancel()
        if self._waiting:
            self.taken += 1
            return self._waiting.popleft()
        assert self._ended is not None
        if not self._ended.ok:
            raise RequestFailed(self._ended)
        return None

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
