"""What each strategy wrote down of its fills, held against its execution stream in the journal."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import msgspec

from actors.monitor.checker.journal import BookedFill, Journal

__all__ = ["View", "compare", "read"]

EXTERNAL = "EXTERNAL"
"""Whom orders belong to that were placed elsewhere; nobody keeps a record of their fills."""
LEAVING_NS = 1_000_000_000
"""A stopping strategy reads nothing any more while it says goodbye, for which it has this long."""

FillKey: TypeAlias = tuple[str, str, str, str, Decimal, Decimal]
"""Instance, instrument, trade id, side, price, size."""


class _Record(msgspec.Struct, frozen=True):
    seq: int
    instance: str = ""
    instrument: str = ""
    trade_id: str = ""
    side: str = ""
    price: Decimal = Decimal(0)
    size: Decimal = Decimal(0)


_record = msgspec.json.Decoder(_Record)


class View:
    """One strategy's record: its fills, how far it read, and after which number it began to."""

    def __init__(self) -> None:
        self.fills: Counter[FillKey] = Counter()
        self.joined = -1
        self.last = -1
        self.problems: list[str] = []

    def take(self, record: _Record, is_first: bool) -> None:
        """Take one line."""
        self.last = max(self.last, record.seq)
        if record.trade_id:
            key = (record.instance, record.instrument, record.trade_id, record.side, record.price, record.size)
            self.fills[key] += 1
        elif is_first:
            self.joined = record.seq


def read(path: Path) -> View:
    """Read a record; a torn last line is left out. Raises OSError where there is none."""
    view = View()
    lines = path.read_bytes().split(b"\n")
    for number, line in enumerate(lines[:-1]):
        try:
            view.take(_record.decode(line), is_first=number == 0)
        except (msgspec.DecodeError, ValueError) as error:
            view.problems.append(f"{path.name} line {number + 1} cannot be read: {error}")
    return view


def compare(folder: Path, journal: Journal, left_ns: dict[str, int]) -> tuple[list[str], int]:
    """Return what is wrong, and how many fills came when their strategy had left (it gets them when it returns)."""
    problems: list[str] = []
    unseen = 0
    booked: dict[str, list[BookedFill]] = {}
    for fill in journal.fills:
        if fill.strategy != EXTERNAL:
            booked.setdefault(fill.strategy, []).append(fill)
    recorded = {path.stem for path in folder.glob("*.jsonl")}
    for strategy in sorted(booked.keys() | recorded):
        if strategy not in recorded:
            problems.append(f"{strategy}: the journal has {len(booked[strategy])} fills of it, and it has no record")
            continue
        view = read(folder / f"{strategy}.jsonl")
        problems += view.problems
        late = _Late(view.last, left_ns.get(strategy))
        found = _compare_one(strategy, view, booked.get(strategy, []), late)
        problems += found
        unseen += late.count
    return problems, unseen


class _Late:
    """Tells fills that came when their strategy had gone: the last of its stream, and written down after it left."""

    def __init__(self, last: int, left_ns: int | None) -> None:
        self._last, self._left_ns = last, left_ns
        self.count = 0

    def excuses(self, fill: BookedFill) -> bool:
        late = self._left_ns is not None and fill.stream_seq > self._last and fill.ts_ns > self._left_ns - LEAVING_NS
        self.count += late
        return late


def _compare_one(strategy: str, view: View, booked: list[BookedFill], late: _Late) -> list[str]:
    problems: list[str] = []
    missing = view.fills.copy()
    for each in booked:
        if each.stream_seq <= view.joined:
            continue
        key = _key(each)
        if missing[key] > 0:
            missing[key] -= 1
        elif not late.excuses(each):
            problems.append(f"{strategy}: the journal has fill {_text(key)}, its own record has not")
    for key, count in missing.items():
        if count > 0:
            times = f" {count} times more" if view.fills[key] > count else ""
            problems.append(
                f"{strategy}: its own record has fill {_text(key)}{times}, its stream in the journal has not"
            )
    return problems


def _key(booked: BookedFill) -> FillKey:
    fill = booked.fill
    return fill.instance, fill.instrument, fill.trade_id, str(fill.side), fill.price, fill.size


def _text(key: FillKey) -> str:
    instance, instrument, trade_id, side, price, size = key
    return f"{trade_id} {side} {size} {instrument} at {price} ({instance})"
