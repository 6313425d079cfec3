"""Long work in another process: its result, its errors, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from actors.strategy.compute import ComputeFailed, Computer


def power(base: int, exponent: int) -> tuple[int, int]:
    return base**exponent, os.getpid()


def fails() -> None:
    raise LookupError("no such thing")


def never_ends(seconds: float) -> None:
    time.sleep(seconds)


def dies() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def with_computer(work: Callable[[Computer], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        computer = Computer()
        try:
            return await work(computer)
        finally:
            computer.close()

    return asyncio.run(run())


def test_work_is_done_in_one_other_process_while_the_loop_goes_on() -> None:
    async def work(computer: Computer) -> None:
        turns: list[int] = []
        loop = asyncio.get_running_loop()

        def turn() -> None:
            turns.append(len(turns))
            loop.call_later(0.001, turn)

        turn()
        first = await computer.run(power, (2, 10), None)
        second = await computer.run(power, (3, 2), None)
        assert (first[0], second[0]) == (1024, 9)
        assert first[1] == second[1] != os.getpid()
        assert len(turns) > 10

    with_computer(work)


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(LookupError, match="no such thing"):
        with_computer(lambda computer: computer.run(fails, (), None))


def test_a_process_that_dies_is_named_and_the_next_work_has_a_new_one() -> None:
    async def work(computer: Computer) -> Any:
        with pytest.raises(ComputeFailed, match=r"dies: its process ended with exit code -9"):
            await computer.run(dies, (), None)
        return await computer.run(power, (2, 3), None)

    assert with_computer(work)[0] == 8


def test_work_that_takes_too_long_is_ended() -> None:
    async def work(computer: Computer) -> Any:
        with pytest.raises(ComputeFailed, match=r"never_ends took longer than 0.5 s; its process was ended"):
            await computer.run(never_ends, (3600.0,), 0.5)
        return await computer.run(power, (2, 3), None)

    assert with_computer(work)[0] == 8


def test_a_function_that_no_other_process_can_find_is_refused_at_once() -> None:
    def inner() -> None:
        """Known here alone."""

    for function in (lambda: None, inner):
        with pytest.raises(TypeError, match="expected a function of a module"):
            with_computer(lambda computer, function=function: computer.run(function, (), None))  # type: ignore[misc]
