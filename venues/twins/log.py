"""The truth log of a twin: what it did, as append-only JSON lines.

Whoever checks a client reads this file, and nothing of the client's own code. Every line has `ts_ns` (UNIX
nanoseconds) and `kind`; Decimals are strings. Lines are gathered and written with one system call by
`flush`, which the server calls at least every `FLUSH_EVERY_S` and at its stop, so that the file lacks
nothing older than that whatever happens to any other process.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec

FLUSH_EVERY_S = 0.02
"""Longest time a line waits in memory: under the 50 ms that readers of the log may count on."""
MAX_BUFFERED_BYTES = 256 * 1024
"""A burst is written at once when it grows past this, so memory stays bounded."""

_encode = msgspec.json.Encoder().encode


class TruthLog:
    """Writes to `path`, or nowhere when it is None. Raises OSError when the file cannot be opened."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lines: list[bytes] = []
        self._buffered = 0
        self._file = -1
        if path is not None:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, kind: str, **fields: Any) -> None:
        """Add one line; values are anything that JSON holds, Decimals, or `msgspec.Raw` already encoded."""
        if self._file < 0:
            return
        line = _encode({"ts_ns": time.time_ns(), "kind": kind, **fields})
        self._lines.append(line)
        self._buffered += len(line)
        if self._buffered > MAX_BUFFERED_BYTES:
            self.flush()

    def flush(self) -> None:
        """Hand everything to the operating system."""
        if not self._lines:
            return
        data = memoryview(b"\n".join(self._lines) + b"\n")
        self._lines.clear()
        self._buffered = 0
        while data:
            data = data[os.write(self._file, data) :]

    def close(self) -> None:
        """Flush and close; later lines are dropped."""
        if self._file >= 0:
            self.flush()
            os.close(self._file)
            self._file = -1
