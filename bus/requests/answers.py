"""The first answers, kept to be given again."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from bus.codec import ReplyStatus, encode
from bus.messages import Code, Empty

__all__ = ["ANSWERS_BYTES", "ANSWERS_KEPT", "KEPT_ANSWER_BYTES", "Answers", "Key", "Kept"]

ANSWERS_KEPT = 4096
"""Answers that a server keeps to give again for a repeated id; nobody repeats one that is older than so many."""
ANSWERS_BYTES = 4 * 1024 * 1024
"""What the bodies of all of them may take; most are under 100 bytes."""
KEPT_ANSWER_BYTES = 4096
"""A larger answer to a question is not kept: it may be asked again. Of one to a command only that it was done is."""

Key = tuple[str, int]
"""A request's caller and id."""

_NOTHING_TO_SAY = encode(Empty())


class Kept(msgspec.Struct, frozen=True):
    """How a request ended at the first time, and the answer's body as it was sent."""

    status: ReplyStatus
    code: Code
    raw: bytes


class Answers:
    """Bounded in number and in bytes; the oldest are forgotten first."""

    def __init__(self) -> None:
        self.size = 0
        self._kept: OrderedDict[Key, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Kept | None:
        """Return the first answer; None where there was none, or it is forgotten."""
        return self._kept.get(key)

    def keep(self, key: Key, is_query: bool, kept: Kept) -> None:
        """Remember the answer to a request that was executed just now."""
        if len(kept.raw) > KEPT_ANSWER_BYTES:
            if is_query:
                return
            kept = Kept(kept.status, kept.code, _NOTHING_TO_SAY)
        self._kept[key] = kept
        self.size += len(kept.raw)
        while len(self._kept) > ANSWERS_KEPT or self.size > ANSWERS_BYTES:
            self.size -= len(self._kept.popitem(last=False)[1].raw)
