"""What a caller and a server say about requests themselves. Servers deal with these; no handler ever sees one."""

from __future__ import annotations

from bus.messages.base import Message, Query

__all__ = ["AcknowledgeParts", "CancelRequest", "GetTime", "HostTime"]


class CancelRequest(Message, frozen=True):
    """The caller wants no answer to its request `id` any more; a question is given up, a command runs on. No answer."""

    id: int


class AcknowledgeParts(Message, frozen=True):
    """The caller has taken the parts of the answer to its request `id` up to number `upto`. No answer."""

    id: int
    upto: int


class GetTime(Query, frozen=True):
    """To any server, from a caller on another host: how its monotonic clock stands, for the deadlines to come."""


class HostTime(Message, frozen=True):
    """A server's CLOCK_MONOTONIC. `clock` names this life of the server: a deadline in the clock of another is void."""

    clock: int
    monotonic_ns: int
