"""Whether a venue has a topic, by its table of capabilities: judged before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bus.messages import Code, Refused
from venues.capabilities import Capabilities, Cell, MarketData

__all__ = ["topic_kind", "topic_refusal"]

WITHOUT_TOPIC = frozenset((MarketData.BOOK_SNAPSHOT,))


def topic_kind(word: str) -> MarketData | None:
    """Return the kind that a topic's segment names; None for no kind that any venue has a topic of."""
    return next((kind for kind in MarketData if kind == word and kind not in WITHOUT_TOPIC), None)


def topic_refusal(instance: str, has: Capabilities, word: str, details: Sequence[str]) -> Refused | None:
    """Return why a topic of this kind is refused; None where the venue has it.

    `details` are the segments after the instrument: a bar's interval, a depth's levels.
    """
    kind = topic_kind(word)
    if kind is None or has.market_data.get(kind, Cell.NONE) is Cell.NONE:
        kinds = (one for one in MarketData if has.market_data.get(one, Cell.NONE) is not Cell.NONE)
        told = _told(one for one in kinds if one not in WITHOUT_TOPIC)
        return Refused(Code.UNSUPPORTED, f"{instance} has no topic of kind {word!r}; it has: {told}")
    detail = details[0] if len(details) == 1 else "/".join(details)
    if kind is MarketData.BAR:
        if detail not in has.bar_intervals:
            told = _told(has.bar_intervals)
            return Refused(Code.UNSUPPORTED, f"{instance} has no bars of interval {detail!r}; it has: {told}")
    elif kind is MarketData.DEPTH:
        if detail not in map(str, has.depth_levels):
            told = _told(map(str, has.depth_levels))
            return Refused(Code.UNSUPPORTED, f"{instance} has no depth of {detail!r} levels; it has: {told}")
    elif details:
        return Refused(Code.UNSUPPORTED, f"{instance}: a topic of kind {word!r} ends with the instrument")
    return None


def _told(words: Iterable[str]) -> str:
    return ", ".join(words) or "none"
