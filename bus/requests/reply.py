"""How a request ended, as its caller is told."""

from __future__ import annotations

import msgspec

from bus.codec import ReplyStatus
from bus.messages import Code, Empty, Message, Refused

__all__ = ["Reply", "ended"]


class Reply(msgspec.Struct, frozen=True):
    """How a request ended, and the answer's body."""

    status: ReplyStatus
    code: Code
    body: Message

    @property
    def ok(self) -> bool:
        """True when it was done (now, or at the first time of asking)."""
        return self.status in (ReplyStatus.OK, ReplyStatus.DUPLICATE)

    @property
    def definite(self) -> bool:
        """False when it may or may not have been done."""
        return self.status is not ReplyStatus.NO_ANSWER and self.status is not ReplyStatus.FAILED

    @property
    def reason(self) -> str:
        """A sentence for people."""
        told = self.body.reason if isinstance(self.body, Refused) else ""
        return told or self.code.sentence


def ended(status: ReplyStatus, code: Code) -> Reply:
    """Return the end of a request that has no answer to show."""
    return Reply(status, code, Empty())
