"""A recorded session as lines of a file, and the pace at which it is told again. Sans I/O but for reading the file.

Read are, gzipped or not, and several files together in the order of their times:

    <ns> <json>                      a frame, or an answer of REST, and when it arrived
    <seconds>: <json>                a frame
    <address> -> <seconds>: <json>   an answer of REST, and the address that gave it
    <address> <-> <seconds>          a connection was made: nothing to tell again
"""

from __future__ import annotations

import gzip
import heapq
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

_LINE = re.compile(rb"(?:(?P<address>\S+) -> )?(?P<time>[0-9]+(?:\.[0-9]+)?)(?P<seconds>:)? (?P<payload>[\[{].*)")
_CONNECTED = re.compile(rb"\S+ <-> [0-9.]+")
NANOSECONDS = 10**9


class ReplayError(Exception):
    """A capture cannot be replayed; the text says which file and line, and what was expected."""


class Recorded(NamedTuple):
    """One thing that arrived: UNIX nanoseconds, its bytes, and the address when it is an answer that names one."""

    time_ns: int
    payload: bytes
    address: str = ""


def read(path: Path) -> Iterator[Recorded]:
    """The lines of one file. Raises OSError and ReplayError."""
    with path.open("rb") as raw:
        is_zipped = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if is_zipped else path.open("rb") as file:
        try:
            for number, line in enumerate(file, 1):
                found = _recorded(path, number, line.strip())
                if found is not None:
                    yield found
        except EOFError:
            raise ReplayError(f"{path}: it ends in the middle; expected a whole gzip file") from None


def _recorded(path: Path, number: int, text: bytes) -> Recorded | None:
    if not text or _CONNECTED.fullmatch(text):
        return None
    match = _LINE.fullmatch(text)
    if match is None:
        shown = text[:60].decode("utf-8", "replace")
        raise ReplayError(f"{path}:{number}: {shown!r}; expected a time and the JSON that arrived")
    time = match["time"].decode()
    time_ns = int(Decimal(time) * NANOSECONDS) if match["seconds"] else int(time)
    return Recorded(time_ns, match["payload"], (match["address"] or b"").decode())


def read_all(paths: Iterable[Path]) -> Iterator[Recorded]:
    """The lines of all files in the order of their times."""
    return heapq.merge(*(read(path) for path in paths), key=lambda recorded: recorded.time_ns)


class Pace:
    """When each thing is told again: at its own pace, `speed` times faster, or with 0 at once.

    Nothing is ever told early: what comes late is told at once, and the rest follows its own time.
    """

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._begin_s: float | None = None
        self._first_ns = 0

    def wait_s(self, time_ns: int, now_s: float) -> float:
        """Seconds until something recorded at `time_ns` is due, 0 when it is; the first one is due at once."""
        if not self.speed:
            return 0.0
        if self._begin_s is None:
            self._begin_s, self._first_ns = now_s, time_ns
        due_s = self._begin_s + (time_ns - self._first_ns) / NANOSECONDS / self.speed
        return max(0.0, due_s - now_s)
