"""Which open feeds have been silent for longer than is to be expected. Sans-I/O.

Silence alone says nothing: a market may be quiet, and a stream that is mute on a socket which talks looks just so. So a
silent feed is held against what the venue says elsewhere. Where that is what the feed should have told, twice and
with nothing heard between, the stream is mute. A feed that was found to be right is left alone for twice as long each
time, until it speaks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from venues.market_data.feeds import Feed

__all__ = ["AGAIN_MAX_S", "GRACE_S", "LOOKS_AT_ONCE", "SILENCE_S", "SilenceWatch"]

SILENCE_S = 10.0
"""Of a feed that speaks only when something happens, before it is held against what the venue says elsewhere."""
RHYTHMS = 3
"""Of a feed that speaks at a rhythm: so many beats without a word, and never less than `RHYTHM_MIN_S`."""
RHYTHM_MIN_S = 3.0
"""Network and venue stall for a second or two every day."""
GRACE_S = 3.0
"""What the venue says elsewhere comes by a stream that lives within this time: its slowest rhythm is 2 s."""
GRACE_RHYTHMS = 1.5
"""And never less than so many beats of a feed that has a rhythm."""
AGAIN_MAX_S = 60.0
"""The longest time for which a feed that was found to be right, and is still silent, is believed without a look."""
LOOKS_AT_ONCE = 25
"""Feeds that are looked at in one turn: each may cost a request."""


@dataclass(slots=True)
class _Heard:
    taken: int
    since_s: float
    wait_s: float


class SilenceWatch:
    """Tells which feeds are due for a look. `after_s` is the limit of those without a rhythm."""

    def __init__(self, after_s: float = SILENCE_S) -> None:
        self.after_s = after_s
        self._heard: dict[Feed, _Heard] = {}
        self._mute: dict[Feed, tuple[int, int]] = {}
        """Feeds that were found mute: what they had taken then, and how often in a row."""

    def due(self, feeds: Iterable[Feed], now_s: float) -> list[Feed]:
        """Return the feeds that were silent for too long, longest first, `LOOKS_AT_ONCE` at most."""
        heard: dict[Feed, _Heard] = {}
        for feed in feeds:
            if not feed.is_open:
                continue
            known = self._heard.get(feed)
            if known is None or known.taken != feed.taken:
                known = _Heard(feed.taken, now_s, self._wait_s(feed, self.times_mute(feed)))
            heard[feed] = known
        self._heard = heard
        late = [feed for feed, one in heard.items() if feed.can_be_checked and now_s - one.since_s >= one.wait_s]
        late.sort(key=lambda feed: heard[feed].since_s)
        return late[:LOOKS_AT_ONCE]

    def right(self, feed: Feed, now_s: float) -> None:
        """A feed was found to be right: the next look comes later."""
        known = self._heard.get(feed)
        if known is not None:
            known.since_s = now_s
            known.wait_s = min(known.wait_s * 2, max(AGAIN_MAX_S, self.limit_of(feed)))

    def mute(self, feed: Feed) -> int:
        """A feed was found mute; return how often now, with nothing heard of it between."""
        times = self.times_mute(feed) + 1
        self._mute = {one: known for one, known in self._mute.items() if one.taken == known[0]}
        self._mute[feed] = feed.taken, times
        return times

    def times_mute(self, feed: Feed) -> int:
        """How often a feed was found mute since it last said anything."""
        taken, times = self._mute.get(feed, (-1, 0))
        return times if taken == feed.taken else 0

    def forget(self, feed: Feed) -> None:
        """Nobody reads it any more."""
        self._mute.pop(feed, None)

    def limit_of(self, feed: Feed) -> float:
        """Return how long a feed may be silent before it is looked at."""
        if feed.rhythm_s:
            return max(RHYTHMS * feed.rhythm_s, min(self.after_s, RHYTHM_MIN_S))
        return self.after_s

    def grace_s(self, feeds: Iterable[Feed]) -> float:
        """Return within which time what the venue says elsewhere comes by the feeds' own streams, where these live."""
        return max(min(GRACE_S, self.after_s), *(GRACE_RHYTHMS * feed.rhythm_s for feed in feeds))

    def _wait_s(self, feed: Feed, times: int) -> float:
        limit_s = self.limit_of(feed)
        return float(min(limit_s * 2 ** min(times, 10), max(AGAIN_MAX_S, limit_s)))
