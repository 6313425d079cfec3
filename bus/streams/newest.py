"""The newest message of each conflated topic, until its reader has caught up."""

from __future__ import annotations

from bus.codec import Header, decode
from bus.messages import StreamStale
from bus.streams.subscription import Subscription

__all__ = ["Newest", "is_mark"]

CONFLATE_LIMIT = 10_000
"""Messages that a reader takes at most before it hands on what it conflates: a flood that never ends is seen every
tenth of a second or so, and a full queue of 100,000 is caught up with in ten steps."""
_MARK = StreamStale.__name__.encode()
_MARK_WITHIN = 16
"""A message's tag is in its first bytes; a name that is found there is decoded to be sure."""


class Newest:
    """Keeps one undecoded message a subscription; what it replaces is `conflated`."""

    __slots__ = ("_kept", "_limit", "conflated")

    def __init__(self) -> None:
        self.conflated = 0
        self._kept: dict[Subscription, tuple[bytes, Header]] = {}
        self._limit = 0

    def __bool__(self) -> bool:
        return bool(self._kept)

    def keep(self, subscription: Subscription, body: bytes, header: Header, received: int) -> None:
        """Keep a message in place of the one before; `received` counts all messages of the reader."""
        if not self._kept:
            self._limit = received + CONFLATE_LIMIT
        if subscription in self._kept:
            self.conflated += 1
        self._kept[subscription] = (body, header)

    def is_due(self, received: int) -> bool:
        """True when what is kept has waited for as many messages as it may."""
        return bool(self._kept) and received >= self._limit

    def drop(self, subscription: Subscription) -> None:
        """Keep nothing of a subscription."""
        self._kept.pop(subscription, None)

    def pop(self) -> tuple[Subscription, bytes, Header] | None:
        """Take what was kept first and still holds; what its reader has stopped believing since is dropped."""
        while self._kept:
            subscription = next(iter(self._kept))
            body, header = self._kept.pop(subscription)
            place = subscription.position(subscription.topic)
            if not place.stale and (place.epoch, place.seq) == (header.epoch, header.seq):
                return subscription, body, header
            self.conflated += 1
        return None


def is_mark(body: bytes) -> bool:
    """True for an encoded `StreamStale`, which never waits."""
    return _MARK in body[:_MARK_WITHIN] and isinstance(decode(body), StreamStale)
