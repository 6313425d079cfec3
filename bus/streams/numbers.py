"""The numbers of a publisher's topics: which comes next, and what a heartbeat says of them."""

from __future__ import annotations

from collections import deque

__all__ = ["Numbers"]

FULL_BEATS = 10
"""Every so many heartbeats all topics are named and not only those that changed, so that a late reader, and one that
lost the beat which named its topic, learns within ten seconds where a quiet topic stands. All of 10,000 topics are
470 kB and cost their publisher 0.85 ms; 500 that changed are 23 kB and 0.06 ms."""
CLOSED_BEATS = 3
"""A closed topic's last number is told so often. A reader that hears none of three beats in a row holds its publisher
for mute, so the number is heard or not needed: only then may the topic be forgotten."""


class Numbers:
    """Counts each topic's changes in one life of a publisher. Sans-I/O.

    A topic that is forgotten leaves its number behind in the floor, from which every topic that is new or opened again
    counts on: so numbers never run backwards in one life, and what is forgotten costs nothing. Numbers that a journal
    gave are the journal's to say, and are kept.
    """

    __slots__ = ("_beats", "_changed", "_closed", "_floor", "_given", "_last")

    def __init__(self) -> None:
        self._last: dict[str, int] = {}
        self._changed: set[str] = set()
        self._given: set[str] = set()
        self._closed: deque[dict[str, int]] = deque([{}], maxlen=CLOSED_BEATS)
        self._floor = 0
        self._beats = 0

    def __len__(self) -> int:
        return len(self._last)

    def __contains__(self, topic: str) -> bool:
        return topic in self._last

    def next(self, topic: str) -> int:
        """Return the number of the topic's next change."""
        number = self._last[topic] = self._last.get(topic, self._floor) + 1
        self._changed.add(topic)
        return number

    def give(self, topic: str, number: int) -> None:
        """Take a number from a journal, which goes on counting from there over all lives."""
        self._given.add(topic)
        self._changed.add(topic)
        self._last[topic] = number

    def at(self, topic: str) -> int:
        """Return the number of the topic's last change; a topic that has none yet starts here."""
        return self._last.setdefault(topic, self._floor)

    def peek(self, topic: str) -> int:
        """As `at`, for a topic that is never forgotten: one that has none yet stands at 0 and leaves nothing behind.

        Where the floor has risen meanwhile, its first change is seen as a gap, and healed.
        """
        return self._last.get(topic, 0)

    def is_given(self, topic: str) -> bool:
        """True for a topic whose numbers a journal gives."""
        return topic in self._given

    def forget(self, topic: str) -> None:
        """Keep nothing of a topic but that its number was used. What a journal gave is kept."""
        if topic in self._given:
            return
        self._changed.discard(topic)
        number = self._last.pop(topic, None)
        if number is not None:
            self._floor = max(self._floor, number)
            self._closed[-1][topic] = number

    def beat(self) -> dict[str, int]:
        """Return what the next heartbeat says: where the topics stand that changed since the last one, or all."""
        said: dict[str, int] = {}
        for closed in self._closed:
            said |= closed
        self._closed.append({})
        if self._beats % FULL_BEATS == 0:
            said |= self._last
        else:
            last = self._last
            for topic in self._changed:
                said[topic] = last[topic]
        self._beats += 1
        self._changed.clear()
        return said
