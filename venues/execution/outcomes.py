"""What becomes of a command that an actor tries to write to its venue, in words that all venues share."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeAlias

import msgspec

from bus.messages import Code, NewOrder, Refused

__all__ = ["Change", "Failure", "Outcome", "Window"]


class Failure(msgspec.Struct, frozen=True):
    """A command that came to nothing, or may have. `definite`: it is certain that the venue did not do it.

    `sent` false: it is certain that nothing left this host, and so it can be asked again.
    """

    definite: bool
    code: Code
    reason: str
    venue_code: str = ""
    sent: bool = True


class Window(msgspec.Struct, frozen=True):
    """How long the venue may take to accept a command: `ms` from now, until `ends_ns` of the host's monotonic clock."""

    ms: int
    ends_ns: int


Outcome: TypeAlias = Refused | Failure | Awaitable[Failure | None] | None
"""What a write returns.

    None         it was written; its answer comes later, and the venue's part tells what it says
    Refused      definite: nothing was written, and nothing is told of it
    Failure      it was or may have been written, and no answer will come by itself
    an awaitable it goes by a slower way: None once its answer was told, else how it failed
"""


class Change(msgspec.Struct, frozen=True):
    """A change that was written: the name of the attempt that is tried, empty where the order keeps its own.

    `order` is the attempt as it will be, where it is a new one.
    """

    new_client_order_id: str
    outcome: Failure | Awaitable[Failure | None] | None
    order: NewOrder | None = None
