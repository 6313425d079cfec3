"""The topic grammar.

A topic is a path that ends in a slash, so that a prefix never catches ``BTCUSDT`` for ``BTCUSD``. Each kind has a
fixed number of segments, and that, not the slash, tells an exact topic from a prefix::

    market/<instance>/quote|trade|book|instrument/<instrument>/      what a venue says
    market/<instance>/ticker|status/<instrument>/
    market/<instance>/bar/<instrument>/<interval>/
    market/<instance>/depth/<instrument>/<levels>/                   the best levels, as the venue itself tells them
    book/<instance>/depth/<instrument>/<levels>/                     what a book actor keeps
    book/<instance>/reference/<instrument>/
    execution/<strategy>/                                            a strategy's orders, fills and positions
    account/<instance>/                                              balances
    intent/<gate>/                                                   what the gate passed and refused
    state/actor|instance|trading/<name>/                             who lives, what is synced, what is halted
    state/quota/<host>/                                              what of a venue's rate limit is spent, by whom
    alert/<component>/                                               what a person should know now
    directory/<floor>/                                               who is on the floor
    status/<topic...>/                                               what became of the demand for a topic
    heartbeat/<sender>/                                              the last numbers of topics that changed
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

__all__ = [
    "KINDS",
    "book_depth",
    "book_reference",
    "escape",
    "is_exact",
    "is_in_share",
    "is_private",
    "is_whole",
    "market",
    "segments",
    "share_of",
    "topic",
    "unescape",
]

_SEGMENTS: dict[str, int | dict[str, int]] = {
    "market": {"quote": 4, "trade": 4, "book": 4, "instrument": 4, "bar": 5, "depth": 5, "*": 4},
    "book": {"depth": 5, "reference": 4, "*": 4},
    "execution": 2,
    "account": 2,
    "intent": 2,
    "state": 3,
    "alert": 2,
    "directory": 2,
    "heartbeat": 2,
}
KINDS = (*_SEGMENTS, "status")
"""What a topic begins with."""
_PRIVATE = ("execution/", "account/", "intent/")
_WHOLE = {"market": ("quote", "instrument", "depth", "ticker", "status"), "book": ("depth", "reference")}
_UNSAFE = re.compile(r"[^!-$&-.0-~]")  # slash, percent, space, control and non-ASCII characters
_ESCAPED = re.compile(rb"%([0-9A-F]{2})")
_TOPIC_LIMIT = 255
"""A topic longer than this is nobody's: the longest of ours is a spread's name at under 200 bytes."""


def escape(segment: str) -> str:
    """Percent-escape what may not stand in a segment."""
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), segment)


def unescape(segment: str) -> str:
    """Undo `escape`."""
    return _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), segment.encode()).decode(errors="replace")


def topic(*parts: str) -> str:
    """Return the topic made of these unescaped segments."""
    return "/".join(map(escape, parts)) + "/"


@lru_cache(maxsize=65536)
def market(instance: str, kind: str, *names: str) -> str:
    """Return a venue's topic: ``market("BINANCE", "quote", "BTCUSDT.BINANCE")``."""
    return topic("market", instance, kind, *names)


@lru_cache(maxsize=65536)
def book_depth(instance: str, instrument: str, levels: int) -> str:
    """Return the topic of a book's best `levels`."""
    return topic("book", instance, "depth", instrument, str(levels))


@lru_cache(maxsize=65536)
def book_reference(instance: str, instrument: str) -> str:
    """Return the topic of a book's conflated mid."""
    return topic("book", instance, "reference", instrument)


def share_of(instrument: str, count: int) -> int:
    """Return which of `count` sharers owns an instrument: by hash, so the same in every process and every life."""
    return crc32(instrument.encode()) % count


def is_in_share(name: str, share: tuple[int, int]) -> bool:
    """True for an exact topic of this share, (number from 0, of how many), of a prefix; a wider name is in each."""
    return share[1] <= 1 or _is_in_share(name, share)


@lru_cache(maxsize=65536)
def _is_in_share(name: str, share: tuple[int, int]) -> bool:
    number, count = share
    if not is_exact(name):
        return True
    parts = segments(name.removeprefix("status/"))
    return len(parts) < 4 or share_of(parts[3], count) == number


def segments(name: str) -> tuple[str, ...]:
    """Return a topic's unescaped segments."""
    return tuple(unescape(part) for part in name.rstrip("/").split("/"))


def is_private(name: str) -> bool:
    """True for a topic that is published by key alone: what a strategy does and what an account holds."""
    return name.startswith(_PRIVATE)


def is_exact(name: str) -> bool:
    """True when `name` is one whole topic of the grammar, false for a prefix and for anything foreign."""
    if not name.endswith("/") or len(name) > _TOPIC_LIMIT:
        return False
    parts = name[:-1].split("/")
    if not all(part and escape(unescape(part)) == part for part in parts):
        return False  # empty, unescaped, or a second spelling of another topic
    if parts[0] == "status":
        return is_exact(name.partition("/")[2])
    rule = _SEGMENTS.get(parts[0])
    if isinstance(rule, dict):
        if len(parts) < 3:
            return False
        rule = rule.get(parts[2], rule["*"])
    return rule == len(parts)


def is_whole(name: str) -> bool:
    """True for an exact topic whose every change is the whole value, so that a reader may skip to the newest.

    Never for deltas, trades and bars, and never for orders, accounts and intents: there each message counts.
    """
    parts = segments(name)
    return is_exact(name) and parts[0] in _WHOLE and parts[2] in _WHOLE[parts[0]]
