"""Freezing a process for certain: a signal that was sent is not yet a process that stands still."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

__all__ = ["freeze"]

FROZEN_WITHIN_S = 10.0


def freeze(pid: int) -> None:
    """Stop a process, and return when each of its threads stands still.

    `kill` returns when the signal is on its way: until the thread that takes it has run, the others go on, and on a
    busy machine they may well read what is written to them next.

    Raises:
        ProcessLookupError: it is gone.
        TimeoutError: it does not stop.

    """
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + FROZEN_WITHIN_S
    while not all(state in "tTZX" for state in thread_states(pid)):
        if time.monotonic() > until:
            raise TimeoutError(f"process {pid} still runs {FROZEN_WITHIN_S:g} s after it was told to stop")
        os.sched_yield()


def thread_states(pid: int) -> list[str]:
    """The state letter of each thread, as proc(5) has them: R, S, D, T, Z."""
    states = []
    for status in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            states.append(status.read_text().rpartition(")")[2].split()[0])
        except (FileNotFoundError, ProcessLookupError):  # a thread that ended while we looked
            continue
    return states
