"""How a download shows how far it is: a bar on a terminal, a line now and then elsewhere, on standard error."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from bus.moments import moment_text
from tradefloor.commands.common import console
from tradefloor.past.part import Download, Reached

__all__ = ["Shown", "shown"]

PLAIN_S = 5.0
"""Between lines where the output is no terminal."""


class Shown(Protocol):
    """Shows how far a download is."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, reached: Reached, waits_for: str = "") -> None:
        """Show how far it is, and why nothing comes."""


def shown(download: Download) -> Shown:
    """Return what fits where standard error goes."""
    return _Bar(download) if console(stderr=True).is_terminal else _Lines()


class _Bar:
    """The share of the range's time that is behind; until now, where no end is given."""

    def __init__(self, download: Download) -> None:
        self._start = download.start_ns
        self._span = max((download.end_ns or time.time_ns()) - self._start, 1)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]:,} rows"),
            TimeRemainingColumn(),
            TextColumn("[yellow]{task.fields[waits_for]}"),
            console=console(stderr=True),
        )
        self._task = self._progress.add_task(download.instrument, total=1.0, rows=0, waits_for="")

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    def show(self, reached: Reached, waits_for: str = "") -> None:
        """Move the bar."""
        at = reached.next_ns or reached.last_ns or self._start
        share = 1.0 if reached.is_done else min(max(at - self._start, 0) / self._span, 1.0)
        self._progress.update(self._task, completed=share, rows=reached.rows, waits_for=waits_for)


class _Lines:
    def __init__(self) -> None:
        self._due = time.monotonic() + PLAIN_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def show(self, reached: Reached, waits_for: str = "") -> None:
        """Print a line, where the last is some seconds old."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + PLAIN_S
        at = f", at {moment_text(reached.last_ns)}" if reached.rows else ""
        why = f"; waiting: {waits_for}" if waits_for else ""
        sys.stderr.write(f"{reached.rows:,} rows{at}{why}\n")
        sys.stderr.flush()
