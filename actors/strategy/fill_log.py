"""A strategy's own record of its fills: one JSON line each, appended before the handler runs.

It is the strategy's view by which anybody can hold the floor to account, and it remembers how far the execution stream
was read, so that a strategy that comes back is first given what it missed. A torn last line (the process was killed in
the middle of a write) is left out and cut off.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import msgspec

from bus.messages import Fill

__all__ = ["FillLog", "FillRecord"]


class FillRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line; Decimals are strings."""

    seq: int
    instance: str = ""
    instrument: str = ""
    trade_id: str = ""
    order_id: str = ""
    side: str = ""
    price: str = ""
    size: str = ""


class FillLog:
    """The file ``views/<strategy>.jsonl`` of the floor's state directory."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.last_seq = -1
        whole = 0
        if path.exists():
            data = path.read_bytes()
            whole = data.rfind(b"\n") + 1
            for line in data[:whole].splitlines():
                self.last_seq = msgspec.json.decode(line, type=FillRecord).seq
        self._file: BinaryIO = open(path, "ab", buffering=0)  # noqa: SIM115 - it lives as long as the strategy
        os.ftruncate(self._file.fileno(), whole)

    def joined(self, seq: int) -> None:
        """Write down from where on the stream is followed, the first time."""
        if self.last_seq < 0:
            self.follow_from(seq)

    def follow_from(self, seq: int) -> None:
        """Write down that the stream is followed from `seq` on, whatever was read before."""
        self.last_seq = seq
        self._write(FillRecord(seq))

    def add(self, seq: int, fill: Fill) -> None:
        """Write down a fill that came under `seq`."""
        self.last_seq = seq
        record = FillRecord(
            seq,
            fill.instance,
            fill.instrument,
            fill.trade_id,
            fill.order_id,
            str(fill.side),
            str(fill.price),
            str(fill.size),
        )
        self._write(record)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _write(self, record: FillRecord) -> None:
        self._file.write(msgspec.json.encode(record) + b"\n")
