"""Long work of a strategy, in a process of its own, so that its loop goes on with ticks and fills."""

from __future__ import annotations

import asyncio
import ctypes
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pebble import ProcessPool

__all__ = ["ComputeFailed", "Computer"]

_PR_SET_PDEATHSIG = 1

T = TypeVar("T")


class ComputeFailed(Exception):
    """The work gave no result: its process ended, or its time was over. What the work itself raised is raised as is."""


class Computer:
    """One worker process, begun with the first work and again after it was lost; works wait for their turn."""

    def __init__(self) -> None:
        self._pool: ProcessPool | None = None

    async def run(self, function: Callable[..., T], arguments: tuple[Any, ...], timeout_s: float | None) -> T:
        """Return ``function(*arguments)``. Raises what it raises, and ComputeFailed.

        Both ways go by pickle, so `function` is one of a module, and arguments and result are data.
        """
        from multiprocessing import get_context  # 25 ms with pebble, which only those pay who compute

        from pebble import ProcessExpired, ProcessPool

        name = getattr(function, "__qualname__", repr(function))
        if "<lambda>" in name or "<locals>" in name:
            raise TypeError(f"compute({name}): expected a function of a module, for another process has to find it")
        if self._pool is None:
            # spawned: a fork would take this process's sockets, threads and journal with it
            self._pool = ProcessPool(max_workers=1, initializer=_begin, context=get_context("spawn"))
        future = self._pool.schedule(function, args=arguments, timeout=timeout_s)
        try:
            result: T = await asyncio.wrap_future(future)
        except TimeoutError as error:
            if future.done() and timeout_s is not None:
                raise ComputeFailed(f"{name} took longer than {timeout_s:g} s; its process was ended") from error
            raise
        except ProcessExpired as error:
            raise ComputeFailed(f"{name}: its process ended with exit code {error.exitcode}") from error
        return result

    def close(self) -> None:
        """End the worker, whatever it does."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool = None


def _begin() -> None:
    """In the worker: end with the strategy, however that ends; a Ctrl-C is the strategy's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
