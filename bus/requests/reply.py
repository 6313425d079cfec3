"""How a request ended, as its caller is told.

These are all the ways; one that is not definite may or may not have been done:

    what happened                               status     code                          definite
    done                                        OK         NONE                          yes
    done, at the first time of asking           DUPLICATE  NONE                          yes
    no such actor; no connection                NOT_SENT   NO_SUCH_ACTOR, NOT_CONNECTED  yes
    the other host's clock is not measured yet  NOT_SENT   CLOCK_UNKNOWN                 yes
    refused by the actor                        DENIED     the actor's                   yes
    refused by the caller's role                DENIED     NOT_ALLOWED                   yes
    not read, or of an unknown kind             DENIED     UNREADABLE                    yes
    another version of the wire                 DENIED     BAD_VERSION                   yes
    too many under way                          DENIED     BUSY                          yes
    its deadline in the clock of an ended life  DENIED     CLOCK_UNKNOWN                 yes
    a question, withdrawn                       DENIED     WITHDRAWN                     yes
    came after its deadline                     EXPIRED    EXPIRED                       yes
    the handler failed                          FAILED     HANDLER_FAILED                no
    it has ended the server twice before        FAILED     POISON                        no
    the answer cannot be read                   FAILED     UNREADABLE                    no
    a part of the answer is missing             FAILED     PARTS_MISSING                 no
    its caller took no parts for too long       FAILED     PARTS_NOT_TAKEN               no
    in parts, and one message was asked for     FAILED     IN_PARTS                      no
    no answer by the deadline                   NO_ANSWER  TIMED_OUT                     no
    the server went away, or the caller closed  NO_ANSWER  LOST                          no
"""

from __future__ import annotations

import msgspec

from bus.codec import ReplyStatus
from bus.messages import Code, Empty, Message, Refused

__all__ = ["Reply", "RequestFailed", "ended"]


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


class RequestFailed(Exception):
    """An answer in parts did not end well, so what came of it is not the whole; `reply` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.code}: {reply.reason}")
        self.reply = reply


def ended(status: ReplyStatus, code: Code, reason: str = "") -> Reply:
    """Return the end of a request that has no answer to show."""
    return Reply(status, code, Refused(code, reason) if reason else Empty())
